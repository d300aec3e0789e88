from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from data.errors import BundleError, DataError
from data.messages import Message
from models import bundle
from models.__main__ import app
from models.bulk import BATCH, tag_file
from models.tagger import Tagger

ROWS: list[dict[str, Any]] = [
    {"id": "z", "channel": "app", "text": "верните деньги за подписку"},
    {"id": "a", "channel": "web", "text": "интернет тормозит вечером"},
    {"id": "m", "text": "спасибо"},
    {"id": "photo", "text": "", "attachments": ["photo"]},
]


def written(path: Path, rows: Sequence[dict[str, Any] | str]) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def tagged(tmp_path: Path, model: Path, rows: Sequence[dict[str, Any] | str], name: str = "in") -> tuple[int, bytes]:
    output = tmp_path / f"{name}-tags.jsonl"
    rejected = tag_file(str(written(tmp_path / f"{name}.jsonl", rows)), output, model)
    return rejected, output.read_bytes()


def test_every_row_gets_the_tag_of_the_model_in_the_order_of_the_rows(tmp_path: Path, tiny_bundle: Path) -> None:
    output = tmp_path / "tags.jsonl"
    assert tag_file(str(written(tmp_path / "in.jsonl", ROWS)), output, tiny_bundle) == 0
    messages = [Message(row["id"], row["text"], attachments=tuple(row.get("attachments", ()))) for row in ROWS]
    assert lines(output) == [tag.as_dict() for tag in bundle.load(tiny_bundle).tag(messages)]
    assert [line["id"] for line in lines(output)] == ["z", "a", "m", "photo"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "tags.jsonl"]


def test_order_is_kept_over_batches(tmp_path: Path, tiny_bundle: Path) -> None:
    rows = [{"id": f"{number * 7919 % 1000}", "text": f"интернет {number}"} for number in range(2 * BATCH + 3)]
    _, raw = tagged(tmp_path, tiny_bundle, rows)
    assert [json.loads(line)["id"] for line in raw.splitlines()] == [row["id"] for row in rows]


def test_labels_in_the_input_are_not_looked_at(tmp_path: Path, tiny_bundle: Path) -> None:
    labelled = [{**row, "topic": "other", "need": ["bad"], "also": 7, "label": None, "author": {}} for row in ROWS]
    assert tagged(tmp_path, tiny_bundle, labelled, "with") == tagged(tmp_path, tiny_bundle, ROWS, "without")


def test_bad_rows_are_put_aside_with_their_reasons_and_the_others_go_on(
    tmp_path: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        "{broken",
        ROWS[0],
        {"id": "no-text"},
        {"id": "z", "text": "повтор"},
        {"id": "n", "text": 5},
        {"id": "e", "text": "  "},
        "[1]",
        ROWS[1],
    ]
    source, output = written(tmp_path / "in.jsonl", rows), tmp_path / "tags.jsonl"
    assert tag_file(str(source), output, tiny_bundle) == 6
    assert [line["id"] for line in lines(output)] == ["z", "a"]
    aside = lines(tmp_path / "tags.jsonl.rejected.jsonl")
    assert [row["line"] for row in aside] == [1, 3, 4, 5, 6, 7]
    assert {row["path"] for row in aside} == {str(source)}
    assert aside[0]["raw"] == "{broken"
    assert aside[0]["reason"].endswith("expected one JSON object a line")
    assert [row["reason"] for row in aside[1:5]] == [
        "field 'text': missing; expected the text of the message (another field's name is given with --text-field)",
        "field 'id': 'z' has come before; ids must differ",
        "field 'text': expected a string, got int",
        "field 'text': empty",
    ]
    told = capsys.readouterr().err
    assert "6 rows put aside in" in told
    assert "2 messages tagged by tiny+0" in told


def test_an_old_file_of_rejected_rows_goes_away_when_all_is_well(tmp_path: Path, tiny_bundle: Path) -> None:
    tagged(tmp_path, tiny_bundle, ["{", *ROWS])
    assert (tmp_path / "in-tags.jsonl.rejected.jsonl").exists()
    tagged(tmp_path, tiny_bundle, ROWS)
    assert not (tmp_path / "in-tags.jsonl.rejected.jsonl").exists()


