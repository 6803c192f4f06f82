import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from models.case import CaseLane
from models.errors import NotFound
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.takedowns.store import actions
from serving.webhooks.client import check_secret
from serving.webhooks.rules.action import ActionState
from serving.webhooks.service.receivers import pause_receiver
from serving.webhooks.service.signing_secrets import signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint
from tests.fixtures.receivers import Receiver, deliver, mark_endpoint_proven
from tests.fixtures.reporting import a_marketplace_that_listens
from tests.fixtures.runtimes import PASSWORD, Site, a_case, judge
from tests.serving.web.visits import an_administrator, visit_as, words

PATH = "/operations/deliveries"
ATTACK = "<script>alert(1)</script>"


@pytest.fixture
def receiver(site: Site) -> Iterator[Receiver]:
    with a_marketplace_that_listens(site) as receiver:
        yield receiver


def a_dead_letter(site: Site, external_id: str) -> str:
    """A removal that was given up on."""
    removal = judge(
        site,
        site.brand_person,
        a_case(site, CaseLane.ASK_BRAND, external_id=external_id, title=f"Aure11e Colline 1:1 {external_id}"),
        Judgement.COUNTERFEIT,
    ).action
    assert removal is not None
    site.clock.forward(seconds=180)
    deliver(site.runtime, site.marketplace_id, removal.action_id)
    site.clock.forward(hours=24 * 8)
    assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "dead"
    return removal.action_id


def state(site: Site, action_id: str) -> ActionState:
    return site.read(actions.get, site.marketplace_id, action_id).state


def test_what_was_given_up_on_is_sent_again_one_by_one_or_all(site: Site) -> None:
    first, second, third = (a_dead_letter(site, f"{ATTACK}{i}") for i in range(3))
    admin = visit_as(site, an_administrator(site))
    page = admin.get(PATH)
    assert ATTACK not in page.text
    assert "Dead letters 3" in words(page.text)
    answer = admin.post(f"{PATH}/replay", {"action_id": second})
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert [state(site, action_id) for action_id in (first, second, third)] == ["dead", "sending", "dead"]
    assert "Sent again." in words(admin.get(PATH).text)
    assert admin.post(f"{PATH}/replay").status_code == 404, "nothing by default"
    assert "sending" not in {state(site, action_id) for action_id in (first, third)}
    admin.post(f"{PATH}/replay", {"all": "yes"})
    assert [state(site, action_id) for action_id in (first, second, third)] == ["sending", "sending", "sending"]
    assert admin.post(f"{PATH}/replay", {"action_id": "act_of_another_marketplace"}).status_code == 404


def test_who_does_not_administer_reads_and_sends_nothing_again(site: Site) -> None:
    action_id = a_dead_letter(site, "MP-1")
    for person in (site.analyst, site.data_scientist):
        visitor = visit_as(site, person)
        page = visitor.get(PATH).text
        assert "MP-1" in page
        assert "Resend message" not in page
        assert visitor.post(f"{PATH}/replay", {"action_id": action_id}).status_code == 403
    assert state(site, action_id) is ActionState.DEAD


def test_a_failing_delivery_is_shown_with_its_response_and_its_next_attempt(site: Site, receiver: Receiver) -> None:
    answer = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id="MP-9"), Judgement.COUNTERFEIT)
    assert answer.action is not None
    receiver.answer = lambda _number: 503
    site.clock.forward(seconds=180)
    assert deliver(site.runtime, site.marketplace_id, answer.action.action_id) == "failed"
    text = words(visit_as(site, site.analyst).get(PATH).text)
    assert "Remove MP-9" in text
    assert "503" in text
    receiver.answer = lambda _number: 204
    site.clock.forward(hours=1)
    assert deliver(site.runtime, site.marketplace_id, answer.action.action_id) == "acknowledged"
    site.clock.forward(hours=1)
    page = visit_as(site, site.analyst).get(PATH).text
    assert "No failing deliveries." in page
    assert "1 acknowledgement since" in page


def test_a_page_of_a_marketplace_that_removed_nothing_says_so(site: Site) -> None:
    site.clock.forward(seconds=timedelta(days=1).total_seconds())
    text = words(visit_as(site, site.data_scientist).get(PATH).text)
    assert "No dead letters." in text
    assert "no verified removals, last 30 days" in text


WEBHOOK_PATH = "/operations/webhook"
URL = "https://93.184.216.34/touchstone"
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def in_force(site: Site) -> Endpoint | None:
    return site.read(endpoints.endpoint_in_force, site.marketplace_id)


