"""Finds postal addresses with a house number, from «ул. Баумана, д. 5, кв. 12» to «живу на гагарина 15»."""

from __future__ import annotations

import re
from collections.abc import Iterator

from data import address_forms as forms
from data.name_words import is_place
from data.spans import Reading, Span

# Any address but one of a street known by itself holds one of these.
_SIGNS = (
    *(
        "ул",
        "пр",
        "пер",
        "бул",
        "б-р",
        "шос",
        "наб",
        "мкр",
        "микр",
        "м-н",
        "кварт",
        "кв",
        "дом",
        "тракт",
        "лини",
        "алле",
        "пл",
        "адрес",
        "жив",
    ),
    *("д.", " д ", "ш.", " ш ", "пос", "сел", "снт", "жк", "с.", " с ", "регистр", "достав", "подкл", "наход", "курьер", "тупик"),
)
_ADJECTIVE_SIGNS = ("ская", "ской", "ского", "цкая", "цкой", "цкого")
_HOUSE_SIGN = re.compile(r"\b(?:дом|д\b|дм\b|кв|корп|к\b|под|стр\b)")
_REACH = 120


def addresses(reading: Reading) -> Iterator[Span]:
    """Addresses with a house number; the town, region and index before the street and the flat after it belong to them."""
    if not reading.has_digit:
        return
    lower = reading.lower
    done = 0
    for start, end in sorted(_candidates(reading)):
        if end > done and not forms.UNIT.match(lower, end):
            yield Span(max(done, _with_town(lower, max(done, start))), end, "ADDRESS")
            done = end


def _candidates(reading: Reading) -> Iterator[tuple[int, int]]:
    """Where addresses may stand; they may overlap."""
    lower, text = reading.lower, reading.text
    if any(sign in lower for sign in _SIGNS):
        yield from (match.span() for match in forms.TYPED.finditer(lower))
        for match in forms.LOOSE.finditer(lower):
            name = match.start() + (0 if match["last"] else 1)
            if match["marked"] or any(char.isupper() for char in text[name : match.end()]):
                yield match.span()
        for cue in forms.HOME_CUE.finditer(lower):
            home = forms.AT_HOME.match(lower, cue.end())
            if home and (forms.SURE_CUE.match(cue[0]) or text[home.start()].isupper()):
                yield home.span()
        if _HOUSE_SIGN.search(lower):
            for pattern in (forms.BLOCK, forms.MARKED, forms.FLAT):
                yield from (match.span() for match in pattern.finditer(lower))
    yield from (match.span() for match in forms.KNOWN.finditer(lower))
    if any(ending in lower for ending in _ADJECTIVE_SIGNS):
        # Without a capital too many other things have such endings.
        yield from (match.span() for match in forms.ADJECTIVE.finditer(lower) if text[match.start()].isupper())


def _with_town(lower: str, start: int) -> int:
    """Where an address begins whose street stands at `start`: at its town, region or index if they are named."""
    while True:
        begin = max(0, start - _REACH)
        named = forms.TOWN_BEFORE.search(lower[begin:start])
        if not named:
            bare = forms.BARE_TOWN_BEFORE.search(lower[begin:start])
            named = bare if bare and is_place(bare[1]) else None
        if not named:
            return start
        start = begin + named.start()
