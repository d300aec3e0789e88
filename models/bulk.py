"""Bulk tagging of a file: order kept, one tag a line, bad rows aside, nothing at the place of the output until all is written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import Progress

from data.errors import DataError
from data.messages import Conversation, Message
from data.readers import parse_any, read
from models.bundle import load

BATCH = 256


def tag_file(source: str, output: Path, model: Path, repairs: bool = False) -> int:
    """Tag INPUT into OUTPUT and return how many rows were put aside.

    Raises:
        DataError: the input cannot be read or holds nothing, or the output cannot be written.
        BundleError: the model cannot be used.
    """
    tagger = load(model)
    batch = read([source], parse_any)
    console = Console(stderr=True)
    messages = [_message(record) for record in batch.records]
    with _replacing(output) as file, Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("tagging", total=len(messages))
        for start in range(0, len(messages), BATCH):
            for tag in tagger.tag(messages[start : start + BATCH], with_repairs=repairs):
                file.write(json.dumps(tag.as_dict(), ensure_ascii=False) + "\n")
            bars.advance(task, len(messages[start : start + BATCH]))
    aside = output.with_name(f"{output.name}.rejected.jsonl") if str(output) != "-" else Path("tags.rejected.jsonl")
    batch.write_rejected(aside)
    if batch.rejected:
        console.print(f"{len(batch.rejected)} rows put aside in {aside}, first: {batch.rejected[0]}", highlight=False, markup=False, soft_wrap=True)
    if not messages:
        raise DataError(f"{source}: no messages that can be tagged")
    console.print(f"{len(messages)} messages tagged by {tagger.version}", highlight=False)
    return len(batch.rejected)


def _message(record: Message | Conversation) -> Message:
    """A conversation is read as its client's words joined."""
    return Message(record.id, record.client_text(), record.channel) if isinstance(record, Conversation) else record


@contextmanager
def _replacing(output: Path) -> Iterator[TextIO]:
    """A file that takes its place only when it is complete; "-" is standard output."""
    if str(output) == "-":
        yield sys.stdout
        return
    temporary = output.with_name(f".{output.name}-{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            yield file
        os.replace(temporary, output)
    except OSError as error:
        raise DataError(f"{output}: cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)
