"""The one table of predictions of a run, from which every figure comes; it holds ids and labels, never texts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from data.errors import DataError
from data.messages import Example
from models.decision import Tag


@dataclass(frozen=True, slots=True)
class Row:
    """What was right and what was said of one message of one set ("test", "certify", "cross-validation", ...)."""

    id: str
    set: str
    label: str
    need: str | None
    predicted: str
    predicted_need: str | None
    confidence: float
    status: str
    reason: str
    probabilities: dict[str, float]
    unknown: float = 0.0
    also: tuple[str, ...] = ()
    predicted_also: tuple[str, ...] = ()
    author: str = ""
    channel: str = ""
    lang: str = ""
    slice: str = ""
    length: int = 0
    repairs: tuple[str, ...] = ()

    def likeliest_but(self, label: str | None) -> str | None:
        """The likeliest label but this one: what would be answered if nothing could be refused; None where there is no other."""
        others = [(probability, name) for name, probability in self.probabilities.items() if name != label]
        return max(others, key=lambda pair: pair[0])[1] if others else None

    @property
    def right(self) -> bool:
        """Whether the topic given is the right one."""
        return self.predicted == self.label

    @classmethod
    def of(cls, example: Example, tag: Tag, name: str, unknown: float = 0.0) -> Self:
        """One row from a labelled example and the tag it got; the topic given with status no_request is the label that heads the ranking."""
        predicted = tag.topic if tag.topic is not None else tag.ranking[0][0]
        return cls(
            id=example.id,
            set=name,
            label=example.label,
            need=example.need,
            predicted=predicted,
            predicted_need=tag.need,
            confidence=tag.confidence,
            status=tag.status,
            reason=tag.reason,
            probabilities=dict(tag.ranking),
            unknown=unknown,
            also=example.also,
            predicted_also=tag.also,
            author=example.author,
            channel=example.channel,
            lang=example.lang,
            slice=example.slice,
            length=len(example.text.split()),
            repairs=tag.repairs or (),
        )


@dataclass(frozen=True)
class Columns:
    """The table as arrays of n values, for figures and for drawing rows again and again; labels are positions in `labels`.

    Further topics are counted: right ones named, named, and to be named. `known_right`: the likeliest of all labels but the open one is right.
    """

    labels: tuple[str, ...]
    gold_code: npt.NDArray[np.intp]
    predicted_code: npt.NDArray[np.intp]
    confidence: npt.NDArray[np.float64]
    right: npt.NDArray[np.bool_]
    need_right: npt.NDArray[np.bool_]
    status: npt.NDArray[np.object_]
    open_probability: npt.NDArray[np.float64]
    known_right: npt.NDArray[np.bool_]
    also_right: npt.NDArray[np.intp]
    also_named: npt.NDArray[np.intp]
    also_gold: npt.NDArray[np.intp]
    no_request: str | None
    open_label: str | None

    def __len__(self) -> int:
        return len(self.gold_code)

    def code(self, label: str | None) -> int:
        """Position of a label in `labels`, or -1."""
        return self.labels.index(label) if label in self.labels else -1

    def take(self, index: npt.NDArray[np.intp]) -> Columns:
        """The rows at these positions, repeats allowed."""
        arrays: dict[str, Any] = {name: value[index] for name, value in self.__dict__.items() if isinstance(value, np.ndarray)}
        return replace(self, **arrays)


@dataclass(frozen=True)
class Predictions:
    """Rows and their special labels: `no_request` is the label that is no request, `open_label` the open topic."""

    rows: Sequence[Row]
    no_request: str | None = None
    open_label: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def columns(self) -> Columns:
        """The rows as arrays."""

        def column(values: Iterable[object], kind: type = object) -> npt.NDArray[Any]:
            return np.asarray(list(values), dtype=kind)

        labels = tuple(sorted({label for row in self.rows for label in (row.label, row.predicted)}))
        number = {label: position for position, label in enumerate(labels)}
        return Columns(
            labels=labels,
            gold_code=column((number[row.label] for row in self.rows), np.intp),
            predicted_code=column((number[row.predicted] for row in self.rows), np.intp),
            confidence=column((row.confidence for row in self.rows), float),
            right=column((row.right for row in self.rows), bool),
            need_right=column((row.right and row.need == row.predicted_need for row in self.rows), bool),
            status=column(row.status for row in self.rows),
            open_probability=column((row.probabilities.get(self.open_label or "", 0.0) for row in self.rows), float),
            known_right=column((row.likeliest_but(self.open_label) == row.label for row in self.rows), bool),
            also_right=column((len({*row.also} & {*row.predicted_also}) for row in self.rows), np.intp),
            also_named=column((len(row.predicted_also) for row in self.rows), np.intp),
            also_gold=column((len(row.also) for row in self.rows), np.intp),
            no_request=self.no_request,
            open_label=self.open_label,
        )

    def keep(self, rows: Iterable[Row]) -> Predictions:
        """Other rows, the same special labels."""
        return Predictions(list(rows), self.no_request, self.open_label)

    def where(self, **conditions: object) -> Predictions:
        """The rows whose members have the given values."""
        return self.keep(row for row in self.rows if all(getattr(row, name) == value for name, value in conditions.items()))

    def groups(self) -> list[str]:
        """The author of every row, or the row's id where none is known."""
        return [row.author or row.id for row in self.rows]

    def save(self, path: Path) -> None:
        """One JSON object a line; the first holds the special labels."""
        with path.open("w", encoding="utf-8") as file:
            file.write(json.dumps({"no_request": self.no_request, "open_label": self.open_label}) + "\n")
            for row in self.rows:
                file.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            DataError: the file is missing or was not written by `save`.
        """
        known = {member.name for member in fields(Row)}
        try:
            with path.open(encoding="utf-8") as file:
                special = json.loads(next(file))
                raw = [json.loads(line) for line in file]
            rows = [Row(**_members(row, known)) for row in raw]
            return cls(rows, special["no_request"], special["open_label"])
        except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
            raise DataError(f"{path}: not a table of predictions ({type(error).__name__}); a run of training writes one") from error


def _members(row: dict[str, Any], known: set[str]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items() if name in known}
