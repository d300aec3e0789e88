"""The client for routing services: retries, the safe default, what is raised."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from data.messages import Message
from serving.client import AsyncRubricator, RoutedTag, Rubricator, RubricatorRefused
from tests.serving_fakes import VERSION, fake_tag

MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}
TAG = fake_tag(Message("m-1", "сим"))
Answer = tuple[int, object] | Exception


def both(answers: list[Answer], seconds: float = 5.0) -> tuple[list[RoutedTag], list[httpx.Request]]:
    """The result of the synchronous and of the asynchronous client; the last answer is given for ever."""
    seen: list[httpx.Request] = []

    def transport() -> Callable[[httpx.Request], httpx.Response]:
        left = list(answers)

        def handle(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(answer, Exception):
                raise answer
            return httpx.Response(answer[0], json=answer[1])

        return handle

    async def asynchronous() -> RoutedTag:
        async with AsyncRubricator("http://test", "rub_x", seconds=seconds, transport=httpx.MockTransport(transport())) as client:
            return await client.tag(**MESSAGE)

    with Rubricator("http://test", "rub_x", seconds=seconds, transport=httpx.MockTransport(transport())) as client:
        return [client.tag(**MESSAGE), asyncio.run(asynchronous())], seen


def test_an_answer_becomes_a_tag() -> None:
    results, requests = both([(200, TAG)])
    assert results[0] == results[1]
    assert (results[0].topic, results[0].queue, results[0].model, results[0].answered) == ("sim", "sim-line1", VERSION, True)
    assert requests[0].headers["authorization"] == "Bearer rub_x"
    assert 0 < int(requests[0].headers["x-deadline-ms"]) <= 5000
    assert json.loads(requests[0].content) == MESSAGE


def test_it_asks_again_where_that_may_help() -> None:
    results, requests = both([(429, {}), httpx.ConnectError("refused"), (503, {}), (200, TAG)])
    assert [result.answered for result in results] == [True, True]
    assert len(requests) == 8


@pytest.mark.parametrize("answer", [(200, "torn"), (200, {"id": "m-1"}), (404, "<html>"), (302, {}), (408, {})])
def test_what_the_service_would_not_say_is_no_answer(answer: Answer) -> None:
    results, requests = both([answer, (200, {**TAG, "conversation": {"topic": "sim"}})])
    assert [(result.topic, result.conversation) for result in results] == [("sim", {"topic": "sim"})] * 2
    assert len(requests) == 4


@pytest.mark.parametrize("answer", [(503, {}), httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), (500, {})])
def test_without_an_answer_in_time_a_person_looks(answer: Answer) -> None:
    results, _ = both([answer], seconds=0.05)
    for result in results:
        assert (result.id, result.status, result.reason, result.queue, result.answered) == (
            "m-1",
            "review",
            "unanswered",
            "operator-review",
            False,
        )


def test_what_is_wrong_with_a_message_is_raised_at_once() -> None:
    problem = (422, {"detail": "field 'channel': is not a known channel"})
    with pytest.raises(RubricatorRefused, match="422: field 'channel': is not a known channel"):
        both([problem])


def test_the_module_can_be_copied_alone(tmp_path: Path) -> None:
    source = Path(sys.modules["serving.client"].__file__ or "").read_text(encoding="utf-8")
    (tmp_path / "copied.py").write_text(source, encoding="utf-8")
    subprocess.run([sys.executable, "-I", "-c", f"import runpy; runpy.run_path({str(tmp_path / 'copied.py')!r})['Rubricator']"], check=True)
