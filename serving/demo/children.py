"""The two children of a demo: the service and the reference marketplace."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from models.errors import DomainError

_STARTS_WITHIN_SECONDS: Final = 60
_STOPS_WITHIN_SECONDS: Final = 40


class ChildFailed(DomainError):
    """A child did not start."""

    code = "child_failed"


@dataclass(slots=True)
class Child:
    """One started command and its log file."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Terminate the process, and kill it if it does not end in time."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOPS_WITHIN_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def last_words(self) -> str:
        """The last line of its output."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"


@dataclass(slots=True)
class Children:
    """The started processes, ended together in reverse order."""

    home: Path
    started: list[Child] = field(default_factory=list)

    def start(self, name: str, arguments: list[str], extra: Mapping[str, str]) -> Child:
        """Start a `touchstone` command in our own process group; its output goes to the data directory."""
        log = self.home / f"{name}.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [*touchstone_command(), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                env={**os.environ, "TOUCHSTONE_HOME": str(self.home), **extra},
            )
        child = Child(name, process, log)
        self.started.append(child)
        return child

    def stop(self) -> None:
        """End all of them."""
        for child in reversed(self.started):
            child.stop()


def touchstone_command() -> list[str]:
    """The command that starts this installation's `touchstone`."""
    script = Path(sys.executable).with_name("touchstone")
    if script.is_file():
        return [str(script)]
    return [sys.executable, "-P", "-c", "from serving.commands.main import main; main()"]


def wait_for_http(child: Child, url: str) -> None:
    """Wait until the child answers. Raises ChildFailed (it ended, or it did not answer in time)."""
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        if child.process.poll() is not None:
            raise ChildFailed("{name} ended at once: {why}", name=child.name, why=child.last_words())
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise ChildFailed(
        "{name} did not answer within {seconds} seconds; see {log}.",
        name=child.name,
        seconds=_STARTS_WITHIN_SECONDS,
        log=str(child.log),
    )


def wait_for_port(child: Child, port: int) -> None:
    """Wait until the child listens. Raises ChildFailed (it ended, or it does not listen in time)."""
    until = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < until:
        if child.process.poll() is not None:
            raise ChildFailed("{name} ended at once: {why}", name=child.name, why=child.last_words())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise ChildFailed("{name} does not listen at {port}; see {log}.", name=child.name, port=port, log=str(child.log))


def free_port(preferred: int) -> int:
    """The preferred port of loopback if it is free, else any."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ChildFailed("No port of this machine is free.")
