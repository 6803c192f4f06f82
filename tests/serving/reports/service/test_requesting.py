"""A report that names an unknown listing asks the marketplace for it, through the outbox of all messages."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from serving.audit.tables import audit_entry
from serving.delivery import store as outgoing
from serving.delivery.service import dead_letters
from serving.delivery.service.delivery import deliver_due, waiting
from serving.delivery.service.letters import moving_count
from serving.intake.service.intake import receive
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import Result
from serving.reports.service.previewing import preview
from serving.reports.service.submitting import Submitted
from serving.reports.service.waiting import go_on_with_reports
from serving.webhooks.rules.action import ActionState
from serving.webhooks.store.listing_requests import StoredListingRequest, in_state
from tests.fixtures.bursts import states
from tests.fixtures.delivering import deliver
from tests.fixtures.listings import a_row
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reporting import a_draft, on_sale, report
from tests.fixtures.runtimes import Site
from tests.fixtures.takedowns import right_of
from tests.serving.delivery.service.test_delivery import register

ADDRESS = "https://bazaar.example/item/RP-0"
ASKED = "report.not_known"


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as found:
        register(any_site, found)
        yield found


def requests(site: Site) -> list[StoredListingRequest]:
    with site.runtime.store.read() as connection:
        return [one for state in ActionState for one in in_state(connection, site.here, state, 100)]


def reasons(done: Submitted) -> list[str]:
    return [one.reasons[0].code for one in done.outcomes]


def test_the_marketplace_is_asked_at_once_by_a_signed_message(any_site: Site, receiver: Receiver) -> None:
    done = report(any_site, [ADDRESS])
    assert (done.counts[Result.UNKNOWN], reasons(done)) == (1, [ASKED])
    (made,) = requests(any_site)
    assert waiting(any_site.runtime) == [any_site.here]
    assert deliver(any_site.runtime, any_site.here, made.action_id) == "acknowledged"
    (message,) = receiver.deliveries
    assert (message["type"], message["id"]) == ("listing.requested", made.action_id)
    assert message["data"] == {
        "action": "requested",
        "action_id": made.action_id,
        "listing": ADDRESS,
        "sequence": 1,
        "waits_until": made.waits_until.isoformat(),
    }
    with any_site.runtime.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.act).where(audit_entry.c.subject == made.action_id)).scalars()
        assert list(acts) == ["requested.scheduled", "requested.acknowledged"]


def test_a_listing_is_asked_for_once_in_thirty_days_however_many_reports_name_it(any_site: Site) -> None:
    report(any_site, [ADDRESS, "http://www.bazaar.example/item/RP-0#photos"])
    any_site.clock.forward(days=29)
    again = report(any_site, [ADDRESS], key="second")
    assert (len(requests(any_site)), reasons(again)) == (1, [ASKED])
    any_site.clock.forward(days=1)
    report(any_site, [ADDRESS], key="third")
    assert [one.sequence for one in requests(any_site)] == [1, 2]


@pytest.mark.both_engines
def test_reports_at_the_same_moment_ask_once(any_site: Site) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: report(any_site, [ADDRESS, "RP-1"], key=f"key {number}"), range(4)))
    assert sorted(one.location for one in requests(any_site)) == ["RP-1", ADDRESS]


def test_a_known_listing_and_a_preview_ask_for_nothing(any_site: Site) -> None:
    foreseen = preview(any_site.runtime, any_site.brand_person, a_draft(any_site, ["RP-1"]))
    assert foreseen[0].outcome.reasons[0].code == ASKED
    report(any_site, on_sale(any_site, 1))
    assert requests(any_site) == []


def test_a_request_is_tried_again_with_the_same_id_and_ends_as_a_dead_letter(
    any_site: Site, receiver: Receiver
) -> None:
    receiver.answer = lambda _number: 500
    report(any_site, [ADDRESS])
    (made,) = requests(any_site)
    assert deliver(any_site.runtime, any_site.here, made.action_id) == "failed"
    with any_site.runtime.store.read() as connection:
        (failing,) = outgoing.failing(connection, any_site.here, 10)
        assert (failing.kind, failing.about, moving_count(connection)) == ("requested", ADDRESS, 1)
    any_site.clock.forward(days=8)
    assert deliver(any_site.runtime, any_site.here, made.action_id) == "dead"
    assert {one["id"] for one in receiver.deliveries} == {made.action_id}
    assert any_site.read(outgoing.by_state, any_site.here)[ActionState.DEAD] == 1
    receiver.answer = lambda _number: 204
    assert dead_letters.replay(any_site.runtime, any_site.marketplace, None, by="test") == [made.action_id]
    assert deliver(any_site.runtime, any_site.here, made.action_id) == "acknowledged"


def test_a_receiver_that_recovers_gets_the_waiting_requests(any_site: Site, receiver: Receiver) -> None:
    receiver.answer = lambda number: 503 if number < 10 else 204
    names = [f"RP-{number}" for number in range(12)]
    report(any_site, names)
    outcomes = [deliver(any_site.runtime, any_site.here, one.action_id) for one in requests(any_site)]
    assert outcomes == ["failed"] * 10 + ["scheduled"] * 2
    any_site.clock.forward(hours=1)
    left = [one for one in requests(any_site) if one.state is not ActionState.ACKNOWLEDGED]
    assert deliver(any_site.runtime, any_site.here, left[0].action_id) == "acknowledged"
    assert list(deliver_due(any_site.runtime, any_site.here).values()) == ["acknowledged"] * 11


def test_the_report_goes_on_when_the_marketplace_sends_what_it_was_asked_for(
    any_site: Site, receiver: Receiver
) -> None:
    report(any_site, [ADDRESS])
    (made,) = requests(any_site)
    deliver(any_site.runtime, any_site.here, made.action_id)
    asked = receiver.deliveries[0]["data"]["listing"]
    receive(any_site.runtime, any_site.marketplace, [a_row(external_id=asked.rpartition("/")[2])], source="test")
    assert go_on_with_reports(any_site.runtime) == 1
    assert states(any_site) == {"scheduled": 1}


def test_beyond_a_brands_limit_the_report_waits_without_a_request(any_site: Site) -> None:
    policies = any_site.runtime.policies
    few = policies.changed(replace(policies[ReportPolicy], most_requests_a_day=2))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=few))
    assert reasons(report(site, ["RP-0", "RP-1", "RP-2"])) == [ASKED, ASKED, "report.waits"]
    site.clock.forward(hours=24)
    report(site, ["RP-2"], key="second")
    assert len(requests(site)) == 3


def test_the_message_names_neither_the_brand_nor_the_person(any_site: Site, receiver: Receiver) -> None:
    report(any_site, [ADDRESS])
    (made,) = requests(any_site)
    deliver(any_site.runtime, any_site.here, made.action_id)
    told = str(receiver.deliveries)
    assert made.brand_id == any_site.brand_id
    assert not [one for one in (any_site.brand_id, any_site.brand_person.user_id, right_of(any_site)) if one in told]
