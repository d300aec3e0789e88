"""Small tables of predictions, made by hand."""

from __future__ import annotations

from dataclasses import replace

from experiments.predictions import Predictions, Row

ROW = Row("0", "test", "money", None, "money", None, 0.9, "review", "uncertain", {"money": 0.9, "other": 0.1})


def row(number: object, label: str, predicted: str, confidence: float = 0.9, status: str = "auto", **members: object) -> Row:
    """One row; the open topic "other" gets the rest of the probability unless it was given."""
    probabilities = {predicted: confidence} if predicted == "other" else {predicted: confidence, "other": round(1 - confidence, 4)}
    values = {"id": str(number), "label": label, "predicted": predicted, "confidence": confidence, "status": status}
    return replace(ROW, **{**values, "probabilities": probabilities, **members})


# Ten messages by four authors: every figure can be counted by hand.
TEN = Predictions(
    [
        row(0, "money", "money", 0.9, "auto", need="fee", predicted_need="fee", author="anna", channel="app", length=2),
        row(1, "money", "money", 0.8, "auto", need="fee", predicted_need="refund", author="anna", channel="app", length=5),
        row(2, "money", "network", 0.7, "auto", author="anna", channel="web", length=20),
        row(3, "network", "network", 0.9, "auto", need="speed", predicted_need=None, author="boris", channel="web", length=50),
        row(4, "network", "network", 0.6, "review", author="boris", length=4, repairs=("translit",)),
        row(5, "network", "silent", 0.5, "no_request", author="boris", length=4),
        row(6, "other", "other", 0.8, "review", author="clara", length=4),
        row(7, "other", "money", 0.6, "review", author="clara", length=4),
        row(8, "silent", "silent", 1.0, "no_request", author="dina", length=1),
        row(9, "silent", "silent", 0.9, "review", author="dina", length=1),
    ],
    no_request="silent",
    open_label="other",
)
