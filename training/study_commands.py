"""The studies as tables on a terminal, in Markdown, so that they can go into a log as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from data.errors import DataError
from experiments.intervals import interval, paired_interval
from experiments.metrics import macro_f1, need_accuracy
from experiments.predictions import Predictions
from training.config import Config
from training.fit import cross_validate
from training.material import SHORT, Material, prepare, split_authors, with_noise
from training.progress import Progress
from training.repair_study import changes, harm, read_verdicts
from training.sources import Sources, gather
from training.studies import Line, learning_curve, noise, plain_tagger, unseen_kinds


def _parts(config: Config, progress: Progress) -> tuple[Sources, dict[str, Material]]:
    from data.parsing import Fields

    sources = gather(Path(config.data), Path(config.taxonomy), [], {}, Fields(), progress)
    parts = split_authors(sources.examples, config, {})
    for part in ("fit", "calibrate"):
        parts[part] = with_noise(parts[part], config)
    material = prepare([example for members in parts.values() for example in members], config, progress)
    place = {example.id: number for number, example in enumerate(material.examples)}
    return sources, {part: material.take([place[example.id] for example in members]) for part, members in parts.items()}


def _join(*materials: Material) -> Material:
    import numpy as np

    examples, prepared = ([item for material in materials for item in getattr(material, name)] for name in ("examples", "prepared"))
    joined = Material(examples, prepared, np.concatenate([material.vectors for material in materials]))
    return joined.take(sorted(range(len(examples)), key=lambda number: examples[number].id))


def _print(lines: Iterable[Line], against: str) -> None:
    console = Console(width=200)
    console.print(f"| | messages | macro-F1 | {against} |\n| --- | --- | --- | --- |", highlight=False, markup=False)
    for line in lines:
        console.print(f"| {line.name} | {line.n} | {line.figure} | {line.difference or ''} |", highlight=False, markup=False)


def curve_table(config: Config) -> None:
    """Learn from fit and calibrate authors, measure on the certifying and test authors."""
    progress = Progress()
    sources, parts = _parts(config, progress)
    learn, hold = _join(parts["fit"], parts["calibrate"]), _join(parts["certify"], parts["test"])
    progress.say(
        f"{len(learn.examples)} messages to learn from, {len(hold.examples)} of {len({e.author for e in hold.examples})} other authors to measure on"
    )
    _print(learning_curve(learn, hold, sources.taxonomy, config), "")


def noise_table(config: Config, count: int, ablate: bool) -> None:
    """Spoil `count` messages of certifying and test authors, drawn by a hash of their ids."""
    progress = Progress()
    sources, parts = _parts(config, progress)
    hold = _join(parts["certify"], parts["test"])
    clean = [
        example
        for example, item in zip(hold.examples, hold.prepared, strict=True)
        if example.lang in ("", config.model.lang) and not item.repairs
    ]
    chosen = sorted(clean, key=lambda example: hashlib.sha256(example.id.encode()).hexdigest())[:count]
    if not chosen:
        raise DataError("no messages that are clean and in the configured language to spoil")
    progress.say(f"{len(chosen)} messages of held-out authors that repair leaves as they are")
    tagger = plain_tagger(_join(parts["fit"], parts["calibrate"]), sources.taxonomy, config)
    quiet = Progress(quiet=True)
    _print(noise(tagger, chosen, config, quiet, ablate), "difference: from unspoilt (with repair), from all steps (others)")


def repair_table(config: Config, verdicts: Path) -> None:
    """What repair changes in the corpus, and how many messages that were right it harms."""
    from data.parsing import Fields
    from models.proof import lower_bound

    sources = gather(Path(config.data), Path(config.taxonomy), [], {}, Fields(), Progress())
    found = list(changes(sources.examples, config.model.lang))
    lines = harm(found, read_verdicts(verdicts))
    clean = len(sources.examples) - lines[-1].changed + lines[-1].clean
    console = Console(width=200)
    console.print(f"{len(sources.examples)} messages; {clean} of them need none of these repairs", highlight=False)
    head = "| step | messages changed | clean ones among them | share of clean messages | broken, a right word changed too | not judged |"
    console.print(f"{head}\n| --- | --- | --- | --- | --- | --- |", highlight=False, markup=False)
    for line in lines:
        low, high = lower_bound(line.clean, clean, 0.025), 1 - lower_bound(clean - line.clean, clean, 0.025)
        share = f"{line.clean / clean:.2%} [{low:.2%}, {high:.2%}]"
        row = f"| {line.step} | {line.changed} | {line.clean} | {share} | {line.beside} | {line.unjudged} |"
        console.print(row, highlight=False, markup=False)


def tune_table(config: Config, changes: list[str]) -> None:
    """Cross-validate the configuration and each change of it on the fit and calibrate authors."""
    progress = Progress()
    tables: dict[str, Predictions] = {}
    for name, variant in {"as configured": config, **{change: config.with_model(change) for change in changes}}.items():
        sources, parts = _parts(variant, progress)
        material = _join(parts["fit"], parts["calibrate"])
        with progress.task(name, config.split.folds) as advance:
            rows = cross_validate(material, sources.taxonomy, variant, advance)
        tables[name] = Predictions(rows, sources.taxonomy.no_request_label, sources.taxonomy.open_topic)
    base = tables["as configured"]
    console = Console(width=200)
    console.print(
        "| change | macro-F1 | difference over authors | need | difference |\n| --- | --- | --- | --- | --- |",
        highlight=False,
        markup=False,
    )
    for name, table in tables.items():
        cells = [name, str(interval(table, macro_f1, "authors"))]
        cells += [str(paired_interval(base, table, macro_f1, "authors")) if table is not base else ""]
        cells += [str(interval(table, need_accuracy, "authors"))]
        cells += [str(paired_interval(base, table, need_accuracy, "authors")) if table is not base else ""]
        console.print(f"| {' | '.join(cells)} |", highlight=False, markup=False)


def unseen_table(config: Config) -> None:
    """Leave every need of the open topic out in turn."""
    progress = Progress()
    sources, parts = _parts(config, progress)
    console = Console(width=200)
    console.print(
        "| left out | messages | open topic | open topic or review | coverage of known |\n| --- | --- | --- | --- | --- |",
        highlight=False,
        markup=False,
    )
    total = right = safe = 0.0
    for line in unseen_kinds(parts, sources.taxonomy, config):
        console.print(
            f"| {line.need} | {line.n} | {line.open:.3f} | {line.safe:.3f} | {line.coverage:.3f} |", highlight=False, markup=False
        )
        total, right, safe = total + line.n, right + line.open * line.n, safe + line.safe * line.n
    if total:
        console.print(f"| all | {total:.0f} | {right / total:.3f} | {safe / total:.3f} | |", highlight=False, markup=False)


def alike_table(config: Config, others: list[Path], least: float) -> None:
    """Count corpus messages whose encoding is nearly that of a message of another set, and of another part's authors."""
    from data.parsing import example_parser
    from data.readers import read

    progress = Progress()
    sources, parts = _parts(replace(config, model=replace(config.model, typos=0.0)), progress)
    console = Console(width=200)
    sets = {path.stem: prepare(read([path], example_parser(sources.taxonomy)).records, config, progress) for path in others}
    corpus = _join(*parts.values())
    for name, other in {**sets, **{part: material for part, material in parts.items() if part != "fit"}}.items():
        against = corpus if name in sets else parts["fit"]
        nearest = (other.vectors @ against.vectors.T).argmax(axis=1)
        similarity = (other.vectors * against.vectors[nearest]).sum(axis=1)
        high = [n for n in range(len(nearest)) if similarity[n] >= least and len(other.examples[n].text) > SHORT]
        console.print(f"{name}: {len(high)} of {len(nearest)} messages have one at {least} or nearer", highlight=False, markup=False)
        for n in sorted(high, key=lambda n: -similarity[n])[:10]:
            pair = f"{other.examples[n].id} ~ {against.examples[nearest[n]].id}"
            console.print(f"  {similarity[n]:.3f}  {pair}", highlight=False, markup=False)
