"""A small marketplace that does what a real one must: verify, acknowledge, apply each message once and in order.

It appends its effects to its own file, one JSON object a line, so that they can be counted.
"""

import json
import os
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from standardwebhooks import Webhook, WebhookVerificationError

from models.errors import Invalid
from serving.platform.home import Home
from serving.webhooks.client import new_secret
from serving.webhooks.payloads import PAYLOADS

CONFIGURATION: Final = "reference-marketplace.json"
EFFECTS: Final = "reference-marketplace-effects.jsonl"
DEFAULT_PORT: Final = 8322
_MOST_BYTES: Final = 100_000
# By event, what its sequence counts; and the field of a message that names it.
_TYPES: Final = {event: payload.subject[0] for event, payload in PAYLOADS.items() if payload.subject}
_SUBJECTS: Final = dict(payload.subject for payload in PAYLOADS.values() if payload.subject)
_STATUS: Final = "/listings/"
_ACCOUNTS: Final = "/sellers/"


class Effects:
    """The actions on listings and accounts, and requests: on the disk before they are acknowledged."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._applied: set[str] = set()
        # By kind and id of the subject: a seller, a listing and a request with the same id have separate sequences.
        self._sequences: dict[tuple[str, str], int] = {}
        self._last: dict[tuple[str, str], str] = {}
        for line in whole_lines(path):
            about = next(kind for kind in _SUBJECTS if kind in line)
            subject = about, line[about]
            self._applied.add(line["webhook_id"])
            self._sequences[subject] = max(line["sequence"], self._sequences.get(subject, 0))
            self._last[subject] = line["action"]
        path.touch(mode=0o600)
        self._stream = path.open("a", encoding="utf-8")

    def apply(self, webhook_id: str, payload: dict[str, Any], about: str = "listing") -> bool:
        """Apply a message; False where it was applied before or a later one on the same subject came first."""
        subject, sequence = (about, str(payload[_SUBJECTS[about]])), int(payload["sequence"])
        with self._lock:
            if webhook_id in self._applied or sequence <= self._sequences.get(subject, 0):
                return False
            line = {
                "webhook_id": webhook_id,
                "action": payload["action"],
                about: subject[1],
                "sequence": sequence,
                "applied_at": datetime.now(UTC).isoformat(),
            }
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._applied.add(webhook_id)
            self._sequences[subject] = sequence
            self._last[subject] = line["action"]
            return True

    def shown(self, listing: str) -> bool:
        """Whether a listing is shown; a listing without any action is."""
        with self._lock:
            return self._last.get(("listing", listing)) != "remove"

    def account(self, seller: str) -> str:
        """The last action on an account; "restore" for an account without any action."""
        with self._lock:
            return self._last.get(("seller", seller), "restore")

    def close(self) -> None:
        self._stream.close()


def whole_lines(path: Path) -> list[dict[str, Any]]:
    """The effects in a file, without a last line that a killed process wrote only in part."""
    if not path.is_file():
        return []
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) != len(content):
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]


def configuration(home: Home, port: int | None) -> dict[str, Any]:
    """The receiver's port and signing secret, made at its first start and kept."""
    path = home.root / CONFIGURATION
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {"secret": new_secret()}
    settings["port"] = port or settings.get("port") or DEFAULT_PORT
    home.write_private(CONFIGURATION, settings)
    return dict(settings)


def run(home: Home, port: int | None, *, ready: Callable[[str], None]) -> None:
    """Receive until SIGTERM or SIGINT, on loopback. Raises Invalid (the port is taken)."""
    settings = configuration(home, port)
    effects = Effects(home.root / EFFECTS)
    verifier = Webhook(settings["secret"])

    class Handler(BaseHTTPRequestHandler):
        """One webhook."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the base class calls it so
            """Verify, apply, acknowledge."""
            length = int(self.headers.get("content-length", 0))
            if not 0 < length <= _MOST_BYTES:
                self._answer(413)
                return
            body = self.rfile.read(length)
            try:
                message = verifier.verify(body, {name.lower(): text for name, text in self.headers.items()})
            except (WebhookVerificationError, ValueError):  # The latter where a header or body is not well formed.
                self._answer(401)
                return
            # Messages of a later release are acknowledged and ignored.
            if message["type"] in _TYPES:
                effects.apply(self.headers["webhook-id"], message["data"], _TYPES[message["type"]])
            self._answer(204)

        def do_GET(self) -> None:  # the base class calls it so
            """Answer whether a listing is shown, as its page would show a buyer, or how an account stands."""
            if self.path.startswith(_ACCOUNTS):
                account = effects.account(unquote(self.path.removeprefix(_ACCOUNTS)))
                self._answer(200, json.dumps({"account": account}).encode())
                return
            listing = unquote(self.path.removeprefix(_STATUS))
            self._answer(200, json.dumps({"shown": effects.shown(listing)}).encode())

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Log nothing; the effects are the log."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", settings["port"]), Handler)
    except OSError as error:
        raise Invalid(
            "Port {port} cannot be used: {why}. Choose another with --port.",
            port=settings["port"],
            why=str(error.strerror),
        ) from None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ready(f"http://127.0.0.1:{settings['port']}/webhooks")
    stop.wait()
    server.shutdown()
    server.server_close()
    effects.close()
