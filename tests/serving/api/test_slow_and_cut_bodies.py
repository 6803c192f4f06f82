"""Over a real connection: a refused body is not read on, and a client that sends slowly does not hold it for ever."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from starlette.types import ASGIApp, Message, Scope
from structlog.testing import capture_logs

from serving.api import bodies
from serving.app import create_app, create_local_app
from serving.platform import slow_clients
from tests.fixtures.answering import answering_service
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack

_PATIENCE_SECONDS = 20.0
_JSON = b"content-type: application/json\r\n"


@pytest.fixture
def connector(site: Site) -> Iterator[Callable[[], socket.socket]]:
    opened: list[socket.socket] = []
    with answering_service(site.runtime) as address:
        host, port = address.removeprefix("http://").split(":")

        def connect() -> socket.socket:
            connection = socket.create_connection((host, int(port)), timeout=_PATIENCE_SECONDS)
            opened.append(connection)
            return connection

        yield connect
        for connection in opened:
            connection.close()


def until_closed(connection: socket.socket) -> bytes:
    """Everything that the service sends before it ends the connection; a timeout where it does not."""
    answer = b""
    try:
        while part := connection.recv(65_536):
            answer += part
    except ConnectionResetError:
        pass
    return answer


def takes_more(connection: socket.socket, byte: bytes = b" ") -> bool:
    """Whether the other side still takes bytes, more than the buffers between hold."""
    try:
        for _ in range(1_000):
            connection.sendall(byte * 65_536)
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


_LARGE = b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"content-length: 4700000\r\n\r\n"
REFUSED = [
    (_LARGE, b" 413 ", "declared"),
    (
        b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"transfer-encoding: chunked\r\n\r\n"
        b"5000\r\n" + b" " * 0x5000 + b"\r\n",
        b" 413 ",
        "counted, where FastAPI reads the body",
    ),
    (
        b"POST /sign-in HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\n"
        b"transfer-encoding: chunked\r\n\r\n5000\r\n" + b"a" * 0x5000 + b"\r\n",
        b" 413 ",
        "counted, where a page reads the form",
    ),
    (
        b"POST /sign-in HTTP/1.1\r\nhost: a\r\naccept: text/html\r\ncontent-length: 4700000\r\n\r\n",
        b" 413 ",
        "a browser's",
    ),
    (
        b"POST /api/v1/listings HTTP/1.1\r\nhost: a\r\ncontent-encoding: gzip\r\ncontent-length: 4700000\r\n\r\n",
        b" 415 ",
        "compressed",
    ),
]


@pytest.mark.parametrize(("request_", "status", "why"), REFUSED)
def test_after_a_refused_body_the_connection_ends(
    connector: Callable[[], socket.socket], request_: bytes, status: bytes, why: str
) -> None:
    connection = connector()
    connection.sendall(request_)
    answer = until_closed(connection)
    assert status in answer.partition(b"\r\n")[0]
    assert b"connection: close" in answer.lower()
    assert not takes_more(connection)


def test_a_client_that_is_sending_reads_why_it_was_refused(connector: Callable[[], socket.socket]) -> None:
    connection = connector()
    connection.sendall(_LARGE)
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(b" " * 4_700_000)
    assert b"16,000 bytes" in until_closed(connection)


def test_a_body_that_stops_is_given_up(connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.1)
    connection = connector()
    connection.sendall(b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"content-length: 100\r\n\r\n{")
    answer = until_closed(connection)
    assert b" 408 " in answer.partition(b"\r\n")[0]
    assert b"too_slow" in answer


def test_a_body_that_drips_is_given_up(connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and all of them would take a month."""
    monkeypatch.setattr(bodies, "PATIENCE_SECONDS", 0.3)
    connection = connector()
    connection.sendall(b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"content-length: 15000\r\n\r\n")
    connection.settimeout(0.05)
    answer = b""
    for _ in range(15_000):
        try:
            connection.sendall(b" ")
            answer += connection.recv(65_536)
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            break
        if answer:
            break
    assert b" 408 " in answer.partition(b"\r\n")[0]


@pytest.mark.parametrize(
    ("begun", "why"),
    [
        (b"", "nothing"),
        (b"GET /heal", "half a line"),
        (b"GET /healthz HTTP/1.1\r\nhost: a\r\nx-a: b\r\n", "headers without an end"),
    ],
)
def test_headers_that_never_end_are_given_up(
    connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch, begun: bytes, why: str
) -> None:
    monkeypatch.setattr(slow_clients, "HEADER_SECONDS", 0.1)
    connection = connector()
    connection.sendall(begun)
    assert until_closed(connection) == b""


