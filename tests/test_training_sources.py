"""training/sources.py: the bundled corpus, files of the same form, foreign files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from data.errors import ConfigError, DataError
from data.parsing import Fields
from training.progress import Progress
from training.sources import Sources, gather

TAXONOMY = "topics:\n  money: {needs: {fee: {}}}\n  network: {}\n  other: {open: true}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with taxonomy.yaml and a corpus of two files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taxonomy.yaml").write_text(TAXONOMY, encoding="utf-8")
    (tmp_path / "corpus/messages").mkdir(parents=True)
    write("corpus/messages/b.jsonl", {"id": "2", "text": "нет сети", "topic": "network"})
    write(
        "corpus/messages/a.jsonl",
        {"id": "1", "text": "верните", "topic": "money", "need": "fee"},
        {"id": "3", "text": "вакансии", "topic": "other"},
    )
    return tmp_path


def write(name: str, *rows: dict[str, object]) -> Path:
    path = Path(name)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def collect(*files: Path, progress: Progress | None = None, **options: object) -> Sources:
    fields = Fields(label=str(options.pop("label", "topic")))
    given = {"test": options.pop("test", None)}
    return gather(Path("corpus"), Path("taxonomy.yaml"), files, given, fields, progress or Progress(quiet=True), **options)  # type: ignore[arg-type]


def test_the_corpus_is_read_unless_files_are_named(folder: Path) -> None:
    sources = collect()
    assert [example.id for example in sources.examples] == ["1", "3", "2"]
    assert sources.given == {}
    assert sources.taxonomy.open_topic == "other"
    mine = write("mine.jsonl", {"text": "верните", "topic": "money"})
    assert [example.id for example in collect(mine).examples] == ["mine-1"]


def test_a_file_of_its_own_is_a_part_of_its_own(folder: Path) -> None:
    sources = collect(test=write("test.jsonl", {"text": "x", "topic": "money"}))
    assert {part: [example.id for example in members] for part, members in sources.given.items()} == {"test": ["test-1"]}


def test_foreign_labels_are_the_topics(folder: Path) -> None:
    mine = write("mine.jsonl", {"text": "a", "intent": "pay", "need": "n"}, {"text": "b", "intent": "oos"})
    test = write("test.jsonl", {"text": "c", "intent": "call"})
    sources = collect(mine, test=test, label="intent", foreign=True, open_label="oos")
    assert sources.taxonomy.labels == ("call", "oos", "pay")
    assert sources.taxonomy.open_topic == "oos"
    assert [example.need for example in sources.examples] == [None, None]


def test_the_open_label_can_be_left_out_of_what_is_learned_from(folder: Path) -> None:
    mine = write("mine.jsonl", {"text": "a", "intent": "pay"}, {"text": "b", "intent": "oos"})
    test = write("test.jsonl", {"text": "c", "intent": "oos"})
    sources = collect(mine, test=test, label="intent", foreign=True, open_label="oos", without_open=True)
    assert [example.label for example in sources.examples] == ["pay"]
    assert [example.label for example in sources.given["test"]] == ["oos"]
    assert sources.taxonomy.open_topic == "oos"
    assert [example.id for example in collect(without_open=True).examples] == ["1", "2"]


def test_a_label_that_does_not_occur_is_no_open_label(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^--open-label 'oops' does not occur among the labels"):
        collect(write("mine.jsonl", {"text": "a", "intent": "pay"}), label="intent", foreign=True, open_label="oops")


def test_leaving_out_the_open_label_needs_one(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^--without-open: no label is the open one; name it with --open-label$"):
        collect(write("mine.jsonl", {"text": "a", "intent": "pay"}), label="intent", foreign=True, without_open=True)


def test_rows_that_cannot_be_used_are_named_counted_and_kept(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"text": "верните", "topic": "money"}, *({"text": "", "topic": "money"} for _ in range(5))]
    sources = collect(write("mine.jsonl", *rows), progress=Progress(Console(width=200)))
    assert len(sources.examples) == 1
    assert capsys.readouterr().out.splitlines() == [
        "put aside: mine.jsonl:2: field 'text': empty",
        "put aside: mine.jsonl:3: field 'text': empty",
        "put aside: mine.jsonl:4: field 'text': empty",
        "5 of 6 rows put aside, kept in mine.rejected.jsonl",
    ]
    assert len(Path("mine.rejected.jsonl").read_text(encoding="utf-8").splitlines()) == 5


def test_strict_stops_at_the_first_of_them(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^mine\.jsonl:1: field 'text': empty"):
        collect(write("mine.jsonl", {"text": "", "topic": "money"}), strict=True)


def test_a_file_without_a_usable_row_stops(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^mine\.jsonl: no usable messages; first of 1 reasons: field 'text': empty$"):
        collect(write("mine.jsonl", {"text": "", "topic": "money"}))
    with pytest.raises(DataError, match=r"^mine\.jsonl: no usable messages$"):
        collect(write("mine.jsonl"))


def test_a_missing_corpus_or_taxonomy_is_one_line(folder: Path) -> None:
    Path("taxonomy.yaml").rename("moved.yaml")
    with pytest.raises(ConfigError, match=r"^taxonomy\.yaml: not a readable taxonomy"):
        collect()
    with pytest.raises(DataError, match=r"^nowhere/messages: no \.jsonl files"):
        gather(Path("nowhere"), Path("moved.yaml"), [], {}, Fields(), Progress(quiet=True))
