"""API keys in the store, for the command line: made, listed, revoked; each leaves a line in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select, update

from data.errors import ConfigError
from serving.auth import check_roles, hash_key, new_key
from serving.store.audit import write_audit
from serving.store.schema import KEYS


def make(connection: Connection, name: str, roles: list[str], done_by: str, now: int) -> str:
    """Make a key and return it: it cannot be shown again; ConfigError if the name is taken or a role is not known."""
    kept = check_roles(roles)
    if not name or len(name) > 80 or not name.isprintable():
        raise ConfigError("a key needs a name of 1 to 80 printable characters: who will use it")
    if connection.execute(select(KEYS.c.name).where(KEYS.c.name == name)).first():
        raise ConfigError(f"a key named {name!r} has been made before (it may be revoked); choose another name")
    key = new_key()
    connection.execute(KEYS.insert(), [{"name": name, "hash": hash_key(key), "roles": kept, "made_at": now, "revoked": False}])
    write_audit(connection, "key made", done_by=done_by, subject="", detail={"name": name, "roles": kept}, now=now)
    return key


def revoke(connection: Connection, name: str, done_by: str, now: int) -> None:
    """End a key; ConfigError if there is none of that name."""
    changed = connection.execute(update(KEYS).where(KEYS.c.name == name, KEYS.c.revoked.is_(False)).values(revoked=True)).rowcount
    if not changed:
        raise ConfigError(f"no key named {name!r} is in use; python -m serving keys list shows those that are")
    write_audit(connection, "key revoked", done_by=done_by, subject="", detail={"name": name}, now=now)


def listed(connection: Connection) -> list[Mapping[str, Any]]:
    """All keys by name, without their hashes."""
    query = select(KEYS.c.name, KEYS.c.roles, KEYS.c.made_at, KEYS.c.revoked).order_by(KEYS.c.name)
    return [dict(row) for row in connection.execute(query).mappings()]
