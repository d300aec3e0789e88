"""Labelled messages made ready to learn from: prepared, encoded, split by author."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from data import split
from data.errors import DataError
from data.messages import Example
from models.classifier import TopicClassifier
from models.encoders import CachedEncoder, Vectors, make_encoder
from models.noise import spoil
from models.prepare import Preparation, Prepared
from training.config import Config
from training.progress import Progress

PARTS = ("fit", "calibrate", "certify", "test")
SHORT = 25  # characters; shorter messages ("спасибо большое") are the same by nature
SPOILT, TOLD = "spoilt", "told"  # slices of spoilt copies and of whole conversations: learned from, never measured on
TOGETHER = 0.2  # share of the copies whose words are run together instead
CACHE = Path(".cache/encodings")


@dataclass(frozen=True)
class Material:
    """n examples of one part with what a model reads of them: prepared texts and (n, dimension) encodings."""

    examples: list[Example]
    prepared: list[Prepared]
    vectors: Vectors

    @property
    def texts(self) -> list[str]:
        """Repaired, masked texts."""
        return [item.text for item in self.prepared]

    @property
    def labels(self) -> list[str]:
        """Topics or the no-request label."""
        return [example.label for example in self.examples]

    @property
    def needs(self) -> list[str | None]:
        """Needs, None where none is given."""
        return [example.need for example in self.examples]

    def take(self, index: Sequence[int] | npt.NDArray[np.intp]) -> Material:
        """The examples at these positions."""
        return Material(
            [self.examples[i] for i in index], [self.prepared[i] for i in index], self.vectors[np.asarray(index, dtype=np.intp)]
        )


def classifier_of(config: Config) -> TopicClassifier:
    """An unfitted classifier with the configuration's parameters."""
    model = config.model
    return TopicClassifier(
        lang=model.lang,
        words=_range(model.words),
        characters=_range(model.characters),
        lemmas=model.lemmas,
        encoder=model.encoder,
        encoder_weight=model.encoder_weight,
        C=model.C,
        repair=model.repair,
        seed=config.seed,
    )


def _range(values: tuple[int, ...]) -> tuple[int, int] | None:
    return (values[0], values[1]) if values else None


def prepare(examples: Sequence[Example], config: Config, progress: Progress) -> Material:
    """Repair, mask and encode examples; encodings are kept on disk by hash of the prepared text."""
    ordered = sorted(examples, key=lambda example: example.id)
    preparation = Preparation(config.model.repair, config.model.lang)
    with progress.task("repairing and masking", len(ordered)) as advance:
        prepared = []
        for number, example in enumerate(ordered, 1):
            prepared.append(preparation(example.text))
            if number % 100 == 0 or number == len(ordered):
                advance(number)
    encoder = make_encoder(config.model.encoder)
    if encoder is None:
        return Material(ordered, prepared, np.zeros((len(ordered), 0), dtype=np.float32))
    with progress.task("encoding", len(ordered)) as advance:
        cached = CachedEncoder(encoder, CACHE, lambda done, total: advance(len(ordered) - total + done), config.jobs)
        return Material(ordered, prepared, cached.encode([item.text for item in prepared]))


def split_authors(examples: Sequence[Example], config: Config, given: Mapping[str, Sequence[Example]]) -> dict[str, list[Example]]:
    """Whole authors into fit, calibrate, certify, test; parts that were given as files of their own are taken as they are.

    A given validation file is dealt 3 : 2 to calibrate and certify unless a file to certify on is given too. Messages whose very words stand
    in the fit part are left out of the others.

    Raises:
        DataError: too few authors.
    """
    held = {part: list(members) for part, members in given.items()}
    parts: dict[str, list[Example]] = {}
    if "calibrate" in held and "certify" not in held:
        parts |= split.by_group(held.pop("calibrate"), {"calibrate": 0.6, "certify": 0.4}, config.seed)
    parts |= held
    shares = {part: getattr(config.split, part) for part in PARTS if part not in parts}
    shares = {part: share / sum(shares.values()) for part, share in shares.items() if share}
    if "test" in shares and "calibrate" in parts:  # own validation data, but no test file: nothing is held back for a test
        shares = {"fit": 1.0}
    parts |= split.by_group(examples, shares, config.seed)
    learned = {example.text for example in parts["fit"] if len(example.text) > SHORT}
    for part in PARTS[1:]:
        # Two people may write the same words; what was learned by heart must not count as understood.
        parts[part] = [example for example in parts.get(part, []) if example.text not in learned]
    for part, members in parts.items():
        if not members and (part in shares or part in given or part == "calibrate"):
            raise DataError(f"no messages are left for {part!r}; give more authors or change [split]")
    return parts


def with_noise(examples: Sequence[Example], config: Config) -> list[Example]:
    """Examples and, for the configured share of those in the configured language, a spoilt copy: typing errors or words run together, by seed.

    Copies are made of masked texts: a slip in «дата рождения» or in a name would keep what stands beside it from being recognised.
    """
    preparation = Preparation(config.model.repair, config.model.lang)
    copies = []
    for example in examples:
        draw = random.Random(f"{config.seed}/{example.id}")  # noqa: S311
        if example.lang in ("", config.model.lang) and draw.random() < config.model.typos:
            kind = "nospace" if draw.random() < TOGETHER else "typos"
            spoilt = spoil(preparation(example.text).masked, kind, draw)
            copies.append(replace(example, id=f"{example.id}~typos", text=spoilt, slice=SPOILT))
    return [*examples, *copies]


def fingerprint(examples: Sequence[Example]) -> str:
    """sha256 of the examples in the order of their ids: the same whatever files and lines they came from."""
    digest = hashlib.sha256()
    for example in sorted(examples, key=lambda example: example.id):
        digest.update(json.dumps(asdict(example), ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
