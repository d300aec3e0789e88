"""Finds full names: surname with name or patronymic, name with patronymic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from data.name_words import NAME, PATRONYMIC, SURNAME, Role, Roles, roles_of
from data.spans import Reading, Span

_WORD = re.compile(r"\b[а-я]{2,32}(?:-[а-я]{2,32})?\b")
_GAP = re.compile(r"[^\S\n]{1,3}")
_INITIALS_AFTER = re.compile(r"[^\S\n]{1,2}[А-ЯЁ]\.[^\S\n]?(?:[А-ЯЁ]\.?(?!\w))?")
_INITIALS_BEFORE = re.compile(r"(?<!\w)[А-ЯЁ]\.[^\S\n]?(?:[А-ЯЁ]\.)?[^\S\n]?\Z")
# «son of», «daughter of»: a patronymic of two words.
_CHILD_OF = frozenset({"оглы", "кызы", "угли", "кизи", "огли", "гызы", "кази", "улы", "угл"})
_CUE = re.compile(
    r"(?:зовут|фио|ф\.и\.о\.?|имя|фамилия|владел[а-я]+|абонент[а-я]?|клиент[а-я]?|(?:оформлен|зарегистрирован|записан)[а-я]? на|договор на)"
    r"[\s:\-–—,]{1,3}\Z"
)
_CUE_REACH = 28
_PATTERNS = (
    (SURNAME, NAME, PATRONYMIC),
    (NAME, PATRONYMIC, SURNAME),
    (SURNAME, NAME),
    (NAME, SURNAME),
    (NAME, PATRONYMIC),
    (SURNAME, PATRONYMIC),
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word that may be part of a name; `title`: a capital, then small letters."""

    start: int
    end: int
    form: str
    title: bool
    roles: Roles


def names(reading: Reading) -> Iterator[Span]:
    """Full names in any case, capitalised or not, and surnames with initials; a lone first name stays."""
    run: list[Word] = []
    for word in _words(reading):
        if run and not _GAP.fullmatch(reading.text, run[-1].end, word.start):
            yield from _of_run(reading, run)
            run = []
        run.append(word)
    yield from _of_run(reading, run)


def _words(reading: Reading) -> Iterator[Word]:
    """Words with a role in names, and those that no dictionary knows."""
    for match in _WORD.finditer(reading.lower):
        form = match[0]
        roles = roles_of(form)
        title = reading.text[match.start()].isupper() and reading.text[match.start() + 1].islower()
        if roles.all or form in _CHILD_OF or not roles.known:
            yield Word(match.start(), match.end(), form, title, roles)


def _of_run(reading: Reading, run: Sequence[Word]) -> Iterator[Span]:
    position = 0
    while position < len(run):
        size = _size(run, position, named=_is_introduced(reading, run[position].start))
        first, last = run[position], run[position + max(size, 1) - 1]
        if size:
            yield Span(first.start, last.end, "NAME")
        elif first.title and first.roles.share(SURNAME) >= 0.3:
            start, end = _with_initials(reading.text, first.start, first.end)
            if (start, end) != (first.start, first.end):
                yield Span(start, end, "NAME")
        position += max(size, 1)


def _with_initials(text: str, start: int, end: int) -> tuple[int, int]:
    after = _INITIALS_AFTER.match(text, end)
    before = None if after else _INITIALS_BEFORE.search(text, max(0, start - 6), start)
    return (before.start() if before else start), (after.end() if after else end)


def _is_introduced(reading: Reading, start: int) -> bool:
    return _CUE.search(reading.lower, max(0, start - _CUE_REACH), start) is not None


def _size(run: Sequence[Word], position: int, *, named: bool) -> int:
    """How many words from `position` on are a full name, 0 if none."""
    for length in (4, 3):
        words = run[position : position + length]
        if len(words) == length and words[-1].form in _CHILD_OF and max(word.roles.named for word in words[:-1]) >= 0.3:
            return length
    for parts in _PATTERNS:
        words = run[position : position + len(parts)]
        if len(words) == len(parts) and _is_name(words, parts, named=named):
            return len(words)
    return 0


def _is_name(words: Sequence[Word], parts: Sequence[str], *, named: bool) -> bool:
    """Whether words are a name of these parts: capitals, or a word such as «зовут» before them (`named`), are half the proof."""
    shares = [word.roles.share(part) for word, part in zip(words, parts, strict=True)]
    least, most = min(shares), max(shares)
    if named or all(word.title for word in words):
        strange = [word for word, share, part in zip(words, shares, parts, strict=True) if not share and part != PATRONYMIC]
        if len(strange) == 1 and not strange[0].roles.known and shares.count(0) == 1:
            return most >= 0.5
        return least > 0 and (most >= 0.5 or least >= 0.2) and (_agree(words, parts) or least >= 0.5)
    if least <= 0 or not _agree(words, parts):
        return False
    if not any(word.roles.known for word in words):
        return False
    if PATRONYMIC in parts:
        return len(words) == 3 or (shares[parts.index(PATRONYMIC)] >= 0.5 and least >= 0.03)
    # Two words without capitals: both are hardly ever anything else, or one never is and the dictionary knows the other as a name too.
    sure = [word.roles.named for word in words]
    guessed = any(not word.roles.known and word.roles.share(SURNAME) < 0.6 for word in words)
    return not guessed and (min(sure) >= 0.6 or (least >= 0.15 and max(sure) >= 0.9 and min(sure) >= 0.25))


def _agree(words: Sequence[Word], parts: Sequence[str]) -> bool:
    """Whether the words have roles of one gender and one case."""
    choices: list[tuple[Role, ...]] = [word.roles.of(part) for word, part in zip(words, parts, strict=True)]
    return any(all(one.agrees(other) for one in chosen for other in chosen) for chosen in product(*choices))
