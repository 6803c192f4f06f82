"""Limits and large reports on pages: foreseen, confirmed with a second factor, and stopped by those who were told."""

import pytest

from serving.accounts.service import one_time_codes
from serving.accounts.store import second_factors
from serving.app import create_app
from serving.guards import guards_of
from serving.mail.rules.kinds import MailKind
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import actions
from tests.fixtures.factors import App, Authenticator, an_app, on_real_time
from tests.fixtures.mails import stored_mails
from tests.fixtures.reporting import a_leader, action_states, on_sale, report, right_of
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.stepping_up import HOUR, OVER, confirmed_report, in_full_standing, with_a_small_hour
from tests.serving.web.visits import Visitor, a_visitor, hidden_fields, visit_as, words


@pytest.fixture
def limited_site(site: Site) -> Site:
    return on_real_time(with_a_small_hour(in_full_standing(site)), public_url="http://testserver")


def with_code(site: Site, app: App) -> Visitor:
    """The brand's person, signed in with both factors."""
    visitor = a_visitor(site)
    response = visitor.post("/sign-in", {"email": site.brand_person.email, "password": PASSWORD})
    visitor.csrf_token = hidden_fields(visitor.get(response.headers["location"]).text)["csrf_token"]
    visitor.post("/sign-in/second-step", {"code": app.code(site)})
    site.clock.forward(seconds=30)
    visitor.csrf_token = hidden_fields(visitor.get("/brand/reports").text)["csrf_token"]
    return visitor


def typed_report(site: Site, names: list[str]) -> dict[str, str]:
    return {
        "right_id": right_of(site),
        "marketplace_id": site.marketplace_id,
        "reason_code": "trademark_counterfeit",
        "listings": "\n".join(names),
        "good_faith": "yes",
        "key": "key_1",
    }


def a_day_old(site: Site) -> App:
    a_leader(site)
    app, _ = an_app(site, site.brand_person)
    site.clock.forward(days=1)
    return app


def test_a_large_report_is_foreseen_sent_and_confirmed_on_its_page(limited_site: Site) -> None:
    visitor, names = with_code(limited_site, a_day_old(limited_site)), on_sale(limited_site, HOUR + 3)
    app = App(_secret(limited_site))
    seen = words(visitor.post("/brand/reports/preview", typed_report(limited_site, names)).text)
    assert f"Removal scheduled: {HOUR}Pending approval: 3" in seen
    assert f"Removal scheduled: {HOUR + 3}" in seen
    assert "Send with second factor" in seen
    address = visitor.post("/brand/reports", {**typed_report(limited_site, names), "way": "step_up"}).headers[
        "location"
    ]
    assert "Confirm with your second factor" in words(visitor.get(address).text)
    assert visitor.post(address + "/step-up", {"code": "000000"}).status_code == 422
    assert visitor.post(address + "/step-up", {"code": app.code(limited_site)}).headers["location"] == address
    assert action_states(limited_site) == {"scheduled": HOUR + 3}
    page = words(visitor.get(address).text)
    assert "It is sent after" in page
    assert "Stop whole report" in page
    assert visitor.post(address + "/stop").headers["location"] == address
    assert action_states(limited_site) == {"withdrawn": HOUR + 3}


def _secret(site: Site) -> str:
    (factor,) = site.read(second_factors.confirmed_factors, site.brand_person.user_id)
    return one_time_codes.secret_of(site.runtime, factor)


def test_without_a_factor_the_preview_says_why_and_the_page_sends_it_with_the_usual_limits(limited_site: Site) -> None:
    a_leader(limited_site)
    visitor, names = visit_as(limited_site, limited_site.brand_person), on_sale(limited_site, HOUR + 3)
    seen = words(visitor.post("/brand/reports/preview", typed_report(limited_site, names)).text)
    assert "A second factor cannot lift the limits now: You have no second factor." in seen
    address = visitor.post("/brand/reports", {**typed_report(limited_site, names), "way": "step_up"}).headers[
        "location"
    ]
    page = words(visitor.get(address).text)
    assert f"Waits for a person: {HOUR + 3}" in page
    assert "You have no second factor. Set one up in your settings." in page
    limited_site.clock.forward(minutes=4)
    assert "Retract" not in words(visitor.get(address).text)
    visitor.post(address + "/withdraw", {"item:1": "yes"})
    visitor.post(address + "/send")
    assert action_states(limited_site) == {"scheduled": HOUR, "pending_approval": 2}


