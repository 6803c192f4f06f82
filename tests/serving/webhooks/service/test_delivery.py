import random
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, NotFound
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.listings.tables import listing
from serving.platform.database.store import add
from serving.platform.runtime import Runtime
from serving.reference_marketplace import Effects
from serving.takedowns.service.takedown import Cause, schedule, withdraw
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.client import Delivery
from serving.webhooks.policy import DEFAULT_DELIVERY
from serving.webhooks.rules.action import ActionEvent, ActionKind, ActionState
from serving.webhooks.service import attempts, dead_letters, letters
from serving.webhooks.service.attempts import CUT_OFF_AFTER, EndedAttempt
from serving.webhooks.service.delivery import deliver_due, marketplaces_with_due, release_own_attempts
from serving.webhooks.service.receivers import make_due, pause_receiver
from serving.webhooks.service.signing_secrets import signing_secrets
from serving.webhooks.store import endpoints
from tests.fixtures.clocks import NOW
from tests.fixtures.processes import a_process
from tests.fixtures.receivers import Receiver, a_receiver, deliver, mark_endpoint_proven
from tests.fixtures.reporting import confirm, questions
from tests.fixtures.runtimes import Site, a_case, judge, open_cases
from tests.fixtures.statements import a_statement


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as receiver:
        register(any_site, receiver)
        yield receiver


def register(site: Site, receiver: Receiver) -> None:
    provisioning.register_webhook(
        site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
    )
    mark_endpoint_proven(site)


def a_removal(site: Site, external_id: str = "MP-9", **changes: Any) -> StoredAction:
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id, **changes)
    removal = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert removal is not None
    return removal


def stored_action(site: Site, action: StoredAction) -> StoredAction:
    return site.read(actions.get, site.marketplace_id, action.action_id)


def attempt(site: Site, action: StoredAction) -> str:
    return deliver(site.runtime, site.marketplace_id, action.action_id)


def test_a_removal_does_not_leave_inside_the_undo_window(any_site: Site, receiver: Receiver) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=179)
    assert attempt(any_site, action) == "scheduled"
    assert receiver.deliveries == []


def test_after_the_window_the_marketplace_hears_and_its_acknowledgement_is_kept(
    any_site: Site, receiver: Receiver
) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "acknowledged"
    stored = stored_action(any_site, action)
    assert (stored.state, stored.acknowledged_at) == (ActionState.ACKNOWLEDGED, any_site.clock.now())
    (message,) = receiver.deliveries
    assert (message["type"], message["data"]["listing_external_id"]) == ("listing.remove", "MP-9")
    assert (message["data"]["sequence"], message["id"]) == (1, action.action_id)
    signing = any_site.read(endpoints.endpoint_in_force, any_site.marketplace_id)
    assert signing is not None
    assert signing.used_at == any_site.clock.now()


def test_a_withdrawn_removal_is_never_sent(any_site: Site, receiver: Receiver) -> None:
    action = a_removal(any_site)
    case_id = any_site.read(cases.of_verdict, any_site.marketplace_id, action.verdict_id).case_id
    undo_verdict(any_site.runtime, any_site.brand_person, case_id)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "withdrawn"
    assert receiver.deliveries == []


