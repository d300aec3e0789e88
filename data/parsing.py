"""Rows into records: what a field must hold, and what is said of one that does not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.errors import RowError, nearest
from data.messages import ROLES, Conversation, Example, LabelledConversation, Message, Turn
from data.taxonomy import Taxonomy

MAX_CHARACTERS = 20_000
MAX_TURNS = 500


@dataclass(frozen=True)
class Fields:
    """Which members of a labelled row hold what, so that a foreign data set needs no conversion.

    `rename` maps foreign labels to known ones (see read_map).
    """

    text: str = "text"
    label: str = "topic"
    turns: str = "turns"
    rename: Mapping[str, str] = field(default_factory=dict)


def parse_message(row: Mapping[str, Any], default_id: str) -> Message:
    """A row with id, channel, text into a Message; labels and other members are not looked at."""
    attachments = row.get("attachments") or ()
    if not isinstance(attachments, (list, tuple)) or not all(isinstance(item, str) for item in attachments):
        raise RowError("attachments", "expected a list of strings")
    return Message(
        id=_string(row, "id", default_id),
        text=_text(row, "text", may_be_empty=bool(attachments)),
        channel=_string(row, "channel", ""),
        attachments=tuple(attachments),
    )


def parse_conversation(row: Mapping[str, Any], default_id: str, turns_field: str = "turns") -> Conversation:
    """A row with id, channel, turns into a Conversation."""
    raw = row.get(turns_field)
    if isinstance(raw, str):
        try:
            raw = json.loads(raw)
        except ValueError:
            raise RowError(turns_field, "expected a JSON list of turns") from None
    if not isinstance(raw, list) or not raw:
        raise RowError(turns_field, 'expected a list such as [{"role": "client", "text": "..."}]')
    if len(raw) > MAX_TURNS:
        raise RowError(turns_field, f"{len(raw)} turns; at most {MAX_TURNS} are read")
    turns = []
    for number, turn in enumerate(raw):
        place = f"{turns_field}[{number}]"
        if not isinstance(turn, dict):
            raise RowError(place, "expected an object with role and text")
        role = _string(turn, "role", "client")
        if role not in ROLES:
            raise RowError(f"{place}.role", f"unknown role {role!r}{nearest(role, ROLES)}")
        try:
            turns.append(Turn(role=role, text=_text(turn, "text", may_be_empty=True), sent_at=_string(turn, "sent_at", "") or None))
        except RowError as error:
            raise RowError(f"{place}.{error.field}", error.expected) from None
    return Conversation(id=_string(row, "id", default_id), turns=tuple(turns), channel=_string(row, "channel", ""))


def parse_any(row: Mapping[str, Any], default_id: str) -> Message | Conversation:
    """A row with `turns` into a Conversation, one with `text` into a Message."""
    return parse_conversation(row, default_id) if "turns" in row else parse_message(row, default_id)


def example_parser(taxonomy: Taxonomy | None, fields: Fields | None = None) -> Callable[[dict[str, Any], str], Example]:
    """A parser of labelled messages; with a taxonomy, topics, needs and channels must be known to it, without one no needs are read."""
    names = fields or Fields()

    def parse(row: dict[str, Any], default_id: str) -> Example:
        label, need, also = _labels(row, names, taxonomy)
        channel = _string(row, "channel", "")
        if taxonomy and taxonomy.channels and channel and channel not in taxonomy.channels:
            raise RowError(
                "channel", f"unknown channel {channel!r}{nearest(channel, taxonomy.channels)}; the taxonomy lists the known ones"
            )
        optional = {name: _string(row, name, "") for name in ("author", "labeller", "lang", "slice")}
        return Example(
            id=_string(row, "id", default_id), text=_text(row, names.text), label=label, need=need, also=also, channel=channel, **optional
        )

    return parse


def conversation_parser(taxonomy: Taxonomy | None, fields: Fields | None = None) -> Callable[[dict[str, Any], str], LabelledConversation]:
    """A parser of labelled conversations."""
    names = fields or Fields()

    def parse(row: dict[str, Any], default_id: str) -> LabelledConversation:
        label, need, also = _labels(row, names, taxonomy)
        conversation = parse_conversation(row, default_id, names.turns)
        first, shift = row.get("first_informative_turn"), row.get("shift", False)
        if first is not None and (not isinstance(first, int) or not 0 <= first < len(conversation.turns)):
            raise RowError("first_informative_turn", f"expected null or a turn from 0 to {len(conversation.turns) - 1}")
        if not isinstance(shift, bool):
            raise RowError("shift", "expected true or false")
        return LabelledConversation(
            conversation, label, need, also, first, shift, author=_string(row, "author", ""), labeller=_string(row, "labeller", "")
        )

    return parse


def _labels(row: Mapping[str, Any], names: Fields, taxonomy: Taxonomy | None) -> tuple[str, str | None, tuple[str, ...]]:
    label = _string(row, names.label, "")
    label = names.rename.get(label, label)
    if not label:
        raise RowError(names.label, "missing; expected the label of the message (another field's name is given with --label-field)")
    # Where no needs are known, a member of that name may be anything.
    need = (_string(row, "need", "") or None) if taxonomy and label in taxonomy.labels and taxonomy.needs(label) else None
    also = row.get("also") or []
    if isinstance(also, str):
        also = [part for part in also.replace(";", ",").split(",") if part]
    if not isinstance(also, list):
        raise RowError("also", "expected a list of topics")
    also = [names.rename.get(str(topic), str(topic)) for topic in also]
    if taxonomy is not None:
        if label not in taxonomy.labels:
            raise RowError(names.label, f"unknown topic {label!r}{nearest(label, taxonomy.labels)}")
        if need is not None and need not in taxonomy.needs(label):
            raise RowError("need", f"{need!r} is no need of {label!r}{nearest(need, taxonomy.needs(label))}")
        for topic in also:
            if topic not in taxonomy.topics:
                raise RowError("also", f"unknown topic {topic!r}{nearest(topic, taxonomy.topics)}")
    return label, need, tuple(also)


def _string(row: Mapping[str, Any], name: str, default: str) -> str:
    value = row.get(name, default)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise RowError(name, f"expected a string, got {type(value).__name__}")
    if any("\ud800" <= character <= "\udfff" for character in str(value)):
        raise RowError(name, "not UTF-8; save the file as UTF-8")
    return str(value) or default


def _text(row: Mapping[str, Any], name: str, may_be_empty: bool = False) -> str:
    if name not in row and not may_be_empty:
        raise RowError(name, "missing; expected the text of the message (another field's name is given with --text-field)")
    value = row.get(name, "")
    if not isinstance(value, str):
        raise RowError(name, f"expected a string, got {type(value).__name__}")
    if not may_be_empty and not value.strip():
        raise RowError(name, "empty")
    if len(value) > MAX_CHARACTERS:
        raise RowError(name, f"{len(value)} characters; at most {MAX_CHARACTERS} are read")
    if any("\udc80" <= character <= "\udcff" for character in value):
        raise RowError(name, "not UTF-8; save the file as UTF-8")
    return value
