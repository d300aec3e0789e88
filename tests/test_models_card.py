from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from data.errors import DataError
from data.taxonomy import Taxonomy
from models.__main__ import app
from models.bundle import Manifest
from models.card import AGAIN, card
from models.card_figures import MISSING


def manifest(taxonomy: Taxonomy, **members: Any) -> Manifest:
    plain: dict[str, Any] = {
        "version": "2026-01-01.0000+abcd1234",
        "parameters": {"lang": "ru", "C": 0.6},
        "topics": ("money", "network", "other", "silent"),
        "leaves": (("money", "fee"), ("money", "refund"), ("network", ""), ("other", "job")),
        "calibration": {},
        "thresholds": {"auto": 0.9, "no_request": None, "open": None, "also": 0.2, "need": 0.4},
        "candidates": {},
        "taxonomy": taxonomy.as_dict(),
        "encoder_version": "none",
        "libraries": {"numpy": "2.4.6"},
    }
    return Manifest(**{**plain, **members})


MEASURED: dict[str, Any] = {
    "sizes": {"test": 20},
    "figures": {
        "test": {
            "n": 20,
            "authors": 4,
            "figures": {"accuracy": [0.9, 0.8, 0.95], "open_recall": [0.75, 0.5, 1.0]},
            "over_authors": {"accuracy": [0.9, 0.7, 0.97]},
            "ece_if_perfect": 0.01,
            "f1_by_label": {"money": 0.91},
            "slices": {"channel": {"app|web": [10, 0.9], "chat": [10, 1.0]}, "repairs": {"none": [18, 1.0], "layout": [2, 0.5]}},
        },
        "calibrate": {"n": 5, "authors": 1, "figures": {}, "over_authors": {}, "slices": {}},
    },
    "certificates": {
        "auto": {
            "target": 0.97,
            "delta": 0.05,
            "threshold": 0.9,
            "n": 878,
            "errors": 17,
            "bound": 0.9711,
            "total": 1719,
            "needed": None,
        },
        "no_request": {
            "target": 0.99,
            "delta": 0.05,
            "threshold": None,
            "n": 71,
            "errors": 0,
            "bound": 0.9587,
            "total": 190,
            "needed": 235,
        },
    },
}


def test_a_card_of_a_bundle_without_figures_says_what_is_missing(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy))
    assert written.startswith("# Model card: 2026-01-01.0000+abcd1234\n")
    assert f"## Figures\n\n{MISSING}." in written
    assert f"| messages learned from | {MISSING} |" in written
    assert f"| who wrote it | {MISSING} |" in written
    assert f"| auto: the topic is right | {' | '.join([MISSING] * 6)} |" in written
    assert f"Kinds of `other` that were left out of training: {MISSING}." in written


def test_figures_stand_with_their_intervals(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy, metrics=MEASURED))
    assert "### test: 20 messages, 4 authors" in written
    assert "| topic right | 0.9000 | 0.8000 to 0.9500 | 0.7000 to 0.9700 |" in written
    assert "| macro-F1 of topics | missing |  |  |" in written
    assert "| recall of the open topic | 0.7500 | 0.5000 to 1.0000 |" in written
    assert "| money | 0.9100 |" in written


def test_a_slice_gets_the_exact_binomial_interval_of_its_counts(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy, metrics=MEASURED))
    assert "| app\\|web | 10 | 0.9000 | 0.5550 to 0.9975 |" in written
    assert "| chat | 10 | 1.0000 | 0.6915 to 1.0000 |" in written
    assert "| layout | 2 | 0.5000 | 0.0126 to 0.9874 |" in written
    assert f"By language: {MISSING}" in written


def test_the_test_set_comes_first_and_the_calibrating_authors_last(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy, metrics=MEASURED))
    assert written.index("### test:") < written.index("### calibrate:")
    assert "Authors on whom probabilities were calibrated: their figures flatter the model." in written


def test_a_certificate_shows_threshold_counts_bound_and_target(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy, metrics=MEASURED))
    assert "| auto: the topic is right | 0.9000 | 878 of 1719 | 17 | 0.9711 | 0.9700 | 95% |" in written
    assert "| never: not proven; some 235 more messages | 71 of 190 | 0 | 0.9587 | 0.9900 | 95% |" in written
    assert AGAIN == (
        "valid for messages like these; prove it again on your own traffic: python -m training certify --data FILE --model DIR"
    )
    assert f"These bounds are {AGAIN}" in written


def test_a_card_names_what_it_was_certified_on_and_who_wrote_the_data(tiny_taxonomy: Taxonomy) -> None:
    metrics, provenance = {**MEASURED, "certified_on": "ours.jsonl"}, {"written_by": "clients of ours", "dirty": True, "commit": "abc"}
    written = card(manifest(tiny_taxonomy, metrics=metrics, provenance=provenance))
    assert "Proven on `ours.jsonl`." in written
    assert "| who wrote it | clients of ours |" in written
    assert "| commit | abc (working tree dirty) |" in written


def test_a_card_says_what_the_model_must_not_be_used_for(tiny_taxonomy: Taxonomy) -> None:
    written = card(manifest(tiny_taxonomy))
    assert "No decision about a person's rights or money without a person" in written
    assert "not a judge of people" in written
    assert "not proven on real clients' messages" in written


def test_without_an_open_topic_there_is_no_open_set_test() -> None:
    written = card(manifest(Taxonomy.from_labels({"a", "b"}, None)))
    assert "The taxonomy names no open topic" in written


def test_the_command_prints_the_card_of_a_bundle(tiny_bundle: Path) -> None:
    result = CliRunner().invoke(app, ["card", "--model", str(tiny_bundle)])
    assert result.exit_code == 0
    assert result.output.startswith("# Model card: tiny+0\n")
    assert result.output.endswith("\n")


def test_the_command_writes_the_card_to_a_file(tiny_bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "CARD.md"
    result = CliRunner().invoke(app, ["card", "--model", str(tiny_bundle), "--output", str(output)])
    assert (result.exit_code, result.output) == (0, "")
    assert output.read_text(encoding="utf-8").startswith("# Model card: tiny+0\n")


def test_a_card_that_cannot_be_written_is_one_clear_error(tiny_bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "nowhere" / "CARD.md"
    result = CliRunner().invoke(app, ["card", "--model", str(tiny_bundle), "--output", str(output)])
    assert isinstance(result.exception, DataError)
    assert str(result.exception) == f"{output}: cannot be written: No such file or directory"
