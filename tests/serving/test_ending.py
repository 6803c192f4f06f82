"""A process that shall end does not wait for a database that is silent."""

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import make_url

from serving.platform.database.faults import StorageFault
from serving.platform.database.store import Store
from serving.service import end_if_silent
from tests.fixtures.runtimes import PopulatedDatabase, a_row
from tests.fixtures.service_process import a_service
from tests.fixtures.two_processes import a_home


class _Database:
    """Answers once. Then a new connection fails, as to a machine that is gone."""

    def __init__(self) -> None:
        self.probe_count = 0

    def probe(self) -> None:
        self.probe_count += 1
        if self.probe_count > 1:
            raise StorageFault


def test_a_process_ends_once_its_database_is_silent_and_not_before() -> None:
    database, ended, codes = _Database(), threading.Event(), list[int]()

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    end_if_silent(cast(Store, database), seconds=1.0, end=end)
    assert ended.wait(60)
    assert (database.probe_count, codes) == (2, [1])


class Proxy:
    """Passes on the bytes of every connection to a database, until it is `silent`."""

    def __init__(self, port: int, closing: ExitStack) -> None:
        self.silent, self._closing = threading.Event(), closing
        listening = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port: int = listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(listening, port), daemon=True).start()

    def _accept(self, listening: socket.socket, port: int) -> None:
        with suppress(OSError):
            while True:
                ours = self._closing.enter_context(listening.accept()[0])
                theirs = self._closing.enter_context(socket.create_connection(("127.0.0.1", port)))
                for pair in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while (content := source.recv(65_536)) and not self.silent.is_set():
                target.sendall(content)


@pytest.mark.soak
def test_a_service_behind_a_silent_postgresql_says_so_and_ends_at_sigterm(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, forked_touchstone: str
) -> None:
    server, closing = make_url(database), ExitStack()
    proxy = Proxy(server.port or 0, closing)
    url = server.set(port=proxy.port).render_as_string(hide_password=False)
    headers = {"authorization": f"Bearer {populated_postgres.known['key']}"}
    home = a_home(tmp_path / "home", populated_postgres, signs=True)
    with closing, a_service(forked_touchstone, home, DATABASE_URL=url) as service, ThreadPoolExecutor(8) as threads:
        assert service.ask("POST", "/api/v1/score", headers=headers, json=a_row()).status_code == 200
        proxy.silent.set()
        calls = [("POST", "/api/v1/score"), ("POST", "/api/v1/listings"), ("GET", "/readyz"), ("GET", "/healthz")]
        refused = [threads.submit(service.ask, *call, headers=headers, json=a_row()) for call in calls]
        assert service.ask("GET", "/livez").status_code == 200
        assert service.ask("GET", "/static/keys.js").status_code == 200
        assert [future.result().status_code for future in refused] == [503, 503, 503, 503]
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(30) == 1
    assert service.events("service.ended_without_its_database")
