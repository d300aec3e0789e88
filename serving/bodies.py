"""Whole bodies within limits: wire bytes, inflated bytes, time, media type, depth; read before anything behind waits for the client."""

from __future__ import annotations

import asyncio
import re
import zlib

from starlette.datastructures import Headers
from starlette.types import Receive

from serving.problems import ProblemError

MAX_DEPTH = 32
# Whole strings, so that brackets inside them do not count; one that does not end takes all the rest, so that time stays linear.
_BRACKETS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{]|[\]}]', re.DOTALL)


async def read_body(headers: Headers, receive: Receive, *, limit: int, seconds: float) -> bytes:
    """The body, inflated.

    Args:
        headers: of the request.
        receive: ASGI's.
        limit: most bytes, as sent and inflated.
        seconds: how long the client may take.

    Raises:
        ProblemError: 400 (broken, or nested too deeply), 408 (too slow), 413 (too large) or 415 (not JSON, or an unknown encoding).
    """
    too_large = ProblemError(413, f"the body is larger than {limit} bytes; send less at once")
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise ProblemError(400, "Content-Length is not a number")
    if len(length) > 18 or int(length) > limit:
        raise too_large
    if length == "0" and "transfer-encoding" not in headers:
        return b""
    try:
        async with asyncio.timeout(seconds):
            content = await _receive(receive, limit, too_large)
    except TimeoutError:
        raise ProblemError(408, f"the body did not come within {seconds:g} s") from None
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        content = await _inflate(content, limit, too_large)
    elif encoding != "identity":
        raise ProblemError(415, "Content-Encoding is neither gzip nor identity")
    kind = headers.get("content-type", "").split(";")[0].strip().lower()
    if content and kind != "application/json":
        raise ProblemError(415, "Content-Type is not application/json")
    if content.count(b"[") + content.count(b"{") > MAX_DEPTH and depth(content) > MAX_DEPTH:
        raise ProblemError(400, f"the body is nested deeper than {MAX_DEPTH} levels")
    return content


def depth(content: bytes) -> int:
    """How deeply JSON is nested; of what is no JSON, some number."""
    now = most = 0
    for match in _BRACKETS.finditer(content):
        first = content[match.start()]
        if first in b"[{":
            now += 1
            most = max(most, now)
        elif first in b"]}":
            now -= 1
    return most


async def _receive(receive: Receive, limit: int, too_large: ProblemError) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the client went away before the body was complete")
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limit:
            raise too_large
        if not message.get("more_body"):
            return b"".join(pieces)


async def _inflate(content: bytes, limit: int, too_large: ProblemError) -> bytes:
    decoder = zlib.decompressobj(wbits=31)
    try:
        # zlib lets go of the interpreter while it works.
        inflated = await asyncio.to_thread(decoder.decompress, content, limit + 1)
    except zlib.error:
        raise ProblemError(400, "the body is not gzip, as its Content-Encoding says") from None
    if len(inflated) > limit:
        raise too_large
    if not decoder.eof:
        raise ProblemError(400, "the gzip body ends too early")
    return inflated
