"""The predictor process: loads a bundle, answers batches over a socket, ends when the other side is gone.

python -m serving.predicting FILE_DESCRIPTOR MODEL (started by the service, not by hand)
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data.errors import RubricatorError
from data.messages import Message
from serving import frames

# (id, text, channel, attachments, with_repairs, explain), as a JSON array.
Item = Sequence[Any]
Reply = Callable[[Sequence[Item]], list[Any]]


def main(arguments: Sequence[str]) -> int:
    """Serve batches until the socket ends; exit code 1 if the model cannot be loaded."""
    # Ctrl-C and a supervisor's signal reach the whole group; this process ends after the service has let it answer what is under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    descriptor, model = int(arguments[0]), Path(arguments[1])
    with socket.socket(fileno=descriptor) as connection:
        return answer_all(connection, lambda: _load(model))


def answer_all(connection: socket.socket, load: Callable[[], tuple[Any, dict[str, Any]]]) -> int:
    """Load a tagger, say what it is, answer frames until the other side is gone; the exit code."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            tagger, facts = load()
        except RubricatorError as error:
            connection.sendall(frames.encode({"kind": "failed", "message": str(error)}))
            return 1
        connection.sendall(frames.encode({"kind": "ready", "facts": facts, "pid": os.getpid()}))
        with connection.makefile("rb") as stream:
            while (frame := frames.read(stream)) is not None:
                started = time.perf_counter()
                answers = _answer(tagger, frame["items"])
                seconds = time.perf_counter() - started
                connection.sendall(frames.encode({"kind": "answers", "batch": frame["batch"], "answers": answers, "seconds": seconds}))
    return 0


def _load(model: Path) -> tuple[Any, dict[str, Any]]:
    from models import bundle

    manifest = bundle.read_manifest(model)
    tagger = bundle.load(model)
    # The first prediction builds caches (tokeniser, encoder): it is paid here, not by a client.
    tagger.answer([Message("warm-up", "Здравствуйте, какой у меня тариф?")])
    facts = {
        "version": manifest.version,
        "taxonomy": manifest.taxonomy,
        "metrics": manifest.metrics,
        "provenance": manifest.provenance,
        "thresholds": manifest.thresholds,
        "encoder": manifest.encoder_version,
    }
    return tagger, facts


def _answer(tagger: Any, items: Sequence[Item]) -> list[Any]:
    """One [tag, masked] or {"error": ...} for each item, in their order."""
    answers: list[Any] = [None] * len(items)
    groups: dict[tuple[bool, bool], list[int]] = {}
    for number, item in enumerate(items):
        groups.setdefault((item[4], item[5]), []).append(number)
    for (with_repairs, explain), numbers in groups.items():
        messages = [Message(items[number][0], items[number][1], items[number][2], tuple(items[number][3])) for number in numbers]
        for number, answer in zip(numbers, _answer_alike(tagger, messages, with_repairs, explain), strict=True):
            answers[number] = answer
    return answers


def _answer_alike(tagger: Any, messages: Sequence[Message], with_repairs: bool, explain: bool) -> list[Any]:
    options = {"explain": True} if explain else {}
    try:
        return [[answer.tag.as_dict(), answer.masked] for answer in tagger.answer(messages, with_repairs=with_repairs, **options)]
    except Exception as error:
        if len(messages) == 1:
            return [_failure(error)]
        return [answer for message in messages for answer in _answer_alike(tagger, [message], with_repairs, explain)]


def _failure(error: Exception) -> Mapping[str, str]:
    # The type only: an error's own words may hold the client's text.
    return {"error": type(error).__name__}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
