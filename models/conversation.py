"""The running topic of a conversation, turn by turn, on top of the message model."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from data.messages import Conversation, Turn
from models.classifier import Scores, softmax
from models.conversation_adoption import adopt
from models.conversation_cues import offers
from models.conversation_shift import shift_signals
from models.conversation_state import LETTERS, SAID, SUMMED, Given, Heard, State, Summary, fold, heard_on
from models.conversation_text import clean, cut, in_order, seconds
from models.conversation_weights import ConversationWeights
from models.decision import DECIMALS, Decider, Tag
from models.elliptical import Reading, read_answer
from models.sparse_sums import added, largest, strongest
from models.tagger import Tagger

Score = Callable[[Sequence[str]], Scores]
SHARPNESS = 6.0  # of one turn's probabilities; chosen with FLOOR by author-grouped cross-validation (experiments/LOG.md)
FLOOR = 0.01  # no turn speaks against a leaf more strongly than this probability
KEPT_LEAVES, KEPT_TOPICS = 10, 4
FULL_SENTENCE = 5  # words
REQUESTED = 50  # percent: from here on a turn is a request
# "One more thing": Russian and English words that announce another request.
_ANNOUNCING = re.compile(
    r"\b(ещ[её]|друг(ое|ой|ая)|теперь|тогда|кстати|заодно|а не|лучше|also|another|instead|by the way|one more)\b", re.IGNORECASE
)
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ConversationTag:
    """The tag of a conversation so far.

    turn: the last turn read; decided_at: the turn from which the topic has been `auto` and the same, or None; shift: the client moved to
    another request; spoke: client turns that were a request by themselves, (turn, topic), of the last twelve; decisive: the turn that spoke for the
    topic most, or None. Turns of all roles count, from 0, in the order they were sent.
    """

    tag: Tag
    turn: int
    decided_at: int | None
    shift: bool
    spoke: tuple[tuple[int, str], ...]
    decisive: int | None

    def as_dict(self) -> dict[str, Any]:
        """The tag's JSON object with `decided_at`, `shift`, `turns` and `decisive_turn`."""
        return {
            **self.tag.as_dict(),
            "decided_at": self.decided_at,
            "shift": self.shift,
            "turns": [{"turn": turn, "topic": topic} for turn, topic in self.spoke],
            "decisive_turn": self.decisive,
        }


@dataclass(frozen=True, slots=True)
class Point:
    """What a client turn was read from: the sum before it, the turn, and (leaves,) joined scores with it; training learns from these."""

    before: Summary
    heard: Heard
    joined: Scores


