"""experiments/evaluation.py and report.py: figures with intervals, slices, and how they are shown."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from experiments.evaluation import evaluate
from experiments.predictions import Predictions
from experiments.report import show, show_certificate, topic_lines
from models.proof import Certificate, Cheapest, TopicProof
from tests.tables import TEN, row

EVALUATION = evaluate(TEN, "test", rounds=50)


def test_an_evaluation_has_every_figure_with_intervals_of_both_kinds() -> None:
    assert (EVALUATION.name, EVALUATION.n, EVALUATION.authors) == ("test", 10, 4)
    assert EVALUATION.figures["accuracy"].value == 0.7
    assert EVALUATION.figures["accuracy"].unit == "messages"
    assert EVALUATION.over_authors["accuracy"].unit == "authors"
    assert set(EVALUATION.figures) == set(EVALUATION.over_authors)
    assert EVALUATION.f1_by_label == {
        "money": pytest.approx(2 / 3),
        "network": pytest.approx(2 / 3),
        "other": pytest.approx(2 / 3),
        "silent": 0.8,
    }


def test_slices_count_and_measure_each_part() -> None:
    assert EVALUATION.slices == {
        "channel": {"app": (2, 1.0), "not given": (6, 4 / 6), "web": (2, 0.5)},
        "length": {"1-3 words": (3, 1.0), "13-30 words": (1, 0.0), "4-12 words": (5, 0.6), "over 30 words": (1, 1.0)},
        "repairs": {"none": (9, 6 / 9), "translit": (1, 1.0)},
    }


def test_few_authors_give_no_interval_over_authors() -> None:
    assert evaluate(TEN.where(author="anna"), "test", rounds=5).over_authors == {}


def test_figures_that_cannot_be_computed_are_left_out() -> None:
    found = evaluate(Predictions([row(0, "money", "money", status="review")]), "test", rounds=5)
    assert {"auto_precision", "unknown_auroc", "swallowed"} & set(found.figures) == set()
    assert found.figures["coverage"].value == 0.0


def test_an_evaluation_goes_into_json_rounded() -> None:
    plain = json.loads(json.dumps(EVALUATION.as_dict()))
    assert plain["n"] == 10
    assert plain["figures"]["accuracy"][0] == 0.7
    assert plain["f1_by_label"]["money"] == 0.6667
    assert plain["slices"]["channel"]["app"] == [2, 1.0]


def test_an_evaluation_is_flat_for_a_tracker() -> None:
    flat = dict(EVALUATION.flat())
    assert flat["test.accuracy"] == 0.7
    assert flat["test.accuracy.low"] <= 0.7 <= flat["test.accuracy.high"]
    assert flat["test.f1.silent"] == 0.8


def printed(width: int = 160) -> Console:
    return Console(file=io.StringIO(), width=width)


def test_a_report_shows_figures_labels_and_slices() -> None:
    console = printed()
    show(console, EVALUATION)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "test: 10 messages by 4 authors" in text
    cells = {line.split("│")[1].strip(): line.split("│")[2].strip() for line in text.splitlines() if line.startswith("│")}
    assert cells["topic right"] == "0.7000"
    assert cells["share of requests marked auto"] == "0.5000"
    assert cells["the same if calibration were perfect"] == f"{EVALUATION.ece_if_perfect:.4f}"
    assert "F1 by label: money 0.667  network 0.667  other 0.667  silent 0.800" in text
    assert "topic right by channel: app 1.000 (2)  not given 0.667 (6)  web 0.500 (2)" in text


def test_slices_can_be_left_out() -> None:
    console = printed()
    show(console, EVALUATION, slices=False)
    assert "topic right by" not in console.file.getvalue()  # type: ignore[attr-defined]


PROVEN = Certificate(target=0.97, delta=0.05, threshold=0.8, n=150, errors=1, bound=0.9688, total=200)


@pytest.mark.parametrize(
    ("certificate", "line"),
    [
        (None, "auto: nothing to certify on, so nothing is done without a person"),
        (
            PROVEN,
            "auto: from 0.8000 on; 150 of 200 messages (75.0%), 1 errors; with 95 % confidence at least 0.9688 are right (target 0.97)",
        ),
        (
            Certificate(0.97, 0.05, None, 10, 0, 0.7411, 40, 89),
            "auto: not proven (target 0.97; 0 errors in the 10 tested first, bound 0.7411); about 89 more messages would prove it",
        ),
        (
            Certificate(0.97, 0.05, None, 10, 5, 0.2224, 40, None),
            "auto: not proven (target 0.97; 5 errors in the 10 tested first, bound 0.2224); "
            "more messages alone would not: the model must get better",
        ),
        (
            Cheapest(20.0, 1.0, 0.05, 0.8, 150, 2, 0.45, 0.9123, 200),
            "auto: from 0.8000 on, the cheapest threshold (a wrong topic costs 20, a review 1; no target is proven); "
            "150 of 200 messages (75.0%), 2 errors; 0.4500 a message, with 95 % confidence at most 0.9123 (1.0000 if nothing were auto)",
        ),
        (
            Cheapest(20.0, 1.0, 0.05, None, 0, 0, 1.0, 1.0, 200),
            "auto: never; that is the cheapest on 200 messages (a wrong topic costs 20, a review 1; no target is proven): 1.0000 a message",
        ),
    ],
)
def test_a_certificate_is_one_line(certificate: Certificate | Cheapest | None, line: str) -> None:
    console = printed(40)
    show_certificate(console, "auto", certificate)
    assert console.file.getvalue() == f"{line}\n"  # type: ignore[attr-defined]


def test_automatic_routing_is_reported_by_topic() -> None:
    assert topic_lines([TopicProof("money", 90, 2, 0.9312), TopicProof("network", 600, 1, 0.9921)]) == [
        "auto by topic: money 2 errors in 90, at least 0.9312  network 1 errors in 600, at least 0.9921",
        "  one threshold for all topics, each bound by itself; a threshold of a topic's own needs 500 auto messages of it, "
        "1 of 2 topics have fewer",
    ]
    assert topic_lines([TopicProof(f"t{n}", 1, 0, 0.05) for n in range(14)])[0].endswith("  and 2 surer topics")
    assert topic_lines([]) == []
