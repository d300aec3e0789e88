"""Speed, as ratios within one run: python -m tests.bench (needs a champion: make train)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from data.messages import Message
from data.readers import corpus_files, rows
from models.bundle import CHAMPION, load
from models.features import tokenizer
from models.prepare import Preparation


def microseconds(work: Callable[[], object], count: int) -> float:
    """Best of five runs over `count` messages, per message."""
    best = min(_timed(work) for _ in range(5))
    return best / count * 1e6


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(texts: Sequence[str]) -> None:
    """Print microseconds a message and their ratios."""
    tagger, prepare, tokens = load(CHAMPION), Preparation(), tokenizer("ru")
    messages = [Message(str(number), text) for number, text in enumerate(texts)]
    spacy = microseconds(lambda: [tokens(text) for text in texts], len(texts))
    ready = microseconds(lambda: [prepare(text) for text in texts], len(texts))
    batch = microseconds(lambda: tagger.tag(messages), len(texts))
    alone = microseconds(lambda: [tagger.tag([message]) for message in messages], len(texts))
    for name, value in (("spaCy's tokeniser", spacy), ("repair and masking", ready), ("a tag, in a batch", batch), ("a tag, alone", alone)):
        print(f"{name:<20} {value:9.0f} us a message  {value / spacy:6.1f} times spaCy's tokeniser")  # noqa: T201


if __name__ == "__main__":
    main([row["text"] for _, row, _ in rows(corpus_files(CHAMPION.parents[2] / "data/corpus")[0]) if isinstance(row, dict)][:200])
