import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import text

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.audit.service.signing import sign_head
from serving.audit.store import audit
from serving.jobs.worker import UNHURRIED, parts_left_out, sweep
from serving.learning.service.learn import request_training
from serving.learning.store import learning
from serving.marketplaces.store import marketplaces
from serving.platform import jobs
from serving.scoring.service.bundles import LiveModels
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionState
from tests.fixtures.labels import label_a_history
from tests.fixtures.promoting import promote
from tests.fixtures.receivers import a_receiver
from tests.fixtures.reporting import second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import PASSWORD, Site, a_case, invite, judge, supply_rights
from tests.fixtures.tampering import drop_guards

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
            return site.read(actions.get, site.marketplace_id, action.action_id).state is ActionState.ACKNOWLEDGED

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
@pytest.mark.parametrize("many", [5, pytest.param(20, marks=pytest.mark.soak)])
def test_many_confirmations_with_lost_acknowledgements_have_one_effect_each(working_site: Site, many: int) -> None:
    site = working_site
    # The hourly cap of one person, so a colleague without confirmations.
    colleague = invite(site.runtime, "remi@aurelle.example", "Rémi Duval", Role.BRAND, "Aurelle")
    with a_receiver(effect_before_failure=True) as receiver:

        def loses_the_first_answer(message: str) -> int:
            """Fail the first attempt of every fifth message; a second failure would wait five minutes."""
            known = {delivery["id"] for delivery in receiver.deliveries}
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
                counts = actions.counts_by_state(connection, site.marketplace_id)
            return sum(n for (_, state), n in counts.items() if state is not ActionState.ACKNOWLEDGED) == 0

        wait_until(settled)
    assert len(receiver.effects) == many
    assert len(receiver.deliveries) > many
    assert site.read(audit.check_chain)[1] is None


def test_a_job_is_stored_without_pickles(working_site: Site) -> None:
    runtime = working_site.runtime
    with runtime.store.write() as connection:
        runtime.jobs.enqueue(connection, jobs.SEND_MAIL, jobs.MAILS, "mail:1", working_site.marketplace_id, "mai_none")
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
        return site.read(learning.get_job, site.marketplace_id, job_id).state in {"done", "failed"}

    wait_until(ended)
    with site.runtime.store.read() as connection:
        job = learning.get_job(connection, site.marketplace_id, job_id)
        assert (job.state, job.error) == ("done", None)
        assert job.digest is not None
        model = learning.get_model(connection, site.marketplace_id, job.digest)
    assert model.mlflow_version == "1"
    assert promote(site, "challenger") == job.digest
    live = site.runtime.services[LiveModels].of(site.marketplace_id)
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
    notes = {note for error in failed.value.exceptions for note in error.__notes__}
    assert notes == {"In the sweep of questions_mailed.", "In the sweep of reminders."}
    assert sign_head(site.runtime) == 0, "the last part of the sweep has signed"


@pytest.mark.attack
def test_a_receiver_that_hangs_holds_no_other_marketplaces_deliveries(working_site: Site) -> None:
    """It hangs until the other marketplace's removal is acknowledged, with more removals due than jobs run at once."""
    site, goes_on = working_site, threading.Event()
    souk_id = second_marketplace(site)
    souk = replace(site, marketplace=site.read(marketplaces.get, souk_id))
    person = with_brand_grant_at(site, site.brand_person, souk_id)
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
                judge(
                    site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, **row_of(number)), Judgement.COUNTERFEIT
                )
                for number in range(site.runtime.settings.job_threads + 2)
            ]
            wait_until(hanging.lock.locked)
            action = judge(souk, person, a_case(souk, CaseLane.ASK_BRAND, **row_of(99)), Judgement.COUNTERFEIT).action
            assert action is not None
            wait_until(lambda: action.action_id in other.effects)
            with site.runtime.store.read() as connection:
                tried = [
                    actions.get(connection, site.marketplace_id, decision.action.action_id)
                    for decision in waiting
                    if decision.action
                ]
            assert sum(removal.state is ActionState.SENDING for removal in tried) > 0
            assert [removal.last_error for removal in tried if removal.last_error] == [], "no attempt had to end before"
        finally:
            goes_on.set()


def row_of(number: int) -> dict[str, Any]:
    """A listing of a seller of its own, so that no cap makes its removal pending."""
    return {
        "external_id": f"MP-hang-{number}",
        "seller": {"external_id": f"hang-{number}", "age_days": 9, "country": "CN"},
    }
