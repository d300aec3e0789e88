"""data/readers.py: a bad row is named by file and line and put aside, the good ones go on."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import readers
from data.errors import DataError, RowError
from data.messages import Conversation, Example, Message, Turn
from data.parsing import Fields, conversation_parser, example_parser, parse_any, parse_conversation, parse_message
from data.readers import corpus_files, read, read_map
from data.taxonomy import Taxonomy

GOOD = {"id": "1", "text": "верните деньги", "topic": "money", "need": "refund", "also": ["network"], "channel": "app", "author": "anna"}


def lines(path: Path, *rows: object) -> Path:
    """Write rows, a string as it stands, anything else as JSON."""
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row, ensure_ascii=False)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


@pytest.fixture
def parse(tiny_taxonomy: Taxonomy) -> Callable[[dict[str, Any], str], Example]:
    return example_parser(tiny_taxonomy)


def test_a_labelled_row_becomes_an_example(tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]) -> None:
    batch = read([lines(tmp_path / "a.jsonl", {**GOOD, "labeller": "me", "lang": "ru", "slice": "ordinary", "other": 1})], parse)
    assert batch.records == [
        Example("1", "верните деньги", "money", "refund", ("network",), "app", "anna", "me", "ru", "ordinary"),
    ]
    assert batch.rejected == []


def test_a_row_without_id_is_named_after_its_file_and_line(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", {"text": "x"}, "", {"text": "y"})
    assert [record.id for record in read([path], parse_message).records] == ["a-1", "a-3"]


def test_numbers_are_taken_as_ids() -> None:
    assert parse_message({"id": 7, "text": "x"}, "d").id == "7"


BAD = [
    ("nope", "not JSON (Expecting value); expected one JSON object a line"),
    ('{"id": "2", "text": "x"', "not JSON (Expecting ',' delimiter); expected one JSON object a line"),
    ("[1]", 'expected a JSON object, such as {"id": ..., "text": ...}'),
    ("[" * 100_000, "not JSON (maximum recursion depth exceeded while decoding a JSON array from a unicode string)"[:80]),
    (
        {"id": "2", "topic": "money"},
        "field 'text': missing; expected the text of the message (another field's name is given with --text-field)",
    ),
    ({"text": "x"}, "field 'topic': missing; expected the label of the message (another field's name is given with --label-field)"),
    (
        {"text": "x", "topic": None},
        "field 'topic': missing; expected the label of the message (another field's name is given with --label-field)",
    ),
    ({"text": "x", "topic": "mony"}, "field 'topic': unknown topic 'mony' (did you mean 'money'?)"),
    ({"text": "x", "topic": 1.5}, "field 'topic': expected a string, got float"),
    ({"text": "x", "topic": True}, "field 'topic': expected a string, got bool"),
    ({"text": "x", "topic": "money", "need": "refnd"}, "field 'need': 'refnd' is no need of 'money' (did you mean 'refund'?)"),
    ({"text": "x", "topic": "money", "also": ["netwrk"]}, "field 'also': unknown topic 'netwrk' (did you mean 'network'?)"),
    ({"text": "x", "topic": "money", "also": ["silent"]}, "field 'also': unknown topic 'silent' (known: money, network, other)"),
    ({"text": "x", "topic": "money", "also": {"a": 1}}, "field 'also': expected a list of topics"),
    (
        {"text": "x", "topic": "money", "channel": "ap"},
        "field 'channel': unknown channel 'ap' (did you mean 'app'?); the taxonomy lists the known ones",
    ),
    ({"text": "", "topic": "money"}, "field 'text': empty"),
    ({"text": " \n\t", "topic": "money"}, "field 'text': empty"),
    ({"text": 5, "topic": "money"}, "field 'text': expected a string, got int"),
    ({"text": None, "topic": "money"}, "field 'text': expected a string, got NoneType"),
    ({"text": "я" * 20_001, "topic": "money"}, "field 'text': 20001 characters; at most 20000 are read"),
    ({"id": ["a"], "text": "x", "topic": "money"}, "field 'id': expected a string, got list"),
    ({"id": "1", "text": "x", "topic": "money"}, "field 'id': '1' has come before; ids must differ"),
    ('{"id": "a\\ud800", "text": "x", "topic": "money"}', "field 'id': not UTF-8; save the file as UTF-8"),
]


@pytest.mark.parametrize(("row", "reason"), BAD, ids=range(len(BAD)))
def test_a_bad_row_is_named_and_the_rest_goes_on(
    row: object, reason: str, tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]
) -> None:
    path = lines(tmp_path / "ours.jsonl", GOOD, row, {**GOOD, "id": "last"})
    batch = read([path], parse)
    assert [record.id for record in batch.records] == ["1", "last"]
    assert [(bad.path, bad.line) for bad in batch.rejected] == [(str(path), 2)]
    assert batch.rejected[0].reason.startswith(reason)
    assert str(batch.rejected[0]).startswith(f"{path}:2: {reason}")


@pytest.mark.parametrize(("row", "reason"), BAD[:6], ids=range(6))
def test_strict_stops_at_the_first_bad_row(
    row: object, reason: str, tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]
) -> None:
    path = lines(tmp_path / "ours.jsonl", GOOD, row, "{")
    with pytest.raises(DataError) as caught:
        read([path], parse, strict=True)
    assert str(caught.value).startswith(f"{path}:2: {reason}")
    assert str(caught.value).endswith("(without --strict it would be put aside)")


def test_the_longest_text_is_read(parse: Callable[[dict[str, Any], str], Example]) -> None:
    assert len(parse({**GOOD, "text": "я" * 20_000}, "d").text) == 20_000


def test_a_row_that_is_not_utf8_is_alone_refused(tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b'\n{"topic": "money", "text": "\xff\xee"}\n')
    batch = read([path], parse)
    assert len(batch.records) == 1
    assert batch.rejected[0].reason == "field 'text': not UTF-8; save the file as UTF-8"
    batch.write_rejected(tmp_path / "aside.jsonl")
    (aside,) = (tmp_path / "aside.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(aside)["raw"] == '{"topic": "money", "text": "\udcff\udcee"}'


def test_half_an_emoji_is_what_clients_send(parse: Callable[[dict[str, Any], str], Example]) -> None:
    assert parse({**GOOD, "text": "спасибо \ud83d"}, "d").text == "спасибо \ud83d"


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"text": "x"}\n', encoding="utf-8")
    assert read([path], parse_message).records == [Message("a-1", "x")]


def test_ids_must_differ_over_all_files(tmp_path: Path) -> None:
    batch = read(
        [lines(tmp_path / "a.jsonl", {"id": "1", "text": "x"}), lines(tmp_path / "b.jsonl", {"id": "1", "text": "y"})], parse_message
    )
    assert [str(row) for row in batch.rejected] == [f"{tmp_path / 'b.jsonl'}:1: field 'id': '1' has come before; ids must differ"]


def test_rows_put_aside_are_written_and_an_old_file_goes(tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]) -> None:
    path, aside = lines(tmp_path / "a.jsonl", "нет"), tmp_path / "a.rejected.jsonl"
    read([path], parse).write_rejected(aside)
    assert [json.loads(line) for line in aside.read_text(encoding="utf-8").splitlines()] == [
        {"path": str(path), "line": 1, "reason": "not JSON (Expecting value); expected one JSON object a line", "raw": "нет"}
    ]
    read([lines(path, GOOD)], parse).write_rejected(aside)
    assert not aside.exists()


def test_json_lines_come_from_standard_input_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO('{"id": "1", "text": "привет"}\n{"text": "\xff"}\nx\n'.encode("latin-1", "replace")))
    )
    assert [bad.line for bad in read(["-"], parse_message).rejected] == [2, 3]


@pytest.mark.parametrize("name", ["a.xlsx", "a", "a.json"])
def test_an_unknown_format_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a file that ends in \.jsonl or \.csv, or - for JSON lines on standard input"):
        read([tmp_path / name], parse_message)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.jsonl: cannot be read: No such file or directory$"):
        read([tmp_path / "no.jsonl"], parse_message)


# CSV


def test_csv_is_read_by_the_names_of_its_columns(tmp_path: Path, parse: Callable[[dict[str, Any], str], Example]) -> None:
    path = lines(
        tmp_path / "a.csv",
        "text,topic,also,author",
        '"верните, пожалуйста\nдва раза ""списали""",money,network;other,',
        "нет сети,network,,anna",
    )
    batch = read([path], parse)
    assert batch.rejected == []
    assert batch.records == [
        Example("a-2", 'верните, пожалуйста\nдва раза "списали"', "money", also=("network", "other")),
        Example("a-4", "нет сети", "network", author="anna"),
    ]


