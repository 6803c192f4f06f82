"""Reports that a service account signs: what they wait for, who is told, who releases them, and who stops them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models.errors import Conflict, Forbidden, NotFound
from models.messages.english import in_english
from serving.accounts.policy import ServiceAccountPolicy
from serving.accounts.rules.access import Role
from serving.accounts.service.service_accounts import end_account
from serving.accounts.service.signing import SignedRequest, admit
from serving.accounts.store import service_accounts
from serving.mail.rules.kinds import MailKind
from serving.platform.clock import SystemClock
from serving.reports.service import callbacks
from serving.reports.service.signed import release_report
from serving.reports.service.status import ListingState, ReportState, status_of
from serving.reports.service.stepping_up import decide_reports, finish_reports
from serving.reports.service.stopping import report_of_link, stop_report
from serving.reports.service.submitting import receive_report
from serving.reports.store import step_ups
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.rules.standing import Level
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import actions
from tests.fixtures.clients import a_client
from tests.fixtures.mails import stored_mails
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reporting import (
    a_draft,
    a_leader,
    a_marketplace_that_listens,
    a_rival,
    action_states,
    on_sale,
    report,
)
from tests.fixtures.runtimes import Site, invite
from tests.fixtures.signing import Tool, a_tool
from tests.fixtures.stepping_up import HOUR, OVER, in_level, with_a_small_hour
from tests.serving.api.test_signed_requests import PATH, body, named
from tests.serving.attacks.test_removal_budgets import send_due
from tests.serving.web.visits import a_visitor, visit_as, words


@pytest.fixture
def signed_site(any_site: Site) -> Site:
    """Aurelle with the standing for signed reports, where a few removals of a person leave in an hour."""
    site = with_a_small_hour(any_site)
    in_level(site, Level.SIGNED_VOLUME)
    return site


def send(site: Site, tool: Tool, names: list[str], key: str = "first") -> str:
    answer = a_client(site.runtime).post(PATH, json=body(site, names), headers=named(key), auth=tool)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["report_id"])


def state_of(site: Site, report_id: str) -> ReportState:
    return status_of(site.runtime, site.brand_person, report_id).state


def signature_of(site: Site, report_id: str) -> StoredStepUp:
    with site.runtime.store.read() as connection:
        step_up = step_ups.of_id(connection, report_id)
    assert step_up is not None
    return step_up


def test_a_signed_report_leaves_whole_after_an_hour_and_people_are_told_at_its_beginning(signed_site: Site) -> None:
    site, names = signed_site, on_sale(signed_site, HOUR)
    report_id = send(site, a_tool(site), names)
    assert state_of(site, report_id) is ReportState.DECIDED
    with site.runtime.store.read() as connection:
        removals = actions.latest(connection, site.marketplace_id, kind=None, state=None, most=10)
    assert [removal.leaves_at - removal.created_at for removal in removals] == [timedelta(hours=1)] * HOUR
    mails_sent = stored_mails(site, MailKind.LARGE_REPORT)
    assert {mail.user_id for mail in mails_sent} == {site.brand_person.user_id, site.account_manager.user_id}
    assert {(mail.parameters["by"], mail.parameters["signed"], mail.parameters["waits"]) for mail in mails_sent} == {
        ("Crawler", True, False)
    }


WAITING = [
    ("new_key", False, HOUR, "It is the first report by this key."),
    ("above_usual", True, OVER, "more than twice the usual number"),
]


@pytest.mark.parametrize(("vouched", "many", "reason"), [row[1:] for row in WAITING], ids=[row[0] for row in WAITING])
def test_a_signed_report_waits_until_another_person_releases_it(
    signed_site: Site, vouched: bool, many: int, reason: str
) -> None:
    site, names = signed_site, on_sale(signed_site, many)
    tool = a_tool(site, vouched=vouched)
    first = send(site, tool, names[:-1] if many > HOUR else names)
    second = send(site, tool, names[-1:], "second") if many > HOUR else first
    assert state_of(site, second) is ReportState.AWAITS_RELEASE
    waiting = status_of(site.runtime, site.brand_person, second)
    assert reason in " ".join(map(in_english, waiting.waits_for))
    assert {listing.state for listing in waiting.items} == {ListingState.AWAITS_STEP_UP}
    step_up = signature_of(site, second)
    with pytest.raises(Forbidden, match="You count as one person with the one who registered"):
        release_report(site.runtime, site.brand_person, step_up)
    with pytest.raises(NotFound):
        release_report(site.runtime, site.analyst, step_up)
    site.clock.forward(minutes=30)
    manager = visit_as(site, site.account_manager)
    assert "1 large report waits for your release." in words(manager.get("/brands").text)
    decide_reports(site.runtime, release_report(site.runtime, site.account_manager, step_up))
    assert "your release" not in words(manager.get("/brands").text)
    assert state_of(site, second) is ReportState.DECIDED
    assert action_states(site) == {"scheduled": many}
    with pytest.raises(Conflict, match="Nothing of this report waits"):
        release_report(site.runtime, site.account_manager, step_up)


def send_from(site: Site, tool: Tool, name: str, address: str) -> str:
    """Report one listing from an address."""
    request = next(tool.auth_flow(a_client(site.runtime).build_request("POST", PATH, content=b"{}")))
    admission = admit(site.runtime, SignedRequest(request.method, str(request.url), request.headers), address)
    draft = replace(a_draft(site, [name], name), tool=admission.tool)
    return receive_report(site.runtime, admission.person, draft).report_id


def test_a_key_reports_from_networks_that_a_person_has_released(signed_site: Site) -> None:
    site, tool, states = signed_site, a_tool(signed_site, vouched=False), []
    for name, address in zip(on_sale(site, 4), ("192.0.2.7", "192.0.2.9", "2001:db8::1", "192.0.2.7"), strict=True):
        report_id = send_from(site, tool, name, address)
        states.append(state_of(site, report_id))
        if states[-1] is ReportState.AWAITS_RELEASE and len(states) == 1:
            release_report(site.runtime, site.account_manager, signature_of(site, report_id))
        site.clock.forward(hours=1)
    released = ReportState.DECIDING
    assert states == [ReportState.AWAITS_RELEASE, released, ReportState.AWAITS_RELEASE, released]
    site.clock.forward(days=29)
    late = send_from(site, tool, on_sale(site, 1, start=10)[0], "192.0.2.7")
    assert state_of(site, late) is ReportState.AWAITS_RELEASE, "the key has not reported from there in 28 days"


def test_one_click_of_a_mailed_link_releases_and_one_stops_everything_of_the_key(signed_site: Site) -> None:
    site, tool = signed_site, a_tool(signed_site, vouched=False)
    names = on_sale(site, HOUR)
    ids = [send(site, tool, [name], name) for name in names]
    assert len(stored_mails(site, MailKind.LARGE_REPORT)) == 2, "one mail an hour to each who can stop it"
    visitor = a_visitor(site)
    link = stop_path(site.runtime, site.account_manager.user_id, ids[0])
    shown = words(visitor.get(link).text)
    assert "It is the first report by this key." in shown
    assert "Signed by Crawler" in shown
    assert visitor.post(f"{link}/release", None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert "sent once their hour is over" in words(visitor.post(f"{link}/release").text)
    assert action_states(site) == {"scheduled": HOUR}
    assert visitor.post(f"{link}/release").status_code == 409
    assert f"{HOUR} listings of the report stay on sale." in words(visitor.post(link).text)
    assert action_states(site) == {"withdrawn": HOUR}
    assert {state_of(site, report_id) for report_id in ids} == {ReportState.STOPPED}
    late = a_client(site.runtime).post(PATH, json=body(site, names), headers=named("late"), auth=tool)
    assert late.status_code == 401, "the key has ended"
    with site.runtime.store.read() as connection:
        signing = service_accounts.key_with_account(connection, tool.key_id)
    assert signing is not None
    assert signing[1].ended_at is None, "and the account goes on with its next one"


def test_a_waiting_report_is_stopped_too_and_stays_so(signed_site: Site) -> None:
    site = signed_site
    report_id = send(site, a_tool(site, vouched=False), on_sale(site, 2))
    assert stop_report(site.runtime, site.account_manager, report_id) == 2
    assert state_of(site, report_id) is ReportState.STOPPED
    with pytest.raises(Conflict):
        release_report(site.runtime, site.account_manager, signature_of(site, report_id))
    finish_reports(site.runtime)
    assert action_states(site) == {}


def test_below_the_standing_for_signed_reports_a_large_one_waits_for_a_second_factor(any_site: Site) -> None:
    site = with_a_small_hour(any_site)
    in_level(site, Level.FULL)
    report_id = send(site, a_tool(site), on_sale(site, OVER))
    assert state_of(site, report_id) is ReportState.AWAITS_STEP_UP
    with site.runtime.store.read() as connection:
        assert step_ups.of_id(connection, report_id) is None


def test_below_it_what_is_released_meets_the_usual_limits(any_site: Site) -> None:
    site = with_a_small_hour(any_site)
    in_level(site, Level.FULL)
    report_id = send(site, a_tool(site, vouched=False), on_sale(site, HOUR))
    decide_reports(site.runtime, release_report(site.runtime, site.account_manager, signature_of(site, report_id)))
    with site.runtime.store.read() as connection:
        removals = actions.latest(connection, site.marketplace_id, kind=None, state=None, most=10)
    assert {removal.stepped_up for removal in removals} == {False}


def test_a_rival_neither_releases_nor_stops(signed_site: Site) -> None:
    site, rival = signed_site, a_rival(signed_site)
    report_id = send(site, a_tool(site, vouched=False), on_sale(site, 1))
    with pytest.raises(NotFound):
        release_report(site.runtime, rival, signature_of(site, report_id))
    with pytest.raises(NotFound):
        stop_report(site.runtime, rival, report_id)
    with pytest.raises(NotFound):
        report_of_link(site.runtime, stop_path(site.runtime, rival.user_id, report_id).rpartition("/")[2])


def test_an_interrupted_signed_report_goes_on_as_it_was_signed(signed_site: Site) -> None:
    site, tool = signed_site, a_tool(signed_site)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("serving.reports.service.submitting.settle_listing", lambda *_: 1 / 0)
        answer = a_client(site.runtime).post(PATH, json=body(site, on_sale(site, 2)), headers=named("a"), auth=tool)
    assert answer.status_code == 500
    assert finish_reports(site.runtime) == 1
    with site.runtime.store.read() as connection:
        removals = actions.latest(connection, site.marketplace_id, kind=None, state=None, most=10)
    assert [removal.stepped_up for removal in removals] == [True] * 2
    assert stored_mails(site, MailKind.REMOVALS_TOLD) == [], "the key is no new device"
    assert finish_reports(site.runtime) == 0


def test_the_account_manager_releases_on_the_brands_page_and_a_colleague_on_the_reports_page(signed_site: Site) -> None:
    site, manager = signed_site, visit_as(signed_site, signed_site.account_manager)
    tool = a_tool(site, vouched=False)
    report_id = send(site, tool, on_sale(site, 1))
    page = words(manager.get(f"/brands/{site.brand_id}").text)
    assert "signed by Crawler" in page
    assert "It is the first report by this key." in page
    assert manager.post(f"/brands/{site.brand_id}/reports/{report_id}/release").status_code == 303
    assert state_of(site, report_id) is ReportState.DECIDED
    waiting = send(site, tool, on_sale(site, OVER, start=10), "large")
    colleague = visit_as(site, invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle"))
    assert "Release report" in words(colleague.get(f"/brand/reports/{waiting}").text)
    assert colleague.post(f"/brand/reports/{waiting}/release").status_code == 303
    assert state_of(site, waiting) is ReportState.DECIDED
    assert visit_as(site, a_rival(site)).post(f"/brand/reports/{waiting}/release").status_code == 404


def with_address(site: Site, tool: Tool, url: str) -> Site:
    """The site, where this address is the tool's and may be one of this machine."""
    (account,) = site.read(service_accounts.accounts_of_brand, site.pair)
    with site.runtime.store.write() as connection:
        service_accounts.change_account(connection, account, callback_url=url)
    policy = replace(site.runtime.policies[ServiceAccountPolicy], callbacks_on_loopback=True)
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(policy)))


