"""One keep-alive connection of the load generator: writes a request, reads the answer with a C parser."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import httptools

STORED = b'"stored":true'


class Listener(Protocol):
    """Who uses a connection."""

    def answered(self, connection: Connection, status: int, kept: bool) -> None:
        """The request under way is answered; status 0: the connection ended first."""

    def closed(self, connection: Connection) -> None:
        """The connection cannot be used any more."""


class Connection(asyncio.Protocol):
    """A connection with at most one request under way, whose number and times are `number`, `due` and `sent`."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._busy, self._body = False, b""
        self.open = True
        self.number, self.due, self.sent = -1, 0.0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)

    def send(self, request: bytes) -> None:
        """Send one request."""
        self._busy, self._body = True, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body += body

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self._busy = False
        if not self._parser.should_keep_alive():
            self.open = False
            self._transport.close()
        self._listener.answered(self, self._parser.get_status_code(), STORED in self._body)

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        if self._busy:
            self._busy = False
            self._listener.answered(self, 0, False)
        self._listener.closed(self)
