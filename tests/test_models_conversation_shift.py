from __future__ import annotations

import pytest

from data.errors import BundleError
from models.conversation_shift import SIGNALS, Spoken, shift_signals
from models.conversation_weights import ConversationWeights

SIM, TARIFFS = 0, 1


def test_one_request_speaks_for_no_shift() -> None:
    assert shift_signals([Spoken(0, 90, False, SIM, 80), Spoken(2, 90, False, SIM, 70)], SIM) == (0,) * len(SIGNALS)
    assert shift_signals([], SIM) == (0,) * len(SIGNALS)


def test_a_request_answered_and_then_another_is_seen_in_every_way() -> None:
    trail = [
        Spoken(0, 100, False, SIM, 80, TARIFFS, 10),
        Spoken(2, 5, False),  # "ok, thanks" after the agent's answer
        Spoken(3, 90, True, TARIFFS, 60),
        Spoken(5, 90, False, TARIFFS, 30),
    ]
    found = dict(zip(SIGNALS, shift_signals(trail, TARIFFS), strict=True))
    assert found == pytest.approx(
        {
            "how clearly a turn is about another topic than the one given": 0.8,
            "how clearly the two topics have a turn each": 0.6,
            "turns about the other topic": 0.25,
            "turns about the topic given": 0.125,
            "turns of agents and bots between the two": 0.5,
            "how little of a request a turn between them is": 0.95,
            "words that announce something else between them": 1.0,
            "the other topic's turn is about nothing else": 0.7,
            "the first turn is a request": 1.0,
            "the last turn is the other topic's": 0.0,
        }
    )
    # The same where the first request stays the main one.
    assert dict(zip(SIGNALS, shift_signals(trail, SIM), strict=True))["the last turn is the other topic's"] == 0.0
    assert shift_signals(trail[:3], SIM)[-1] == 1.0


def test_weights_of_another_version_are_refused() -> None:
    old = {**ConversationWeights().as_dict(), "shift": [4.3, 2.3, 2.6]}
    with pytest.raises(BundleError, match=r"3 weights of a shift, expected 10; train the model again with this version$"):
        ConversationWeights.from_dict(old)
