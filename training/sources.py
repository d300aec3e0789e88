"""What a run learns from: the bundled corpus, or files with any field names and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data.errors import DataError
from data.messages import Example
from data.parsing import Fields, example_parser
from data.readers import Batch, corpus_files, read
from data.taxonomy import Taxonomy, load_taxonomy
from training.progress import Progress


@dataclass(frozen=True)
class Sources:
    """Labelled messages, parts that came as files of their own, and the taxonomy they are labelled by."""

    examples: list[Example]
    given: dict[str, list[Example]]
    taxonomy: Taxonomy


def gather(
    corpus: Path,
    taxonomy_path: Path,
    files: Sequence[Path],
    given: dict[str, Path | None],
    fields: Fields,
    progress: Progress,
    open_label: str | None = None,
    foreign: bool = False,
    without_open: bool = False,
    strict: bool = False,
) -> Sources:
    """Read everything; `foreign` data needs no taxonomy, its labels are the topics.

    Rows that cannot be used are counted and written to FILE.rejected.jsonl beside the folder the command runs in.
    """
    taxonomy = None if foreign else load_taxonomy(taxonomy_path)
    parse = example_parser(taxonomy, fields)
    paths = list(files) or list(corpus_files(corpus))
    examples = _used(read(paths, parse, strict), paths, progress)
    parts = {part: _used(read([path], parse, strict), [path], progress) for part, path in given.items() if path is not None}
    if taxonomy is None:
        labels = {example.label for members in (examples, *parts.values()) for example in members}
        if open_label is not None and open_label not in labels:
            raise DataError(f"--open-label {open_label!r} does not occur among the labels")
        taxonomy = Taxonomy.from_labels(labels, open_label)
    if without_open:
        if taxonomy.open_topic is None:
            raise DataError("--without-open: no label is the open one; name it with --open-label")
        examples = [example for example in examples if example.label != taxonomy.open_topic]
    return Sources(examples, parts, taxonomy)


def _used(batch: Batch[Example], paths: Sequence[Path], progress: Progress) -> list[Example]:
    put_aside(batch, Path(f"{Path(paths[0]).stem if len(paths) == 1 else 'corpus'}.rejected.jsonl"), progress)
    if not batch.records:
        raise DataError(
            f"{paths[0]}: no usable messages"
            + (f"; first of {len(batch.rejected)} reasons: {batch.rejected[0].reason}" if batch.rejected else "")
        )
    return batch.records


def put_aside(batch: Batch[Example], path: Path, progress: Progress) -> None:
    """Name the rows that could not be used and keep them in a file."""
    if batch.rejected:
        batch.write_rejected(path)
        for row in batch.rejected[:3]:
            progress.say(f"put aside: {row}")
        progress.say(f"{len(batch.rejected)} of {len(batch.records) + len(batch.rejected)} rows put aside, kept in {path}")