def test_a_failed_delivery_writes_when_it_tries_again_and_ends(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 503
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "failed"
    stored = stored_action(any_site, action)
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


def test_a_week_after_the_first_attempt_it_waits_for_a_person(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 500
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    outcomes = []
    for _ in range(5):
        outcomes.append(attempt(any_site, action))
        any_site.clock.forward(days=2)
    assert outcomes == ["failed"] * 4 + ["dead"]
    assert stored_action(any_site, action).state is ActionState.DEAD


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
    assert stored_action(any_site, action).last_error == "No webhook endpoint is registered."


def an_upheld_appeal(site: Site) -> StoredAction:
    file_appeal(site.runtime, site.marketplace, Complaint("a-1", "MP-9", "These goods are genuine."))
    (case,) = open_cases(site, CaseLane.APPEAL)
    reinstatement = judge(site, site.second_analyst, case, Judgement.GENUINE).action
    assert reinstatement is not None
    return reinstatement


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
    assert attempt(any_site, reinstatement) == "scheduled"
    any_site.clock.forward(seconds=6)
    assert attempt(any_site, removal) == "acknowledged"
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
            "seller_link.made",
            "remove.acknowledged",
        ]
        assert audit.check_chain(connection)[1] is None


def test_a_message_whose_process_ended_is_sent_again_within_a_minute(any_site: Site, receiver: Receiver) -> None:
    (action,) = removals(any_site, 1)
    now = any_site.clock.now()
    with any_site.runtime.store.write() as connection:
        assert attempts.begin_attempts(any_site.runtime, connection, [action], None, now)
        make_due(connection, any_site.marketplace_id, now)  # Which a receiver that is back does for all that waits.
    any_site.clock.forward(seconds=31)  # The longest timeout, and what a look-up takes.
    assert marketplaces_with_due(any_site.runtime) == []
    assert attempt(any_site, action) == "sending"
    any_site.clock.forward(seconds=28)
    assert marketplaces_with_due(any_site.runtime) == [any_site.marketplace_id]
    assert attempt(any_site, action) == "acknowledged"
    assert stored_action(any_site, action).attempts == 2


def test_a_process_that_starts_sends_at_once_what_one_of_its_name_had_under_way(
    any_site: Site, receiver: Receiver
) -> None:
    own, of_another = removals(any_site, 2)
    runtime, now = any_site.runtime, any_site.clock.now()
    another = replace(runtime, settings=runtime.settings.model_copy(update={"worker_id": "another"}))
    with runtime.store.write() as connection:
        assert attempts.begin_attempts(runtime, connection, [own], None, now)
        assert attempts.begin_attempts(another, connection, [of_another], None, now)
    release_own_attempts(runtime)
    assert deliver_due(runtime, any_site.marketplace_id) == {own.action_id: "acknowledged"}


def begins(runtime: Runtime, request: tuple[str, str], _pipe: object) -> int:
    with runtime.store.write() as connection:
        letter = letters.letter_by_id(connection, *request)
        return len(attempts.begin_attempts(runtime, connection, [letter], None, runtime.clock.now()))


@pytest.mark.soak
def test_what_a_killed_process_was_sending_is_sent_by_the_next_of_its_home(any_site: Site, receiver: Receiver) -> None:
    (action,) = removals(any_site, 1)
    with a_process(begins, any_site.runtime.settings) as process:
        assert process.ask((any_site.marketplace_id, action.action_id), any_site.clock.now()) == 1
        process.kill()
    assert marketplaces_with_due(any_site.runtime) == []
    release_own_attempts(any_site.runtime)
    assert deliver_due(any_site.runtime, any_site.marketplace_id) == {action.action_id: "acknowledged"}


def test_rounds_at_the_same_time_send_each_message_once(any_site: Site, receiver: Receiver) -> None:
    due_removals = removals(any_site, 18)
    few = replace(any_site.runtime, settings=any_site.runtime.settings.model_copy(update={"deliveries_at_once": 3}))
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: deliver_due(few, any_site.marketplace_id), range(4)))
    assert sum(len(outcomes) for outcomes in done) == len(due_removals)
    assert {key: word for delivery in done for key, word in delivery.items()} == {
        delivery.action_id: "acknowledged" for delivery in due_removals
    }
    assert sorted(delivery["id"] for delivery in receiver.deliveries) == sorted(
        delivery.action_id for delivery in due_removals
    )
    assert any_site.read(audit.check_chain)[1] is None