def test_bad_csv_rows_are_named_by_the_line_they_begin_on(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "a.csv",
        "id,text",
        "1,первое",
        "2,лишнее,значение",
        "",
        '3,"две\nстроки"',
        f"4,{'x' * 140_000}",
        '5,"кавычка" внутри',
        "6,",
        "7,седьмое",
        '8,"не закрыта',
        "9,проглочено",
    )
    batch = read([path], parse_message)
    assert [(record.id, record.text) for record in batch.records] == [("1", "первое"), ("3", "две\nстроки"), ("7", "седьмое")]
    mend = "close every quote and double those inside a value"
    assert [(bad.line, bad.reason) for bad in batch.rejected] == [
        (3, "more values than the 2 columns; quote values that hold commas"),
        (7, f"not CSV (field larger than field limit (131072)); {mend}"),
        (8, f"not CSV (',' expected after '\"'); {mend}"),
        (9, "field 'text': missing; expected the text of the message (another field's name is given with --text-field)"),
        (11, f"not CSV (unexpected end of data); {mend}"),
    ]
    assert batch.rejected[0].raw == "2,лишнее,значение"
    assert batch.rejected[-1].raw == '8,"не закрыта\n9,проглочено'


def test_an_empty_csv_wants_a_first_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv: empty; expected a first line with the names of the columns"):
        read([lines(tmp_path / "a.csv")], parse_message)