def test_bytes_that_are_not_utf_8_cost_only_their_row(tmp_path: Path, tiny_bundle: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_bytes(b'{"id": "bad", "text": "\xff\xfe"}\n{"id": "good", "text": "sim"}\n{"id": "\\ud800", "text": "sim"}\n')
    assert tag_file(str(source), tmp_path / "tags.jsonl", tiny_bundle) == 2
    assert [line["id"] for line in lines(tmp_path / "tags.jsonl")] == ["good"]
    assert [row["line"] for row in lines(tmp_path / "tags.jsonl.rejected.jsonl")] == [1, 3]


def test_a_csv_gets_the_same_tags_as_its_json_lines(tmp_path: Path, tiny_bundle: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(
        'id,channel,text,topic\nz,app,"верните деньги за подписку",x\na,web,"интернет тормозит\nвечером",\n', encoding="utf-8-sig"
    )
    assert tag_file(str(source), tmp_path / "csv.jsonl", tiny_bundle) == 0
    _, raw = tagged(tmp_path, tiny_bundle, [ROWS[0], {**ROWS[1], "text": "интернет тормозит\nвечером"}])
    assert (tmp_path / "csv.jsonl").read_bytes() == raw


def test_standard_input_and_output(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    raw = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="ascii"))
    assert tag_file("-", Path("-"), tiny_bundle) == 0
    assert capsys.readouterr().out.encode() == tagged(tmp_path, tiny_bundle, ROWS)[1]


def test_rows_without_an_id_are_named_by_their_file_and_line(tmp_path: Path, tiny_bundle: Path) -> None:
    _, raw = tagged(tmp_path, tiny_bundle, [{"text": "симка"}, {"text": "тариф"}], "week")
    assert [json.loads(line)["id"] for line in raw.splitlines()] == ["week-1", "week-2"]


def test_turns_are_read_as_the_client_s_words(tmp_path: Path, tiny_bundle: Path) -> None:
    turns = [
        {"role": "client", "text": "верните деньги"},
        {"role": "agent", "text": "интернет тормозит, сети нет"},
        {"role": "client", "text": "за подписку"},
    ]
    _, conversation = tagged(tmp_path, tiny_bundle, [{"id": "c", "turns": turns}], "turns")
    _, own_words = tagged(tmp_path, tiny_bundle, [{"id": "c", "turns": [turns[0], turns[2]]}], "own")
    assert json.loads(conversation)["topic"] == "money"
    assert json.loads(conversation)["ranking"] == json.loads(own_words)["ranking"]


def test_a_run_that_breaks_off_leaves_the_old_output_and_nothing_else(
    tmp_path: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"id": str(number), "text": "симка"} for number in range(BATCH + 1)]
    output, tag = tmp_path / "tags.jsonl", Tagger.tag
    output.write_text("old", encoding="utf-8")
    source = written(tmp_path / "in.jsonl", rows)

    def breaking(self: Tagger, messages: Sequence[Message], with_repairs: bool = False) -> Any:
        if len(messages) < BATCH:
            raise KeyboardInterrupt
        assert output.read_text(encoding="utf-8") == "old"
        return tag(self, messages, with_repairs)

    monkeypatch.setattr(Tagger, "tag", breaking)
    with pytest.raises(KeyboardInterrupt):
        tag_file(str(source), output, tiny_bundle)
    assert output.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "tags.jsonl"]


def test_an_output_that_cannot_be_written_is_named(tmp_path: Path, tiny_bundle: Path) -> None:
    source = written(tmp_path / "in.jsonl", ROWS)
    output = tmp_path / "nowhere" / "tags.jsonl"
    with pytest.raises(DataError) as caught:
        tag_file(str(source), output, tiny_bundle)
    assert str(caught.value) == f"{output}: cannot be written: No such file or directory"


def test_an_input_that_cannot_be_read_is_named(tmp_path: Path, tiny_bundle: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.jsonl: cannot be read: No such file or directory$"):
        tag_file(str(tmp_path / "nothing.jsonl"), tmp_path / "tags.jsonl", tiny_bundle)
    with pytest.raises(DataError, match=r"in\.txt: expected a file that ends in \.jsonl or \.csv, or - for JSON lines on standard input$"):
        tag_file(str(written(tmp_path / "in.txt", ROWS)), tmp_path / "tags.jsonl", tiny_bundle)
    assert not (tmp_path / "tags.jsonl").exists()


def test_an_input_with_nothing_to_tag_says_so(tmp_path: Path, tiny_bundle: Path) -> None:
    for name, rows in (("empty", []), ("bad", ["{"])):
        source = written(tmp_path / f"{name}.jsonl", rows)
        with pytest.raises(DataError) as caught:
            tag_file(str(source), tmp_path / "tags.jsonl", tiny_bundle)
        assert str(caught.value) == f"{source}: no messages that can be tagged"


def test_a_missing_model_is_told_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no model there \(manifest\.json is missing\); train and promote one with: make train$"):
        tag_file(str(tmp_path / "nothing.jsonl"), tmp_path / "tags.jsonl", tmp_path / "nothing")


@pytest.mark.parametrize(("rows", "code"), [(ROWS, 0), ([*ROWS, "{"], 1)], ids=["good", "one bad row"])
def test_the_command_s_exit_code_says_whether_rows_were_put_aside(tmp_path: Path, tiny_bundle: Path, rows: list[Any], code: int) -> None:
    source, output = written(tmp_path / "in.jsonl", rows), tmp_path / "tags.jsonl"
    result = CliRunner().invoke(app, ["tag", str(source), "--output", str(output), "--model", str(tiny_bundle), "--repairs"])
    assert result.exit_code == code
    assert [line["repairs"] for line in lines(output)[:3]] == [[], [], []]
    assert len(lines(output)) == 4
