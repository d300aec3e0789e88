"""The few numbers of the running topic by maximum likelihood: from what turns were read as to weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from data.messages import LabelledConversation
from data.taxonomy import Taxonomy
from models.classifier import Scores, softmax
from models.conversation import ConversationReader, ConversationTag, Point
from models.conversation_state import State, Summary, fold
from models.conversation_weights import GROUPS, ConversationWeights, group
from models.decision import Decider

FOLDS = 5
RIDGE = 1.0
EARLY = 0.25  # weight of an answer before the topic can be told, against 1 of the others
LEAST_SHIFTS = 10


@dataclass(frozen=True)
class Told:
    """A labelled conversation as the message model read it.

    points: what each client turn is read from, in order; bare: the same had agents and bots been silent; joined: the message model's label
    for the client's text so far; all by a message model that did not learn from the author.
    """

    conversation: LabelledConversation
    points: tuple[Point, ...]
    bare: tuple[Point, ...]
    joined: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """p answers to learn from: (p, leaves) joined scores and summed evidence, which labels are right (p, topics), weights, client turns."""

    joined: Scores
    evidence: Scores
    right: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    clients: npt.NDArray[np.intp]
    end: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, told: Sequence[Told], decider: Decider) -> Table:
        """One answer for every client turn."""
        topics = list(decider.topics)
        joined, evidence, right, weight, clients, end = [], [], [], [], [], []
        for one in told:
            gold = one.conversation
            for number, point in enumerate(one.points, 1):
                total = np.zeros(len(decider.leaves))
                for leaf, hundredths in fold(point.before, point.heard).evidence:
                    total[leaf] = hundredths / 100
                last = number == len(one.points)
                early = gold.first_informative_turn is not None and point.before.turns < gold.first_informative_turn
                allowed = {gold.label, *(_allowed_early(gold, decider.taxonomy) if early and not last else ())}
                joined.append(point.joined)
                evidence.append(total)
                right.append([topic in allowed for topic in topics])
                weight.append(EARLY if early and not last else 1.0)
                clients.append(group(number))
                end.append(last)
        return cls(np.asarray(joined), np.asarray(evidence), np.asarray(right), np.asarray(weight), np.asarray(clients), np.asarray(end))

    def take(self, index: npt.NDArray[np.intp]) -> Table:
        """The answers at these positions."""
        return Table(**{name: value[index] for name, value in self.__dict__.items()})


def _allowed_early(gold: LabelledConversation, taxonomy: Taxonomy) -> set[str]:
    """What may be said before the final topic can be told: an earlier request, or, where there was none, that there is none yet."""
    label = taxonomy.no_request_label
    return {*gold.also, *([label] if label and not gold.shift else [])}


def fit_sums(table: Table, leaf_topics: npt.NDArray[np.intp], topics: int) -> ConversationWeights:
    """Maximum likelihood of the two weights and the biases, with a ridge; before sharpening."""
    from scipy.optimize import minimize

    right = table.right[:, leaf_topics]

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        logits = parameters[0] * table.joined + parameters[1] * table.evidence + parameters[2:][leaf_topics]
        leaves = softmax(logits)
        hit = np.maximum((leaves * right).sum(axis=1), 1e-12)
        slope = (leaves - leaves * right / hit[:, None]) * table.weight[:, None]
        scale = np.concatenate([np.full(2, 0.2), np.ones(topics)]) * RIDGE
        gradient = np.concatenate(
            [
                [(slope * table.joined).sum(), (slope * table.evidence).sum()],
                np.bincount(leaf_topics, slope.sum(axis=0), minlength=topics),
            ]
        )
        penalty = 0.5 * float((scale * parameters**2).sum())
        return float(-(table.weight * np.log(hit)).sum() + penalty), gradient + scale * parameters

    best = minimize(loss, np.concatenate([[2.0, 0.5], np.zeros(topics)]), jac=True, method="L-BFGS-B").x
    return ConversationWeights(joined=float(best[0]), evidence=float(best[1]), bias=tuple(float(value) for value in best[2:]))


def fit_sharpness(logits: Scores, table: Table, leaf_topics: npt.NDArray[np.intp]) -> tuple[float, ...]:
    """One factor for every group of client turns, from (p, leaves) logits of authors that were not fitted on; pulled to 1."""
    from scipy.optimize import minimize_scalar

    right = table.right[:, leaf_topics]
    result = []
    for place in range(len(GROUPS)):
        mine = table.clients == place

        def loss(logarithm: float, mine: npt.NDArray[np.bool_] = mine) -> float:
            hit = (softmax(np.exp(logarithm) * logits[mine]) * right[mine]).sum(axis=1)
            return float(-(table.weight[mine] * np.log(np.maximum(hit, 1e-12))).sum() + 2 * logarithm**2)

        result.append(float(np.exp(minimize_scalar(loss, bounds=(-1.5, 1.0), method="bounded").x)) if mine.any() else 1.0)
    return tuple(result)


def fit_shift(told: Sequence[Told], decider: Decider, weights: ConversationWeights) -> ConversationWeights:
    """Logistic regression on the shift's signals; nothing is learned where there are few shifts.

    Said from where F1 is best in expectation, if the model's probabilities hold: with some fifty shifts that chooses better for new authors than
    the labels themselves (F1 0.73 against 0.71, over five deals of the authors).
    """
    gold = np.asarray([one.conversation.shift for one in told])
    if gold.sum() < LEAST_SHIFTS:
        return weights
    from sklearn.linear_model import LogisticRegression

    reader = retelling(decider, weights)
    values = np.asarray([signals(reader, one.points) for one in told])
    model = LogisticRegression(C=10.0, max_iter=1000).fit(values, gold)
    odds = values @ model.coef_[0] + model.intercept_[0]
    probability, steps = 1 / (1 + np.exp(-odds)), np.linspace(-2.0, 1.5, 71)
    f1 = [2 * probability[odds >= step].sum() / (probability.sum() + (odds >= step).sum()) for step in steps]
    shift = tuple(float(value) for value in model.coef_[0])
    return replace(weights, shift=shift, shift_bias=float(model.intercept_[0]), shift_from=float(steps[int(np.argmax(f1))]))


def retell(reader: ConversationReader, points: Sequence[Point], conversation_id: str = "") -> list[ConversationTag]:
    """The tags after every client turn with the reader's weights; the message model is not asked again."""
    return [reader.tag(state, conversation_id) for state in states(reader, points)]


