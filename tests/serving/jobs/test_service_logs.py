"""What a real service process writes: JSON alone, a line for each request, no secret, also while its disk is full."""

import json
import resource
import stat
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from serving.guards import CSRF_HEADER
from serving.platform.database.engine import sqlite_driver
from serving.reference_marketplace import whole_lines
from tests.browser.service import fill
from tests.fixtures.runtimes import DATABASE, PASSWORD, Site
from tests.fixtures.service_process import Service, a_populated_home, a_service, send, until
from tests.fixtures.small_disk import a_small_disk
from tests.serving.jobs.test_outages import a_marketplace

JSON: Final = {"content-type": "application/json"}
_RECOVERS_WITHIN: Final = 10.0


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Site:
    return a_populated_home(tmp_path / "home", migrated_sqlite)


@dataclass(frozen=True, slots=True)
class FirstStart:
    """A service on an empty data directory and a second one that was refused beside it, both ended."""

    service: Service
    second: Service
    file: Path
    mode: int
    link: str
    answer: httpx.Response


@pytest.fixture(scope="module")
def first_start(forked_touchstone: str, tmp_path_factory: pytest.TempPathFactory) -> FirstStart:
    home = tmp_path_factory.mktemp("first") / "home"
    with a_service(forked_touchstone, home) as service:
        file = home / "set-up-link.json"
        mode = stat.S_IMODE(file.stat().st_mode)
        link = json.loads(file.read_text(encoding="utf-8"))["link"]
        answer = service.ask("GET", urlsplit(link).path)
        with a_service(forked_touchstone, home) as second:
            second.process.wait()
    return FirstStart(service, second, file, mode, link, answer)


def test_the_set_up_link_is_in_a_file_of_its_owner_and_in_no_log(first_start: FirstStart) -> None:
    service, link = first_start.service, first_start.link
    assert first_start.mode == 0o600
    assert link.startswith(f"{service.address.replace('127.0.0.1', 'localhost')}/setup/")
    assert first_start.answer.status_code == 200
    assert link.rpartition("/")[2].encode() not in b"".join(service.written)
    assert [line["link_in"] for line in service.events("service.not_set_up")] == [str(first_start.file)]
    assert {line["route"] for line in service.events("request.answered")} == {"/healthz", "/setup/{token}"}


def test_a_refusal_to_start_is_a_line_of_json(first_start: FirstStart) -> None:
    assert [line["code"] for line in first_start.second.events("process.refused")] == ["home_in_use"]


def test_a_service_writes_json_alone_and_a_line_for_each_request_also_while_its_disk_is_full(
    touchstone: str, site: Site
) -> None:
    """The full disk is the kernel's limit on the size of a file, which needs no privilege."""
    home, headers = site.runtime.home.root, {"authorization": f"Bearer {site.key}"}
    secret = "a-token-in-the-query"
    with a_service(touchstone, home) as service:
        answers = [
            service.ask("GET", f"/nothing/{secret}?token={secret}"),
            service.ask("PATCH", "/healthz"),
            service.ask("GET", "/static/keys.js"),
            service.ask("GET", "/seller/" + secret),
            service.ask("POST", "/api/v1/session", json={"email": site.analyst.email, "password": PASSWORD}),
            service.ask("POST", "/api/v1/session", json={"email": site.analyst.email, "password": PASSWORD + secret}),
            service.ask("POST", "/api/v1/listings", headers=headers | JSON, content=b"{"),
            send(service, headers, "before"),
        ]
        assert [answer.status_code for answer in answers] == [404, 405, 200, 404, 200, 401, 422, 201]
        pid = service.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))  # Else a short row fits into the write-ahead log.
        during = [send(service, headers, f"during-{n}") for n in range(3)]
        answers += during
        assert [answer.status_code for answer in during] == [503] * 3
        assert {answer.headers["retry-after"] for answer in during} == {"5"}
        answers.append(service.ask("GET", "/readyz"))
        assert answers[-1].status_code == 503
        time.sleep(2)  # Sweeps and the job queue fail meanwhile.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
        until(lambda: service.ask("GET", "/readyz").status_code == 200, _RECOVERS_WITHIN)
        answers.append(send(service, headers, "during-0"))
        assert answers[-1].status_code == 201
        for external_id in ("before", "during-0"):
            assert service.ask("GET", f"/api/v1/listings/{external_id}", headers=headers).status_code == 200
    assert len(service.lines()) > len(answers)
    numbers = {line.get("request_id"): line for line in service.events("request.answered")}
    for answer in answers:
        line = numbers[answer.headers["x-request-id"]]
        assert line["status"] == answer.status_code
        assert line["method"] == answer.request.method
        assert line["duration_ms"] >= 0
    assert numbers[answers[2].headers["x-request-id"]]["route"] == "/static/{file}"
    assert numbers[answers[3].headers["x-request-id"]]["route"] == "/seller/{token}"
    assert numbers[during[0].headers["x-request-id"]]["caller"] == "key:" + site.key.split(".")[1]
    everything = b"".join(service.written).decode()
    for hidden in (secret, site.key.split(".")[2], PASSWORD, site.analyst.email, site.analyst.name, "x" * 100):
        assert hidden not in everything


