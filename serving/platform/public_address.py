"""The address under which people reach the service, for links that leave it: never that of a Host header."""

from typing import Final

from serving.platform.home import DEFAULT_PORT, Home
from serving.platform.settings import Settings

# A passkey belongs to a name, never to an address; and the first two are addresses to listen on, not to be reached at.
_NAMED: Final = dict.fromkeys(("0.0.0.0", "::", "127.0.0.1", "::1"), "localhost")  # noqa: S104


def public_address(settings: Settings, home: Home) -> str:
    """The configured public URL, or else the address on which the service listens or last listened; no final slash.

    >>> from pathlib import Path
    >>> public_address(Settings(public_url="https://touchstone.example/"), Home.at(Path("unused")))
    'https://touchstone.example'
    """
    if settings.public_url:
        return settings.public_url.rstrip("/")
    port = settings.port or home.read_service().get("port") or DEFAULT_PORT
    host = _NAMED.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    return f"http://{host}:{port}"
