"""Look at a corpus before learning from it: python -m data check."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from data import checks
from data.console import command_line, run
from data.errors import DataError
from data.messages import Example
from data.parsing import Fields, example_parser
from data.readers import corpus_files, read, read_map
from data.taxonomy import DEFAULT_PATH, Taxonomy, load_taxonomy

app = command_line("data", "Check, count and import labelled messages.")
CORPUS = Path("data/corpus")

Data = Annotated[list[Path] | None, typer.Option("--data", help="Labelled .jsonl or .csv; may be repeated. Default: the bundled corpus.")]
TaxonomyFile = Annotated[Path, typer.Option("--taxonomy", help="YAML of topics and needs.")]


@app.command()
def check(
    data: Data = None,
    taxonomy: TaxonomyFile = DEFAULT_PATH,
    against: Annotated[list[Path] | None, typer.Option(help="Sets that must not leak into the corpus; may be repeated.")] = None,
    min_need: Annotated[int, typer.Option(help="Least messages a need should have.")] = 15,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on any finding but rare needs and openings.")] = False,
) -> None:
    """Find conflicting labels, near-duplicates, leaks, rare needs and monotonous authors.

    Example: python -m data check --against test.jsonl
    """
    known = load_taxonomy(taxonomy)
    examples = _examples(data, known)
    others = {path.stem: _examples([path], known) for path in against or []}
    findings = list(checks.check(examples, known, min_need, others))
    console = Console()
    counts = Counter(finding.code for finding in findings)
    for code, meaning in checks.CODES.items():
        for finding in [finding for finding in findings if finding.code == code][:10]:
            console.print(f"{code}: {', '.join(finding.ids)}: {finding.detail}", highlight=False, markup=False, soft_wrap=True)
        share = len({finding.ids[0] for finding in findings if finding.code == code}) / len(examples)
        console.print(f"{code:<16} {counts[code]:>5}  {share:7.2%} of {len(examples)} messages  ({meaning})", highlight=False)
    if strict and any(counts[code] for code in ("conflict", "leak")):
        raise typer.Exit(1)


@app.command()
def stats(data: Data = None, taxonomy: TaxonomyFile = DEFAULT_PATH) -> None:
    """Count messages by label, need, channel and author, and show how varied they are.

    Example: python -m data stats --data ours.jsonl
    """
    known, console = load_taxonomy(taxonomy), Console()
    examples = _examples(data, known)
    table = Table("label", "need", "messages", title=f"{len(examples)} messages", title_justify="left")
    counts = Counter((example.label, example.need) for example in examples)
    for label in known.labels:
        total = sum(count for (topic, _), count in counts.items() if topic == label)
        share = checks.topic_word_share(examples, known, label)
        table.add_row(label, f"(word of the topic in {share:.0%})", str(total), style="bold")
        for need in known.needs(label):
            table.add_row("", need, str(counts[label, need]))
    console.print(table)
    for name in ("channel", "lang", "slice"):
        groups = Counter(getattr(example, name) or "-" for example in examples)
        console.print(f"{name}: " + "  ".join(f"{key} {count}" for key, count in groups.most_common()), highlight=False)
    console.print(f"also: {sum(bool(example.also) for example in examples)} messages with a second request", highlight=False)
    people = Table("author", "messages", "words each", "type-token of 1,000", "top opening", title="by author", title_justify="left")
    for author, members in checks.by_author(examples).items():
        figures = checks.variety([member.text for member in members])
        people.add_row(
            author or "-", str(len(members)), f"{figures['words']:.1f}", f"{figures['type_token']:.2f}", f"{figures['top_opening']:.1%}"
        )
    console.print(people)


@app.command()
def agreement(
    second: Annotated[Path, typer.Option(help="Second labels: JSON lines with id, topic, need.")] = CORPUS / "second_labels.jsonl",
    data: Data = None,
    taxonomy: TaxonomyFile = DEFAULT_PATH,
) -> None:
    """How far a second, independent labelling agrees with the first: share equal and Cohen's kappa, of topics and of needs.

    Example: python -m data agreement
    """
    from data.readers import rows

    known = load_taxonomy(taxonomy)
    first = {example.id: example for example in _examples(data, known)}
    other = {str(row["id"]): row for _, row, _ in rows(second) if isinstance(row, dict) and "id" in row}
    console = Console()
    for name, mine, theirs in (
        ("topic", {key: example.label for key, example in first.items()}, {key: str(row.get("topic")) for key, row in other.items()}),
        ("need", {key: str(example.need) for key, example in first.items()}, {key: str(row.get("need")) for key, row in other.items()}),
    ):
        n, equal, kappa = checks.agreement(mine, theirs)
        console.print(f"{name}: {n} messages labelled twice, {equal:.4f} equal, Cohen's kappa {kappa:.4f}", highlight=False)


@app.command(name="import")
def import_(
    source: Annotated[Path, typer.Argument(help="Labelled .jsonl or .csv of another form.")],
    output: Annotated[Path, typer.Argument(help="JSONL to write.")],
    labels: Annotated[
        Path | None, typer.Option("--map", help='Foreign labels to known ones: {"foreign": "topic"} or a CSV of two columns.')
    ] = None,
    text_field: Annotated[str, typer.Option(help="Field that holds the text.")] = "text",
    label_field: Annotated[str, typer.Option(help="Field that holds the label.")] = "topic",
    author: Annotated[str, typer.Option(help="Author of rows that name none.")] = "",
    taxonomy: TaxonomyFile = DEFAULT_PATH,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first row that cannot be used.")] = False,
) -> None:
    """Turn a foreign labelled file into the form of the corpus.

    Example: python -m data import crm.csv ours.jsonl --text-field body --label-field theme --map themes.json
    """
    fields = Fields(text=text_field, label=label_field, rename=read_map(labels) if labels else {})
    batch = read([source], example_parser(load_taxonomy(taxonomy), fields), strict)
    # Half an emoji is what some clients do send: it is written as its JSON escape.
    with output.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for example in batch.records:
            row = {key: value for key, value in dataclasses.asdict(example).items() if value not in ("", None)}
            row["topic"] = row.pop("label")
            row.setdefault("author", author or source.stem)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    aside = output.with_suffix(".rejected.jsonl")
    batch.write_rejected(aside)
    console = Console(stderr=True)
    console.print(f"{len(batch.records)} messages written to {output}", highlight=False, soft_wrap=True)
    if batch.rejected:
        console.print(
            f"{len(batch.rejected)} rows put aside in {aside}, first: {batch.rejected[0]}", highlight=False, markup=False, soft_wrap=True
        )
        raise typer.Exit(1)


def _examples(paths: list[Path] | None, taxonomy: Taxonomy) -> list[Example]:
    batch = read(paths or corpus_files(CORPUS), example_parser(taxonomy))
    for row in batch.rejected[:5]:
        Console(stderr=True).print(f"not usable: {row}", highlight=False, markup=False, soft_wrap=True)
    if not batch.records:
        raise DataError(f"no usable messages in {', '.join(map(str, paths or [CORPUS]))}")
    return batch.records


if __name__ == "__main__":
    run(app)
