from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_words import elongation, run_together, segment, spelt


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("срооочно", "срочно"),
        ("длиннннный", "длинный"),
        ("помогитеее!!!!!", "помогите!"),
        ("Аллооо????", "Алло?"),
        ("ну......", "ну..."),
        ("1000000 и 8000", "1000000 и 8000"),
        ("WWW и XXX", "WWW и XXX"),
        ("ввв", "в"),
        ("нее", "нее"),
    ],
)
def test_stretched_letters_and_marks_are_shortened_but_never_digits(text: str, expected: str) -> None:
    assert elongation(Draft(text)).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("какпоменятьтариф", "как поменять тариф"),
        ("немогу войти вкабинет", "не могу войти в кабинет"),
        ("Незнаю пароль", "Не знаю пароль"),
        ("тоесть нет", "то есть нет"),
        ("какойто сбой", "какой то сбой"),
        ("здравствуйтеунасвторойденьнетинтернета", "здравствуйте у нас второй день нет интернета"),
        ("верните500рублейнакарту", "верните 500 рублей на карту"),
    ],
)
def test_words_run_together_are_parted(text: str, expected: str) -> None:
    assert run_together(Draft(text)).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "автосписание не отключается",
        "переподключите видеонаблюдение",
        "Видеомир списал деньги",
        "незнакомый номер",
        "кто-нибудь ответит",
        "Здраствуйте пожалуста",
        "кешбек за есимку",
        "Лямкина Светлана",
        "непотраченные минуты",
        "понажимал и насобиралось",
    ],
)
def test_compounds_names_slips_and_slang_stay_whole(text: str) -> None:
    assert run_together(Draft(text)).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("т а р и ф", "тариф"),
        ("т а р и ф  м о й", "тариф мой"),
        ("С-Р-О-Ч-Н-О верните", "СРОЧНО верните"),
        ("н е р а б о т а е т", "не работает"),
        ("а б в г", "а б в г"),
        ("я и ты", "я и ты"),
        ("и в с", "и в с"),
    ],
)
def test_letters_written_apart_are_joined_when_they_make_words(text: str, expected: str) -> None:
    assert spelt(Draft(text)).text == expected


def test_an_unlikely_string_has_no_segmentation() -> None:
    assert segment("щшьъыгх") == ()
    assert segment("тариф") == ("тариф",)
