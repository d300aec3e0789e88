"""Files of rows into records: a bad row is named by file and line and put aside, the good ones go on."""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TextIO, TypeVar

from data.errors import DataError, RowError
from data.masking import mask
from data.parsing import MAX_CHARACTERS

Record = TypeVar("Record")
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
