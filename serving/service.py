"""One service process: the public port, the data directory's socket, and on SQLite the jobs."""

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
import uvloop
from fastapi import FastAPI

from models.errors import Invalid
from serving.accounts.service import auth
from serving.accounts.store import accounts
from serving.accounts.store.setup_links import SETUP_LINK_FILE
from serving.app import create_app, create_local_app
from serving.composition import open_runtime
from serving.jobs.worker import Worker
from serving.learning.service.publish import relocate_registry
from serving.platform.database.faults import StorageFault
from serving.platform.database.store import Store
from serving.platform.home import DEFAULT_PORT, Home
from serving.platform.logs import log
from serving.platform.production import check_production
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from serving.platform.slow_clients import ImpatientProtocol

_BACKLOG: Final = 2048
_SILENT_SECONDS: Final = 10.0  # Twice the longest statement of a probe that the database answers.


class _Server(uvicorn.Server):
    """A server that leaves signals to the process, which runs several servers."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # uvicorn's is a generator
        return contextlib.nullcontext()


def serve(settings: Settings, *, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT. `ready` is called with the address once requests are answered.

    Raises HomeInUse (another process owns the data directory) or Invalid (the port is taken, or production mode refuses
    a setting).
    """
    check_production(settings)
    _warn_of_root()
    home = Home.at(settings.home)
    with home.owned():
        runtime = open_runtime(settings)
        if home.moved:
            relocate_registry(settings, home)
        worker = Worker(runtime)
        port = settings.port or home.read_service().get("port") or DEFAULT_PORT
        try:
            with _listening(settings.host, port) as public, _private(home.socket_path()) as private:
                bound = public.getsockname()[1]
                address = public_address(settings.model_copy(update={"port": bound}), home)
                path = private.getsockname()
                home.write_service(pid=os.getpid(), port=bound, socket=path)
                _leave_setup_link(runtime, address)
                worker.start()
                try:
                    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                        runner.run(_run(runtime, public, private, lambda: ready(address)))
                finally:
                    worker.stop()
                    home.write_service(port=bound)
        finally:
            runtime.close()


async def _run(runtime: Runtime, public: socket.socket, private: socket.socket, ready: Callable[[], None]) -> None:
    servers = [
        (http_server(create_app(runtime), runtime.settings.trusted_proxies), public),
        (http_server(create_local_app(runtime), ""), private),
    ]

    def stop() -> None:
        end_if_silent(runtime.store)
        for server, _ in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    async with asyncio.TaskGroup() as group:
        for server, listening in servers:
            group.create_task(server.serve(sockets=[listening]))
        while not all(server.started for server, _ in servers):
            await asyncio.sleep(0.01)
        gc.freeze()  # The objects of the start stay, so no collection during a request examines them.
        ready()


def end_if_silent(store: Store, *, seconds: float = _SILENT_SECONDS, end: Callable[[int], object] = os._exit) -> None:
    """End this process, which is about to stop, once its database does not answer within so many seconds.

    Threads would wait for the answers for ever, and so would the process for its threads. Nothing that they do is
    stored. A lock delays no probe.
    """

    def watch() -> None:
        answered = threading.Event()

        def probe() -> None:
            with contextlib.suppress(StorageFault):
                store.probe()
                answered.set()

        while True:
            answered.clear()
            threading.Thread(target=probe, name="last probe", daemon=True).start()
            if not answered.wait(seconds):
                log.error("service.ended_without_its_database", seconds=seconds)
                end(1)
                return
            threading.Event().wait(seconds / 10)

    threading.Thread(target=watch, name="silence", daemon=True).start()


def http_server(app: FastAPI, proxies: str) -> uvicorn.Server:
    """The server of an application. `proxies` are believed when they say where a request comes from."""
    config = uvicorn.Config(
        app,
        http=ImpatientProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=20,
        # Anybody can write X-Forwarded-For; only these proxies are believed.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )
    return _Server(config)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio turns Nagle's algorithm off; without, each answer waits 40 ms for an ACK.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise Invalid(
                "Port {port} of {host} cannot be used: {why}. Choose another with --port.",
                port=port,
                host=host,
                why=str(error.strerror),
            ) from None
        listener.listen(_BACKLOG)
        yield listener


@contextmanager
def _private(path: Path) -> Iterator[socket.socket]:
    """A Unix socket that only the owner can open; it replaces one that a killed process left behind."""
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(_BACKLOG)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


def _warn_of_root() -> None:
    if os.geteuid() == 0:
        log.warning("service.runs_as_root", advice="Run it as a user of its own, who owns the data directory alone.")


def _leave_setup_link(runtime: Runtime, address: str) -> None:
    """Leave the one-time link of a first start in a file of its owner, and show it on a terminal; no log holds it."""
    with runtime.store.read() as connection:
        known = accounts.has_any_account(connection)
    if known:
        (runtime.home.root / SETUP_LINK_FILE).unlink(missing_ok=True)
        return
    link = f"{address}/setup/{auth.new_setup_token(runtime)}"
    path = runtime.home.write_private(SETUP_LINK_FILE, {"link": link})
    if sys.stdout.isatty():
        print(f"First start. Set up at {link}, which is also in {path}", flush=True)  # noqa: T201  # once, to the owner
    else:
        log.warning("service.not_set_up", link_in=str(path))


def run_worker(settings: Settings) -> None:
    """Run jobs without serving pages, next to other processes on PostgreSQL, until SIGTERM or SIGINT.

    Raises Invalid (the database is SQLite, which serves one process, or production mode refuses a setting).
    """
    if settings.database_url is None or settings.database_url.startswith("sqlite"):
        raise Invalid("A worker of its own needs PostgreSQL: SQLite serves one process, and `serve` runs its jobs.")
    check_production(settings)
    _warn_of_root()
    runtime = open_runtime(settings)
    worker = Worker(runtime)
    worker.start()
    try:
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
        end_if_silent(runtime.store)
    finally:
        worker.stop()
        runtime.close()
