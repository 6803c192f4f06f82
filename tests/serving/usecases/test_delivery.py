from collections.abc import Iterator

import pytest
from sqlalchemy import select

from models.action import ActionState
from models.case import CaseLane
from models.verdict import Judgement
from serving.db import actions, audit, cases
from serving.db.actions import StoredAction
from serving.db.tables import audit_entry
from serving.usecases import founding
from serving.usecases.appeal import Complaint, file_appeal
from serving.usecases.delivery import deliver
from serving.usecases.review import undo_verdict
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reviewing import a_case, judge, open_cases
from tests.fixtures.runtimes import Site


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as found:
        register(any_site, found)
        yield found


def register(site: Site, found: Receiver) -> None:
    founding.register_webhook(
        site.runtime, url=found.url, allow_loopback=True, marketplace=None, secret=found.secret, by="test"
    )


def a_removal(site: Site, external_id: str = "MP-9") -> StoredAction:
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id)
    made = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert made is not None
    return made


def as_stored(site: Site, action: StoredAction) -> StoredAction:
    with site.runtime.store.read() as connection:
        return actions.get(connection, site.here, action.action_id)


def attempt(site: Site, action: StoredAction) -> str:
    return deliver(site.runtime, site.here, action.action_id)


def test_a_removal_does_not_leave_inside_the_undo_window(any_site: Site, receiver: Receiver) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=179)
    assert attempt(any_site, action) == "early"
    assert receiver.deliveries == []


def test_after_the_window_the_marketplace_hears_and_its_acknowledgement_is_kept(
    any_site: Site, receiver: Receiver
) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "acknowledged"
    stored = as_stored(any_site, action)
    assert (stored.state, stored.acknowledged_at) == (ActionState.ACKNOWLEDGED, any_site.clock.now())
    (message,) = receiver.deliveries
    assert (message["type"], message["data"]["listing_external_id"]) == ("listing.remove", "MP-9")
    assert (message["data"]["sequence"], message["id"]) == (1, action.action_id)


def test_a_withdrawn_removal_is_never_sent(any_site: Site, receiver: Receiver) -> None:
    action = a_removal(any_site)
    with any_site.runtime.store.read() as connection:
        case_id = cases.of_verdict(connection, any_site.here, action.verdict_id).case_id
    undo_verdict(any_site.runtime, any_site.brand_person, case_id)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "withdrawn"
    assert receiver.deliveries == []


def test_a_failed_delivery_writes_when_it_tries_again_and_ends(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 503
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "failed"
    stored = as_stored(any_site, action)
    assert stored.due_at is not None
    assert 5 <= (stored.due_at - any_site.clock.now()).total_seconds() <= 6
    assert stored.last_error == "The receiver answered 503."


def test_it_is_retried_until_acknowledged_with_the_same_id(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda number: 500 if number < 3 else 204
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    outcomes = []
    for _ in range(4):
        outcomes.append(attempt(any_site, action))
        any_site.clock.forward(hours=3)
    assert outcomes == ["failed", "failed", "failed", "acknowledged"]
    assert {message["id"] for message in receiver.deliveries} == {action.action_id}


def test_after_the_last_attempt_it_waits_for_a_person(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 500
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    outcomes = []
    for _ in range(10):
        outcomes.append(attempt(any_site, action))
        any_site.clock.forward(days=2)
    assert outcomes == ["failed"] * 9 + ["dead"]
    assert as_stored(any_site, action).state is ActionState.DEAD


def test_a_lost_acknowledgement_repeats_the_message_but_not_its_effect(any_site: Site) -> None:
    with a_receiver(effect_before_failure=True) as receiver:
        receiver.answer = lambda number: 504 if number == 0 else 204
        register(any_site, receiver)
        action = a_removal(any_site)
        any_site.clock.forward(seconds=180)
        attempt(any_site, action)
        any_site.clock.forward(minutes=1)
        assert attempt(any_site, action) == "acknowledged"
    assert len(receiver.deliveries) == 2
    assert sum(receiver.effects.values()) == 1


def test_without_an_endpoint_nothing_is_lost(any_site: Site) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "failed"
    assert as_stored(any_site, action).last_error == "No webhook endpoint is registered."


def an_upheld_appeal(site: Site) -> StoredAction:
    file_appeal(site.runtime, site.marketplace, Complaint("a-1", "MP-9", "These goods are genuine."))
    (case,) = open_cases(site, CaseLane.APPEAL)
    made = judge(site, site.second_analyst, case, Judgement.GENUINE).action
    assert made is not None
    return made


def test_an_upheld_appeal_reinstates_with_a_higher_sequence(any_site: Site, receiver: Receiver) -> None:
    removal = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    attempt(any_site, removal)
    reinstatement = an_upheld_appeal(any_site)
    any_site.clock.forward(seconds=180)
    attempt(any_site, reinstatement)
    assert [(m["type"], m["data"]["sequence"]) for m in receiver.deliveries] == [
        ("listing.remove", 1),
        ("listing.reinstate", 2),
    ]


def test_a_reinstatement_waits_until_the_removal_has_arrived(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda number: 503 if number == 0 else 204
    removal = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    attempt(any_site, removal)
    reinstatement = an_upheld_appeal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, reinstatement) == "after_earlier"
    assert attempt(any_site, removal) == "acknowledged"
    any_site.clock.forward(seconds=3)
    assert attempt(any_site, reinstatement) == "acknowledged"
    assert [m["data"]["sequence"] for m in receiver.deliveries] == [1, 1, 2]


def test_every_step_of_an_action_is_one_audit_entry(any_site: Site, receiver: Receiver) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    attempt(any_site, action)
    with any_site.runtime.store.read() as connection:
        query = select(audit_entry.c.act).where(audit_entry.c.subject == action.action_id)
        assert list(connection.execute(query.order_by(audit_entry.c.sequence)).scalars()) == [
            "remove.scheduled",
            "remove.acknowledged",
        ]
        assert audit.check(connection)[1] is None
