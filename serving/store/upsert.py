"""The two statements that SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart: insert unless there, and add to a count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

Key = tuple[str, ...]


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> set[Key]:
    """Insert the rows whose primary key is not there yet; the keys of those that were inserted.

    Rows go in the order of their keys, so that two processes never wait for each other in a circle.
    """
    names = key_names(table)
    ordered = sorted(rows, key=lambda row: tuple(row[name] for name in names))
    result = connection.execute(_insert_new(connection.dialect.name, table), ordered)
    return {tuple(row) for row in result}


def add_counts(connection: Connection, table: Table, counts: Mapping[Key, int]) -> None:
    """Add to `n` of each key, in the order of the keys; a key that is not there begins at 0."""
    rows = [{**dict(zip(key_names(table), key, strict=True)), "n": n} for key, n in sorted(counts.items()) if n]
    if rows:
        connection.execute(_add(connection.dialect.name, table), rows)


def count(keys: Iterable[Key]) -> dict[Key, int]:
    """How often each key occurs."""
    counts: dict[Key, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return counts


def key_names(table: Table) -> tuple[str, ...]:
    """Names of the primary key's columns."""
    return tuple(column.name for column in table.primary_key.columns)


@cache
def _insert_new(dialect: str, table: Table) -> ReturningInsert[Any]:
    statement: ReturningInsert[Any] = _dialect(dialect)(table).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return statement


@cache
def _add(dialect: str, table: Table) -> Any:
    statement = _dialect(dialect)(table)
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_={"n": table.c.n + statement.excluded.n})


def _dialect(name: str) -> Any:
    return postgresql.insert if name == "postgresql" else sqlite.insert
