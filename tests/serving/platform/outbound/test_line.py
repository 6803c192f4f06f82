"""Connections that stay open, against a server that counts them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from serving.platform.outbound.line import Answer, Failure, Line, OutboundRequest

Ask = Callable[[], Awaitable[Answer | Failure]]


@dataclass(slots=True)
class Server:
    """Its answers in turn, the last one for ever; it closes a connection after `most` of them."""

    answers: list[bytes] = field(default_factory=lambda: [b"HTTP/1.1 204 No Content\r\n\r\n"])
    most: int = 1_000
    connections: int = 0
    requests: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer on one connection."""
        self.connections += 1
        self.open.add(writer)
        for _ in range(self.most):
            try:
                await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                break
            self.requests += 1
            writer.write(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])
        writer.close()
        self.open.discard(writer)


def answers_of(server: Server, act: Callable[[Ask], Awaitable[list[Answer | Failure]]]) -> list[Answer | Failure]:
    """The answers to what `act` asks over one line."""

    async def run() -> list[Answer | Failure]:
        async with await asyncio.start_server(server, "127.0.0.1", 0) as listening:
            url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
            async with Line.to(url, allow_loopback=True) as line:
                answers = await act(
                    lambda: line.ask(OutboundRequest("The server", "GET", url, {}), timeout_seconds=5, most_read=100)
                )
            while server.open:
                await asyncio.sleep(0.001)
            return answers

    return asyncio.run(run())


async def three_times(ask: Ask) -> list[Answer | Failure]:
    """One request after another."""
    return [await ask() for _ in range(3)]


async def three_at_once(ask: Ask) -> list[Answer | Failure]:
    """Three requests, and then three more."""
    return [*await asyncio.gather(ask(), ask(), ask()), *await asyncio.gather(ask(), ask(), ask())]


def test_requests_in_turn_share_a_connection() -> None:
    server = Server()
    assert answers_of(server, three_times) == [Answer(204, b"")] * 3
    assert server.connections == 1


def test_requests_at_once_have_a_connection_each_and_keep_them() -> None:
    server = Server()
    assert answers_of(server, three_at_once) == [Answer(204, b"")] * 6
    assert server.connections == 3


def test_a_connection_that_the_server_closed_is_replaced_and_no_request_is_lost() -> None:
    server = Server(most=1)
    assert answers_of(server, three_times) == [Answer(204, b"")] * 3
    assert (server.connections, server.requests) == (3, 3)


@pytest.mark.parametrize(
    ("answer", "expected", "connections", "_why"),
    [
        (b"HTTP/1.1 503 Down\r\ncontent-length: 0\r\n\r\n", Failure("The server answered 503.", 503), 1, "no body"),
        (b"HTTP/1.1 503 Down\r\ncontent-length: 9\r\n\r\n", Failure("The server answered 503.", 503), 3, "unread"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Answer(200, b"ok"), 1, "read whole"),
        (b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", Answer(200, b""), 3, "it wants so"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + b"x" * 500,
            Answer(200, b"x" * 101),
            3,
            "more than is read",
        ),
        (b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n", Answer(204, b""), 1, "hints are not the answer"),
        (b"SMTP 1\r\n\r\n", Failure("The server could not be reached: RemoteProtocolError."), 3, "no HTTP"),
    ],
)
def test_a_connection_is_used_again_only_after_a_whole_exchange(
    answer: bytes, expected: Answer | Failure, connections: int, _why: str
) -> None:
    server = Server([answer])
    assert answers_of(server, three_times) == [expected] * 3
    assert server.connections == connections
