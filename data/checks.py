"""Coded findings on a corpus: what would make figures measured on it worth less."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from data.masking import mask
from data.messages import Example
from data.taxonomy import Taxonomy

NEAR = 0.85  # share of the words (of the longer message in one corpus, of the shorter one against another set) that two have in common
MIN_WORDS = 4  # shorter messages ("спасибо большое") are alike by nature
CODES = {
    "conflict": "the same words under different labels",
    "near-duplicate": "two messages of nearly the same words",
    "leak": "nearly the same words as a message of another set",
    "rare-need": "a need with few messages",
    "author-opening": "an author begins many messages with the same words",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its code (see CODES), the ids it is about, and what to look at."""

    code: str
    ids: tuple[str, ...]
    detail: str


def words(text: str) -> tuple[str, ...]:
    """Lower-case words with ё folded."""
    return tuple(re.findall(r"\w+", text.lower().replace("ё", "е")))


def check(
    examples: Sequence[Example], taxonomy: Taxonomy | None, min_need: int = 15, others: Mapping[str, Sequence[Example]] | None = None
) -> Iterator[Finding]:
    """All findings on a corpus; `others` are sets that must not leak into it, by name."""
    yield from conflicts(examples)
    yield from near_duplicates(examples)
    for name, other in (others or {}).items():
        yield from leaks(examples, name, other)
    if taxonomy is not None:
        yield from rare_needs(examples, taxonomy, min_need)
    yield from openings(examples)


def conflicts(examples: Sequence[Example]) -> Iterator[Finding]:
    """Messages of exactly the same words whose label or need differ."""
    same: dict[tuple[str, ...], list[Example]] = defaultdict(list)
    for example in examples:
        same[words(example.text) or (example.text,)].append(example)
    for members in same.values():
        labels = {(member.label, member.need) for member in members}
        if len(labels) > 1:
            yield Finding("conflict", tuple(member.id for member in members), f"{sorted(map(str, labels))}: {_shown(members[0])}")


def _shown(example: Example) -> str:
    """What a terminal, and whatever log it ends in, may hold of a message."""
    return repr(mask(example.text).text[:60])


def near_duplicates(examples: Sequence[Example]) -> Iterator[Finding]:
    """Pairs of messages that share nearly all words."""
    for left, right, share in _alike(examples, examples, same=True):
        yield Finding("near-duplicate", (left.id, right.id), f"{share:.0%} of the words: {_shown(left)} / {_shown(right)}")


def leaks(examples: Sequence[Example], name: str, others: Sequence[Example]) -> Iterator[Finding]:
    """Messages that share nearly all words with one of another set; the other's text is not printed."""
    for left, right, share in _alike(examples, others, same=False):
        yield Finding("leak", (left.id, right.id), f"{share:.0%} of the words of {name}: {_shown(left)}")


def rare_needs(examples: Sequence[Example], taxonomy: Taxonomy, least: int) -> Iterator[Finding]:
    """Needs of the taxonomy with fewer than `least` messages."""
    counts = Counter((example.label, example.need) for example in examples)
    for label in taxonomy.labels:
        for need in taxonomy.needs(label):
            if counts[label, need] < least:
                yield Finding("rare-need", (f"{label}/{need}",), f"{counts[label, need]} messages, {least} wanted")


def openings(examples: Sequence[Example], share: float = 0.05) -> Iterator[Finding]:
    """Authors who begin more than `share` of their messages of four words and more with the same two words."""
    for author, members in by_author(examples).items():
        starts = Counter(words(member.text)[:2] for member in members if len(words(member.text)) >= MIN_WORDS)
        for start, count in starts.most_common(1):
            if count > max(5, share * len(members)):
                yield Finding("author-opening", (author,), f"{count} of {len(members)} begin with {' '.join(start)!r}")


def by_author(examples: Iterable[Example]) -> dict[str, list[Example]]:
    """Examples by author, in the order of the names."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.author].append(example)
    return dict(sorted(groups.items()))


def variety(texts: Sequence[str]) -> dict[str, float]:
    """How varied texts are: words each, type-token ratio over the first 1,000 words, share of the most frequent two-word opening."""
    tokens = [word for text in texts for word in words(text)]
    starts = Counter(words(text)[:2] for text in texts if len(words(text)) >= MIN_WORDS)
    return {
        "words": len(tokens) / max(len(texts), 1),
        "type_token": len(set(tokens[:1000])) / max(len(tokens[:1000]), 1),
        "top_opening": starts.most_common(1)[0][1] / max(sum(starts.values()), 1) if starts else 0.0,
    }


def topic_word_share(examples: Sequence[Example], taxonomy: Taxonomy, label: str) -> float:
    """Share of a label's messages that hold a word of its Russian titles (by the first five letters)."""
    topic = taxonomy.label(label)
    titles = [topic.titles.get("ru", ""), *(need.titles.get("ru", "") for need in topic.needs.values())]
    stems = {word[:5] for title in titles for word in words(title) if len(word) > 3}
    mine = [example for example in examples if example.label == label]
    return sum(any(word[:5] in stems for word in words(example.text)) for example in mine) / max(len(mine), 1)


def _alike(left: Sequence[Example], right: Sequence[Example], same: bool) -> Iterator[tuple[Example, Example, float]]:
    """Pairs that share at least NEAR of the shorter one's words, found through an inverted index of the rarer words."""
    sets = [frozenset(words(example.text)) for example in right]
    frequency = Counter(word for members in sets for word in members)
    index: dict[str, list[int]] = defaultdict(list)
    for number, members in enumerate(sets):
        if len(members) >= MIN_WORDS:
            # Two sets that share NEAR of the smaller one must share one of its rarest words.
            for word in sorted(members, key=lambda word: (frequency[word], word))[: max(2, len(members) // 3)]:
                index[word].append(number)
    for position, example in enumerate(left):
        mine = sets[position] if same else frozenset(words(example.text))
        if len(mine) < MIN_WORDS:
            continue
        for number in sorted({number for word in mine for number in index[word]}):
            if same and number <= position:
                continue
            sizes = (len(mine), len(sets[number]))
            # Inside a corpus a short message may well be a part of a longer one; from another set nothing may be contained.
            share = len(mine & sets[number]) / (max(sizes) if same else min(sizes))
            if share >= NEAR:
                yield example, right[number], share


def agreement(first: Mapping[str, str], second: Mapping[str, str]) -> tuple[int, float, float]:
    """How two labellers agree on the messages that both labelled: n, share equal, Cohen's kappa (Cohen 1960)."""
    both = sorted(first.keys() & second.keys())
    if not both:
        return 0, float("nan"), float("nan")
    equal = sum(first[key] == second[key] for key in both) / len(both)
    mine, theirs = Counter(first[key] for key in both), Counter(second[key] for key in both)
    chance = sum(mine[label] * theirs[label] for label in mine) / len(both) ** 2
    return len(both), equal, (equal - chance) / (1 - chance) if chance < 1 else 1.0
