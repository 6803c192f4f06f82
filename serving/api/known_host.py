"""Requests under a name that is not ours are refused: a page or link made for them would lead elsewhere."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from features.phrase import Phrase
from serving.api.errors import Problem
from serving.platform.settings import Settings

# Supervisors ask by address, and the answer contains no link.
_ASKED_BY_ADDRESS: Final = frozenset({"/livez", "/healthz", "/readyz"})
_MISDIRECTED: Final = Problem(421, "unknown_host", Phrase("This address is not one of this service's."))


def known_hosts(settings: Settings) -> frozenset[str] | None:
    """The values of Host that are accepted, in small letters; None where all are, outside production."""
    if not settings.production:
        return None
    named = [urlsplit(settings.public_url or "").netloc, *settings.other_hosts.split(",")]
    hosts = {host.strip().lower() for host in named if host.strip()}
    return frozenset(hosts | {f"{host}:443" for host in hosts if ":" not in host})


class KnownHost:
    """ASGI middleware that answers 421 under any other name."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request for one of the names."""
        if scope["type"] == "http" and scope["path"] not in _ASKED_BY_ADDRESS:
            hosts = [host for name, host in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self._hosts:
                await _MISDIRECTED.as_json()(scope, receive, send)
                return
        await self._app(scope, receive, send)
