"""kills: the service, its predictor, its database are killed under load; what was acknowledged is there, once, and the counts agree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import typer

from tests.bench.bundles import words_only
from tests.bench.corpus import texts
from tests.bench.load import write_bodies
from tests.bench.tables import spread, table, verdict
from tests.soak.evidence import evidence
from tests.soak.postgres import cluster
from tests.soak.series import KEY, PREFIX, Series, kill_databases, kill_predictors, kill_services

SERVICE, PREDICTOR, DATABASE = 100, 50, 20
HEADER = [
    "killed",
    "times",
    "requests",
    "answers",
    "acknowledged",
    "lost",
    "twice",
    "not sent, or without a message",
    "counts that are wrong",
    "goes on after, s",
    "",
]


def measure(times: int) -> str:
    """At most so many kills in each of the four series."""
    with TemporaryDirectory(prefix="rubricator-soak-") as name, cluster() as postgres:
        bodies = write_bodies(Path(name) / "bodies.jsonl", texts())
        model = words_only()

        def series(number: int, most: int, store: str = "") -> Series:
            folder = Path(name, str(number))
            folder.mkdir()
            return Series(model, folder, bodies, store or f"sqlite:///{folder / 'store.db'}", min(times, most))

        rows = [
            _row("the service, SQLite", series(1, SERVICE), kill_services),
            _row("the service, PostgreSQL", series(2, SERVICE, postgres.database("services")), kill_services),
            _row("the predictor, SQLite", series(3, PREDICTOR), kill_predictors),
            _row(
                "the database, PostgreSQL",
                series(4, DATABASE, postgres.database("databases")),
                lambda one: kill_databases(one, postgres),
            ),
        ]
    note = (
        "\nBundle without an encoder; 16 clients send again, under the same id, what met a lost connection or a 503; a kill -9 comes 0.3 to 1.5 s "
        "after all was well. Acknowledged: 200 with `stored: true`. Status 0: the connection was lost. Goes on after: a killed service is started "
        "again and says where it serves; a predictor's service is ready again; after a database's restart a tag is kept again.\n"
    )
    return table("Kills under load", HEADER, rows) + note


def _row(name: str, one: Series, kill: Callable[[Series], None]) -> list[object]:
    typer.echo(f"{name}: {one.times} kills ...", err=True)
    kill(one)
    acknowledged = {f"{PREFIX}-{row.number}" for row in one.outcomes.where(200) if row.kept}
    found = evidence(one.store, KEY, acknowledged, one.sent())
    unkept = sum(not row.kept for row in one.outcomes.where(200))
    answers = f"{one.outcomes.statuses()}" + (f", {unkept} of the 200 not stored" if unkept else "")
    left = f"; predictors left behind: {one.left}" if one.left else ""
    return [
        name,
        one.times,
        len(one.outcomes.rows),
        answers,
        found.acknowledged,
        found.lost,
        found.twice,
        found.strangers,
        found.wrong_counts,
        spread(one.recovered, 1),
        verdict(found.is_clean and not one.left) + left,
    ]
