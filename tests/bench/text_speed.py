"""text: what repair and masking cost, beside spaCy's tokeniser on the same messages."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import spacy

from data.masking import mask
from models.prepare import Preparation
from tests.bench.corpus import texts
from tests.bench.tables import percentile, ratios, spread, table, verdict
from tests.bench.timing import deal, mean, microseconds

BAR = 250.0


WARM_UP = 5000  # messages; a service that runs has looked up the common words


def measure(rounds: int, each: int = 250) -> str:
    """The kinds of work take turns within a round, each on messages of its own: none finds words that another has looked up."""
    preparation, spacy_ru = Preparation(), spacy.blank("ru")

    def tokens(text: str) -> list[str]:
        with spacy_ru.memory_zone():
            return [token.text for token in spacy_ru.tokenizer(text)]

    works: dict[str, Callable[[str], object]] = {
        "spaCy's tokeniser": tokens,
        "repair": preparation.repair,
        "masking": mask,
        "repair and masking together": preparation,
    }
    parts = deal(texts()[WARM_UP:], len(works) * rounds, each)
    for work in works.values():
        microseconds(work, texts()[:WARM_UP])
    taken: dict[str, list[list[float]]] = {name: [] for name in works}
    for number in range(rounds):
        for name, part in zip(works, parts[number * len(works) :], strict=False):
            taken[name].append(microseconds(works[name], part))
    means = {name: [mean(one) for one in some] for name, some in taken.items()}
    base = means["spaCy's tokeniser"]
    rows = []
    for name, some in taken.items():
        single = [value for one in some for value in one]
        rows.append(
            [
                name,
                spread(means[name], 1),
                f"{percentile(single, 50):.0f} / {percentile(single, 99):.0f}",
                spread(ratios(means[name], base), 2),
            ]
        )
    together = taken["repair and masking together"]
    typical = [percentile(one, 50) for one in together]
    length = statistics.median(map(len, texts()))
    note = (
        f"\nBar: under {BAR:.0f} us together for a typical (the median) message: {spread(typical)} us, "
        f"{verdict(statistics.median(typical) < BAR)}; the mean {verdict(statistics.median(map(mean, together)) < BAR)}. "
        f"{rounds} rounds of {len(parts[0])} messages of the bundled corpus (median length {length:.0f} characters), "
        f"each read once, after {WARM_UP:,} others.\n"
    )
    return table("Repair and masking", ["work", "us a message, mean", "us, p50 / p99", "times spaCy's tokeniser"], rows) + note
