from __future__ import annotations

import pytest

from models.repair_draft import Draft
from models.repair_markup import markup, mojibake


@pytest.mark.parametrize("table", ["cp1251", "latin-1"])
def test_utf8_read_with_a_wrong_table_is_read_again(table: str) -> None:
    broken = "Почему списали деньги?".encode().decode(table, "replace")
    if "\ufffd" not in broken:
        assert mojibake(Draft(broken)).text == "Почему списали деньги?"


def test_mojibake_words_map_to_the_characters_they_came_from() -> None:
    draft = mojibake(Draft("мой С‚Р°СЂРёС„"))
    assert (draft.text, list(draft.places())) == ("мой тариф", [0, 1, 2, 3, 4, 6, 8, 10, 12, 14])


def test_windows_1251_read_as_latin_is_read_again() -> None:
    assert mojibake(Draft("Ïðèâåò, ãäå äåíüãè")).text == "Привет, где деньги"


@pytest.mark.parametrize("text", ["Привет, Россия. Сбер", "café à la carte", "РСФСР и ССР", "Ñandú"])
def test_sound_text_is_no_mojibake(text: str) -> None:
    assert mojibake(Draft(text)).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>Мой <b>тариф</b></p>", "\nМой тариф\n"),
        ("цена &lt; 500&nbsp;руб &amp; точка", "цена < 500\xa0руб & точка"),
        ("**срочно** верните _деньги_", "срочно верните _деньги_"),
        ("### Жалоба\n`код` ~~нет~~", "Жалоба\nкод нет"),
        ("[тариф](https://example.com/x) мой", "тариф мой"),
        ("см. https://www.example.com/a?b=1#c тут", "см. example.com тут"),
        ("верните деньги\nОтправлено с iPhone", "верните деньги\n"),
        ("Subject\nFrom: a b\nпривет", "Subject\nпривет"),
    ],
)
def test_markup_goes_and_its_text_stays(text: str, expected: str) -> None:
    assert markup(Draft(text)).text == expected


@pytest.mark.parametrize(
    "text",
    ["*105*1# и *100#", "<PHONE> и <CARD>", "<CODE> и <ADDRESS>", "a < b > c", "user_name_1", "5 * 3", "hf,jnftn ` z t`", "R&D; AT&T"],
)
def test_codes_placeholders_and_signs_are_no_markup(text: str) -> None:
    assert markup(Draft(text)).text == text
