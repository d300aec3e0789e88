"""python -m data check | stats | import, through the command line's own parser."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from data.__main__ import app
from data.console import command_line, run
from data.errors import ConfigError, DataError

TAXONOMY = """
channels: [app]
topics:
  money: {title: {ru: Деньги}, needs: {fee: {}, refund: {}}}
  network: {title: {ru: Сеть}, needs: {outage: {}}}
"""
ROWS = [
    {"id": "1", "text": "верните деньги за подписку сегодня", "topic": "money", "need": "refund", "author": "anna", "channel": "app"},
    {"id": "2", "text": "верните деньги за подписку сегодня", "topic": "network", "author": "boris"},
    {"id": "3", "text": "нет связи", "topic": "network", "need": "outage", "author": "boris"},
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with taxonomy.yaml and ours.jsonl."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taxonomy.yaml").write_text(TAXONOMY, encoding="utf-8")
    (tmp_path / "ours.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), encoding="utf-8")
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--taxonomy", "taxonomy.yaml"], env={"COLUMNS": "160"})


def test_check_counts_every_finding(folder: Path) -> None:
    result = call("check", "--data", "ours.jsonl", "--against", "ours.jsonl", "--min-need", "1")
    assert result.exit_code == 0
    assert "conflict: 1, 2: " in result.output
    assert "conflict             1   33.33% of 3 messages" in result.output
    assert "near-duplicate       1" in result.output
    assert "leak                 4   66.67%" in result.output
    assert "rare-need            1" in result.output


def test_strict_check_fails_on_conflicts(folder: Path) -> None:
    assert call("check", "--data", "ours.jsonl", "--strict").exit_code == 1
    (folder / "ours.jsonl").write_text(json.dumps(ROWS[0]), encoding="utf-8")
    assert call("check", "--data", "ours.jsonl", "--strict").exit_code == 0


def test_stats_count_by_label_need_channel_and_author(folder: Path) -> None:
    result = call("stats", "--data", "ours.jsonl")
    assert result.exit_code == 0
    assert "3 messages" in result.output
    assert "channel: - 2  app 1" in result.output
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in result.output.splitlines() if "│" in line]
    assert ["money", "(word of the topic in 100%)", "1"] in cells
    assert ["", "refund", "1"] in cells
    assert ["boris", "2", "3.5", "1.00", "100.0%"] in cells


def test_rows_that_cannot_be_used_are_named_and_the_rest_is_counted(folder: Path) -> None:
    with (folder / "ours.jsonl").open("a", encoding="utf-8") as file:
        file.write("nope\n")
    result = call("stats", "--data", "ours.jsonl")
    assert result.exit_code == 0
    assert result.stderr == "not usable: ours.jsonl:4: not JSON (Expecting value); expected one JSON object a line\n"


@pytest.mark.parametrize("command", ["check", "stats"])
def test_an_empty_corpus_is_one_line(command: str, folder: Path) -> None:
    (folder / "empty.jsonl").touch()
    with pytest.raises(DataError, match=r"^no usable messages in empty\.jsonl$"):
        CliRunner().invoke(app, [command, "--data", "empty.jsonl", "--taxonomy", "taxonomy.yaml"], catch_exceptions=False)


def test_import_writes_the_form_of_the_corpus(folder: Path) -> None:
    (folder / "crm.csv").write_text("body,theme,channel\nверните деньги,Деньги,app\nчто-то,Прочее,\n", encoding="utf-8")
    (folder / "themes.json").write_text('{"Деньги": "money"}', encoding="utf-8")
    result = call("import", "crm.csv", "out.jsonl", "--text-field", "body", "--label-field", "theme", "--map", "themes.json")
    assert result.exit_code == 1
    assert result.stderr == (
        "1 messages written to out.jsonl\n1 rows put aside in out.rejected.jsonl, first: "
        "crm.csv:3: field 'theme': unknown topic 'Прочее' (known: money, network)\n"
    )
    (row,) = (json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines())
    assert row == {"id": "crm-2", "text": "верните деньги", "also": [], "channel": "app", "topic": "money", "author": "crm"}
    assert len((folder / "out.rejected.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_what_was_imported_imports_again_unchanged(folder: Path) -> None:
    assert call("import", "ours.jsonl", "a.jsonl", "--author", "nobody").exit_code == 0
    assert call("import", "a.jsonl", "b.jsonl").exit_code == 0
    assert (folder / "a.jsonl").read_bytes() == (folder / "b.jsonl").read_bytes()
    assert not (folder / "a.rejected.jsonl").exists()


def test_half_an_emoji_survives_an_import(folder: Path) -> None:
    (folder / "half.jsonl").write_text('{"id": "1", "text": "спасибо \\ud83d", "topic": "money"}\n', encoding="utf-8")
    assert call("import", "half.jsonl", "out.jsonl").exit_code == 0
    assert json.loads((folder / "out.jsonl").read_text(encoding="utf-8"))["text"] == "спасибо \ud83d"


def test_strict_import_stops(folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"text": "x", "topic": "money"}\nnope\n', encoding="utf-8")
    result = call("import", "bad.jsonl", "out.jsonl", "--strict")
    assert isinstance(result.exception, DataError)
    assert str(result.exception).startswith("bad.jsonl:2: not JSON")
    assert not (folder / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("raised", "line", "code"),
    [
        (DataError("a.csv: empty"), "error: a.csv: empty\n", 1),
        (ConfigError("unknown key"), "error: unknown key\n", 2),
        (FileNotFoundError(2, "No such file or directory", "no/out.jsonl"), "error: no/out.jsonl: No such file or directory\n", 1),
        (KeyboardInterrupt(), "", 130),
    ],
)
def test_the_edge_prints_one_line_and_exits(
    raised: BaseException, line: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    edge = command_line("nothing", "Nothing.")

    @edge.command()
    def fail() -> None:
        raise raised

    monkeypatch.setattr(sys, "argv", ["nothing", "fail"])
    with pytest.raises(SystemExit) as caught:
        run(edge)
    assert caught.value.code == code
    assert capsys.readouterr().err.strip() == line.strip()
