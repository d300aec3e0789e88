"""Files of rows into records: a bad row is named by file and line and put aside, the good ones go on."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

from data.errors import DataError, RowError, nearest
from data.masking import mask
from data.messages import ROLES, Conversation, Example, LabelledConversation, Message, Turn
from data.taxonomy import Taxonomy

Record = TypeVar("Record")
MAX_CHARACTERS = 20_000
MAX_TURNS = 500
FORMATS = (".jsonl", ".csv")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be used: where it stands (line from 1), why (fit to be shown: masked), and its text as read."""

    path: str
    line: int
    reason: str
    raw: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"


@dataclass(frozen=True)
class Batch(Generic[Record]):
    """The records of some files in order, and the rows put aside."""

    records: list[Record] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def write_rejected(self, path: Path) -> None:
        """Write the rows put aside, one JSON object a line: path, line, reason, raw; an old file goes away if there are none."""
        if not self.rejected:
            path.unlink(missing_ok=True)
            return
        # What UTF-8 cannot hold becomes its JSON escape.
        with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
            for row in self.rejected:
                json.dump({"path": row.path, "line": row.line, "reason": row.reason, "raw": row.raw}, file, ensure_ascii=False)
                file.write("\n")


@dataclass(frozen=True)
class Fields:
    """Which members of a labelled row hold what, so that a foreign data set needs no conversion.

    `rename` maps foreign labels to known ones (see read_map).
    """

    text: str = "text"
    label: str = "topic"
    turns: str = "turns"
    rename: Mapping[str, str] = field(default_factory=dict)


def rows(path: Path | str) -> Iterator[tuple[int, dict[str, Any] | str, str]]:
    """Yield (line from 1, row or the reason why it is none, the line as read) of a .jsonl or .csv file, or of JSONL on standard input ("-")."""
    if str(path) == "-":
        if isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        yield from _jsonl(sys.stdin)
        return
    path = Path(path)
    if path.suffix not in FORMATS:
        raise DataError(f"{path}: expected a file that ends in {' or '.join(FORMATS)}, or - for JSON lines on standard input")
    try:
        # Undecodable bytes are kept as lone surrogates, so that only their own row is refused.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="" if path.suffix == ".csv" else None) as file:
            yield from _csv(path, file) if path.suffix == ".csv" else _jsonl(file)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def _jsonl(file: TextIO) -> Iterator[tuple[int, dict[str, Any] | str, str]]:
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"not JSON ({str(error).split(':')[0][:80]}); expected one JSON object a line", line
            continue
        yield number, row if isinstance(row, dict) else 'expected a JSON object, such as {"id": ..., "text": ...}', line


def _csv(path: Path, file: TextIO) -> Iterator[tuple[int, dict[str, Any] | str, str]]:
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in file:
            taken.append(line)
            yield line

    # Not strict, a quote that is never closed would swallow all the lines that follow as one text.
    reader = csv.DictReader(lines(), strict=True)
    try:
        columns = reader.fieldnames
    except csv.Error as error:
        raise DataError(f"{path}:1: not CSV: {error}; expected a first line with the names of the columns") from error
    if not columns:
        raise DataError(f"{path}: empty; expected a first line with the names of the columns")
    before = 0
    while True:
        before += len(taken)  # the reader's own count leaves out lines it stumbled over
        taken.clear()
        try:
            row: dict[str, Any] | str | None = next(reader, None)
        except csv.Error as error:
            row = f"not CSV ({error}); close every quote and double those inside a value"
        if row is None:
            return
        if isinstance(row, dict) and None in row:
            row = f"more values than the {len(columns)} columns; quote values that hold commas"
        elif isinstance(row, dict):
            row = {key: value for key, value in row.items() if value not in (None, "")}
        blank = len(list(itertools.takewhile(lambda line: not line.strip(), taken)))
        yield before + blank + 1, row, "".join(taken[blank:])


