"""What a store holds after all the kills, against what was acknowledged."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select

from serving.commands import in_store
from serving.settings import Settings
from serving.store.schema import DAY_COUNTS, HOUR_COUNTS, MESSAGES, TAGS
from serving.store.upsert import key_names


@dataclass(frozen=True)
class Evidence:
    """Acknowledged tags and those kept; of the acknowledged how many are lost; tags kept twice; tags that no message or no sent id stands for;
    keys of the two tables of counts whose number is not that of the tags.
    """

    acknowledged: int
    kept: int
    lost: int
    twice: int
    strangers: int
    wrong_counts: int

    @property
    def is_clean(self) -> bool:
        """Nothing is wrong."""
        return self.acknowledged > 0 and not (self.lost or self.twice or self.strangers or self.wrong_counts)


def evidence(store: str, hash_key: str, acknowledged: Set[str], sent: Set[str]) -> Evidence:
    """Look into the store of a service that has ended."""

    def work(connection: Connection) -> Evidence:
        kept = list(connection.execute(select(TAGS.c.id)).scalars())
        messages = set(connection.execute(select(MESSAGES.c.id)).scalars())
        return Evidence(
            len(acknowledged),
            len(kept),
            len(acknowledged - set(kept)),
            len(kept) - len(set(kept)),
            len(set(kept) ^ messages) + len(set(kept) - sent),
            sum(_differing(connection, table) for table in (DAY_COUNTS, HOUR_COUNTS)),
        )

    return in_store(Settings(store=store, hash_key=hash_key), work)  # type: ignore[arg-type]


def _differing(connection: Connection, table: Table) -> int:
    """Keys whose count is not the number of tags under them."""
    names = key_names(table)
    counted = {tuple(row[:-1]): row[-1] for row in connection.execute(select(*(table.c[name] for name in names), table.c.n)) if row[-1]}
    columns: list[Any] = [TAGS.c[name] for name in names]
    real = {tuple(row[:-1]): row[-1] for row in connection.execute(select(*columns, func.count()).group_by(*columns))}
    return sum(counted.get(key) != real.get(key) for key in counted.keys() | real.keys())
