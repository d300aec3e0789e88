"""uvicorn's HTTP protocol with limits: headers that do not end, in time or at all, end the connection; what is no HTTP is a problem."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving import problems

MAX_HEADERS = 64 * 1024  # bytes of a request's first line and headers


def make_protocol(header_seconds: float) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn's `http` setting."""

    class GuardedProtocol(HttpToolsProtocol):
        _deadline: asyncio.TimerHandle | None = None
        _header_bytes = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._expect()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._deadline is not None:
                self._header_bytes += len(data)
                if self._header_bytes > MAX_HEADERS:
                    self._refuse(431, f"the headers are larger than {MAX_HEADERS} bytes")

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._expect()

        def on_headers_complete(self) -> None:
            self._arrived()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._arrived()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            self._refuse(400, msg[:1].lower() + msg[1:].rstrip("."))

        def _refuse(self, status: int, detail: str) -> None:
            self._arrived()
            if not self.transport.is_closing():
                body = problems.body(status, detail)
                headers = f"content-type: {problems.MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
                self.transport.write(STATUS_LINE[status] + headers.encode("ascii") + body)
                self.transport.close()

        def _expect(self) -> None:
            if self._deadline is None:
                self._header_bytes = 0
                self._deadline = self.loop.call_later(header_seconds, self._too_slow)

        def _arrived(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _too_slow(self) -> None:
            self._deadline = None
            if not self.transport.is_closing():
                self.transport.close()

    return GuardedProtocol