def test_a_receiver_is_registered_and_its_secret_shown_once(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    assert "No endpoint registered." in words(admin.get(WEBHOOK_PATH).text)
    refused = admin.post(f"{WEBHOOK_PATH}/register", {"password": PASSWORD, "url": "http://127.0.0.1:9/hook"})
    assert refused.status_code == 422
    response = admin.post(
        f"{WEBHOOK_PATH}/register", {"password": PASSWORD, "url": URL, "status_url": f"{URL}/{{listing}}"}
    )
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    (secret,) = _SECRET.findall(response.text)
    check_secret(secret)
    endpoint = in_force(site)
    assert endpoint is not None
    assert (endpoint.url, endpoint.status_url) == (URL, f"{URL}/{{listing}}")
    assert signing_secrets(site.runtime, endpoint, site.clock.now()) == (secret,)
    assert _SECRET.findall(admin.get(WEBHOOK_PATH).text) == []


def test_a_secret_is_changed_with_an_overlap_or_at_once(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    admin.post(f"{WEBHOOK_PATH}/register", {"password": PASSWORD, "url": URL})
    (second,) = _SECRET.findall(
        admin.post(f"{WEBHOOK_PATH}/secret", {"password": PASSWORD, "overlap_hours": "24"}).text
    )
    endpoint = in_force(site)
    assert endpoint is not None
    assert signing_secrets(site.runtime, endpoint, site.clock.now())[0] == second
    assert len(signing_secrets(site.runtime, endpoint, site.clock.now())) == 2
    assert "Secret overlap" in words(admin.get(WEBHOOK_PATH).text)
    for hours in ("", "1.5", "169", "-1"):
        assert admin.post(f"{WEBHOOK_PATH}/secret", {"password": PASSWORD, "overlap_hours": hours}).status_code == 422
    (third,) = _SECRET.findall(admin.post(f"{WEBHOOK_PATH}/secret", {"password": PASSWORD, "overlap_hours": "0"}).text)
    now = in_force(site)
    assert now is not None
    assert signing_secrets(site.runtime, now, site.clock.now()) == (third,)


def test_a_receiver_rests_is_woken_and_taken_off(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    admin.post(f"{WEBHOOK_PATH}/register", {"password": PASSWORD, "url": URL})
    endpoint = in_force(site)
    assert endpoint is not None
    named = {"endpoint_id": endpoint.endpoint_id}
    assert admin.post(f"{WEBHOOK_PATH}/wake", named).status_code == 409, "it does not rest"
    assert admin.post(f"{WEBHOOK_PATH}/pause", {**named, "hours": "73"}).status_code == 422
    assert admin.post(f"{WEBHOOK_PATH}/pause", {**named, "hours": "4"}).status_code == 303
    assert "then one message tests the endpoint" in words(admin.get(WEBHOOK_PATH).text)
    mark_endpoint_proven(site)
    assert admin.post(f"{WEBHOOK_PATH}/pause", {**named, "hours": "4"}).status_code == 303
    assert "Deliveries are paused until" in words(admin.get("/operations").text)
    assert admin.post(f"{WEBHOOK_PATH}/wake", named).status_code == 303
    rested = in_force(site)
    assert rested is not None
    assert rested.paused_until is None
    assert admin.post(f"{WEBHOOK_PATH}/disable", {**named, "reason": " "}).status_code == 422
    assert admin.post(f"{WEBHOOK_PATH}/disable", {"endpoint_id": "end_other", "reason": "x"}).status_code == 404
    assert admin.post(f"{WEBHOOK_PATH}/disable", {**named, "reason": "Moved."}).status_code == 303
    assert in_force(site) is None


def test_a_rest_that_somebody_asked_for_ends_with_the_first_answer_to_a_message_sent_in_it(any_site: Site) -> None:
    provisioning.register_webhook(
        any_site.runtime, url=URL, allow_loopback=False, marketplace=None, secret=None, by="test"
    )
    endpoint = in_force(any_site)
    assert endpoint is not None
    pause_receiver(any_site.runtime, any_site.marketplace, endpoint.endpoint_id, hours=1, by="test")
    resting = in_force(any_site)
    assert resting is not None
    with any_site.runtime.store.write() as connection:
        assert not endpoints.record_recovery(connection, endpoint), "that message was under way when the rest began"
        assert endpoints.record_recovery(connection, resting), "although nothing had failed"
    again = in_force(any_site)
    assert again is not None
    assert again.paused_until is None
    with pytest.raises(NotFound):
        pause_receiver(any_site.runtime, any_site.marketplace, "end_other", hours=1, by="test")
