"""overload: five times the capacity is offered; how much is served, how soon the rest is refused, how soon all is well again."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.bundles import champion
from tests.bench.corpus import texts
from tests.bench.job import Job
from tests.bench.load import load, loaded, write_bodies
from tests.bench.service import service
from tests.bench.tables import percentile, table, verdict

TIMES = 5
SERVED_BAR, REFUSED_BAR, RECOVERY_BAR = 0.9, 50.0, 5.0
WELL = 0.25  # seconds: an answer that took longer is not yet well
BEGINNING = 3.0  # seconds of overload that are not counted as served: the queue fills
AFTER = 15.0


def measure(seconds: float) -> str:
    """One overload; a probe of ten messages a second goes on before, within and after it."""
    with TemporaryDirectory(prefix="rubricator-soak-") as name:
        folder = Path(name)
        bodies = write_bodies(folder / "bodies.jsonl", texts())
        with service(champion(), folder) as one:
            load(Job(one.port, "/v1/tags", bodies, "warm", 64, seconds=3))
            before = load(Job(one.port, "/v1/tags", bodies, "capacity", 64, seconds=max(10.0, seconds / 6)))
            capacity = before.rate()
            with loaded(Job(one.port, "/v1/tags", bodies, "probe", 4, rate=10, seconds=seconds + 300)) as probe:
                began = time.monotonic()
                during = load(Job(one.port, "/v1/tags", bodies, "over", 64, rate=TIMES * capacity, seconds=seconds, patience=0.0))
                ended = time.monotonic() - began
                half = load(Job(one.port, "/v1/tags", bodies, "after", 16, rate=capacity / 2, seconds=AFTER))
                probed = probe.stop()
            after = load(Job(one.port, "/v1/tags", bodies, "again", 64, seconds=max(10.0, seconds / 6)))
    served = during.rate(since=min(BEGINNING, seconds / 4))
    # The probe learns of the end when the load has ended; what it sent in the last moment of overload does not count.
    unwell = [row.due - ended for row in probed.where(since=ended) if row.status != 200 or row.seconds > WELL]
    recovery = max(unwell, default=0.0)
    refused = [row.seconds * 1000 for row in during.where(429, 503)]
    waits = [row.seconds * 1000 for row in during.where(200)]
    late = [(row.sent - row.due) * 1000 for row in during.rows]
    slow = percentile(refused, 99)
    share = served / capacity
    rows = [
        ["capacity, 64 clients, before / after", f"{capacity:.0f}/s / {after.rate():.0f}/s", ""],
        ["offered", f"{TIMES * capacity:.0f}/s, Poisson, {seconds:.0f} s: {len(during.rows)} answers {during.statuses()}", ""],
        ["served", f"{served:.0f}/s, {share:.3f} of capacity", f"{SERVED_BAR}: {verdict(share >= SERVED_BAR)}"],
        ["refused (429, 503): p50 / p99, ms", _pair(refused), f"{REFUSED_BAR:.0f} ms: {verdict(slow <= REFUSED_BAR)}"],
        ["served: p50 / p99, ms", _pair(waits), ""],
        ["well again after", f"{recovery:.2f} s", f"{RECOVERY_BAR:.0f} s: {verdict(recovery <= RECOVERY_BAR)}"],
        ["half of capacity afterwards: p50 / p99, ms", f"{_pair([row.seconds * 1000 for row in half.rows])} {half.statuses()}", ""],
        ["the load generator", f"{during.core:.2f} of a core, sent late: {_pair(late)} ms", ""],
    ]
    note = (
        f"\nChampion, store on (SQLite). Times are from when a message was due. Well: of ten probes a second none is refused or takes more than "
        f"{WELL * 1000:.0f} ms, while half of the capacity goes on being offered.\n"
    )
    return table("Overload", ["what", "measured", "bar"], rows) + note


def _pair(values: list[float]) -> str:
    return f"{percentile(values, 50):.1f} / {percentile(values, 99):.1f}"
