"""training/config.py: what a TOML file may hold, and what its mistakes are answered with."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from data.errors import ConfigError
from training.config import DEFAULT_PATH, Config, CostsConfig, ModelConfig

ROOT = Path(__file__).parents[1]


def load(folder: Path, text: str) -> Config:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return Config.load(path)


def test_no_file_named_means_the_default_one_or_where_there_is_none_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Config.load(None) == Config()
    DEFAULT_PATH.parent.mkdir(parents=True)
    DEFAULT_PATH.write_text("seed = 3", encoding="utf-8")
    assert Config.load(None) == Config(seed=3)


def test_an_empty_file_is_the_defaults_under_its_own_name(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Config(name="mine")


@pytest.mark.parametrize("path", sorted((ROOT / DEFAULT_PATH).parent.glob("*.toml")), ids=lambda path: path.name)
def test_bundled_configurations_load(path: Path) -> None:
    assert Config.load(path).name == path.stem


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        'name = "x"\nseed = 7\n[model]\nwords = []\ncharacters = [1, 3]\nC = 2\nlemmas = true\n'
        "[split]\nfolds = 0\n[decision]\ndelta = 0.1\n",
    )
    assert (config.name, config.seed, config.split.folds, config.decision.delta) == ("x", 7, 0, 0.1)
    assert (config.model.words, config.model.characters, config.model.C, config.model.lemmas) == ((), (1, 3), 2.0, True)
    assert isinstance(config.model.C, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sed = 1", "unknown key 'sed' (did you mean 'seed'?)"),
        ("[modle]", "unknown key 'modle' (did you mean 'model'?)"),
        ("[model]\nencodr = 'use'", "[model]: unknown key 'encodr' (did you mean 'encoder'?)"),
        ("[split]\nzzz = 1", "[split]: unknown key 'zzz' (known: calibrate, certify, conversations, fit, folds, test)"),
        ("seed = '1'", "seed must be int, got '1'"),
        ("seed = true", "seed must be int, got True"),
        ("name = 1", "name must be str, got 1"),
        ("model = 3", "model must be a table: [model]"),
        ("[model]\nC = '1'", "[model]: C must be float, got '1'"),
        ("[model]\nC = true", "[model]: C must be float, got True"),
        ("[model]\nlemmas = 1", "[model]: lemmas must be bool, got 1"),
        ("[model]\nwords = 2", "[model]: words must be [shortest, longest] or [], got 2"),
        ("[model]\nwords = [1]", "[model]: words must be [shortest, longest] or [], got [1]"),
        ("[model]\nwords = [1, '2']", "[model]: words must be [shortest, longest] or [], got [1, '2']"),
        ("[model]\nwords = [2, 1]", "[model]: words must be [shortest, longest] or [], got [2, 1]"),
        ("[model]\ncharacters = [0, 1]", "[model]: characters must be [shortest, longest] or [], got [0, 1]"),
        ("[model]\nwords = []\ncharacters = []", "[model]: words, characters and lemmas are all off; give at least one of them"),
        ("[model]\nC = 0", "[model]: C must be above 0, got 0.0"),
        ("[model]\nencoder_weight = -1", "[model]: encoder_weight must be above 0, got -1.0"),
        ("[model]\ntypos = 1.5", "[model]: typos must be from 0 to 1, got 1.5"),
        ("seed = -1", "seed must not be negative, got -1"),
        ("jobs = 0", "jobs must be the number of processes, or -1 for all cores, got 0"),
        ("[split]\nfolds = 1", "[split]: folds must be 0 (none) or at least 2, got 1"),
        (
            "[split]\nfit = 0.9\ncalibrate = 0.12\ncertify = 0.2\ntest = 0.12",
            "[split]: shares must not be negative and sum to 1, got {'fit': 0.9, 'calibrate': 0.12, 'certify': 0.2, 'test': 0.12}",
        ),
        ("[split]\nfit = 0\ncalibrate = 0.4\ncertify = 0.4\ntest = 0.2", "[split]: shares must not be negative and sum to 1, got"),
        ("[decision]\ntarget_precision = 1", "[decision]: target_precision must be from 0.5 to below 1, delta between 0 and 0.5"),
        ("[decision]\ndelta = 0", "[decision]: target_precision must be from 0.5 to below 1, delta between 0 and 0.5"),
        ("[decision]\nmax_swallowed = 1", "[decision]: max_swallowed must be between 0 and 1, got 1.0"),
        ("[decision]\nopen_cost = 0.5", "[decision]: open_cost must be from 0 to below 0.5, got 0.5"),
        (
            "[decision]\ncosts = {wrong = 1, review = 2}",
            "[decision]: costs: a wrong topic must cost more than a review, and a review more than 0, got {'wrong': 1.0, 'review': 2.0}",
        ),
        ("[decision]\ncosts = {wrong = 1}", "[decision]: costs: a wrong topic must cost more than a review, and a review more than 0, got"),
        ("[decision]\ncosts = {wrong = inf, review = 1}", "[decision]: costs: a wrong topic must cost more than a review"),
        ("[decision]\ncosts = {rong = 1}", "[decision]: [costs]: unknown key 'rong' (did you mean 'wrong'?)"),
        ("[decision]\ncosts = 3", "[decision]: costs must be a table: [costs]"),
        ("[decision]\nprototypes = 5000", "[decision]: prototypes must be from 16 to 4096, got 5000"),
        ("= 1", "not TOML: "),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'mine.toml'}: {message}")
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: cannot be read: No such file or directory; experiments/configs holds examples$"):
        Config.load(tmp_path / "no.toml")


def test_a_file_that_is_no_text_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"a\.toml: not TOML"):
        Config.load(tmp_path / "a.toml")


def test_a_command_line_changes_only_what_it_names() -> None:
    assert Config().changed() == Config()
    changed = Config().changed(lang="en", target_precision=0.9, folds=0)
    assert (changed.model.lang, changed.decision.target_precision, changed.split.folds) == ("en", 0.9, 0)
    assert dataclasses.replace(changed, model=Config().model, decision=Config().decision, split=Config().split) == Config()


def test_costs_are_a_table_of_the_decision_or_options(tmp_path: Path) -> None:
    costs = load(tmp_path, "[decision]\ncosts = {wrong = 20.0, review = 1.0}\n").decision.costs
    assert (costs, costs.given) == (CostsConfig(20.0, 1.0), True)
    assert not Config().decision.costs.given
    assert Config().changed(cost_wrong=20.0).decision.costs == CostsConfig(20.0, 1.0)
    assert Config().changed(cost_wrong=20.0, cost_review=0.5).decision.costs == CostsConfig(20.0, 0.5)
    given = Config().changed(cost_wrong=30.0, cost_review=2.0)
    assert given.changed(cost_wrong=40.0).decision.costs == CostsConfig(40.0, 2.0)
    assert given.changed(cost_review=3.0, target_precision=0.9).decision.costs == CostsConfig(30.0, 3.0)


@pytest.mark.parametrize(
    "wrong", [{"cost_wrong": 0.5}, {"cost_review": 1.0}, {"folds": 1}, {"folds": -1}, {"target_precision": 1.5}, {"target_precision": 0.0}]
)
def test_a_command_line_is_held_to_the_same_ranges(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=r"^options: "):
        Config().changed(**wrong)  # type: ignore[arg-type]


def test_a_configuration_goes_whole_into_a_manifest() -> None:
    plain = json.loads(json.dumps(Config().as_dict()))
    assert plain["model"]["words"] == [1, 2]
    assert set(plain) == {field.name for field in dataclasses.fields(Config)}


def test_lemmas_are_russian_only() -> None:
    russian = Config(model=ModelConfig(lemmas=True))
    assert russian.changed(lang="ru").model.lemmas is True
    assert russian.changed(lang="en").model == ModelConfig(lang="en", lemmas=False)
    with pytest.raises(ConfigError, match=r"lemmas are Russian \(pymorphy3\); with lang = 'en' set lemmas = false$"):
        Config(model=ModelConfig(lang="en", lemmas=True)).check("x.toml")