def test_messages_about_one_listing_that_are_due_together_arrive_in_their_order(
    any_site: Site, receiver: Receiver
) -> None:
    removal = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    receiver.answer = lambda number: 503 if number == 0 else 204
    attempt(any_site, removal)
    an_upheld_appeal(any_site)
    any_site.clock.forward(seconds=180)
    assert list(deliver_due(any_site.runtime, any_site.marketplace_id).values()) == ["acknowledged"] * 2
    assert [m["data"]["sequence"] for m in receiver.deliveries] == [1, 1, 2]


def test_a_message_that_hangs_does_not_hold_up_one_that_becomes_due(any_site: Site, receiver: Receiver) -> None:
    first, second = removals(any_site, 2)
    with any_site.runtime.store.write() as connection:
        later = {"leaves_at": any_site.clock.now() + timedelta(seconds=1)}
        assert actions.change(connection, second, ActionEvent.SEND, later | {"due_at": later["leaves_at"]})
    came = threading.Event()

    def hangs_until_the_other_came(message: str) -> int:
        if message == second.action_id:
            came.set()
            return 204
        any_site.clock.forward(seconds=2)
        receiver.lock.release()  # The receiver holds it for one message at a time.
        try:
            return 204 if came.wait(8) else 503
        finally:
            receiver.lock.acquire()

    receiver.answer_to = hangs_until_the_other_came
    assert deliver_due(any_site.runtime, any_site.marketplace_id) == {
        first.action_id: "acknowledged",
        second.action_id: "acknowledged",
    }


def test_a_round_that_is_stopped_begins_nothing(any_site: Site, receiver: Receiver) -> None:
    removals(any_site, 1)
    assert deliver_due(any_site.runtime, any_site.marketplace_id, is_stopped=lambda: True) == {}
    assert receiver.deliveries == []


def test_a_message_that_was_withdrawn_during_its_attempt_is_not_acknowledged(any_site: Site) -> None:
    (action,) = removals(any_site, 1)
    runtime, now = any_site.runtime, any_site.clock.now()
    with runtime.store.write() as connection:
        (begun,) = attempts.begin_attempts(runtime, connection, [action], None, now)
        attempts.begin_attempts(runtime, connection, [begun.letter], None, now)
    with runtime.store.write() as connection:
        done = attempts.finish_attempts(runtime, connection, [EndedAttempt(begun, Delivery(204))], now)
    assert done == {action.action_id: "overtaken"}
    assert stored_action(any_site, action).state is ActionState.SENDING


# A receiver that is down.

DOWN = DEFAULT_DELIVERY.rest_after_failures


def removals(site: Site, number: int) -> list[StoredAction]:
    """Actions due now, each of another seller, so that no cap makes one pending."""
    stored_actions = [confirm(site, site.brand_person, case).action for case in questions(site, number)]
    site.clock.forward(seconds=180)
    return [action for action in stored_actions if action is not None]


def delivery_results(site: Site) -> list[str]:
    """The results of delivering what may be sent now."""
    is_waiting = site.marketplace_id in marketplaces_with_due(site.runtime)
    results = list(deliver_due(site.runtime, site.marketplace_id).values())
    assert is_waiting is bool(results)
    return results


