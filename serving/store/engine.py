"""Opens the database: SQLite in WAL mode, fully synchronous, or PostgreSQL through psycopg 3; brings it to the newest migration."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from data.errors import ConfigError, ServiceError

BUSY_MILLISECONDS = 5_000
MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_LOCK = 0x5255_4252  # any number of our own: only one process at a time may migrate


def parse_url(text_url: str) -> URL:
    """The URL of a store; ConfigError if it is neither SQLite nor PostgreSQL."""
    try:
        url = make_url(text_url)
    except ArgumentError:
        raise ConfigError("the store's URL is not one; expected sqlite:///FILE or postgresql://USER@HOST/DATABASE") from None
    kind = url.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ConfigError(f"a store on {kind!r} is not known; expected sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise ConfigError("a store in memory forgets everything; expected sqlite:///FILE")
    return url.set(drivername="postgresql+psycopg") if kind == "postgresql" else url


def open_engine(text_url: str, *, pool_size: int = 4, seconds: float = 3.0) -> Engine:
    """An engine; nothing is connected yet.

    Args:
        text_url: sqlite:///FILE or postgresql://...; `options=-csearch_path=NAME` chooses a schema.
        pool_size: connections kept.
        seconds: patience with a server that does not answer.
    """
    url = parse_url(text_url)
    if url.get_backend_name() == "postgresql":
        milliseconds = int(seconds * 1000)
        given = url.query.get("options", "")
        limits = f"-cstatement_timeout={milliseconds} -clock_timeout={milliseconds}"
        options = " ".join(filter(None, [given if isinstance(given, str) else " ".join(given), limits]))
        url = url.update_query_dict({"options": options, "connect_timeout": str(max(2, round(seconds)))})
        return create_engine(url, pool_size=pool_size, pool_pre_ping=False, pool_timeout=seconds, hide_parameters=True)
    engine = create_engine(url, pool_size=pool_size, pool_timeout=seconds, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the tables to the newest form; ServiceError if the database cannot be reached or changed."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except SQLAlchemyError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise ServiceError(f"the store {where} cannot be used: {first_line(error)}; is it there, and may this user write to it?") from None


def forget_log(engine: Engine) -> None:
    """Empty SQLite's write-ahead log into the file, so that erased rows are nowhere any more; nothing to do on PostgreSQL."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()


def first_line(error: SQLAlchemyError) -> str:
    """What a driver said, without the statement and its parameters: those hold what clients sent."""
    origin = getattr(error, "orig", None)
    return str(origin if origin is not None else type(error).__name__).strip().split("\n")[0]


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin too late (at the first change); ours begin where SQLAlchemy says so.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL syncs the log at every commit: what has been acknowledged survives a power cut too, not only the end of the process.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN" if options.get("read_only") else "BEGIN IMMEDIATE")
