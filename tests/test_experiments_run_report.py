"""experiments/confusions.py and run_report.py: what is taken for what, and a run's report as Markdown."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from experiments.confusions import Confusion, most_confused, show_confusions
from experiments.evaluation import by_member, evaluate
from experiments.predictions import Predictions
from experiments.run_report import RunReport
from tests.tables import TEN, row

MIXED = Predictions(
    [
        *(row(f"a{number}", "a", "b", 0.5 + number / 10) for number in range(4)),
        *(row(f"c{number}", "a", "c") for number in range(2)),
        row("d0", "a", "d"),
        row("e0", "a", "e"),
        row("r", "a", "a"),
        row("s", "b", "b"),
    ]
)


def test_the_two_most_frequent_errors_of_every_label_with_the_surest_as_examples() -> None:
    assert list(most_confused(MIXED)) == [Confusion("a", 9, "b", 4, ("a3", "a2", "a1")), Confusion("a", 9, "c", 2, ("c0", "c1"))]
    assert list(most_confused(TEN)) == [
        Confusion("money", 3, "network", 1, ("2",)),
        Confusion("network", 3, "silent", 1, ("5",)),
        Confusion("other", 2, "money", 1, ("7",)),
    ]


def lines(table: Predictions) -> str:
    console = Console(file=io.StringIO(), width=120)
    show_confusions(console, table)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def test_confusions_are_a_table_on_a_terminal() -> None:
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines(MIXED).splitlines() if line.startswith("│")]
    assert cells == [["a", "9", "b", "4", "a3, a2, a1"], ["a", "9", "c", "2", "c0, c1"]]
    assert lines(TEN).startswith("most confused with ")


def test_of_many_labels_the_most_frequent_errors_are_shown() -> None:
    many = Predictions([row(f"{n}-{m}", f"t{n:02d}", f"u{n:02d}") for n in range(14) for m in range(n + 1)])
    shown = lines(many)
    assert shown.startswith("most confused with (12 of 14, most frequent first) ")
    assert "t13" in shown
    assert "t01" not in shown


def test_without_errors_nothing_is_shown() -> None:
    assert lines(Predictions([row(0, "a", "a")])) == ""


def test_a_table_is_taken_apart_by_a_member() -> None:
    parts = by_member(TEN, "channel")
    assert {name: len(part) for name, part in parts.items()} == {"app": 2, "not given": 6, "web": 2}
    assert parts["web"].right.tolist() == [False, True]


@pytest.fixture
def report(tmp_path: Path) -> str:
    plots = [tmp_path / "plots/confusion.png"]
    texts = {"2": "мой номер <PHONE> |\nне работает"}
    evaluation = evaluate(TEN, "test", rounds=20)
    path = RunReport("r+1", ["auto: never", "  own: none"], [evaluation], TEN, "test", plots, texts).save(tmp_path)
    assert path == tmp_path / "report.md"
    return path.read_text(encoding="utf-8")


def test_a_report_holds_proofs_figures_with_intervals_and_plots(report: str) -> None:
    assert report.startswith("# Run r+1\n\n* auto: never\n* own: none\n\n## Figures: test\n\n10 messages by 4 authors.\n\n")
    accuracy = evaluate(TEN, "test", rounds=20)
    one, two = accuracy.figures["accuracy"], accuracy.over_authors["accuracy"]
    assert f"| topic right | 0.7000 | {one.low:.4f} .. {one.high:.4f} | {two.low:.4f} .. {two.high:.4f} |\n" in report
    assert "| F1 of silent | 0.8000 |  |  |\n" in report
    assert report.endswith("## Plots: test\n\n![confusion](plots/confusion.png)\n")


def test_a_report_shows_calibration_by_topic_given_and_channel(report: str) -> None:
    assert (
        "## Calibration by topic given: test\n\n| topic given | messages | share right | mean confidence | ECE | ECE if perfect | Brier |"
        in report
    )
    # other: one message, right, at 0.8
    assert "\n| other | 1 | 1.0000 | 0.8000 | 0.2000 | " in report
    assert "\n| web | 2 | 0.5000 | 0.8000 | " in report


def test_examples_are_ids_and_texts_only_where_they_may_be_shown(report: str) -> None:
    assert "\n| money | 3 | network | 1 | 2: мой номер &lt;PHONE> \\| не работает |\n" in report
    assert "\n| network | 3 | silent | 1 | 5 |\n" in report


def test_several_examples_stand_in_one_cell(tmp_path: Path) -> None:
    path = RunReport("r", [], [], MIXED, "all sets").save(tmp_path)
    assert "| a | 9 | b | 4 | a3<br>a2<br>a1 |" in path.read_text(encoding="utf-8")


def test_a_table_without_errors_says_so(tmp_path: Path) -> None:
    path = RunReport("r", [], [], Predictions([row(0, "a", "a")]), "test").save(tmp_path)
    assert path.read_text(encoding="utf-8").endswith("## Most confused with: test\n\nNo errors.\n")
