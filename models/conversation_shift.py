"""Whether the client moved to another request: what speaks for it, read off the running sums; no model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

SIGNALS = (
    "another topic in a sentence of its own",
    "the same with words that announce it",
    "the answer itself changed",
    "requests of several topics",
    "the last request is of another topic than the first",
    "the topic of the requests changed once",
    "it changed more than once",
    "probability of the second topic",
    "another topic was or is likely",
    "share of requests of other topics than the one given",
    "the first and the third together",
)
"""The first three are kept turn by turn, in percent (models.conversation_state); the others are read off when the tag is given."""


def shift_signals(kept: Sequence[int], asked: Sequence[str], given: str, second: float, also: bool) -> tuple[float, ...]:
    """The signals, in the order of SIGNALS, from 0 to 1.

    Args:
        kept: the three kept ones, in percent.
        asked: topics of the client turns that are requests by themselves, in order.
        given: the topic given.
        second: probability of the second likeliest topic.
        also: whether another topic was likely earlier or is now.
    """
    first, announced, changed = (value / 100 for value in kept)
    changes = sum(one != other for one, other in pairwise(asked))
    return (
        first,
        announced,
        changed,
        float(len(set(asked)) > 1),
        float(bool(asked) and asked[0] != asked[-1]),
        float(changes == 1),
        float(changes > 1),
        second,
        float(also),
        sum(topic != given for topic in asked) / max(len(asked), 1),
        (first * changed) ** 0.5,
    )