def read(paths: Iterable[Path | str], parse: Callable[[dict[str, Any], str], Record], strict: bool = False) -> Batch[Record]:
    """Read rows of files through `parse(row, default id)`.

    Rows that `parse` refuses with RowError, and rows whose id has come before, are put aside; with `strict` the first of them raises DataError.
    """
    batch: Batch[Record] = Batch()
    seen: set[str] = set()
    for path in paths:
        for number, row, raw in rows(path):
            try:
                if isinstance(row, str):
                    raise RowError("", row)
                record = parse(row, f"{Path(path).stem}-{number}")
                key = str(getattr(record, "id", number))
                if key in seen:
                    raise RowError("id", f"{key!r} has come before; ids must differ")
                seen.add(key)
                batch.records.append(record)
            except RowError as error:
                rejected = Rejected(str(path), number, mask(str(error)).text, raw.rstrip("\n")[: 2 * MAX_CHARACTERS])
                if strict:
                    raise DataError(f"{rejected} (without --strict it would be put aside)") from error
                batch.rejected.append(rejected)
    return batch


def parse_message(row: Mapping[str, Any], default_id: str) -> Message:
    """A row with id, channel, text into a Message; labels and other members are not looked at."""
    attachments = row.get("attachments") or ()
    if not isinstance(attachments, (list, tuple)) or not all(isinstance(item, str) for item in attachments):
        raise RowError("attachments", "expected a list of strings")
    return Message(
        id=_string(row, "id", default_id),
        text=_text(row, "text", may_be_empty=bool(attachments)),
        channel=_string(row, "channel", ""),
        attachments=tuple(attachments),
    )


def parse_conversation(row: Mapping[str, Any], default_id: str, turns_field: str = "turns") -> Conversation:
    """A row with id, channel, turns into a Conversation."""
    raw = row.get(turns_field)
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raise RowError(turns_field, "expected a JSON list of turns") from None
    if not isinstance(raw, list) or not raw:
        raise RowError(turns_field, 'expected a list such as [{"role": "client", "text": "..."}]')
    if len(raw) > MAX_TURNS:
        raise RowError(turns_field, f"{len(raw)} turns; at most {MAX_TURNS} are read")
    turns = []
    for number, turn in enumerate(raw):
        place = f"{turns_field}[{number}]"
        if not isinstance(turn, dict):
            raise RowError(place, "expected an object with role and text")
        role = _string(turn, "role", "client")
        if role not in ROLES:
            raise RowError(f"{place}.role", f"unknown role {role!r}{nearest(role, ROLES)}")
        try:
            turns.append(Turn(role=role, text=_text(turn, "text", may_be_empty=True), sent_at=_string(turn, "sent_at", "") or None))
        except RowError as error:
            raise RowError(f"{place}.{error.field}", error.expected) from None
    return Conversation(id=_string(row, "id", default_id), turns=tuple(turns), channel=_string(row, "channel", ""))


def parse_any(row: Mapping[str, Any], default_id: str) -> Message | Conversation:
    """A row with `turns` into a Conversation, one with `text` into a Message."""
    return parse_conversation(row, default_id) if "turns" in row else parse_message(row, default_id)


def example_parser(taxonomy: Taxonomy | None, fields: Fields | None = None) -> Callable[[dict[str, Any], str], Example]:
    """A parser of labelled messages; with a taxonomy, topics, needs and channels must be known to it, without one no needs are read."""
    names = fields or Fields()

    def parse(row: dict[str, Any], default_id: str) -> Example:
        label, need, also = _labels(row, names, taxonomy)
        channel = _string(row, "channel", "")
        if taxonomy and taxonomy.channels and channel and channel not in taxonomy.channels:
            raise RowError(
                "channel", f"unknown channel {channel!r}{nearest(channel, taxonomy.channels)}; the taxonomy lists the known ones"
            )
        optional = {name: _string(row, name, "") for name in ("author", "labeller", "lang", "slice")}
        return Example(
            id=_string(row, "id", default_id), text=_text(row, names.text), label=label, need=need, also=also, channel=channel, **optional
        )

    return parse


