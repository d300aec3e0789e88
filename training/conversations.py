"""What is learned from labelled conversations, on authors that the message model did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy import sparse

from data import split
from data.messages import Conversation, LabelledConversation
from experiments.conversation_rows import ConversationRow
from models.classifier import Scores, TopicClassifier, softmax, sum_leaves
from models.conversation import SHARPNESS, ConversationReader
from models.conversation_text import clean
from models.conversation_weights import ConversationWeights
from models.decision import Decider
from models.encoders import CachedEncoder, make_encoder
from models.features import TextFeatures
from models.prepare import Preparation
from training.config import Config
from training.conversation_fit import Table, Told, fit_sharpness, fit_shift, fit_sums, folds, leaf_topics_of, retell, retelling
from training.conversation_thresholds import choose_thresholds
from training.material import CACHE, SPOILT, Material
from training.progress import Progress

MODELS = 4  # message models of folds; not [split] folds, which only measure
UNSEEN_LEAF = -2.0  # decision value of a leaf that a fold's message model never saw
Fit = Callable[[sparse.csr_matrix, Material, Config], TopicClassifier]


class Listener:
    """Reads conversations with several message models of the same features; their words are prepared, counted and encoded once."""

    def __init__(
        self,
        conversations: Sequence[LabelledConversation],
        features: TextFeatures,
        decider: Decider,
        config: Config,
        progress: Progress,
    ) -> None:
        self._decider = decider
        preparation = Preparation(config.model.repair, config.model.lang)
        spoken = {turn.text for told in conversations for turn in told.conversation.turns}
        self._prepared = {text: clean(preparation(text).text) for text in sorted(spoken)}
        asked: dict[str, None] = {}

        def note(texts: Sequence[str]) -> Scores:
            asked.update(dict.fromkeys(texts))
            return np.zeros((len(texts), len(decider.leaves)))

        # What is read next never depends on a score, so one pass with a model that knows nothing tells all the texts.
        self._listen(note, conversations)
        encoder = make_encoder(config.model.encoder)
        texts = list(asked)
        self._place = {text: number for number, text in enumerate(texts)}
        self._matrix = features.transform(texts) if texts else None
        self._vectors = np.zeros((len(texts), 0), dtype=np.float32)
        if encoder is not None:
            with progress.task("encoding conversations", len(texts)) as advance:
                self._vectors = CachedEncoder(encoder, CACHE, lambda done, total: advance(len(texts) - total + done), config.jobs).encode(
                    texts
                )

    def listen(self, classifier: TopicClassifier, conversations: Sequence[LabelledConversation]) -> list[Told]:
        """Conversations as a classifier reads them; those without a word of the client's are left out."""
        place = {leaf: number for number, leaf in enumerate(classifier.leaves_)}
        known = [number for number, leaf in enumerate(self._decider.leaves) if leaf in place]
        taken = [place[self._decider.leaves[number]] for number in known]
        every = np.full((len(self._place), len(self._decider.leaves)), UNSEEN_LEAF)
        if self._matrix is not None:
            every[:, known] = classifier.leaf_scores(self._matrix, self._vectors)[:, taken]

        def score(texts: Sequence[str]) -> Scores:
            return np.asarray(every[[self._place[text] for text in texts]])

        return self._listen(score, conversations)

    def _listen(self, score: Callable[[Sequence[str]], Scores], conversations: Sequence[LabelledConversation]) -> list[Told]:
        reader = ConversationReader(score, lambda text: self._prepared[text], self._decider, ConversationWeights())
        topics, result = self._decider.topics, []
        for told in conversations:
            conversation = told.conversation
            points = tuple(reader.points(conversation))
            if not points:
                continue
            own = Conversation(conversation.id, tuple(turn for turn in conversation.turns if turn.is_client))
            read = [self._prepared[turn.text] for turn in own.turns]
            so_far = ["\n".join(filter(None, read[: number + 1])) for number in range(len(read))]
            scores = np.concatenate([score([text]) for text in so_far if text])
            labels = sum_leaves(softmax(SHARPNESS * scores), reader.leaf_topics, len(topics)).argmax(axis=1)
            bare = tuple(reader.points(own))
            same = [point.heard for point in bare] == [point.heard for point in points]
            result.append(Told(told, points, points if same else bare, tuple(topics[label] for label in labels)))
        return result


