"""Finds birth dates: any date is one after a word such as «родилась» and before one such as «г.р.»; all others stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data.spans import Reading, Span

_MONTH = r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-я]{0,6}\.?"
_YEAR = r"(?:19\d\d|20[0-2]\d)"
_SHORT_YEAR = rf"(?:{_YEAR}|\d\d)(?!\d)"
_YEAR_WORD = r"(?:\s?г(?:од[а-я]*)?\b\.?)?"
_NUMBER_WORD = (
    r"(?:перв|втор|трет|четв[её]рт|пят|шест|седьм|восьм|девят|десят|[а-я]{2,9}надцат|двадцат|тридцат|сорок|девяност|сот|тысяч|две|сто"
    r"|восемь|семь|[а-я]{3,7}десят|девятьсот|год|двух)[а-я]{0,9}"
)
_BREAK = r"\s?[.,/\-\s]\s?"
_DATE = "|".join((
    rf"\d{{1,2}}{_BREAK}\d{{1,2}}{_BREAK}{_SHORT_YEAR}{_YEAR_WORD}",
    rf"{_YEAR}[.\-/]\d\d?[.\-/]\d\d?(?!\d)",
    rf"\d{{1,2}}(?:-?го|-?ого|-?е)?\s{{0,2}}{_MONTH},?(?:\s{{0,2}}{_SHORT_YEAR}{_YEAR_WORD})?",
    rf"(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){_SHORT_YEAR}",
    rf"(?:{_NUMBER_WORD}\s){{1,2}}{_MONTH}(?:\s{_NUMBER_WORD}){{0,5}}(?:\s{_SHORT_YEAR})?",
    rf"{_YEAR}(?!\d)",
    r"(?:0[1-9]|[12]\d|3[01])\.(?:0[1-9]|1[0-2])(?![\d.])",
))  # fmt: skip
_CUE = re.compile(
    r"\b(?:дат[а-я]{1,3}\s(?:моего\s|его\s|ее\s)?рожд[а-я]*|рожд[а-я]*\.?|родил[а-я]+|род\.|д[./]?\s?р\.?(?!\w)|г\.\s?р\.?(?!\w)|днюха"
    r"|d\.?r\.|birth(?:day)?|rozhd[a-z]+|rojd[a-z]+|rodil[a-z]+)"
)
_SIGNS = ("рожд", "родил", "род.", "др", "д.р", "д. р", "д р", "д/р", "г.р", "г. р", "гр", "birth", "днюх", "rozhd", "rojd", "rodil", "d.r")
_PAUSE = r"[\s:;,.\-–—(]"
_AFTER = re.compile(rf"{_PAUSE}{{0,4}}(?:(?!не\b)[а-яa-z]{{1,14}}{_PAUSE}{{1,4}}){{0,4}}?(?<![\d.,])({_DATE})")
_CORRECTED = re.compile(rf"[^\d\n]{{1,24}}(?<![\d.,])({_DATE})")
_BEFORE = re.compile(
    rf"(?<![\d.])(?:{_DATE})(?=[\s,.\-–—(]{{0,3}}(?:г\.?\s?р(?!\w)|года?\s?рожд|г\.?\s?рожд|рожд|д\.?\s?р(?!\w)|родил|дата рожд|мо[яй] д))"
)


def birth_dates(reading: Reading) -> Iterator[Span]:
    """Dates, or a year alone, after a word of birth («дата рождения», «родилась») or before one («1985 г.р.»)."""
    lower = reading.lower
    if not any(sign in lower for sign in _SIGNS):
        return
    for cue in _CUE.finditer(lower):
        match = _AFTER.match(lower, cue.end())
        if match:
            yield Span(*match.span(1), "BIRTHDATE")
            second = _CORRECTED.match(lower, match.end())  # «неверная дата 11.11.1911, надо 11.11.1991»
            if second and sum(char.isdigit() for char in second[1]) >= 6 and sum(char.isdigit() for char in match[1]) >= 6:
                yield Span(*second.span(1), "BIRTHDATE")
    if reading.has_digit:
        for match in _BEFORE.finditer(lower):
            yield Span(*match.span(), "BIRTHDATE")
