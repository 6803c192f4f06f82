import base64
import hashlib
import hmac
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from models.errors import Invalid
from serving.platform.outbound.line import Failure
from serving.webhooks.client import Delivery, Message, check_secret, new_secret
from tests.fixtures.clocks import NOW
from tests.fixtures.sending import send_alone

# The example of the Standard Webhooks libraries. Its signature was recomputed with `openssl dgst -sha256 -mac HMAC` and
# `base64` from id, seconds and body, joined by dots; the key is the base64-decoded secret.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EXAMPLE = Message("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
SIGNED_AT = datetime.fromtimestamp(1614265330, UTC)
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def a_server(answer: Answer, *, context: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A receiver that responds with `answer`; yields its address, and the headers and body of each request."""
    got: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the base class calls it so
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append({**{name.lower(): header for name, header in self.headers.items()}, "body": body.decode()})
            answer(self)

        def log_message(self, *_arguments: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: Any) -> None:
            """Clients disconnect in these tests."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}/hooks?a=b", got
    finally:
        server.shutdown()
        server.server_close()


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, header in headers.items():
            handler.send_header(name, header)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return answer


def deliver(
    url: str,
    message: Message = EXAMPLE,
    *,
    allow_loopback: bool = True,
    signed_at: datetime = SIGNED_AT,
    timeout_seconds: float = 10,
) -> Delivery | Failure:
    return send_alone(
        message, url, SECRET, allow_loopback=allow_loopback, signed_at=signed_at, timeout_seconds=timeout_seconds
    )


def test_the_published_example_is_signed_as_published() -> None:
    with a_server(status(204)) as (url, got):
        assert deliver(url) == Delivery(204)
    (headers,) = got
    assert headers["webhook-id"] == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == SIGNATURE
    assert headers["body"] == '{"test": 2432232314}'


def test_a_signature_is_the_hmac_of_id_time_and_body() -> None:
    """Computed with the standard library alone."""
    message = Message("act_1", '{"listing_external_id":"奥-1"}'.encode())
    with a_server(status(204)) as (url, got):
        deliver(url, message, signed_at=NOW)
    (headers,) = got
    signed = f"act_1.{int(NOW.timestamp())}.".encode() + message.body
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["body"].encode() == message.body


FORGED = [
    ({"secret": new_secret()}, "No matching signature", "another secret"),
    ({"body": b'{"test": 2432232315}'}, "No matching signature", "an altered body"),
    ({"body": b'{"test":2432232314}'}, "No matching signature", "a body that was serialised again"),
    ({"webhook-id": "msg_other"}, "No matching signature", "a repeat under another id"),
    ({"webhook-signature": SIGNATURE.replace("v1,", "v2,")}, "No matching signature", "another version"),
    ({"webhook-signature": ""}, "Missing required headers", "none"),
    ({"age": timedelta(minutes=6)}, "too old", "a repeat of an old message"),
    ({"age": -timedelta(minutes=6)}, "too new", "a message from the future"),
]


@pytest.mark.parametrize(("change", "sentence", "why"), FORGED)
def test_a_receiver_that_follows_the_scheme_refuses_forged_messages(
    change: dict[str, Any], sentence: str, why: str
) -> None:
    with a_server(status(204)) as (url, got):
        deliver(url, signed_at=datetime.now(UTC) - change.get("age", timedelta(0)))
    (headers,) = got
    body = change.get("body", headers["body"].encode())
    with pytest.raises(WebhookVerificationError, match=sentence):
        Webhook(change.get("secret", SECRET)).verify(body, {**headers, **change})


def test_a_receiver_that_follows_the_scheme_accepts_our_messages() -> None:
    with a_server(status(204)) as (url, got):
        deliver(url, signed_at=datetime.now(UTC))
    (headers,) = got
    assert Webhook(SECRET).verify(headers["body"], headers) == {"test": 2432232314}


def test_a_new_secret_has_32_bytes_of_its_own() -> None:
    secret, other = new_secret(), new_secret()
    assert secret != other
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    check_secret(secret)


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ("", "none"),
        ("whsec_", "an empty one"),
        ("changethis", "a word"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "without its mark"),
        ("whsec_c2hvcnQ=", "five bytes"),
        (f"whsec_{base64.b64encode(b'x' * 23).decode()}", "a byte too short"),
        (f"whsec_{base64.b64encode(b'x' * 65).decode()}", "a byte too long"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", "no base64"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwü", "not even ASCII"),
    ],
)
def test_a_malformed_secret_is_refused(secret: str, why: str) -> None:
    with pytest.raises(Invalid, match="24 to 64 bytes in base64"):
        check_secret(secret)


