"""A training configuration: TOML into frozen dataclasses, unknown keys refused."""

from __future__ import annotations

import dataclasses
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, get_type_hints

from data.errors import ConfigError, nearest

DEFAULT_PATH = Path("experiments/configs/default.toml")


@dataclass(frozen=True)
class ModelConfig:
    """Parameters of models.classifier.TopicClassifier; n-gram ranges are [shortest, longest], [] for none.

    `typos` is the share of messages learned from once more with typing errors or, one copy in five, words run together.
    """

    lang: str = "ru"
    words: tuple[int, ...] = (1, 2)
    characters: tuple[int, ...] = (2, 5)
    lemmas: bool = False
    encoder: str = "use"
    encoder_weight: float = 1.0
    C: float = 0.6
    repair: str = "all"
    typos: float = 0.0


@dataclass(frozen=True)
class SplitConfig:
    """Shares of whole authors; `test` authors are looked at once, at the end.

    conversations: authors whose conversations certify, and nothing else; (), or names that no conversation read bears: the certifying authors
    of messages and, where the others' conversations are enough to learn from, all who left no message.
    """

    fit: float = 0.64
    calibrate: float = 0.10
    certify: float = 0.16
    test: float = 0.10
    folds: int = 5
    conversations: tuple[str, ...] = ()


@dataclass(frozen=True)
class CostsConfig:
    """What a wrong topic among auto costs beside a message that a person looks at, in any unit; 0 and 0: a target is proven instead."""

    wrong: float = 0.0
    review: float = 0.0

    @property
    def given(self) -> bool:
        """Whether costs, not a target, choose the threshold of automatic routing."""
        return self.wrong > 0


@dataclass(frozen=True)
class DecisionConfig:
    """What is to be proven, and how the unknown is told.

    target_precision: least share right among auto; max_swallowed: most real requests among no_request; delta: accepted error of the proofs;
    prototypes: most centres kept; unseen_weight: share of the open topic's weight in calibration that left-out kinds of it get
    (0: none); open_cost: how much accuracy on known
    topics the open-set test may cost (0: the open topic is given only where it is the likeliest); costs: in place of target_precision.
    """

    target_precision: float = 0.97
    max_swallowed: float = 0.01
    delta: float = 0.05
    prototypes: int = 4096
    unseen_weight: float = 0.1
    open_cost: float = 0.015
    costs: CostsConfig = field(default_factory=CostsConfig)


