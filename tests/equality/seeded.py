"""A process in which chance and the present are decided, so that a home is the same every time it is furnished."""

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
# Outside the range from which systems draw ports. The address of the receiver is in the audit log, whose entries are
# chained by their digests: with another port all of them would differ.
_PORT: Final = 18_391
_WAITS_SECONDS: Final = 120
_DISK: Final = SimpleNamespace(total=400_000_000_000, used=300_000_000_000, free=100_000_000_000)


class _Present:
    """Stands for the class `datetime` where only its `now` is asked."""

    @staticmethod
    def now(_zone: tzinfo) -> datetime:
        """The one present."""
        return PRESENT


@dataclass(slots=True)
class Heard:
    """What the marketplace's receiver was sent, as text."""

    messages: list[str] = field(default_factory=list)

    def webhook(self, _secret: str) -> "Heard":
        """Stands for the official library, which would find our present too far from the machine's."""
        return self

    def verify(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """The message, whoever signed it; its signature is a part of the text."""
        lines = sorted(f"{name}: {value}" for name, value in headers.items() if name.startswith("webhook-"))
        self.messages.append("\n".join([*lines, "", body.decode()]))
        return json.loads(body)


@contextmanager
def seeded(seed: int = 1) -> Iterator[Heard]:
    """`secrets` draws from a seed, the machine's clock stands still, and receivers listen on one known port."""
    drawn, heard = random.Random(seed), Heard()
    with ExitStack() as stack:
        # Everything that `secrets` and `random.SystemRandom` give goes through here, bound methods too.
        stack.enter_context(patch.object(random, "_urandom", drawn.randbytes))
        stack.enter_context(patch.object(SystemClock, "now", lambda _clock: PRESENT))
        stack.enter_context(patch.object(house, "datetime", _Present))
        stack.enter_context(patch.object(shutil, "disk_usage", lambda _place: _DISK))
        stack.enter_context(patch.object(receivers, "ThreadingHTTPServer", _at_the_port))
        stack.enter_context(patch.object(receivers, "Webhook", heard.webhook))
        yield heard


def _at_the_port(_address: tuple[str, int], handler: Any) -> ThreadingHTTPServer:
    """A server at our port, after another run has left it."""
    until = time.monotonic() + _WAITS_SECONDS
    while True:
        try:
            return ThreadingHTTPServer(("127.0.0.1", _PORT), handler)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
