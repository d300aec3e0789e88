"""http: requests a second of the real service, waits at half of that, and its cost beside a handler that does nothing."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.bundles import champion, words_only
from tests.bench.corpus import texts
from tests.bench.job import Job
from tests.bench.load import load, write_bodies
from tests.bench.processes import running, wait_for_line
from tests.bench.service import service
from tests.bench.tables import percentile, ratios, spread, table, verdict

CLIENTS = (1, 16, 64)
WAIT_BAR, WAIT_AIM, PLAIN_BAR, PLAIN_AIM = 25.0, 15.0, 0.25, 0.4


def measure(rounds: int, seconds: float) -> str:
    """Both tables."""
    with TemporaryDirectory(prefix="rubricator-bench-") as name:
        folder = Path(name)
        bodies = write_bodies(folder / "bodies.jsonl", texts())
        return "\n".join([_capacity(folder, bodies, rounds, seconds), _beside_plain(folder, bodies, rounds, seconds)])


def _capacity(folder: Path, bodies: str, rounds: int, seconds: float) -> str:
    rates: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    waits: dict[int, list[list[float]]] = {clients: [] for clients in CLIENTS}
    failed, halves = 0, []
    with service(champion(), folder) as one:
        load(Job(one.port, "/v1/tags", bodies, "warm", seconds=2))
        for number in range(rounds):
            for clients in CLIENTS:
                outcomes = load(Job(one.port, "/v1/tags", bodies, f"c{clients}-{number}", clients, seconds=seconds))
                rates[clients].append(outcomes.rate())
                waits[clients].append([row.seconds * 1000 for row in outcomes.where(200)])
                failed += len(outcomes.rows) - outcomes.statuses().get(200, 0)
        half = statistics.median(rates[64]) / 2
        for number in range(rounds):
            outcomes = load(Job(one.port, "/v1/tags", bodies, f"half-{number}", 16, rate=half, seconds=2 * seconds, seed=number))
            halves.append([row.seconds * 1000 for row in outcomes.where(200)])
            failed += len(outcomes.rows) - outcomes.statuses().get(200, 0)
    rows = [[f"clients that wait for their answers: {clients}", spread(rates[clients]), *_waits(waits[clients])] for clients in rates]
    rows.append([f"half of the capacity offered ({half:.0f}/s, Poisson)", f"{half:.0f}", *_waits(halves)])
    worst = statistics.median(percentile(one, 99) for one in halves)
    note = (
        f"\nBar: p99 at half of capacity under {WAIT_BAR:.0f} ms (aim {WAIT_AIM:.0f}): {worst:.1f} ms, {verdict(worst < WAIT_BAR)}. "
        f"{rounds} rounds of {seconds:.0f} s ({2 * seconds:.0f} s at half), champion, store on (SQLite), request log on, "
        f"different texts of the corpus; requests not answered with 200: {failed}.\n"
    )
    return table("The service: single messages", ["load", "requests/s", "p50, ms", "p99, ms"], rows) + note


def _waits(rounds: list[list[float]]) -> list[str]:
    return [spread([percentile(one, percent) for one in rounds], 1) for percent in (50, 99)]


def _beside_plain(folder: Path, bodies: str, rounds: int, seconds: float) -> str:
    ours, plain, cores = [], [], []
    with service(words_only(), folder, store=f"sqlite:///{folder / 'words.db'}") as one, _plain(folder) as port:
        for number in range(-1, rounds):
            pair = []
            for name, other in (("words", one.port), ("plain", port)):
                outcomes = load(Job(other, "/v1/tags", bodies, f"{name}{number}", 64, seconds=seconds if number >= 0 else 2))
                pair.append(outcomes.rate())
                cores.append(outcomes.core)
            if number >= 0:  # the first round warms up
                ours.append(pair[0])
                plain.append(pair[1])
    ratio = ratios(ours, plain)
    rows = [
        ["a bare FastAPI handler that returns a constant", spread(plain), "1"],
        ["the service, bundle without an encoder", spread(ours), spread(ratio, 3)],
    ]
    middle = statistics.median(ratio)
    note = (
        f"\nBar: {PLAIN_BAR} (aim {PLAIN_AIM}): {middle:.3f}, {verdict(middle >= PLAIN_BAR)}. {rounds} rounds of {seconds:.0f} s in turns, "
        f"64 clients, the same settings of uvicorn; the load generator itself took at most {max(cores):.2f} of a core.\n"
    )
    return table("Beside a handler that does nothing", ["server", "requests/s", "ratio"], rows) + note


@contextmanager
def _plain(folder: Path) -> Iterator[int]:
    """The bare handler's port."""
    log = folder / "plain.log"
    with running([sys.executable, "-m", "tests.bench.plain", "0"], log) as process:
        line = wait_for_line(process, log, "running on http://127.0.0.1:")
        yield int(line.split("http://127.0.0.1:")[1].split()[0])
