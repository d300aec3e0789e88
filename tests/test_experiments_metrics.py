"""experiments/metrics.py against figures counted by hand on ten messages."""

from __future__ import annotations

import math

import pytest

from experiments import metrics
from experiments.predictions import Predictions
from tests.tables import TEN, row

C = TEN.columns
EMPTY = Predictions([], "silent", "other").columns


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        ("accuracy", 7 / 10),
        # money: 2 right of 3 said 3; network: 2 right of 3, said 3; other: 1 of 2, said 1; silent: 2 of 2, said 3
        ("macro_f1", (4 / 6 + 4 / 6 + 2 / 3 + 4 / 5) / 4),
        ("need_accuracy", 3 / 5),
        ("auto_precision", 3 / 4),
        ("coverage", 4 / 8),
        ("swallowed", 1 / 2),
        ("brier", (0.01 + 0.04 + 0.49 + 0.01 + 0.16 + 0.25 + 0.04 + 0.36 + 0 + 0.01) / 10),
        # ten messages, fifteen bins: every message is a bin
        ("ece", (0.1 + 0.2 + 0.7 + 0.1 + 0.4 + 0.5 + 0.2 + 0.6 + 0.0 + 0.1) / 10),
        ("in_scope_accuracy", 6 / 8),
        ("in_scope_accuracy_unrefused", 6 / 8),
        ("open_recall", 1 / 2),
    ],
)
def test_a_figure_is_what_a_hand_counts(figure: str, value: float) -> None:
    assert metrics.HEADLINES[figure](C) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("label", "value"), [("money", 2 / 3), ("other", 2 / 3), ("silent", 0.8), ("unheard", 0.0)])
def test_f1_of_one_label(label: str, value: float) -> None:
    assert metrics.f1(C, label) == pytest.approx(value)


def test_macro_f1_counts_labels_that_occur_and_only_those() -> None:
    assert metrics.macro_f1(Predictions([row(0, "money", "money"), row(1, "money", "network")]).columns) == pytest.approx(2 / 3)


def test_unknown_auroc_is_the_share_of_pairs_in_order() -> None:
    # open messages have 0.8 and 0.4; the others 0.1 0.2 0.3 0.1 0.4 0.5 0.0 0.1: 8 pairs won, then 6 won, 1 tied, 1 lost
    assert metrics.unknown_auroc(C) == pytest.approx((8 + 6.5) / 16)


def test_ece_puts_the_same_mass_into_every_bin() -> None:
    rows = [row(number, "money", "money" if number % 2 else "network", 0.5) for number in range(30)]
    assert metrics.ece(Predictions(rows).columns) == pytest.approx(0.0)
    assert metrics.ece(Predictions([row(number, "money", "network", 0.75) for number in range(40)]).columns) == pytest.approx(0.75)


def test_the_floor_of_ece_is_seeded_and_above_zero() -> None:
    rows = [row(number, "money", "money", 0.5) for number in range(60)]
    floor = metrics.ece_if_perfect(Predictions(rows).columns)
    assert floor == metrics.ece_if_perfect(Predictions(rows).columns)
    assert 0.1 < floor < 0.3  # four messages a bin: mean distance of a coin's share from a half is 0.1875
    assert metrics.ece_if_perfect(Predictions([row(0, "money", "money", 1.0)]).columns) == 0.0


@pytest.mark.parametrize("figure", metrics.HEADLINES)
def test_a_figure_of_nothing_is_no_number(figure: str) -> None:
    assert math.isnan(metrics.HEADLINES[figure](EMPTY))


def test_figures_of_the_open_topic_need_one() -> None:
    columns = Predictions(TEN.rows, "silent", None).columns
    assert all(math.isnan(metrics.HEADLINES[name](columns)) for name in ("unknown_auroc", "in_scope_accuracy", "open_recall"))
    only = TEN.where(label="other").columns
    assert math.isnan(metrics.unknown_auroc(only))
    assert metrics.open_recall(only) == 0.5


def test_without_a_no_request_label_every_message_is_a_request() -> None:
    columns = Predictions(TEN.rows, None, "other").columns
    assert metrics.coverage(columns) == 4 / 10


def test_further_topics_are_measured_over_pairs_of_message_and_topic() -> None:
    table = Predictions(
        [
            row(0, "a", "a", also=("b", "c"), predicted_also=("b",)),
            row(1, "a", "a", also=(), predicted_also=("b", "c")),
            row(2, "a", "a", also=("b",), predicted_also=("c",)),
        ]
    )
    assert metrics.also_f1(table.columns) == 2 * 1 / (4 + 3)
    assert math.isnan(metrics.also_f1(TEN.columns))
