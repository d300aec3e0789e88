from __future__ import annotations

import pytest

from models.elliptical import AGREED_WEIGHT, Reading, menu, question, read_answer

MENU = {1: "тарифы", 2: "баланс", 3: "личный кабинет"}


@pytest.mark.parametrize(
    "line",
    [
        "Выберите: 1 — тарифы, 2 — баланс, 3 — личный кабинет.",
        "Выберите тему: 1. тарифы 2. баланс 3. личный кабинет. Я подожду",
        "1) тарифы\n2) баланс\n3) личный кабинет",
        "Вы можете: 1 тарифы, 2 баланс, 3 личный кабинет",
    ],
)
def test_a_menu_is_read_in_every_common_form(line: str) -> None:
    assert menu(line) == MENU


def test_numbers_may_stand_behind_their_choices() -> None:
    assert menu("По тарифу нажмите 1, по интернету — 2, по входу — 3.") == {1: "По тарифу нажмите", 2: "по интернету", 3: "по входу"}


def test_amounts_inside_a_choice_do_not_end_it() -> None:
    assert menu("1 - 1 ГБ за 60, 2 - 5 ГБ за 190") == {1: "1 ГБ за 60", 2: "5 ГБ за 190"}


@pytest.mark.parametrize("line", ["Оцените ответ от 0 до 10", "Осталось 2 ГБ до 14 числа", "Ваш номер 8 900 123 45 67?", "", "1 — тарифы"])
def test_other_numbers_are_no_menu(line: str) -> None:
    assert menu(line) == {}


@pytest.mark.parametrize("answer", ["2", "2.", "второе", "да, вторую", "номер 2", "Вторая"])
def test_a_number_or_an_ordinal_chooses(answer: str) -> None:
    assert read_answer(answer, MENU, "") == Reading("баланс", 1.0, chosen=True)


def test_own_words_beside_a_choice_are_kept() -> None:
    assert read_answer("третье, войти", MENU, "") == Reading("личный кабинет, войти", 1.0, chosen=True)


@pytest.mark.parametrize("answer", ["4", "у меня 2 телефона и 3 карты", "10", "", "нет", "человека"])
def test_what_chooses_nothing_speaks_for_itself(answer: str) -> None:
    assert read_answer(answer, MENU, "Какой тариф?") is None


def test_a_yes_takes_over_the_question_at_less_weight() -> None:
    assert question("Есть акция. Хотите заменить карту? Это бесплатно.") == "Хотите заменить карту?"
    assert read_answer("да, её", {}, "Хотите заменить карту?") == Reading("Хотите заменить карту?", AGREED_WEIGHT, chosen=False)
    assert read_answer("да", {}, "") is None
    assert read_answer("да нет", {}, "Хотите заменить карту?") is None
