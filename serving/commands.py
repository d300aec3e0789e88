"""Commands that change the store directly, while the service runs or not: keys and erasure."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.errors import ConfigError, ServiceError
from serving.settings import Settings
from serving.store.engine import first_line, migrate, open_engine

Result = TypeVar("Result")


def in_store(settings: Settings, work: Callable[[Connection], Result]) -> Result:
    """Run `work` in one transaction on the store that the settings name.

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
            return work(connection)
    except SQLAlchemyError as error:
        raise ServiceError(f"the store cannot be changed: {first_line(error)}") from None
    finally:
        engine.dispose()


def operator() -> str:
    """Who runs the command, for the audit log."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
