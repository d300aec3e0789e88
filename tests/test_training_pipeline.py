"""python -m training train | evaluate | certify on sixty messages: files in, a bundle and its record out, the same bytes every time."""

from __future__ import annotations

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from data.errors import BundleError, ConfigError, DataError
from data.messages import Example, Message
from experiments import tracking
from experiments.predictions import Predictions
from experiments.runs import Run
from models import bundle
from models.card import card
from training.__main__ import app
from training.measure import Labelled, evaluate_file

TAXONOMY = """
name: tiny
channels: [app, web]
review_queue: people
no_request: {label: silent, attachment: hello, needs: {hello: {}, thanks: {}}}
topics:
  money: {queue: money-line, needs: {fee: {}, refund: {}}}
  network: {queue: network-line, needs: {outage: {}, speed: {}}}
  other: {queue: other-line, open: true, needs: {job: {}, shop: {}}}
"""
CONFIG = """
data = "corpus"
taxonomy = "taxonomy.yaml"
jobs = 1
[model]
encoder = "none"
characters = [2, 4]
repair = "none"
typos = 0.3
[split]
fit = 0.4
calibrate = 0.2
certify = 0.2
test = 0.2
folds = {folds}
[decision]
target_precision = 0.5
"""


def write(path: Path, examples: list[Example], **names: str) -> Path:
    """Examples as JSON lines; `names` renames members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for example in examples:
            row = {"id": example.id, "text": example.text, "topic": example.label, "need": example.need, "author": example.author}
            file.write(json.dumps({names.get(name, name): value for name, value in row.items()}, ensure_ascii=False) + "\n")
    return path


def furnish(folder: Path, examples: list[Example], store: Path | None = None) -> Path:
    """A working folder with corpus, taxonomy, configurations and, if given, a tracking store."""
    for author in {example.author for example in examples}:
        write(folder / f"corpus/messages/{author}.jsonl", [example for example in examples if example.author == author])
    (folder / "taxonomy.yaml").write_text(TAXONOMY, encoding="utf-8")
    (folder / "tiny.toml").write_text(CONFIG.format(folds=0), encoding="utf-8")
    (folder / "folds.toml").write_text(CONFIG.format(folds=3), encoding="utf-8")
    if store:
        (folder / "experiments/runs").mkdir(parents=True)
        shutil.copy(store, folder / "experiments/runs/mlflow.db")
    return folder


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"COLUMNS": "160"})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, tiny_examples: list[Example], migrated_store: Path) -> tuple[Path, Result]:
    """One whole run: its working folder and what the command printed."""
    folder = furnish(tmp_path_factory.mktemp("trained"), tiny_examples, migrated_store)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = call("train", "folds.toml", "--output", "bundles/one", "--promote")
        assert result.exception is None, result.output
    return folder, result


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs without plots that are sent nowhere: most tests are about something else, and these take most of the time."""
    monkeypatch.setattr("training.pipeline.all_plots", lambda table, folder, threshold: [])
    monkeypatch.setattr("training.pipeline.track", lambda name, items, tags, say: None)


@pytest.fixture
def place(tmp_path: Path, tiny_examples: list[Example], monkeypatch: pytest.MonkeyPatch, untracked: None) -> Path:
    """A fresh working folder that the test is in."""
    monkeypatch.chdir(tmp_path)
    return furnish(tmp_path, tiny_examples)


def test_a_run_leaves_a_bundle_that_tags(trained: tuple[Path, Result]) -> None:
    folder, _ = trained
    tagger = bundle.load(folder / "bundles/one")
    tags = tagger.tag([Message("1", "верните деньги за подписку"), Message("2", "нет сети с утра"), Message("3", "спасибо большое")])
    assert [tag.ranking[0][0] for tag in tags] == ["money", "network", "silent"]
    assert tagger.version == bundle.read_manifest(folder / "bundles/one").version


