"""Words one slip away from a frequent or telecom word: «тариыф», «сотимость», «пополнниь»."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from models.lexicon import fold, lexicon
from models.repair_draft import Draft, Edit

_WORD = re.compile("[а-яё]{5,20}", re.IGNORECASE)
_NEIGHBOUR_LETTERS = re.compile("[іїєґўқғңұүһәөҳӣӯҷ]", re.IGNORECASE)
_MAX_WORDS = 400
_COMMONEST = 12.6
_CLEAR = 1.0
_SOUNDS = frozenset(
    map(frozenset, ("ао", "еи", "ея", "ия", "ие", "зс", "дт", "бп", "гк", "жш", "вф", "шщ", "чщ", "цс", "ьъ", "ыи", "еэ", "оу", "уо", "ёо"))
)
"""Letters written for each other by ear."""
_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_NEIGHBOURS = frozenset(frozenset(pair) for row in _ROWS for pair in pairwise(row))


@lru_cache(maxsize=1)
def _deletions() -> dict[str, tuple[str, ...]]:
    # Symmetric deletion (Garbe 2012): words one edit apart share a string that lacks one letter of one or of both.
    index: dict[str, tuple[str, ...]] = {}
    for word, cost in lexicon().words.items():
        if len(word) > 4 and cost <= _COMMONEST:
            for short in _shortened(word):
                index[short] = (*index.get(short, ()), word)
    return index


def _shortened(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


@lru_cache(maxsize=8192)
def correct(word: str) -> str | None:
    """The word of the table that a folded unknown word is a slip of; None if there is none, or several that are as likely."""
    index, costs = _deletions(), lexicon().words
    found = {near for short in _shortened(word) for near in index.get(short, ())}
    near = sorted((candidate for candidate in found if _slip(word, candidate)), key=lambda candidate: (costs[candidate], candidate))
    if not near or (len(near) > 1 and costs[near[1]] - costs[near[0]] < _CLEAR):
        return None
    return near[0]


def _slip(word: str, meant: str) -> bool:
    # One edit of a kind that people make: a letter by ear or of the neighbouring key, one lost, one doubled, two swapped.
    at = next((i for i, (a, b) in enumerate(zip(word, meant, strict=False)) if a != b), min(len(word), len(meant)))
    if len(word) + 1 == len(meant):
        return at > 0 and word[at:] == meant[at + 1 :] and (at < len(word) or meant[-1] == "ь" or len(word) > 6)
    if len(word) == len(meant) + 1:
        return word[at + 1 :] == meant[at:] and at > 0 and word[at] in ("ь", word[at - 1])
    if len(word) != len(meant):
        return False
    if word[at + 1 :] == meant[at + 1 :]:
        pair = frozenset((word[at], meant[at]))
        return pair in _SOUNDS or (pair in _NEIGHBOURS and len(word) > 5 and 0 < at < len(word) - 1)
    return at > 0 and word[at + 2 :] == meant[at + 2 :] and word[at : at + 2] == meant[at : at + 2][::-1]


def foreign(text: str) -> bool:
    """Whether a text has Cyrillic letters that Russian does not: its unknown words are no slips of Russian ones."""
    return _NEIGHBOUR_LETTERS.search(text) is not None


def spelling(draft: Draft) -> Draft:
    """Correct unknown words that are one slip away from exactly one likely word; case of the first letter is kept."""
    if foreign(draft.text):
        return draft
    words = lexicon()
    edits: list[Edit] = []
    tried = 0
    for match in _WORD.finditer(draft.text):
        word = fold(match[0])
        if word in words.words or words.known(word):
            continue
        tried += 1
        if tried > _MAX_WORDS:
            break
        new = correct(word)
        if new:
            edits.append((match.start(), match.end(), new.capitalize() if match[0][0].isupper() else new))
    return draft.edited(edits)
