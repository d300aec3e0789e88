"""The HTTP server, and how it ends: whoever has come in is answered, whoever comes later is refused, and no connection is reset."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import uvicorn

# A client that keeps its connection may be sending on it just now: it is answered, and told to close, for so long.
LEAVING_SECONDS = 0.5


class GracefulServer(uvicorn.Server):
    """Stops at the first signal and does not raise it again: the predictor still has to be ended.

    Args:
        config: uvicorn's.
        stopping: called once when the end begins; from then on every answer closes its connection.
    """

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals end the server; uvicorn's own way would end the process."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let nobody in, let those who are in leave, then end as uvicorn does."""
        self._stopping()
        await self._close_door(sockets or [])
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                while self.server_state.connections:
                    await asyncio.sleep(0.01)
        await super().shutdown()

    async def _close_door(self, listeners: Sequence[socket.socket]) -> None:
        """Stop listening; a connection that the system has taken on meanwhile would be reset, so it is let in first."""
        waiting = [listener.dup() for listener in listeners]
        for server in self.servers:
            server.close()
        for listener in listeners:
            listener.close()
        # The loop lets go of the sockets a moment later; then ours are the last.
        await asyncio.sleep(0.01)
        late: list[socket.socket] = []
        for listener in waiting:
            listener.setblocking(False)
            with listener, contextlib.suppress(BlockingIOError):
                while True:
                    late.append(listener.accept()[0])
        for connection in late:
            connection.setblocking(False)
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        kind = cast(Callable[..., asyncio.Protocol], self.config.http_protocol_class)
        return kind(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

    def _stop(self) -> None:
        self.should_exit = True