def told_after(site: Site, receiver: Receiver, **passed: float) -> list[dict[str, Any]]:
    """What the tool has been told once that much time has passed."""
    site.clock.forward(**passed)
    runtime = replace(site.runtime, wall=SystemClock())  # The receiver checks the signatures by real time.
    for marketplace_id in callbacks.marketplaces_due(runtime):
        callbacks.send_callbacks(runtime, marketplace_id)
    return [message["data"] for message in receiver.deliveries if message["heard"]]


def test_the_tool_is_told_of_the_end_of_its_report_once_its_removals_were_sent(signed_site: Site) -> None:
    tool = a_tool(signed_site)
    with a_receiver() as receiver, a_marketplace_that_listens(signed_site):
        site = with_address(signed_site, tool, receiver.url)
        receiver.secret = callbacks.callback_secret(site.runtime, tool.account_id, receiver.url)
        report_id = send(site, tool, on_sale(site, HOUR))
        assert told_after(site, receiver) == []
        assert told_after(site, receiver, minutes=70) == []
        send_due(site)
        (message,) = told_after(site, receiver, minutes=11)
        assert (message["report_id"], message["state"]) == (report_id, "decided")
        assert (message["counts"]["items"], message["counts"]["removed"]) == (HOUR, HOUR)
        assert len(told_after(site, receiver, days=1)) == 1
    lines = [delivery["type"] for delivery in receiver.deliveries]
    assert lines == ["report.completed"]


