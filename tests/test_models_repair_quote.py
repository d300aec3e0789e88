from __future__ import annotations

import pytest

from models.repair_quote import own, quoted


@pytest.mark.parametrize(
    ("text", "mine"),
    [
        ("пришла смс: «Уважаемый абонент! Вам подключена услуга Гудок» отключите", ["пришла смс: ", " отключите"]),
        ("что это значит?\n> Ваш баланс 5 руб\n> Пополните счет", ["что это значит?\n"]),
        ("Пересланное сообщение\nУважаемый абонент, списано 300 руб.\n\nэто за что?", ["\n\nэто за что?"]),
        ("мне пришло такое: Вам начислены бонусы, перейдите по ссылке\nэто развод?", ["мне пришло такое: ", "\nэто развод?"]),
    ],
)
def test_the_clients_own_words_are_what_quotations_leave(text: str, mine: list[str]) -> None:
    assert [text[start:end] for start, end in own(text, quoted(text))] == mine


@pytest.mark.parametrize(
    "text", ["тариф «Максимум» дорогой", "вопрос: как пополнить баланс", "скорость > 5 мбит?", "пишет: неверный пароль", "плати > 100"]
)
def test_a_name_in_quotation_marks_or_a_colon_is_no_quotation(text: str) -> None:
    assert quoted(text) == ()
