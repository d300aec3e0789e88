from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_layout import layout, to_russian


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rfr gjvtyznm nfhba", "как поменять тариф"),
        ("Rfr gjvtyznm nfhba&", "Как поменять тариф?"),
        (",fkfyc", "баланс"),
        ("cgfcb,j", "спасибо"),
        ("jxtym vtlktyysq bynthytn", "очень медленный интернет"),
        ("pfqlbnt? gj;fkeqcnf? d xfn", "зайдите, пожалуйста, в чат"),
        ("Как gjvtyznm тариф", "Как поменять тариф"),
        ("поменznm тариф", "поменять тариф"),
        ("e vtyz iphone yt kjdbn ctnm", "у меня iphone не ловит сеть"),
        ("cyzkb 500h? dthybnt", "сняли 500р, вернуть".replace("вернуть", "верните")),
        ("dc` to` yt hf,jnftn", "всё ещё не работает"),
        ("xtv j,]zcybnm", "чем объяснить"),
        ("шзрщту не включается", "iphone не включается"),
        ("ыьы не приходит", "sms не приходит"),
    ],
)
def test_words_typed_with_the_wrong_layout_come_back(text: str, expected: str) -> None:
    assert layout(Draft(text)).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "iphone",
        "change my plan please",
        "не работает wifi и bluetooth",
        "Samsung A52s; Redmi Note 12",
        "код XK7BD не подходит",
        "пароль qwerty",
        "ivan@example.com",
        "https://example.com/abc",
        "Balansimda qancha minut qoldi",
        "симка ЫВ 12",
        "вышка ютуб есим хз",
        "2FF или 4FF",
        ":D ;)",
    ],
)
def test_english_brands_codes_and_russian_slang_stay(text: str) -> None:
    assert layout(Draft(text)).text == text


def test_the_table_of_keys_is_that_of_the_standard_keyboards() -> None:
    assert to_russian("`qwertyuiop[]asdfghjkl;'zxcvbnm,.") == "ёйцукенгшщзхъфывапролджэячсмитьбю"
    assert to_russian('~{}:"<>') == "ЁХЪЖЭБЮ"