def test_a_small_report_says_nothing_of_a_second_factor(limited_site: Site) -> None:
    visitor = visit_as(limited_site, limited_site.brand_person)
    assert "second factor" not in words(
        visitor.post("/brand/reports/preview", typed_report(limited_site, on_sale(limited_site, 3))).text
    )


def test_the_account_manager_stops_it_on_the_page_of_the_brand_with_one_click(limited_site: Site) -> None:
    report_id, _, _ = confirmed_report(limited_site, OVER)
    manager = visit_as(limited_site, limited_site.account_manager)
    address = f"/brands/{limited_site.brand_id}"
    page = manager.get(f"{address}?at={limited_site.marketplace_id}").text
    assert "Large reports" in words(page)
    assert f'action="{address}/reports/{report_id}/stop"' in page
    assert manager.post(f"{address}/reports/{report_id}/stop").headers["location"] == address
    assert action_states(limited_site) == {"withdrawn": OVER}
    assert "Stopped by Lena Okafor." in words(manager.get(f"{address}?at={limited_site.marketplace_id}").text)


def test_the_mailed_link_asks_first_and_stops_without_a_sign_in(limited_site: Site) -> None:
    report_id, _, _ = confirmed_report(limited_site, OVER)
    address = stop_path(limited_site.runtime, limited_site.account_manager.user_id, report_id)
    visitor = a_visitor(limited_site)
    assert "Do you want to stop this report?" in words(visitor.get(address).text)
    assert action_states(limited_site) == {"scheduled": OVER}
    assert visitor.post(address, None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    done = words(visitor.post(address).text)
    assert f"{OVER} listings of the report stay on sale." in done
    assert "Stopped by" in done
    assert action_states(limited_site) == {"withdrawn": OVER}
    assert visitor.post(address).status_code == 409


def test_a_report_of_the_night_leaves_in_the_morning_or_on_approval(limited_site: Site) -> None:
    until_night = (20 - limited_site.clock.now().hour) % 24
    limited_site.clock.forward(hours=until_night)
    report_id, _, _ = confirmed_report(limited_site, OVER)
    address, visitor = (
        stop_path(limited_site.runtime, limited_site.account_manager.user_id, report_id),
        a_visitor(limited_site),
    )
    limited_site.clock.forward(hours=2)
    assert due_count(limited_site) == 0
    assert "The report came outside your working hours." in words(visitor.get(address).text)
    own = stop_path(limited_site.runtime, limited_site.brand_person.user_id, report_id)
    assert visitor.post(f"{own}/approve").status_code == 409
    assert visitor.post(f"{address}/approve", None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert due_count(limited_site) == 0
    assert "The removals are sent once their hour is over." in words(visitor.post(f"{address}/approve").text)
    assert due_count(limited_site) == OVER


def due_count(site: Site) -> int:
    """The number of removals that are sent by now."""
    removals = site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=100)
    return sum(removal.due_at is not None and removal.due_at <= site.clock.now() for removal in removals)


def test_after_the_hour_the_link_says_that_it_is_too_late(limited_site: Site) -> None:
    report_id, _, _ = confirmed_report(limited_site, OVER)
    limited_site.clock.forward(minutes=61)
    page = a_visitor(limited_site).get(stop_path(limited_site.runtime, limited_site.account_manager.user_id, report_id))
    assert "can no longer be stopped" in words(page.text)


def test_the_limits_say_how_many_are_left_and_from_when_more(limited_site: Site) -> None:
    visitor = with_code(limited_site, a_day_old(limited_site))
    report(limited_site, on_sale(limited_site, 1))
    page = words(visitor.get("/brand/limits").text)
    assert f"Now, {HOUR - 1} listings can be removed on your confirmation without approval." in page
    assert f"Your removals in an hour {HOUR - 1} of {HOUR} left" in page
    assert "Your removals in a week 119 of 120 left" in page
    assert "from 200 sales and 5,000 US dollars in twelve months" in page


@pytest.mark.attack
def test_without_a_fresh_proof_nobody_is_told_how_many_are_left(limited_site: Site) -> None:
    report(limited_site, on_sale(limited_site, 1))
    _tells_no_count(visit_as(limited_site, limited_site.brand_person))
    with_both = with_code(limited_site, a_day_old(limited_site))
    limited_site.clock.forward(minutes=10)
    _tells_no_count(with_both)


def _tells_no_count(visitor: Visitor) -> None:
    page = words(visitor.get("/brand/limits").text)
    assert " left" not in page.replace("to see what is left", "")
    assert "Your removals in a day at most 40" in page
    limits = visitor.client.get("/api/v1/brand/limits", headers={"accept": "application/json"}).json()
    numbers = [limits["person"], limits["brand"], *limits["budgets"]]
    assert {limits["counts_shown"], limits["leave_now"], *(limit["used"] for limit in numbers)} == {False, None}


def test_the_limits_of_a_listing_include_its_sellers(site: Site) -> None:
    usual_site = on_real_time(in_full_standing(site), public_url="http://testserver")
    names = on_sale(usual_site, 11, seller="one-shop")
    visitor = with_code(usual_site, a_day_old(usual_site))
    report(usual_site, names[:10])
    page = words(visitor.get(f"/brand/limits?listing={names[10]}").text)
    assert "Removals of one seller in an hour at most 10" in page
    assert 'v-w">at most 10<' in visitor.get(f"/brand/limits?listing={names[10]}").text, "it stops the removal"
    assert "What you confirm now waits for approval." in page


def test_by_api_a_large_report_waits_for_a_person_and_the_limits_are_told(limited_site: Site) -> None:
    a_leader(limited_site)
    visitor, names = visit_as(limited_site, limited_site.brand_person), on_sale(limited_site, OVER)
    headers = {"x-touchstone-csrf": visitor.csrf_token, "idempotency-key": "k-1", "accept": "application/json"}
    limits = visitor.client.get("/api/v1/brand/limits", headers=headers).json()
    assert (limits["person"]["limit"], limits["brand"]["limit"]) == (HOUR, 40)
    assert limits["step_up"]["available"] is False
    body = {
        "right_id": right_of(limited_site),
        "reason_code": "trademark_counterfeit",
        "listings": names,
        "good_faith": True,
    }
    dry = visitor.client.post(
        "/api/v1/brand/reports", json={**body, "dry_run": True}, headers={**headers, "idempotency-key": "k-0"}
    ).json()
    assert {listing["code"] for listing in dry["items"]} == {"step_up"}
    sent_report = visitor.client.post("/api/v1/brand/reports", json=body, headers=headers).json()
    assert (sent_report["counts"]["awaits_step_up"], {listing["code"] for listing in sent_report["items"]}) == (
        OVER,
        {"step_up"},
    )
    again = visitor.client.get(f"/api/v1/brand/reports/{sent_report['report_id']}", headers=headers).json()
    assert {listing["state"] for listing in again["items"]} == {"awaits_step_up"}
    assert action_states(limited_site) == {}


@pytest.mark.attack
def test_no_door_of_the_api_confirms_a_report(limited_site: Site) -> None:
    assert [
        door for door in guards_of(create_app(limited_site.runtime)) if "/step-up" in door and "/api/" in door
    ] == []


def test_a_passkey_is_asked_for_on_the_page_of_the_report(limited_site: Site) -> None:
    app = a_day_old(limited_site)
    visitor = with_code(limited_site, app)
    key = Authenticator(origin="http://testserver", rp_id="testserver")
    options = visitor.post("/settings/second-factor/passkey/options", {"password": PASSWORD})
    visitor.post("/settings/second-factor/passkey", {"credential": key.create(options.text), "name": ""})
    limited_site.clock.forward(days=1)
    visitor = with_code(limited_site, app)
    address = visitor.post(
        "/brand/reports", {**typed_report(limited_site, on_sale(limited_site, OVER)), "way": "step_up"}
    ).headers["location"]
    assert "Use passkey" in visitor.get(address).text
    challenge = visitor.post(address + "/step-up/passkey")
    visitor.post(address + "/step-up", {"credential": key.get(challenge.text), "code": ""})
    assert action_states(limited_site) == {"scheduled": OVER}


@pytest.mark.parametrize(("sign_ins", "mails"), [(2, 0), (1, 2)], ids=["a browser that is known", "a new one"])
def test_a_report_by_page_is_told_as_from_a_new_device_where_it_is(
    limited_site: Site, sign_ins: int, mails: int
) -> None:
    site, visitor = limited_site, a_visitor(limited_site)
    for _ in range(sign_ins):
        visitor.post("/sign-in", {"email": site.brand_person.email, "password": PASSWORD})
    visitor.csrf_token = hidden_fields(visitor.get("/brand/reports").text)["csrf_token"]
    assert visitor.post("/brand/reports", typed_report(site, on_sale(site, 2))).status_code == 303
    assert action_states(site) == {"scheduled": 2}
    assert len(stored_mails(site, MailKind.REMOVALS_TOLD)) == mails
