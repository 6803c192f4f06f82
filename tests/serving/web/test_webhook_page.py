import re

import pytest

from models.errors import NotFound
from serving.administration.service import provisioning
from serving.delivery.service.receivers import pause_receiver
from serving.webhooks.client import check_secret
from serving.webhooks.service import signing_secrets
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint
from tests.fixtures.receivers import proven
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.operating import an_administrator
from tests.serving.web.visits import visit_as, words

PATH = "/operations/webhook"
URL = "https://93.184.216.34/touchstone"
_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]+")


def in_force(site: Site) -> Endpoint | None:
    return site.read(endpoints.in_force, site.here)


def test_a_receiver_is_registered_and_its_secret_shown_once(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    assert "No endpoint registered." in words(admin.get(PATH).text)
    refused = admin.post(f"{PATH}/register", {"password": PASSWORD, "url": "http://127.0.0.1:9/hook"})
    assert refused.status_code == 422
    made = admin.post(f"{PATH}/register", {"password": PASSWORD, "url": URL, "status_url": f"{URL}/{{listing}}"})
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    (secret,) = _SECRET.findall(made.text)
    check_secret(secret)
    found = in_force(site)
    assert found is not None
    assert (found.url, found.status_url) == (URL, f"{URL}/{{listing}}")
    assert signing_secrets(site.runtime, found, site.clock.now()) == (secret,)
    assert _SECRET.findall(admin.get(PATH).text) == []


def test_a_secret_is_changed_with_an_overlap_or_at_once(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    admin.post(f"{PATH}/register", {"password": PASSWORD, "url": URL})
    (second,) = _SECRET.findall(admin.post(f"{PATH}/secret", {"password": PASSWORD, "overlap_hours": "24"}).text)
    found = in_force(site)
    assert found is not None
    assert signing_secrets(site.runtime, found, site.clock.now())[0] == second
    assert len(signing_secrets(site.runtime, found, site.clock.now())) == 2
    assert "Secret overlap" in words(admin.get(PATH).text)
    for hours in ("", "1.5", "169", "-1"):
        assert admin.post(f"{PATH}/secret", {"password": PASSWORD, "overlap_hours": hours}).status_code == 422
    (third,) = _SECRET.findall(admin.post(f"{PATH}/secret", {"password": PASSWORD, "overlap_hours": "0"}).text)
    now = in_force(site)
    assert now is not None
    assert signing_secrets(site.runtime, now, site.clock.now()) == (third,)


def test_a_receiver_rests_is_woken_and_taken_off(site: Site) -> None:
    admin = visit_as(site, an_administrator(site))
    admin.post(f"{PATH}/register", {"password": PASSWORD, "url": URL})
    found = in_force(site)
    assert found is not None
    named = {"endpoint_id": found.endpoint_id}
    assert admin.post(f"{PATH}/wake", named).status_code == 409, "it does not rest"
    assert admin.post(f"{PATH}/pause", {**named, "hours": "73"}).status_code == 422
    assert admin.post(f"{PATH}/pause", {**named, "hours": "4"}).status_code == 303
    assert "then one message tests the endpoint" in words(admin.get(PATH).text)
    proven(site)
    assert admin.post(f"{PATH}/pause", {**named, "hours": "4"}).status_code == 303
    assert "Deliveries are paused until" in words(admin.get("/operations").text)
    assert admin.post(f"{PATH}/wake", named).status_code == 303
    rested = in_force(site)
    assert rested is not None
    assert rested.paused_until is None
    assert admin.post(f"{PATH}/disable", {**named, "reason": " "}).status_code == 422
    assert admin.post(f"{PATH}/disable", {"endpoint_id": "end_other", "reason": "x"}).status_code == 404
    assert admin.post(f"{PATH}/disable", {**named, "reason": "Moved."}).status_code == 303
    assert in_force(site) is None


def test_a_rest_that_somebody_asked_for_ends_with_the_first_answer_to_a_message_sent_in_it(any_site: Site) -> None:
    provisioning.register_webhook(
        any_site.runtime, url=URL, allow_loopback=False, marketplace=None, secret=None, by="test"
    )
    found = in_force(any_site)
    assert found is not None
    pause_receiver(any_site.runtime, any_site.marketplace, found.endpoint_id, hours=1, by="test")
    resting = in_force(any_site)
    assert resting is not None
    with any_site.runtime.store.write() as connection:
        assert not endpoints.recovered(connection, found), "that message was under way when the rest began"
        assert endpoints.recovered(connection, resting), "although nothing had failed"
    again = in_force(any_site)
    assert again is not None
    assert again.paused_until is None
    with pytest.raises(NotFound):
        pause_receiver(any_site.runtime, any_site.marketplace, "end_other", hours=1, by="test")
