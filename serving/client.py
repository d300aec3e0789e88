"""A client of the service for routing code: one module that needs only httpx, to import or to copy.

    from serving.client import Rubricator

    with Rubricator("http://127.0.0.1:8000", key="rub_...") as rubricator:
        tag = rubricator.tag(id="m-1", channel="app", text="потеряла симку")
        send_to(tag.queue or "operator-review")

Within `seconds` it asks, and asks again where that may help (no connection, 408, 429, 5xx, an answer that is not the service's): the id
makes it safe, the same message gets the same answer. If no answer comes in time the result is the safe default: status "review", reason
"unanswered", the review queue; so that a person looks, and nothing is lost or routed by guess. What the service says is wrong with a
message (other 4xx) is raised as RubricatorRefused.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

AGAIN = frozenset([408, 429])  # asked again, as everything from FAILED on
FAILED = 500
FIRST_PAUSE = 0.02
LAST_PAUSE = 1.0


class RubricatorRefused(ValueError):
    """The service will never take this message as it is: `status` is the HTTP status, the text names the field."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status


@dataclass(frozen=True)
class RoutedTag:
    """What a router needs of a tag; `raw` is the whole answer, None where none came in time."""

    id: str
    status: str
    reason: str
    queue: str | None
    priority: int
    topic: str | None = None
    need: str | None = None
    confidence: float = 0.0
    model: str | None = None
    raw: Mapping[str, Any] | None = field(default=None, repr=False)

    @property
    def answered(self) -> bool:
        """Whether the service said it; otherwise it is the safe default."""
        return self.raw is not None

    @property
    def conversation(self) -> Mapping[str, Any] | None:
        """The tag of the conversation so far, where the message has a conversation_id and the service remembers conversations."""
        return self.raw.get("conversation") if self.raw else None


@dataclass(frozen=True)
class _Plan:
    """What the synchronous and the asynchronous client share."""

    seconds: float
    review_queue: str

    def request(self, message: Mapping[str, Any], left: float) -> dict[str, Any]:
        deadline = max(1, int(left * 1000))
        return {"json": message, "headers": {"X-Deadline-Ms": str(deadline)}, "timeout": max(0.001, left)}

    def read(self, response: httpx.Response) -> RoutedTag | None:
        """The tag; None: ask again."""
        if response.status_code in AGAIN or response.status_code >= FAILED:
            return None
        try:
            body = response.json()
            if response.status_code == 200:
                return RoutedTag(raw=body, **{name: body[name] for name in RoutedTag.__dataclass_fields__ if name != "raw"})
            detail = str(body["detail"])
        except (ValueError, KeyError, TypeError):
            return None  # a proxy's page, or a torn answer
        raise RubricatorRefused(response.status_code, detail)

    def pauses(self, until: float) -> Iterator[float]:
        """Seconds to wait before each further try, doubling, spread at random, never past the deadline."""
        pause = FIRST_PAUSE
        while True:
            chosen = pause * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, guards nothing
            if time.monotonic() + chosen >= until:
                return
            yield chosen
            pause = min(LAST_PAUSE, pause * 2)

    def default(self, message_id: str) -> RoutedTag:
        """The safe default."""
        return RoutedTag(id=message_id, status="review", reason="unanswered", queue=self.review_queue, priority=3)


def _headers(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


class Rubricator:
    """Synchronous; safe to share between threads.

    Args:
        address: of the service, such as http://127.0.0.1:8000.
        key: an API key with the role classify, where the service asks for one.
        seconds: how long one message may take, all tries together.
        review_queue: where the safe default sends.
        transport: for tests.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        seconds: float = 1.0,
        review_queue: str = "operator-review",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._plan = _Plan(seconds, review_queue)
        self._http = httpx.Client(base_url=address, headers=_headers(key), transport=transport)

    def tag(self, **message: Any) -> RoutedTag:
        """Tag one message (id, channel, text, and what else POST /v1/tags takes); RubricatorRefused if it is not as expected."""
        until = time.monotonic() + self._plan.seconds
        pauses = self._plan.pauses(until)
        while True:
            try:
                response = self._http.post("/v1/tags", **self._plan.request(message, until - time.monotonic()))
                if tag := self._plan.read(response):
                    return tag
            except httpx.TransportError:
                pass
            pause = next(pauses, None)
            if pause is None:
                return self._plan.default(str(message.get("id", "")))
            time.sleep(pause)

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class AsyncRubricator:
    """The same for asyncio."""

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        seconds: float = 1.0,
        review_queue: str = "operator-review",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._plan = _Plan(seconds, review_queue)
        self._http = httpx.AsyncClient(base_url=address, headers=_headers(key), transport=transport)

    async def tag(self, **message: Any) -> RoutedTag:
        """See Rubricator.tag."""
        until = time.monotonic() + self._plan.seconds
        pauses = self._plan.pauses(until)
        while True:
            try:
                # httpx's own limit is for each read or write; this one is for the whole.
                async with asyncio.timeout(max(0.001, until - time.monotonic())):
                    response = await self._http.post("/v1/tags", **self._plan.request(message, until - time.monotonic()))
                if tag := self._plan.read(response):
                    return tag
            except (httpx.TransportError, TimeoutError):
                pass
            pause = next(pauses, None)
            if pause is None:
                return self._plan.default(str(message.get("id", "")))
            await asyncio.sleep(pause)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()
