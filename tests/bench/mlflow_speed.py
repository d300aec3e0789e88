"""mlflow: requests a second beside `mlflow models serve` of the same bundle, and of a plain pipeline."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import mlflow_server
from tests.bench.bundles import champion
from tests.bench.corpus import texts
from tests.bench.job import Job
from tests.bench.load import load, write_bodies
from tests.bench.service import service
from tests.bench.tables import ratios, spread, table, verdict

CLIENTS = 16
OURS, SAME, PIPELINE = "the service, store on", "mlflow models serve, the same bundle", "mlflow models serve, TF-IDF + logistic regression"
BARS = {SAME: (3.0, 5.0), PIPELINE: (1.0, 1.5)}
TWO = ", two workers"


def measure(rounds: int, seconds: float) -> str:
    """All servers wait side by side; they are loaded in turns, one at a time."""
    with TemporaryDirectory(prefix="rubricator-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        ours, theirs = write_bodies(folder / "ours.jsonl", texts()), mlflow_server.write_bodies(folder / "theirs.jsonl", texts())
        saved = {SAME: mlflow_server.save_bundle(champion(), folder / "bundle"), PIPELINE: mlflow_server.save_pipeline(folder / "pipeline")}
        servers = {OURS: (stack.enter_context(service(champion(), folder)).port, "/v1/tags", ours)}
        for kind, model in saved.items():
            for workers, suffix in ((1, ""), (2, TWO)):
                port = stack.enter_context(mlflow_server.serving(model, folder, workers))
                servers[kind + suffix] = (port, "/invocations", theirs)
        rates: dict[str, list[float]] = {kind: [] for kind in servers}
        failed: dict[str, int] = {}
        for number in range(-1, rounds):
            for kind, (port, path, bodies) in servers.items():
                outcomes = load(Job(port, path, bodies, f"m{number}", CLIENTS, seconds=seconds if number >= 0 else 2))
                for status, count in outcomes.statuses().items():
                    if status != 200:
                        failed[f"{status} from {kind}"] = failed.get(f"{status} from {kind}", 0) + count
                if number >= 0:  # the first round warms up
                    rates[kind].append(outcomes.rate())
    rows = [[kind, spread(some), spread(ratios(rates[OURS], some), 2)] for kind, some in rates.items()]
    reached = []
    for kind, (bar, aim) in BARS.items():
        middle = statistics.median(ratios(rates[OURS], rates[kind]))
        reached.append(f"{kind}: bar {bar} (aim {aim}), {middle:.2f}, {verdict(middle >= bar)}")
    note = (
        f"\n{'; '.join(reached)}. {rounds} rounds of {seconds:.0f} s in turns, {CLIENTS} clients, one message a request, different texts of "
        f"the corpus, one worker unless said otherwise (MLflow's own default); other answers than 200: {failed or 'none'}.\n"
    )
    return table("Beside mlflow models serve", ["server", "requests/s", "the service's / this one's"], rows) + note
