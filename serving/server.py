"""Runs the service: takes the port, starts the predictor, serves until told to stop, ends in order."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from data.errors import RubricatorError, ServiceError
from serving.app import create_app
from serving.auth import check_exposure
from serving.logs import Log, make_log
from serving.predictor import ProcessPredictor
from serving.protocol import make_protocol
from serving.settings import Settings
from serving.stopping import GracefulServer
from serving.store.hashing import load_key
from serving.store.store import Store
from serving.swap import Swapper
from serving.telemetry import Telemetry

FORGET_SECONDS = 3600.0


def take_port(host: str, port: int) -> socket.socket:
    """Bind and listen; ServiceError if somebody else has the port or the address is not ours."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ServiceError(f"{host} is not an address to listen on: {error.strerror}; try --host 127.0.0.1") from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ServiceError(
            f"{host}:{port} cannot be used: {error.strerror or error}; end what uses it or choose another: --port {port + 1}"
        ) from None
    listener.setblocking(False)
    return listener


async def serve(settings: Settings, say: Callable[[str], None], program: str = "serving.predicting") -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are answered first. `program` is the module that predicts.

    Raises:
        RubricatorError: the port is in use, or the model cannot be loaded.
    """
    listener = take_port(settings.host, settings.port)
    telemetry, log, store = Telemetry(), make_log(), None
    watching: list[asyncio.Future[None]] = []
    predictor = ProcessPredictor(
        settings.model,
        queue_limit=settings.queue_limit,
        queue_seconds=settings.queue_seconds,
        bulk_limit=settings.bulk_limit,
        program=program,
        observer=telemetry,
    )
    telemetry.watch("queue_messages", "Messages that wait for the predictor", lambda: float(predictor.waiting))
    try:
        store = await open_store(settings, telemetry)
        check_exposure(settings.host, any(not key["revoked"] for key in await store.keys()) if store else False)
        await _start_unless_stopped(predictor)
        swapper = Swapper(predictor, settings.model, telemetry, log, store.model_event if store else None)
        await swapper.started()
        watching = [asyncio.ensure_future(work) for work in (swapper.watch(), _forget_old(store, settings, log))]
        app = create_app(predictor, settings, store, telemetry=telemetry, log=log, reload=swapper.reload)
        host, port = listener.getsockname()[:2]
        say(f"Serving {predictor.facts.version} on http://{host}:{port} (docs: /docs); Ctrl-C ends it")
        await GracefulServer(_config(app, settings), app.state.rubricator.stop).serve([listener])
    except _StoppedEarlyError:
        pass
    finally:
        listener.close()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await predictor.stop()
        if store:
            await store.close()


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=make_protocol(settings.header_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
    )


async def _forget_old(store: Store | None, settings: Settings, log: Log) -> None:
    while store:
        try:
            await store.forget(settings.text_days, settings.keep_days)
        except RubricatorError:
            log.warning("retention", what="the store is away: tried again in an hour")
        await asyncio.sleep(FORGET_SECONDS)


async def open_store(settings: Settings, telemetry: Telemetry) -> Store | None:
    """The store that the settings name, or None; RubricatorError if it cannot be used."""
    if settings.store == "none":
        return None
    key = load_key(settings.hash_key.get_secret_value() if settings.hash_key else None, settings.store)
    return await Store.open(settings.store, key, zone=settings.timezone, keep_text=settings.keep_text, on_commit=telemetry.commit)


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """`serve` on uvloop."""
    import uvloop

    uvloop.run(serve(settings, say))


class _StoppedEarlyError(Exception):
    pass


async def _start_unless_stopped(predictor: ProcessPredictor) -> None:
    """Load the model; a signal meanwhile ends the service at once."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    starting, waiting = asyncio.ensure_future(predictor.start()), asyncio.ensure_future(stopped.wait())
    try:
        await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait({starting})
            raise _StoppedEarlyError
        starting.result()
    finally:
        waiting.cancel()
