"""Letters and digits that only look like those of the word's own alphabet: «п0мeнять» with a Latin e, "Sаmsung" with a Cyrillic а."""

from __future__ import annotations

import re
from itertools import product

from models.lexicon import Lexicon, fold, lexicon
from models.repair_draft import Draft, Edit

SAME = dict(zip("aceopxyABCEHKMOPTXY", "асеорхуАВСЕНКМОРТХУ", strict=True))
"""Latin letters that cannot be told from a Cyrillic one."""
SIMILAR = {"b": "ьвб", "k": "к", "m": "м", "t": "т", "h": "н", "n": "п", "u": "и", "r": "г", "g": "д", "i": "і"}
DIGITS = {"0": "о", "3": "з", "6": "б", "4": "ч", "@": "а"}
_TO_LATIN = str.maketrans({cyrillic: latin for latin, cyrillic in SAME.items()})
_TO_CYRILLIC = {**SAME, **SIMILAR, **DIGITS, "i": "и"}
_SUSPECT = re.compile(r"[а-яё][a-z0346@]|[a-z0346@][а-яё]|(?<!\w)[acoyke](?!\w)", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-zА-Яа-яЁё0346@]{1,40}")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_NUMBER = re.compile(
    r"\d+(?:[а-яё]|ая|яя|ое|ой|ый|ий|ую|ом|го|ого|его|му|ому|ти|ми|ых|ех|тью|гб|мб|кб|руб|тыс|дня|мин|час|раз)?", re.IGNORECASE
)
"""A number with its ending or unit, not a word with a digit for a letter."""
_LONE = re.compile(r"(?<![^\s(«\"])(?<![a-z0-9][ ])[aceopxyk]{1,3}(?=[ ,]+[а-яё«(0-9]|[,.!?]*(?:\s|$))", re.IGNORECASE)
_MAX_WORDS = 200
_MAX_READINGS = 16


def lookalikes(draft: Draft) -> Draft:
    """Put look-alike characters of words with letters of both alphabets, or of letters and digits, into the word's own alphabet."""
    text = draft.text
    if not _SUSPECT.search(text):
        return draft
    words = lexicon()
    edits: list[Edit] = []
    tokens = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        cyrillic = len(_CYRILLIC.findall(token))
        if not cyrillic or cyrillic == len(token) or _digit_around(text, match.start(), match.end()):
            continue
        tokens += 1
        if tokens > _MAX_WORDS:
            break
        reading = _read(token, words)
        if reading is not None and reading != token:
            edits.append((match.start(), match.end(), reading))
    lone = [
        (match.start(), match.end(), new)
        for match in list(_LONE.finditer(text))[:_MAX_WORDS]
        if (new := "".join(SAME.get(letter, "к") for letter in match[0]))
        and fold(new) in words.words
        and (new.islower() or not match.start())
        and match[0].lower() not in words.english - {"a"}
    ]
    return draft.edited(sorted(edits + lone))


def _digit_around(text: str, start: int, end: int) -> bool:
    # «+7904А», «18:30на»: a piece of a number or of a code.
    return (start > 0 and text[start - 1].isdigit()) or (end < len(text) and text[end].isdigit())


def _read(token: str, words: Lexicon) -> str | None:
    latin = len(_LATIN.findall(token))
    if not latin and _NUMBER.fullmatch(token):
        return None
    russian = _russian(token, words)
    if russian is not None:
        return None if not latin and _stuck(token, russian, words) else russian
    if not latin:
        return None
    other = token.translate(_TO_LATIN)
    if not _CYRILLIC.search(other) and other.lower() in words.english:
        return other
    # No dictionary has the word: follow the alphabet of most letters, if every stranger has an exact double there.
    if latin <= 2 < len(token) - latin:
        doubled = "".join(SAME.get(letter, letter) for letter in token)
        return None if _LATIN.search(doubled) else doubled
    return None


def _stuck(token: str, reading: str, words: Lexicon) -> bool:
    # «3раза», «на6»: a number that lacks its space, where the word beside it is likelier than the two together.
    first = token[0] in "36" and len(token) > 3
    rest = fold(token[1:] if first else token[:-1])
    return (first or token[-1] in "036") and words.known(rest) and words.cost(rest) < words.cost(fold(reading))


def _russian(token: str, words: Lexicon) -> str | None:
    options = [_TO_CYRILLIC.get(letter) or _TO_CYRILLIC.get(letter.lower()) or letter for letter in token]
    readings = ("".join(letters) for letters, _ in zip(product(*options), range(_MAX_READINGS), strict=False))
    known = [reading for reading in readings if words.known(fold(reading))]
    if not known:
        return None
    best = min(known, key=lambda reading: words.cost(fold(reading)))
    return "".join(
        new.upper() if old.isupper() or (old.isdigit() and token.isupper()) else new for old, new in zip(token, best, strict=True)
    )