def test_a_message_that_fails_is_sent_again_and_given_up_after_a_week(site: Site) -> None:
    in_level(site, Level.SIGNED_VOLUME)
    tool = a_tool(site)
    with a_receiver() as receiver:
        receiver.answer_to = lambda _: 503
        told_site = with_address(site, tool, receiver.url)
        receiver.secret = callbacks.callback_secret(told_site.runtime, tool.account_id, receiver.url)
        send(told_site, tool, ["not on sale"])
        for _ in range(3):
            assert told_after(told_site, receiver, minutes=11) == []
        assert len({delivery["id"] for delivery in receiver.deliveries}) == 1
        assert told_after(told_site, receiver, days=8) == []
        tried = len(receiver.deliveries)
        assert tried >= 3
        assert told_after(told_site, receiver, days=2) == []
    assert len(receiver.deliveries) == tried


def test_of_a_tool_that_fails_one_message_is_tried_and_the_others_wait(site: Site) -> None:
    in_level(site, Level.SIGNED_VOLUME)
    tool = a_tool(site)
    with a_receiver() as receiver:
        receiver.answer_to = lambda _: 503
        told_site = with_address(site, tool, receiver.url)
        receiver.secret = callbacks.callback_secret(told_site.runtime, tool.account_id, receiver.url)
        for key in ("first", "second"):
            send(told_site, tool, ["not on sale"], key)
        assert told_after(told_site, receiver) == []
        assert len(receiver.deliveries) == 1
        receiver.answer_to = None
        assert len(told_after(told_site, receiver, minutes=11)) == 2


def test_an_account_that_has_ended_is_told_nothing(site: Site) -> None:
    in_level(site, Level.SIGNED_VOLUME)
    lead = a_leader(site)
    tool = a_tool(site, lead=lead)
    with a_receiver() as receiver:
        told_site = with_address(site, tool, receiver.url)
        receiver.secret = callbacks.callback_secret(told_site.runtime, tool.account_id, receiver.url)
        send(told_site, tool, ["not on sale"])
        end_account(site.runtime, lead, site.pair, tool.account_id)
        assert told_after(told_site, receiver, minutes=11) == []


def test_without_an_address_and_for_a_report_by_page_nothing_is_due(site: Site) -> None:
    in_level(site, Level.SIGNED_VOLUME)
    tool, names = a_tool(site), on_sale(site, 2)
    send(site, tool, names[:1])
    with_address(site, tool, "https://tools.aurelle.example/reports")
    report(site, names[1:], "by page")
    assert callbacks.marketplaces_due(site.runtime) == []
