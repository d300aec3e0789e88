from __future__ import annotations

import json

import numpy as np
import pytest
import spacy
from sklearn.base import clone

from data.errors import ConfigError
from models.features import TextFeatures, fold, lemma, tokenizer
from models.lexicon import lines

TEXTS = [
    "Где мой перенос гигабайт?",
    "перенос минут не работает, звонил на <PHONE>",
    "Симка не работает ещё со вчера",
    "симку заблокируйте <CARD>",
]


@pytest.mark.parametrize(
    ("lang", "text", "tokens"),
    [
        ("ru", "Симка не работает, помогите!", ["Симка", "не", "работает", ",", "помогите", "!"]),
        ("en", "I don't have 5 GB", ["I", "do", "n't", "have", "5", "GB"]),
        ("xx", "Симка, SIM", ["Симка", ",", "SIM"]),
        ("ru", "  \n ", []),
        ("ru", "", []),
    ],
)
def test_words_and_marks_of_a_language(lang: str, text: str, tokens: list[str]) -> None:
    assert tokenizer(lang)(text) == tokens


def test_a_placeholder_is_one_token_wherever_it_stands() -> None:
    assert tokenizer("ru")("звоните <PHONE>, карта<CARD>!") == ["звоните", "<PHONE>", ",", "карта", "<CARD>", "!"]


def test_pieces_between_spaces_give_what_spacy_gives_of_the_whole() -> None:
    whole = spacy.blank("ru").tokenizer
    for text in (
        "в т.ч. интернет,сим-карта",
        "(в т.ч.  и т.д.)",
        "5гб\tпочему?!\u00a0т.е. 300р.",
        "http://a.ru/b?c=1 :-) из-за",
        "б" * 50 + ",",
    ):
        assert tokenizer("ru")(text) == [token.text for token in whole(text) if not token.is_space]


def test_small_cyrillic_letters_are_one_token() -> None:
    whole = spacy.blank("ru").tokenizer
    words = [line.split(" ")[0] for line in lines("words_ru.txt")][::37]
    for word in [*words, "т", "гг", "руб", "км", "кв", "мин", "ул", "др"]:
        assert tokenizer("ru")(word) == [token.text for token in whole(word)]


def test_an_unknown_language_is_refused_with_the_mend() -> None:
    with pytest.raises(ConfigError) as caught:
        tokenizer("zz")
    assert str(caught.value) == "lang: spaCy knows no language 'zz'; use one of its codes, or 'xx' for any language"


def test_new_words_do_not_pile_up_in_spacy_s_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    nlp = spacy.blank("ru")
    monkeypatch.setattr(spacy, "blank", lambda lang: nlp)
    tokenize = tokenizer.__wrapped__("ru")
    tokenize("первое сообщение")
    strings = set(nlp.vocab.strings)
    for number in range(3000):
        assert tokenize(f"слово{number}ж новое{number}щ") == [f"слово{number}ж", f"новое{number}щ"]
    assert set(nlp.vocab.strings) == strings


def test_fold_takes_case_and_yo_but_not_placeholders() -> None:
    assert fold("ЁЖ Ещё <PHONE> и <CARD>Ё") == "еж еще <PHONE> и <CARD>е"


def test_lemmas_are_normal_forms_and_other_tokens_stay() -> None:
    assert [lemma(word) for word in ("симку", "гигабайтов", "работает", "5", "?", "<PHONE>", "")] == [
        "симка",
        "гигабайт",
        "работать",
        "5",
        "?",
        "<PHONE>",
        "",
    ]


def test_every_block_has_unit_rows() -> None:
    for options in ({"characters": None}, {"words": None}, {"words": None, "characters": None, "lemmas": True}):
        matrix = TextFeatures(**options).fit(TEXTS).transform(TEXTS)
        np.testing.assert_allclose(matrix.multiply(matrix).sum(axis=1), 1.0, rtol=1e-5)
    three = TextFeatures(lemmas=True).fit(TEXTS).transform(TEXTS)
    assert three.dtype == np.float32
    np.testing.assert_allclose(three.multiply(three).sum(axis=1), 3.0, rtol=1e-5)


def test_columns_are_named_by_block_and_term() -> None:
    names = list(TextFeatures(lemmas=True).fit(TEXTS).get_feature_names_out())
    assert {"word:симка", "word:перенос", "word:на <PHONE>", "char: не ", "lemma:заблокировать"} <= set(names)
    assert len(names) == TextFeatures(lemmas=True).fit(TEXTS).transform(TEXTS).shape[1]


def test_character_n_grams_of_one_text_are_left_out_unless_there_is_nothing_else() -> None:
    assert "char:карт" not in TextFeatures(words=None).fit(["карта нет", "сим нет"]).get_feature_names_out()
    assert "char:карт" in TextFeatures(words=None).fit(["карта", "сим"]).get_feature_names_out()


def test_state_and_restore_are_a_round_trip_through_json() -> None:
    fitted = TextFeatures(lemmas=True).fit(TEXTS)
    vocabulary, idf = fitted.state()
    restored = TextFeatures(lemmas=True).restore(json.loads(json.dumps(vocabulary)), idf)
    new = [*TEXTS, "совсем другое про симку", ""]
    assert (fitted.transform(new) != restored.transform(new)).nnz == 0
    assert list(restored.get_feature_names_out()) == list(fitted.get_feature_names_out())
    again_vocabulary, again_idf = restored.state()
    assert again_vocabulary == vocabulary
    assert all(np.array_equal(again_idf[name], idf[name]) for name in idf)


def test_a_text_of_unknown_words_is_an_empty_row() -> None:
    assert TextFeatures().fit(TEXTS).transform(["zzz", ""]).nnz == 0


def test_a_clone_is_unfitted_with_the_same_parameters() -> None:
    features = TextFeatures(lang="en", words=(1, 1), characters=None).fit(["one two", "two three"])
    copy = clone(features)
    assert copy.get_params() == features.get_params()
    assert features.__sklearn_is_fitted__()
    assert not copy.__sklearn_is_fitted__()
