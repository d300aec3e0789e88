"""What a word can be in the name of a person or a place, by the dictionary and the guesses of pymorphy3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from data.morphology import analyzer

NAME, SURNAME, PATRONYMIC = "Name", "Surn", "Patr"
_ANY = "*"
# Korean surnames that the dictionary knows as other words.
_SHORT_SURNAMES = frozenset({"пак", "хан", "тен", "юн", "шин", "кан", "лим"})
_CACHED_WORDS = 32768

_MALE_PATRONYMIC = re.compile(r"[а-я]{2,}(?:[оеь]вич|[иь]нич|[тк]ич)(?:а|у|ем|ом|е)?")
_FEMALE_PATRONYMIC = re.compile(r"[а-я]{2,}(?:[оеь]вн|[иктм]ичн)(?:а|ы|е|у|ой|ою)")
_SURNAME = re.compile(
    r"[а-я]{2,}(?:(?:[оеё]в|[иы]н)(?:а|у|ым|е|ой|ых|ы)?|(?:ск|цк)(?:ий|ого|ому|им|ом|ая|ой|ую)|енко|[чн]ук|[юу]к|ян[ац]?|янц|дзе|швили|заде|улы|баев[а-я]{0,2})"
)


@dataclass(frozen=True, slots=True)
class Role:
    """One part of a name: NAME, SURNAME or PATRONYMIC, its gender ("" any), its case ("*" any) and how likely (0 to 1)."""

    part: str
    gender: str
    case: str
    share: float

    def agrees(self, other: Role) -> bool:
        """Whether both can belong to one person in one case."""
        genders = not self.gender or not other.gender or self.gender == other.gender
        return genders and (self.case == other.case or _ANY in {self.case, other.case})


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles of a word; `known`: the word stands in the dictionary, as whatever."""

    known: bool
    all: tuple[Role, ...]

    def share(self, part: str) -> float:
        """How likely the word is such a part of a name, 0 to 1."""
        return min(1.0, sum(role.share for role in self.all if role.part == part))

    @property
    def named(self) -> float:
        """How likely the word is any part of a name, 0 to 1."""
        return min(1.0, sum(role.share for role in self.all))

    def of(self, part: str) -> tuple[Role, ...]:
        """The roles of one part."""
        return tuple(role for role in self.all if role.part == part)


@lru_cache(maxsize=_CACHED_WORDS)
def roles_of(word: str) -> Roles:
    """Roles of a word in lower case; a double word («салтыков-щедрин») has those of its last part."""
    head, dash, last = word.rpartition("-")
    if dash and len(last) > 1:
        first, second = roles_of(head), roles_of(last)
        return second if first.all else Roles(True, ())
    analyser = analyzer()
    known = bool(analyser.word_is_known(word))
    # Most words are no part of any name: the cheap look at their tags spares the parse, which weighs them.
    if word in _SHORT_SURNAMES:
        return Roles(True, (Role(SURNAME, "", _ANY, 0.1),))
    if known and not any(_part(tag) for tag in analyser.tag(word)):
        return Roles(True, ())
    parts = [(part, parse) for parse in analyser.parse(word) if (part := _part(parse.tag))]
    if not known:
        return Roles(False, (*_guessed(word), *(Role(part, "", _ANY, float(parse.score)) for part, parse in parts)))
    roles = tuple(
        Role(part, {"masc": "m", "femn": "f"}.get(parse.tag.gender, ""), str(parse.tag.case), float(parse.score))
        for part, parse in parts
        if parse.tag.number != "plur"
    )
    if not roles and sum(float(parse.score) for _, parse in parts) >= 0.5:
        # «Саидов» is known as the plural of «Саид» only, «Фируз» as that of «Фируза»: both are names of their own.
        roles = (*_guessed(word), Role(NAME, "", _ANY, 0.4))
    return Roles(True, roles)


def is_place(word: str) -> bool:
    """Whether the dictionary knows a word in lower case as the name of a town, a region or a country."""
    return any("Geox" in tag for tag in analyzer().tag(word)) and bool(analyzer().word_is_known(word))


def _guessed(word: str) -> tuple[Role, ...]:
    if _MALE_PATRONYMIC.fullmatch(word):
        return (Role(PATRONYMIC, "m", _ANY, 0.9),)
    if _FEMALE_PATRONYMIC.fullmatch(word):
        return (Role(PATRONYMIC, "f", _ANY, 0.9),)
    return (Role(SURNAME, "", _ANY, 0.6),) if _SURNAME.fullmatch(word) else ()


def _part(tag: object) -> str:
    return next((part for part in (NAME, SURNAME, PATRONYMIC) if part in tag), "")  # type: ignore[operator]
