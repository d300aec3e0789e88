from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_translit import read, translit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kak pomenyat tarif", "как поменять тариф"),
        ("4to za wtraf?", "что за штраф?"),
        ("ja hochu podkl'uchit' internet", "я хочу подключить интернет"),
        ("Zdravstvuite, ne mogu voiti v kabinet", "Здравствуйте, не могу войти в кабинет"),
        ("skol'ko stoit tarif dlya pensionerov", "сколько стоит тариф для пенсионеров"),
        ("pochemu ne rabotaet iphone?", "почему не работает iphone?"),
        ("zhdu uzhe chas, eshche ne prishlo", "жду уже час, еще не пришло"),
        ("spisali 300rub s balansa", "списали 300руб с баланса"),
        ("не работает kabinet", "не работает кабинет"),
        ("spasibo", "спасибо"),
        ("xochu smenit' nomer", "хочу сменить номер"),
        ("VERNITE DENGI", "ВЕРНИТЕ ДЕНЬГИ"),
    ],
)
def test_transliterated_words_come_back(text: str, expected: str) -> None:
    assert translit(Draft(text)).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "my sim card does not work",
        "How much is the monthly fee?",
        "Hello",
        "iPhone 15 Pro Max",
        "не работает internet",
        "подписка Kion Premium",
        "пишите на ivan.petrov@example.com",
        "Balansimda qancha minut qoldi",
        "Assalomu alaykum, internet umuman yo'q",
        "QIWI и MIR",
        "код AB12CD",
    ],
)
def test_english_other_languages_brands_and_codes_stay(text: str) -> None:
    assert translit(Draft(text)).text == text


def test_the_reading_is_chosen_by_evidence() -> None:
    assert [read(word)[1] for word in ("vyklyuchit", "moy", "shtraf", "wtraf", "jivu", "zhivu")] == [
        "выключит", "мой", "штраф", "штраф", "живу", "живу",
    ]  # fmt: skip
