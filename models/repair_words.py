"""Words stretched, run together or spelt out: «срооочно», «какпоменятьтариф», «т а р и ф»."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate, pairwise, product

from models.lexicon import UNKNOWN, Lexicon, dictionary_cost, fold, lexicon
from models.repair_draft import Draft, Edit
from models.repair_spelling import correct, foreign

_RUN = re.compile(r"([^\W\d]|[!?.,)(\-*~…:;])\1{2,}")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_TRIPLE = re.compile(r"([^\W\d_])\1{2,}")
_ROMAN = re.compile(r"[IVXLCDM]+|w{3}|W{3}")
_SPELT = re.compile(r"(?<!\w)(?:[а-яё][ .\-_*]{1,3}){3,}[а-яё](?!\w)", re.IGNORECASE)
_WORD = re.compile("[а-яё]{4,}", re.IGNORECASE)
_DIGIT_EDGE = re.compile(
    r"(?<=[а-яё])(?=\d)|(?<=\d)(?=[а-яё])|(?<=[,.!?:;])(?=[а-яё])|(?<=[а-яё])(?=[A-Za-z])|(?<=[A-Za-z])(?=[а-яё])", re.IGNORECASE
)
_LIMIT = 20
_NEGATIONS = frozenset({"не", "ни"})
_PARTICLES = frozenset({"то", "же", "бы", "ли", "нибудь", "либо", "есть"})
_PREPOSITIONS = frozenset({"в", "к", "с", "а", "на", "по", "до", "из", "за", "у", "от", "об"})
_BOUND = frozenset(
    re.findall(
        r"\w+",
        """травм авто видео аудио фото кино теле радио мини макси макро микро супер гипер мега мото вело авиа
        аэро био гео гидро электро нефте газо
        сбер гос гор рай спец тех мед соц проф хоз хим веб нет инфо кибер турбо евро руб муз арт пре при про пере под над раз рас воз вос
        без бес вне анти само полу пол доп одно двух трех четырех пяти много мало ново псевдо контр экс вице лже меж сверх""",
    )
)
"""Beginnings of compounds: what follows one is no word of its own."""
_BOUNDARY = 2.5
_DENSE_BOUNDARY = 0.0
_MARGIN = 3.0
_DENSE = 14
_MAX_LETTERS = 1200
_MAX_WORDS = 400
_SHORTEST_UNKNOWN = 4


def elongation(draft: Draft) -> Draft:
    """Shorten letters and marks repeated three times and more; a word keeps a double letter where the dictionary wants one; digits stay."""
    if not _RUN.search(draft.text):
        return draft
    words = lexicon()
    edits: list[Edit] = []
    for match in _LETTERS.finditer(draft.text):
        if len(edits) < _MAX_WORDS and len(match[0]) <= 200 and _TRIPLE.search(match[0]) and not _ROMAN.fullmatch(match[0]):
            edits.append((match.start(), match.end(), _shorten(match[0], words)))
    draft = draft.edited(edits)
    runs = (
        (m.start(), m.end(), "..." if m[1] == "." else m[1]) for m in _RUN.finditer(draft.text) if not m[1].isalpha() and m[1] not in "*-"
    )
    draft = draft.edited([edit for edit in runs if draft.text[edit[0] : edit[1]] != edit[2]])
    rest = [(m.start(), m.end(), m[1]) for m in _RUN.finditer(draft.text) if m[1].isalpha() and not _ROMAN.fullmatch(m[0])]
    return draft.edited(rest)


def _shorten(word: str, words: Lexicon) -> str:
    runs = [(m.start(), m.end()) for m in _TRIPLE.finditer(word)]
    options: list[tuple[str, ...]] = []
    at = 0
    for start, end in runs[:3]:
        options += [(word[at:start],), (word[start], word[start] * 2)]
        at = end
    options.append((_TRIPLE.sub(r"\1", word[at:]),))
    readings = ["".join(parts) for parts in product(*options)]
    return min(readings, key=lambda reading: (not words.known(fold(reading)), words.words.get(fold(reading), 20.0), len(reading)))


def spelt(draft: Draft) -> Draft:
    """Join letters written apart, if they make known words: «т а р и ф  м о й» is «тариф мой»."""
    edits: list[Edit] = []
    letters = 0
    for match in _SPELT.finditer(draft.text):
        letters += len(match[0]) // 2
        if letters > _MAX_LETTERS:
            break
        groups = [re.sub(r"[ .\-_*]", "", group) for group in re.split(" {2,}", match[0])]
        parts = [parts for group in groups if (parts := segment(group, _DENSE_BOUNDARY))]
        if len(parts) == len(groups) and max(len(word) for group in parts for word in group) > 2:
            edits.append((match.start(), match.end(), " ".join(" ".join(group) for group in parts)))
    return draft.edited(edits)


def run_together(draft: Draft) -> Draft:
    """Put spaces back between words written as one, by the likeliest split into known words (dynamic programming over word costs).

    A text without spaces is split freely; in an ordinary one a word must give itself away, for compounds and names look alike.
    """
    if foreign(draft.text):
        return draft
    text, words = draft.text, lexicon()
    known, table = words.known, words.words
    edits: list[Edit] = []
    letters = 0
    dense = len(text) > _DENSE and text.count(" ") * 25 < len(text)
    for match in _WORD.finditer(text):
        word = fold(match[0])
        if word in table or (not dense and known(word)):
            continue
        letters += len(word)
        if letters > _MAX_LETTERS:
            break
        start, boundary = match.start(), _DENSE_BOUNDARY if dense else _BOUNDARY
        parts = segment(match[0], boundary)
        if dense and not parts and word[0] == "р" and start and text[start - 1].isdigit():
            # «500ркому»: the sum's unit stands before the next word.
            edits.append((start + 1, start + 1, " "))
            start += 1
            parts = segment(match[0][1:], boundary) or (match[0][1:],)
        if 1 < len(parts) <= len(word) / 2 and not (len(parts) == 2 and fold(parts[0]) in _BOUND) and (dense or _plausible(parts, words)):
            edits += [(start + cut, start + cut, " ") for cut in accumulate(map(len, parts[:-1]))]
    draft = draft.edited(edits)
    if dense and edits:
        draft = draft.edited([(m.start(), m.start(), " ") for m in list(_DIGIT_EDGE.finditer(draft.text)) if _parted(m, words)])
    return draft


def _plausible(parts: tuple[str, ...], words: Lexicon) -> bool:
    first, *rest = map(fold, parts)
    whole = "".join(parts)
    if len(rest) > 1:
        return whole.islower() and len(whole) > 9 and min(map(len, parts)) > 1
    (second,) = rest
    if first in _NEGATIONS:
        # Russian writes «не» apart from verbs only.
        return len(second) > 2 and words.is_verb(second)
    if not whole.islower() or first not in words.words or correct(fold(whole)):
        return False
    if second in _PARTICLES:
        return len(first) > 1
    if first in _PREPOSITIONS:
        return second in words.words and len(second) > 4 and not words.is_verb(second)
    return second in words.words and len(first) > 2 and len(second) > 2 and len(whole) > 8


def _parted(edge: re.Match[str], words: Lexicon) -> bool:
    # «осталось5гигов»: the word beside the digit is a known one, not the ending of a number («5й», «10гб»).
    text, at = edge.string, edge.start()
    before, after = (
        re.search("[а-яё]{1,20}$", text[max(0, at - 20) : at], re.IGNORECASE),
        re.compile("[а-яё]+", re.IGNORECASE).match(text, at),
    )
    word = before or after
    return word is not None and fold(word[0]) in words.words


@lru_cache(maxsize=8192)
def segment(text: str, boundary: float = _BOUNDARY) -> tuple[str, ...]:
    """Split letters into known words, each cut costing `boundary` nats; () if the string is likelier one unknown word. Case is kept."""
    words, word = lexicon(), fold(text)
    size, gram = len(word), lexicon().letters.gram
    best = [0.0] + [float("inf")] * size
    back = [0] * (size + 1)
    for start in range(size):
        if best[start] == float("inf"):
            continue
        base = best[start] + (boundary if start else 0.0)
        ends = set(words.dictionary_words(word, start, _LIMIT))
        spelling, context = UNKNOWN + boundary * 2, "^^"
        for end in range(start + 1, min(size, start + _LIMIT) + 1):
            letter = word[end - 1]
            spelling += gram(context + letter)
            context = context[1] + letter
            part = word[start:end]
            cost = words.words.get(part)
            if cost is None and end in ends and end - start > 2:
                cost = dictionary_cost(end - start)
            if cost is None and end - start >= _SHORTEST_UNKNOWN:
                cost = spelling + gram(context + "$")
            if cost is not None and base + cost < best[end]:
                best[end], back[end] = base + cost, start
    if best[size] == float("inf") or (best[size] + _MARGIN > words.cost(word)):
        return (text,) if words.known(word) else ()
    cuts = [size]
    while cuts[-1]:
        cuts.append(back[cuts[-1]])
    cuts.reverse()
    parts = tuple(text[start:end] for start, end in pairwise(cuts))
    known = sum(len(part) for part in parts if words.known(fold(part)))
    return parts if known == size or (size > 15 and known * 4 >= size * 3) else ()
