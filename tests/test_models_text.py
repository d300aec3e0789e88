from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import ConfigError
from models.text import DEFAULT_STEPS, LIMIT, STEPS, TextRepair

REPAIR = TextRepair()


def test_steps_run_in_one_fixed_order_and_all_are_on_by_default() -> None:
    names = "mojibake markup unicode elongation layout translit lookalike spelt nospace caps emoji spelling quote"
    assert tuple(names.split()) == STEPS
    assert DEFAULT_STEPS == STEPS


def test_an_unknown_step_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"unknown repair step 'translid' \(did you mean 'translit'\?\)"):
        TextRepair(["translid"])


@pytest.mark.parametrize(
    "text",
    [
        "Здравствуйте! Подскажите, пожалуйста, как поменять тариф?",
        "не приходит смс с кодом, номер 8 900 000-00-00",
        "Пополнил на 500р через *105#, деньги не пришли (уже 3 часа)",
        "Купил iPhone 15 Pro, eSIM не активируется",
        "сеть 4G/LTE пропала, в роуминге 5гб за 3дня",
        "What is included in my plan? I pay 450 rub per month",
        "кто-нибудь ответит? что-то сломалось",
        "",
        "👻",
    ],
)
def test_a_clean_message_is_left_alone(text: str) -> None:
    repaired = REPAIR(text)
    assert (repaired.text, repaired.repairs, repaired.cut) == (text, (), False)
    assert list(repaired.offsets) == list(range(len(text) + 1))


def test_yo_becomes_e_without_being_called_a_repair() -> None:
    repaired = REPAIR("счёт всё ещё пуст")
    assert (repaired.text, repaired.repairs) == ("счет все еще пуст", ())


def test_several_kinds_of_noise_are_mended_and_named_in_order() -> None:
    repaired = REPAIR("<b>СРОООЧНО</b> п0мeняйте тариф")
    assert repaired.text == "срочно поменяйте тариф"
    assert repaired.repairs == ("markup", "elongation", "lookalike", "caps")


def test_only_chosen_steps_run() -> None:
    assert TextRepair(["caps"])("КАК ПОМЕНЯТЬ nfhba").repairs == ("caps",)
    assert TextRepair([])("rfr <b>срооочно</b>").text == "rfr <b>срооочно</b>"


def test_russian_steps_do_nothing_in_another_language() -> None:
    text = "rfr gjvtyznm kak pomenyat tarif 📱"
    assert TextRepair(lang="en")(text).text == text
    assert TextRepair(lang="en")("sooooo <b>slow</b>").text == "so slow"


def test_a_span_of_the_repaired_text_maps_back_to_the_clients_own_characters() -> None:
    original = "<b>срооочно</b> kak pomenyat nomer 89000000000"
    repaired = REPAIR(original)
    assert repaired.text == "срочно как поменять номер 89000000000"
    for word, source in {"срочно": "срооочно</b>", "поменять": "pomenyat", "89000000000": "89000000000"}.items():
        start = repaired.text.index(word)
        begin, end = repaired.to_original(start, start + len(word))
        assert original[begin:end] == source


def test_half_of_an_expanded_character_maps_to_the_whole_of_it() -> None:
    repaired = TextRepair(["unicode"])("a㏄b")
    assert repaired.text == "accb"
    assert repaired.to_original(1, 2) == (1, 2)
    assert repaired.to_original(2, 2) == (1, 1)


def test_a_long_text_keeps_its_first_and_last_half_and_says_so() -> None:
    text = "а б " * 3_000 + "середина" * 10_000 + " конец"
    repaired = TextRepair([])(text)
    assert repaired.cut
    assert len(repaired.text) == LIMIT + 1
    assert repaired.text.endswith("конец")
    assert repaired.to_original(LIMIT - 4, LIMIT + 1) == (len(text) - 5, len(text))
    assert not TextRepair([])("а" * LIMIT).cut


def test_the_clients_own_words_are_told_from_a_forwarded_sms() -> None:
    repaired = REPAIR("пришла смс: «Уважаемый абонент! Вам подключена услуга Гудок, списано 5 руб.» отключите")
    assert repaired.repairs == ("quote",)
    assert [repaired.text[start:end] for start, end in repaired.own] == ["пришла смс: ", " отключите"]


@pytest.mark.parametrize(
    "text",
    ["а" * 1_000_000, "и\u0301\u0306" * 50_000, "<b>" * 100_000, "\ud83d" * 100_000, "**[" * 50_000, "«" * 30_000, "a" * 9_000 + " bbb"],
)
def test_hostile_texts_are_cut_and_read(text: str) -> None:
    repaired = REPAIR(text)
    assert repaired.cut == (len(text) > LIMIT)
    assert len(repaired.offsets) == len(repaired.text) + 1


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("аеёиояртнсквйь ghbdtnkaoyцщ013*#<>&;'«».,!?\n📱\u0301\u200bÐ\ud800"), max_size=60))
def test_offsets_never_fall_and_stay_inside_the_original(text: str) -> None:
    repaired = REPAIR(text)
    offsets = list(repaired.offsets)
    assert len(offsets) == len(repaired.text) + 1
    assert offsets == sorted(offsets)
    assert 0 <= offsets[0] <= offsets[-1] == len(text)
    assert repaired.original == text
    for start in range(len(repaired.text)):
        begin, end = repaired.to_original(start, start + 1)
        assert 0 <= begin <= end <= len(text)
