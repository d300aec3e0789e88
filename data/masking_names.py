"""Finds full names: surname with name or patronymic, name with patronymic, by the tags of pymorphy3."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from data.spans import Reading, Span

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

_WORD = re.compile(r"[А-Яа-яЁё]{2,32}(?:-[А-Яа-яЁё]{2,32})?")
_NEIGHBOURS = re.compile(r"[^\S\n]{1,3}")
_INITIALS_AFTER = re.compile(r"[^\S\n]{1,2}[А-ЯЁ]\.[^\S\n]?(?:[А-ЯЁ]\.?(?!\w))?")
_INITIALS_BEFORE = re.compile(r"(?<!\w)[А-ЯЁ]\.[^\S\n]?(?:[А-ЯЁ]\.)?[^\S\n]?\Z")
_PATRONYMIC = re.compile(r"[а-я]{2,}(?:[оеь]вич|[оеь]вн|ич[н]|иничн)(?:а|у|ем|ом|е|ы|ой|ою)?\Z")
_SON = frozenset({"оглы", "кызы", "угли", "угл", "кизи", "огли", "гызы", "улы"})
_CUE = re.compile(r"(?:зовут|фио|ф\.и\.о\.?|на имя|фамилия|владел[а-я]+|абонент[а-я]?|оформлен[а-я]? на|зарегистрирован[а-я]? на|записан[а-я]? на|договор на|я)[\s:\-–—,]{1,3}\Z")
_CUE_REACH = 28
_LIKELY = 0.3
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Role:
    """What a word can be in a name: "Name", "Surn" or "Patr", its gender ("" any), its case ("*" any) and how likely (0 to 1)."""

    part: str
    gender: str
    case: str
    share: float

    def agrees(self, other: Role) -> bool:
        """Whether both can belong to one person in one case."""
        genders = not self.gender or not other.gender or self.gender == other.gender
        return genders and (self.case == other.case or _ANY in {self.case, other.case})


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text with its roles; `known` to the dictionary; `title`: a capital, then small letters."""

    start: int
    end: int
    title: bool
    known: bool
    roles: tuple[Role, ...]

    def share(self, part: str) -> float:
        """How likely the word is such a part of a name."""
        return min(1.0, sum(role.share for role in self.roles if role.part == part))

    @property
    def named(self) -> float:
        """How likely the word is any part of a name."""
        return min(1.0, sum({(role.part, role.share): role.share for role in self.roles}.values()))


def names(reading: Reading) -> Iterator[Span]:
    """Full names, capitalised or not, in any case; a lone first name stays."""
    run: list[Word] = []
    for word in _words(reading):
        if run and not _NEIGHBOURS.fullmatch(reading.text, run[-1].end, word.start):
            yield from _of_run(reading, run)
            run = []
        run.append(word)
    yield from _of_run(reading, run)
