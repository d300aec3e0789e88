from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_lookalikes import lookalikes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("п0мeнять тaриф", "поменять тариф"),
        ("6аланс 3аказа", "баланс заказа"),
        ("ничeгo нe рaботaет", "ничего не работает"),
        ("4ем п0мочь", "чем помочь"),
        ("cумма c карты", "сумма с карты"),
        ("Hе работает", "Не работает"),
        ("хонoрик завис", "хонорик завис"),
        ("iРhone и Sаmsung", "iPhone и Samsung"),
    ],
)
def test_lookalike_characters_follow_their_word(text: str, expected: str) -> None:
    assert lookalikes(Draft(text)).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "5гб 3дня 10й 4G 2х",
        "sms-ка и smsка",
        "вайфай 5ггц",
        "6ти месяцев",
        "30на40",
        "школа 3а",
        "тариф A или B",
        "Samsung A 52",
        "к 18:30ч",
        "VIPка",
    ],
)
def test_numbers_with_endings_and_mixed_slang_stay(text: str) -> None:
    assert lookalikes(Draft(text)).text == text