class ConversationReader:
    """Reads conversations turn by turn; the same numbers come out whether turns come one by one or all at once.

    Args:
        score: n prepared texts -> (n, leaves) decision values of the message model; called with one text a client turn, the turn's own.
        prepare: a raw text -> the repaired, masked text.
        decider: labels, leaves, taxonomy and the thresholds of messages.
        weights: what was learned from conversations.

    Attributes:
        labels: a name of the lists of labels and leaves, the same for models with the same lists.
    """

    def __init__(self, score: Score, prepare: Callable[[str], str], decider: Decider, weights: ConversationWeights) -> None:
        self.score, self.prepare, self.decider, self.weights = score, prepare, decider, weights
        topics = list(decider.topics)
        self.leaf_topics = np.asarray([topics.index(topic) for topic, _ in decider.leaves], dtype=np.intp)
        taxonomy = decider.taxonomy
        known = json.dumps([topics, decider.leaves, taxonomy.no_request_label, taxonomy.open_topic])
        self.labels = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        self._silent = topics.index(taxonomy.no_request_label) if taxonomy.no_request_label in topics else -1

    @classmethod
    def of(cls, tagger: Tagger, weights: ConversationWeights | None = None) -> ConversationReader:
        """A reader on a tagger's message model, with its own weights unless others are given."""
        classifier = tagger.classifier

        def score(texts: Sequence[str]) -> Scores:
            return classifier.leaf_scores(classifier.features_.transform(texts), classifier.encode(texts))

        return cls(
            score, lambda text: tagger.preparation(text).text, tagger.decider, weights or tagger.conversation or ConversationWeights()
        )

    def advance(self, state: State, turn: Turn, message_id: str = "") -> State:
        """The state after one more turn.

        A message id that is known (the last REMEMBERED are) changes nothing. A message sent before others is put before them, if it is no more
        than WINDOW turns late; one that is later still is put before those. Equal or unknown times keep the order of arrival. A state of a
        model with other labels is read anew (models.conversation_adoption).
        """
        if state.labels != self.labels:
            state = adopt(state, self.labels, self.hear)
        key = hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).hexdigest()[:8] if message_id else ""
        if key and key in state.seen:
            return state
        sent, place = seconds(turn.sent_at), len(state.window)
        while place and sent is not None and (other := state.window[place - 1].sent) is not None and other > sent:
            place -= 1
        summary, given = state.before, state.given
        for heard in state.window[:place]:
            summary = fold(summary, heard)
        # All that comes after the new turn is read again: it may answer another question now.
        new = (Heard(key=key, sent=sent, client=turn.is_client), clean(self.prepare(turn.text)))
        taken: list[Heard] = []
        for heard, text in (new, *((later, None) for later in state.window[place:])):
            read, answer, _ = self.hear(summary, heard, text)
            given = answer or given
            summary = fold(summary, read)
            taken.append(read)
        seen = (*state.seen, key) if key else state.seen
        return State(state.before, (*state.window[:place], *taken), seen, given, self.labels).settle()

    def tag(self, state: State, conversation_id: str = "") -> ConversationTag:
        """The tag of a state; no model is asked. Before the client's first words it is that of a message with nothing to read."""
        now, taxonomy = state.now, self.decider.taxonomy
        if state.given is None:
            return ConversationTag(self.decider.attachment(conversation_id), now.turns - 1, None, False, (), None)
        labels = np.asarray(state.given.labels) / 10**DECIMALS
        leaves = np.zeros(len(self.decider.leaves))
        for leaf, share in state.given.leaves:
            leaves[leaf] = share / 10**DECIMALS
        limits = replace(self.decider.thresholds, auto=self.weights.auto_from(now.clients), no_request=self.weights.no_request, open=None)
        tag = replace(self.decider, thresholds=limits).tag(conversation_id, labels, leaves, 0.0)
        topics = self.decider.topics
        best = tag.topic or tag.ranking[0][0]
        if tag.status != "no_request":
            earlier = [topics[topic] for topic, percent in now.running if percent >= REQUESTED]
            also = [name for name in (*tag.also, *earlier) if name != best and name in taxonomy.topics]
            tag = replace(tag, also=tuple(dict.fromkeys(also)))
        decisive = dict(now.best).get(topics.index(best)) if tag.status != "no_request" else None
        decided = now.decided[1] if now.decided and tag.status == "auto" else None
        spoke = tuple((said.turn, topics[said.topic]) for said in now.trail if said.request >= REQUESTED and said.topic >= 0)
        shift = tag.status != "no_request" and self.weights.shifted(self.shift_signals(now, tag))
        return ConversationTag(tag, now.turns - 1, decided, shift, spoke, decisive)

    def shift_signals(self, now: Summary, tag: Tag) -> tuple[float, ...]:
        """What speaks for a shift (models.conversation_shift), from the sum of all turns and the tag given after them."""
        return shift_signals(now.trail, self.decider.topics.index(tag.topic or tag.ranking[0][0]))

    def read(self, conversation: Conversation) -> list[ConversationTag]:
        """The tag after every client turn, in the order they were sent; of a conversation without one, a single tag that says so."""
        state, timeline = State(), []
        for turn in in_order(conversation.turns):
            state = self.advance(state, turn)
            if turn.is_client:
                timeline.append(self.tag(state, conversation.id))
        return timeline or [self.tag(state, conversation.id)]

    def points(self, conversation: Conversation) -> Iterator[Point]:
        """What every client turn is read from, turns in the order given."""
        summary = Summary()
        for turn in conversation.turns:
            heard, _, joined = self.hear(summary, Heard(client=turn.is_client), clean(self.prepare(turn.text)))
            if joined is not None:
                yield Point(summary, heard, joined)
            summary = fold(summary, heard)

    def answer(self, before: Summary, heard: Heard, joined: Scores) -> tuple[Heard, Given]:
        """The turn with what is answered after it, and that answer."""
        evidence = largest(added(before.evidence, heard.evidence).items(), SUMMED)
        probabilities = self.weights.leaves(joined, evidence, before.clients + 1, self.leaf_topics)
        labels = self._by_topic(probabilities)
        given = Given(
            tuple(int(value) for value in np.rint(labels * 10**DECIMALS)),
            largest(((leaf, int(value)) for leaf, value in enumerate(np.rint(probabilities * 10**DECIMALS))), KEPT_LEAVES),
        )
        shown = np.asarray(given.labels) / 10**DECIMALS
        label, confidence = int(shown.argmax()), float(shown.max())
        shares = ((topic, int(100 * share)) for topic, share in enumerate(labels) if topic != self._silent and share >= 0.05)
        running = largest(shares, 2)
        limit = self.weights.auto_from(before.clients + 1)
        auto = label != self._silent and limit is not None and confidence >= limit
        return replace(heard, running=running, label=label, auto=auto), given

    def hear(self, before: Summary, heard: Heard, full: str | None) -> tuple[Heard, Given | None, Scores | None]:
        """A turn in its place, the answer after it, and (leaves,) scores of the client's words so far; None where nothing has been said.

        `full` is its prepared text when it comes in, None when it is read again because another came before it. Which texts are scored
        depends on no score, so that they can be scored ahead, together.
        """
        if not heard.client:
            return (heard if full is None else offers(heard, full)), None, None
        text = heard.text if full is None else full
        if text and not (full is None and heard.cut):  # else there is nothing new to read, or what was read of the whole is kept
            reading = read_answer(text, dict(before.choices), before.asked)
            stored = cut(text)
            chosen = cut(reading.text) if reading and reading.chosen else ""
            heard = self._alone(before, replace(heard, text=stored, cut=stored != text, meant=chosen), reading, text)
        said, letters = heard_on(before, heard)
        if not letters:
            return replace(heard, label=self._silent), None, None
        joined = self._nothing.copy()
        for leaf, hundredths in said:
            joined[leaf] += hundredths / 100 / letters**0.5
        return *self.answer(before, heard, joined), joined

    @cached_property
    def _nothing(self) -> Scores:
        """(leaves,) scores of no words: what all texts have in common."""
        return np.asarray(self.score([""])[0], dtype=np.float64)

    def _by_topic(self, leaves: Scores) -> Scores:
        """(leaves,) probabilities added up by topic, (topics,)."""
        return np.asarray(np.bincount(self.leaf_topics, weights=leaves, minlength=len(self.decider.topics)), dtype=np.float64)

    def _alone(self, before: Summary, heard: Heard, reading: Reading | None, text: str) -> Heard:
        """What a turn of a client's words says by itself."""
        alone = reading.text if reading else text
        scores = self.score([alone])[0]
        leaves = softmax(SHARPNESS * scores[None])
        topics = self._by_topic(leaves[0])
        weight = reading.weight if reading else 1.0
        agreed = reading is not None and not reading.chosen
        if agreed and before.request >= REQUESTED:  # yes to a step of what was already asked for
            weight = 0.0
        letters = min(round(weight * len(heard.meant or text)), LETTERS)
        said = np.rint(100 * letters**0.5 * (scores - self._nothing))
        request = weight * (1 - (float(topics[self._silent]) if self._silent >= 0 else 0.0))
        evidence = request * np.log((leaves[0] + FLOOR) / FLOOR)
        shares = ((topic, int(100 * weight * share)) for topic, share in enumerate(topics) if topic != self._silent)
        return replace(
            heard,
            said=strongest(((leaf, int(value)) for leaf, value in enumerate(said)), SAID),
            letters=letters,
            evidence=largest(((leaf, round(100 * float(value))) for leaf, value in enumerate(evidence)), KEPT_LEAVES),
            request=round(100 * request),
            own=() if agreed else largest(((topic, share) for topic, share in shares if share >= 5), KEPT_TOPICS),
            marked=_ANNOUNCING.search(alone) is not None,
            length=min(100, 100 * len(_WORD.findall(alone)) // FULL_SENTENCE),
        )