def test_a_csv_whose_first_line_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"a\.csv:1: not CSV: unexpected end of data"):
        read([lines(tmp_path / "a.csv", 'id,"text')], parse_message)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=30).filter(lambda text: bool(text.strip())),
        max_size=6,
    )
)
def test_what_csv_wrote_is_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["id", "text"], *enumerate(texts)])
    batch = read([path], parse_message)
    assert [record.text for record in batch.records] == texts
    assert batch.rejected == []


# Messages and conversations


def test_a_message_is_read_without_a_look_at_labels() -> None:
    row = {"id": "1", "text": "x", "channel": "fax", "topic": ["no", "topic"], "need": 5}
    assert parse_message(row, "d") == Message("1", "x", "fax")


def test_a_message_may_be_only_an_attachment() -> None:
    assert parse_message({"attachments": ["photo"]}, "d") == Message("d", "", attachments=("photo",))
    with pytest.raises(RowError, match="'attachments': expected a list of strings"):
        parse_message({"text": "x", "attachments": "photo"}, "d")


def test_turns_make_a_conversation() -> None:
    turns = [{"text": "привет"}, {"role": "bot", "text": "", "sent_at": "2026-01-01T10:00:00Z"}]
    expected = Conversation("1", (Turn("client", "привет"), Turn("bot", "", "2026-01-01T10:00:00Z")), "app")
    assert parse_any({"id": "1", "channel": "app", "turns": turns}, "d") == expected
    assert parse_conversation({"id": "1", "channel": "app", "turns": json.dumps(turns)}, "d") == expected
    assert parse_any({"text": "x"}, "d") == Message("d", "x")


