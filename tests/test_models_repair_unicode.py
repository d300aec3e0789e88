from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_unicode import capitals, emoji, unicode


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("тари\u0301ф мо\u0438\u0306", "тариф мой"),
        ("се\u200bть\ufeff и\u00adнет", "сеть инет"),
        ("ｔａｒｉｆ ①", "tarif 1"),
        ("𝐒𝐈𝐌", "SIM"),
        ("500\u00a0руб", "500 руб"),
        ("еще\ud83d", "еще\ufffd"),
        ("счёт Ёлка", "счет Елка"),
        ("№ 5 — «да»…", "№ 5 — «да»…"),
        ("z\u0300\u0301\u0302a", "za"),
    ],
)
def test_odd_characters_become_plain_ones(text: str, expected: str) -> None:
    assert unicode(Draft(text)).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ГДЕ МОИ ДЕНЬГИ", "где мои деньги"),
        ("почему НЕ РАБОТАЕТ сеть", "почему НЕ работает сеть"),
        ("пРИВЕТ, где тариф", "привет, где тариф"),
        ("СМС от МТС по LTE", "СМС от МТС по LTE"),
        ("Альфа", "Альфа"),
        ("SOS", "SOS"),
    ],
)
def test_shouting_is_lowered_and_abbreviations_stay(text: str, expected: str) -> None:
    assert capitals(Draft(text)).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("пропала📶", "пропала сеть"),
        ("где мои 💸💸💸", "где мои деньги"),
        ("❓", "?"),
        ("😀🤷", "😀🤷"),
    ],
)
def test_emoji_with_a_meaning_become_words(text: str, expected: str) -> None:
    assert emoji(Draft(text)).text == expected
