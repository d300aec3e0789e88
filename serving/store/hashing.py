"""Keyed hashes: what a client's id or text is known by, so that neither has to be kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from data.errors import ConfigError
from serving.store.engine import parse_url

KEY_BYTES = 32
HOW = "make one with: openssl rand -hex 32"


class Hasher:
    """HMAC-SHA-256 with one secret key; the same value gives the same hash only with the same key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, purpose: str, *parts: str) -> str:
        """64 hexadecimal digits; hashes for different purposes have nothing in common."""
        # Lengths keep ("ab", "c") and ("a", "bc") apart.
        said = "\n".join([purpose, *(f"{len(part)}:{part}" for part in parts)])
        return hmac.new(self._key, said.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def text(self, text: str, attachments: Sequence[str]) -> str:
        """Of a message's content: whether it is the same again."""
        return self("text", text, *attachments)

    def client(self, client: str) -> str:
        """Of a client's id."""
        return self("client", client)


def load_key(given: str | None, store_url: str) -> bytes:
    """The key: given by the operator, or made once and kept beside a SQLite file (readable by its owner only).

    Raises:
        ConfigError: the given one is too short, or none is given for a database that several machines may share.
    """
    if given:
        if len(given) < KEY_BYTES:
            raise ConfigError(f"RUBRICATOR_HASH_KEY is too short: {len(given)} of at least {KEY_BYTES} characters; {HOW}")
        return given.encode()
    url = parse_url(store_url)
    if url.get_backend_name() != "sqlite":
        raise ConfigError(f"set RUBRICATOR_HASH_KEY, the same for every process of this store; {HOW}")
    path = Path(f"{url.database}.key")
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return _make(path)
    except (OSError, ValueError):
        raise ConfigError(f"{path}: not a key file; restore it, or no known message is known again") from None


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); the store needs a folder that it may write to") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return key
