"""data/messages.py: frozen records and the small questions asked of them."""

from __future__ import annotations

import dataclasses

import pytest

from data.messages import Conversation, Example, Message, Turn, texts


def test_records_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Message("1", "text").text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "attachments", "expected"),
    [("", ("photo",), True), (" \n", ("voice",), True), ("см. фото", ("photo",), False), ("", (), False)],
)
def test_a_message_may_be_only_an_attachment(text: str, attachments: tuple[str, ...], expected: bool) -> None:
    assert Message("1", text, attachments=attachments).is_attachment_only is expected


def test_a_conversation_gives_the_words_of_its_client() -> None:
    talk = Conversation("1", (Turn("client", "привет"), Turn("bot", "чем помочь?"), Turn("agent", "да"), Turn("client", "нет сети")))
    assert talk.client_text() == "привет\nнет сети"
    assert talk.client_text(" | ") == "привет | нет сети"


def test_the_unit_of_a_split_is_the_author_or_else_the_message() -> None:
    assert Example("1", "a", "x", author="anna").group == "anna"
    assert Example("1", "a", "x").group == "1"


def test_texts_keep_their_order() -> None:
    assert texts([Example("2", "b", "x"), Example("1", "a", "x")]) == ["b", "a"]
