"""swaps: models change places under load; no request fails, and memory stays what it was."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from experiments.promote import promote
from models import bundle
from tests.bench.bundles import champion
from tests.bench.corpus import texts
from tests.bench.job import Job
from tests.bench.load import load, loaded, write_bodies
from tests.bench.processes import resident
from tests.bench.service import Service, post, service
from tests.bench.tables import percentile, spread, table, verdict

SWAPS, LOAD, MEMORY_BAR = 50, 0.7, 30.0
REST = 1.0  # seconds after a swap before memory is read


def measure(times: int) -> str:
    """At most SWAPS swaps between the champion and the same model under another name."""
    times = min(times, SWAPS)
    with TemporaryDirectory(prefix="rubricator-soak-") as name:
        folder = Path(name)
        bodies = write_bodies(folder / "bodies.jsonl", texts())
        one_model, other_model = champion(), _twin(champion(), folder / "twin")
        place = folder / "models" / "champion"
        place.parent.mkdir()
        promote(one_model, place)
        memory: list[float] = []
        taken: list[float] = []
        with service(place, folder) as one:
            load(Job(one.port, "/v1/tags", bodies, "warm", 64, seconds=3))
            capacity = load(Job(one.port, "/v1/tags", bodies, "capacity", 64, seconds=10)).rate()
            with loaded(Job(one.port, "/v1/tags", bodies, "swap", 32, rate=LOAD * capacity, seconds=120.0 * times)) as running:
                for number in range(times):
                    began = time.monotonic()
                    wanted = promote([other_model, one_model][number % 2], place)
                    answer = json.loads(post(one.port, "/v1/model/reload"))
                    if answer["model"] != wanted:
                        raise SystemExit(f"swap {number}: {answer} instead of {wanted}")
                    taken.append(time.monotonic() - began)
                    time.sleep(REST)
                    memory.append(_memory(one))
                outcomes = running.stop()
    failed = {status: count for status, count in outcomes.statuses().items() if status != 200}
    waits = [row.seconds * 1000 for row in outcomes.where(200)]
    few = min(10, times // 2)
    first, last = memory[:few], memory[-few:]
    growth = statistics.median(last) - statistics.median(first)
    well = not failed and not outcomes.unanswered
    rows = [
        ["load", f"{LOAD * capacity:.0f}/s ({LOAD:.0%} of {capacity:.0f}/s), Poisson, {len(outcomes.rows)} requests", ""],
        ["swaps", f"{times}, {spread(taken, 1)} s each, promotion and loading together", ""],
        ["failed requests", f"{failed or 'none'}, unanswered {outcomes.unanswered}", f"none: {verdict(well)}"],
        ["waits p50 / p99 / longest, ms", f"{percentile(waits, 50):.0f} / {percentile(waits, 99):.0f} / {max(waits):.0f}", ""],
        [f"service and predictor, MB, first {few}", spread(first), ""],
        [
            f"service and predictor, MB, last {few}",
            spread(last),
            f"within {MEMORY_BAR:.0f} MB: {growth:+.1f}, {verdict(growth <= MEMORY_BAR)}",
        ],
    ]
    return table("Swaps under load", ["what", "measured", "bar"], rows)


def _twin(model: Path, place: Path) -> Path:
    """The same model under another version."""
    manifest = bundle.read_manifest(model)
    bundle.save(bundle.load(model).with_decider(model=f"{manifest.version}-twin"), place, manifest.metrics, manifest.provenance)
    return place


def _memory(one: Service) -> float:
    return resident(one.process.pid) + sum(resident(pid) for pid in one.predictors)
