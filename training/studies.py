"""Studies over a whole corpus: learning curves, alternatives side by side, noise kind by kind and repair step by repair step."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.messages import Example
from data.taxonomy import Taxonomy
from experiments.intervals import Interval, interval, paired_interval
from experiments.metrics import macro_f1
from experiments.predictions import Predictions
from models.calibration import Calibration
from models.decision import Decider, Thresholds
from models.noise import KINDS, spoil
from models.openset import Neighbours
from models.tagger import Tagger
from models.text import STEPS
from training.config import Config
from training.fit import UNNAMED, fit, fit_classifier, predict
from training.material import Material, prepare
from training.progress import Progress

SIZES = (250, 500, 1000, 2000, 4000, 8000)


@dataclass(frozen=True)
class Line:
    """One line of a study: what was varied, macro-F1 with its interval, and the paired difference from the line it is held against."""

    name: str
    n: int
    figure: Interval
    difference: Interval | None = None


def plain_tagger(learn: Material, taxonomy: Taxonomy, config: Config) -> Tagger:
    """A tagger without calibration, thresholds or memory: what a study of the classifier alone needs."""
    classifier = fit_classifier(learn, config)
    topics = tuple(label for label in taxonomy.labels if label in classifier.classes_)
    nothing = Neighbours(np.zeros((0, learn.vectors.shape[1]), dtype=np.float32), np.zeros(0, dtype=np.intp), [])
    calibration = Calibration(classifier.sharpness, np.zeros(0), 0.0, len(topics), None)
    return Tagger(classifier, calibration, nothing, Decider(taxonomy, topics, tuple(classifier.leaves_), Thresholds(), UNNAMED))


def learning_curve(learn: Material, hold: Material, taxonomy: Taxonomy, config: Config) -> Iterator[Line]:
    """Macro-F1 on held-out authors after learning from more and more messages (over all authors), then from more and more authors."""
    draw = np.random.default_rng(config.seed)
    order = draw.permutation(len(learn.examples))
    for size in (*(size for size in SIZES if size < len(order)), len(order)):
        yield _line(f"{size} messages", learn.take(np.sort(order[:size])), hold, taxonomy, config)
    authors = list(draw.permutation(sorted({example.group for example in learn.examples})))
    for count in sorted({1, 2, 4, 8, 12, 16, 20, 24, len(authors)}):
        if count <= len(authors):
            chosen = set(authors[:count])
            index = [number for number, example in enumerate(learn.examples) if example.group in chosen]
            yield _line(f"{count} authors", learn.take(index), hold, taxonomy, config)


def _line(name: str, learn: Material, hold: Material, taxonomy: Taxonomy, config: Config) -> Line:
    table = Predictions(predict(plain_tagger(learn, taxonomy, config), hold, "study"))
    return Line(name, len(learn.examples), interval(table, macro_f1, "authors"))


def noise(tagger: Tagger, examples: Sequence[Example], config: Config, progress: Progress, ablate: bool = False) -> Iterator[Line]:
    """Macro-F1 on messages spoilt by each kind of noise against the same messages unspoilt; with `ablate`, each repair step left out in turn.

    Args:
        tagger: learned from other authors.
        examples: messages in Russian of held-out authors.
        config: its seed spoils.
    """
    spoilt: Mapping[str, list[Example]] = {"unspoilt": list(examples)} | {kind: spoil_all(examples, kind, config.seed) for kind in KINDS}

    def table(kind: str, steps: tuple[str, ...]) -> Predictions:
        variant = replace(config, model=replace(config.model, repair=",".join(steps) or "none"))
        return Predictions(predict(tagger, prepare(spoilt[kind], variant, progress), "noise"))

    clean = table("unspoilt", STEPS)
    for kind in spoilt:
        whole = table(kind, STEPS)
        yield Line(kind, len(examples), interval(whole, macro_f1), paired_interval(clean, whole, macro_f1))
        without = table(kind, ())
        yield Line(f"{kind}, no repair", len(examples), interval(without, macro_f1), paired_interval(whole, without, macro_f1))
        for step in STEPS if ablate else ():
            less = table(kind, tuple(name for name in STEPS if name != step))
            if [row.probabilities for row in less.rows] != [row.probabilities for row in whole.rows]:
                yield Line(f"{kind}, without {step}", len(examples), interval(less, macro_f1), paired_interval(whole, less, macro_f1))


@dataclass(frozen=True)
class Unseen:
    """What happened to held-out messages of one need of the open topic that nothing was learned, calibrated or certified on."""

    need: str
    n: int
    open: float
    safe: float
    coverage: float


def unseen_kinds(parts: Mapping[str, Material], taxonomy: Taxonomy, config: Config, coverage: float = 0.75) -> Iterator[Unseen]:
    """Leave each need of the open topic out of everything, then look at the test and certifying authors' messages of it.

    `open` is the share that got the open topic, `safe` the share that got it or would be reviewed, at the threshold that marks `coverage` of the
    known requests of the certifying authors auto.
    """
    name = taxonomy.open_topic
    for need in taxonomy.needs(name) if name else ():

        def known(material: Material, wanted: bool, need: str = need) -> Material:
            return material.take([number for number, example in enumerate(material.examples) if (example.need != need) == wanted])

        fitted = fit({part: known(material, True) for part, material in parts.items()}, taxonomy, config, Progress(quiet=True))
        requests = [row for row in fitted.predictions.rows if row.set == "certify" and row.label != taxonomy.no_request_label]
        threshold = float(np.quantile([row.confidence for row in requests], 1 - coverage))
        left_out = [row for part in ("certify", "test") for row in predict(fitted.tagger, known(parts[part], False), part)]
        given = [row.predicted == name for row in left_out]
        safe = [row.predicted == name or row.confidence < threshold for row in left_out]
        reached = sum(row.confidence >= threshold for row in requests) / len(requests)
        yield Unseen(need, len(left_out), sum(given) / len(given), sum(safe) / len(safe), reached)


def spoil_all(examples: Sequence[Example], kind: str, seed: int) -> list[Example]:
    """The examples with spoilt texts; each has a generator of its own, so that order does not matter."""
    return [replace(example, text=spoil(example.text, kind, random.Random(f"{seed}/{kind}/{example.id}"))) for example in examples]  # noqa: S311
