"""Spoils clean messages as clients do, by seed: to train against, and to measure repair with."""

from __future__ import annotations

import random
import re

from data.errors import ConfigError, nearest
from models.repair_layout import PUNCTUATION, TO_LATIN
from models.repair_lookalikes import DIGITS, SAME

TYPO_RATE = 0.08
"""Share of letters that a spoilt text has slips at."""
_PLAIN: dict[str, str] = dict(zip("абвгдезиклмнопрстуфыэьъё", [*"abvgdeziklmnoprstufye", "'", "", "e"], strict=True))
_HABITS: tuple[dict[str, str], ...] = (
    {"ж": "zh", "й": "y", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "ь": "", "ё": "yo"},
    {"ж": "j", "й": "i", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "ju", "я": "ja"},
    {"ж": "zh", "й": "j", "х": "x", "ц": "c", "ч": "4", "ш": "w", "щ": "w'", "ю": "yu", "я": "ya"},
    {"ж": "zh", "й": "y", "х": "h", "ц": "c", "ч": "4", "ш": "6", "щ": "sch", "ю": "u", "я": "q", "ь": ""},
    {"ж": "j", "й": "y", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sh", "ю": "yu", "я": "ia", "ь": "", "ы": "i"},
)
_MARK_KEYS = str.maketrans({russian: latin for latin, russian in PUNCTUATION.items()})
_DOUBLES = {cyrillic: latin for latin, cyrillic in SAME.items()} | {"к": "k"}
_DIGIT_DOUBLES = {letter: digit for digit, letter in DIGITS.items() if digit.isdigit()}
_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_LETTER = re.compile("[а-яё]", re.IGNORECASE)
_WORD = re.compile("[а-яё]{3,}", re.IGNORECASE)
_VOWEL = re.compile("[аеиоуыэюя]", re.IGNORECASE)


def spoil(text: str, kind: str, rng: random.Random) -> str:
    """The text spoilt by one kind of noise out of KINDS; the same text, kind and state of `rng` give the same result.

    Raises:
        ConfigError: the kind is unknown.
    """
    if kind not in _KINDS:
        raise ConfigError(f"unknown noise {kind!r}{nearest(kind, KINDS)}")
    return _KINDS[kind](text, rng)


def _layout(text: str, rng: random.Random) -> str:  # noqa: ARG001
    return text.translate(_MARK_KEYS).translate(TO_LATIN)


def _translit(text: str, rng: random.Random) -> str:
    habit: dict[str, str] = _PLAIN | rng.choice(_HABITS)

    def latin(match: re.Match[str]) -> str:
        letter = match[0]
        written = habit[letter.lower()]
        return written.capitalize() if letter.isupper() else written

    return _LETTER.sub(latin, text)


def _lookalike(text: str, rng: random.Random) -> str:
    def double(match: re.Match[str]) -> str:
        letters = list(match[0])
        for i, letter in enumerate(letters):
            if letter in _DOUBLES and rng.random() < 0.4:
                letters[i] = _DOUBLES[letter]
            elif letter in _DIGIT_DOUBLES and len(letters) > 3 and rng.random() < 0.2:
                letters[i] = _DIGIT_DOUBLES[letter]
        return "".join(letters)

    return re.sub("[а-яё]+", double, text, flags=re.IGNORECASE)


def _nospace(text: str, rng: random.Random) -> str:  # noqa: ARG001
    return re.sub(r"[ \t]+", "", text)


def _elongated(text: str, rng: random.Random) -> str:
    def stretch(match: re.Match[str]) -> str:
        word = match[0]
        vowels = [vowel.start() for vowel in _VOWEL.finditer(word)]
        if not vowels or rng.random() > 0.4:
            return word
        at = rng.choice(vowels)
        return word[:at] + word[at] * rng.randint(3, 6) + word[at + 1 :]

    return re.sub(r"[!?](?=\s|$)", lambda match: match[0] * rng.randint(3, 6), _WORD.sub(stretch, text))


def _caps(text: str, rng: random.Random) -> str:  # noqa: ARG001
    return text.upper()


def _typos(text: str, rng: random.Random) -> str:
    out = list(text)
    for i in range(len(out)):
        letter = text[i]
        if not _LETTER.match(letter) or rng.random() >= TYPO_RATE:
            continue
        slip = rng.randrange(4)
        if slip == 0:
            out[i] = rng.choice(_neighbours(letter))
        elif slip == 1 and i + 1 < len(out) and _LETTER.match(text[i + 1]) and out[i] == letter:
            out[i], out[i + 1] = text[i + 1], ""
            out[i] += letter
        elif slip == 2:
            out[i] = ""
        elif out[i]:
            out[i] += letter
    return "".join(out)


def _neighbours(letter: str) -> str:
    small = letter.lower().replace("ё", "е")
    row = next(row for row in _ROWS if small in row)
    at = row.index(small)
    near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
    return near.upper() if letter.isupper() else near


_KINDS = {
    "layout": _layout,
    "translit": _translit,
    "lookalike": _lookalike,
    "nospace": _nospace,
    "elongated": _elongated,
    "caps": _caps,
    "typos": _typos,
}
KINDS: tuple[str, ...] = tuple(_KINDS)
"""All kinds of noise."""
