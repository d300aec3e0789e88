"""The edge of the application: whole bodies within limits, in time, inflated; a request id and security headers on every answer."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.auth import Caller
from serving.logs import where
from serving.prediction import Refused
from serving.problems import ProblemError, refusal
from serving.state import State
from serving.store.records import StoreAway

SECURITY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
NO_KEYS = ProblemError(503, "the store does not answer, so no key can be checked", headers={"Retry-After": "2"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
GUARDED = ("/v1/", "/metrics")
# Bodies with many messages; all other addresses take the smaller limit.
MANY = frozenset({"/v1/tags/batch", "/v1/conversations"})


class Edge:
    """Reads the body before the application sees the request, so that nothing behind it waits for a slow or endless client."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app, self._state, self._settings = app, state, state.settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        scope["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                out = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    out.setdefault(name, value)
                out["x-request-id"] = request_id
            await send(message)

        try:
            await self._answer(scope, headers, receive, sender)
        except ProblemError as error:
            await _refuse(sender, error, request_id)
        except Refused as error:
            await _refuse(sender, refusal(error), request_id, close=False)
        except StoreAway:
            await _refuse(sender, NO_KEYS, request_id)
        except Exception as error:
            # Answered here and not raised again: a traceback's words may hold a client's text.
            if self._state.log:
                self._state.log.error("failure", request_id=request_id, **where(error))  # noqa: TRY400 - without the traceback, on purpose
            if not status:
                await _refuse(sender, ProblemError(500, problems.FAILURE), request_id)
        self._account(scope, status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        caller = scope["caller"] = await self._caller(scope["path"], headers)
        content = await self._body(scope, headers, receive)
        if caller and scope["path"] == "/v1/tags":
            # Under overload a refusal must cost almost nothing: before the body is parsed.
            self._state.predictor.admit()
        sent = False

        async def receiver() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}

        await self._app(scope, receiver, send)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's pattern, never the path: a path holds ids.
        route = getattr(scope.get("route"), "path", "none")
        self._state.telemetry.request(scope["method"] if route != "none" else "ANY", route, status, seconds)
        if self._state.log and self._state.settings.log_requests:
            caller = scope.get("caller")
            self._state.log.info(
                "request",
                request_id=scope["request_id"],
                method=scope["method"],
                route=route,
                status=status,
                milliseconds=round(seconds * 1000, 2),
                caller=caller.name if caller else None,
            )

    async def _caller(self, path: str, headers: Headers) -> Caller | None:
        """Who calls, for addresses that are not open to everybody; before anything of the body is read."""
        if not path.startswith(GUARDED):
            return None
        scheme, _, key = headers.get("authorization", "").partition(" ")
        caller = await self._state.keys.identify(key.strip() if scheme.lower() == "bearer" else headers.get("x-api-key"))
        self._state.rates.take(caller.name)
        return caller

    async def _body(self, scope: Scope, headers: Headers, receive: Receive) -> bytes:
        limit = self._settings.max_batch_body if scope["path"] in MANY else self._settings.max_body
        too_large = ProblemError(413, f"the body is larger than {limit} bytes; send less at once")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            raise ProblemError(400, "Content-Length is not a number")
        if int(length) > limit:
            raise too_large
        if length == "0" and "transfer-encoding" not in headers:
            return b""
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ProblemError(400, "the client went away before the body was complete")
                    pieces.append(message.get("body", b""))
                    size += len(pieces[-1])
                    if size > limit:
                        raise too_large
                    if not message.get("more_body"):
                        break
        except TimeoutError:
            raise ProblemError(408, f"the body did not come within {self._settings.body_seconds:g} s") from None
        content = b"".join(pieces)
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding == "gzip":
            content = await _inflate(content, limit, too_large)
        elif encoding != "identity":
            raise ProblemError(415, "Content-Encoding is neither gzip nor identity")
        kind = headers.get("content-type", "").split(";")[0].strip().lower()
        if content and kind != "application/json":
            raise ProblemError(415, "Content-Type is not application/json")
        return content


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


async def _refuse(send: Send, error: ProblemError, request_id: str, close: bool = True) -> None:
    content = problems.body(error.status, error.detail, error.errors, request_id)
    headers = {
        "content-type": problems.MEDIA_TYPE,
        "content-length": str(len(content)),
        # Where the rest of the body has not been read, this connection cannot carry another request.
        **({"connection": "close"} if close else {}),
        **error.headers,
    }
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
