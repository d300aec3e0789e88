from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_spelling import correct, spelling


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("здраствуйте", "здравствуйте"),
        ("обещаный", "обещанный"),
        ("пожалуста", "пожалуйста"),
        ("тилефон", "телефон"),
        ("можнно", "можно"),
        ("баалнс", "баланс"),
        ("интенрет", "интернет"),
    ],
)
def test_a_slip_is_corrected(word: str, meant: str) -> None:
    assert correct(word) == meant


@pytest.mark.parametrize("word", ["скамер", "звонилка", "кабинетке", "таксую", "нафига", "абвгдейка", "ложил"])
def test_slang_and_rare_words_are_no_slips(word: str) -> None:
    assert correct(word) is None


def test_case_and_known_words_are_kept() -> None:
    assert spelling(Draft("Здраствуйте, замена карты")).text == "Здравствуйте, замена карты"