def test_a_run_is_recorded_whole_beside_its_predictions(trained: tuple[Path, Result]) -> None:
    folder, _ = trained
    run = Run.load("latest", folder / "experiments/runs")
    assert run.bundle == "bundles/one"
    assert run.config["model"]["encoder"] == "none"
    assert run.provenance.keys() >= {"commit", "dirty", "data", "seed", "python"}
    table = run.predictions(folder / "experiments/runs")
    sizes = {name: len(table.where(set=name)) for name in ("calibrate", "certify", "test", "cross-validation")}
    assert sizes == {
        "calibrate": 10 + noise_in(table, "calibrate"),
        "certify": 10,
        "test": 10,
        "cross-validation": sizes["cross-validation"],
    }
    assert sizes["cross-validation"] >= 50
    text = (folder / "experiments/runs" / run.name / "predictions.jsonl").read_text(encoding="utf-8")
    assert "подписку" not in text, "a table of predictions holds no texts"
    plots = sorted(path.name for path in (folder / "experiments/runs" / run.name / "plots").iterdir())
    assert plots == ["confusion.png", "reliability-topics.png", "reliability.png", "risk-coverage.png", "unknown.png"]


def noise_in(table: Predictions, name: str) -> int:
    return sum(row.id.endswith("~typos") for row in table.where(set=name).rows)


def test_the_manifest_says_what_the_model_rests_on(trained: tuple[Path, Result]) -> None:
    folder, _ = trained
    manifest = bundle.read_manifest(folder / "bundles/one")
    assert manifest.provenance["config"]["name"] == "folds"
    assert set(manifest.metrics["figures"]) == {"calibrate", "certify", "test", "cross-validation"}
    assert set(manifest.metrics["certificates"]) == {"auto", "no_request"}
    assert manifest.metrics["label_shares"] == {"money": 0.3, "network": 0.3, "other": 0.2, "silent": 0.2}
    assert manifest.metrics["chosen"]["also"] == {"threshold": 0.2, "n": 0, "figure": None}
    assert manifest.metrics["chosen"]["need"]["threshold"] == manifest.thresholds["need"] == 0.4
    auto = manifest.metrics["certificates"]["auto"]
    assert sum(item["n"] for item in manifest.metrics["auto_by_topic"]) == (auto["n"] if auto["threshold"] is not None else 0)
    assert manifest.topics == ("money", "network", "other", "silent")
    assert manifest.version.split("+")[1] == bundle.fingerprint(bundle.load(folder / "bundles/one"))[:8]


def test_a_run_prints_figures_certificates_and_where_the_bundle_is(trained: tuple[Path, Result]) -> None:
    folder, result = trained
    version = bundle.read_manifest(folder / "bundles/one").version
    assert "test: 10 messages by 1 authors" in result.stdout
    assert "cross-validation: " in result.stdout
    assert "\nauto: " in result.stdout
    assert "\nno_request: " in result.stdout
    assert "\nalso: from 0.2000 on, the default: only 0 calibrating messages with a second topic\n" in result.stdout
    assert "\nneed: from 0.4000 on, the default: only " in result.stdout
    assert f"bundle bundles/one  run {version}\n" in result.stdout
    assert f"promoted {version}\n" in result.stderr


