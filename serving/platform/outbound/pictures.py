"""Pictures of listings, loaded by the service from the marketplace's own hosts, so that sellers learn of no viewer.

A picture is forwarded as received and never decoded here: browsers do that in their own sandbox (ADR 39).
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from models.errors import Invalid
from serving.platform.outbound.line import Failure, OutboundRequest, exchange

MOST_BYTES: Final = 5_000_000
_SECONDS: Final = 5.0
_AT_ONCE: Final = 8
_PORTS: Final = {"https": 443, "http": 80}
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
    """A picture with the type given by its first bytes, whatever the host declared."""

    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Host:
    """A host of pictures: a name, or all names `below` it, at a port; None is the scheme's default port."""

    name: str
    port: int | None = None
    below: bool = False

    def has(self, name: str, port: int | None) -> bool:
        """Whether an address with this name and port belongs to the host; None is the scheme's default port."""
        return port == self.port and (name.endswith(f".{self.name}") if self.below else name == self.name)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Loads pictures from these hosts, a few at once."""

    hosts: tuple[Host, ...]
    # Separate threads: a slow host blocks none of the threads that answer pages.
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE, "pictures"))

    @property
    def of_this_machine(self) -> bool:
        return any(host.name in _LOOPBACK for host in self.hosts)

    def may_load(self, address: str) -> bool:
        """Whether an address is at one of the hosts, by https; by http at this machine where that is configured."""
        try:
            parts = urlsplit(address)
            name, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        own_port = _PORTS.get(parts.scheme)
        if own_port is None or (parts.scheme == "http" and name not in _LOOPBACK):
            return False
        if parts.username is not None or parts.password is not None:
            return False
        return any(host.has(name, None if port == own_port else port) for host in self.hosts)

    def load(self, address: str) -> Picture | Failure:
        """Load one picture now; a failure's sentence is for a log."""
        if not self.may_load(address):
            return Failure("The address is at none of the hosts from which pictures are loaded.")
        is_local = urlsplit(address).hostname in _LOOPBACK
        web_request = OutboundRequest("The host", "GET", address, _HEADERS)
        answer = exchange(web_request, allow_loopback=is_local, timeout_seconds=_SECONDS, most_read=MOST_BYTES)
        return answer if isinstance(answer, Failure) else _identify_picture(answer.body)

    def loading(self, address: str) -> Future[Picture | Failure]:
        return self._workers.submit(self.load, address)

    def close(self) -> None:
        """Start no further load."""
        self._workers.shutdown(wait=False, cancel_futures=True)


def hosts_of(text: str) -> tuple[Host, ...]:
    """Hosts separated by commas: names, with `*.` before one for all names below it, and an optional port.

    Raises Invalid (one of them is not a host).
    """
    return tuple(_parse_host(name) for part in text.split(",") if (name := part.strip().lower()))


def _parse_host(text: str) -> Host:
    name = text.removeprefix(_ANYTHING_BEFORE)
    try:
        parts = urlsplit(f"//{name}")
        hostname, port = parts.hostname, parts.port
    except ValueError:
        hostname, port = None, None
    plain = name.isascii() and name.isprintable() and not any(letter in name for letter in "*@ ")
    if not hostname or parts.netloc != name or not plain or port == 0:
        raise Invalid("{words} is no host: write cdn.market.example or *.market.example.", words=text)
    return Host(hostname, None if port == _PORTS["https"] else port, below=name != text)


def _identify_picture(body: bytes) -> Picture | Failure:
    if len(body) > MOST_BYTES:
        return Failure(f"The picture has more than {MOST_BYTES:,} bytes.")
    for start, beginning, media_type in _BEGINNINGS:
        if body[start : start + len(beginning)] == beginning:
            return Picture(media_type, body)
    return Failure("The host's answer is no picture.")
