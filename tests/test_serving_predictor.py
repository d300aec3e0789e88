"""The predictor process: batches, restarts, refusals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvloop

from data.errors import BundleError, ServiceError
from data.messages import Message, Turn
from serving import frames
from serving.asking import Answer, Continued, Reading, Tagging, Talk, read_ask
from serving.prediction import DeadlineMissed, Overloaded, PredictionFailed, PredictorDown
from serving.predictor import ProcessPredictor
from serving.waiting import Job, WaitingRoom
from tests.serving_fakes import VERSION

PROGRAM = "tests.serving_fakes"


@asynccontextmanager
async def running(model: str = "good", **limits: int) -> AsyncIterator[ProcessPredictor]:
    predictor = ProcessPredictor(Path(model), program=PROGRAM, **limits)
    try:
        await predictor.start()
        yield predictor
    finally:
        await predictor.stop()


def messages(*texts: str) -> list[Tagging]:
    return [Tagging(Message(str(number), text, "app")) for number, text in enumerate(texts)]


async def until_ready(predictor: ProcessPredictor) -> None:
    while not predictor.ready:
        await asyncio.sleep(0.01)


def test_frames_survive_any_cut_of_the_stream() -> None:
    sent = frames.encode({"text": "сим \ud800 \n"}) + frames.encode([1, None])
    decoder = frames.Decoder()
    assert [value for number in range(len(sent)) for value in decoder.feed(sent[number : number + 1])] == [
        {"text": "сим \ud800 \n"},
        [1, None],
    ]


def test_what_goes_over_the_pipe_comes_out_of_it() -> None:
    for ask in (
        Tagging(Message("m", "сим", "app", ("photo",)), "agent", "2026-11-22T10:00:00+03:00", Talk("c", "{}", words=False), True, True),
        Tagging(Message("m", "сим")),
        Reading(Talk("c"), (Turn("client", "сим"), Turn("bot", "да?", "2026-11-22T10:00:00Z")), timeline=True),
    ):
        assert read_ask(json.loads(json.dumps(ask.frame()))) == ask
    for answer in (Answer({"topic": "sim"}, "сим", Continued("{}", {"topic": None}, True, [{"turn": 0}], [""])), Answer({"topic": None})):
        assert Answer.read(json.loads(json.dumps(answer.frame()))) == answer


def test_answers_come_in_the_order_of_the_messages_over_many_batches() -> None:
    async def scenario() -> None:
        async with running(batch_limit=7) as predictor:
            assert predictor.facts.version == VERSION
            answers = await predictor.answer(
                messages(*(f"сим {number}" if number % 3 else f"{number}" for number in range(100))), lane="bulk"
            )
            assert [answer.tag["id"] for answer in answers] == [str(number) for number in range(100)]
            assert [answer.tag["topic"] for answer in answers] == ["sim" if number % 3 else "tariffs" for number in range(100)]
            assert answers[1].masked == "сим 1"

    uvloop.run(scenario())


def test_one_message_that_the_model_cannot_read_does_not_touch_the_others_of_its_batch() -> None:
    async def scenario() -> None:
        async with running() as predictor:
            results = await asyncio.gather(*(predictor.answer(messages(text)) for text in ("a", "!fail", "b")), return_exceptions=True)
            assert [type(result) for result in results] == [list, PredictionFailed, list]

    uvloop.run(scenario())


def test_a_killed_predictor_fails_what_was_under_way_and_is_started_again() -> None:
    async def scenario() -> None:
        async with running() as predictor:
            with pytest.raises(PredictorDown, match="stopped while it read this message"):
                await predictor.answer(messages("!die"))
            with pytest.raises(PredictorDown):
                predictor.admit()
            await until_ready(predictor)
            assert (await predictor.answer(messages("сим")))[0].tag["topic"] == "sim"
            pid = predictor.pid
            assert pid
            os.kill(pid, signal.SIGKILL)
            while predictor.pid == pid:
                await asyncio.sleep(0.01)
            await until_ready(predictor)
            assert predictor.pid != pid

    uvloop.run(scenario())


def test_a_model_that_cannot_be_loaded_is_named_in_one_line() -> None:
    async def scenario(model: str) -> None:
        async with running(model):
            pass

    with pytest.raises(BundleError, match=r"^broken: no model there; train and promote one with: make train$"):
        uvloop.run(scenario("broken"))
    with pytest.raises(ServiceError, match="died while it loaded the model"):
        uvloop.run(scenario("dead"))


def test_no_process_is_left_after_stop() -> None:
    async def scenario() -> int | None:
        async with running() as predictor:
            return predictor.pid

    pid = uvloop.run(scenario())
    assert pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_full_queue_refuses_at_once() -> None:
    async def scenario() -> None:
        async with running(queue_limit=10, batch_limit=1) as predictor:
            results = await asyncio.gather(*(predictor.answer(messages("a")) for _ in range(50)), return_exceptions=True)
            assert all(isinstance(result, Overloaded) for result in results[12:])
            assert [type(result) for result in results[:12]] == [list] * 12

    uvloop.run(scenario())


def test_a_deadline_that_cannot_be_met_is_refused_before_any_work() -> None:
    async def scenario() -> None:
        async with running() as predictor:
            with pytest.raises(DeadlineMissed):
                await predictor.answer(messages("a"), deadline=asyncio.get_running_loop().time())
            assert predictor.waiting == 0

    uvloop.run(scenario())


def test_who_would_wait_too_long_is_refused_though_there_is_room() -> None:
    async def scenario() -> None:
        room = WaitingRoom(limit=100, bulk_limit=100, seconds=1.0)
        room.add(Job(messages("s") * 11, asyncio.get_running_loop().create_future()), "single")
        room.admit(1, "single", 0.09)
        room.admit(1, "bulk", 0.1)
        with pytest.raises(Overloaded) as caught:
            room.admit(1, "single", 0.1)
        assert caught.value.retry_after == pytest.approx(1.1)

    uvloop.run(scenario())


def test_single_messages_go_first_and_batches_still_get_a_quarter() -> None:
    async def scenario() -> list[str]:
        room = WaitingRoom(limit=100, bulk_limit=100)
        loop = asyncio.get_running_loop()
        for lane, name in (("bulk", "b"), ("single", "s")):
            room.add(Job(messages(name) * 10, loop.create_future()), lane)  # type: ignore[arg-type]
        return [job.asks[number].message.text for job, number in room.take(8)]  # type: ignore[union-attr]

    assert uvloop.run(scenario()) == ["s"] * 6 + ["b"] * 2


def test_a_conversation_sent_whole_counts_as_so_many_texts_as_it_has() -> None:
    turns = (Turn("client", "сим"), Turn("agent", "да?"), Turn("client", "тариф"))
    asks = (Reading(Talk("c"), turns), Tagging(Message("m", "сим"), talk=Talk("c")), messages("сим")[0])
    assert [ask.weight for ask in asks] == [2, 1, 1]

    async def scenario() -> tuple[int, int, list[int]]:
        room = WaitingRoom(limit=100, bulk_limit=100)
        loop = asyncio.get_running_loop()
        jobs = [Job([Reading(Talk("c"), turns)], loop.create_future()) for _ in range(5)]
        for job in jobs:
            room.add(job, "bulk")
        room.add(Job(messages("a", "b"), loop.create_future()), "single")
        before, jobs[0].done = len(room), loop.create_future()
        jobs[0].fail(PredictorDown("gone"))
        taken = room.take(8)
        await asyncio.gather(jobs[0].done, return_exceptions=True)
        return before, len(room), [job.asks[number].weight for job, number in taken]

    # Two messages and two conversations make eight texts or a little more; the job that had been given up is gone.
    assert uvloop.run(scenario()) == (12, 2, [1, 1, 2, 2, 2])