def test_a_run_is_promoted_and_tracked(trained: tuple[Path, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, _ = trained
    monkeypatch.chdir(folder)
    version = bundle.read_manifest(folder / "bundles/one").version
    assert bundle.load(folder / bundle.CHAMPION).version == version
    client = tracking._client()
    run = client.get_run(tracking.find_run(version, pytest.fail))
    assert run.data.params["model.encoder"] == "none"
    assert "test.macro_f1" in run.data.metrics
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {
        "bundle",
        "plots",
        "predictions.jsonl",
        "report.md",
        "run.json",
    }
    assert client.get_model_version_by_alias("rubricator", "champion").tags == {"bundle": version}


def learned(folder: Path) -> tuple[dict[str, str], str, dict[str, object]]:
    """All of a manifest that must not depend on time and place."""
    manifest = bundle.read_manifest(folder)
    return dict(manifest.files), manifest.version.split("+")[1], {"thresholds": manifest.thresholds, "calibration": manifest.calibration}


def test_the_same_messages_in_another_order_give_the_same_bytes(
    trained: tuple[Path, Result], place: Path, tiny_examples: list[Example]
) -> None:
    mixed = write(place / "mixed.jsonl", random.Random(5).sample(tiny_examples, 60))
    call("train", "tiny.toml", "--data", str(mixed), "--output", "again")
    assert learned(place / "again") == learned(trained[0] / "bundles/one")


def test_another_process_with_another_hash_seed_gives_the_same_bytes(
    trained: tuple[Path, Result], tmp_path: Path, tiny_examples: list[Example]
) -> None:
    furnish(tmp_path, tiny_examples)
    # A tracking server that is not there: the run must end well all the same, and say so.
    env = {**os.environ, "PYTHONHASHSEED": "123", "MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    run = subprocess.run(
        [sys.executable, "-m", "training", "train", "tiny.toml", "--output", "other"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "tracking: not logged to http://127.0.0.1:9" in run.stderr
    assert "Traceback" not in run.stderr
    assert learned(tmp_path / "other") == learned(trained[0] / "bundles/one")


def test_a_quiet_run_prints_nothing_but_the_bundle_is_there(place: Path) -> None:
    result = call("train", "tiny.toml", "--output", "quiet", "--quiet")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "repairing" not in result.stdout
    assert bundle.load("quiet")


def test_without_an_output_the_bundle_is_named_after_its_version(place: Path) -> None:
    call("train", "tiny.toml", "--quiet")
    (folder,) = (place / "models/artifacts").iterdir()
    assert bundle.read_manifest(folder).version == folder.name


# Wrong calls


@pytest.mark.parametrize(
    ("words", "kind", "message"),
    [
        (["none.toml"], ConfigError, "none.toml: cannot be read: No such file or directory"),
        (["tiny.toml", "--folds", "1"], ConfigError, "options: [split]: folds must be 0 (none) or at least 2, got 1"),
        (["tiny.toml", "--lang", "qq"], ConfigError, "lang: spaCy knows no language 'qq'"),
        (["tiny.toml", "--data", "none.jsonl"], DataError, "none.jsonl: cannot be read: No such file or directory"),
        (["tiny.toml", "--data", "empty.jsonl"], DataError, "empty.jsonl: no usable messages"),
        (["tiny.toml", "--data", "one.jsonl"], DataError, "only one topic ('money') to learn from; give messages of at least two"),
        (["tiny.toml", "--data", "anna.jsonl"], DataError, "1 groups (authors) cannot be split into 4 parts"),
        (["tiny.toml", "--folds", "3", "--data", "rare.jsonl"], DataError, "topic 'other' has fewer examples than the 3 folds"),
        (
            ["tiny.toml", "--test", "corpus/messages/anna.jsonl"],
            DataError,
            "the same id stands in several of the files given; ids must differ",
        ),
        (["tiny.toml", "--open-label", "oops"], DataError, "--open-label 'oops' does not occur among the labels"),
    ],
    ids=lambda value: " ".join(value[1:]) if isinstance(value, list) else "",
)
def test_a_wrong_call_is_one_line(words: list[str], kind: type[Exception], message: str, place: Path, tiny_examples: list[Example]) -> None:
    (place / "empty.jsonl").touch()
    write(place / "one.jsonl", [example for example in tiny_examples if example.label == "money"])
    write(place / "anna.jsonl", [example for example in tiny_examples if example.author == "anna"])
    write(place / "rare.jsonl", [example for example in tiny_examples if example.label != "other" or example.id in ("job-00", "job-01")])
    result = call("train", *words, "--output", "bundle", "--quiet")
    assert isinstance(result.exception, kind), result.output
    assert str(result.exception).startswith(message)
    assert "\n" not in str(result.exception)
    assert not (place / "bundle").exists()


# Foreign data


def foreign(place: Path, examples: list[Example]) -> list[str]:
    """A training file with names of its own and a validation file by other people, in CSV."""
    write(place / "train.jsonl", examples, topic="intent", text="utterance")
    with (place / "val.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["utterance", "intent"])
        writer.writerows([f"{example.text} пожалуйста", example.label] for example in examples)
    return ["tiny.toml", "--data", "train.jsonl", "--validation", "val.csv", "--text-field", "utterance", "--label-field", "intent"]


def test_a_foreign_data_set_is_learned_under_its_own_labels(place: Path, tiny_examples: list[Example]) -> None:
    result = call("train", *foreign(place, tiny_examples), "--open-label", "other", "--output", "foreign")
    assert result.exception is None, result.output
    manifest = bundle.read_manifest("foreign")
    assert manifest.topics == ("money", "network", "other", "silent")
    assert manifest.leaves == (("money", ""), ("network", ""), ("other", ""), ("silent", ""))
    tagger = bundle.load("foreign")
    assert tagger.decider.taxonomy.open_topic == "other"
    (tag,) = tagger.tag([Message("1", "верните деньги за подписку")])
    assert (tag.topic, tag.need, tag.queue) == ("money", None, None)
    assert "no_request: " not in result.stdout


def test_what_was_learned_from_can_be_measured_under_the_same_names(place: Path, tiny_examples: list[Example]) -> None:
    call("train", *foreign(place, tiny_examples), "--open-label", "other", "--output", "foreign")
    result = call("evaluate", "--data", "train.jsonl", "--model", "foreign", "--text-field", "utterance", "--label-field", "intent")
    assert result.exception is None, result.output
    assert "train: 60 messages by 6 authors" in result.stdout


def test_the_open_label_can_be_left_out_and_is_still_an_answer(place: Path, tiny_examples: list[Example]) -> None:
    result = call("train", *foreign(place, tiny_examples), "--open-label", "other", "--without-open", "--output", "closed")
    assert result.exception is None, result.output
    manifest = bundle.read_manifest("closed")
    assert ("other", "") not in manifest.leaves
    assert manifest.topics == ("money", "network", "other", "silent")
    (tag,) = bundle.load("closed").tag([Message("1", "возьмёте меня на работу")])
    assert "other" in dict(tag.ranking)
    assert sum(dict(tag.ranking).values()) == pytest.approx(1, abs=1e-3)


# Measuring and proving anew


@pytest.fixture
def ours(place: Path, tiny_examples: list[Example]) -> Path:
    """A labelled CSV with foreign names, a map for its labels, and one row that cannot be used."""
    themes = {"money": "Деньги", "network": "Сеть", "other": "Прочее", "silent": "Пусто"}
    (place / "themes.json").write_text(json.dumps({theme: label for label, theme in themes.items()}), encoding="utf-8")
    with (place / "ours.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["body", "theme", "author"])
        writer.writerows([example.text, themes[example.label], example.author] for example in tiny_examples)
        writer.writerow(["верните", "Жалоба", "zoya"])
    return place / "ours.csv"


NAMES = ("--text-field", "body", "--label-field", "theme", "--map", "themes.json")


def test_evaluate_measures_a_model_on_a_labelled_file(ours: Path, tiny_bundle: Path) -> None:
    result = call("evaluate", "--data", "ours.csv", "--model", str(tiny_bundle), *NAMES, "--output", "table.jsonl")
    assert result.exception is None, result.output
    assert "ours: 60 messages by 6 authors" in result.stdout
    assert "put aside: ours.csv:62: field 'theme': unknown topic 'Жалоба'" in result.stderr
    assert len(Path("ours.rejected.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    table = Predictions.load(Path("table.jsonl"))
    assert (len(table), table.no_request, table.open_label) == (60, "silent", "other")
    assert table.columns.right.mean() > 0.8, "half of it was learned from"


def test_evaluate_shows_figures_once_more_under_estimated_shares(ours: Path, trained: tuple[Path, Result]) -> None:
    words = ("--data", "ours.csv", "--model", str(trained[0] / "bundles/one"), *NAMES)
    plain, result = call("evaluate", *words, "--output", "a.jsonl"), call("evaluate", *words, "--priors", "estimate", "--output", "b.jsonl")
    assert result.exception is None, result.output
    assert "ours: 60 messages by 6 authors" in result.stdout
    assert "ours under these shares: 60 messages by 6 authors" in result.stdout
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.stdout.splitlines() if line.startswith("│ money")]
    assert [cells[0][1], cells[0][3]] == ["0.3000", "0.3000"]
    assert "under these shares" not in plain.stdout
    assert Path("a.jsonl").read_bytes() == Path("b.jsonl").read_bytes(), "the table is of the probabilities as they are"


def test_shares_that_are_those_learned_with_change_nothing(ours: Path, trained: tuple[Path, Result]) -> None:
    model = trained[0] / "bundles/one"
    Path("shares.json").write_text(json.dumps(bundle.read_manifest(model).metrics["label_shares"]), encoding="utf-8")
    before, after = evaluate_file(Labelled(ours, Path("themes.json"), "body", "theme"), model, priors="shares.json")
    assert dict(after.figures) == dict(before.figures)


def test_certify_takes_costs_in_place_of_a_target(ours: Path, trained: tuple[Path, Result]) -> None:
    model = str(trained[0] / "bundles/one")
    result = call("certify", "--data", "ours.csv", "--model", model, *NAMES, "--cost-wrong", "5", "--output", "cheap")
    assert result.exception is None, result.output
    assert "the cheapest threshold (a wrong topic costs 5, a review 1; no target is proven)" in result.stdout
    manifest = bundle.read_manifest("cheap")
    found = manifest.metrics["certificates"]["auto"]
    assert (found["wrong"], found["review"], found["threshold"]) == (5.0, 1.0, manifest.thresholds["auto"])
    assert found["cost"] == pytest.approx((5 * found["errors"] + found["total"] - found["n"]) / found["total"])
    assert "No share right is proven of auto: costs were given instead (a wrong topic 5, a review 1)." in card(manifest)


def test_a_report_of_foreign_data_shows_ids_and_no_texts(trained: tuple[Path, Result]) -> None:
    report = (next((trained[0] / "experiments/runs").glob("*/report.md"))).read_text(encoding="utf-8")
    assert report.startswith("# Run ")
    assert "## Figures: cross-validation\n" in report
    assert "![reliability-topics](plots/reliability-topics.png)" in report
    assert "деньги" not in report


def test_certify_proves_thresholds_anew_and_writes_them_into_a_copy(ours: Path, trained: tuple[Path, Result]) -> None:
    model = trained[0] / "bundles/one"
    before = learned(model)
    result = call("certify", "--data", "ours.csv", "--model", str(model), *NAMES, "--target-precision", "0.8", "--output", "proven")
    assert result.exception is None, result.output
    assert "auto: from " in result.stdout
    assert "target 0.80" in result.stdout
    assert learned(model) == before, "the model itself is not touched"
    old, new = bundle.read_manifest(model), bundle.read_manifest("proven")
    assert new.files == old.files
    assert new.version.split("+")[0] == old.version.split("+")[0]
    assert new.version != old.version
    assert bundle.load("proven").decider.thresholds.auto in bundle.load(model).decider.candidates.auto
    assert new.metrics["certified_on"] == "ours.csv"
    assert new.metrics["certificates"]["auto"]["target"] == 0.8


def test_a_proof_may_fail_and_says_what_it_would_take(ours: Path, tiny_bundle: Path) -> None:
    result = call("certify", "--data", "ours.csv", "--model", str(tiny_bundle), *NAMES, "--target-precision", "0.99")
    assert result.exception is None, result.output
    assert "auto: not proven (target 0.99; " in result.stdout


@pytest.mark.parametrize("command", ["evaluate", "certify"])
def test_a_missing_model_says_how_to_get_one(command: str, ours: Path) -> None:
    result = call(command, "--data", "ours.csv", "--model", "nowhere")
    assert isinstance(result.exception, BundleError)
    assert str(result.exception) == "nowhere: no model there (manifest.json is missing); train and promote one with: make train"


def test_a_file_of_nothing_but_bad_rows_is_one_line(ours: Path, tiny_bundle: Path) -> None:
    result = call("evaluate", "--data", "ours.csv", "--model", str(tiny_bundle))
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith("ours.csv: no usable messages; first reason: field 'topic': missing")
