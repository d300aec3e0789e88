"""Whether the client moved to another request: what speaks for it, read off the client's last turns; no model is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

STRONG = 40  # percent: from here on a turn is about a topic
SIGNALS = (
    "how clearly a turn is about another topic than the one given",
    "how clearly the two topics have a turn each",
    "turns about the other topic",
    "turns about the topic given",
    "turns of agents and bots between the two",
    "how little of a request a turn between them is",
    "words that announce something else between them",
    "the other topic's turn is about nothing else",
    "the first turn is a request",
    "the last turn is the other topic's",
)
"""Chosen out of 26 by author-grouped cross-validation (experiments/LOG.md); each from 0 to 1."""


class Spoken(NamedTuple):
    """A client turn in numbers: its place, how much of a request it is (percent), whether it announces something else, and the two topics
    it is most about (positions, -1: none) with how clearly (percent: the topic's share, less where it is no request or no full sentence).
    """

    turn: int
    request: int
    marked: bool
    topic: int = -1
    clearly: int = 0
    second: int = -1
    less: int = 0

    def about(self, topic: int) -> int:
        """How clearly it is about a topic, in percent."""
        return self.clearly if topic == self.topic else self.less if topic == self.second else 0


def shift_signals(trail: Sequence[Spoken], given: int) -> tuple[float, ...]:
    """The signals, in the order of SIGNALS.

    Args:
        trail: the client's turns, in order.
        given: position of the topic given; the other topic is the one that any turn is most clearly about.
    """
    others = {topic for said in trail for topic in (said.topic, said.second) if topic not in (given, -1)}
    if not others:
        return (0.0,) * len(SIGNALS)
    of_given = [said.about(given) for said in trail]
    other = max(sorted(others), key=lambda topic: max(said.about(topic) for said in trail))
    of_other = [said.about(other) for said in trail]
    there, here = of_other.index(max(of_other)), of_given.index(max(of_given))
    # After the other topic's turn it is the first clear one that counts.
    here = next((place for place, percent in enumerate(of_given) if place > there and percent >= STRONG), here)
    begin, end = min(there, here), max(there, here)
    between = trail[begin + 1 : end]
    agents = trail[end].turn - trail[begin].turn - (end - begin)
    return (
        of_other[there] / 100,
        min(max(of_given), of_other[there]) / 100,
        min(sum(percent >= STRONG for percent in of_other), 4) / 4,
        min(sum(percent >= STRONG for percent in of_given), 8) / 8,
        min(agents, 2) / 2,
        max((100 - said.request for said in between), default=0) / 100,
        float(any(said.marked for said in trail[begin + 1 : end + 1])),
        max(of_other[there] - of_given[there], 0) / 100,
        trail[0].request / 100,
        float(there == len(trail) - 1),
    )
