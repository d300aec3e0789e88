"""Words typed with the wrong keyboard layout on: «rfr gjvtyznm nfhba» is «как поменять тариф», «ызщешан» is "spotify"."""

from __future__ import annotations

import re
from functools import lru_cache

from models.lexicon import Lexicon, fold, lexicon
from models.repair_draft import Draft, Edit, edges

QWERTY = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
JCUKEN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED = str.maketrans("[];',.`", '{}:"<>~')
_PAIRS: dict[int, str] = {ord(latin): russian for latin, russian in zip(QWERTY, JCUKEN, strict=True)}
_PAIRS |= {ord(chr(latin).upper().translate(_SHIFTED)): russian.upper() for latin, russian in list(_PAIRS.items())}
TO_RUSSIAN: dict[int, str] = _PAIRS
TO_LATIN = {ord(russian): chr(latin) for latin, russian in _PAIRS.items()}
PUNCTUATION = {"&": "?", "/": ".", "?": ",", "^": ":", "$": ";", "@": '"', "#": "№"}
"""What a key of the Russian layout gives on the Latin one, for the marks that stand on other keys."""

_KEYS = "A-Za-z" + re.escape("[]{};:'\",.<>`~")
_RUN = re.compile(rf"(?<![_#*0-9A-Za-z])(?<!\w@)[{_KEYS}]{{1,40}}+(?!@\w|[_0-9])")
_LATIN = re.compile("[A-Za-z]")
_CYRILLIC = re.compile("[а-яёА-ЯЁ]")
_CYRILLIC_WORD = re.compile("(?<![а-яёА-ЯЁ])[а-яёА-ЯЁ]{3,20}(?![а-яёА-ЯЁ])")
_MIXED = re.compile(r"(?<!\w)(?=[а-яё]*[a-z])(?=[a-z]*[а-яё])[а-яёa-z]{4,30}(?!\w)", re.IGNORECASE)
_MARKS = re.compile(r"(?<!\w)@(?=[а-яё])|(?<=[а-яё])@(?!\w)|(?<=[а-яё])[&/](?=\s|$)|(?<=[а-яё])\?(?=\s[a-zа-яё])")
_UNIT = re.compile("(?<=[0-9])[A-Za-z,]{1,6}(?![A-Za-z0-9_])|(?<=[0-9] )[a-z](?![A-Za-z0-9_])")
UNITS = frozenset(re.findall(r"\w+", "р руб рублей гб мб гиг гига гигов г м ч мин час день дня дней раз тыс й го ой"))
"""What stands right after a number: «500р», «10гб»."""
_EDGES = "[]{};:'\",.<>`~"
_LITERAL = 6.0
_SWITCH = 6.0
_PRIOR = 4.0
_MAX_WORDS = 120


def to_russian(text: str) -> str:
    """The text as if the Russian layout had been on."""
    return text.translate(TO_RUSSIAN)


@lru_cache(maxsize=8192)
def read(run: str) -> tuple[float, float, str]:
    """Read a run of Latin keys: its cost as Russian (nats), its cost as English, and the Russian reading.

    Marks at the edges may be letters («б» is the comma) or what they look like: the cheaper wins.
    """
    words = lexicon()
    latin = run.strip(_EDGES)
    english = words.english_cost(latin.lower()) if latin else 0.0
    lead = len(run) - len(run.lstrip(_EDGES))
    tail = len(run) - len(run.rstrip(_EDGES))
    best = (float("inf"), "")
    for left in range(min(lead, 3) + 1):
        for right in range(min(tail, 3) + 1):
            core = to_russian(run[left : len(run) - right])
            if core:
                cost = words.cost(fold(core)) + _LITERAL * (left + right)
                best = min(best, (cost, run[:left] + core + run[len(run) - right :]))
    return best[0], english + _LITERAL * (lead + tail), best[1]


def layout(draft: Draft) -> Draft:
    """Put words typed with the wrong layout right; the whole message votes, so that a lone «b» is read as its neighbours are."""
    if not _LATIN.search(draft.text):
        return _to_latin(draft)
    runs = edges([match for match in _RUN.finditer(draft.text) if _LATIN.search(match[0])], _MAX_WORDS)
    readings = [read(match[0]) for match in runs]
    gain = sum(min(english + _SWITCH, russian) - min(english, russian + _SWITCH) for russian, english, _ in readings)
    words = lexicon()
    wrong = gain + _PRIOR < 0 and _mostly_known([reading for _, _, reading in readings], words)
    edits: list[Edit] = []
    for match, (russian, english, reading) in zip(runs, readings, strict=True):
        if _touches_cyrillic(draft.text, match.start(), match.end()):
            continue
        core = fold(reading.strip(_EDGES))
        sure = russian + _SWITCH < english and len(core) > 3 and (core in words.words or (len(core) > 5 and words.known(core)))
        if sure or (wrong and russian < english + _SWITCH):
            edits.append((match.start(), match.end(), reading))
    edits = sorted(edits + _half_switched(draft.text, words)) if _CYRILLIC.search(draft.text) else edits
    draft = draft.edited(edits)
    if wrong and edits:
        units = ((m.start(), m.end(), to_russian(m[0])) for m in _UNIT.finditer(draft.text) if fold(to_russian(m[0])) in UNITS)
        draft = draft.edited(units)
        draft = draft.edited((m.start(), m.end(), PUNCTUATION[m[0]]) for m in list(_MARKS.finditer(draft.text)))
    return draft


def _mostly_known(readings: list[str], words: Lexicon) -> bool:
    cores = [fold(reading.strip(_EDGES)) for reading in readings]
    known = sum(len(core) for core in cores if words.known(core))
    return known > 2 and known * 2 > sum(map(len, cores))


def _half_switched(text: str, words: Lexicon) -> list[Edit]:
    # «поменznm»: the layout was switched inside the word.
    edits: list[Edit] = []
    for match in edges(list(_MIXED.finditer(text)), _MAX_WORDS):
        reading = to_russian(match[0])
        if len(_LATIN.findall(match[0])) > 1 and words.known(fold(reading)):
            edits.append((match.start(), match.end(), reading))
    return edits


def _touches_cyrillic(text: str, start: int, end: int) -> bool:
    return bool(_CYRILLIC.match(text, end) or (start and _CYRILLIC.match(text, start - 1)))


def _to_latin(draft: Draft) -> Draft:
    """Latin brands typed on the Russian layout; never a Russian word, known or likely."""
    words = lexicon()
    edits: list[Edit] = []
    for match in edges(list(_CYRILLIC_WORD.finditer(draft.text)), 2 * _MAX_WORDS):
        word = fold(match[0])
        if not words.known(word):
            latin = match[0].translate(TO_LATIN)
            if latin.lower() in words.english and words.letters.cost(word) > 5 * len(word):
                edits.append((match.start(), match.end(), latin))
    return draft.edited(edits)
