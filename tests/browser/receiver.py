"""A minimal webhook receiver: it accepts only signed messages and records them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError


@dataclass(slots=True)
class Receiver:
    """Messages in the order of their arrival; `refused` counts those whose signature was wrong."""

    url: str
    secret: str
    received: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0


@contextmanager
def running_receiver(secret: str) -> Iterator[Receiver]:
    """A receiver on loopback for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                Webhook(secret).verify(body.decode(), dict(self.headers.items()))
            except WebhookVerificationError:
                receiver.refused += 1
                self.send_response(401)
            else:
                receiver.received.append(json.loads(body))
                self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hooks", secret)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
