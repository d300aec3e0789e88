from __future__ import annotations

import random

import pytest

from data.errors import ConfigError
from models.noise import KINDS, spoil

TEXT = "Почему не пришёл код? Верните 500р, пожалуйста."


def test_the_kinds_are_the_seven_measured_ones() -> None:
    assert KINDS == ("layout", "translit", "lookalike", "nospace", "elongated", "caps", "typos")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_spoils_the_same_way_and_something_changes(kind: str) -> None:
    assert spoil(TEXT, kind, random.Random(3)) == spoil(TEXT, kind, random.Random(3)) != TEXT
    assert spoil("", kind, random.Random(3)) == ""


def test_layout_is_exact_by_the_keys() -> None:
    assert spoil(TEXT, "layout", random.Random(0)) == "Gjxtve yt ghbi`k rjl& Dthybnt 500h? gj;fkeqcnf/"


def test_capitals_and_missing_spaces() -> None:
    assert spoil("где код", "caps", random.Random(0)) == "ГДЕ КОД"
    assert spoil("где мой код", "nospace", random.Random(0)) == "гдемойкод"


def test_there_are_several_habits_of_transliteration() -> None:
    spoilt = {spoil("ещё жду, хочу юбилей", "translit", random.Random(seed)) for seed in range(40)}
    assert len(spoilt) == 5
    assert "esche jdu, hochu jubilei" in spoilt


def test_typos_come_at_the_stated_rate() -> None:
    text = "абонент " * 2_000
    lengths = [abs(len(spoil(text, "typos", random.Random(seed))) - len(text)) for seed in range(3)]
    assert max(lengths) < 200
    spoilt = spoil(text, "typos", random.Random(1)).split()
    wrong = sum(word != "абонент" for word in spoilt) / len(spoilt)
    assert 0.35 < wrong < 0.5


def test_an_unknown_kind_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown noise 'typo' \(did you mean 'typos'\?\)"):
        spoil(TEXT, "typo", random.Random(0))