@pytest.mark.parametrize("size", [24, 64])
def test_a_secret_of_a_size_that_the_scheme_allows_is_accepted(size: int) -> None:
    check_secret(f"whsec_{base64.b64encode(b'x' * size).decode()}")


@pytest.mark.parametrize("code", [200, 201, 204])
def test_a_success_is_an_acknowledgement(code: int) -> None:
    with a_server(status(code)) as (url, _):
        assert deliver(url) == Delivery(code)


@pytest.mark.parametrize("code", [400, 401, 404, 410, 429, 500, 503])
def test_any_other_response_is_a_failure(code: int) -> None:
    with a_server(status(code)) as (url, _):
        assert deliver(url) == Failure(f"The receiver answered {code}.", code)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    """Its unchecked address could lead anywhere, for example to the cloud's metadata service."""
    with a_server(status(204)) as (elsewhere, got), a_server(status(code, location=elsewhere)) as (url, _):
        assert deliver(url) == Failure(f"The receiver answered {code}.", code)
    assert got == []


def test_no_proxy_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_server(status(500)) as (proxy, seen), a_server(status(204)) as (url, _):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.partition("/hooks")[0])
        monkeypatch.delenv("no_proxy", raising=False)
        assert deliver(url) == Delivery(204)
    assert seen == []


def test_loopback_that_was_not_allowed_is_never_called() -> None:
    with a_server(status(204)) as (url, got):
        outcome = deliver(url.replace("http:", "https:"), allow_loopback=False)
    assert outcome == Failure("127.0.0.1 leads to 127.0.0.1, which is not a public address.")
    assert got == []


def test_a_second_answer_of_the_name_server_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS rebinding: the name resolves to us at the check, and to another address at the call."""
    really = socket.getaddrinfo
    lookups: list[str] = []

    def names(host: Any, *rest: Any, **options: Any) -> Any:
        if host in {"localhost", b"localhost"}:
            lookups.append("localhost")
            return really("127.0.0.1" if len(lookups) == 1 else "203.0.113.1", *rest, **options)
        return really(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    with a_server(status(204)) as (url, got):
        assert deliver(url.replace("127.0.0.1", "localhost")) == Delivery(204)
    assert lookups == ["localhost"]
    assert got[0]["host"] == url.partition("//")[2].partition("/")[0].replace("127.0.0.1", "localhost")


def test_the_error_of_an_unreachable_receiver_omits_its_address() -> None:
    with a_server(status(204)) as (url, _):
        pass
    assert deliver(url) == Failure("The receiver could not be reached: ConnectError.")


def test_an_untrusted_certificate_is_refused(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *curve, *names, "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with a_server(status(204), context=context) as (url, got):
        assert deliver(url) == Failure("The receiver could not be reached: ConnectError.")
    assert got == []


def without_end(handler: BaseHTTPRequestHandler) -> None:
    """A response without end."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def test_an_answer_without_end_is_read_only_at_its_beginning() -> None:
    with a_server(without_end) as (url, _):
        assert deliver(url) == Delivery(200)


def false_compression(handler: BaseHTTPRequestHandler) -> None:
    """A response that claims to be compressed but is not."""
    handler.send_response(200)
    handler.send_header("content-encoding", "gzip")
    handler.send_header("content-length", "4")
    handler.end_headers()
    handler.wfile.write(b"ouch")


def test_an_answer_is_never_unpacked() -> None:
    with a_server(false_compression) as (url, _):
        assert deliver(url) == Delivery(200)


_FOREVER = 60  # Bytes, one every twentieth of a second: fifteen times the time limit of the delivery.


def slow_headers(handler: BaseHTTPRequestHandler) -> None:
    """Send one byte at a time, each within a timeout that restarts with every byte."""
    pause = threading.Event()
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    for _ in range(_FOREVER):
        pause.wait(0.05)
        handler.wfile.write(b"x")
    handler.wfile.write(b"\r\ncontent-length: 0\r\n\r\n")


def slow_body(handler: BaseHTTPRequestHandler) -> None:
    """The same after the headers."""
    pause = threading.Event()
    handler.wfile.write(f"HTTP/1.1 200 OK\r\ncontent-length: {_FOREVER}\r\n\r\n".encode())
    for _ in range(_FOREVER):
        pause.wait(0.05)
        handler.wfile.write(b"x")


@pytest.mark.parametrize("answer", [slow_headers, slow_body])
def test_a_slow_receiver_does_not_block_a_job_beyond_the_total_time(answer: Answer) -> None:
    with a_server(answer) as (url, _):
        assert deliver(url, timeout_seconds=0.2) == Failure("The receiver took longer than 0.2 seconds.")
