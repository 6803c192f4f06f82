"""The way to the database: this process while nobody else owns the home, else the running service's socket."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import orjson

from models.errors import DomainError, Invalid
from serving.commands.options import settings_with
from serving.commands.registry import run
from serving.platform.home import Home, HomeInUse
from serving.platform.settings import Settings


class RefusedByService(DomainError):
    """The running service refused; code and sentence are its own."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.service_code = code


class ServiceEnded(DomainError):
    """The service went away before it answered."""

    code = "service_ended"


@dataclass(frozen=True, slots=True)
class Local:
    """Runs commands; `running` tells whether a service does."""

    running: bool
    answer: Callable[[str, bytes], Any]

    def call(self, command: str, /, **arguments: Any) -> Any:
        """Run one command. Its arguments are JSON on either way, so that both take and refuse the same.

        Raises
        ------
        DomainError
            It was refused; the sentence says why.
        """
        try:
            # A decimal is a number of the same digits: as text, a count or a rating would be refused.
            body = orjson.dumps(arguments, lambda v: orjson.Fragment(str(v)) if isinstance(v, Decimal) else str(v))
        except TypeError as error:
            raise Invalid(f"{command.replace('_', ' ')}: {error}.") from None
        return self.answer(command, body)


_CONNECTED: ContextVar[Local | None] = ContextVar("connected", default=None)


@contextmanager
def connected() -> Iterator[Local]:
    """The connection of the block around this one, or one of its own."""
    if (around := _CONNECTED.get()) is not None:
        yield around
    else:
        with connect(settings_with()) as local:
            yield local


@contextmanager
def connect(settings: Settings) -> Iterator[Local]:
    """The running service, or the database where none runs; every command of the block takes this way.

    Raises
    ------
    HomeInUse
        Another process owns the home and has no socket that answers.
    """
    with _opened(settings) as local:
        before = _CONNECTED.set(local)
        try:
            yield local
        finally:
            _CONNECTED.reset(before)


@contextmanager
def _opened(settings: Settings) -> Iterator[Local]:
    home = Home.at(settings.home)
    try:
        with home.owned(), _on_database(settings) as local:
            yield local
            return
    except HomeInUse:
        address = home.read_service().get("socket")
        if not isinstance(address, str) or not _listens(address):
            raise
    with _over_socket(address) as local:
        yield local


@contextmanager
def _on_database(settings: Settings) -> Iterator[Local]:
    from serving.composition import open_runtime
    from training.adapters.files import parse_json

    runtime = open_runtime(settings)

    def answer(command: str, body: bytes) -> Any:
        given = parse_json(body)
        return run(runtime, command, given if isinstance(given, dict) else {})

    try:
        yield Local(running=False, answer=answer)
    finally:
        runtime.close()


@contextmanager
def _over_socket(address: str) -> Iterator[Local]:
    transport = httpx.HTTPTransport(uds=address)
    headers = {"content-type": "application/json"}
    with httpx.Client(transport=transport, base_url="http://touchstone", headers=headers, timeout=600) as client:

        def answer(command: str, body: bytes) -> Any:
            try:
                found = client.post(f"/commands/{command}", content=body).json()
            except httpx.TransportError as error:
                raise ServiceEnded(f"The service ended before it answered ({type(error).__name__}).") from None
            if "error" in found:
                raise RefusedByService(found["error"]["code"], found["error"]["sentence"])
            return found["result"]

        yield Local(running=True, answer=answer)


def _listens(address: str) -> bool:
    """Whether a service is there: one that was killed leaves its address, and whoever owns the home now may be none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        try:
            made.connect(address)
        except OSError:
            return False
    return True
