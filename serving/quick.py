"""The short way for POST /v1/tags: the same answer as its route gives, without a framework's work for each request.

Whatever is not quite ordinary (a query, a wrong field, a missing role) is left to the route, which says what is wrong.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from serving.routes.tags import json_response
from serving.schemas import MAX_DEADLINE_MS, MessageIn
from serving.state import State
from serving.tagging import Wish
from serving.talks import tag_in_turn

# What the metrics and the log call it.
ROUTE = SimpleNamespace(path="/v1/tags")


async def quick_tag(state: State, scope: Scope, headers: Headers, content: bytes) -> Response | None:
    """The answer, or None where the route should give it; raises what tag_in_turn raises."""
    if scope["method"] != "POST" or scope["query_string"] or not scope["caller"].may("classify"):
        return None
    given = headers.get("x-deadline-ms")
    deadline = None
    if given is not None:
        if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MAX_DEADLINE_MS and len(given) < 9):
            return None
        deadline = asyncio.get_running_loop().time() + int(given) / 1000
    try:
        message = MessageIn.model_validate_json(content)
    except ValidationError:
        return None
    scope["route"] = ROUTE
    return json_response(await tag_in_turn(state, message, Wish(deadline)))
