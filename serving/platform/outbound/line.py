"""HTTP/1.1 over connections to one checked address that stay open, without a pool's work for each request."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import h11
import httpx

from models.errors import Invalid
from serving.platform.outbound.addresses import Target, resolve

_PIECE: Final = 65_536
_STATES_OF_A_WHOLE_EXCHANGE: Final = {h11.CLIENT: h11.DONE, h11.SERVER: h11.DONE}


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer; a body over the limit has one more byte than the limit, to show that it was cut."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed exchange; the sentence is for a log, never for the other side. `status` is None without an answer.

    `retry_after` is the header of that name as it came.
    """

    sentence: str
    status: int | None = None
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """A request to an outside party; `whom` begins the sentence of a failure."""

    whom: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


class Line:
    """Exchanges with one server, several at once, over connections that stay open until the block ends.

    Its address is looked up and checked once. It follows no redirect, uses no proxy from the environment, and
    decompresses nothing.
    """

    def __init__(self, url: str, target: Target) -> None:
        self.url, self._target = url, target
        parts = urlsplit(target.url)
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")
        self._host, self._port, self._is_sealed = parts.hostname or "", parts.port, parts.scheme == "https"
        self._idle: list[_Connection] = []
        self._is_closed = False

    @classmethod
    @asynccontextmanager
    async def to(cls, url: str, *, allow_loopback: bool) -> AsyncIterator["Line"]:
        """A line to the server of an address.

        Raises Invalid (there is no such host, or the address may not be called).
        """
        line = cls(url, resolve(url, allow_loopback=allow_loopback))
        try:
            yield line
        finally:
            line.close()

    def close(self) -> None:
        """Close the connections, those in use at the end of their exchange."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    async def ask(self, web_request: OutboundRequest, *, timeout_seconds: float, most_read: int) -> Answer | Failure:
        """Send one request to the address, in at most `timeout_seconds`."""
        try:
            # One timeout for everything: one for each read restarts with each byte that a slow receiver sends.
            async with asyncio.timeout(timeout_seconds):
                return await self._answer(web_request, most_read)
        except TimeoutError:
            return Failure(f"{web_request.whom} took longer than {timeout_seconds:g} seconds.")
        except _NoAnswer as error:
            return Failure(f"{web_request.whom} could not be reached: {error}.")

    async def _answer(self, web_request: OutboundRequest, most_read: int) -> Answer | Failure:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open():
                try:
                    return await self._exchange_over(connection, web_request, most_read)
                except _ClosedBeforeAnswer:
                    break  # The server closed it at the same moment, because nothing was sent for some time.
            connection.close()
        return await self._exchange_over(await self._free_connection(), web_request, most_read)

    async def _exchange_over(
        self, connection: "_Connection", web_request: OutboundRequest, most_read: int
    ) -> Answer | Failure:
        headers = {"host": self._target.header, "accept": "*/*", **web_request.headers}
        try:
            answer = await connection.exchange(web_request, self._path, headers, most_read)
        except BaseException:
            connection.close()
            raise
        if connection.has_ended() and not self._is_closed:
            self._idle.append(connection)
        else:
            connection.close()
        return answer

    async def _free_connection(self) -> "_Connection":
        context, name = (_trusted_certificates(), self._target.host) if self._is_sealed else (None, None)
        try:
            return _Connection(
                *await asyncio.open_connection(self._host, self._port, ssl=context, server_hostname=name)
            )
        except OSError as error:
            raise _NoAnswer("ConnectError") from error


class _NoAnswer(Exception):
    """No answer came; the text is the kind of failure."""


class _ClosedBeforeAnswer(_NoAnswer):
    """The server closed the connection before the first byte of an answer."""


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer, self._state = reader, writer, h11.Connection(h11.CLIENT)
        self._has_answered = False

    def is_open(self) -> bool:
        return not (self._reader.at_eof() or self._writer.is_closing())

    def has_ended(self) -> bool:
        """Whether the last exchange is over, so that another may follow."""
        if self._state.states != _STATES_OF_A_WHOLE_EXCHANGE:
            return False
        self._state.start_next_cycle()
        return True

    def close(self) -> None:
        self._writer.transport.abort()

    async def exchange(
        self, web_request: OutboundRequest, path: str, headers: Mapping[str, str], most_read: int
    ) -> Answer | Failure:
        self._has_answered = False
        try:
            self._send(web_request, path, headers)
            await self._writer.drain()
            return await self._read(web_request, most_read)
        except (h11.ProtocolError, OSError) as error:
            name = "ReadError" if isinstance(error, OSError) else type(error).__name__
            raise (_NoAnswer if self._has_answered else _ClosedBeforeAnswer)(name) from error

    def _send(self, web_request: OutboundRequest, path: str, headers: Mapping[str, str]) -> None:
        length = (
            {"content-length": str(len(web_request.body))} if web_request.body or web_request.method == "POST" else {}
        )
        request = h11.Request(method=web_request.method, target=path, headers=list({**headers, **length}.items()))
        parts = (request, h11.Data(data=web_request.body), h11.EndOfMessage())
        self._writer.write(b"".join(self._state.send(part) or b"" for part in parts))

    async def _read(self, web_request: OutboundRequest, most_read: int) -> Answer | Failure:
        event = await self._next()
        while isinstance(event, h11.InformationalResponse):
            event = await self._next()
        assert isinstance(event, h11.Response)
        status, read = event.status_code, b""
        if not 200 <= status < 300:
            # The body is not read; without one, the connection can be used again.
            self._state.next_event()
            wait = next((raw.decode("latin-1") for name, raw in event.headers if name == b"retry-after"), None)
            return Failure(f"{web_request.whom} answered {status}.", status, wait)
        while len(read) <= most_read and isinstance(event := await self._next(), h11.Data):
            read += event.data
        return Answer(status, read[: most_read + 1])

    async def _next(self) -> object:
        """The next event of h11."""
        while (event := self._state.next_event()) is h11.NEED_DATA:
            piece = await self._reader.read(_PIECE)
            self._has_answered = self._has_answered or bool(piece)
            self._state.receive_data(piece)
        return event


@cache
def _trusted_certificates() -> ssl.SSLContext:
    """The trusted certificates, loaded once: loading takes longer than sending a message."""
    context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context


def exchange(
    web_request: OutboundRequest, *, allow_loopback: bool, timeout_seconds: float, most_read: int
) -> Answer | Failure:
    """Send one request over a connection of its own, in at most `timeout_seconds` after the address lookup."""

    async def ask() -> Answer | Failure:
        async with Line.to(web_request.url, allow_loopback=allow_loopback) as line:
            return await line.ask(web_request, timeout_seconds=timeout_seconds, most_read=most_read)

    try:
        return asyncio.run(ask())
    except Invalid as refused:
        return Failure(refused.sentence)