def test_a_receiver_that_is_down_is_asked_by_one_message_at_a_time(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 503
    assert [attempt(any_site, removal) for removal in removals(any_site, DOWN + 3)] == ["failed"] * DOWN + [
        "scheduled"
    ] * 3
    assert len(receiver.deliveries) == DOWN
    any_site.clock.forward(seconds=59)
    assert delivery_results(any_site) == []
    any_site.clock.forward(seconds=2)
    assert delivery_results(any_site) == ["failed"]
    assert len(receiver.deliveries) == DOWN + 1


def test_messages_that_fail_together_pause_the_receiver_for_the_first_time_only(
    any_site: Site, receiver: Receiver
) -> None:
    receiver.answer = lambda _number: 503
    due_removals = removals(any_site, DOWN + 5)
    assert delivery_results(any_site) == ["failed"] * (DOWN + 5)
    endpoint = any_site.read(endpoints.endpoint_in_force, any_site.marketplace_id)
    assert endpoint is not None
    assert endpoint.failures == DOWN
    assert endpoint.failing_since == any_site.clock.now()
    assert endpoint.paused_until == any_site.clock.now() + timedelta(seconds=60)
    assert len(due_removals) == len(receiver.deliveries)


def test_a_round_during_the_test_message_of_a_paused_receiver_waits(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 503
    due_removals = removals(any_site, DOWN + 2)
    for removal in due_removals[:DOWN]:
        attempt(any_site, removal)
    any_site.clock.forward(minutes=1)
    with any_site.runtime.store.write() as connection:
        endpoint = endpoints.endpoint_in_force(connection, any_site.marketplace_id)
        assert endpoint is not None
        assert endpoints.claim_probe(connection, endpoint, until=any_site.clock.now() + CUT_OFF_AFTER)
        assert not endpoints.claim_probe(connection, endpoint, until=any_site.clock.now() + CUT_OFF_AFTER)
    assert attempt(any_site, due_removals[-1]) == "scheduled"
    any_site.clock.forward(minutes=3)
    assert attempt(any_site, due_removals[-2]) == "failed"


@pytest.mark.parametrize("hours", [24, pytest.param(72, marks=pytest.mark.soak)])
def test_once_it_is_back_all_that_waits_goes_at_once(any_site: Site, receiver: Receiver, hours: int) -> None:
    receiver.answer = lambda _number: 503
    due_removals = removals(any_site, DOWN + 3)
    any_site.clock.forward(seconds=1)
    for _ in range(hours):
        delivery_results(any_site)
        any_site.clock.forward(hours=1)
    receiver.answer = lambda _number: 204
    assert delivery_results(any_site) == ["acknowledged"] * (DOWN + 3)
    assert {stored_action(any_site, removal).state for removal in due_removals} == {ActionState.ACKNOWLEDGED}
    assert len(receiver.effects) == DOWN + 3


def test_a_receiver_is_asked_at_the_end_of_its_pause_although_each_message_waits_for_longer(
    any_site: Site, receiver: Receiver
) -> None:
    """A hundred removals waited for their own back-off, and the receiver was back."""
    receiver.answer = lambda _number: 503
    due_removals = removals(any_site, DOWN // 2)
    for _ in range(2):
        assert delivery_results(any_site) == ["failed"] * len(due_removals)
        any_site.clock.forward(seconds=6)
    receiver.answer = lambda _number: 204
    any_site.clock.forward(seconds=54)
    assert delivery_results(any_site) == ["acknowledged"] * len(due_removals)


# What a receiver asks for.

ASKED = [
    pytest.param(429, "90", 90, "a limit", id="a limit"),
    pytest.param(503, "90", 90, "repairs", id="repairs", marks=pytest.mark.soak),
    pytest.param(429, None, 60, "no time", id="a limit without a time", marks=pytest.mark.soak),
]


@pytest.mark.parametrize(("status", "header", "seconds", "why"), ASKED)
def test_a_receiver_that_asks_to_wait_is_sent_nothing_before(
    site: Site, status: int, header: str | None, seconds: int, why: str
) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        due_removals = removals(site, 3)
        # The answers to the others come later and show that it works; the pause stays.
        receiver.answer_to = lambda message: status if message == due_removals[0].action_id else 204
        receiver.headers = {} if header is None else {"retry-after": header}
        few = replace(site.runtime, settings=site.runtime.settings.model_copy(update={"deliveries_at_once": 3}))
        assert sorted(deliver_due(few, site.marketplace_id).values()) == ["acknowledged", "acknowledged", "failed"]
        site.clock.forward(seconds=seconds - 1)
        assert delivery_results(site) == []
        receiver.answer_to = lambda _message: 204
        site.clock.forward(seconds=1)
        assert delivery_results(site) == ["acknowledged"]


def test_an_asked_pause_does_not_shorten_that_of_a_person(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        removals(site, 1)
        endpoint = site.read(endpoints.endpoint_in_force, site.marketplace_id)
        assert endpoint is not None
        receiver.headers = {"retry-after": "5"}

        def paused_meanwhile(_message: str) -> int:
            pause_receiver(site.runtime, site.marketplace, endpoint.endpoint_id, hours=3, by="test")
            return 429

        receiver.answer_to = paused_meanwhile
        assert delivery_results(site) == ["failed"]
        assert site.read(endpoints.pause_ends) == {site.marketplace_id: site.clock.now() + timedelta(hours=3)}


def test_a_message_that_is_refused_for_a_time_waits_alone(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        first, second = removals(site, 2)
        receiver.answer_to = lambda message: 413 if message == first.action_id else 204
        receiver.headers = {"retry-after": "90"}
        assert (attempt(site, first), attempt(site, second)) == ("failed", "acknowledged")
        assert stored_action(site, first).due_at == site.clock.now() + timedelta(seconds=90)


def test_a_receiver_that_is_gone_is_disabled_and_messages_wait_for_another(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        first, second = removals(site, 2)
        receiver.answer = lambda _number: 410
        assert attempt(site, first) == "failed"
        assert attempt(site, second) == "failed"
        assert (len(receiver.deliveries), stored_action(site, second).last_error) == (
            1,
            "No webhook endpoint is registered.",
        )
    with site.runtime.store.read() as connection:
        query = select(audit_entry.c.actor).where(audit_entry.c.act == "webhook.disabled")
        assert connection.execute(query).scalars().all() == ["delivery"]
    with a_receiver() as receiver:
        register(site, receiver)
        assert delivery_results(site) == ["acknowledged"] * 2


def test_a_message_that_is_refused_shows_a_receiver_that_is_well(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda _number: 422
    assert [attempt(any_site, removal) for removal in removals(any_site, DOWN + 2)] == ["failed"] * (DOWN + 2)


def test_what_waits_goes_to_a_new_receiver_at_once(any_site: Site) -> None:
    action = a_removal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, action) == "failed"
    any_site.clock.forward(seconds=1)
    with a_receiver() as receiver:
        register(any_site, receiver)
        assert delivery_results(any_site) == ["acknowledged"]


# Undeliverable messages.


def a_dead_removal(site: Site, receiver: Receiver) -> StoredAction:
    receiver.answer = lambda _number: 422
    removal = a_removal(site)
    site.clock.forward(seconds=180)
    attempt(site, removal)
    site.clock.forward(days=8)
    assert attempt(site, removal) == "dead"
    receiver.answer = lambda _number: 204
    return removal


def test_a_reinstatement_does_not_wait_for_a_removal_that_was_given_up_on(any_site: Site, receiver: Receiver) -> None:
    """All its acknowledgements may be lost: the listing is gone although the seller was right."""
    removal = a_dead_removal(any_site, receiver)
    reinstatement = an_upheld_appeal(any_site)
    any_site.clock.forward(seconds=180)
    assert attempt(any_site, reinstatement) == "acknowledged"
    assert stored_action(any_site, removal).state is ActionState.WITHDRAWN


def test_an_undone_reinstatement_leaves_the_removal_as_it_was(any_site: Site, receiver: Receiver) -> None:
    removal = a_dead_removal(any_site, receiver)
    file_appeal(any_site.runtime, any_site.marketplace, Complaint("a-1", "MP-9", "These goods are genuine."))
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)
    assert stored_action(any_site, removal).state is ActionState.DEAD


def test_a_dead_letter_is_sent_again_with_a_week_of_its_own(any_site: Site, receiver: Receiver) -> None:
    removal = a_dead_removal(any_site, receiver)
    receiver.answer = lambda _number: 422
    assert dead_letters.replay(any_site.runtime, any_site.marketplace, None, by="test") == [removal.action_id]
    assert delivery_results(any_site) == ["failed"]
    receiver.answer = lambda _number: 204
    any_site.clock.forward(days=2)
    assert delivery_results(any_site) == ["acknowledged"]
    assert stored_action(any_site, removal).state is not ActionState.DEAD
    assert {message["id"] for message in receiver.deliveries} == {removal.action_id}


def test_what_a_later_word_has_overtaken_is_not_sent_again(any_site: Site, receiver: Receiver) -> None:
    removal = a_dead_removal(any_site, receiver)
    reinstatement = an_upheld_appeal(any_site)
    any_site.clock.forward(seconds=180)
    attempt(any_site, reinstatement)
    with pytest.raises(Conflict, match="The action is withdrawn"):
        dead_letters.replay(any_site.runtime, any_site.marketplace, [removal.action_id], by="test")
    assert dead_letters.replay(any_site.runtime, any_site.marketplace, None, by="test") == []


def test_a_replay_of_several_is_all_or_nothing(any_site: Site, receiver: Receiver) -> None:
    removal = a_dead_removal(any_site, receiver)
    with pytest.raises(NotFound):
        dead_letters.replay(any_site.runtime, any_site.marketplace, [removal.action_id, "act_none"], by="test")
    assert stored_action(any_site, removal).state is ActionState.DEAD


def test_a_replay_is_in_the_audit_log_with_who_asked_for_it(any_site: Site, receiver: Receiver) -> None:
    removal = a_dead_removal(any_site, receiver)
    dead_letters.replay(any_site.runtime, any_site.marketplace, [removal.action_id], by="user:ada")
    with any_site.runtime.store.read() as connection:
        query = select(audit_entry.c.actor).where(audit_entry.c.act == "remove.replayed")
        assert connection.execute(query).scalars().all() == ["user:ada"]


# A secret that changes.


def rotate(site: Site, *, overlap_hours: int) -> str:
    return provisioning.rotate_secret(
        site.runtime, overlap_hours=overlap_hours, marketplace=None, secret=None, by="test"
    )


def test_while_a_secret_changes_a_receiver_may_know_either(any_site: Site, receiver: Receiver) -> None:
    before, due_removals = receiver.secret, removals(any_site, 3)
    after = rotate(any_site, overlap_hours=24)
    assert after != before
    assert attempt(any_site, due_removals[0]) == "acknowledged"
    receiver.secret = after
    assert attempt(any_site, due_removals[1]) == "acknowledged"
    any_site.clock.forward(hours=24)
    assert attempt(any_site, due_removals[2]) == "acknowledged"


@pytest.mark.parametrize(("overlap_hours", "hours_later"), [(24, 24), (0, 0)], ids=["in time", "at once"])
def test_the_secret_before_signs_nothing_more_once_its_time_is_over(
    any_site: Site, receiver: Receiver, overlap_hours: int, hours_later: int
) -> None:
    (action,) = removals(any_site, 1)
    rotate(any_site, overlap_hours=overlap_hours)
    any_site.clock.forward(hours=hours_later)
    endpoint = any_site.read(endpoints.endpoint_in_force, any_site.marketplace_id)
    assert endpoint is not None
    assert receiver.secret not in signing_secrets(any_site.runtime, endpoint, any_site.clock.now())
    assert attempt(any_site, action) == "failed"
    assert receiver.effects == {}


def test_of_a_rotation_inside_an_overlap_the_oldest_secret_ends(any_site: Site, receiver: Receiver) -> None:
    second = rotate(any_site, overlap_hours=24)
    third = rotate(any_site, overlap_hours=24)
    endpoint = any_site.read(endpoints.endpoint_in_force, any_site.marketplace_id)
    assert endpoint is not None
    assert signing_secrets(any_site.runtime, endpoint, any_site.clock.now()) == (third, second)


def test_a_rotation_without_a_receiver_is_refused(any_site: Site) -> None:
    with pytest.raises(NotFound, match="No webhook endpoint is registered"):
        rotate(any_site, overlap_hours=24)


def test_a_rotation_is_in_the_audit_log_without_the_secret(any_site: Site, receiver: Receiver) -> None:
    shown = rotate(any_site, overlap_hours=24)
    with any_site.runtime.store.read() as connection:
        payloads = connection.execute(select(audit_payload.c.payload)).scalars().all()
        acts = connection.execute(select(audit_entry.c.act)).scalars().all()
    assert "webhook.secret_rotated" in acts
    assert not any(secret in payload for payload in payloads for secret in (shown, receiver.secret))


# Any order of events.

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), st.sampled_from(ActionKind)),
        st.tuples(st.just("undo"), st.none()),
        # The receiver's next answer: accepted; down; refused; received, but the answer is lost.
        st.tuples(st.just("attempt"), st.sampled_from([204, 503, 422, 504])),
        st.tuples(st.just("wait"), st.sampled_from([timedelta(seconds=200), timedelta(hours=7), timedelta(days=8)])),
    ),
    min_size=4,
    max_size=25,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS, seed=st.integers(0, 2**16))
def test_a_takedown_and_its_inverse_are_never_applied_in_the_wrong_order(
    site: Site, steps: list[tuple[str, Any]], seed: int
) -> None:
    """Even if each message arrives again later, in any order, the last received action determines what is shown."""
    with a_receiver(effect_before_failure=True) as receiver, TemporaryDirectory() as folder:
        register(site, receiver)
        listing_id = f"lst_{secrets.token_hex(8)}"
        cause = Cause(site.marketplace_id, listing_id, a_verdict(site, listing_id), "test")
        for step, argument in steps:
            take(site, receiver, cause, step, argument)
        sent = [delivery["data"] for delivery in receiver.deliveries if delivery["heard"]]
        acted = site.read(actions.of_listing, site.marketplace_id, listing_id)
        shuffled = [*sent, *random.Random(seed).sample(sent, len(sent))]
        effects = Effects(Path(folder) / "effects.jsonl")
        applied = [payload["sequence"] for payload in shuffled if effects.apply(payload["action_id"], payload)]
        effects.close()
    first_heard = list(dict.fromkeys(payload["sequence"] for payload in sent))
    assert first_heard == sorted(first_heard)
    assert applied == first_heard
    settled = [action for action in acted if action.state is ActionState.ACKNOWLEDGED]
    if settled and not any(action.state in {ActionState.SENDING, ActionState.DEAD} for action in acted):
        assert applied[-1] == settled[-1].sequence


def a_verdict(site: Site, listing_id: str) -> str:
    """The verdict behind the actions on a new listing; the tests do not depend on its content."""
    known = site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=1)
    verdict_id = known[0].verdict_id if known else a_removal(site).verdict_id
    row = {
        "marketplace_id": site.marketplace_id,
        "listing_id": listing_id,
        "external_id": listing_id,
        "version_id": "x",
    }
    site.write(
        add,
        listing,
        [
            row
            | {
                "version": 1,
                "content_hash": "0" * 64,
                "observed_hash": "0" * 64,
                "first_known_at": NOW,
                "occurred_at": NOW,
            }
        ],
    )
    return verdict_id


def take(site: Site, receiver: Receiver, cause: Cause, step: str, argument: Any) -> None:
    """One possible step in the history of a listing."""
    acted = site.read(actions.of_listing, site.marketplace_id, cause.listing_id)
    match step:
        case "schedule":
            with site.runtime.store.write() as connection:
                schedule(site.runtime, connection, argument, cause, a_statement(argument), site.clock.now())
        case "undo" if acted and acted[-1].state is ActionState.SCHEDULED:
            with site.runtime.store.write() as connection:
                withdraw(site.runtime, connection, acted[-1], "test", site.clock.now())
        case "attempt":
            receiver.answer = lambda _number: argument
            for action in reversed(acted):
                attempt(site, action)
        case "wait":
            site.clock.forward(seconds=argument.total_seconds())
