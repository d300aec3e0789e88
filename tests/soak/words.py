"""words: ever-new words go through a predictor process without an encoder; its memory must not grow with them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import uvloop

from data.messages import Message
from serving.asking import Tagging
from serving.predictor import ProcessPredictor
from tests.bench.bundles import words_only
from tests.bench.corpus import texts
from tests.bench.processes import resident
from tests.bench.tables import table, verdict

BAR = 50.0
BATCH, AT_ONCE, NEW_WORDS = 256, 4, 2
POINTS = 20
SYLLABLES = [consonant + vowel for consonant in "бвгджзклмнпрстфхцчш" for vowel in "аеиоуыэюя"]


def measure(count: int) -> str:
    """A tenth of the messages is warm-up: bounded caches fill."""
    return uvloop.run(_measure(words_only(), count))


def messages() -> Iterator[Tagging]:
    """Messages of the corpus, each with NEW_WORDS words and a number that nobody has written before; for ever."""
    draw, known = random.Random(11), texts()
    number = 0
    while True:
        words = " ".join("".join(draw.choices(SYLLABLES, k=draw.randint(3, 6))) for _ in range(NEW_WORDS))
        yield Tagging(Message(str(number), f"{known[number % len(known)]} {words} {draw.randrange(10**6)}", "app"))
        number += 1


async def _measure(model: Path, count: int) -> str:
    predictor = ProcessPredictor(model)
    await predictor.start()
    try:
        pid = predictor.pid
        assert pid
        source = islice(messages(), count)
        points: list[tuple[int, float]] = []
        began, done = time.monotonic(), 0

        async def work() -> None:
            nonlocal done
            while batch := list(islice(source, BATCH)):
                await predictor.answer(batch, lane="bulk")
                done += len(batch)
                if done * POINTS // count > len(points):
                    points.append((done, resident(pid)))

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        seconds = time.monotonic() - began
        if predictor.pid != pid:
            raise SystemExit("the predictor died and was started again; its own words stand above")
    finally:
        await predictor.stop()
    return _report(points, count, seconds)


def _report(points: list[tuple[int, float]], count: int, seconds: float) -> str:
    warm = next(megabytes for done, megabytes in points if done >= count / 10)
    growth = max(megabytes for done, megabytes in points if done >= count / 10) - warm
    shown = [points[0], *points[1::3], points[-1]]
    rows = [[f"{done:,}", f"{megabytes:.1f}", f"{megabytes - warm:+.1f}"] for done, megabytes in dict.fromkeys(shown)]
    note = (
        f"\nBar: under {BAR:.0f} MB after warm-up (a tenth of the messages): {growth:+.1f} MB at most, {verdict(growth < BAR)}. "
        f"{count:,} messages in {seconds:.0f} s ({count / seconds:,.0f}/s), each with {NEW_WORDS} words and a number never seen before.\n"
    )
    return table("Ever-new words", ["messages", "resident memory of the predictor, MB", "since warm-up"], rows) + note
