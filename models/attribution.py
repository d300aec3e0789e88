"""How much every character or word of a prepared text speaks for a direction in a classifier's weights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from models.encoders import EDGE, Encoder
from models.features import TextFeatures, fold, lemma, tokenizer

Floats = npt.NDArray[np.float64]
Range = tuple[int, int]

MAX_PHRASES = 12
"""So many phrases at most are left out one by one to see what the encoder makes of each."""

_WORD = re.compile(r"\S+")


def words(text: str) -> list[Range]:
    """Ranges of the words of a text, marks glued to them included."""
    return [match.span() for match in _WORD.finditer(text)]


def sparse_shares(features: TextFeatures, text: str, weights: npt.NDArray[np.float32], direction: Floats) -> Floats:
    """What every character of a prepared text adds to its sparse score, (len(text),); their sum is exactly that score.

    The score is linear, so a feature's part in it is value x weight; it is shared out evenly among the occurrences of its n-gram, and in
    each of them among its characters.

    Args:
        features: fitted.
        text: prepared.
        weights: (features, leaves).
        direction: (leaves,) what each leaf's score counts for.
    """
    places = _places(text)
    slope = np.zeros(len(text) + 1)
    row = features.transform([text])
    parts = dict(zip(row.indices.tolist(), (row.data * (weights[row.indices] @ direction)).tolist(), strict=True))
    first = 0
    for name, block in features.blocks_.items():
        shortest, longest = block.ngram_range
        found: dict[int, list[list[Range]]] = {}
        for term, ranges in _grams(name, fold(text), features.lang, shortest, longest):
            column = block.vocabulary_.get(term)
            if column is not None:
                found.setdefault(column, []).append(ranges)
        for column, occurrences in found.items():
            each = parts.get(first + column, 0.0) / len(occurrences)
            for ranges in occurrences:
                share = each / sum(places[end - 1] + 1 - places[start] for start, end in ranges)
                for start, end in ranges:
                    slope[places[start]] += share
                    slope[places[end - 1] + 1] -= share
        first += len(block.vocabulary_)
    return np.cumsum(slope)[:-1]


def occlusion(encoder: Encoder | None, text: str, vector: npt.NDArray[np.float32], direction: Floats) -> Floats:
    """What every word of a prepared text adds to its encoder score, (words,): what is lost where it is left out.

    The method is occlusion (Zeiler and Fergus 2014, arXiv:1311.2901).
    Words are taken together into at most MAX_PHRASES phrases; the words of a phrase share its part evenly. Of a long text only the edges
    count that the encoder reads.

    Args:
        encoder: None: nothing is added.
        text: prepared.
        vector: (dimension,) its encoding.
        direction: (dimension,) what each component of an encoding counts for.
    """
    ranges = words(text)
    shares = np.zeros(len(ranges))
    if encoder is None or not ranges:
        return shares
    first, last = ranges[0][0], ranges[-1][1]
    is_long = last - first > 2 * EDGE
    read = [number for number, (start, end) in enumerate(ranges) if not is_long or end <= first + EDGE or start >= last - EDGE]
    phrases = [part for part in np.array_split(np.asarray(read, dtype=np.intp), min(MAX_PHRASES, max(len(read), 1))) if len(part)]
    halves = [(first, first + EDGE), (last - EDGE, last)] if is_long else [(first, last)]
    left = encoder.encode([_read_without(text, halves, ranges[part[0]][0], ranges[part[-1]][1]) for part in phrases])
    for part, lost in zip(phrases, (vector - left).astype(np.float64) @ direction, strict=True):
        shares[part] = lost / len(part)
    return shares


def _read_without(text: str, halves: Sequence[Range], start: int, end: int) -> str:
    """The parts of a text that the encoder reads, characters start..end left out."""
    kept = (text[left : max(left, min(start, right))] + text[min(right, max(end, left)) : right] for left, right in halves)
    return " ".join(kept).strip()


def _places(text: str) -> list[int]:
    """The place in a text of every character of its folded form; a few capitals fold into two characters."""
    return [place for place, char in enumerate(text) for _ in char.lower()]


def _grams(name: str, folded: str, lang: str, shortest: int, longest: int) -> Iterator[tuple[str, list[Range]]]:
    """The n-grams of one block of TextFeatures with the ranges of the folded text that they stem from."""
    if name == "char":
        for match in _WORD.finditer(folded):
            yield from _inside(f" {match[0]} ", match.start() - 1, shortest, longest)
        return
    ranges, tokens = [], []
    end = 0
    for token in tokenizer(lang)(folded):
        start = folded.index(token, end)
        end = start + len(token)
        ranges.append((start, end))
        tokens.append(lemma(token) if name == "lemma" else token)
    for size in range(shortest, longest + 1):
        for start in range(len(tokens) - size + 1):
            yield " ".join(tokens[start : start + size]), ranges[start : start + size]


def _inside(padded: str, shift: int, shortest: int, longest: int) -> Iterator[tuple[str, list[Range]]]:
    """The character n-grams of one word, as scikit-learn's `char_wb` counts them; one of padding alone stems from the nearest character."""
    length = len(padded)
    for size in range(shortest, longest + 1):
        for start in range(max(length - size, 0) + 1):
            left = min(max(start, 1), length - 2)
            yield padded[start : start + size], [(shift + left, shift + max(min(start + size, length - 1), left + 1))]
        if length <= size:  # a short word is counted once only
            break