def conversation_parser(taxonomy: Taxonomy | None, fields: Fields | None = None) -> Callable[[dict[str, Any], str], LabelledConversation]:
    """A parser of labelled conversations."""
    names = fields or Fields()

    def parse(row: dict[str, Any], default_id: str) -> LabelledConversation:
        label, need, also = _labels(row, names, taxonomy)
        conversation = parse_conversation(row, default_id, names.turns)
        first, shift = row.get("first_informative_turn"), row.get("shift", False)
        if first is not None and (not isinstance(first, int) or not 0 <= first < len(conversation.turns)):
            raise RowError("first_informative_turn", f"expected null or a turn from 0 to {len(conversation.turns) - 1}")
        if not isinstance(shift, bool):
            raise RowError("shift", "expected true or false")
        return LabelledConversation(
            conversation, label, need, also, first, shift, author=_string(row, "author", ""), labeller=_string(row, "labeller", "")
        )

    return parse


def _labels(row: Mapping[str, Any], names: Fields, taxonomy: Taxonomy | None) -> tuple[str, str | None, tuple[str, ...]]:
    label = _string(row, names.label, "")
    label = names.rename.get(label, label)
    if not label:
        raise RowError(names.label, "missing; expected the label of the message (another field's name is given with --label-field)")
    # Where no needs are known, a member of that name may be anything.
    need = (_string(row, "need", "") or None) if taxonomy and label in taxonomy.labels and taxonomy.needs(label) else None
    also = row.get("also") or []
    if isinstance(also, str):
        also = [part for part in also.replace(";", ",").split(",") if part]
    if not isinstance(also, list):
        raise RowError("also", "expected a list of topics")
    also = [names.rename.get(str(topic), str(topic)) for topic in also]
    if taxonomy is not None:
        if label not in taxonomy.labels:
            raise RowError(names.label, f"unknown topic {label!r}{nearest(label, taxonomy.labels)}")
        if need is not None and need not in taxonomy.needs(label):
            raise RowError("need", f"{need!r} is no need of {label!r}{nearest(need, taxonomy.needs(label))}")
        for topic in also:
            if topic not in taxonomy.topics:
                raise RowError("also", f"unknown topic {topic!r}{nearest(topic, taxonomy.topics)}")
    return label, need, tuple(also)


def _string(row: Mapping[str, Any], name: str, default: str) -> str:
    value = row.get(name, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowError(name, f"expected a string, got {type(value).__name__}")
    if any("\ud800" <= character <= "\udfff" for character in str(value)):
        raise RowError(name, "not UTF-8; save the file as UTF-8")
    return str(value) or default


def _text(row: Mapping[str, Any], name: str, may_be_empty: bool = False) -> str:
    if name not in row and not may_be_empty:
        raise RowError(name, "missing; expected the text of the message (another field's name is given with --text-field)")
    value = row.get(name, "")
    if not isinstance(value, str):
        raise RowError(name, f"expected a string, got {type(value).__name__}")
    if not may_be_empty and not value.strip():
        raise RowError(name, "empty")
    if len(value) > MAX_CHARACTERS:
        raise RowError(name, f"{len(value)} characters; at most {MAX_CHARACTERS} are read")
    if any("\udc80" <= character <= "\udcff" for character in value):
        raise RowError(name, "not UTF-8; save the file as UTF-8")
    return value


def read_map(path: Path) -> dict[str, str]:
    """Read a map of foreign labels to known ones: a JSON object, or a CSV with two columns and no header.

    Raises:
        DataError: the file cannot be read or has another form.
    """
    try:
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                return {row[0].strip(): row[1].strip() for row in csv.reader(file) if row}
        raw = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f'{path}: not a readable map ({error}); expected {{"foreign label": "topic"}} or a CSV with two columns') from error
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise DataError(f'{path}: expected a JSON object such as {{"foreign label": "topic"}}')
    return raw


def corpus_files(folder: Path, kind: str = "messages") -> Sequence[Path]:
    """The files of one kind ("messages", "conversations") of a corpus folder, one a author, in the order of their names.

    Raises:
        DataError: there are none.
    """
    files = sorted((folder / kind).glob("*.jsonl"))
    if not files:
        raise DataError(f"{folder / kind}: no .jsonl files; expected a corpus such as data/corpus with one file an author")
    return files
