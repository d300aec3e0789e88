"""training/material.py: whole authors, whatever the order of lines; what is learned from, made ready."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from data.errors import DataError
from data.messages import Example
from training.config import Config, SplitConfig
from training.material import PARTS, classifier_of, fingerprint, prepare, split_authors, with_noise
from training.progress import Progress

QUIET = Progress(quiet=True)


def authors(examples: list[Example]) -> set[str]:
    return {example.author for example in examples}


def test_whole_authors_go_into_four_parts(tiny_examples: list[Example], tiny_config: Config) -> None:
    parts = split_authors(tiny_examples, tiny_config, {})
    assert tuple(parts) == PARTS
    assert {part: len(members) for part, members in parts.items()} == {"fit": 30, "calibrate": 10, "certify": 10, "test": 10}
    assert sum(len(authors(members)) for members in parts.values()) == 6


def test_the_order_of_lines_does_not_matter(tiny_examples: list[Example], tiny_config: Config) -> None:
    expected = split_authors(tiny_examples, tiny_config, {})
    for seed in range(5):
        assert split_authors(random.Random(seed).sample(tiny_examples, 60), tiny_config, {}) == expected


def renamed(examples: list[Example], mark: str) -> list[Example]:
    """The same kind of messages by other people in other words."""
    return [replace(example, id=mark + example.id, author=mark + example.author, text=f"{example.text} {mark}") for example in examples]


def test_a_validation_file_is_dealt_to_calibrate_and_certify(tiny_examples: list[Example], tiny_config: Config) -> None:
    parts = split_authors(tiny_examples, tiny_config, {"calibrate": renamed(tiny_examples, "v")})
    assert {part: len(members) for part, members in parts.items()} == {"fit": 60, "calibrate": 30, "certify": 30, "test": 0}
    assert not authors(parts["calibrate"]) & authors(parts["certify"])


def test_files_of_their_own_are_taken_as_they_are(tiny_examples: list[Example], tiny_config: Config) -> None:
    given = {part: renamed(tiny_examples, part) for part in ("calibrate", "certify", "test")}
    parts = split_authors(tiny_examples, tiny_config, given)
    assert {part: len(members) for part, members in parts.items()} == dict.fromkeys(PARTS, 60)
    parts = split_authors(tiny_examples, tiny_config, {"test": given["test"]})
    assert parts["test"] == given["test"]
    assert {part: len(members) for part, members in parts.items() if part != "test"} == {"fit": 30, "calibrate": 10, "certify": 20}


def test_what_was_learned_by_heart_is_not_measured_on(tiny_examples: list[Example], tiny_config: Config) -> None:
    text = "мне кажется что с меня каждый день берут деньги за подписку"
    copies = [Example(f"copy-{author}", text, "money", author=author) for author in sorted(authors(tiny_examples))]
    parts = split_authors([*tiny_examples, *copies], tiny_config, {})
    assert {part for part, members in parts.items() if text in {example.text for example in members}} == {"fit"}


def test_too_few_authors_are_refused(tiny_examples: list[Example], tiny_config: Config) -> None:
    two = [example for example in tiny_examples if example.author in ("anna", "boris")]
    with pytest.raises(DataError, match=r"^2 groups \(authors\) cannot be split into 4 parts"):
        split_authors(two, tiny_config, {})
    only_fit = replace(tiny_config, split=SplitConfig(fit=0.5, calibrate=0.5, certify=0.0, test=0.0))
    assert {part: len(members) for part, members in split_authors(two, only_fit, {}).items()} == {
        "fit": 10,
        "calibrate": 10,
        "certify": 0,
        "test": 0,
    }


def test_calibrating_needs_messages(tiny_examples: list[Example], tiny_config: Config) -> None:
    config = replace(tiny_config, split=SplitConfig(fit=0.6, calibrate=0.0, certify=0.2, test=0.2))
    with pytest.raises(DataError, match=r"^no messages are left for 'calibrate'; give more authors or change \[split\]$"):
        split_authors(tiny_examples, config, {})


def test_material_comes_in_the_order_of_ids(tiny_examples: list[Example], tiny_config: Config) -> None:
    material = prepare(tiny_examples[::-1], tiny_config, QUIET)
    assert [example.id for example in material.examples] == sorted(example.id for example in tiny_examples)
    assert material.texts == [example.text for example in material.examples], "neither repaired nor masked: nothing to do"
    assert material.vectors.shape == (60, 0)
    part = material.take([5, 3])
    assert [example.id for example in part.examples] == [material.examples[5].id, material.examples[3].id]
    assert (part.labels, part.needs) == ([part.examples[0].label, part.examples[1].label], [part.examples[0].need, part.examples[1].need])


def test_personal_data_is_masked_before_anything_is_learned(tiny_config: Config) -> None:
    material = prepare([Example("1", "мой номер +7 904 155-30-27", "money")], tiny_config, QUIET)
    assert "155" not in material.texts[0]
    assert "<PHONE>" in material.texts[0]


def test_noise_is_added_as_copies_whatever_the_order(tiny_examples: list[Example], tiny_config: Config) -> None:
    config = replace(tiny_config, model=replace(tiny_config.model, typos=0.5))
    noisy = with_noise(tiny_examples, config)
    copies = noisy[60:]
    assert noisy[:60] == tiny_examples
    assert 15 < len(copies) < 45
    assert all(copy.id.endswith("~typos") for copy in copies)
    assert sorted(with_noise(tiny_examples[::-1], config), key=lambda example: example.id) == sorted(noisy, key=lambda example: example.id)
    assert with_noise(tiny_examples, tiny_config) == tiny_examples
    english = [replace(example, lang="en") for example in tiny_examples]
    assert with_noise(english, config) == english


def test_a_classifier_gets_the_parameters_of_the_configuration(tiny_config: Config) -> None:
    parameters = classifier_of(tiny_config).get_params()
    assert {name: parameters[name] for name in ("lang", "words", "characters", "lemmas", "encoder", "repair", "seed", "C")} == {
        "lang": "ru",
        "words": (1, 2),
        "characters": (2, 4),
        "lemmas": False,
        "encoder": "none",
        "repair": "none",
        "seed": 0,
        "C": 0.6,
    }
    assert classifier_of(replace(tiny_config, model=replace(tiny_config.model, words=()))).words is None


def test_the_fingerprint_is_of_the_messages_not_of_their_order(tiny_examples: list[Example]) -> None:
    assert fingerprint(tiny_examples) == fingerprint(tiny_examples[::-1])
    assert fingerprint(tiny_examples) != fingerprint(tiny_examples[1:])
    assert fingerprint([Example("1", "\ud83d", "x")]) != fingerprint([Example("1", "\ud83e", "x")])
