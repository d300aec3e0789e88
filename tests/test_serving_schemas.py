"""What clients may send: the OpenAPI document and the validators mean the same."""

from __future__ import annotations

import re

import pytest
from pydantic import BaseModel, ValidationError

from data.messages import Message
from serving import answers, schemas
from serving.app import create_app
from serving.openapi import openapi
from serving.schemas import READABLE, MessageIn, OutcomeIn, TurnIn
from serving.settings import Settings
from tests.serving_fakes import FakePredictor


def test_a_text_is_readable_by_its_pattern_where_every_floor_finds_something_to_read() -> None:
    for code in range(0x110000):
        character = chr(code)
        assert (re.search(READABLE, character) is None) == Message("m", character, "", ("photo",)).is_attachment_only, hex(code)


def test_every_body_and_answer_is_shown_by_an_example_that_fits_it() -> None:
    shown = set()
    for module in (answers, schemas):
        for name, model in vars(module).items():
            if (
                isinstance(model, type)
                and issubclass(model, BaseModel)
                and "examples" in (model.model_config.get("json_schema_extra") or {})
            ):
                for example in model.model_config["json_schema_extra"]["examples"]:
                    assert model.model_validate(example).model_dump(exclude_unset=True, mode="json") == example, name
                shown.add(name)
    document = openapi(create_app(FakePredictor(), Settings()))
    bodies = {"MessageIn", "BatchIn", "ConversationIn", "OutcomeIn", "FeedbackIn"}
    assert shown >= bodies | {"Problem", "MessageTagOut", "BatchOut", "TalkOut", "ConversationOut", "OutcomeOut", "FeedbackOut"}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for media in operation.get("requestBody", {}).get("content", {}).values():
                assert media["schema"]["$ref"].rsplit("/", 1)[1] in bodies, path


@pytest.mark.parametrize("text", ["\x1d", "\x85", "\u3000 \n", ""])
def test_nothing_to_read_is_refused_without_attachments(text: str) -> None:
    assert re.search(READABLE, text) is None
    with pytest.raises(ValidationError, match="expected a text"):
        TurnIn(role="client", text=text)
    assert TurnIn(role="client", text=text, attachments=["photo"]).text == text


@pytest.mark.parametrize("text", ["\ufeff", "\u200b", "\x00", ".", "👍"])
def test_what_only_looks_empty_is_something_to_read(text: str) -> None:
    assert re.search(READABLE, text)
    assert TurnIn(role="client", text=text).text == text


@pytest.mark.parametrize(
    "at", ["2026-02-30T10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-22T10:00:60Z", "2026-11-22T10:00:00", "٢٠٢٦-11-22T10:00:00Z"]
)
def test_a_time_that_is_none_is_refused_with_an_example(at: str) -> None:
    with pytest.raises(ValidationError, match=r"such as 2026-11-22T10:00:00\+03:00"):
        MessageIn(id="m", channel="app", text="x", sent_at=at)


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert OutcomeIn.model_validate_json('{"handled_by": "bot", "nps": 9.0}').nps == 9
    for wrong in ("9.5", "11.0", "true", '"9"'):
        with pytest.raises(ValidationError):
            OutcomeIn.model_validate_json(f'{{"handled_by": "bot", "nps": {wrong}}}')
