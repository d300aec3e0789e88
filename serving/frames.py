"""Frames between the HTTP process and a predictor process: four bytes of length, then UTF-8 JSON (never pickle)."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import IO, Any

HEADER = struct.Struct(">I")
LIMIT = 256 * 1024 * 1024  # bytes in a frame; far above the largest batch, so that a torn stream is seen instead of read for ever


def encode(value: object) -> bytes:
    """One frame that holds `value` as JSON."""
    # ASCII escapes keep a lone surrogate that a client sent alive on its way, instead of failing the whole batch.
    body = json.dumps(value, separators=(",", ":")).encode("ascii")
    return HEADER.pack(len(body)) + body


class Decoder:
    """Puts frames together from pieces of any size."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """The values of all frames that are complete now; ValueError if a frame is longer than LIMIT or is not JSON."""
        self._buffer += data
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            if length > LIMIT:
                raise ValueError(f"a frame of {length} bytes; at most {LIMIT} are expected")
            end = HEADER.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[HEADER.size : end])
            del self._buffer[:end]
            yield json.loads(body)


def read(stream: IO[bytes]) -> Any:
    """The next value of a blocking stream, or None at its end (also in the middle of a frame: the other side is gone)."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    body = stream.read(length)
    return json.loads(body) if len(body) == length else None
