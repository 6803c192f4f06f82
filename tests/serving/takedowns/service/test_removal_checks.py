from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.audit.store import audit
from serving.cases.store import cases
from serving.marketplaces.service.exchange_rates import load_rates
from serving.operations.service.figures import service_figures
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.rules.statement import OverturnCause, reinstatement_statement
from serving.takedowns.service import removal_checks as module
from serving.takedowns.service.removal_checks import check_due, marketplaces_due
from serving.takedowns.service.takedown import Cause, schedule
from serving.takedowns.store import actions, alerts, removal_checks
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.alerts import CheckAlarm
from serving.takedowns.store.removal_checks import RemovalCheck
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.receivers import Receiver, a_receiver, deliver
from tests.fixtures.reporting import action_states
from tests.fixtures.runtimes import Site, a_case, a_drawn_case, judge


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as receiver:
        register(any_site, receiver, receiver.status_url)
        yield receiver


def register(site: Site, receiver: Receiver, status_url: str | None) -> None:
    provisioning.register_webhook(
        site.runtime,
        url=receiver.url,
        allow_loopback=True,
        marketplace=None,
        secret=receiver.secret,
        by="test",
        status_url=status_url,
    )


def an_acknowledged_removal(site: Site, external_id: str = "MP-9") -> StoredAction:
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id)
    removal = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert removal is not None
    site.clock.forward(seconds=180)
    assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "acknowledged"
    return removal


def check_of(site: Site, action: StoredAction) -> RemovalCheck | None:
    return site.read(removal_checks.of_actions, site.marketplace_id, [action.action_id]).get(action.action_id)


def look(site: Site, action: StoredAction) -> str:
    """Run the check if it is due; its state."""
    check_due(site.runtime, site.marketplace_id)
    check = check_of(site, action)
    assert check is not None
    return check.state.value


def open_alerts(site: Site) -> list[alerts.Alert]:
    return site.read(alerts.open_alerts, {site.marketplace_id})


def timeline(site: Site, action: StoredAction) -> list[str]:
    with site.runtime.store.read() as connection:
        case_id = cases.of_verdict(connection, site.marketplace_id, action.verdict_id).case_id
        return [str(row["what"]) for row in cases.timeline(connection, site.marketplace_id, case_id)]


def test_a_removal_is_verified_at_the_status_address_and_its_time_is_stored(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site, "MP 9/ä")
    any_site.clock.forward(seconds=60)
    assert look(any_site, action) == "gone"
    assert receiver.looks == ["MP 9/ä"]
    check = check_of(any_site, action)
    assert check is not None
    assert (check.gone_at, check.seconds_to_removal) == (any_site.clock.now(), 240)
    assert timeline(any_site, action)[-1] == (
        "The listing is no longer shown. Observed 4 minutes after the confirmation."
    )
    counted = service_figures(any_site.runtime, any_site.marketplace)["removal_checks"]
    assert (counted["gone"], counted["median_seconds_to_removal"]) == (1, 240)


def test_a_check_is_made_once_when_it_is_due(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    assert (marketplaces_due(any_site.runtime), check_due(any_site.runtime, any_site.marketplace_id)) == ([], {}), (
        "no minute has passed"
    )
    any_site.clock.forward(seconds=60)
    assert marketplaces_due(any_site.runtime) == [any_site.marketplace_id]
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: check_due(any_site.runtime, any_site.marketplace_id), range(3)))
    assert sorted(outcomes, key=len) == [{}, {}, {action.action_id: "gone"}]
    assert (marketplaces_due(any_site.runtime), len(receiver.looks)) == ([], 1)


