"""Repairs a message before anything reads it: small switchable steps that leave clean text alone and keep offsets."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from dataclasses import dataclass

from data.errors import ConfigError, nearest
from models.repair_draft import Draft, identity
from models.repair_layout import layout
from models.repair_lookalikes import lookalikes
from models.repair_markup import markup, mojibake
from models.repair_quote import own, quoted
from models.repair_spelling import spelling
from models.repair_translit import translit
from models.repair_unicode import capitals, emoji, unicode
from models.repair_words import elongation, run_together, spelt

LIMIT = 20_000
"""Longest text that is read whole, in characters; of a longer one the first and the last half of it are kept."""

Step = Callable[[Draft], Draft]
_STEPS: dict[str, Step] = {
    "mojibake": mojibake,
    "markup": markup,
    "unicode": unicode,
    "elongation": elongation,
    "layout": layout,
    "translit": translit,
    "lookalike": lookalikes,
    "spelt": spelt,
    "nospace": run_together,
    "caps": capitals,
    "emoji": emoji,
    "spelling": spelling,
}
QUOTE = "quote"
STEPS: tuple[str, ...] = (*_STEPS, QUOTE)
"""All steps, in the order they run."""
DEFAULT_STEPS: tuple[str, ...] = STEPS
_RUSSIAN = frozenset({"layout", "translit", "lookalike", "spelt", "nospace", "emoji", "spelling"})
_ODD_ONLY = frozenset({"mojibake", "markup", "layout", "translit", "lookalike", "emoji"})
_ODD = re.compile(r"[^а-яА-ЯёЁ0-9 .,!?:;()«»—–%№+\n-]|[а-яё][0346]|[0346][а-яё]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Repaired:
    """A repaired text.

    `text` is what features read; `repairs` names the steps that changed something worth telling, in order; `offsets` has
    len(text) + 1 places in `original`, never falling; `own` are the (start, end) parts of `text` in the client's own words, if a
    quotation was found (else empty); `cut` says that the middle of a text over LIMIT characters was left out.
    """

    text: str
    original: str
    repairs: tuple[str, ...]
    offsets: array[int]
    cut: bool = False
    own: tuple[tuple[int, int], ...] = ()

    def to_original(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that characters start..end of the text came from; half an expansion gives its whole source."""
        places, size = self.offsets, len(self.text)
        first = places[start]
        if end <= start:
            return first, first
        last = end
        while last < size and places[last] <= places[end - 1]:
            last += 1
        return first, places[last]

    def from_original(self, start: int, end: int) -> tuple[int, int]:
        """The part of the text that characters start..end of the original became; empty if they were left out at the beginning."""
        first = bisect_left(self.offsets, self.offsets[max(0, bisect_right(self.offsets, start) - 1)])
        return first, max(first, min(bisect_left(self.offsets, end), len(self.text)))


class TextRepair:
    """Repairs texts by the given steps; cheap to make: word lists load at first need and are shared.

    Args:
        steps: names out of STEPS, run in the order of STEPS; DEFAULT_STEPS unless given.
        lang: language of the texts; for others than "ru" the steps that know Russian do nothing.

    Raises:
        ConfigError: a step is unknown.
    """

    def __init__(self, steps: Collection[str] = DEFAULT_STEPS, lang: str = "ru") -> None:
        for name in steps:
            if name not in STEPS:
                raise ConfigError(f"unknown repair step {name!r}{nearest(name, STEPS)}")
        self.steps = tuple(name for name in STEPS if name in steps)
        self.lang = lang
        chosen = [name for name in self.steps if name != QUOTE and (lang == "ru" or name not in _RUSSIAN)]
        self._all = tuple((name, _STEPS[name]) for name in chosen)
        self._plain = tuple((name, step) for name, step in self._all if name not in _ODD_ONLY)
        self._quote = QUOTE in self.steps

    def __call__(self, text: str) -> Repaired:
        """Repair one text; linear in its length."""
        draft, cut = _kept(text)
        repairs: list[str] = []
        for name, step in self._all if _ODD.search(draft.text) else self._plain:
            before = draft.text
            draft = step(draft)
            if draft.text is not before and draft.text != before and not (name == "unicode" and _only_yo(before, draft.text)):
                repairs.append(name)
        parts: tuple[tuple[int, int], ...] = ()
        if self._quote and (spans := quoted(draft.text)) and (parts := own(draft.text, spans)):
            repairs.append(QUOTE)
        offsets = identity(len(text)) if draft.offsets is None else draft.offsets
        return Repaired(draft.text, text, tuple(repairs), offsets, cut, parts)


def _kept(text: str) -> tuple[Draft, bool]:
    if len(text) <= LIMIT:
        return Draft(text), False
    half, tail = LIMIT // 2, len(text) - LIMIT // 2
    offsets = array("l", range(half + 1))
    offsets.extend(range(tail, len(text) + 1))
    return Draft(f"{text[:half]}\n{text[tail:]}", offsets), True


def _only_yo(before: str, after: str) -> bool:
    # ё written as е is how all tables are kept, no repair to tell of.
    return len(before) == len(after) and before.replace("ё", "е").replace("Ё", "Е") == after
