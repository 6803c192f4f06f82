"""Two processes on one PostgreSQL, each with a data directory of its own."""

import shutil
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from serving.jobs.worker import Worker, sweep
from serving.learning.service.champions import follow_champions
from serving.learning.service.learn import request_training
from serving.learning.store import learning
from serving.listings.service.intake import receive_rows
from serving.listings.tables import listing
from serving.operations.service.presence import Presence
from serving.platform import jobs
from serving.platform.database.locks import try_lock
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore
from tests.fixtures.clients import a_client, key_headers
from tests.fixtures.clocks import TestClock
from tests.fixtures.runtimes import a_row
from tests.fixtures.two_processes import TwoSites, lose_shared_files
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import visit_as, words


def run_at_once(*works: Callable[[], object]) -> list[Exception]:
    """Do works in a thread each, from the same moment; returns their errors."""
    start, failed = threading.Barrier(len(works)), list[Exception]()

    def done(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=done, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_sweeps_of_two_processes_neither_race_nor_deadlock(two_sites: TwoSites) -> None:
    first, second = two_sites
    rows = [a_row(external_id=f"MP-{i}", price=f"{100 + i}.00") for i in range(300)]
    receive_rows(first.runtime, first.marketplace, rows, source="test")
    for _ in range(4):
        for site in two_sites:
            clock = site.runtime.clock
            assert isinstance(clock, TestClock)
            clock.forward(hours=7)  # References are then due again.
        assert run_at_once(lambda: sweep(first.runtime), lambda: sweep(second.runtime)) == []


@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.soak)])
def test_delayed_jobs_wake_in_one_process_while_another_enqueues_them_again(two_sites: TwoSites, rounds: int) -> None:
    """Both lock the rows of jobs that are there, in different orders."""
    first, second = two_sites
    ids = [f"mail:{number:03}" for number in range(400)]

    def enqueue(runtime: Runtime, job_ids: list[str], delay_seconds: float | None = None) -> None:
        with runtime.store.write() as connection:
            runtime.jobs.lock(connection)
            for job_id in job_ids:
                runtime.jobs.enqueue(
                    connection, jobs.SEND_MAIL, jobs.MAILS, job_id, "", job_id, delay_seconds=delay_seconds
                )

    worker = Worker(first.runtime)
    worker.start()
    try:
        for _ in range(rounds):
            with first.runtime.store.write() as connection:
                connection.execute(text("DELETE FROM dbos.workflow_status"))
            enqueue(first.runtime, ids, 0.3)
            end = time.monotonic() + 2
            while time.monotonic() < end:
                enqueue(second.runtime, ids[::-1])
    finally:
        worker.stop()
    with first.runtime.store.read() as connection:
        query = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        assert connection.execute(query).scalar_one() == 0


def test_of_two_processes_one_has_a_sweep_to_itself_until_it_ends(two_sites: TwoSites) -> None:
    first, second = (site.runtime.store for site in two_sites)
    with (
        try_lock(first, "sweep:references") as mine,
        try_lock(second, "sweep:references") as theirs,
        try_lock(second, "sweep:reminders") as others,
    ):
        assert (mine, theirs, others) == (True, False, True)
    with try_lock(second, "sweep:references") as theirs:
        assert theirs


def test_both_processes_are_ready_where_no_model_was_ever_promoted(two_sites: TwoSites) -> None:
    assert [a_client(site.runtime).get("/readyz").json() for site in two_sites] == [{"status": "ready"}] * 2


def test_a_process_without_the_champion_is_not_ready_and_takes_no_listing(two_sites: TwoSites) -> None:
    first, second = two_sites
    champion = put_champion_in_force(first)
    lose_shared_files(first)
    first_client, second_client = (a_client(site.runtime) for site in two_sites)
    answer = second_client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (503, "champion_missing"), "not yet tried"
    follow_champions(second.runtime)
    answer = second_client.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    (reason,) = answer.json()["reasons"]
    assert reason["code"] == "champion_missing"
    assert f"The data directory of this process has no bundle {champion[:12]}." in reason["sentence"]
    assert f"Copy the folder bundles/{champion} from the process that trained it" in reason["sentence"]
    assert second.marketplace_id not in answer.text
    assert first_client.get("/readyz").status_code == 200

    for path, body in (
        ("/api/v1/listings", a_row()),
        ("/api/v1/listings", [a_row(), {"not": "a listing"}]),
        ("/api/v1/score", a_row()),
    ):
        refused = second_client.post(path, json=body, headers=key_headers(second))
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "champion_missing"), path
        assert refused.headers["retry-after"] == "10"
    assert second.rows(select(listing.c.listing_id)) == []
    assert first_client.post("/api/v1/listings", json=a_row(), headers=key_headers(first)).status_code == 201


def test_pages_of_both_processes_name_the_one_without_the_champion_and_its_mend_is_noticed(two_sites: TwoSites) -> None:
    first, second = two_sites
    champion = put_champion_in_force(first)
    lose_shared_files(first)
    follow_champions(second.runtime)
    assert Presence(second.runtime).swept({}, 0.1)
    page = words(visit_as(second, second.data_scientist).get("/operations").text)
    assert f"The champion {champion[:12]} is not loaded, so this process takes no listings." in page
    page = words(visit_as(first, first.data_scientist).get("/operations").text)
    assert f"has not loaded {champion[:12]}: The data directory of this process has no bundle" in page
    stores = [site.runtime.services[BundleStore] for site in two_sites]
    shutil.copytree(stores[0].folder(champion), stores[1].folder(champion))
    follow_champions(second.runtime)
    client = a_client(second.runtime)
    assert client.get("/readyz").status_code == 200
    assert client.post("/api/v1/listings", json=a_row(), headers=key_headers(second)).status_code == 201


def test_a_training_runs_in_whichever_process_takes_it(two_sites: TwoSites) -> None:
    first, second = two_sites
    job_id = request_training(first.runtime, first.marketplace, by="test")
    worker = Worker(second.runtime)
    worker.start()
    try:
        while state_of(first.runtime, f"retrain:{job_id}") != "SUCCESS":  # The timeout of the test ends the wait.
            time.sleep(0.02)
    finally:
        worker.stop()
    job = first.read(learning.get_job, first.marketplace_id, job_id)
    assert (job.state, job.error) == ("failed", "No label is mature yet, so there is nothing to learn from.")


def state_of(runtime: Runtime, job_id: str) -> str:
    """The state of a durable job."""
    query = text("SELECT status FROM dbos.workflow_status WHERE workflow_uuid = :id")
    with runtime.store.read() as connection:
        return str(connection.execute(query, {"id": job_id}).scalar_one())


def test_two_processes_are_workers_of_different_names(two_sites: TwoSites) -> None:
    first, second = (site.runtime for site in two_sites)
    assert first.worker_id != second.worker_id, "or the second would take the first one's running jobs at its start"