@pytest.mark.soak
def test_a_service_whose_database_another_process_locks_answers_again_after_it(touchstone: str, site: Site) -> None:
    home, headers = site.runtime.home.root, {"authorization": f"Bearer {site.key}"}
    with a_service(touchstone, home) as service:
        with closing(sqlite_driver().connect(home / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            refused = send(service, headers, "during")
            assert (refused.status_code, refused.json()["error"]["code"]) == (503, "storage_locked")
            assert service.ask("GET", "/readyz").status_code == 503
            other.execute("ROLLBACK")
        until(lambda: service.ask("GET", "/readyz").status_code == 200, _RECOVERS_WITHIN)
        assert send(service, headers, "during").status_code == 201
    assert service.lines()


@pytest.mark.soak
def test_a_service_whose_disk_is_full_loses_no_removal_and_no_accepted_listing(touchstone: str, tmp_path: Path) -> None:
    """A real disk of a few megabytes. The undo window of a removal ends while it is full."""
    effects = tmp_path / "effects.ndjson"
    with a_marketplace(effects) as receiver, a_small_disk(tmp_path / "disk", "32m") as disk:
        home = disk.folder / "home"
        home.mkdir(mode=0o700)
        site = fill(home, receiver.url, receiver.secret)
        headers = {"authorization": f"Bearer {site.key}"}
        with a_service(touchstone, home, UNDO_WINDOW_SECONDS="2") as service:
            _remove_one(service.address, site)
            ballast = disk.folder / "ballast"
            accepted = []
            with suppress(OSError), ballast.open("wb") as stream:
                while True:
                    stream.write(bytes(4096))
                    stream.flush()
            for number in range(2_000):
                answer = send(service, headers, f"MP-{1_000 + number}")
                if answer.status_code != 201:
                    break
                accepted.append(f"MP-{1_000 + number}")
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_full")
            assert service.ask("GET", "/readyz").status_code == 503
            time.sleep(5)
            ballast.unlink()
            until(lambda: service.ask("GET", "/readyz").status_code == 200, _RECOVERS_WITHIN)
            for external_id in accepted:
                assert service.ask("GET", f"/api/v1/listings/{external_id}", headers=headers).status_code == 200
            until(lambda: [effect["action"] for effect in whole_lines(effects)] == ["remove"], 60)
        assert service.lines()


def _remove_one(address: str, site: Site) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        signed_in = client.post("/api/v1/session", json={"email": site.brand_person.email, "password": PASSWORD})
        csrf = {CSRF_HEADER: signed_in.json()["csrf_token"]}
        case = client.get("/api/v1/cases").json()["cases"][0]
        body = {"version_id": case["version_id"], "judgement": "counterfeit", "reason_code": "trademark_counterfeit"}
        answer = client.post(f"/api/v1/cases/{case['case_id']}/verdicts", json=body, headers=csrf)
        assert answer.json()["action_state"] == "scheduled", answer.text
