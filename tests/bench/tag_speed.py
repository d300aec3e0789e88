"""tags: one message tagged alone, and in batches of 64, by the full model and by the one without an encoder."""

from __future__ import annotations

from collections.abc import Sequence

from data.messages import Message
from models.bundle import load
from models.tagger import Tagger
from tests.bench.bundles import champion, words_only
from tests.bench.corpus import texts
from tests.bench.tables import percentile, ratios, spread, table
from tests.bench.timing import deal, mean, microseconds

BATCH = 64


def measure(rounds: int, each: int = 640) -> str:
    """Rounds over different messages; bundles and ways take turns within a round."""
    taggers = {"champion": load(champion()), "without an encoder": load(words_only())}
    messages = [Message(str(number), text, "app") for number, text in enumerate(texts())]
    first, *parts = deal(messages, 2 * rounds + 1, each)
    alone: dict[str, list[float]] = {name: [] for name in taggers}
    single: dict[str, list[float]] = {name: [] for name in taggers}
    batch: dict[str, list[float]] = {name: [] for name in taggers}
    for tagger in taggers.values():
        tagger.tag(first[:100])
    for number in range(rounds):
        for name, tagger in taggers.items():
            taken = microseconds(lambda message, tagger=tagger: tagger.tag([message]), parts[2 * number])
            single[name] += taken
            alone[name].append(mean(taken))
            batch[name].append(_batches(tagger, parts[2 * number + 1]))
    rows = [
        [
            name,
            spread(alone[name]),
            f"{percentile(single[name], 50):.0f} / {percentile(single[name], 99):.0f}",
            spread(batch[name]),
            spread(ratios(alone[name], batch[name]), 2),
        ]
        for name in taggers
    ]
    note = f"\n{rounds} rounds of {len(parts[0])} different messages of the bundled corpus, one process, one thread.\n"
    header = ["bundle", "us alone, mean", "us alone, p50 / p99", f"us in batches of {BATCH}", "alone / batch"]
    return table("Tagging", header, rows) + note


def _batches(tagger: Tagger, messages: Sequence[Message]) -> float:
    some = [messages[start : start + BATCH] for start in range(0, len(messages) - BATCH + 1, BATCH)]
    return sum(microseconds(tagger.tag, some)) / (len(some) * BATCH)
