"""conversations: what one more turn costs, beside the same words tagged as a message alone."""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from data.messages import Conversation, Message, Turn
from models.bundle import load
from models.conversation import ConversationReader
from models.conversation_state import State
from models.tagger import Tagger
from tests.bench.bundles import champion
from tests.bench.corpus import conversations
from tests.bench.tables import ratios, spread, table, verdict
from tests.bench.timing import deal, mean, microseconds

BAR = 1.3
LEAST_TURNS = 4  # before the one that is measured


@dataclass(frozen=True)
class Step:
    """A state of several turns, and the turn that comes next."""

    state: State
    turn: Turn


def measure(rounds: int) -> str:
    """Rounds over different turns; of each turn the step and the message alone are timed one after the other."""
    tagger = load(champion())
    reader = ConversationReader.of(tagger)
    steps = [step for conversation in conversations() for step in _steps(reader, conversation)]
    random.Random(7).shuffle(steps)
    client = [step for step in steps if step.turn.is_client]
    others = [step for step in steps if not step.turn.is_client]
    for step in client[:50]:
        _timed(reader, tagger, [step])
    turn, alone = [], []
    for part in deal(client[50:], rounds, 500):
        one, other = _timed(reader, tagger, part)
        turn.append(one)
        alone.append(other)
    agents = [
        mean(microseconds(lambda step: reader.tag(reader.advance(step.state, step.turn)), part)) for part in deal(others, rounds, 500)
    ]
    ratio = ratios(turn, alone)
    rows = [
        ["the client's words as a message alone", spread(alone), "1"],
        ["one more turn of the client", spread(turn), spread(ratio, 2)],
        ["one more turn of an agent or bot", spread(agents), spread(ratios(agents, alone), 2)],
    ]
    middle = statistics.median(ratio)
    note = (
        f"\nBar: a turn of the client under {BAR} times a message: {middle:.2f}, {verdict(middle < BAR)}. {rounds} rounds, "
        f"{len(client) - 50} client turns of the bundled corpus's conversations, at least {LEAST_TURNS} turns before each.\n"
    )
    return table("One more turn", ["work", "us, mean", "times a message"], rows) + note


def _steps(reader: ConversationReader, conversation: Conversation) -> list[Step]:
    state, steps = State(), []
    for number, turn in enumerate(conversation.turns):
        if number >= LEAST_TURNS:
            steps.append(Step(state, turn))
        state = reader.advance(state, turn)
    return steps


def _timed(reader: ConversationReader, tagger: Tagger, steps: Sequence[Step]) -> tuple[float, float]:
    turns, alone = [], []
    for step in steps:
        turns += microseconds(lambda step: reader.tag(reader.advance(step.state, step.turn)), [step])
        alone += microseconds(lambda step: tagger.tag([Message("m", step.turn.text)]), [step])
    return mean(turns), mean(alone)
