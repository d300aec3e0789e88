"""Which strings of digits are telephone numbers: Russian ones by their form, others by phonenumbers."""

from __future__ import annotations

import re
from collections.abc import Set

# 7 or 8 and a mobile, city or free number, also with both («+7 8904...»); ten digits without a prefix.
_FULL = re.compile(r"(?:7|8|78|87)(?:[3459]\d{9}|8[0-68]\d{8}|7[0-8]\d{8})|80(?:17|2[59]|33|44)\d{7}")
_MOBILE = re.compile(r"9\d{9}")
_CITY = re.compile(r"(?:3[0-9]|4[0-9]|8[1-6])\d{8}")
_UKRAINE = re.compile(r"0(?:39|50|63|6[678]|73|75|77|9\d)\d{7}")
# Countries whose people write without a «+»: Belarus, Ukraine, Armenia, Central Asia, the Caucasus, Moldova.
_NEIGHBOUR = re.compile(r"(?:00|810)?(?:375|380|992|993|994|995|996|998)\d{9}|(?:00|810)?37[34]\d{8}|8107\d{10}|007\d{10}")
_TEN_SHAPES = frozenset(
    {(10,), (3, 7), (3, 3, 4), (3, 3, 2, 2), (3, 2, 3, 2), (3, 2, 2, 3), (3, 4, 3), (5, 5), (6, 4), (4, 6), (6, 2, 2), (5, 3, 2)}
)
_TEN_SHAPES |= {
    (3, 5, 2),
    (4, 2, 2, 2),
    (5, 1, 2, 2),
    (4, 3, 3),
    (4, 4, 2),
    (3, 1, 2, 2, 2),
    (3, 1, 1, 1, 2, 2),
    (3, 2, 1, 2, 2),
    (5, 2, 3),
}
_LOCAL_DASHED = frozenset({(3, 2, 2)})
_LOCAL_NAMED = frozenset({(3, 2, 2), (2, 2, 2), (1, 2, 2), (7,), (3, 4), (3, 3), (2, 3, 2)})
_CENTRAL_ASIA = frozenset({(2, 3, 2, 2), (2, 3, 4), (3, 2, 2, 2)})


def russian(digits: str, shape: tuple[int, ...]) -> bool:
    """Whether digits grouped like `shape` are a phone as written in Russia (or Kazakhstan, or Belarus from within)."""
    if _FULL.fullmatch(digits):
        return _telling(digits, shape)
    plain = len(digits) == 10 and (shape in _TEN_SHAPES or set(shape) <= {2} or set(shape) == {1} or _telling("8" + digits, (1, *shape)))
    return plain and bool(_MOBILE.fullmatch(digits) or ((_CITY.fullmatch(digits) or _UKRAINE.fullmatch(digits)) and shape in _TEN_SHAPES))


def _telling(digits: str, shape: tuple[int, ...]) -> bool:
    """Whether the grouping is one that people use for a phone, not a row of counts such as «7 8 9 10 11»."""
    if len(shape) == 1 or set(shape) == {1}:
        return True
    head = len(digits) - 10
    rest = shape
    while head > 0 and rest:
        if rest[0] > head:
            return rest[0] - head >= 1
        head -= rest[0]
        rest = rest[1:]
    return bool(rest) and (rest[0] >= 3 or set(rest) <= {2} or (digits[-10] == "9" and max(rest) >= 2 and len(rest) >= 5))


def foreign(digits: str, *, bare: bool = False) -> bool:
    """Whether the digits with their country code are a phone; `bare`: no «+» stood before, so only neighbours are believed."""
    if bare:
        return _NEIGHBOUR.fullmatch(digits) is not None
    return 9 <= len(digits) <= 15 and (_NEIGHBOUR.fullmatch(digits) is not None or _possible(digits))


def local(digits: str, shape: tuple[int, ...], gaps: Set[str], *, named: bool) -> bool:
    """Whether a number without its city code is a phone: by its dashes («222-33-44»), or named as one."""
    if gaps == {"-"} and (shape in _LOCAL_DASHED or shape in _CENTRAL_ASIA):
        return True
    if len(digits) == 9 and shape in _CENTRAL_ASIA and gaps <= {"-", " "}:
        return True
    return named and shape in _LOCAL_NAMED and (shape == (7,) or gaps in ({"-"}, {" "}))


def _possible(digits: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse("+" + digits))
    except phonenumbers.NumberParseException:
        return False
