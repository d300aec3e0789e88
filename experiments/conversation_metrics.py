"""Figures of conversations, the joined text always beside them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.conversation_rows import ConversationRow, right_so_far
from experiments.intervals import Interval
from models.conversation_weights import GROUPS
from models.proof import lower_bound

CURVE = (1, 2, 3, 4, 5)


Rows = Sequence[ConversationRow]


def _share(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if len(hits) else float("nan")


def end_accuracy(rows: Rows) -> float:
    """Share of conversations whose label is right at the end."""
    return _share([row.end.label == row.label for row in rows])


def joined_accuracy(rows: Rows) -> float:
    """The same for the message model on all the client's text joined."""
    return _share([row.end.joined == row.label for row in rows])


def first_turn_accuracy(rows: Rows) -> float:
    """The same for the message model on the client's first turn."""
    return _share([row.said[0].joined == row.label for row in rows])


def need_accuracy(rows: Rows) -> float:
    """Share of right needs where the label is right and is a request."""
    return _share([row.said_need == row.need for row in rows if row.first is not None and row.end.label == row.label])


def soon_accuracy(rows: Rows) -> float:
    """Share of requests whose topic is right by one client turn after the first informative one."""
    return _share([said.label == row.label for row in rows if (said := row.after_first())])


def soon_joined_accuracy(rows: Rows) -> float:
    """The same for the joined text."""
    return _share([said.joined == row.label for row in rows if (said := row.after_first())])


def end_gain(rows: Rows) -> float:
    """`end_accuracy` less `joined_accuracy`, paired."""
    return end_accuracy(rows) - joined_accuracy(rows)


def soon_gain(rows: Rows) -> float:
    """`soon_accuracy` less `soon_joined_accuracy`, paired."""
    return soon_accuracy(rows) - soon_joined_accuracy(rows)


def auto_precision(rows: Rows) -> float:
    """Share of right topics among conversations that end auto."""
    return _share([row.end.label == row.label for row in rows if row.end.status == "auto"])


def coverage(rows: Rows) -> float:
    """Share of requests that end auto."""
    return _share([row.end.status == "auto" for row in rows if row.first is not None])


def swallowed(rows: Rows) -> float:
    """Share of requests among conversations that are said to hold none."""
    return _share([row.first is not None for row in rows if row.end.status == "no_request"])


def no_request_recall(rows: Rows) -> float:
    """Share of conversations without a request whose best label says so."""
    return _share([row.end.label == row.label for row in rows if row.first is None])


def shift_precision(rows: Rows) -> float:
    """Share of true shifts among those said."""
    return _share([row.shift for row in rows if row.said_shift])


def shift_recall(rows: Rows) -> float:
    """Share of shifts that were said."""
    return _share([row.said_shift for row in rows if row.shift])


def shift_f1(rows: Rows) -> float:
    """Harmonic mean of the two."""
    total = sum(row.shift for row in rows) + sum(row.said_shift for row in rows)
    return 2 * sum(row.shift and row.said_shift for row in rows) / total if total else float("nan")


def too_early(rows: Rows) -> float:
    """Share of requests that were auto with another topic than the final one, before there was anything to tell it by."""
    return _share(
        [
            any(said.status == "auto" and said.label != row.label and said.turn < row.first for said in row.said)
            for row in rows
            if row.first is not None
        ]
    )


def turns_late(rows: Rows) -> float:
    """Client turns from the first informative one until the topic was surely and for good decided, mean over requests that were, and rightly."""
    late = [
        sum(row.first <= said.turn < row.decided_at for said in row.said)
        for row in rows
        if row.first is not None and row.decided_at is not None and row.end.label == row.label
    ]
    return float(np.mean(late)) if late else float("nan")


def misled(rows: Rows) -> float:
    """Share of conversations that are wrong because of what agents or bots said: right, had they been silent."""
    return _share([row.end.label != row.label == row.bare for row in rows])


def helped(rows: Rows) -> float:
    """Share of conversations that are right because of what agents or bots said."""
    return _share([row.end.label == row.label != row.bare for row in rows])


