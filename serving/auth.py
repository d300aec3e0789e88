"""API keys: who is calling and what the caller may do; only hashes of keys are known to the service."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from data.errors import ConfigError, ServiceError, nearest
from serving.problems import ProblemError
from serving.store.records import StoreAway

ROLES = ("classify", "report", "feedback", "admin")
PREFIX = "rub_"
FRESH_SECONDS = 2.0  # a key made or revoked is noticed within so long
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="rubricator"'}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: the key's name and roles."""

    name: str
    roles: frozenset[str]

    def may(self, role: str) -> bool:
        """Whether a role is among the caller's; an admin may do everything."""
        return role in self.roles or "admin" in self.roles


ANYONE = Caller("anyone", frozenset(ROLES))


class Keys(Protocol):
    """Where keys are kept (the store)."""

    async def keys(self) -> list[Mapping[str, Any]]:
        """All keys that have been made: name, hash, roles, revoked."""


class KeyRing:
    """Knows callers by their keys.

    While no key has ever been made everybody is ANYONE, on the loopback address (see `check_exposure`). Revoking the last key opens nothing.
    """

    def __init__(self, keys: Keys | None) -> None:
        self._source = keys
        self._known: list[tuple[str, Caller]] = []
        self._open = True
        self._fresh_until = 0.0
        self._read = False

    async def identify(self, key: str | None) -> Caller:
        """The caller with this key.

        Raises:
            ProblemError: 401, the key is missing or not known.
        """
        await self._refresh()
        if self._open:
            return ANYONE
        if not key:
            raise ProblemError(401, "an API key is needed: Authorization: Bearer KEY (python -m serving keys make NAME)", headers=CHALLENGE)
        wanted = hash_key(key)
        found = None
        # All are compared, in constant time each: how long it takes says nothing about what is known.
        for known, caller in self._known:
            if hmac.compare_digest(known, wanted):
                found = caller
        if found is None:
            raise ProblemError(401, "this API key is not known or has been revoked", headers=CHALLENGE)
        return found

    async def _refresh(self) -> None:
        if self._source is None or time.monotonic() < self._fresh_until:
            return
        self._fresh_until = time.monotonic() + FRESH_SECONDS
        try:
            rows = await self._source.keys()
        except StoreAway:
            # What was known goes on being known; if the keys have never been read, nobody may come in.
            if not self._read:
                self._fresh_until = 0.0
                raise
            return
        self._read = True
        self._open = not rows
        self._known = [(row["hash"], Caller(row["name"], frozenset(row["roles"].split(",")))) for row in rows if not row["revoked"]]


def new_key() -> str:
    """A key with 256 random bits; it is shown once and never kept."""
    return PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """What is kept of a key. It is random and long, so that a plain hash cannot be turned back."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def check_roles(roles: Iterable[str]) -> str:
    """Roles as they are kept; ConfigError names the nearest known one."""
    wanted = list(dict.fromkeys(roles))
    for role in wanted:
        if role not in ROLES:
            raise ConfigError(f"unknown role {role!r}{nearest(role, ROLES)}")
    if not wanted:
        raise ConfigError(f"a key needs a role: {', '.join(ROLES)}")
    return ",".join(wanted)


def check_exposure(host: str, any_keys: bool) -> None:
    """Refuse to be reachable from elsewhere while everybody may do everything; ServiceError says how to make a key."""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback and not any_keys:
        mend = "make one: python -m serving keys make NAME --role classify"
        raise ServiceError(f"{host} can be reached from elsewhere and no API key has been made; {mend}")
