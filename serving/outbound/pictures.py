"""Pictures of offers, loaded by the service from the marketplace's own hosts alone, so that no seller learns who looks.

A picture is passed on as it came and never decoded here: browsers do that in a sandbox of their own (ADR 39).
"""

import threading
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from models.errors import Invalid
from serving.outbound.exchange import Asked, Failed, exchange

MOST_BYTES: Final = 5_000_000
_SECONDS: Final = 5.0
_AT_ONCE: Final = 8  # Of the threads that answer pages; a slow host must not hold them all.
_HEADERS: Final = {"user-agent": "touchstone-pictures/1", "accept": "image/*", "accept-encoding": "identity"}
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ANYTHING_BEFORE: Final = "*."
_BEGINNINGS: Final = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftypavif", "image/avif"),
)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture with the type that its first bytes say, whatever the host said."""

    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Pictures:
    """Loads pictures from `hosts`: names, with `*.` before one for all names below it, and a port where it has one."""

    hosts: tuple[str, ...]
    _free: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(_AT_ONCE))

    @property
    def of_this_machine(self) -> bool:
        """Whether one of the hosts is the machine itself."""
        return any(urlsplit(f"//{host}").hostname in _LOOPBACK for host in self.hosts)

    def may_load(self, address: str) -> bool:
        """Whether an address is at one of the hosts, by https; by http at this machine where that was named."""
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.scheme not in {"https", "http"} or (parts.scheme == "http" and host not in _LOOPBACK):
            return False
        if parts.username is not None or parts.password is not None:
            return False
        named = host if port is None else f"{host}:{port}"
        return any(_is_at(named, one) for one in self.hosts)

    def load(self, address: str) -> Picture | Failed:
        """Load one picture; why there is none is for a log."""
        if not self.may_load(address):
            return Failed("The address is at none of the hosts that pictures are loaded from.")
        if not self._free.acquire(timeout=_SECONDS):
            return Failed("Too many pictures are being loaded.")
        try:
            here = urlsplit(address).hostname in _LOOPBACK
            asked = Asked("The host", "GET", address, _HEADERS)
            found = exchange(asked, allow_loopback=here, timeout_seconds=_SECONDS, most_read=MOST_BYTES)
        finally:
            self._free.release()
        return found if isinstance(found, Failed) else _picture(found.body)


def hosts_of(text: str) -> tuple[str, ...]:
    """Hosts divided by commas.

    Raises
    ------
    Invalid
        One of them is no host.
    """
    hosts = tuple(one for part in text.split(",") if (one := part.strip().lower()))
    for host in hosts:
        name = host.removeprefix(_ANYTHING_BEFORE)
        try:
            parts = urlsplit(f"//{name}")
            right = parts.netloc == name and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            right = False
        if not right or "*" in name or "@" in name or not name.isascii() or not name.isprintable() or " " in name:
            raise Invalid(f"{host} is no host: write cdn.market.example or *.market.example.")
    return hosts


def _is_at(named: str, host: str) -> bool:
    if host.startswith(_ANYTHING_BEFORE):
        return named.endswith(host[1:])
    return named == host


def _picture(body: bytes) -> Picture | Failed:
    if len(body) > MOST_BYTES:
        return Failed(f"The picture has more than {MOST_BYTES:,} bytes.")
    for start, beginning, media_type in _BEGINNINGS:
        if body[start : start + len(beginning)] == beginning:
            return Picture(media_type, body)
    return Failed("What the host sent is no picture.")
