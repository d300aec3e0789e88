"""experiments/intervals.py: seeded bootstrap, over messages and over authors, single and paired."""

from __future__ import annotations

import math

import pytest

from data.errors import DataError
from experiments.intervals import Interval, interval, paired_interval
from experiments.metrics import accuracy, coverage
from experiments.predictions import Predictions
from tests.tables import TEN, row

RIGHT = Predictions([row(number, "money", "money", author=f"a{number % 5}") for number in range(20)])
WRONG = Predictions([row(number, "money", "network", author=f"a{number % 5}") for number in range(20)])
HALF = Predictions([row(number, "money", "money" if number % 2 else "network", author=f"a{number // 40}") for number in range(400)])


def test_where_nothing_varies_the_interval_is_a_point() -> None:
    assert interval(RIGHT, accuracy) == Interval(1.0, 1.0, 1.0, "messages")
    assert interval(WRONG, accuracy, "authors") == Interval(0.0, 0.0, 0.0, "authors")


def test_an_interval_is_seeded() -> None:
    assert interval(TEN, accuracy) == interval(TEN, accuracy)
    assert interval(TEN, accuracy, seed=0, rounds=50) != interval(TEN, accuracy, seed=1, rounds=50)


def test_an_interval_has_the_width_that_theory_gives() -> None:
    found = interval(HALF, accuracy, rounds=2000)
    assert found.value == 0.5
    assert found.low == pytest.approx(0.5 - 1.96 * math.sqrt(0.25 / 400), abs=0.006)
    assert found.high == pytest.approx(0.5 + 1.96 * math.sqrt(0.25 / 400), abs=0.006)


def test_over_authors_whole_authors_are_drawn() -> None:
    # Every author has the same share, so drawing authors changes nothing; where authors differ, the interval is as wide as they are.
    assert interval(HALF, accuracy, "authors") == Interval(0.5, 0.5, 0.5, "authors")
    split = Predictions([row(number, "money", "money" if number < 10 else "network", author=f"a{number // 10}") for number in range(20)])
    found = interval(split, accuracy, "authors")
    assert (found.value, found.low, found.high) == (0.5, 0.0, 1.0)


def test_a_figure_that_some_draws_do_not_have_is_taken_from_the_others() -> None:
    table = Predictions([row(0, "money", "money"), *(row(number, "silent", "silent") for number in range(1, 3))], "silent")
    assert interval(table, coverage) == Interval(1.0, 1.0, 1.0, "messages")


def test_an_empty_table_has_no_interval() -> None:
    found = interval(Predictions([]), accuracy)
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_the_difference_of_a_run_to_itself_is_nothing() -> None:
    assert paired_interval(TEN, TEN, accuracy) == Interval(0.0, 0.0, 0.0, "messages")


def test_a_difference_is_b_minus_a_on_the_messages_of_both() -> None:
    assert paired_interval(WRONG, RIGHT, accuracy) == Interval(1.0, 1.0, 1.0, "messages")
    assert paired_interval(RIGHT, WRONG, accuracy, "authors") == Interval(-1.0, -1.0, -1.0, "authors")
    more = Predictions([*RIGHT.rows[::-1], row("only here", "money", "network")])
    assert paired_interval(RIGHT, more, accuracy) == Interval(0.0, 0.0, 0.0, "messages")


def test_drawing_together_is_sharper_than_drawing_apart() -> None:
    better = HALF.keep(row(item.id, "money", "money", author=item.author) if item.id == "0" else item for item in HALF.rows)
    paired = paired_interval(HALF, better, accuracy)
    assert paired.value == pytest.approx(1 / 400)
    assert paired.low == 0.0
    assert paired.high <= 4 / 400


def test_runs_without_a_common_message_cannot_be_compared() -> None:
    with pytest.raises(DataError, match="no message in common: compare runs that were measured on the same set"):
        paired_interval(TEN, TEN.keep(row(f"x{number}", "money", "money") for number in range(3)), accuracy)


def test_an_interval_prints_as_people_write_it() -> None:
    assert str(Interval(0.5, 0.25, 0.75)) == "0.5000 [0.2500, 0.7500]"
