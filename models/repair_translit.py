"""Russian written with Latin letters, by several habits: «kak pomenyat tarif», «4to za wtraf», «ja hochu»."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter

from models.lexicon import fold, lexicon
from models.repair_draft import Draft, Edit, edges
from models.repair_layout import UNITS

_PLAIN = dict(zip("abdefgiklmnoprstuvz", "абдефгиклмнопрстувз", strict=True))
_RULES: dict[str, tuple[tuple[str, float], ...]] = {latin: ((russian, 0.0),) for latin, russian in _PLAIN.items()}
_RULES |= {
    "e": (("е", 0.0), ("э", 1.0)),
    "i": (("и", 0.0), ("й", 1.5), ("ы", 3.0)),
    "u": (("у", 0.0), ("ю", 3.0)),
    "y": (("ы", 0.5), ("ый", 2.0), ("й", 0.5), ("у", 2.5), ("и", 3.0), ("ь", 3.0)),
    "j": (("й", 0.5), ("ж", 0.7), ("ь", 3.0)),
    "c": (("ц", 0.0), ("с", 1.5), ("к", 2.0), ("ч", 3.0)),
    "h": (("х", 0.0),),
    "x": (("х", 0.5), ("кс", 0.5)),
    "w": (("ш", 0.0), ("в", 1.5), ("щ", 2.0)),
    "q": (("я", 0.0), ("к", 1.5)),
    "4": (("ч", 0.0),),
    "6": (("ш", 0.0), ("б", 1.0)),
    "3": (("з", 0.0),),
    "'": (("ь", 0.0), ("ъ", 1.0)),
    "`": (("ь", 0.0),),
    "sh": (("ш", 0.0), ("щ", 2.0)),
    "ch": (("ч", 0.0),),
    "zh": (("ж", 0.0),),
    "kh": (("х", 0.0),),
    "ts": (("ц", 0.5),),
    "tc": (("ц", 0.5),),
    "ya": (("я", 0.0),),
    "ja": (("я", 0.0),),
    "ia": (("я", 0.7),),
    "yu": (("ю", 0.0),),
    "ju": (("ю", 0.0),),
    "iu": (("ю", 0.7),),
    "yo": (("е", 0.0),),
    "jo": (("е", 0.0),),
    "ye": (("е", 0.0),),
    "je": (("е", 0.3), ("э", 1.0)),
    "eh": (("э", 1.0),),
    "ii": (("ий", 0.5),),
    "w'": (("щ", 0.0),),
    "sch": (("щ", 0.0), ("сч", 1.0)),
    "shh": (("щ", 0.0),),
    "shch": (("щ", 0.0),),
    "y'": (("ы", 1.0),),
    "'u": (("ю", 0.0),),
    "'a": (("я", 0.0),),
    "'e": (("ье", 0.0), ("ъе", 1.0)),
}
_SOFT_SIGN = 1.2
_SOFTENED = frozenset("бвдзлмнпрстфчшжщ")
Options = tuple[tuple[str, float], ...]
_OPTIONS: dict[str, Options] = {
    latin: (*options, *((letters + "ь", penalty + _SOFT_SIGN) for letters, penalty in options if letters[-1] in _SOFTENED))
    for latin, options in _RULES.items()
}
_BEAM = 8
_SWITCH = 6.0
_PRIOR = 5.0
_MIXED_PRIOR = 4.0
_KNOWN_SHARE = 0.5
_MAX_WORDS = 60
_WORD = re.compile(
    r"(?<![\w@.</])(?!e-mail)(?:[346](?=[A-Za-z]))?[A-Za-z](?:[A-Za-z'`’]|[346](?=[A-Za-z]))*(?:[46](?!\w))?(?![\w@>]|\.[a-z])"
)
_UNIT = re.compile("(?<=[0-9])[A-Za-z]{1,6}(?![A-Za-z0-9_])|(?<=[0-9] )[a-z](?![A-Za-z0-9_])")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


@lru_cache(maxsize=8192)
def read(latin: str) -> tuple[float, str]:
    """The likeliest Russian reading of a lower-case Latin word and its cost in nats: a beam search over the habits by letter trigrams,
    the finished readings then weighed as words."""
    words = lexicon()
    size = len(latin)
    beams: list[dict[str, float]] = [{} for _ in range(size + 1)]
    beams[0]["^^"] = 0.0
    for at in range(size):
        kept = sorted(beams[at].items(), key=itemgetter(1))[:_BEAM]
        for end in range(at + 1, min(size, at + 4) + 1):
            if options := _OPTIONS.get(latin[at:end]):
                _extend(kept, options, beams[end], words.letters.gram)
    best = (float("inf"), latin)
    for padded, cost in sorted(beams[size].items(), key=itemgetter(1))[:_BEAM]:
        text = padded[2:]
        penalty = cost + words.letters.gram(padded[-2:] + "$") - words.letters.cost(text)
        best = min(best, (words.cost(text) + penalty, text))
    return best


def _extend(kept: list[tuple[str, float]], options: Options, target: dict[str, float], gram: Callable[[str], float]) -> None:
    for text, cost in kept:
        for letters, penalty in options:
            grown, total = text, cost + penalty
            for letter in letters:
                total += gram(grown[-2:] + letter)
                grown += letter
            if total < target.get(grown, 1e9):
                target[grown] = total


def translit(draft: Draft) -> Draft:
    """Put transliterated Russian words into Cyrillic; English words, brands, codes and other languages stay."""
    matches = edges([match for match in _WORD.finditer(draft.text) if len(match[0]) <= 30], _MAX_WORDS)
    if not matches:
        return draft
    words = lexicon()
    mixed = bool(_CYRILLIC.search(draft.text))
    readings = []
    for match in matches:
        latin = match[0].lower().replace("’", "'")
        cost, reading = read(latin)
        readings.append((cost, words.english_cost(latin), reading))
    gain = sum(min(english + _SWITCH, russian) - min(english, russian + _SWITCH) for russian, english, _ in readings)
    strangers = [reading for latin, (_, _, reading) in zip(matches, readings, strict=True) if latin[0].lower() not in words.english]
    known = sum(len(reading) for reading in strangers if words.known(reading)) >= _KNOWN_SHARE * sum(map(len, strangers))
    russian_message = known and gain + _PRIOR + (_MIXED_PRIOR if mixed else 0.0) < 0
    edits: list[Edit] = []
    for match, (russian, english, reading) in zip(matches, readings, strict=True):
        sure = mixed and match[0].islower() and len(reading) > 3 and words.known(reading) and russian + _SWITCH < english
        if (russian_message and russian < english + _SWITCH) or sure:
            edits.append((match.start(), match.end(), _cased(match[0], reading)))
    draft = draft.edited(edits)
    if russian_message and edits:
        units = [(m.start(), m.end(), read(m[0].lower())[1]) for m in _UNIT.finditer(draft.text)]
        draft = draft.edited(edit for edit in units if edit[2] in UNITS)
    return draft


def _cased(model: str, word: str) -> str:
    if len(model) > 1 and model.isupper():
        return word.upper()
    return word.capitalize() if model[0].isupper() else fold(word)
