"""The command line's way in: the running service's socket, or the database itself while nobody else has it."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Protocol

import httpx
import orjson

from models.errors import DomainError, Invalid
from serving.composition import open_runtime
from serving.local.commands.every import run
from serving.platform.home import Home, HomeInUse
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from training.adapters.files import parse_json


class RefusedByService(DomainError):
    """The running service refused; code and sentence are its own."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.service_code = code


class ServiceEnded(DomainError):
    """The service went away before it answered."""

    code = "service_ended"


class Local(Protocol):
    """Runs commands."""

    running: bool

    def call(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """Run one command.

        Raises
        ------
        DomainError
            It was refused; the sentence says why.
        """


class OverSocket:
    """Talks to the running service."""

    running = True

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def call(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """As `Local.call`."""
        body = _as_json(command, arguments)
        answer = self._client.post(f"/commands/{command}", content=body, headers={"content-type": "application/json"})
        found: dict[str, Any] = answer.json()
        if "error" in found:
            raise RefusedByService(found["error"]["code"], found["error"]["sentence"])
        return found


class OnDatabase:
    """Works on the database in this process; the home is ours while the block runs."""

    running = False

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    def call(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        """As `Local.call`; values take the way through JSON that they would take over the socket."""
        given = parse_json(_as_json(command, arguments))
        return run(self.runtime, command, given if isinstance(given, dict) else {})


def _as_json(command: str, arguments: Mapping[str, Any]) -> bytes:
    """JSON in which a decimal is a number of the same digits: as text, a count or a rating would be refused."""
    try:
        return orjson.dumps(arguments, default=lambda v: orjson.Fragment(str(v)) if isinstance(v, Decimal) else str(v))
    except TypeError as error:
        raise Invalid(f"{command.replace('_', ' ')}: {error}.") from None


@contextmanager
def connect(settings: Settings) -> Iterator[Local]:
    """The running service, or the database where none runs.

    Raises
    ------
    HomeInUse
        Another process owns the home and has no socket that answers.
    """
    home = Home.at(settings.home)
    try:
        with home.owned():
            runtime = open_runtime(settings)
            try:
                yield OnDatabase(runtime)
            finally:
                runtime.close()
            return
    except HomeInUse:
        address = home.read_service().get("socket")
        if not isinstance(address, str) or not _listens(address):
            raise
    transport = httpx.HTTPTransport(uds=address)
    with httpx.Client(transport=transport, base_url="http://touchstone", timeout=600) as client:
        try:
            yield OverSocket(client)
        except httpx.TransportError as error:
            raise ServiceEnded(f"The service ended before it answered ({type(error).__name__}).") from None


def _listens(address: str) -> bool:
    """Whether a service is there: one that was killed leaves its address, and whoever owns the home now may be none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        try:
            made.connect(address)
        except OSError:
            return False
    return True
