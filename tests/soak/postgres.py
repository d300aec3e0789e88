"""A PostgreSQL cluster of one's own, to be killed: in a temporary folder, on its own port, as a user without privileges."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TypedDict

import psycopg
from psycopg.sql import SQL, Identifier

from data.errors import ConfigError
from tests.bench.processes import children, end

START_SECONDS = 60.0


class _User(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


class Cluster:
    """A server that can be killed and started again."""

    def __init__(self, folder: Path, port: int, user: _User) -> None:
        self._folder, self._port, self._user = folder, port, user
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers; after a kill it repairs itself first."""
        until = time.monotonic() + START_SECONDS
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "shared_buffers=64MB"]
        command = [str(_binary("postgres")), "-D", str(self._folder / "data"), "-p", str(self._port), *options]
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:  # too early: the killed one still held its memory
                with (self._folder / "postgres.log").open("ab") as log:
                    self._process = subprocess.Popen(
                        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, start_new_session=True, **self._user
                    )
            with suppress(psycopg.OperationalError), psycopg.connect(self.database(), connect_timeout=2):
                return
            time.sleep(0.05)
        raise ConfigError(f"PostgreSQL did not answer within {START_SECONDS:.0f} s: {(self._folder / 'postgres.log').read_text()[-1000:]}")

    def database(self, name: str = "postgres") -> str:
        """URL of a database, which is made if it is a new one."""
        url = f"postgresql://rubricator@127.0.0.1:{self._port}/"
        if name != "postgres":
            with psycopg.connect(f"{url}postgres", autocommit=True) as connection:
                connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return url + name

    def kill(self) -> None:
        """kill -9 of the server and all its processes."""
        assert self._process
        for pid in (self._process.pid, *children(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        """End it as its operator would."""
        if self._process:
            end(self._process, signal.SIGINT)


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A new cluster that runs; nothing is left of it afterwards.

    Raises:
        ConfigError: PostgreSQL is not installed, or cannot be started.
    """
    user = _unprivileged()
    folder = Path(mkdtemp(prefix="rubricator-postgres-"))
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        command = [str(_binary("initdb")), "-D", str(folder / "data"), "-U", "rubricator", "--auth=trust", "-E", "UTF8", "--locale=C"]
        made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **user)
        if made.returncode:
            raise ConfigError(f"initdb failed: {made.stderr.strip()[-500:]}")
        one = Cluster(folder, _free_port(), user)
        try:
            one.start()
            yield one
        finally:
            one.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> _User:
    """PostgreSQL refuses to run as root; everybody else runs it as they are."""
    if os.geteuid():
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            known = pwd.getpwnam(name)
            return {"user": known.pw_uid, "group": known.pw_gid, "extra_groups": []}
    raise ConfigError("PostgreSQL does not run as root, and there is no user postgres or nobody; run this as another user")


def _binary(name: str) -> Path:
    """A program of PostgreSQL; distributions keep them off the PATH."""
    if found := shutil.which(name):
        return Path(found).resolve()
    with suppress(OSError, subprocess.CalledProcessError):
        folder = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
        if Path(folder, name).exists():
            return Path(folder, name)
    for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True):
        return path
    raise ConfigError(f"{name} of PostgreSQL is not found; install PostgreSQL, or put its programs on the PATH")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
