"""Where personal data stands in a text, and the text as its finders read it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from data.errors import DataError

KINDS: tuple[str, ...] = (
    "PHONE",
    "CARD",
    "ICCID",
    "PASSPORT",
    "SNILS",
    "INN",
    "EMAIL",
    "ADDRESS",
    "NAME",
    "BIRTHDATE",
    "CONTRACT",
    "CODE",
)

# A letter of no word that occurs in Russian: what stands for a placeholder joins nothing and is found by nothing.
_BLANK = "\u01c2"
_PLACEHOLDER = re.compile(rf"<(?:{'|'.join(KINDS)})>")
_DIGIT = re.compile(r"\d")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
# Letters written for digits inside a number: «9O4», «3О», «I2».
_LETTER_DIGITS = str.maketrans("OoОоЗзбБlI", "0000336611")
_MIXED_NUMBER = re.compile(r"(?<!\w)[OoОоЗзбБlI]*+\d[\dOoОоЗзбБlI]*+(?!\w)")
_LETTERS_AMONG_DIGITS = re.compile(r"(?<=\d[ \-.])[OoОоЗз]{1,3}(?=[ \-.][\d])")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of a text are a datum of `kind`, one of KINDS."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Reading:
    """A text made ready for finders; every form has the length of the original, so that offsets are shared.

    In `text` placeholders, and what has been found already, are blanked out.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> Reading:
        """Read a text: any string, also one that holds placeholders."""
        return cls(_PLACEHOLDER.sub(lambda match: _BLANK * len(match[0]), text) if "<" in text else text)

    def without(self, spans: Iterable[Span]) -> Reading:
        """The same text with spans blanked out, which must be sorted and must not overlap."""
        parts: list[str] = []
        done = 0
        for span in spans:
            parts += (self.text[done : span.start], _BLANK * (span.end - span.start))
            done = span.end
        return Reading("".join((*parts, self.text[done:])))

    def is_free(self, start: int, end: int) -> bool:
        """Whether nothing in these characters is blanked out."""
        return self.text.find(_BLANK, start, end) < 0

    @cached_property
    def lower(self) -> str:
        """`text` in lower case, ё as е."""
        lower = self.text.lower()
        if len(lower) != len(self.text):  # a few capitals have a lower case of two characters
            lower = "".join(low if len(low := char.lower()) == 1 else char for char in self.text)
        return lower.replace("ё", "е")

    @cached_property
    def has_digit(self) -> bool:
        """Whether any digit of any script occurs."""
        return _DIGIT.search(self.text) is not None

    @cached_property
    def numeric(self) -> str:
        """`lower` with digits of other scripts, and letters written for digits, as ASCII digits."""
        text = self.text
        if not self.has_digit:
            return self.lower
        if not text.isascii():
            text = _OTHER_DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
        text = _MIXED_NUMBER.sub(lambda match: match[0].translate(_LETTER_DIGITS), text)
        text = _LETTERS_AMONG_DIGITS.sub(lambda match: match[0].translate(_LETTER_DIGITS), text)
        if text == self.text:
            return self.lower
        return "".join(new if new.isdigit() else low for new, low in zip(text, self.lower, strict=True))


def mask_spans(text: str, spans: Iterable[Span]) -> str:
    """Write `<KIND>` in place of every span; spans that overlap are masked as one, of the first one's kind.

    Raises:
        DataError: a span does not lie inside the text.
    """
    parts: list[str] = []
    done = 0
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        if not 0 <= span.start < span.end <= len(text):
            raise DataError(f"{span} does not lie inside a text of {len(text)} characters: give the text that it was found in")
        if span.start < done:
            done = max(done, span.end)
            continue
        parts += (text[done : span.start], f"<{span.kind}>")
        done = span.end
    return "".join((*parts, text[done:]))
