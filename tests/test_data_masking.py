"""Masking: what is found, what stays, and the golden set by people who have not read the rules."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.masking import KINDS, Span, find, mask, mask_spans

GOLDEN = Path(__file__).with_name("golden")
FLOORS = {kind: 0.98 if kind in {"PHONE", "CARD", "PASSPORT", "EMAIL"} else 0.9 for kind in KINDS}
HARMLESS_LIMIT = 0.01


def golden(name: str) -> list[dict]:
    path = GOLDEN / name
    if not path.exists():
        pytest.skip(f"tests/golden/{name} is not there")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def is_covered(text: str, start: int, end: int, spans: tuple[Span, ...]) -> bool:
    hidden = {place for span in spans for place in range(span.start, span.end)}
    return all(place in hidden for place in range(start, end) if not text[place].isspace() and unicodedata.category(text[place])[0] != "P")


def recalls() -> dict[str, tuple[int, int]]:
    found: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for row in golden("masking.jsonl"):
        spans = find(row["text"])
        for start, end, kind in row["spans"]:
            total[kind] += 1
            found[kind] += is_covered(row["text"], start, end, spans)
    return {kind: (found[kind], total[kind]) for kind in KINDS}


def touched() -> list[str]:
    return [row["text"] for row in golden("harmless.jsonl") if find(row["text"])]


def test_the_golden_set_is_found_to_the_floor_of_every_kind() -> None:
    below = {kind: f"{found}/{total}" for kind, (found, total) in recalls().items() if total < 100 or found / total < FLOORS[kind]}
    assert below == {}


def test_harmless_numbers_are_left_alone_up_to_one_in_a_hundred() -> None:
    rows = golden("harmless.jsonl")
    assert len(rows) >= 1000
    assert len(touched()) / len(rows) <= HARMLESS_LIMIT


def test_masking_the_golden_set_twice_changes_nothing() -> None:
    for row in golden("masking.jsonl"):
        once = mask(row["text"]).text
        assert mask(once).text == once


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("мой номер 8 9O4 155 3O 27 верните", "мой номер <PHONE> верните"),
        ("тел: +7(904)155-30-27!", "тел: <PHONE>!"),
        ("8.904.155.30.27", "<PHONE>"),
        ('"89041553027"', '"<PHONE>"'),
        ("9041553027 проверьте", "<PHONE> проверьте"),
        ("8-904 потом 155 30 27 это номер", "<PHONE> это номер"),
        ("восемь девятьсот четыре сто пятьдесят пять тридцать двадцать семь", "<PHONE>"),
        ("восемь девять ноль четыре один пять пять три ноль два семь", "<PHONE>"),
        ("звонил на 8 (84342) 5-12-34", "звонил на <PHONE>"),
        ("домашний 222-33-44 молчит", "домашний <PHONE> молчит"),
        ("+380 50 123 45 67 и 998901234567", "<PHONE> и <PHONE>"),
        ("с 8 904 155 30 27 на 89041553028 500 рублей", "с <PHONE> на <PHONE> 500 рублей"),
        ("карта 4111 1111 1111 1111 мир", "карта <CARD> мир"),
        ("сим 8970101234567890123", "сим <ICCID>"),
        ("паспорт серия 45 10 номер 123456 выдан", "паспорт серия <PASSPORT> выдан"),
        ("4510 123456", "<PASSPORT>"),
        ("снилс 112-233-445 95", "снилс <SNILS>"),
        ("инн 500100732259", "инн <INN>"),
        ("почта ivanov.s@mail.ru, пришлите", "почта <EMAIL>, пришлите"),
        ("ivanov собака mail точка ru", "<EMAIL>"),
        ("г. Казань, ул. Баумана, д. 5, кв. 12 нет сети", "<ADDRESS> нет сети"),
        ("живу на гагарина 15/2 кв 8", "живу на <ADDRESS>"),
        ("Меня зовут Иванов Сергей Петрович", "Меня зовут <NAME>"),
        ("иванов сергей петрович договор", "<NAME> договор"),
        ("оформлена на петрову ольгу", "оформлена на <NAME>"),
        ("Мамедов Эльчин Вагиф оглы", "<NAME>"),
        ("дата рождения 12.05.1985", "дата рождения <BIRTHDATE>"),
        ("родилась 12 мая 1985 года в казани", "родилась <BIRTHDATE> в казани"),
        ("номер договора ПД-2023/00123", "номер договора <CONTRACT>"),
        ("код из смс 4821", "код из смс <CODE>"),
    ],
)
def test_personal_data_becomes_a_placeholder(text: str, masked: str) -> None:
    assert mask(text).text == masked


@pytest.mark.parametrize(
    "text",
    [
        "наберите *105# и *111*2*1#",
        "списали 500 р и 1 200 руб, потом 1 450,50",
        "осталось 15 гб и 300 минут из 500",
        "смс с 4446 и 0611, 900, 112",
        "ошибка 651, код ошибки 80070005",
        "заказ 1234567 когда привезут",
        "с 23.05.2024-15.06.2024 в 15:30 скорость 0.5",
        "7 8 9 10 11 12 13 тарифы",
        "тариф 300 за 1000 рублей, скидка 50%",
        "договор от 12.05.2020 хочу расторгнуть",
        "на лицевой счет положил 1500",
        "Здравствуйте, Сергей! Подключите тариф",
        "любовь моя вера в вас надежда",
        "живу на 5 этаже дом 2 смотрю",
        "мой ник @ivanov",
        "уже стоит <PHONE> и <КАРТА>",
    ],
)
def test_what_is_nobodys_stays(text: str) -> None:
    assert find(text) == ()


def test_spans_stand_in_the_original_text() -> None:
    text = "Ёлкин Пётр Ильич 8 904 155-30-27 <PHONE> a@b.ru"
    assert [(text[span.start : span.end], span.kind) for span in find(text)] == [
        ("Ёлкин Пётр Ильич", "NAME"),
        ("8 904 155-30-27", "PHONE"),
        ("a@b.ru", "EMAIL"),
    ]


def test_overlapping_spans_are_masked_as_one() -> None:
    assert mask_spans("abcdef", [Span(2, 5, "CODE"), Span(1, 3, "PHONE")]) == "a<PHONE>f"


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(DataError, match="does not lie inside a text of 3 characters"):
        mask_spans("abc", [Span(1, 4, "CODE")])


_WORDS = (
    "8 904 155 89041553027 +7 (904) код договор 4510 123456 Иванов Сергей петрович <PHONE> < PHONE> паспорт @ mail.ru собака ул. Ленина"
)
_MORE = "д. 5 12.05.1985 родился рублей 4111 1111 восемь девятьсот О İ \u200b ٣ № адрес казань, г. это лс ǂ - из петрова ольга"
PIECES = st.sampled_from([*f"{_WORDS} {_MORE}".split(), " ", "\n", "155 30 27"])
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES, max_size=12).map(" ".join))


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("код а б в г д е Иванов Сергей Петрович 4821 89041553027")
@example("\ud800 89041553027")
def test_masking_is_stable_and_changes_nothing_outside_its_spans(text: str) -> None:
    masked = mask(text)
    assert mask(masked.text).text == masked.text
    assert mask_spans(text, masked.spans) == masked.text
    assert find(text) == masked.spans
    ends = [0]
    for span in masked.spans:
        assert ends[-1] <= span.start < span.end <= len(text)
        assert span.kind in KINDS
        ends.append(span.end)
    rest = masked.text
    for start, end in zip(ends, [*(span.start for span in masked.spans), len(text)], strict=True):
        assert text[start:end] in rest
        rest = rest[rest.index(text[start:end]) + end - start :]


@pytest.mark.parametrize(
    "text",
    ["1" * 100_000, "@" * 100_000, "а" * 100_000, "1 " * 2_000, "восемь " * 2_000, "12.05." * 2_000, "ул д 1 " * 2_000, "а@" * 5_000],
)
def test_long_rows_of_one_thing_come_to_an_end(text: str) -> None:
    masked = mask(text).text
    assert mask(masked).text == masked
