"""Groups of digits in a text, written or spoken, and the chains they form («8-904 потом сто пятьдесят пять 30 27»)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data.spans import Reading

LONGEST_GROUP = 24
_LONGEST_GAP = 32

_ONES = ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять")
_TEENS = (
    "десять",
    "одиннадцать",
    "двенадцать",
    "тринадцать",
    "четырнадцать",
    "пятнадцать",
    "шестнадцать",
    "семнадцать",
    "восемнадцать",
    "девятнадцать",
)
_TENS = ("двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто")
_HUNDREDS = ("сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот")
_WORDS: dict[str, int] = (
    {word: value for value, word in enumerate(_ONES)}
    | {word: value for value, word in enumerate(_TEENS, 10)}
    | {word: 10 * value for value, word in enumerate(_TENS, 2)}
    | {word: 100 * value for value, word in enumerate(_HUNDREDS, 1)}
    | {"нуль": 0, "одна": 1, "одно": 1, "раз": 1, "две": 2, "восем": 8, "семи": 7, "девятсот": 900, "девяносот": 900, "шестьсят": 60}
    | {"пядьсот": 500, "пятсот": 500, "шестсот": 600, "семсот": 700, "восемсот": 800, "девятьсод": 900, "шисят": 60, "пятдесят": 50}
    | {
        "шестдесят": 60,
        "семдесят": 70,
        "восемдесят": 80,
        "шыисят": 60,
        "пятьдесьят": 50,
        "пиисят": 50,
        "писят": 50,
        "двацать": 20,
        "трицать": 30,
    }
)
_REPEATED = {"ноля": "0", "нуля": "0", "нулей": "0", "единицы": "1", "двойки": "2", "тройки": "3", "четверки": "4", "пятерки": "5"}
_REPEATED |= {"шестерки": "6", "семерки": "7", "восьмерки": "8", "девятки": "9"}
_WORD = re.compile(rf"\b(?:{'|'.join(sorted((*_WORDS, *_REPEATED), key=len, reverse=True))})\b")
_DIGITS = re.compile(r"\d+")
# A number that is dictated holds one of these; all other texts are spared the search for number words.
_DICTATED = ("восем", "семь", "девя", "плюс", "пять", "один", "два", "три", "ноль", "нул", "шест", "сорок", "двадц", "четыре")

_SEPARATOR = "[\\s.,\\-\u2010-\u2015\u2212()\\[\\]/\\\\_;+\u200b-\u200f\u2060\ufeff\u00ad\ufe0f\u20e3]"
_FILLER = (
    "потом|затем|дальше|далее|после|следом|и|а|еще|тире|дефис|пробел|минус|плюс|ну|вот|там|номер|номером|n|№|#|no|"
    "скобка|скобки|код|точка|серия|паспорта"
)
_GAP = re.compile(rf"{_SEPARATOR}{{0,6}}(?:(?:{_FILLER}):?{_SEPARATOR}{{1,4}}){{0,3}}")


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together at `start` to `end` of the text; `plus` says that a «+» stands before them."""

    start: int
    end: int
    digits: str
    plus: bool = False


def chains(reading: Reading) -> Iterator[list[Group]]:
    """Groups in order, joined where only separators and a few joining words stand between; a «+» begins a new chain."""
    chain: list[Group] = []
    for group in _groups(reading):
        if chain and (group.plus or not _joined(reading.numeric, chain[-1].end, group.start)):
            yield chain
            chain = []
        chain.append(group)
    if chain:
        yield chain


def _joined(text: str, start: int, end: int) -> bool:
    return end - start <= _LONGEST_GAP and _GAP.fullmatch(text, start, end) is not None


def _groups(reading: Reading) -> Iterator[Group]:
    text = reading.numeric
    places = [(match.start(), match.end(), match[0]) for match in _DIGITS.finditer(text)] if reading.has_digit else []
    if any(word in text for word in _DICTATED):
        places = sorted((*places, *_spoken(text)))
    for start, end, digits in places:
        before = text[max(0, start - 5) : start].rstrip(" (")
        yield Group(start, end, digits, before.endswith(("+", "плюс")))


def _spoken(text: str) -> Iterator[tuple[int, int, str]]:
    """Number words as digits: «девятьсот четыре» is 904, «сто пятьдесят пять» 155, «два ноля» 00."""
    start = end = value = room = 0
    open_group = False
    for match in _WORD.finditer(text):
        word = match[0]
        if word in _REPEATED:
            times = value if open_group and value in {2, 3} and end + 1 == match.start() else 1
            if open_group and times == 1:
                yield start, end, str(value)
            yield (start if times > 1 else match.start()), match.end(), _REPEATED[word] * times
            open_group = False
            continue
        number = _WORDS[word]
        if open_group and 0 < number < room and match.start() - end <= 2 and text[end : match.start()].isspace():
            value, end = value + number, match.end()
        else:
            if open_group:
                yield start, end, str(value)
            start, end, value, open_group = match.start(), match.end(), number, True
        room = 100 if number >= 100 else 10 if number >= 20 else 0
    if open_group:
        yield start, end, str(value)
