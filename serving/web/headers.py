"""Security headers of every response, and static files under addresses that contain a digest."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

FOLDER: Final = Path(__file__).parent / "static"
PREFIX: Final = "/static/"
VERSION: Final = "v"


@cache
def static_address(name: str) -> str:
    """The address of a static file, with the first 16 digits of its SHA-256."""
    digest = hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:16]
    return f"{PREFIX}{name}?{VERSION}={digest}"


SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}
# A year, of this host alone: what else the operator has under the domain is not ours to decide.
_STRICT_TRANSPORT: Final = {"strict-transport-security": "max-age=31536000"}
_CACHING: Final = b"cache-control"
_ONE_YEAR: Final = b"public, max-age=31536000, immutable"
_NOT_KEPT: Final = b"no-store"
_ASKED_AGAIN: Final = b"no-cache"


class SecurityHeaders:
    """ASGI middleware: adds the headers to every response, including errors and static files."""

    def __init__(self, app: ASGIApp, *, strict_transport: bool) -> None:
        self._app = app
        headers = SECURITY_HEADERS | (_STRICT_TRANSPORT if strict_transport else {})
        self._headers = [(name.encode(), content.encode()) for name, content in headers.items()]
        self._names = frozenset([_CACHING, *(name for name, _ in self._headers)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                response_names = {name for name, _ in message["headers"]}
                headers_to_add = [*self._headers, (_CACHING, _cache_control(scope, message["status"]))]
                if not self._names.isdisjoint(response_names):
                    headers_to_add = [header for header in headers_to_add if header[0] not in response_names]
                message["headers"] = [*message["headers"], *headers_to_add]
            await send(message)

        await self._app(scope, receive, completed)


def _cache_control(scope: Scope, status: int) -> bytes:
    """One year for a static file whose address has its digest; everything else is not stored."""
    if not scope["path"].startswith(PREFIX) or status >= 400:
        return _NOT_KEPT
    return _ONE_YEAR if VERSION in parse_qs(scope["query_string"].decode("latin-1")) else _ASKED_AGAIN
