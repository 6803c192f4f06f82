"""Second factors on pages and by API: at the sign-in, in the settings, and required in production."""

import json
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from serving.accounts.rules.access import Person, Role
from serving.guards import cookie_name
from serving.mail.tables import mail
from serving.platform.sealing import Sealer
from tests.fixtures.clients import a_client
from tests.fixtures.factors import App, Authenticator, an_app, on_real_time
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.serving.web.visits import Visitor, a_visitor, hidden_fields, visit_as, words

PLACE = "/settings/second-factor"
_SECRET = re.compile(r'<p class="mono">([A-Z2-7 ]+)</p>')


@pytest.fixture
def timed_site(site: Site) -> Site:
    # Without https, so that the client of a test sends the cookie back.
    return on_real_time(site, public_url="http://testserver")


def at_the_second_step(site: Site, person: Person, following: str = "/queue?lane=audit") -> Visitor:
    visitor = a_visitor(site)
    answer = visitor.post("/sign-in", {"email": person.email, "password": PASSWORD, "next": following})
    assert answer.headers["location"].startswith("/sign-in/second-step")
    visitor.csrf_token = hidden_fields(visitor.get(answer.headers["location"]).text)["csrf_token"]
    return visitor


def test_the_sign_in_asks_for_the_code_and_then_goes_on(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    visitor = at_the_second_step(timed_site, timed_site.analyst)
    assert visitor.get("/queue").status_code == 303
    wrong = visitor.post("/sign-in/second-step", {"code": "000000"})
    assert wrong.status_code == 422
    assert "The code is wrong or was used before." in words(wrong.text)
    done = visitor.post("/sign-in/second-step", {"code": app.code(timed_site), "next": "/queue?lane=audit"})
    assert done.headers["location"] == "/queue?lane=audit"
    assert visitor.get("/queue").status_code == 200


def test_a_passkey_is_offered_to_those_who_have_one_and_signs_in(timed_site: Site) -> None:
    visitor = visit_as(timed_site, timed_site.analyst)
    key = Authenticator(origin="http://testserver", rp_id="testserver")
    options = visitor.post(PLACE + "/passkey/options", {"password": PASSWORD})
    visitor.post(PLACE + "/passkey", {"credential": key.create(options.text), "name": "Laptop"})
    assert "They are shown only once." in words(
        a_visitor(timed_site).post(mailed_link(timed_site, timed_site.analyst)).text
    )
    waiting = at_the_second_step(timed_site, timed_site.analyst)
    assert "Use passkey" in waiting.get("/sign-in/second-step").text
    challenge = waiting.post("/sign-in/second-step/passkey")
    assert json.loads(challenge.text)["userVerification"] == "required"
    assert waiting.post("/sign-in/second-step", {"credential": key.get(challenge.text), "code": ""}).status_code == 303
    assert waiting.get("/queue").status_code == 200


def mailed_link(site: Site, person: Person) -> str:
    """The path of the last link that was mailed to a person."""
    with site.runtime.store.read() as connection:
        links = select(mail.c.secret_link).where(mail.c.user_id == person.user_id, mail.c.secret_link.is_not(None))
        link = connection.execute(links.order_by(mail.c.mail_id.desc())).scalars().first()
    return site.runtime.services[Sealer].open(link or "")


def test_an_invited_analyst_in_production_gets_to_the_queue_by_password_factor_and_mailed_link(site: Site) -> None:
    production_site = on_real_time(site, production=True, public_url="http://testserver")
    visitor = visit_as(production_site, production_site.analyst)
    assert visitor.get("/queue").headers["location"] == PLACE
    page = visitor.post(PLACE + "/app", {"password": PASSWORD}).text
    assert '<svg class="qr" viewBox="0 0 ' in page
    secret = _SECRET.search(page)
    assert secret is not None
    assert not _SECRET.search(visitor.get(PLACE).text), "no page shows the key again"
    app = App(secret[1].replace(" ", ""))
    visitor.post(PLACE + "/app/confirm", {"code": app.code(production_site), "name": "My phone"})
    assert "the folder “mail” of the data directory" in words(visitor.get(PLACE).text)
    owner, link = a_visitor(production_site), mailed_link(production_site, production_site.analyst)
    assert "My phone" in words(owner.get(link).text)
    assert owner.get(link).status_code == 200, "loading the page confirms nothing"
    assert owner.post(link, None, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert len(re.findall(r"<li>[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4}</li>", owner.post(link).text)) == 10
    assert owner.get(link).status_code == 404
    production_site.clock.forward(seconds=30)
    later = at_the_second_step(production_site, production_site.analyst)
    later.post("/sign-in/second-step", {"code": app.code(production_site)})
    assert later.get("/queue").status_code == 200
    assert "Counts for large reports from" in words(later.get(PLACE).text)


def test_the_page_asks_for_a_proof_after_ten_minutes(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    visitor = at_the_second_step(timed_site, timed_site.analyst)
    visitor.post("/sign-in/second-step", {"code": app.code(timed_site)})
    visitor.csrf_token = hidden_fields(visitor.get(PLACE).text)["csrf_token"]
    timed_site.clock.forward(minutes=10)
    assert "Confirm that it is you" in words(visitor.get(PLACE).text)
    refused = visitor.post(PLACE + "/app", {"password": PASSWORD})
    assert refused.status_code == 403
    assert "Confirm that it is you first." in words(refused.text)
    assert visitor.post(PLACE + "/prove", {"code": app.code(timed_site)}).headers["location"] == PLACE
    assert visitor.post(PLACE + "/app", {"password": PASSWORD}).status_code == 200


@pytest.mark.attack
@pytest.mark.parametrize("place", ["/sign-in/second-step", PLACE + "/prove", PLACE + "/app"])
def test_the_fifth_wrong_proof_leads_to_the_sign_in(timed_site: Site, place: str) -> None:
    visitor = visit_as(timed_site, timed_site.analyst)
    if place == "/sign-in/second-step":
        an_app(timed_site, timed_site.analyst)
        visitor = at_the_second_step(timed_site, timed_site.analyst)
    for _ in range(4):
        assert visitor.post(place, {"code": "000000", "password": "wrong horse battery"}).status_code == 422
    assert visitor.post(place, {"code": "000000", "password": "?"}).headers["location"] == "/sign-in"


@pytest.mark.attack
@pytest.mark.parametrize("path", ["", "/passkey", "/cancel"])
def test_the_second_step_is_taken_by_its_own_page_alone(timed_site: Site, path: str) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    visitor = at_the_second_step(timed_site, timed_site.analyst)
    fields = {"code": app.code(timed_site)}
    assert visitor.post("/sign-in/second-step" + path, fields, **{"sec-fetch-site": "cross-site"}).status_code == 403
    visitor.csrf_token = "guessed"
    assert visitor.post("/sign-in/second-step" + path, fields).status_code == 403


def test_the_wait_for_the_second_factor_can_be_cancelled(timed_site: Site) -> None:
    an_app(timed_site, timed_site.analyst)
    visitor = at_the_second_step(timed_site, timed_site.analyst)
    assert visitor.post("/sign-in/second-step/cancel").headers["location"] == "/sign-in"
    assert visitor.get("/sign-in/second-step").headers["location"].startswith("/sign-in")


def test_by_api_the_code_comes_with_the_password(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    client: TestClient = a_client(timed_site.runtime)
    body = {"email": timed_site.analyst.email, "password": PASSWORD}
    refused = client.post("/api/v1/session", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "second_factor_required")
    assert client.post("/api/v1/session", json={**body, "second_factor": "000000"}).status_code == 422
    assert cookie_name(timed_site.runtime) not in client.cookies
    for code in (app.code(timed_site), codes[0]):
        assert client.post("/api/v1/session", json={**body, "second_factor": code}).status_code == 200
    assert client.get("/api/v1/cases").status_code == 200


_OPEN = {PLACE: 200, "/settings": 200, "/help": 200}


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        pytest.param("analyst", {"/queue": 303, "/pending-removals": 303, "/operations": 200}, id="can remove"),
        pytest.param("brand_person", {"/brand": 303, "/brand/reports": 303}, id="confirms removals"),
        pytest.param("account_manager", {"/brands": 303}, id="approves removals"),
        pytest.param("data_scientist", {"/models": 200}, id="only looks at models"),
        pytest.param("admin", {"/people": 303, "/kill-switches": 303, "/operations": 200}, id="administers"),
    ],
)
def test_in_production_those_who_can_remove_or_administer_are_led_to_enrolment(
    site: Site, role: str, pages: dict[str, int]
) -> None:
    production_site = on_real_time(site, production=True, public_url="http://testserver")
    people = {"admin": invite(production_site.runtime, "nadia@touchstone.example", "Nadia Haddad", Role.ADMIN)}
    person = people.get(role) or getattr(production_site, role)
    visitor = visit_as(production_site, person)
    responses = {path: visitor.get(path) for path in pages | _OPEN}
    assert {path: response.status_code for path, response in responses.items()} == pages | _OPEN
    assert {response.headers["location"] for response in responses.values() if response.status_code == 303} <= {PLACE}


def test_in_production_a_program_of_a_person_without_a_factor_is_told_so(site: Site) -> None:
    production_site = on_real_time(site, production=True, public_url="http://testserver")
    refused = visit_as(production_site, production_site.analyst).client.get("/api/v1/cases")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "second_factor_required")


def test_in_production_everything_opens_once_a_factor_is_enrolled(site: Site) -> None:
    production_site = on_real_time(site, production=True, public_url="http://testserver")
    app, _ = an_app(production_site, production_site.analyst)
    visitor = at_the_second_step(production_site, production_site.analyst)
    visitor.post("/sign-in/second-step", {"code": app.code(production_site)})
    assert visitor.get("/queue").status_code == 200


def test_an_administrator_resets_a_factor_from_the_users_page(timed_site: Site) -> None:
    admin = invite(timed_site.runtime, "nadia@touchstone.example", "Nadia Haddad", Role.ADMIN)
    address = f"/people/{timed_site.analyst.user_id}"
    visitor = visit_as(timed_site, admin)
    assert "Reset second factor" not in visitor.get(address).text
    an_app(timed_site, timed_site.analyst)
    assert "Reset second factor" in visitor.get(address).text
    assert visitor.post(f"{address}/second-factor/reset").status_code == 422
    proof = {"password": PASSWORD}
    assert visitor.post(f"{address}/second-factor/reset", proof).headers["location"] == address
    assert "Second factor reset" in words(visitor.get(address).text)
    assert visitor.post(f"{address}/second-factor/reset", proof).status_code == 409
