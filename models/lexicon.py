"""Word evidence: how likely a string is a Russian word, an English word, or neither.

A cost is minus a natural log-probability (nats; lower is likelier). Three sources: words_ru.txt (made by lexicon_build.py), the pymorphy3
dictionary, and, for strings in neither, letter trigrams with interpolated back-off (Jelinek and Mercer 1980) counted over the word lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from data.morphology import analyzer

WORDS_PATH = Path(__file__).with_name("words_ru.txt")
UNKNOWN = 10.0
"""Cost of a string being no known word at all, on top of its letters."""
_CACHE_SIZE = 50_000
_ENGLISH_COST = 9.0
_SEPARATOR = 1


def fold(word: str) -> str:
    """Lower case, ё as е: the form that all tables hold."""
    return word.lower().replace("ё", "е")


def lines(name: str) -> list[str]:
    """Non-empty lines of a text file that lies beside this module."""
    return [line for line in files("models").joinpath(name).read_text(encoding="utf-8").split("\n") if line]


class Letters:
    """Letter trigrams of a word list; `cost` is that of a word spelt letter by letter, its end included."""

    def __init__(self, words: Iterable[str]) -> None:
        self._three: Counter[str] = Counter()
        self._two: Counter[str] = Counter()
        self._costs: dict[str, float] = {}
        for word in words:
            padded = f"^^{word}$"
            for i in range(len(padded) - 2):
                self._three[padded[i : i + 3]] += 1
                self._two[padded[i + 1 : i + 3]] += 1
        self._after_two: Counter[str] = Counter()
        self._after_one: Counter[str] = Counter()
        for gram, count in self._three.items():
            self._after_two[gram[:2]] += count
        for gram, count in self._two.items():
            self._after_one[gram[0]] += count

    def gram(self, three: str) -> float:
        """Cost of the third letter after the two before it."""
        cost = self._costs.get(three)
        if cost is None:
            from math import log

            two = (self._two[three[1:]] + 3 / 34) / (self._after_one[three[1]] + 3)
            if len(self._costs) > _CACHE_SIZE:
                self._costs.clear()
            cost = self._costs[three] = -log((self._three[three] + 5 * two) / (self._after_two[three[:2]] + 5))
        return cost

    def cost(self, word: str) -> float:
        """Cost of the whole word, in nats."""
        padded = f"^^{word}$"
        return sum(self.gram(padded[i : i + 3]) for i in range(len(padded) - 2))


class Lexicon:
    """All evidence about words; make it through `lexicon()`, which shares one."""

    def __init__(self) -> None:
        self.words: dict[str, float] = {}
        for line in lines("words_ru.txt"):
            word, tenths = line.split(" ")
            self.words[word] = int(tenths) / 10
        self.slang = frozenset(lines("lexicon_ru.txt"))
        self.english = frozenset(lines("lexicon_en.txt"))
        self.letters = Letters(self.words)
        self.english_letters = Letters(self.english)
        self._analyzer: Any = analyzer()
        self._dictionary: Any = self._analyzer.dictionary.words.dct
        self._known: dict[str, bool] = {}

    def known(self, word: str) -> bool:
        """Whether a folded word stands in the table or in the dictionary."""
        if word in self.words:
            return True
        known = self._known.get(word)
        if known is None:
            if len(self._known) > _CACHE_SIZE:
                self._known.clear()
            known = self._known[word] = any(end == len(word) for end in self.dictionary_words(word))
        return known

    def dictionary_words(self, text: str, start: int = 0, limit: int = 40) -> Iterator[int]:
        """Ends of the dictionary words that begin at `start`, shortest first; one walk along its automaton, е read as ё too."""
        follow = self._dictionary.follow_char
        states = [0]
        for i in range(start, min(len(text), start + limit)):
            letter = text[i]
            following = []
            for state in states:
                for byte in letter.encode("utf-8", "replace"):
                    state = follow(byte, state)  # noqa: PLW2901 the walk goes on from each state
                    if not state:
                        break
                else:
                    following.append(state)
            if letter == "е":
                following += [after for state in states if (lead := follow(0xD1, state)) and (after := follow(0x91, lead))]
            if not following:
                return
            states = following
            if any(follow(_SEPARATOR, state) for state in states):
                yield i + 1

    def cost(self, word: str) -> float:
        """Cost of a folded word as Russian, in nats."""
        cost = self.words.get(word)
        if cost is not None:
            return cost
        if len(word) > 2 and self.known(word):
            return dictionary_cost(len(word))
        return self.letters.cost(word) + UNKNOWN

    def is_verb(self, word: str) -> bool:
        """Whether the dictionary's first reading of a word is a finite verb, an infinitive or an adverbial participle (about 0.1 ms)."""
        return self._analyzer.parse(word)[0].tag.POS in {"VERB", "INFN", "GRND"}

    def english_cost(self, word: str) -> float:
        """Cost of a lower-case word as English, a brand or a code, in nats."""
        return _ENGLISH_COST if len(word) == 1 or word in self.english else self.english_letters.cost(word) + UNKNOWN


def dictionary_cost(length: int) -> float:
    """Cost of a word that only the dictionary knows: rare, and the shorter the less trusted: many are abbreviations."""
    return {3: 20.0, 4: 19.0, 5: 18.0}.get(length, 16.5 + 0.2 * length)


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The shared lexicon, loaded at first use (about 0.3 s, 20 MB)."""
    return Lexicon()