HEADLINES: dict[str, tuple[str, Callable[[Rows], float]]] = {
    "end": ("topic right at the end", end_accuracy),
    "end_joined": ("  the same, joined text", joined_accuracy),
    "end_first_turn": ("  the same, first turn only", first_turn_accuracy),
    "end_gain": ("  gain over the joined text", end_gain),
    "need": ("need right where topic right", need_accuracy),
    "soon": ("topic right one client turn after the first informative", soon_accuracy),
    "soon_joined": ("  the same, joined text", soon_joined_accuracy),
    "soon_gain": ("  gain over the joined text", soon_gain),
    "auto_precision": ("topic right among auto at the end", auto_precision),
    "coverage": ("share of requests auto at the end", coverage),
    "no_request": ("no request seen as such", no_request_recall),
    "swallowed": ("requests among no_request", swallowed),
    "shift_f1": ("shift, F1", shift_f1),
    "shift_precision": ("shift, precision", shift_precision),
    "shift_recall": ("shift, recall", shift_recall),
    "too_early": ("auto too early, with another topic", too_early),
    "turns_late": ("client turns until decided, mean", turns_late),
    "misled": ("wrong because of agents' words", misled),
    "helped": ("right because of agents' words", helped),
}


@dataclass(frozen=True)
class ConversationEvaluation:
    """The figures of one set with intervals over authors (whole authors are drawn), the curve by client turns, and bounds by client turns.

    curve: client turns -> (requests still talking, share right, the joined text's, share already auto); an ended conversation keeps its last
    answer. bounds: client turns seen -> (auto, right so far, lower bound): one prefix of a conversation each.
    """

    name: str
    n: int
    authors: int
    figures: Mapping[str, Interval]
    curve: Mapping[int, tuple[int, float, float, float]]
    bounds: Mapping[str, tuple[int, int, float]]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a manifest or a report."""
        return {
            "n": self.n,
            "authors": self.authors,
            "figures": {name: [round(value, 4) for value in (one.value, one.low, one.high)] for name, one in self.figures.items()},
            "curve": {str(turns): [round(value, 4) for value in values] for turns, values in self.curve.items()},
            "bounds": {name: [n, right, round(bound, 4)] for name, (n, right, bound) in self.bounds.items()},
        }


def evaluate_conversations(rows: Rows, name: str, rounds: int = 1000, seed: int = 0) -> ConversationEvaluation:
    """All figures of one set; those that cannot be computed on it are left out."""
    members: dict[str, list[ConversationRow]] = defaultdict(list)
    for row in rows:
        members[row.author or row.id].append(row)
    names, generator = sorted(members), np.random.default_rng(seed)
    draws = [[row for pick in generator.integers(0, len(names), len(names)) for row in members[names[pick]]] for _ in range(rounds)]
    figures = {}
    for key, (_, metric) in HEADLINES.items():
        value = metric(rows)
        if not math.isnan(value):
            drawn = [one for draw in draws if not math.isnan(one := metric(draw))]
            low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (float("nan"), float("nan"))
            figures[key] = Interval(value, float(low), float(high), "authors")
    return ConversationEvaluation(name, len(rows), len({row.author for row in rows if row.author}), figures, curve(rows), bounds(rows))


def curve(rows: Rows) -> dict[int, tuple[int, float, float, float]]:
    """Topic after k client turns, over requests."""
    result = {}
    requests = [row for row in rows if row.first is not None]
    for turns in CURVE:
        said = [(row, row.said[min(turns, len(row.said)) - 1]) for row in requests]
        result[turns] = (
            sum(len(row.said) >= turns for row in requests),
            _share([one.label == row.label for row, one in said]),
            _share([one.joined == row.label for row, one in said]),
            _share([one.status == "auto" for _, one in said]),
        )
    return result


def bounds(rows: Rows, delta: float = 0.05) -> dict[str, tuple[int, int, float]]:
    """Auto answers by client turns seen, the last of each group in every conversation, and the exact lower bound of the share right so far."""
    result = {}
    for place, name in enumerate(GROUPS):
        auto = [(row, said) for row in rows if (said := row.last_of(place)) and said.status == "auto"]
        right = sum(right_so_far(row, one) for row, one in auto)
        result[name] = (len(auto), right, lower_bound(right, len(auto), delta))
    ends = [row for row in rows if row.end.status == "auto"]
    right = sum(row.end.label == row.label for row in ends)
    result["end"] = (len(ends), right, lower_bound(right, len(ends), delta))
    return result
