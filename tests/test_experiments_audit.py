"""Suspected wrong labels."""

from __future__ import annotations

import dataclasses

import pytest

from data.errors import DataError
from experiments.audit import suspects
from experiments.predictions import Predictions
from tests.tables import row


def _row(number: int, label: str, probabilities: dict[str, float]):
    predicted = max(probabilities, key=lambda name: probabilities[name])
    return dataclasses.replace(
        row(f"m{number}", label, predicted),
        set="cross-validation",
        predicted=predicted,
        probabilities=probabilities,
        author=f"a{number % 3}",
    )


def test_the_label_that_the_model_contradicts_most_comes_first_and_right_ones_are_left_out() -> None:
    rows = [
        _row(1, "x", {"x": 0.9, "y": 0.1}),
        _row(2, "x", {"x": 0.4, "y": 0.6}),
        _row(3, "y", {"x": 0.95, "y": 0.05}),
        _row(4, "y", {"x": 0.2, "y": 0.8}),
    ]
    found = suspects(Predictions(rows))
    assert [(suspect.id, suspect.label, suspect.suggested) for suspect in found] == [("m3", "y", "x"), ("m2", "x", "y")]
    assert [suspect.id for suspect in suspects(Predictions(rows), worst=1)] == ["m3"]


def test_a_run_without_cross_validation_says_what_to_do() -> None:
    with pytest.raises(DataError, match=r"train with \[split\] folds"):
        suspects(Predictions([dataclasses.replace(row("m1", "x", "x"), set="test")]))
