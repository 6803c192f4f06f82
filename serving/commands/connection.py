"""The connection to the database: direct if no service owns the data directory, else over the service's socket."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import orjson

from models.errors import DomainError, Invalid
from serving.commands.options import settings_with
from serving.commands.registry import Runtime, run
from serving.platform.home import Home, HomeInUse
from serving.platform.progress import Progress, Report, ignore_progress
from serving.platform.settings import Settings


class RefusedByService(DomainError):
    """The running service refused; code and sentence are its own."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.service_code = code


class ServiceEnded(DomainError):
    """The service ended before it responded."""

    code = "service_ended"


@dataclass(frozen=True, slots=True)
class CommandConnection:
    """Runs commands; `running` is set where they go to a running service."""

    running: bool
    answer: Callable[[str, bytes, Report], Any]

    def call(self, command: str, report: Report = ignore_progress, /, **arguments: Any) -> Any:
        """Run one command. Its arguments are JSON on both ways, so that both accept and refuse the same.

        `report` hears the progress of a long one.

        Raises DomainError (it was refused; the sentence says why).
        """
        try:
            body = orjson.dumps(arguments, _as_json)
        except TypeError as error:
            raise Invalid("{command}: {why}.", command=command.replace("_", " "), why=str(error)) from None
        return self.answer(command, body, report)


def _as_json(argument: object) -> orjson.Fragment | str:
    """A decimal as a number of the same digits, because as text a count or rating would be refused. A path as text."""
    if isinstance(argument, Decimal):
        return orjson.Fragment(str(argument))
    return str(argument).encode("utf-8", "backslashreplace").decode()


_CONNECTED: ContextVar[CommandConnection | None] = ContextVar("connected", default=None)


@contextmanager
def current_connection() -> Iterator[CommandConnection]:
    """The connection of the block around this one, or one of its own."""
    if (around := _CONNECTED.get()) is not None:
        yield around
    else:
        with connect(settings_with()) as local:
            yield local


@contextmanager
def connect(settings: Settings) -> Iterator[CommandConnection]:
    """Connect to the running service, or to the database where none runs, for every command of the block.

    Raises HomeInUse (another process owns the data directory and no socket of it responds).
    """
    home = Home.at(settings.home)
    with ExitStack() as stack:
        try:
            stack.enter_context(home.owned())
        except HomeInUse:
            # A copied directory names the socket of the original until its own service has started.
            address = None if home.moved else home.read_service().get("socket")
            if not isinstance(address, str) or not _is_listening(address):
                raise
            transport = httpx.HTTPTransport(uds=address)
            client = stack.enter_context(httpx.Client(transport=transport, base_url="http://touchstone", timeout=600))
            local = CommandConnection(running=True, answer=partial(_run_over_socket, client))
        else:
            from serving.composition import open_runtime

            runtime = open_runtime(settings)
            stack.callback(runtime.close)
            local = CommandConnection(running=False, answer=partial(_run_on_database, runtime))
        stack.callback(_CONNECTED.reset, _CONNECTED.set(local))
        yield local


def _run_on_database(runtime: Runtime, command: str, body: bytes, report: Report) -> Any:
    from training.adapters.files import parse_json

    arguments = parse_json(body)
    return run(runtime, command, arguments if isinstance(arguments, dict) else {}, report)


def _run_over_socket(client: httpx.Client, command: str, body: bytes, report: Report) -> Any:
    """The result; the service answers with lines of progress, and the result or the refusal last."""
    headers, reply = {"content-type": "application/json"}, None
    try:
        with client.stream("POST", f"/commands/{command}", content=body, headers=headers) as answer:
            for line in _lines(answer.iter_bytes()):
                reply = orjson.loads(line)
                if "progress" in reply:
                    report(Progress(**reply["progress"]))
    except httpx.TransportError as error:
        raise ServiceEnded("The service ended before it answered ({kind}).", kind=type(error).__name__) from None
    if reply is None or "progress" in reply:
        raise ServiceEnded("The service ended before it answered.")
    if "error" in reply:
        raise RefusedByService(reply["error"]["code"], reply["error"]["sentence"])
    return reply["result"]


def _lines(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a body that end with a newline, or with the body; no other mark ends one."""
    begun = b""
    for part in parts:
        *whole, begun = (begun + part).split(b"\n")
        yield from whole
    if begun:
        yield begun


def _is_listening(address: str) -> bool:
    """Whether the service runs. A killed service leaves its address, and the directory's next owner may be no
    service."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix_socket:
        try:
            unix_socket.connect(address)
        except OSError:
            return False
    return True
