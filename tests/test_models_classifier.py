from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Self

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.utils import Tags, estimator_checks, get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator
from sklearn.utils.validation import check_is_fitted, validate_data

from data.messages import Example
from models.classifier import TopicClassifier, softmax, sum_leaves
from models.encoders import Vectors


class SpelledRows(TopicClassifier):
    """TopicClassifier for scikit-learn's checks, which feed numbers: every row is spelled as words, nothing else is changed.

    Without it scikit-learn skips all checks but one, for an estimator that takes texts. So no check is expected to fail.
    """

    def fit(self, X: Any, y: Any, needs: Sequence[str | None] | None = None) -> Self:
        X, y = validate_data(self, X, y)
        return super().fit(_spelled(X), y, needs)

    def predict_proba(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        return super().predict_proba(_spelled(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array = False, False, True
        return tags


def _spelled(rows: np.ndarray) -> list[str]:
    return [" ".join(f"c{column}v{round(value)}" for column, value in enumerate(row)) for row in rows]


# Checks that are not asked, each with its reason.
LEFT_OUT = {
    "check_array_api_input": "for estimators that compute on arrays; without SCIPY_ARRAY_API set before scipy is imported it skips itself"
}


def own_checks() -> Iterator[object]:
    for estimator, check in estimator_checks_generator(SpelledRows(encoder="none", repair="none", lang="xx")):
        name = check.func.__name__ if isinstance(check, partial) else check.__name__
        if name not in LEFT_OUT:
            yield pytest.param(estimator, check, id=name)


def test_no_check_is_left_out_that_does_not_exist() -> None:
    assert set(LEFT_OUT) <= set(vars(estimator_checks))


# One check feeds numbers as classes, to see that they are refused: scikit-learn warns of the many before it refuses.
@pytest.mark.filterwarnings("ignore:The number of unique classes is greater than 50%:UserWarning")
@pytest.mark.parametrize(("estimator", "check"), list(own_checks()))
def test_scikit_learn_s_own_checks(estimator: SpelledRows, check: Any) -> None:
    check(estimator)


def small(**options: Any) -> TopicClassifier:
    return TopicClassifier(**{"encoder": "none", "repair": "none", **options})


@pytest.fixture(scope="module")
def fitted(tiny_examples: list[Example]) -> TopicClassifier:
    return small().fit(*columns(tiny_examples))


def columns(examples: Sequence[Example]) -> tuple[list[str], list[str], list[str | None]]:
    return [example.text for example in examples], [example.label for example in examples], [example.need for example in examples]


def test_tags_say_that_it_takes_a_list_of_texts() -> None:
    tags = get_tags(small())
    assert (tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array) == (True, True, False)
    assert tags.estimator_type == "classifier"


def test_leaves_are_needs_inside_their_topics(fitted: TopicClassifier) -> None:
    assert fitted.classes_.tolist() == ["money", "network", "other", "silent"]
    assert fitted.leaves_ == [
        ("money", "fee"),
        ("money", "refund"),
        ("network", "outage"),
        ("network", "speed"),
        ("other", "job"),
        ("other", "shop"),
        ("silent", "hello"),
        ("silent", "thanks"),
    ]
    assert fitted.leaf_topics_in(["silent", "other", "network", "money"]).tolist() == [3, 3, 2, 2, 1, 1, 0, 0]


def test_without_needs_every_topic_is_its_leaf(tiny_examples: list[Example]) -> None:
    texts, labels, _ = columns(tiny_examples)
    assert small().fit(texts, labels).leaves_ == [("money", ""), ("network", ""), ("other", ""), ("silent", "")]
    assert small().fit(["один", "два", "три"], ["a", "a", "b"], ["x", None, None]).leaves_ == [("a", ""), ("a", "x"), ("b", "")]


def test_probabilities_are_those_of_topics_and_sum_to_one(fitted: TopicClassifier, tiny_examples: list[Example]) -> None:
    probabilities = fitted.predict_proba([example.text for example in tiny_examples])
    assert probabilities.shape == (60, 4)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert fitted.score(*columns(tiny_examples)[:2]) == 1.0


def test_new_words_of_a_known_need_are_understood(fitted: TopicClassifier) -> None:
    assert fitted.predict(["верните мне деньги", "медленный интернет", "вакансии", "спасибо"]).tolist() == [
        "money",
        "network",
        "other",
        "silent",
    ]


def test_two_classes_are_two_columns_that_mirror_each_other() -> None:
    two = small().fit(["сим карта", "симка", "тариф", "мой тариф"], ["sim", "sim", "plan", "plan"])
    assert two.weights_.shape[1] == len(two.intercept_) == 2
    np.testing.assert_array_equal(two.weights_[:, 0], -two.weights_[:, 1])
    assert two.predict(["симка", "тариф"]).tolist() == ["sim", "plan"]


def test_one_class_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^at least two classes are needed to learn from, got 1 class$"):
        small().fit(["один", "два"], ["a", "a"])


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        ("один текст", ["a"], "expected a list of texts, got one text"),
        (["один", 2], ["a", "b"], "expected texts, got int at position 1"),
        (["один", None], ["a", "b"], "expected texts, got NoneType at position 1"),
        (["один"], ["a", "b"], "1 texts, but 2 topics"),
    ],
)
def test_what_are_no_texts_is_refused(texts: Any, labels: list[str], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        small().fit(texts, labels)
    assert str(caught.value) == message


def test_an_unfitted_one_says_so() -> None:
    with pytest.raises(NotFittedError):
        small().predict(["текст"])


def test_parameters_survive_get_set_and_clone(fitted: TopicClassifier) -> None:
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "weights_")
    assert copy.set_params(C=2.0, words=None).get_params()["C"] == 2.0
    assert fitted.C == 0.5


def test_fit_is_deterministic_to_the_bit(fitted: TopicClassifier, tiny_examples: list[Example]) -> None:
    again = clone(fitted).fit(*columns(tiny_examples))
    assert again.weights_.tobytes() == fitted.weights_.tobytes()
    assert again.intercept_.tobytes() == fitted.intercept_.tobytes()


def test_the_order_of_lines_does_not_matter_once_they_are_sorted_by_id(fitted: TopicClassifier, tiny_examples: list[Example]) -> None:
    shuffled = [tiny_examples[number] for number in np.random.default_rng(0).permutation(len(tiny_examples))]
    forth = clone(fitted).fit(*columns(sorted(tiny_examples, key=lambda example: example.id)))
    back = clone(fitted).fit(*columns(sorted(shuffled, key=lambda example: example.id)))
    assert forth.weights_.tobytes() == back.weights_.tobytes()


def test_it_works_inside_a_pipeline_with_other_texts() -> None:
    pipeline = make_pipeline(small()).fit(np.asarray(["сим", "тариф"], dtype=object), ["sim", "plan"])
    assert pipeline.predict(("сим",)).tolist() == ["sim"]


def test_encodings_stand_beside_the_words_with_their_weight() -> None:
    class Two:
        version, dimension = "two", 2

        def encode(self, texts: Sequence[str]) -> Vectors:
            return np.asarray([[1, 0] if "a" in text else [0, 1] for text in texts], dtype=np.float32)

    texts, topics = ["a x", "a y", "b z", "b w"], ["one", "one", "two", "two"]
    light, heavy = (small(encodings=Two(), encoder_weight=weight).fit(texts, topics) for weight in (0.1, 2.0))
    assert light.encoder_weights_.shape == heavy.encoder_weights_.shape == (2, 2)
    vectors = Two().encode(["a", "b"])
    spread = [np.abs(np.diff(one.leaf_scores(one.features_.transform(["", ""]), vectors))).min() for one in (light, heavy)]
    assert spread[0] < spread[1]


def test_personal_data_is_masked_before_anything_is_learned() -> None:
    texts = ["перезвоните на 8 912 345-67-89", "симка сломалась", "перезвоните мне", "симка потерялась"]
    names = small().fit(texts, ["call", "sim", "call", "sim"]).features_.get_feature_names_out()
    assert "word:<PHONE>" in names
    assert not any(digit in name for name in names for digit in "0123456789")


def test_softmax_does_not_overflow_and_leaves_add_up() -> None:
    leaves = softmax(np.asarray([[1000.0, 1000.0, -1000.0]]))
    np.testing.assert_allclose(leaves, [[0.5, 0.5, 0.0]])
    np.testing.assert_allclose(sum_leaves(leaves, np.asarray([1, 0, 1]), 3), [[0.5, 0.5, 0.0]])
