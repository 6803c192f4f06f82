"""A process with a fixed seed and a fixed time, so that a data directory is filled in the same way every time."""

import json
import random
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from http.server import ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from serving.platform.clock import SystemClock
from tests.browser import house
from tests.fixtures import receivers
from tests.fixtures.clocks import NOW

PRESENT: Final = NOW + timedelta(days=9)
# Outside the range of ephemeral ports. The address of the receiver is in the audit log, whose entries are chained by
# their digests, so another port would change all of them.
_PORT: Final = 18_391
_WAITS_SECONDS: Final = 120
_DISK: Final = SimpleNamespace(total=400_000_000_000, used=300_000_000_000, free=100_000_000_000)


class _FixedClock:
    """Replaces the class `datetime` where only `now` is used."""

    @staticmethod
    def now(_zone: tzinfo) -> datetime:
        """The fixed time."""
        return PRESENT


@dataclass(slots=True)
class HeardMessages:
    """The messages to the marketplace's receiver, as text."""

    messages: list[str] = field(default_factory=list)

    def webhook(self, _secret: str) -> "HeardMessages":
        """Replaces the official library, which would reject our time as too far from the machine's."""
        return self

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """The message, without a check of its signature, which is part of the text."""
        lines = sorted(f"{name}: {text}" for name, text in headers.items() if name.startswith("webhook-"))
        self.messages.append("\n".join([*lines, "", body.decode()]))
        return json.loads(body)


@contextmanager
def seeded_run(seed: int = 1) -> Iterator[HeardMessages]:
    """Seed `secrets`, stop the machine's clock, and let receivers listen on one known port."""
    drawn, heard = random.Random(seed), HeardMessages()
    with ExitStack() as stack:
        # `secrets` and `random.SystemRandom` take all their values from here, including bound methods.
        stack.enter_context(patch.object(random, "_urandom", drawn.randbytes))
        stack.enter_context(patch.object(SystemClock, "now", lambda _clock: PRESENT))
        stack.enter_context(patch.object(house, "datetime", _FixedClock))
        stack.enter_context(patch.object(shutil, "disk_usage", lambda _place: _DISK))
        stack.enter_context(patch.object(receivers, "ThreadingHTTPServer", _server_at_port))
        stack.enter_context(patch.object(receivers, "Webhook", heard.webhook))
        yield heard


def _server_at_port(_address: tuple[str, int], handler: Any) -> ThreadingHTTPServer:
    """A server at our port, once no other run uses it."""
    until = time.monotonic() + _WAITS_SECONDS
    while True:
        try:
            return ThreadingHTTPServer(("127.0.0.1", _PORT), handler)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
