"""Commands that change the store directly, while the service runs or not: keys and erasure."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.errors import ConfigError, ServiceError
from data.masking import mask
from serving.settings import Settings
from serving.store.engine import first_line, forget_log, migrate, open_engine
from serving.store.erase import erase_client, erase_message
from serving.store.hashing import Hasher, load_key
from serving.store.store import now_ms

Result = TypeVar("Result")


def in_store(settings: Settings, work: Callable[[Connection], Result], tidy: bool = False) -> Result:
    """Run `work` in one transaction on the store that the settings name; `tidy` lets a SQLite file forget what was there before.

    Raises:
        ConfigError: the settings name none.
        ServiceError: it cannot be used.
    """
    if settings.store == "none":
        raise ConfigError("there is no store: RUBRICATOR_STORE is none; name one, such as sqlite:///rubricator.db")
    engine = open_engine(settings.store, seconds=60)
    try:
        migrate(engine)
        with engine.begin() as connection:
            result = work(connection)
        if tidy:
            forget_log(engine)
    except SQLAlchemyError as error:
        raise ServiceError(f"the store cannot be changed: {first_line(error)}") from None
    else:
        return result
    finally:
        engine.dispose()


def operator() -> str:
    """Who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def erase(settings: Settings, client: str | None, message: str | None, reason: str) -> dict[str, int]:
    """Erase what is kept of a client, or of one message ("CHANNEL/ID"); how many rows of each table went.

    Raises:
        ConfigError: not exactly one of them is given, or the reason is missing.
        ServiceError: the store cannot be used.
    """
    if (client is None) == (message is None):
        raise ConfigError("name either --client ID or --message CHANNEL/ID")
    if not reason.strip():
        raise ConfigError("--reason is empty; the evidence must say why")
    reason = mask(reason).text
    hasher = Hasher(load_key(settings.hash_key.get_secret_value() if settings.hash_key else None, settings.store))
    channel, slash, message_id = (message or "").partition("/")
    if message is not None and not slash:
        raise ConfigError("--message: expected CHANNEL/ID, such as app/m-1")

    def work(connection: Connection) -> dict[str, int]:
        if client is not None:
            return erase_client(connection, hasher, client, reason=reason, done_by=operator(), now=now_ms())
        return erase_message(connection, hasher, channel, message_id, reason=reason, done_by=operator(), now=now_ms())

    return in_store(settings, work, tidy=True)
