"""The load balancer that docs/operating.md proposes: HAProxy before two services on one PostgreSQL."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Final

import httpx
import pytest
from sqlalchemy import text

from tests.fixtures.clients import key_headers
from tests.fixtures.machines import Machine, some_machines, wait_for
from tests.fixtures.mail_server import a_certificate
from tests.fixtures.runtimes import PASSWORD, PopulatedDatabase, a_row
from tests.fixtures.two_processes import a_home
from tests.serving.jobs.test_several_machines import opened_site

_GUIDE: Final = Path(__file__).parents[3] / "docs" / "operating.md"
_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class BalancedServices:
    """Two services behind a balancer; `address` is the balancer's, with a certificate that is signed by itself."""

    address: str
    certificate: Path
    services: list[Machine]

    def client(self, whence: str) -> httpx.Client:
        """A client at another address of this host, which trusts the certificate."""
        trusted = ssl.create_default_context(cafile=self.certificate)
        transport = httpx.HTTPTransport(verify=trusted, local_address=whence)
        return httpx.Client(base_url=self.address, transport=transport, timeout=60)


def documented_config(changes: dict[str, str]) -> str:
    """The configuration in the guide, with the addresses and the certificate of a test."""
    match = re.search(r"^    # haproxy\.cfg\n((?:    .*\n)+)", _GUIDE.read_text(), re.MULTILINE)
    assert match is not None
    configuration = dedent(match[1])
    for documented_text, ours in changes.items():
        assert documented_text in configuration
        configuration = configuration.replace(documented_text, ours)
    return configuration


@contextmanager
def balanced_services(
    tmp_path: Path, database: str, populated: PopulatedDatabase, touchstone: str
) -> Iterator[BalancedServices]:
    """Two services that trust the balancer, all ready."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"localhost:{free.getsockname()[1]}"
    certificate = a_certificate(tmp_path, "localhost")
    settings = {"PUBLIC_URL": f"https://{address}", "TRUSTED_PROXIES": "127.0.0.1"}
    homes = [a_home(tmp_path / name, populated) for name in ("a", "b")]
    with some_machines(touchstone, **settings) as machines:
        services = [machines.serve(home, database) for home in homes]
        a, b = (service.address.removeprefix("http://") for service in services)
        file = tmp_path / "haproxy.cfg"
        file.write_text(
            documented_config(
                {
                    ":443 ssl crt /etc/haproxy/touchstone.pem": f"{address} ssl crt {certificate}",
                    "127.0.0.1:8321": a,
                    "127.0.0.1:8322": b,
                }
            )
        )
        program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program is not None, "make soak installs HAProxy"
        checked = subprocess.run([program, "-c", "-f", file], capture_output=True, text=True, check=True)
        assert "WARNING" not in checked.stderr
        wait_for(lambda: all(service.is_ready() for service in services))
        with (tmp_path / "haproxy.log").open("wb") as log:
            process = subprocess.Popen([program, "-db", "-f", file], stdout=log, stderr=log)
        try:
            balancer = BalancedServices(f"https://{address}", certificate, services)
            with balancer.client("127.0.0.1") as client:
                wait_for(lambda: answers(client))
            yield balancer
        finally:
            process.kill()
            process.wait()


def answers(client: httpx.Client) -> bool:
    """Whether a service answers through the balancer."""
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_services_learn_from_the_balancer_where_a_wrong_password_comes_from(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, touchstone: str
) -> None:
    with balanced_services(tmp_path, database, populated_postgres, touchstone) as balancer:
        guess = {"email": populated_postgres.known["analyst"].email, "password": f"not {PASSWORD}"}
        with balancer.client("127.0.0.7") as guesser, balancer.client("127.0.0.8") as other:
            statuses = [guesser.post("/api/v1/session", json=guess).status_code for _ in range(6)]
            assert statuses == [401] * 5 + [429]
            assert other.post("/api/v1/session", json=guess).status_code == 401
            assert other.post("/api/v1/session", json=guess | {"password": PASSWORD}).status_code == 200


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_two_services_behind_the_balancer_lose_and_double_nothing_though_one_is_killed(
    tmp_path: Path, database: str, populated_postgres: PopulatedDatabase, touchstone: str
) -> None:
    with balanced_services(tmp_path, database, populated_postgres, touchstone) as balancer:
        ended, sent, refused = threading.Event(), list[str](), list[str]()

        def send(sender: int) -> None:
            with balancer.client("127.0.0.1") as client:
                for number in count():
                    if ended.is_set():
                        return
                    ids = [f"IN-{sender}-{number}-{i}" for i in range(10)]
                    rows = [a_row(external_id=external_id, price="100.00") for external_id in ids]
                    for _ in range(10):
                        try:
                            answer = client.post("/api/v1/listings", json=rows, headers=key_headers(site))
                        except httpx.TransportError as error:
                            refused.append(type(error).__name__)
                            continue
                        if answer.status_code == 200:
                            sent.extend(ids)
                            break
                        refused.append(str(answer.status_code))
                        time.sleep(0.5)

        with opened_site(database, a_home(tmp_path / "test", populated_postgres), populated_postgres) as site:
            senders = [threading.Thread(target=send, args=(number,)) for number in range(4)]
            for thread in senders:
                thread.start()
            time.sleep(_SECONDS / 3)
            before = len(sent)
            balancer.services[0].process.kill()
            time.sleep(_SECONDS * 2 / 3)
            ended.set()
            for thread in senders:
                thread.join()
            with site.runtime.store.read() as connection:
                stored_ids = connection.execute(text("SELECT external_id FROM listing")).scalars().all()
        assert 0 < before < len(sent)
        assert sorted(stored_ids) == sorted(sent)
        assert Counter(refused).keys() <= {"RemoteProtocolError", "502", "503"}, "on its way to the one killed"
        assert len(refused) < 20, refused