@pytest.mark.parametrize(
    ("turns", "message"),
    [
        ([], "field 'turns': expected a list such as"),
        (None, "field 'turns': expected a list such as"),
        ("[", "field 'turns': expected a JSON list of turns"),
        (["x"], r"field 'turns\[0\]': expected an object with role and text"),
        ([{"role": "cliet", "text": "x"}], r"field 'turns\[0\]\.role': unknown role 'cliet' \(did you mean 'client'\?\)"),
        ([{"text": "x"}, {"text": 1}], r"field 'turns\[1\]\.text': expected a string, got int"),
        ([{"text": "x"}] * 501, "field 'turns': 501 turns; at most 500 are read"),
    ],
)
def test_a_wrong_turn_is_named(turns: object, message: str) -> None:
    with pytest.raises(RowError, match=f"^{message}"):
        parse_any({"turns": turns}, "d")


def test_a_labelled_conversation_keeps_where_it_became_clear(tiny_taxonomy: Taxonomy) -> None:
    row = {"id": "1", "turns": [{"text": "привет"}, {"text": "нет сети"}], "topic": "network", "first_informative_turn": 1, "shift": True}
    talk = conversation_parser(tiny_taxonomy)(row, "d")
    assert (talk.label, talk.first_informative_turn, talk.shift, len(talk.conversation.turns)) == ("network", 1, True, 2)
    for wrong, message in [
        ({"first_informative_turn": 2}, "expected null or a turn from 0 to 1"),
        ({"shift": "yes"}, "expected true or false"),
    ]:
        with pytest.raises(RowError, match=message):
            conversation_parser(tiny_taxonomy)({**row, **wrong}, "d")


# Foreign files


def test_foreign_fields_and_labels_need_no_conversion(tiny_taxonomy: Taxonomy) -> None:
    fields = Fields(text="body", label="theme", rename={"Деньги": "money", "Сеть": "network"})
    parsed = example_parser(tiny_taxonomy, fields)({"body": "x", "theme": "Деньги", "also": "Сеть"}, "d")
    assert (parsed.text, parsed.label, parsed.also) == ("x", "money", ("network",))


def test_without_a_taxonomy_any_label_goes_and_no_needs_are_read() -> None:
    parsed = example_parser(None, Fields(label="intent"))({"text": "x", "intent": "anything", "need": "whatever", "channel": "fax"}, "d")
    assert (parsed.label, parsed.need, parsed.channel) == ("anything", None, "fax")
    assert (
        example_parser(Taxonomy.from_labels(["anything"]), Fields(label="intent"))(
            {"text": "x", "intent": "anything", "need": "n"}, "d"
        ).need
        is None
    )


def test_a_map_is_json_or_two_columns(tmp_path: Path) -> None:
    assert read_map(lines(tmp_path / "a.json", {"Деньги": "money"})) == {"Деньги": "money"}
    assert read_map(lines(tmp_path / "a.csv", "Деньги, money", "", "Сеть,network")) == {"Деньги": "money", "Сеть": "network"}


@pytest.mark.parametrize(
    ("name", "text"), [("a.json", "{"), ("a.json", "[]"), ("a.json", '{"a": 1}'), ("a.csv", "one column"), ("none.json", None)]
)
def test_a_wrong_map_is_refused(name: str, text: str | None, tmp_path: Path) -> None:
    path = lines(tmp_path / name, text) if text else tmp_path / name
    with pytest.raises(DataError, match=rf"{name}: .*expected"):
        read_map(path)


def test_corpus_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"messages: no \.jsonl files; expected a corpus such as data/corpus with one file an author"):
        corpus_files(tmp_path)
    (tmp_path / "messages").mkdir()
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        (tmp_path / "messages" / name).touch()
    assert [path.name for path in corpus_files(tmp_path)] == ["a.jsonl", "b.jsonl"]


def test_the_bundled_corpus_is_clean() -> None:
    from data.taxonomy import load_taxonomy

    batch = read(corpus_files(Path(readers.__file__).parent / "corpus"), example_parser(load_taxonomy()))
    assert batch.rejected == []
    assert len(batch.records) >= 1500
    assert len({example.author for example in batch.records}) >= 9