def states(reader: ConversationReader, points: Sequence[Point]) -> Iterator[State]:
    """The states after every client turn with the reader's weights."""
    after = Summary()
    for point in points:
        before = replace(point.before, running=after.running, decided=after.decided)
        heard, given = reader.answer(before, point.heard, point.joined)
        after = fold(before, heard)
        yield State(before=after, given=given)


def signals(reader: ConversationReader, points: Sequence[Point]) -> tuple[float, ...]:
    """The shift's signals at the end."""
    *_, last = states(reader, points)
    return reader.shift_signals(last.now, reader.tag(last).tag)


def folds(groups: Sequence[str], seed: int) -> Mapping[str, int]:
    """Fold of every group, at most FOLDS."""
    names = sorted(set(groups))
    order = np.random.default_rng(seed).permutation(len(names))
    return {names[position]: number % min(FOLDS, len(names)) for number, position in enumerate(order)}


def leaf_topics_of(decider: Decider) -> npt.NDArray[np.intp]:
    """(leaves,) position of every leaf's topic."""
    return np.asarray([decider.topics.index(topic) for topic, _ in decider.leaves], dtype=np.intp)


def retelling(decider: Decider, weights: ConversationWeights) -> ConversationReader:
    """A reader that only retells: it has no message model."""

    def score(texts: Sequence[str]) -> Scores:
        raise NotImplementedError(f"{len(texts)} texts, but no message model")

    return ConversationReader(score, str, decider, weights)
