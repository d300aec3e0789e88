from __future__ import annotations

import pytest

from data.errors import BundleError
from models.conversation_shift import SIGNALS, shift_signals
from models.conversation_weights import ConversationWeights


def test_one_request_speaks_for_no_shift() -> None:
    assert shift_signals((0, 0, 0), ["sim", "sim"], "sim", 0.01, False) == (0, 0, 0, 0, 0, 0, 0, 0.01, 0, 0, 0)


def test_a_move_to_another_topic_is_seen_in_every_way() -> None:
    found = shift_signals((64, 50, 25), ["sim", "sim", "tariffs", "tariffs"], "tariffs", 0.3, True)
    assert len(found) == len(SIGNALS)
    assert found == pytest.approx((0.64, 0.5, 0.25, 1, 1, 1, 0, 0.3, 1, 0.5, 0.4))


def test_going_to_and_fro_is_told_from_moving_once() -> None:
    found = dict(zip(SIGNALS, shift_signals((0, 0, 0), ["sim", "account", "sim"], "sim", 0.0, False), strict=True))
    assert found["the last request is of another topic than the first"] == 0
    assert found["the topic of the requests changed once"] == 0
    assert found["it changed more than once"] == 1


def test_nothing_asked_is_no_shift_and_no_fault() -> None:
    assert shift_signals((0, 0, 0), [], "sim", 0.0, False) == (0,) * len(SIGNALS)


def test_weights_of_another_version_are_refused() -> None:
    old = {**ConversationWeights().as_dict(), "shift": [4.3, 2.3, 2.6]}
    with pytest.raises(BundleError, match=r"3 weights of a shift, expected 11; train the model again with this version$"):
        ConversationWeights.from_dict(old)
