from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.messages import Example, Message
from data.taxonomy import Taxonomy
from models import bundle
from models.decision import DECIMALS
from models.encoders import EDGE
from models.prepare import Preparation
from models.tagger import MARGIN, Prediction, Tagger, _tipping
from training.config import Config


@pytest.fixture(scope="module")
def tagger(tiny_bundle: Path) -> Tagger:
    return bundle.load(tiny_bundle)


@pytest.fixture(scope="module")
def encoding_tagger(
    tmp_path_factory: pytest.TempPathFactory, tiny_examples: list[Example], tiny_taxonomy: Taxonomy, tiny_config: Config
) -> Iterator[Tagger]:
    """A model of the tiny examples with the real sentence encoder."""
    from training.fit import fit
    from training.material import prepare, split_authors
    from training.progress import Progress

    config = replace(tiny_config, model=replace(tiny_config.model, encoder="use"))
    progress = Progress(quiet=True)
    folder = tmp_path_factory.mktemp("encodings")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        parts = {part: prepare(members, config, progress) for part, members in split_authors(tiny_examples, config, {}).items()}
        yield softened(fit(parts, tiny_taxonomy, config, progress).tagger.with_decider(model="tiny+use"))


def softened(tagger: Tagger) -> Tagger:
    """The same model, less sure of itself: a probability of 1.0 hides what happens in its last decimals."""
    return Tagger(tagger.classifier, replace(tagger.calibration, sharpness=4.0), tagger.neighbours, tagger.decider)


def varied(examples: Sequence[Example], count: int) -> list[Message]:
    """Messages of all lengths, no two alike, made of halves of the examples."""
    texts = [
        f"{first.text} {second.text[: number % 40]} {number}"
        for number in range(20)
        for first, second in zip(examples, examples[7:], strict=False)
    ]
    return [Message(f"m{number}", text) for number, text in enumerate(texts[:count])]


def test_a_message_gets_the_same_tag_alone_first_or_last_of_a_thousand(encoding_tagger: Tagger, tiny_examples: list[Example]) -> None:
    messages = varied(tiny_examples, 1000)
    assert len({message.text for message in messages}) == 1000
    forth, back = encoding_tagger.tag(messages), encoding_tagger.tag(messages[::-1])[::-1]
    assert forth == back
    for number in (*range(0, 1000, 20), 999):
        assert encoding_tagger.tag([messages[number]]) == [forth[number]], number


def test_where_a_last_bit_tips_the_rounding_a_text_is_computed_alone(
    tiny_bundle: Path, tiny_examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    shaky, messages = softened(bundle.load(tiny_bundle)), varied(tiny_examples, 1500)
    exact = shaky.classifier.leaf_scores

    def shaken(sparse_part: Any, vectors: Any) -> Any:
        scores = exact(sparse_part, vectors)
        return scores if len(scores) == 1 else scores + 1e-6 * np.resize([1, -1], scores.shape[1])

    alone = [shaky.tag([message])[0] for message in messages]
    monkeypatch.setattr(shaky.classifier, "leaf_scores", shaken)
    assert shaky.tag(messages) == alone
    monkeypatch.setattr("models.tagger._tipping", lambda prediction: [])
    assert shaky.tag(messages) != alone


def test_only_probabilities_near_the_edge_of_their_rounding_tip() -> None:
    topics = np.asarray([[0.12345, 0.87655], [0.1234, 0.8766], [0.00005, 0.99995], [0.0, 1.0], [0.12345 + MARGIN, 0.87655 - MARGIN]])
    leaves = np.where(topics == 0.12345, 0.1, topics)
    prediction = Prediction([], np.zeros((5, 0), np.float32), leaves, topics, leaves, np.zeros(5))
    assert DECIMALS == 4
    assert _tipping(prediction).tolist() == [0, 2]


def test_probabilities_of_topics_leaves_and_the_unknown_fit_together(tagger: Tagger, tiny_examples: list[Example]) -> None:
    prediction = tagger.predict([example.text for example in tiny_examples])
    assert prediction.topics.shape == (60, 4)
    assert prediction.leaves.shape == (60, 8)
    np.testing.assert_allclose(prediction.topics.sum(axis=1), 1.0)
    np.testing.assert_allclose(prediction.leaves.sum(axis=1) + prediction.unknown, 1.0)


def test_tags_come_in_the_order_of_messages_and_attachments_stand_in_their_place(tagger: Tagger) -> None:
    messages = [
        Message("b", "", attachments=("photo",)),
        Message("a", "верните деньги за подписку"),
        Message("c", " \n", attachments=("voice",)),
        Message("a2", "верните деньги за подписку", attachments=("photo",)),
    ]
    tags = tagger.tag(messages)
    assert [tag.id for tag in tags] == ["b", "a", "c", "a2"]
    assert [(tag.status, tag.need, tag.topic) for tag in (tags[0], tags[2])] == [("no_request", "hello", None)] * 2
    assert tags[1].ranking == tags[3].ranking
    assert tags[1].ranking[0][0] == "money"
    assert {tag.model for tag in tags} == {"tiny+0"}


def test_only_attachments_or_nothing_at_all_need_no_model(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tagger, "predict", lambda self, texts: pytest.fail("nothing to read"))
    assert tagger.tag([]) == []
    assert [tag.need for tag in tagger.tag([Message("1", "", attachments=("photo",))] * 2)] == ["hello", "hello"]


def test_an_empty_text_and_odd_ones_get_a_tag(tagger: Tagger) -> None:
    texts = ["", " ", "\ud800", "\x00", "🙂" * 50, "а" * 20_000, "<PHONE>"]
    tags = tagger.tag([Message(str(number), text) for number, text in enumerate(texts)])
    assert [round(sum(probability for _, probability in tag.ranking), 3) for tag in tags] == [1.0] * len(texts)


def test_the_middle_of_a_long_text_is_not_seen_by_the_encoder(encoding_tagger: Tagger) -> None:
    edges = ["интернет " * 60, " где деньги" * 60]
    one, two = (f"{edges[0]}{middle}{edges[1]}" for middle in ("спасибо " * 50, "вакансии " * 50))
    assert min(map(len, edges)) > EDGE
    vectors = encoding_tagger.predict([one, two]).vectors
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_an_answer_holds_the_text_with_personal_data_masked_only(tagger: Tagger) -> None:
    (answer, photo) = tagger.answer([Message("1", "Верните  деньги, мой номер 8 912 345-67-89"), Message("2", "", attachments=("photo",))])
    assert answer.masked == "Верните  деньги, мой номер <PHONE>"
    assert photo.masked == ""


@pytest.mark.parametrize("repair", ["none", "all"])
def test_a_lone_surrogate_is_a_question_mark_in_all_that_is_read_or_stored(repair: str) -> None:
    prepared = Preparation(repair)("симка \ud800 сломалась")
    assert prepared == Preparation(repair)("симка ? сломалась")
    assert prepared.masked == "симка ? сломалась"


def test_repairs_are_named_only_when_asked(tagger: Tagger) -> None:
    message = Message("1", "верните деньги")
    assert tagger.tag([message])[0].repairs is None
    assert tagger.tag([message], with_repairs=True)[0].repairs == ()


def test_another_decider_changes_the_rules_not_the_model(tagger: Tagger) -> None:
    other = tagger.with_decider(model="other+1")
    assert (other.version, tagger.version) == ("other+1", "tiny+0")
    assert other.classifier is tagger.classifier
    assert other.tag([Message("1", "симка")])[0].ranking == tagger.tag([Message("1", "симка")])[0].ranking
