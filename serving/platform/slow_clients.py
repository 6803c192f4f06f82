"""Connections that send no complete request: closed after a while, because each holds a file of the process."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# A request line and headers come in one packet, or in two on a bad line.
HEADER_SECONDS: Final = 10.0
# Headers of browsers and proxies stay below 16 KB; the parser itself has no limit.
MOST_HEADER_BYTES: Final = 65_536


class ImpatientProtocol(HttpToolsProtocol):
    """Uvicorn's protocol, which itself waits for the headers of a request without end, however long they become."""

    _waiting: asyncio.TimerHandle | None = None
    _in_headers = False
    _header_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, chunk: bytes) -> None:
        """Refuse a header that goes on and on; the parser reports it only at its end."""
        goes_on = self._in_headers
        super().data_received(chunk)
        if goes_on and self._in_headers:
            self._header_bytes += len(chunk)
            if self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
                self.send_400_response("The headers are too long.")

    def on_message_begin(self) -> None:
        self._in_headers, self._header_bytes = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, header_value: bytes) -> None:
        """Count the header; the parser turns the error into a refusal."""
        self._header_bytes += len(name) + len(header_value) + 4  # With ": " and the end of the line.
        if self._header_bytes > MOST_HEADER_BYTES:
            raise ValueError("the headers are too long")
        super().on_header(name, header_value)

    def on_headers_complete(self) -> None:
        self._in_headers = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request on the connection, unless it is here already."""
        if not self.pipeline:
            self._wait()
        super().on_response_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
