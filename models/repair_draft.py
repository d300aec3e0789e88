"""A text under repair: what it is now, and where each character of it began in the original."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass

Edit = tuple[int, int, str]
"""Characters start..end of the current text are replaced by a string."""

_IDENTITY = array("l", range(1025))


def identity(length: int) -> array[int]:
    """Offsets of an unchanged text: 0..length."""
    return _IDENTITY[: length + 1] if length < len(_IDENTITY) else array("l", range(length + 1))


@dataclass(frozen=True, slots=True)
class Draft:
    """A text and its offsets: `offsets[i]` is the place in the original where character i began, len(text) + 1 of them (None: unmoved)."""

    text: str
    offsets: array[int] | None = None

    def places(self) -> array[int]:
        """The offsets, made if the text has not moved yet."""
        return identity(len(self.text)) if self.offsets is None else self.offsets

    def same_length(self, text: str) -> Draft:
        """The draft with a text of the same length in place of its own."""
        return Draft(text, self.offsets)

    def edited(self, edits: Iterable[Edit]) -> Draft:
        """Apply edits, sorted and not overlapping; a replacement of another length is spread evenly over what it replaces."""
        text, places = self.text, self.places()
        parts: list[str] = []
        offsets = array("l")
        at = 0
        for start, end, new in edits:
            parts += (text[at:start], new)
            offsets += places[at:start]
            width, size = end - start, len(new)
            offsets.extend(places[start:end] if width == size else (places[start + i * width // size] for i in range(size)))
            at = end
        if not parts:
            return self
        parts.append(text[at:])
        offsets += places[at:]
        return Draft("".join(parts), offsets)


def edges(matches: list[re.Match[str]], limit: int) -> list[re.Match[str]]:
    """The first and last matches, `limit` in all: costly steps read a very long text at its ends, where the request stands."""
    return matches if len(matches) <= limit else matches[: limit // 2] + matches[-(limit - limit // 2) :]
