"""Where in the client's own masked text the characters of a prepared text stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from data.masking import Span
from models.prepare import Preparation, personal_data
from models.text import Repaired

Range = tuple[int, int]


@dataclass(frozen=True)
class Alignment:
    """One text before and after `models.prepare.Preparation`.

    `own` has a range of the repaired text for every character of the prepared one, `shown` a range of the masked text for every character
    of the client's: a placeholder is one thing, and each of its characters stands for all that it hides.
    """

    repaired: Repaired
    own: list[Range]
    shown: list[Range]

    @classmethod
    def of(cls, text: str, preparation: Preparation) -> Self:
        """Prepare a text once more and keep the way back."""
        repaired = preparation.repair(text)
        inside, own = personal_data(repaired)
        hidden, _ = _around(len(repaired.text), inside)
        _, shown = _around(len(text), own)
        return cls(repaired, hidden, shown)

    def place(self, start: int, end: int) -> Range:
        """The part of `Prepared.masked` that characters start..end of `Prepared.text` came from, at least one character of each."""
        first, last = self.repaired.to_original(self.own[start][0], self.own[end - 1][1])
        if not self.shown:
            return 0, 0
        first = min(first, len(self.shown) - 1)
        return self.shown[first][0], self.shown[max(last - 1, first)][1]


def _around(length: int, spans: Iterable[Span]) -> tuple[list[Range], list[Range]]:
    """Where a text's masked form comes from, a range of the text for each of its characters, and where each character of the text went."""
    back: list[Range] = []
    forth: list[Range] = []
    for start, end, placeholder in _pieces(length, spans):
        if placeholder:
            size = len(placeholder)
            forth.extend([(len(back), len(back) + size)] * (end - start))
            back.extend([(start, end)] * size)
        else:
            forth.extend((place, place + 1) for place in range(len(back), len(back) + end - start))
            back.extend((place, place + 1) for place in range(start, end))
    return back, forth


def _pieces(length: int, spans: Iterable[Span]) -> list[tuple[int, int, str]]:
    """(start, end, placeholder or "") in order, spans that overlap as one, as `data.spans.mask_spans` writes them."""
    pieces: list[tuple[int, int, str]] = []
    done = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if span.start < done:
            start, end, placeholder = pieces[-1]
            done = max(end, span.end)
            pieces[-1] = (start, done, placeholder)
            continue
        pieces += [(done, span.start, ""), (span.start, span.end, f"<{span.kind}>")]
        done = span.end
    return [*pieces, (done, length, "")]
