"""Short answers made clear by the line they answer: "2" to a menu, "да, её" to a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_WORDS = 3
MAX_OPTIONS = 9
# An answer of yes takes over what it was asked, but the words are not the client's own.
AGREED_WEIGHT = 0.5
CHOSEN_WEIGHT = 1.0

_NUMBER = re.compile(r"(?<![\w.,+-])([1-9])(?!\d|[.,]\d)\s*[.)—–:=-]*\s*")
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*")
_EDGES = " \t\n.,;:!?—–-=«»\"'"
_ORDINALS = {"перв": 1, "втор": 2, "трет": 3, "четверт": 4, "пят": 5, "шест": 6, "first": 1, "second": 2, "third": 3, "fourth": 4}
_YES = frozenset(["да", "ага", "угу", "давай", "давайте", "верно", "именно", "конечно", "yes", "yeah", "yep", "sure"])
_POINTING = frozenset(
    (
        "её",
        "ее",
        "его",
        "это",
        "этот",
        "эту",
        "эта",
        "их",
        "пожалуйста",
        "ну",
        "номер",
        "пункт",
        "вариант",
        "the",
        "one",
        "option",
        "that",
        "it",
    )
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a short answer means: the text to read in its place, how much it weighs (0 to 1), and whether it was chosen from a menu."""

    text: str
    weight: float
    chosen: bool


def menu(line: str) -> dict[int, str]:
    """Numbered choices of an agent's or bot's line, number -> words; empty where there are fewer than two.

    Both forms are read: "1 — тарифы, 2 — баланс" and "по тарифу нажмите 1, по балансу — 2".
    """
    places: list[re.Match[str]] = []
    for match in _NUMBER.finditer(line):
        if int(match.group(1)) == len(places) + 1 and len(places) < MAX_OPTIONS:
            places.append(match)
    if len(places) < 2:
        return {}
    ends = [match.start() for match in places[1:]] + [len(line)]
    after = [line[match.end() : end].strip(_EDGES) for match, end in zip(places, ends, strict=True)]
    if after[-1]:
        choices = [*after[:-1], _first_part(after[-1])]
    else:
        starts = [0, *(match.end() for match in places[:-1])]
        choices = [line[start : match.start()].strip(_EDGES) for start, match in zip(starts, places, strict=True)]
    return {number: choice for number, choice in enumerate(choices, 1) if choice} if sum(map(bool, choices)) > 1 else {}


def _first_part(text: str) -> str:
    """The last choice ends where its sentence does."""
    match = _SENTENCE.match(text)
    return match.group().strip(_EDGES) if match else text


def question(line: str) -> str:
    """The last question of a line, or ""."""
    asked = [sentence.strip() for sentence in _SENTENCE.findall(line) if sentence.rstrip().endswith("?")]
    return asked[-1] if asked else ""


def read_answer(answer: str, choices: Mapping[int, str], asked: str) -> Reading | None:
    """What an answer of at most MAX_WORDS words means after a menu or a question; None where it speaks for itself or stays unclear.

    Args:
        answer: the client's words.
        choices: of the last menu shown, see `menu`.
        asked: the question before it, see `question`.
    """
    words = [word.lower() for word in _WORD.findall(answer)]
    if not words or len(words) > MAX_WORDS:
        return None
    numbers = [number for word in words if (number := _number(word)) is not None]
    if len(numbers) == 1 and numbers[0] in choices:
        own = [word for word in words if _number(word) is None and word not in _YES and word not in _POINTING]
        choice = choices[numbers[0]]
        return Reading(f"{choice}, {' '.join(own)}" if own else choice, CHOSEN_WEIGHT, True)
    if asked and words[0] in _YES and all(word in _YES or word in _POINTING for word in words):
        return Reading(asked, AGREED_WEIGHT, False)
    return None


def _number(word: str) -> int | None:
    if word.isdecimal():
        return int(word) if len(word) == 1 else None
    return next((number for stem, number in _ORDINALS.items() if word.startswith(stem)), None)
