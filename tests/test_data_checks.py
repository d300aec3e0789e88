"""data/checks.py: every finding on a corpus made to hold it."""

from __future__ import annotations

import pytest

from data import checks
from data.checks import Finding
from data.messages import Example
from data.taxonomy import Taxonomy, load_taxonomy


def example(number: str, text: str, label: str = "money", need: str | None = None, author: str = "") -> Example:
    return Example(number, text, label, need, author=author)


def test_words_are_folded() -> None:
    assert checks.words("Всё ещё НЕТ: 4G!") == ("все", "еще", "нет", "4g")


def test_the_same_words_under_two_labels_conflict() -> None:
    found = list(
        checks.conflicts([example("1", "Нет сети!", "money"), example("2", "нет сети", "network"), example("3", "другое", "money")])
    )
    assert found == [Finding("conflict", ("1", "2"), """["('money', None)", "('network', None)"]: 'Нет сети!'""")]


def test_the_same_words_under_two_needs_conflict_too() -> None:
    found = list(checks.conflicts([example("1", "верните", need="fee"), example("2", "верните", need="refund")]))
    assert [finding.ids for finding in found] == [("1", "2")]


def test_the_same_words_under_one_label_are_no_conflict() -> None:
    assert list(checks.conflicts([example("1", "верните"), example("2", "верните")])) == []


def test_near_duplicates_are_pairs_in_one_direction() -> None:
    corpus = [
        example("1", "верните мне деньги за эту подписку сегодня"),
        example("2", "верните мне деньги за эту подписку сегодня пожалуйста"),
        example("6", "верните деньги за подписку"),
        example("3", "деньги подписку хочу вернуть завтра утром"),
        example("4", "спасибо"),
        example("5", "спасибо"),
    ]
    assert [(finding.code, finding.ids) for finding in checks.near_duplicates(corpus)] == [("near-duplicate", ("1", "2"))]


def test_two_labellers_agree_as_counted_by_hand() -> None:
    first = {"1": "x", "2": "x", "3": "y", "4": "y", "9": "z"}
    second = {"1": "x", "2": "y", "3": "y", "4": "y"}
    n, equal, kappa = checks.agreement(first, second)
    assert (n, equal) == (4, 0.75)
    assert kappa == pytest.approx((0.75 - 0.5) / (1 - 0.5))


def test_a_leak_does_not_print_the_other_text() -> None:
    found = list(checks.leaks([example("1", "верните деньги за подписку")], "test", [example("9", "за подписку деньги верните Вася")]))
    assert [(finding.code, finding.ids) for finding in found] == [("leak", ("1", "9"))]
    assert "Вася" not in found[0].detail
    assert found[0].detail.startswith("100% of the words of test: ")


def test_rare_needs_are_counted(tiny_taxonomy: Taxonomy) -> None:
    corpus = [example(str(number), "x", "money", "fee") for number in range(3)]
    found = {finding.ids[0]: finding.detail for finding in checks.rare_needs(corpus, tiny_taxonomy, 2)}
    assert "money/fee" not in found
    assert found["money/refund"] == "0 messages, 2 wanted"
    assert len(found) == 7


def test_a_monotonous_author_is_named() -> None:
    corpus = [example(str(number), f"добрый день вопрос номер {number}", author="anna") for number in range(6)]
    corpus += [example(f"b{number}", f"слово{number} день вопрос номер", author="boris") for number in range(6)]
    assert list(checks.openings(corpus)) == [Finding("author-opening", ("anna",), "6 of 6 begin with 'добрый день'")]


def test_check_yields_everything_with_known_codes(tiny_taxonomy: Taxonomy, tiny_examples: list[Example]) -> None:
    corpus = [*tiny_examples, example("twin", tiny_examples[6].text, "network", "speed")]
    codes = {finding.code for finding in checks.check(corpus, tiny_taxonomy, 8, {"other": tiny_examples})}
    assert codes <= set(checks.CODES)
    assert codes >= {"conflict", "near-duplicate", "leak", "rare-need"}


def test_variety_is_counted() -> None:
    assert checks.variety(["один два три четыре", "один два пять шесть"]) == {"words": 4.0, "type_token": 0.75, "top_opening": 1.0}
    assert checks.variety([]) == {"words": 0.0, "type_token": 0.0, "top_opening": 0.0}


def test_examples_by_author_come_in_the_order_of_names() -> None:
    corpus = [example("1", "x", author="b"), example("2", "x", author="a"), example("3", "x", author="b")]
    assert {author: [member.id for member in members] for author, members in checks.by_author(corpus).items()} == {
        "a": ["2"],
        "b": ["1", "3"],
    }


@pytest.mark.parametrize(("texts", "share"), [(["сменить тариф", "сколько стоит"], 0.5), ([], 0.0)])
def test_share_of_messages_that_name_their_topic(texts: list[str], share: float) -> None:
    corpus = [example(str(number), text, "tariffs") for number, text in enumerate(texts)]
    assert checks.topic_word_share(corpus, load_taxonomy(), "tariffs") == share
