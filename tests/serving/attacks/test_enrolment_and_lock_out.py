"""Attacks on second factors: enrolled with a stolen cookie or password, or kept from their owner by wrong proofs."""

import re

import pytest
from sqlalchemy import select

from serving.accounts.rules.access import Person
from serving.accounts.service import auth
from serving.accounts.store import second_factors
from serving.mail.tables import mail
from serving.platform.sealing import Sealer
from tests.fixtures.factors import App, Authenticator, an_app, on_real_time
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.visits import Visitor, a_visitor, hidden_fields, visit_as

pytestmark = pytest.mark.attack
PLACE = "/settings/second-factor"
STEP = "/sign-in/second-step"
_SECRET = re.compile(r'<p class="mono">([A-Z2-7 ]+)</p>')


@pytest.fixture
def timed_site(site: Site) -> Site:
    return on_real_time(site, public_url="http://testserver")


def enrol(site: Site, visitor: Visitor, password: str) -> None:
    """Try to enrol an app and a passkey on the pages."""
    begun = visitor.post(PLACE + "/app", {"password": password})
    secret = _SECRET.search(begun.text) or _SECRET.search(visitor.get(PLACE).text)
    if secret is not None:
        visitor.post(PLACE + "/app/confirm", {"code": App(secret[1].replace(" ", "")).code(site)})
    key = Authenticator(origin="http://testserver", rp_id="testserver")
    options = visitor.post(PLACE + "/passkey/options", {"password": password})
    if options.status_code == 200:
        visitor.post(PLACE + "/passkey", {"credential": key.create(options.text), "password": password})


def factors(site: Site, person: Person) -> list[str]:
    return [factor.factor_id for factor in site.read(second_factors.of_person, person.user_id)]


def can_sign_in(site: Site, visitor: Visitor, code: str) -> bool:
    """Whether the password and a code sign in on the pages."""
    visitor.post("/sign-in", {"email": site.analyst.email, "password": PASSWORD})
    visitor.csrf_token = hidden_fields(visitor.get(STEP).text).get("csrf_token", "")
    return visitor.post(STEP, {"code": code}).status_code == 303 and visitor.get("/queue").status_code == 200


@pytest.mark.parametrize("password", ["", "wrong horse battery"], ids=["no password", "a wrong one"])
def test_a_cookie_stolen_at_the_sign_in_enrols_no_factor_and_ends_no_session(timed_site: Site, password: str) -> None:
    owner, thief = visit_as(timed_site, timed_site.analyst), visit_as(timed_site, timed_site.analyst)
    enrol(timed_site, thief, password)
    assert factors(timed_site, timed_site.analyst) == []
    assert owner.get("/queue").status_code == 200


def test_a_first_factor_of_a_thief_with_the_password_waits_for_the_owners_mail(timed_site: Site) -> None:
    owner, thief = visit_as(timed_site, timed_site.analyst), visit_as(timed_site, timed_site.analyst)
    enrol(timed_site, thief, PASSWORD)
    assert factors(timed_site, timed_site.analyst) == []
    assert owner.get("/queue").status_code == 200
    assert not auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).half


def test_a_cookie_stolen_after_the_second_step_changes_no_factor_and_no_recovery_code(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    before, thief = factors(timed_site, timed_site.analyst), a_visitor(timed_site)
    assert can_sign_in(timed_site, thief, app.code(timed_site))
    thief.csrf_token = hidden_fields(thief.get(PLACE).text)["csrf_token"]
    thief.post(PLACE + "/recovery-codes")
    enrol(timed_site, thief, "")
    thief.post(f"{PLACE}/{before[0]}/remove")
    assert factors(timed_site, timed_site.analyst) == before
    assert can_sign_in(timed_site, a_visitor(timed_site), codes[0])


def test_wrong_codes_of_a_thief_keep_the_owner_neither_from_signing_in_nor_from_ending_sessions(
    timed_site: Site,
) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    known, thief = a_visitor(timed_site), a_visitor(timed_site)
    assert can_sign_in(timed_site, known, app.code(timed_site))
    timed_site.clock.forward(seconds=30)
    for _ in range(12):
        assert not can_sign_in(timed_site, thief, "000000")
    known.csrf_token = hidden_fields(known.get(PLACE).text)["csrf_token"]
    assert known.post(PLACE + "/prove", {"code": app.code(timed_site)}).status_code == 303
    timed_site.clock.forward(seconds=30)
    assert can_sign_in(timed_site, known, app.code(timed_site))
    assert can_sign_in(timed_site, a_visitor(timed_site), codes[0])


def test_the_owner_in_a_new_browser_signs_in_by_the_mailed_link_while_somebody_guesses(timed_site: Site) -> None:
    thief, owner = a_visitor(timed_site), a_visitor(timed_site)
    for _ in range(12):
        thief.post("/sign-in", {"email": timed_site.analyst.email, "password": "not the right one"})
    fields = {"email": timed_site.analyst.email, "password": PASSWORD}
    assert owner.post("/sign-in", fields).status_code == 429
    with timed_site.runtime.store.read() as connection:
        links = connection.execute(
            select(mail.c.secret_link).where(mail.c.user_id == timed_site.analyst.user_id)
        ).scalars()
        paths = [timed_site.runtime.services[Sealer].open(link) for link in links]
    assert len(paths) == 1, "one mail, however often somebody guesses"
    assert owner.post("/sign-in", fields | hidden_fields(owner.get(paths[0]).text)).status_code == 303
