"""Swapping models in service, metrics and logs."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvloop

from data.errors import BundleError
from data.messages import Message
from serving.app import create_app
from serving.asking import Tagging
from serving.logs import make_log, where
from serving.predictor import ProcessPredictor
from serving.settings import Settings
from serving.swap import Swapper
from serving.telemetry import CHANNELS, Telemetry
from tests.serving_fakes import FakePredictor, calling, fake_tag, write_model

MESSAGE = {"id": "m-1", "channel": "app", "text": "заблокируйте сим"}


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append({"event": event, **fields})

    warning = error = info


class History:
    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    async def add(self, event: str, model: str, detail: str) -> None:
        self.events.append((event, model))


@asynccontextmanager
async def serving_model(folder: Path) -> AsyncIterator[tuple[ProcessPredictor, Swapper, History, Telemetry]]:
    telemetry, history = Telemetry(), History()
    predictor = ProcessPredictor(folder, program="tests.serving_fakes", observer=telemetry)
    try:
        await predictor.start()
        swapper = Swapper(predictor, folder, telemetry, Lines(), history.add)
        await swapper.started()
        yield predictor, swapper, history, telemetry
    finally:
        await predictor.stop()


def value(telemetry: Telemetry, line: str) -> float:
    return next(float(one.rsplit(" ", 1)[1]) for one in telemetry.text().decode().splitlines() if one.startswith(line))


def test_a_promotion_takes_over_between_two_batches_and_no_request_fails(tmp_path: Path) -> None:
    write_model(tmp_path, "1")

    async def scenario() -> None:
        async with serving_model(tmp_path) as (predictor, swapper, history, telemetry):
            old, versions, stop = predictor.pid, [], asyncio.Event()

            async def client() -> None:
                while not stop.is_set():
                    answers = await predictor.answer([Tagging(Message(str(number), "сим")) for number in range(3)])
                    (version,) = {answer.tag["model"] for answer in answers}
                    versions.append(version)

            clients = [asyncio.ensure_future(client()) for _ in range(8)]
            write_model(tmp_path, "2")
            assert await swapper.reload() is True
            assert await swapper.reload() is False
            assert (await predictor.answer([Tagging(Message("m", "сим"))]))[0].tag["model"] == "2"
            stop.set()
            await asyncio.gather(*clients)
            assert versions == sorted(versions)
            assert set(versions) == {"1", "2"}
            assert predictor.pid != old
            assert old
            with pytest.raises(ProcessLookupError):
                os.kill(old, 0)
            assert history.events == [("loaded", "1"), ("swapped", "2")]
            assert value(telemetry, 'rubricator_model_events_total{event="swapped"}') == 1

    uvloop.run(scenario())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"load": "digest differs"}, "digest differs"),
        ({"fails_on": "👍"}, "fails on probe-5"),
        ({"fails_on": "a"}, "fails on probe-6"),
    ],
)
def test_a_bad_bundle_never_takes_over(tmp_path: Path, fault: dict[str, str], words: str) -> None:
    write_model(tmp_path, "1")

    async def scenario() -> None:
        async with serving_model(tmp_path) as (predictor, swapper, history, telemetry):
            pid = predictor.pid
            write_model(tmp_path, "2", **fault)
            with pytest.raises(BundleError, match=words):
                await swapper.reload()
            assert (predictor.pid, predictor.facts.version) == (pid, "1")
            assert (await predictor.answer([Tagging(Message("m", "сим"))]))[0].tag["model"] == "1"
            assert history.events == [("loaded", "1"), ("refused", "")]
            assert value(telemetry, 'rubricator_model_events_total{event="refused"}') == 1
            write_model(tmp_path, "3")
            assert await swapper.reload() is True

    uvloop.run(scenario())


def test_a_promotion_is_noticed_without_being_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.swap.LOOK_SECONDS", 0.01)
    write_model(tmp_path, "1")

    async def scenario() -> None:
        async with serving_model(tmp_path) as (predictor, swapper, history, _):
            watching = asyncio.ensure_future(swapper.watch())
            write_model(tmp_path, "2", load="damaged")
            while ("refused", "") not in history.events:
                await asyncio.sleep(0.01)
            write_model(tmp_path, "3")
            while predictor.facts.version != "3":
                await asyncio.sleep(0.01)
            watching.cancel()
            assert history.events[:2] == [("loaded", "1"), ("refused", "")]

    uvloop.run(scenario())


def test_reload_over_http_says_what_became_of_it() -> None:
    outcomes: list[Any] = [True, False, BundleError("damaged")]

    async def reload() -> bool:
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return bool(outcome)

    with calling(create_app(FakePredictor(), Settings(), reload=reload)) as client:
        assert [client.post("/v1/model/reload").json().get("changed") for _ in range(2)] == [True, False]
        response = client.post("/v1/model/reload")
        assert (response.status_code, response.json()["detail"]) == (409, "the promoted model was refused, the old one goes on: damaged")
    with calling(create_app(FakePredictor(), Settings())) as client:
        assert client.post("/v1/model/reload").status_code == 503


def test_metrics_count_requests_tags_and_the_model_without_ids_or_text() -> None:
    with calling(create_app(FakePredictor(), Settings())) as client:
        client.post("/v1/tags", json=MESSAGE)
        client.post("/v1/tags", json={**MESSAGE, "text": 5})
        client.get("/v1/tags/app/secret-id")
        client.get("/nothing/secret-path")
        text = client.get("/metrics").text
    assert 'rubricator_requests_total{method="POST",route="/v1/tags",status="200"} 1.0' in text
    assert 'rubricator_requests_total{method="POST",route="/v1/tags",status="422"} 1.0' in text
    assert 'rubricator_requests_total{method="GET",route="/v1/tags/{channel}/{id:path}",status="503"} 1.0' in text
    assert 'rubricator_requests_total{method="ANY",route="none",status="404"} 1.0' in text
    assert 'rubricator_tags_total{channel="app",status="auto",topic="sim"} 1.0' in text
    assert f'rubricator_model{{model="{FakePredictor().facts.version}"}} 1.0' in text
    assert "secret" not in text


def test_channels_that_clients_make_up_do_not_grow_the_metrics() -> None:
    telemetry = Telemetry()
    for number in range(1000):
        telemetry.tagged(f"channel-{number}", fake_tag(Message("m", "сим")))
    telemetry.tagged("channel-0", fake_tag(Message("m", "сим")))
    assert value(telemetry, 'rubricator_tags_total{channel="(other)",status="auto",topic="sim"}') == 1000 - CHANNELS
    assert value(telemetry, 'rubricator_tags_total{channel="channel-0",status="auto",topic="sim"}') == 2


def test_counters_go_on_over_a_restart_of_the_predictor(tmp_path: Path) -> None:
    write_model(tmp_path, "1")

    async def scenario() -> None:
        async with serving_model(tmp_path) as (predictor, _, _, telemetry):
            await predictor.answer([Tagging(Message("m", "сим"))])
            await asyncio.gather(predictor.answer([Tagging(Message("m", "!die"))]), return_exceptions=True)
            while not predictor.ready:
                await asyncio.sleep(0.01)
            await predictor.answer([Tagging(Message("m", "сим"))])
            assert value(telemetry, "rubricator_batch_messages_count") == 2
            assert value(telemetry, 'rubricator_model_events_total{event="restarted"}') == 1

    uvloop.run(scenario())


def test_the_log_has_one_line_a_request_with_its_id_and_no_text() -> None:
    log = Lines()
    with calling(create_app(FakePredictor(), Settings(), log=log)) as client:
        client.post("/v1/tags", json=MESSAGE, headers={"X-Request-Id": "r-1"})
        client.get("/v1/conversations/secret-id")
    assert [(line["event"], line["route"], line["status"]) for line in log.lines] == [
        ("request", "/v1/tags", 200),
        ("request", "/v1/conversations/{id}", 503),
    ]
    assert log.lines[0]["request_id"] == "r-1"
    assert not any(word in json.dumps(log.lines, ensure_ascii=False) for word in ("сим", "secret", "m-1"))


def test_an_unexpected_error_is_logged_by_type_and_place_and_answered_as_a_problem() -> None:
    class Broken(FakePredictor):
        async def answer(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("секретный текст клиента")

    log = Lines()
    with calling(create_app(Broken(), Settings(), log=log)) as client:
        response = client.post("/v1/tags", json=MESSAGE)
    assert (response.status_code, response.headers["content-type"]) == (500, "application/problem+json")
    assert response.headers["x-request-id"] == response.json()["request_id"] == log.lines[0]["request_id"]
    assert (log.lines[0]["event"], log.lines[0]["error"]) == ("failure", "RuntimeError")
    assert "секрет" not in json.dumps(log.lines, ensure_ascii=False) + response.text


def test_log_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    make_log().warning("model", what="refused", detail="плохо")
    line = json.loads(capsys.readouterr().err)
    assert {"event": "model", "level": "warning", "what": "refused", "detail": "плохо"}.items() <= line.items()
    assert where(ValueError("secret")) == {"error": "ValueError", "at": []}
