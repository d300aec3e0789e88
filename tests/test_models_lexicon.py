from __future__ import annotations

from models.lexicon import UNKNOWN, fold, lexicon, lines
from models.lexicon_build import table


def test_the_shipped_table_is_what_its_script_makes() -> None:
    made = [f"{word} {round(cost * 10)}" for word, cost in sorted(table(lines("lexicon_ru.txt")).items())]
    assert made == lines("words_ru.txt")


def test_words_are_known_from_the_table_or_the_dictionary_with_e_for_yo() -> None:
    words = lexicon()
    assert [words.known(word) for word in ("тариф", "симка", "елка", "перепел", "незнаю", "щшыв")] == [True, True, True, True, False, False]


def test_a_likelier_word_costs_less() -> None:
    words = lexicon()
    assert words.cost("не") < words.cost("тариф") < words.cost("перепел") < words.cost("перепелж")
    assert words.cost("абвг") == words.letters.cost("абвг") + UNKNOWN
    assert words.english_cost("phone") < words.english_cost("gjvtyznm")


def test_dictionary_words_at_a_place_are_found_by_one_walk() -> None:
    text = "какпоменять"
    assert text[3 : max(lexicon().dictionary_words(text, 3))] == "поменять"


def test_verbs_are_told_from_other_words() -> None:
    assert [lexicon().is_verb(word) for word in ("могу", "поменять", "кабинет")] == [True, True, False]


def test_the_lists_hold_one_folded_word_a_line_without_repeats() -> None:
    for name in ("lexicon_ru.txt", "lexicon_en.txt"):
        words = lines(name)
        assert words == sorted(set(words))
        assert all(word == fold(word).strip() and " " not in word for word in words)
