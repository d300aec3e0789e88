"""What repair does to messages that are clean: every change it makes to the corpus, held against what a reader said of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from data.errors import DataError
from data.messages import Example
from models.text import STEPS, TextRepair

JUDGED = ("layout", "translit", "lookalike", "spelt", "nospace", "spelling")
"""The steps that put other words in place of those written."""
_WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Change:
    """A message that the judged steps change: which of them, and which words as they were written."""

    id: str
    steps: tuple[str, ...]
    words: tuple[str, ...]


def changes(examples: Sequence[Example], lang: str) -> Iterator[Change]:
    """All changes that the judged steps make, in the order of the examples."""
    whole, others = TextRepair(lang=lang), TextRepair([step for step in STEPS if step not in JUDGED], lang)
    for example in examples:
        repaired = whole(example.text)
        if steps := tuple(step for step in repaired.repairs if step in JUDGED):
            before, after = _WORD.findall(others(example.text).text), _WORD.findall(repaired.text)
            matcher = SequenceMatcher(None, before, after, autojunk=False)
            words = [word for kind, i, j, _, _ in matcher.get_opcodes() if kind != "equal" for word in before[i:j]]
            yield Change(example.id, steps, tuple(dict.fromkeys(words)))


def read_verdicts(path: Path) -> dict[str, Mapping[str, Any]]:
    """A reader's verdicts by message id: `broken`, words that needed a repair, and `clean`, words that were right as written.

    Raises:
        DataError: the file is missing or a line is none of these.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["id"]: {"broken": set(row["broken"]), "clean": set(row["clean"])} for row in rows}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}; expected one verdict a line") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f'{path}: not a list of verdicts ({error}); expected {{"id", "broken": [...], "clean": [...]}} a line') from error


@dataclass(frozen=True)
class Harm:
    """Of one step (or of all), numbers of messages: changed; clean, for every changed word was right; broken, but with a right word changed
    beside; with words that nobody has judged."""

    step: str
    changed: int
    clean: int
    beside: int
    unjudged: int


def harm(found: Sequence[Change], verdicts: Mapping[str, Mapping[str, Any]]) -> list[Harm]:
    """Per judged step and in all; a message that several steps change counts for each of them."""
    counts = {name: Counter[str]() for name in ("changed", "clean", "beside", "unjudged")}
    for change in found:
        verdict = verdicts.get(change.id, {"broken": set(), "clean": set()})
        right, words = set(change.words) & verdict["clean"], set(change.words)
        kind = "unjudged" if words - verdict["clean"] - verdict["broken"] else "clean" if right == words else "beside" if right else ""
        for step in (*change.steps, "all"):
            for name in ("changed", kind) if kind else ("changed",):
                counts[name][step] += 1
    return [Harm(step, **{name: count[step] for name, count in counts.items()}) for step in (*JUDGED, "all")]