@dataclass(frozen=True)
class Config:
    """Everything that a run of training is made of."""

    name: str = "default"
    seed: int = 0
    data: str = "data/corpus"
    taxonomy: str = "data/taxonomy.yaml"
    jobs: int = 2
    model: ModelConfig = field(default_factory=ModelConfig)
    split: SplitConfig = field(default_factory=SplitConfig)
    decision: DecisionConfig = field(default_factory=DecisionConfig)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a manifest and a tracker."""
        return dataclasses.asdict(self)

    def changed(
        self,
        lang: str | None = None,
        target_precision: float | None = None,
        folds: int | None = None,
        cost_wrong: float | None = None,
        cost_review: float | None = None,
    ) -> Config:
        """The same with what a command line named; a review costs 1 unless something else is said.

        Raises:
            ConfigError: a value is out of range.
        """
        model, split, decision = self.model, self.split, self.decision
        if target_precision is not None:
            decision = dataclasses.replace(decision, target_precision=target_precision)
        if cost_wrong is not None or cost_review is not None:
            wrong = decision.costs.wrong if cost_wrong is None else cost_wrong
            review = decision.costs.review or 1.0 if cost_review is None else cost_review
            decision = dataclasses.replace(decision, costs=CostsConfig(wrong, review))
        config = dataclasses.replace(
            self,
            # Lemmas are Russian: who names another language on the command line need not know that.
            model=model if lang is None else dataclasses.replace(model, lang=lang, lemmas=model.lemmas and lang == "ru"),
            split=split if folds is None else dataclasses.replace(split, folds=folds),
            decision=decision,
        )
        config.check("options")
        return config

    def with_model(self, change: str) -> Config:
        """The same with one `key=value` of [model] changed, the value as TOML writes it (a bare word is a string)."""
        key, _, value = change.partition("=")
        try:
            raw = tomllib.loads(f"{key} = {value}")
        except tomllib.TOMLDecodeError:
            raw = {key: value}
        hints = get_type_hints(ModelConfig)
        if not value or key not in hints:
            raise ConfigError(f"--change {change!r}: expected key=value with a key of [model]{nearest(key, hints)}")
        current = {name: list(old) if isinstance(old, tuple) else old for name, old in dataclasses.asdict(self.model).items()}
        return dataclasses.replace(self, model=_build(ModelConfig, {**current, **raw}, "--change"))

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Read a TOML file, DEFAULT_PATH if none is named and it is there; what it does not name keeps its default.

        Raises:
            ConfigError: no such file, not TOML, an unknown key (the nearest known one is named), or a value of another type or range.
        """
        if path is None:
            if not DEFAULT_PATH.exists():
                return cls()
            path = DEFAULT_PATH
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}; experiments/configs holds examples") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: not TOML: {error}") from error
        config: Self = _build(cls, {"name": path.stem, **raw}, str(path))
        config.check(str(path))
        return config

    def check(self, place: str) -> None:
        """Refuse values out of range; `place` is where they were written.

        Raises:
            ConfigError: the first value that cannot be used, and what it may be.
        """
        model, decision, costs = self.model, self.decision, self.decision.costs
        shares, folds = {part: getattr(self.split, part) for part in ("fit", "calibrate", "certify", "test")}, self.split.folds
        rules = (
            (self.seed >= 0, f"seed must not be negative, got {self.seed}"),
            (self.jobs != 0, "jobs must be the number of processes, or -1 for all cores, got 0"),
            (_is_range(model.words), f"[model]: words must be [shortest, longest] or [], got {list(model.words)}"),
            (_is_range(model.characters), f"[model]: characters must be [shortest, longest] or [], got {list(model.characters)}"),
            (
                bool(model.words or model.characters or model.lemmas),
                "[model]: words, characters and lemmas are all off; give at least one of them",
            ),
            (
                not model.lemmas or model.lang == "ru",
                f"[model]: lemmas are Russian (pymorphy3); with lang = {model.lang!r} set lemmas = false",
            ),
            (model.C > 0, f"[model]: C must be above 0, got {model.C}"),
            (model.encoder_weight > 0, f"[model]: encoder_weight must be above 0, got {model.encoder_weight}"),
            (0 <= model.typos <= 1, f"[model]: typos must be from 0 to 1, got {model.typos}"),
            (
                abs(sum(shares.values()) - 1) <= 1e-6 and min(shares.values()) >= 0 and shares["fit"] > 0,
                f"[split]: shares must not be negative and sum to 1, got {shares}",
            ),
            (folds == 0 or folds >= 2, f"[split]: folds must be 0 (none) or at least 2, got {folds}"),
            (
                0.5 <= decision.target_precision < 1 and 0 < decision.delta < 0.5,
                "[decision]: target_precision must be from 0.5 to below 1, delta between 0 and 0.5",
            ),
            (0 < decision.max_swallowed < 1, f"[decision]: max_swallowed must be between 0 and 1, got {decision.max_swallowed}"),
            (0 <= decision.open_cost < 0.5, f"[decision]: open_cost must be from 0 to below 0.5, got {decision.open_cost}"),
            (
                costs == CostsConfig() or 0 < costs.review < costs.wrong < math.inf,
                f"[decision]: costs: a wrong topic must cost more than a review, and a review more than 0, got {dataclasses.asdict(costs)}",
            ),
            (16 <= decision.prototypes <= 4096, f"[decision]: prototypes must be from 16 to 4096, got {decision.prototypes}"),
        )
        for holds, message in rules:
            if not holds:
                raise ConfigError(f"{place}: {message}")


def _is_range(values: tuple[int, ...]) -> bool:
    return not values or 1 <= values[0] <= values[1]


def _build(kind: type[Any], raw: Mapping[str, Any], place: str) -> Any:
    hints = get_type_hints(kind)
    values = {}
    for key, value in raw.items():
        if key not in hints:
            raise ConfigError(f"{place}: unknown key {key!r}{nearest(key, hints)}")
        wanted = hints[key]
        if dataclasses.is_dataclass(wanted):
            if not isinstance(value, dict):
                raise ConfigError(f"{place}: {key} must be a table: [{key}]")
            values[key] = _build(wanted, value, f"{place}: [{key}]")  # type: ignore[arg-type]
        elif wanted == tuple[int, ...]:
            if not isinstance(value, list) or len(value) not in (0, 2) or not all(isinstance(item, int) for item in value):
                raise ConfigError(f"{place}: {key} must be [shortest, longest] or [], got {value!r}")
            values[key] = tuple(value)
        elif wanted == tuple[str, ...]:
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ConfigError(f"{place}: {key} must be a list of names, got {value!r}")
            values[key] = tuple(value)
        elif wanted is float and isinstance(value, int) and not isinstance(value, bool):
            values[key] = float(value)
        elif type(value) is wanted:
            values[key] = value
        else:
            raise ConfigError(f"{place}: {key} must be {wanted.__name__}, got {value!r}")
    return kind(**values)
