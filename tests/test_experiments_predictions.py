"""experiments/predictions.py: the one table, and its way to disk and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.messages import Example
from experiments.predictions import Predictions, Row
from models.decision import Tag
from tests.tables import TEN

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
SHARES = st.floats(0, 1)
ROWS = st.builds(
    Row,
    id=NAMES,
    set=NAMES,
    label=NAMES,
    need=st.none() | NAMES,
    predicted=NAMES,
    predicted_need=st.none() | NAMES,
    confidence=SHARES,
    status=st.sampled_from(["auto", "review", "no_request"]),
    reason=NAMES,
    probabilities=st.dictionaries(NAMES, SHARES, max_size=3),
    unknown=SHARES,
    also=st.lists(NAMES, max_size=2).map(tuple),
    predicted_also=st.lists(NAMES, max_size=2).map(tuple),
    author=NAMES,
    channel=NAMES,
    lang=NAMES,
    slice=NAMES,
    length=st.integers(0, 500),
    repairs=st.lists(NAMES, max_size=2).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=4), st.none() | NAMES, st.none() | NAMES)
def test_a_table_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], no_request: str | None, open_label: str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "predictions.jsonl"
    table = Predictions(rows, no_request, open_label)
    table.save(path)
    assert Predictions.load(path) == table


@pytest.mark.parametrize(
    "text", [None, "", "nope", "[]", '{"no_request": null, "open_label": null}\n{"id": "1"}\n', '{"open_label": null}\n']
)
def test_a_file_that_is_no_table_is_refused(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"predictions\.jsonl: not a table of predictions \(\w+\); a run of training writes one$"):
        Predictions.load(path)


def test_a_row_holds_what_was_right_and_what_was_said_but_no_text() -> None:
    example = Example("1", "верните мои деньги", "money", "refund", ("network",), "app", "anna", "me", "ru", "ordinary")
    ranking = (("network", 0.6), ("money", 0.4))
    tag = Tag("1", "network", "speed", 0.6, "review", "uncertain", ("money",), "people", 3, ranking, "m", repairs=("translit",))
    assert Row.of(example, tag, "test", 0.25) == Row(
        id="1",
        set="test",
        label="money",
        need="refund",
        predicted="network",
        predicted_need="speed",
        confidence=0.6,
        status="review",
        reason="uncertain",
        probabilities={"network": 0.6, "money": 0.4},
        unknown=0.25,
        also=("network",),
        predicted_also=("money",),
        author="anna",
        channel="app",
        lang="ru",
        slice="ordinary",
        length=3,
        repairs=("translit",),
    )


def test_no_request_is_an_answer_that_can_be_right() -> None:
    tag = Tag("1", None, "hello", 1.0, "no_request", "no_request", (), None, 3, (("silent", 1.0), ("money", 0.0)), "m")
    assert Row.of(Example("1", "привет", "silent"), tag, "test").right


def test_columns_hold_the_rows_as_arrays() -> None:
    columns = TEN.columns
    assert columns.labels == ("money", "network", "other", "silent")
    assert columns.gold_code.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 3, 3]
    assert columns.right.tolist() == [True, True, False, True, True, False, True, False, True, True]
    assert columns.open_probability.tolist() == [0.1, 0.2, 0.3, 0.1, 0.4, 0.5, 0.8, 0.4, 0.0, 0.1]
    assert (columns.code("other"), columns.code("unheard"), columns.code(None)) == (2, -1, -1)
    drawn = columns.take(np.asarray([9, 0, 0]))
    assert (len(drawn), drawn.gold_code.tolist(), drawn.labels) == (3, [3, 0, 0], columns.labels)


def test_rows_are_chosen_by_their_members() -> None:
    assert [row.id for row in TEN.where(author="anna", channel="app").rows] == ["0", "1"]
    assert TEN.where(author="anna").open_label == "other"
    assert len(TEN.where(set="none such")) == 0


def test_groups_are_authors_or_else_messages() -> None:
    assert TEN.groups()[:4] == ["anna", "anna", "anna", "boris"]
    assert Predictions([replace(TEN.rows[0], author="")]).groups() == ["0"]