def hear(
    conversations: Sequence[LabelledConversation],
    learn: Material,
    classifier: TopicClassifier,
    decider: Decider,
    config: Config,
    progress: Progress,
    fit: Fit | None = None,
    count: int = MODELS,
) -> list[Told]:
    """Read conversations so that no message model reads an author it learned from.

    Authors of `learn`, the messages that fitted `classifier`, are read by classifiers of `count` author-grouped folds that left them out (`fit`
    makes one), the others by `classifier`. All share its features: vocabulary and document frequencies, no label. In the order of their ids.
    """
    from joblib import Parallel, delayed

    from training.fit import fit_on

    features = classifier.features_
    listener = Listener(conversations, features, decider, config, progress)
    # Without the copies with typing errors: they change little here and cost a third of the time.
    learn = learn.take([number for number, example in enumerate(learn.examples) if example.slice != SPOILT])
    groups = [example.group for example in learn.examples]
    known, count = set(groups), min(count, len(set(groups)))
    result = listener.listen(classifier, [told for told in conversations if told.group not in known])
    if count > 1 and any(told.group in known for told in conversations):
        numbers = np.asarray(split.folds(groups, learn.labels, count, config.seed))
        fold_of = dict(zip(groups, numbers.tolist(), strict=True))
        learner, matrix = fit or fit_on, features.transform(learn.texts)

        def one(number: int) -> TopicClassifier:
            others = np.flatnonzero(numbers != number)
            return learner(matrix[others], learn.take(others), config)

        with progress.task("message models for conversations", count) as advance:
            models = Parallel(n_jobs=config.jobs, return_as="generator")(delayed(one)(number) for number in range(count))
            for number, model in enumerate(models):
                result += listener.listen(model, [told for told in conversations if fold_of.get(told.group) == number])
                advance(number + 1)
    return sorted(result, key=lambda told: told.conversation.id)


def learn_weights(told: Sequence[Told], decider: Decider, config: Config, inner: bool = True, certifying: int = 0) -> ConversationWeights:
    """All weights from conversations by authors apart from those they are measured on; thresholds from author-grouped folds inside them.

    `certifying` conversations by others will test the candidates for the threshold.
    """
    topics, leaf_topics = decider.topics, leaf_topics_of(decider)
    told = [one for one in told if one.conversation.label in topics]
    table = Table.of(told, decider)
    weights = fit_sums(table, leaf_topics, len(topics))
    owner = np.asarray([one.conversation.group for one in told for _ in one.points], dtype=object)
    outside, place = np.zeros_like(table.joined), folds([one.conversation.group for one in told], config.seed)
    number = np.asarray([place[name] for name in owner])
    for part in sorted(set(place.values())):
        fitted = fit_sums(table.take(np.flatnonzero(number != part)), leaf_topics, len(topics))
        mine = number == part
        outside[mine] = fitted.logits(table.joined[mine], table.evidence[mine], leaf_topics)
    weights = replace(weights, sharpness=fit_sharpness(outside, table, leaf_topics))
    weights = fit_shift(told, decider, weights)
    if not inner:
        return weights
    return choose_thresholds(cross_rows(told, decider, config, "inner", inner=False), decider, weights, config.decision, certifying)


def rows_of(told: Sequence[Told], reader: ConversationReader, name: str) -> list[ConversationRow]:
    """One row a conversation."""
    result = []
    for one in told:
        tags = retell(reader, one.points, one.conversation.id)
        bare = (tags if one.bare is one.points else retell(reader, one.bare))[-1].tag
        result.append(ConversationRow.of(one.conversation, tags, one.joined, bare.topic or bare.ranking[0][0], name))
    return result


def cross_rows(told: Sequence[Told], decider: Decider, config: Config, name: str, inner: bool = True) -> list[ConversationRow]:
    """Author-grouped cross-validation of the weights: every conversation is answered by weights that did not see its author."""
    told = [one for one in told if one.conversation.label in decider.topics]
    place = folds([one.conversation.group for one in told], config.seed)
    rows: list[ConversationRow] = []
    for part in sorted(set(place.values())):
        learn = [one for one in told if place[one.conversation.group] != part]
        weights = learn_weights(learn, decider, config, inner)
        rows += rows_of([one for one in told if place[one.conversation.group] == part], retelling(decider, weights), name)
    return sorted(rows, key=lambda row: row.id)