def test_a_second_request_that_never_ends_is_given_up(
    connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "HEADER_SECONDS", 1.0)
    connection = connector()
    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n")
    first = b""
    while b'"status"' not in first:
        first += connection.recv(65_536)
    connection.sendall(b"GET /heal")
    assert until_closed(connection) == b""


def test_a_request_may_take_longer_than_its_headers(
    connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "HEADER_SECONDS", 1.0)
    connection = connector()
    connection.sendall(b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"content-length: 2\r\n\r\n")
    connection.settimeout(2.0)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(_PATIENCE_SECONDS)
    connection.sendall(b"{}")
    assert b" 422 " in connection.recv(65_536)


LONG_HEADERS = [
    (b"x-a: " + b"a" * 70_000 + b"\r\n\r\n", "in one header that ends"),
    (b"x-a: b\r\n" * 12_000 + b"\r\n", "in many headers"),
]


@pytest.mark.parametrize(("headers", "why"), LONG_HEADERS)
def test_headers_that_are_too_long_are_refused(
    connector: Callable[[], socket.socket], headers: bytes, why: str
) -> None:
    connection = connector()
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n" + headers)
    assert b" 400 " in until_closed(connection).partition(b"\r\n")[0]


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"], ids=["at once", "behind another"])
@pytest.mark.parametrize("endless", [b"GET /", b"GET / HTTP/1.1\r\nx-a: "], ids=["an address", "a header"])
def test_headers_without_end_are_not_read_on(
    connector: Callable[[], socket.socket], begun: bytes, endless: bytes
) -> None:
    """The parser keeps what it has read of a header, however long."""
    connection = connector()
    connection.sendall(begun + endless)
    assert not takes_more(connection, b"a")


def test_a_request_sent_behind_another_may_take_longer_than_its_headers(
    connector: Callable[[], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its headers came before the first answer, so that answer begins no wait for headers."""
    monkeypatch.setattr(slow_clients, "HEADER_SECONDS", 0.5)
    connection = connector()
    slow = b"POST /api/v1/session HTTP/1.1\r\nhost: a\r\n" + _JSON + b"content-length: 2\r\n\r\n"
    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" * 2 + slow)
    answer = b""
    while answer.count(b'"status"') < 2:
        part = connection.recv(65_536)
        assert part, "the connection was closed"
        answer += part
    connection.settimeout(1.0)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(_PATIENCE_SECONDS)
    connection.sendall(b"{}")
    assert b" 422 " in connection.recv(65_536)


_FORM = "multipart/form-data; boundary=b"
CUT = [
    ("/api/v1/score", "application/json", "the hot route"),
    ("/api/v1/listings", "application/json", "with a key, read as JSON"),
    ("/api/v1/listings", "application/x-ndjson", "with a key, read as lines"),
    ("/api/v1/session", "application/json", "behind the door of passwords"),
    ("/sign-in", "application/x-www-form-urlencoded", "a form of a stranger"),
    ("/notice", _FORM, "a form of a stranger with files"),
    ("/api/v1/brand/reports", "application/json", "read by FastAPI before its caller is known"),
    ("/commands/get_figures", "application/json", "on the socket of commands"),
]


async def cut_within_a_body(app: ASGIApp, scope: Scope) -> None:
    coming: list[Message] = [
        {"type": "http.request", "body": b"--b\r\n", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return coming.pop(0)

    async def send(_message: Message) -> None:
        return None

    await app(scope, receive, send)


def test_a_connection_that_ends_within_a_body_is_one_line_of_status_499(site: Site) -> None:
    apps = create_app(site.runtime), create_local_app(site.runtime)
    for path, media_type, why in CUT:
        app = apps[path.startswith("/commands/")]
        headers = {"host": "a", "content-type": media_type, "authorization": f"Bearer {site.key}"}
        scope: Scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1),
            "server": ("a", 80), "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
        }  # fmt: skip
        with capture_logs() as lines:
            asyncio.run(cut_within_a_body(app, scope))
        assert [(line["log_level"], line["event"], line["status"]) for line in lines] == [
            ("info", "request.answered", 499)
        ], why
