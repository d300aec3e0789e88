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
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from data.errors import RubricatorError
from data.messages import Message
from serving import frames
from serving.asking import Answer, Ask, Tagging, read_ask

Answers = Callable[[Sequence[Ask]], Sequence[Answer]]


def main(arguments: Sequence[str]) -> int:
    """Serve batches until the socket ends; exit code 1 if the model cannot be loaded."""
    # Ctrl-C and a supervisor's signal reach the whole group; this process ends after the service has let it answer what is under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    descriptor, model = int(arguments[0]), Path(arguments[1])
    with socket.socket(fileno=descriptor) as connection:
        return answer_all(connection, lambda: _load(model))


def answer_all(connection: socket.socket, load: Callable[[], tuple[Answers, dict[str, Any]]]) -> int:
    """Load a model, say what it is, answer frames until the other side is gone; the exit code."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            answers, facts = load()
        except RubricatorError as error:
            connection.sendall(frames.encode({"kind": "failed", "message": str(error)}))
            return 1
        connection.sendall(frames.encode({"kind": "ready", "facts": facts, "pid": os.getpid()}))
        with connection.makefile("rb") as stream:
            while (frame := frames.read(stream)) is not None:
                started = time.perf_counter()
                answered = _answer(answers, [read_ask(ask) for ask in frame["asks"]])
                seconds = time.perf_counter() - started
                connection.sendall(frames.encode({"kind": "answers", "batch": frame["batch"], "answers": answered, "seconds": seconds}))
    return 0


def _load(model: Path) -> tuple[Answers, dict[str, Any]]:
    from models import bundle
    from serving.answering import Answering

    manifest = bundle.read_manifest(model)
    answers = Answering(bundle.load(model))
    # The first prediction builds caches (tokeniser, encoder): it is paid here, not by a client.
    answers([Tagging(Message("warm-up", "Здравствуйте, какой у меня тариф?"))])
    facts = {
        "version": manifest.version,
        "taxonomy": manifest.taxonomy,
        "metrics": manifest.metrics,
        "provenance": manifest.provenance,
        "thresholds": manifest.thresholds,
        "encoder": manifest.encoder_version,
    }
    return answers, facts


def _answer(answers: Answers, asks: Sequence[Ask]) -> list[Any]:
    """One frame of an Answer, or {"error": ...}, for each that is asked, in their order."""
    try:
        return [answer.frame() for answer in answers(asks)]
    except Exception as error:
        if len(asks) == 1:
            # The type only: an error's own words may hold the client's text.
            return [{"error": type(error).__name__}]
        return [answer for ask in asks for answer in _answer(answers, [ask])]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
