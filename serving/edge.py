"""The edge of the application: who calls, whole bodies, early refusals, a request id and security headers, one line of account."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.auth import Caller
from serving.bodies import read_body
from serving.logs import where
from serving.prediction import Refused
from serving.problems import ProblemError, refusal
from serving.state import State
from serving.store.records import StoreAway

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
GUARDED = ("/v1/", "/metrics")
# Bodies with many messages; all other addresses take the smaller limit.
MANY = frozenset({"/v1/tags/batch", "/v1/conversations"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STORE_AWAY = ProblemError(503, "the store does not answer", headers={"Retry-After": "2"})

Quick = Callable[[State, Scope, Headers, bytes], Awaitable[Response | None]]


class Edge:
    """ASGI middleware around the application.

    Args:
        app: what answers.
        state: of the application.
        quick: a short way to an answer for single messages; None from it leaves the request to the application.
    """

    def __init__(self, app: ASGIApp, state: State, quick: Quick) -> None:
        self._app, self._state, self._settings, self._quick = app, state, state.settings, quick

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id")
        request_id = given if given and _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(96):024x}"
        scope["request_id"] = request_id
        began, status = time.perf_counter(), 0

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                raw = list(message.get("headers", ()))
                present = {name for name, _ in raw}
                raw += [header for header in SECURITY_HEADERS if header[0] not in present]
                raw.append((b"x-request-id", request_id.encode("ascii")))
                if self._state.stopping and b"connection" not in present:
                    raw.append((b"connection", b"close"))
                message["headers"] = raw
            await send(message)

        try:
            await self._answer(scope, headers, receive, sender)
        except Exception as error:
            # Answered here and not raised again: a traceback's words may hold a client's text.
            problem = _problem(error)
            if problem.status == 500 and self._state.log:
                self._state.log.error("failure", request_id=request_id, **where(error))  # noqa: TRY400 - without the traceback, on purpose
            if not status:
                await _refuse(sender, problem, request_id, close=not scope.get("body_read"))
        self._account(scope, status, time.perf_counter() - began)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        path = scope["path"]
        scope["caller"] = await self._caller(path, headers)
        limit = self._settings.max_batch_body if path in MANY else self._settings.max_body
        content = await read_body(headers, receive, limit=limit, seconds=self._settings.body_seconds)
        scope["body_read"] = True
        if path == "/v1/tags":
            # Under overload a refusal must cost almost nothing: before the body is parsed.
            self._state.predictor.admit()
            if (response := await self._quick(self._state, scope, headers, content)) is not None:
                await response(scope, receive, send)
                return
        sent = False

        async def receiver() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": content, "more_body": False}

        await self._app(scope, receiver, send)

    async def _caller(self, path: str, headers: Headers) -> Caller | None:
        """Who calls, for addresses that are not open to everybody; before anything of the body is read."""
        if not path.startswith(GUARDED):
            return None
        scheme, _, key = headers.get("authorization", "").partition(" ")
        caller = await self._state.keys.identify(key.strip() if scheme.lower() == "bearer" else headers.get("x-api-key"))
        self._state.rates.take(caller.name)
        return caller

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        # The route's pattern, never the path: a path holds ids.
        route = getattr(scope.get("route"), "path", "none")
        self._state.telemetry.request(scope["method"] if route != "none" else "ANY", route, status, seconds)
        if self._state.log and self._settings.log_requests:
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


def _problem(error: Exception) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, Refused):
        return refusal(error)
    return _STORE_AWAY if isinstance(error, StoreAway) else ProblemError(500, problems.FAILURE)


async def _refuse(send: Send, error: ProblemError, request_id: str, close: bool) -> None:
    content = problems.body(error.status, error.detail, error.errors, request_id)
    headers = {
        "content-type": problems.MEDIA_TYPE,
        "content-length": str(len(content)),
        # Where the rest of the body has not been read, this connection cannot carry another request.
        **({"connection": "close"} if close else {}),
        **error.headers,
    }
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": error.status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
