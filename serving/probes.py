"""Messages that a promoted model must answer before it takes over."""

from __future__ import annotations

from typing import Any

from data.errors import BundleError
from data.messages import Message
from serving.prediction import ModelFacts

# Messages of all kinds: what breaks a model shows on one of them. A promotion answers them without an error or stays outside.
PROBES = tuple(
    Message(f"probe-{number}", text, "", attachments)
    for number, (text, attachments) in enumerate(
        (
            ("Какой у меня тариф и сколько осталось гигабайт?", ()),
            ("потеряла симку, заблокируйте номер +7 900 000-00-00", ()),
            ("не могу войти в личный кабинет", ()),
            ("ghbdtn, yt hf,jnftn bynthytn", ()),
            ("ЗДРАВСТВУЙТЕ!!!", ()),
            ("👍", ()),
            ("a", ()),
            ("", ("photo",)),
            ("я" * 20_000, ()),
            ("slovo " * 3000, ()),
            ("Hello, what's my balance?", ()),
            ("\u200b\ufeff \x00 \u202e", ()),
        )
    )
)


def check_probe(facts: ModelFacts, probe: Message, answer: Any) -> None:
    """Refuse a model that fails on a probe or answers it with what it does not know itself; BundleError says which probe."""
    if isinstance(answer, dict):
        raise BundleError(f"model {facts.version} fails on {probe.id} ({answer['error']}); it does not take over")
    tag = answer[0]
    known = tag["topic"] in (None, *facts.taxonomy.labels)
    if not known or tag["model"] != facts.version or not 0 <= tag["confidence"] <= 1:
        raise BundleError(f"model {facts.version} gives {probe.id} a tag that cannot be; it does not take over")
