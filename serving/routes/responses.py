"""The problems that an address can answer with, for its OpenAPI entry."""

from __future__ import annotations

from typing import Any

from serving.problems import MEDIA_TYPE

_MEANINGS = {
    400: "the body cannot be read",
    401: "no key, or not a known one",
    403: "the key's roles do not allow it",
    404: "not known",
    408: "the body came too slowly",
    409: "the same id with another text",
    413: "the body is too large",
    415: "not JSON",
    422: "a field is not as expected; it is named",
    429: "too much at once; Retry-After says when",
    503: "not available now; Retry-After says when",
}
GUARDS = (400, 401, 403, 429, 503)
_REFERENCE = {"$ref": "#/components/schemas/Problem"}


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of these statuses, and of those that every guarded address can answer with."""
    content = {MEDIA_TYPE: {"schema": _REFERENCE}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in sorted({*statuses, *GUARDS})}
