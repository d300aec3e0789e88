"""Bulk tagging of a file: order kept, one tag a line, bad rows aside, nothing at the place of the output until all is written."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import Progress

from data.errors import DataError
from data.messages import Conversation, Message
from data.parsing import parse_any
from data.readers import read
from models.bundle import load
from models.conversation import ConversationReader

BATCH = 256


def tag_file(source: str, output: Path, model: Path, repairs: bool = False, timeline: bool = False) -> int:
    """Tag INPUT into OUTPUT and return how many rows were put aside; with `timeline`, conversations with the tag after every client turn.

    Raises:
        DataError: the input cannot be read or holds nothing, or the output cannot be written.
        BundleError: the model cannot be used.
    """
    tagger = load(model)
    batch = read([source], parse_any)
    console = Console(stderr=True)
    records = batch.records
    with _replacing(output) as file, Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("tagging", total=len(records))
        reader = ConversationReader.of(tagger)
        for start in range(0, len(records), BATCH):
            part = records[start : start + BATCH]
            tags = iter(tagger.tag([record for record in part if isinstance(record, Message)], with_repairs=repairs))
            for record in part:
                row = next(tags).as_dict() if isinstance(record, Message) else _conversation(reader, record, timeline)
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
            bars.advance(task, len(part))
    aside = output.with_name(f"{output.name}.rejected.jsonl") if str(output) != "-" else Path("tags.rejected.jsonl")
    batch.write_rejected(aside)
    if batch.rejected:
        console.print(
            f"{len(batch.rejected)} rows put aside in {aside}, first: {batch.rejected[0]}", highlight=False, markup=False, soft_wrap=True
        )
    if not records:
        raise DataError(f"{source}: no messages that can be tagged")
    console.print(f"{len(records)} messages tagged by {tagger.version}", highlight=False)
    return len(batch.rejected)


def _conversation(reader: ConversationReader, conversation: Conversation, timeline: bool) -> dict[str, Any]:
    """The tag of a whole conversation and, if asked, the tags on the way, each with the turn it came after."""
    tags = reader.read(conversation)
    way = {"timeline": [{"turn": tag.turn, **tag.as_dict()} for tag in tags]} if timeline else {}
    return {**tags[-1].as_dict(), **way}


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