def test_a_check_whose_process_ended_is_made_two_minutes_later(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    any_site.clock.forward(seconds=60)

    def ends(*_: object, **__: object) -> NoReturn:
        raise SystemExit

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ask_if_shown", ends)
        with pytest.raises(SystemExit):
            check_due(any_site.runtime, any_site.marketplace_id)
    assert marketplaces_due(any_site.runtime) == []
    any_site.clock.forward(minutes=2)
    assert look(any_site, action) == "gone"


def test_no_check_begins_once_the_process_stops(any_site: Site, receiver: Receiver) -> None:
    an_acknowledged_removal(any_site)
    any_site.clock.forward(seconds=60)
    assert check_due(any_site.runtime, any_site.marketplace_id, lambda: True) == {}
    assert receiver.looks == []


def test_a_listing_that_is_still_shown_an_hour_after_raises_an_alert_until_it_is_gone(
    any_site: Site, receiver: Receiver
) -> None:
    action = an_acknowledged_removal(any_site)
    receiver.shows = lambda _listing: True
    any_site.clock.forward(minutes=59)
    assert (look(any_site, action), open_alerts(any_site)) == ("asked", [])
    any_site.clock.forward(minutes=1)
    assert look(any_site, action) == "still_shown"
    (alert,) = open_alerts(any_site)
    assert (alert.cause, alert.subject) == (CheckAlarm.STILL_SHOWN, "")
    assert alert.sentence == "MP-9: The listing is shown although its removal was acknowledged."
    (row,) = any_site.read(removal_checks.still_shown, {any_site.marketplace_id}, 10)
    assert (row.external_id, row.check.action_id) == ("MP-9", action.action_id)
    receiver.shows = lambda _listing: False
    any_site.clock.forward(hours=3)
    assert look(any_site, action) == "gone"
    assert open_alerts(any_site) == []
    check = check_of(any_site, action)
    assert check is not None
    assert check.seconds_to_removal == 4 * 3600 + 180
    assert any_site.read(audit.check_chain)[1] is None


def test_the_alert_stays_while_another_listing_is_still_shown(any_site: Site, receiver: Receiver) -> None:
    removals = [an_acknowledged_removal(any_site, name) for name in ("MP-9", "MP-10")]
    receiver.shows = lambda _listing: True
    any_site.clock.forward(hours=2)
    assert [look(any_site, removal) for removal in removals] == ["still_shown"] * 2
    assert len(open_alerts(any_site)) == 1
    receiver.shows = lambda listing: listing == "MP-10"
    any_site.clock.forward(days=1)
    assert [look(any_site, removal) for removal in removals] == ["gone", "still_shown"]
    assert len(open_alerts(any_site)) == 1


@pytest.mark.parametrize("answer", [503, 200], ids=["it is down", "its answer says nothing"])
def test_a_missing_or_unclear_answer_never_counts_as_still_shown(
    any_site: Site, receiver: Receiver, answer: int
) -> None:
    action = an_acknowledged_removal(any_site)
    receiver.shows = lambda _listing: answer
    any_site.clock.forward(days=6)
    assert (look(any_site, action), open_alerts(any_site)) == ("asked", [])
    check = check_of(any_site, action)
    assert check is not None
    assert check.last_error
    assert check.seconds_to_removal is None
    any_site.clock.forward(days=1)
    assert look(any_site, action) == "unknown"
    counted = service_figures(any_site.runtime, any_site.marketplace)["removal_checks"]
    assert (counted["unknown"], counted["still_shown"], counted["median_seconds_to_removal"]) == (1, 0, None)


def test_a_status_address_that_asks_to_wait_is_not_asked_before(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    receiver.shows = lambda _listing: 429
    receiver.headers = {"retry-after": "86400"}
    any_site.clock.forward(seconds=60)
    look(any_site, action)
    check = check_of(any_site, action)
    assert check is not None
    assert check.due_at == any_site.clock.now() + timedelta(days=1)


def test_a_listing_that_is_not_found_is_gone(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    receiver.shows = lambda _listing: 404
    any_site.clock.forward(minutes=1)
    assert look(any_site, action) == "gone"


def test_a_listing_that_comes_back_a_day_later_is_still_shown_and_has_no_time_to_removal(
    any_site: Site, receiver: Receiver
) -> None:
    action = an_acknowledged_removal(any_site)
    any_site.clock.forward(minutes=1)
    assert look(any_site, action) == "gone"
    receiver.shows = lambda _listing: True
    any_site.clock.forward(days=1)
    assert look(any_site, action) == "still_shown"
    check = check_of(any_site, action)
    assert check is not None
    assert (check.gone_at, check.seconds_to_removal) == (None, None)


def test_a_reinstated_listing_is_no_longer_checked(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    receiver.shows = lambda _listing: True
    cause = Cause(any_site.marketplace_id, action.listing_id, action.verdict_id, "test")
    with any_site.runtime.store.write() as connection:
        statement = reinstatement_statement(OverturnCause.APPEAL)
        back = schedule(any_site.runtime, connection, ActionKind.REINSTATE, cause, statement, any_site.clock.now())
    any_site.clock.forward(minutes=1)
    assert look(any_site, action) == "asked", "the marketplace has not received the reinstatement yet"
    any_site.clock.forward(hours=1)
    assert deliver(any_site.runtime, any_site.marketplace_id, back.action_id) == "acknowledged"
    look_count = len(receiver.looks)
    assert (look(any_site, action), open_alerts(any_site)) == ("given_back", [])
    assert len(receiver.looks) == look_count
    check = check_of(any_site, action)
    assert check is not None
    assert (check.state, check.due_at) == (CheckState.GIVEN_BACK, None)


def test_a_reinstatement_during_a_check_raises_no_alert(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    any_site.clock.forward(hours=2)
    cause = Cause(any_site.marketplace_id, action.listing_id, action.verdict_id, "test")
    with any_site.runtime.store.write() as connection:
        statement = reinstatement_statement(OverturnCause.APPEAL)
        back = schedule(any_site.runtime, connection, ActionKind.REINSTATE, cause, statement, any_site.clock.now())
    any_site.clock.forward(hours=2)

    def reinstate_during_the_check(_listing: str) -> bool:
        deliver(any_site.runtime, any_site.marketplace_id, back.action_id)
        return True

    receiver.shows = reinstate_during_the_check
    assert (look(any_site, action), open_alerts(any_site)) == ("given_back", [])


def test_without_a_status_address_there_is_no_check(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver, None)
        action = an_acknowledged_removal(any_site)
    assert check_of(any_site, action) is None
    counted = service_figures(any_site.runtime, any_site.marketplace)["removal_checks"]
    assert set(counted.values()) == {0, None}


def test_removals_stay_unknown_after_the_status_address_is_removed(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    register(any_site, receiver, None)
    any_site.clock.forward(days=8)
    assert (look(any_site, action), receiver.looks) == ("unknown", [])


def test_a_reinstatement_is_not_checked(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    cause = Cause(any_site.marketplace_id, action.listing_id, action.verdict_id, "test")
    with any_site.runtime.store.write() as connection:
        statement = reinstatement_statement(OverturnCause.APPEAL)
        back = schedule(any_site.runtime, connection, ActionKind.REINSTATE, cause, statement, any_site.clock.now())
    any_site.clock.forward(hours=1)
    deliver(any_site.runtime, any_site.marketplace_id, back.action_id)
    assert check_of(any_site, back) is None
    assert any_site.read(actions.has_later_sent, action)


@pytest.mark.parametrize("status_url", ["https://bazaar.example/offers/", "http://bazaar.example/{listing}"])
def test_a_status_address_needs_a_place_for_the_id_and_https(any_site: Site, status_url: str) -> None:
    with pytest.raises(Invalid):
        provisioning.register_webhook(
            any_site.runtime,
            url="https://bazaar.example/hooks",
            allow_loopback=False,
            marketplace=None,
            secret=None,
            by="test",
            status_url=status_url,
        )


def test_of_two_checks_at_once_the_second_changes_nothing(any_site: Site, receiver: Receiver) -> None:
    action = an_acknowledged_removal(any_site)
    any_site.clock.forward(hours=2)

    def overtaken(_listing: str) -> bool:
        receiver.shows = lambda _listing: False
        any_site.clock.forward(minutes=2)
        assert look(any_site, action) == "gone"
        return True

    receiver.shows = overtaken
    assert check_due(any_site.runtime, any_site.marketplace_id) == {action.action_id: "overtaken"}
    assert open_alerts(any_site) == []
    check = check_of(any_site, action)
    assert check is not None
    assert (check.state, check.check_count) == (CheckState.GONE, 1)


# Model-initiated removals have a random delay; removals that a brand confirms have none.

UNDO = timedelta(seconds=180)


def with_random_delay(site: Site, draw: float, minutes: int = 60) -> Site:
    """The site with a random delay of at most `minutes`, and a fixed draw."""
    policies = site.runtime.policies
    enforcement = replace(policies[EnforcementPolicy], random_delay_minutes=minutes)
    return replace(site, runtime=replace(site.runtime, policies=policies.changed(enforcement), draw=lambda: draw))


def remove_sampled(site: Site) -> StoredAction:
    """Remove a listing of the audit sample, of a brand that does not take part."""
    recorded = judge(site, site.analyst, a_drawn_case(site), Judgement.COUNTERFEIT)
    assert recorded.action is not None
    return recorded.action


def test_a_model_initiated_removal_has_a_random_delay_that_its_row_stores(any_site: Site) -> None:
    site = with_random_delay(any_site, 0.5)
    removal = remove_sampled(site)
    assert removal.leaves_at == removal.due_at == site.clock.now() + UNDO + timedelta(minutes=30)
    assert site.scalar(select(action.c.random_delay_seconds)) == 1_800
    site.clock.forward(minutes=32)
    assert deliver(site.runtime, site.marketplace_id, removal.action_id) != "failed"  # It is not sent yet.
    assert site.read(actions.get, site.marketplace_id, removal.action_id).sent_at is None
    site.clock.forward(minutes=2)
    assert (
        deliver(site.runtime, site.marketplace_id, removal.action_id) == "failed"
    )  # It is sent, but no endpoint is registered.


def test_a_brands_confirmation_has_no_delay(site: Site) -> None:
    drawn = with_random_delay(site, 0.99)
    removal = judge(drawn, drawn.brand_person, a_case(drawn, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
    assert removal is not None
    assert removal.leaves_at == site.clock.now() + UNDO


def test_a_further_confirmation_ends_the_delay(any_site: Site) -> None:
    site = with_random_delay(any_site, 0.5)
    removal = remove_sampled(site)
    site.clock.forward(minutes=5)
    with site.runtime.store.write() as connection:
        assert actions.bring_forward(connection, removal, site.clock.now() + UNDO)
        assert not actions.bring_forward(connection, removal, site.clock.now() + timedelta(hours=9))
    stored_removal = site.read(actions.get, site.marketplace_id, removal.action_id)
    assert stored_removal.leaves_at == stored_removal.due_at == site.clock.now() + UNDO


# Sellers of high impact by what the marketplace sends: sales and turnover of twelve months, by the rates on file.

RATES = [
    {"day": "2026-02-01", "currency": "USD", "euros": 0.5, "source": "test"},
    {"day": "2026-03-01", "currency": "USD", "euros": 0.8, "source": "test"},
    {"day": "2026-03-01", "currency": "JPY", "euros": 0.005, "source": "test"},
    {"day": "2026-04-01", "currency": "USD", "euros": 8.0, "source": "test, of a later day"},
]


@pytest.mark.parametrize(
    ("currency", "block", "state", "why"),
    [
        (
            "EUR",
            {"sales_12m": 200, "gmv_12m": "4000"},
            "pending_approval",
            "4,000 EUR are 5,000 USD by the latest rate",
        ),
        ("EUR", {"sales_12m": 200, "gmv_12m": "3999"}, "scheduled", "a little less"),
        ("EUR", {"sales_12m": 199, "gmv_12m": "90000"}, "scheduled", "too few sales"),
        ("USD", {"sales_12m": 200, "gmv_12m": "5000"}, "pending_approval", "dollars as they are"),
        ("JPY", {"sales_12m": 200, "gmv_12m": "800000"}, "pending_approval", "800,000 JPY are 4,000 EUR"),
        ("JPY", {"sales_12m": 200, "gmv_12m": "799000"}, "scheduled", "a little less"),
        ("GBP", {"sales_12m": 900, "gmv_12m": "90000"}, "scheduled", "without a rate the turnover is unknown"),
        (
            "GBP",
            {"sales_12m": 900, "gmv_12m": "90000", "accepted": {"d90": 200}},
            "pending_approval",
            "and 90 days decide",
        ),
        ("EUR", {"sales_12m": 900}, "scheduled", "a turnover that was not sent is unknown, not zero and not high"),
        ("EUR", {"accepted": {"d90": 200}}, "pending_approval", "without figures of twelve months, 90 days decide"),
        ("EUR", {"sales_12m": 0, "gmv_12m": "0"}, "scheduled", "zero is a figure"),
    ],
)
def test_a_removal_of_a_seller(site: Site, currency: str, block: dict[str, Any], state: str, why: str) -> None:
    load_rates(site.runtime, RATES, by="test")
    seller = {"external_id": "a-shop", "age_days": 900, "country": "FR", **block}
    case = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1", currency=currency, seller=seller)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    assert action_states(site) == {state: 1}, why
