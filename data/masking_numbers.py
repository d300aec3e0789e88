"""Finds phones, cards, SIM numbers, passports, SNILS and INN among the numbers of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from data.number_groups import LONGEST_GROUP, Group, chains
from data.phones import foreign, local, russian
from data.spans import Reading, Span

Shape = tuple[int, ...]

_CUE = re.compile(
    r"\b(?:(?P<SNILS>снилс|страхов\w+ (?:номер|свидет))|(?P<INN>инн)|(?P<ICCID>icc|айсис|сим\b|сим[\- ]?к|симк|sim|serial)"
    r"|(?P<PASSPORT>пасп|серия|сер\.|passport|загран)|(?P<CARD>карт|card|visa|mastercard|мир\b|сбер)"
    r"|(?P<PHONE>тел\b|телеф|городск|домашн|стационарн|сотов|мобил|позвон|перезвон))"
)
_CUE_REACH = 45
_LETTERED_PASSPORT = re.compile(r"\b(?:пасп|passport|загран|id)[^\d]{0,40}?\b([a-zа-я]{1,2}\s?[№-]?\s?\d{6,9})(?!\d)")
_CARD_SHAPES: frozenset[Shape] = frozenset(
    {(4, 4, 4, 4), (8, 8), (4, 12), (4, 4, 8), (8, 4, 4), (4, 8, 4), (6, 10), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 4, 2)}
    | {(2,) * 8, (1,) * 16, (12, 4), (5, 5, 6), (6, 6, 4)}
)
_PASSPORT_SHAPES: frozenset[Shape] = frozenset({(4, 6), (2, 2, 6)})
_AMOUNT = re.compile(r"[\s\-]{0,2}(?:р\b|р\.|руб|₽|коп|тыс|т\.р|тг\b|тенге|сум\b|гб|мб|гиг|мег|мин|смс|sms|шт|раз\b|км|gb|mb|%)")


def numbers(reading: Reading) -> Iterator[Span]:
    """Numbers that are somebody's; each is taken by its form, its control sum and the word that names it."""
    if "пасп" in reading.lower or "passport" in reading.lower or "загран" in reading.lower:
        for match in _LETTERED_PASSPORT.finditer(reading.lower):
            yield Span(*match.span(1), "PASSPORT")
    for chain in chains(reading):
        if sum(len(group.digits) for group in chain) >= 5:
            yield from _of_chain(reading, chain)


def _of_chain(reading: Reading, chain: Sequence[Group]) -> Iterator[Span]:
    position = 0
    while position < len(chain):
        found = _at(reading, chain, position)
        if found:
            size, kind = found
            begin = chain[position]
            start = reading.text.rfind("+", max(0, begin.start - 3), begin.start) if begin.plus else -1
            yield Span(start if start >= 0 else _with_bracket(reading.text, begin.start), chain[position + size - 1].end, kind)
            position += size
        else:
            position += 1


def _with_bracket(text: str, start: int) -> int:
    return start - 1 if start and text[start - 1] == "(" else start


def _at(reading: Reading, chain: Sequence[Group], position: int) -> tuple[int, str] | None:
    """How many groups from `position` on are one datum, and its kind; longer ones first."""
    windows: list[tuple[str, Shape]] = []
    digits = ""
    for group in chain[position : position + LONGEST_GROUP]:
        digits += group.digits
        if len(digits) > LONGEST_GROUP:
            break
        windows.append((digits, (*(windows[-1][1] if windows else ()), len(group.digits))))
    if not windows or len(windows[-1][0]) < 5:
        return None
    cue: str | None = None
    for size in range(len(windows), 0, -1):
        digits, shape = windows[size - 1]
        if len(digits) < 5:
            break
        cue = _cue(reading, chain[0].start, chain[position].start) if cue is None else cue
        kind = _kind(digits, shape, cue, chain[position].plus)
        if kind is None and len(digits) <= 9:
            kind = _short_kind(reading, digits, shape, cue, chain[position : position + size])
            kind = None if kind and _AMOUNT.match(reading.numeric, chain[position + size - 1].end) else kind
        if kind:
            return size, kind
    return None


def _cue(reading: Reading, chain_start: int, start: int) -> str:
    """Kind that the last naming word before a number speaks for, or ""."""
    text = reading.numeric[max(0, chain_start - _CUE_REACH, start - 2 * _CUE_REACH) : start]
    found = ""
    for match in _CUE.finditer(text):
        found = match.lastgroup or ""
    return found


def _kind(digits: str, shape: Shape, cue: str, plus: bool) -> str | None:
    """Kind of a whole number by its digits, how they are grouped (`shape`), its cue and whether a «+» leads it."""
    size = len(digits)
    if plus:
        return "PHONE" if foreign(digits) or russian(digits, shape) else None
    if size >= 13:
        return _long_kind(digits, shape, cue)
    if _is_named(digits, cue):
        return cue
    if (shape == (3, 3, 3, 2) or (shape == (11,) and digits[0] not in "78")) and _is_snils(digits):
        return "SNILS"
    if shape in _PASSPORT_SHAPES and cue != "PHONE":
        return "PASSPORT"
    phone = russian(digits, shape) or (foreign(digits, bare=True) and len(shape) < size)
    return "PHONE" if phone else "INN" if shape == (size,) and _is_inn(digits) else None


def _is_named(digits: str, cue: str) -> bool:
    """Whether a number has the length of what its cue names."""
    size = len(digits)
    passport = cue == "PASSPORT" and size in {9, 10} and digits[:2] != "89"
    return passport or (cue == "SNILS" and size == 11) or (cue == "INN" and size in {10, 12})


def _long_kind(digits: str, shape: Shape, cue: str) -> str | None:
    size = len(digits)
    sim = digits.startswith("89") and 17 <= size <= 22 and (len(shape) == 1 or shape[0] <= 8)
    if sim and (cue == "ICCID" or digits.startswith(("897", "8999")) or (size in {19, 20} and _luhn(digits))):
        return "ICCID"
    if cue == "ICCID" and size >= 17 and len(shape) == 1:
        return "ICCID"
    if size <= 19 and (len(shape) == 1 or shape in _CARD_SHAPES or (size == 16 and shape[:2] == (4, 4)) or (cue == "CARD" and size == 16)):
        issued = digits[0] in "23456" or digits.startswith(("8600", "9860"))
        if issued and (_luhn(digits) or (cue == "CARD" and size in {16, 18, 19})):
            return "CARD"
        if cue == "CARD" and shape == (4, 4, 4, 4):
            return "CARD"
    return "PHONE" if foreign(digits, bare=True) else None


def _short_kind(reading: Reading, digits: str, shape: Shape, cue: str, groups: Sequence[Group]) -> str | None:
    """Kind of a number that is short of a full one: a passport's last six digits, a city phone without its code."""
    if cue == "PASSPORT" and shape == (6,):
        return "PASSPORT"
    gaps = {reading.text[left.end : right.start] for left, right in pairwise(groups)}
    return "PHONE" if local(digits, shape, gaps, named=cue == "PHONE") else None


def _is_snils(digits: str) -> bool:
    """Control sum of the Russian pension number: weights 9 to 1, modulo 101, 100 written as 00."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(9, 0, -1), strict=False))
    return total % 101 % 100 == int(digits[9:])


def _is_inn(digits: str) -> bool:
    from stdnum.ru import inn

    return bool(inn.is_valid(digits))


def _luhn(digits: str) -> bool:
    from stdnum import luhn

    return len(set(digits)) > 1 and luhn.checksum(digits) == 0
