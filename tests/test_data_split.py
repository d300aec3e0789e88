"""data/split.py: whole groups only, whatever the order of lines; folds."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import DataError
from data.messages import Example
from data.split import by_group, folds

SHARES = {"fit": 0.5, "calibrate": 0.25, "test": 0.25}


def corpus(groups: dict[str, str]) -> list[Example]:
    """Author -> one letter a message, the letter being the label."""
    return [
        Example(f"{author}-{number}", "", label, author=author) for author, labels in groups.items() for number, label in enumerate(labels)
    ]


EVEN = corpus({f"a{number}": "xxyy" for number in range(8)})


def test_parts_have_their_shares_and_both_labels() -> None:
    parts = by_group(EVEN, SHARES)
    assert {part: len(members) for part, members in parts.items()} == {"fit": 16, "calibrate": 8, "test": 8}
    assert {part: Counter(example.label for example in members) for part, members in parts.items()} == {
        "fit": {"x": 8, "y": 8},
        "calibrate": {"x": 4, "y": 4},
        "test": {"x": 4, "y": 4},
    }


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.text("abcd", min_size=1, max_size=4), st.text("xyz", min_size=1, max_size=9), min_size=3, max_size=12),
    st.integers(0, 9),
)
def test_no_author_is_torn_apart_and_none_is_lost(groups: dict[str, str], seed: int) -> None:
    examples = corpus(groups)
    parts = by_group(examples, SHARES, seed)
    places = [(example.author, part) for part, members in parts.items() for example in members]
    assert len(set(places)) == len(groups)
    assert sorted(example.id for members in parts.values() for example in members) == sorted(example.id for example in examples)
    shuffled = random.Random(seed).sample(examples, len(examples))
    assert by_group(shuffled, SHARES, seed) == parts


def test_parts_come_out_sorted_by_id() -> None:
    for members in by_group(EVEN[::-1], SHARES).values():
        assert [example.id for example in members] == sorted(example.id for example in members)


def test_another_seed_deals_other_authors() -> None:
    dealt = {tuple(sorted({example.author for example in by_group(EVEN, SHARES, seed)["test"]})) for seed in range(8)}
    assert len(dealt) > 1


def test_messages_without_an_author_are_groups_of_their_own() -> None:
    parts = by_group([Example(str(number), "", "x") for number in range(4)], {"a": 0.5, "b": 0.5})
    assert [len(members) for members in parts.values()] == [2, 2]


def test_too_few_authors_are_refused() -> None:
    with pytest.raises(DataError, match=r"^2 groups \(authors\) cannot be split into 3 parts \(fit, calibrate, test\); give more authors$"):
        by_group(corpus({"a": "x", "b": "x"}), SHARES)


def test_folds_keep_authors_together_and_use_every_number() -> None:
    groups, labels = [example.author for example in EVEN], [example.label for example in EVEN]
    numbers = folds(groups, labels, 4)
    assert Counter(numbers) == {0: 8, 1: 8, 2: 8, 3: 8}
    assert len(set(zip(groups, numbers, strict=True))) == 8


def test_a_label_rarer_than_folds_is_named() -> None:
    with pytest.raises(DataError, match=r"^fewer examples than the 3 folds: 'y' \(2\); add examples or lower `folds`$"):
        folds(list("abcdef"), list("xxxxyy"), 3)
