"""Errors as problem+json (RFC 9457): the field is named, what was expected is said, a client's text is never echoed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from data.errors import RubricatorError
from serving.prediction import DeadlineMissed, Overloaded, PredictionFailed, PredictorDown, Refused
from serving.store.records import StoreAway

FAILURE = "an error of the service itself; it has been logged under the request id"
MEDIA_TYPE = "application/problem+json"
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}|[0-9]{1,6}")
_TITLES = {
    400: "Not readable",
    401: "No key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    411: "Length required",
    413: "Too large",
    415: "Wrong media type",
    422: "Not as expected",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    503: "Not available now",
}


class ProblemError(RubricatorError):
    """An answer that is a problem.

    Args:
        status: HTTP status.
        detail: one line; never holds a client's text.
        errors: (field, what was expected) pairs.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, detail: str, errors: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, dict(headers or {})


def body(status: int, detail: str, errors: Sequence[tuple[str, str]] = (), request_id: str | None = None) -> bytes:
    """The JSON of a problem."""
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
    }
    if errors:
        problem["errors"] = [{"field": field, "expected": expected} for field, expected in errors]
    if request_id:
        problem["request_id"] = request_id
    return json.dumps(problem, ensure_ascii=False).encode()


def refusal(error: Refused) -> ProblemError:
    """A refusal as a problem with its Retry-After."""
    status = 429 if isinstance(error, Overloaded | DeadlineMissed) else 503
    return ProblemError(status, str(error), headers={"Retry-After": str(math.ceil(error.retry_after))})


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Let every error of the application leave as a problem; `routers` hold its addresses."""
    routes = [route for router in routers for route in router.routes if isinstance(route, Route)]

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)  # noqa: S101 - narrows the type; registered for it
        return _response(request, error.status, error.detail, error.errors, error.headers)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the type; registered for it
        return _invalid(request, error)

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)  # noqa: S101 - narrows the type; registered for it
        problem = refusal(error)
        return _response(request, problem.status, problem.detail, headers=problem.headers)

    async def on_store_away(request: Request, error: Exception) -> Response:  # noqa: ARG001 - a driver's words are for the log
        return _response(request, 503, "the store does not answer", headers={"Retry-After": "2"})

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type; registered for it
        details = {
            404: "there is nothing at this address",
            405: "this address does not know this method",
            400: "the body could not be read as JSON",
        }
        headers = dict(error.headers or {})
        if error.status_code == 405:
            # Starlette names the methods of the first route with this address only.
            matching = (route.methods or set() for route in routes if route.path_regex.match(request.url.path))
            headers["Allow"] = ", ".join(sorted(set().union(*matching)))
        return _response(request, error.status_code, details.get(error.status_code, "the request could not be read"), headers=headers)

    async def on_failure(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the words of an error may hold a client's text
        return _response(request, 500, FAILURE)

    app.add_exception_handler(ProblemError, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for kind in (Overloaded, DeadlineMissed, PredictorDown, Refused):
        app.add_exception_handler(kind, on_refused)
    app.add_exception_handler(StoreAway, on_store_away)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(PredictionFailed, on_failure)


def _response(
    request: Request, status: int, detail: str, errors: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
) -> Response:
    request_id = request.scope.get("request_id")
    return Response(body(status, detail, errors, request_id), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return _response(request, 400, "the body is not JSON")
    errors = [(_field(one), _expected(one)) for one in found[:20]]
    field, expected = errors[0]
    return _response(request, 422, f"field {field!r}: {expected}" if field else expected, errors)


def _field(error: Mapping[str, Any]) -> str:
    """messages.3.text for a place in the body; a name that is not a plain one could be anything, so it is not repeated."""
    parts = [str(part) for part in error["loc"] if not (part == "body" and len(error["loc"]) > 1)]
    named = (error.get("ctx") or {}).get("field")
    if named:
        parts = [part for part in parts if part != "body"] + [str(named)]
    return ".".join(part if _PLAIN_NAME.fullmatch(part) else "(name withheld)" for part in parts)


def _expected(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "missing":
        return "is missing" if error["loc"] != ("body",) else "expected a JSON body"
    if kind == "extra_forbidden":
        return "is not a known field; the OpenAPI document at /openapi.json names those that are"
    if kind == "string_too_long":
        return f"expected at most {context['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return f"expected a string of the form {context['pattern']}"
    message = str(error["msg"])
    return message[:1].lower() + message[1:]
