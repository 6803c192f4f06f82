from pathlib import Path

from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.service import auth
from serving.accounts.store import accounts
from serving.accounts.store.setup_links import SETUP_LINK_FILE
from serving.composition import open_runtime
from serving.marketplaces.rules import SetupStep
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.setup_steps import steps_done
from serving.platform.settings import Settings
from tests.fixtures.clients import a_client
from tests.fixtures.runtimes import Site, a_case, invite, judge
from tests.serving.web.visits import PAGE, a_visitor, visit_as, words

FIELDS = {
    "marketplace": "Second Bazaar",
    "currency": "eur",
    "sells_in": "EU, CH",
    "name": "Ada Falk",
    "email": "ada@touchstone.example",
    "password": "a long enough one",
}


def test_the_link_founds_a_marketplace_and_signs_its_administrator_in(site: Site) -> None:
    token, visitor = auth.new_setup_token(site.runtime), a_visitor(site)
    assert "Marketplace setup" in words(visitor.get(f"/setup/{token}").text)
    assert visitor.post(f"/setup/{token}", FIELDS).headers["location"] == "/"
    assert visitor.get("/").headers["location"] == "/setup"
    assert "Marketplace created." in words(visitor.get("/setup").text)
    assert "Marketplace created." not in words(visitor.get("/setup").text), "said once"
    founded = site.read(marketplaces.by_name, "Second Bazaar")
    assert founded.base_currency == "EUR"
    assert site.read(marketplaces.countries_sold_in, founded.marketplace_id) == frozenset(("CH", "EU"))


def test_the_first_administrator_holds_every_role_of_staff(site: Site) -> None:
    a_visitor(site).post(f"/setup/{auth.new_setup_token(site.runtime)}", FIELDS)
    with site.runtime.store.read() as connection:
        person = accounts.person(connection, accounts.user_id_by_email(connection, FIELDS["email"]))
    assert {grant.role for grant in person.grants} == set(Role) - {Role.BRAND}


def test_each_step_ticks_itself(any_site: Site) -> None:
    """The marketplace of the fixture has colleagues and a brand."""

    def done() -> set[SetupStep]:
        return set(any_site.read(steps_done, any_site.marketplace_id))

    assert done() == {SetupStep.BRAND, SetupStep.COLLEAGUES}
    case = a_case(any_site)
    assert done() == {SetupStep.LISTINGS, SetupStep.BRAND, SetupStep.COLLEAGUES}
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    assert SetupStep.CASE in done()
    assert SetupStep.WEBHOOK not in done(), "before the removal was acknowledged"


def test_an_administrator_starts_with_what_is_left_to_set_up(site: Site) -> None:
    visitor = visit_as(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    assert visitor.get("/").headers["location"] == "/setup"
    page = visitor.get("/setup").text
    assert "2 of 6 steps done" in words(page)
    assert 'href="/queue"' not in page, "an administrator alone may not review"


def test_the_sign_in_page_says_where_the_link_is_until_somebody_has_an_account(tmp_path: Path, site: Site) -> None:
    sentence = "in the file set-up-link.json of the data directory."
    runtime = open_runtime(Settings(home=tmp_path / "empty"))
    runtime.home.write_private(SETUP_LINK_FILE, {})
    site.runtime.home.write_private(SETUP_LINK_FILE, {})
    try:
        page = a_client(runtime).get("/sign-in", headers=PAGE)
    finally:
        runtime.close()
    assert sentence in words(page.text)
    assert sentence not in words(a_visitor(site).get("/sign-in").text)


def test_the_link_works_once(site: Site) -> None:
    token = auth.new_setup_token(site.runtime)
    a_visitor(site).post(f"/setup/{token}", FIELDS)
    assert a_visitor(site).get(f"/setup/{token}").status_code == 404
    assert a_visitor(site).post(f"/setup/{token}", {**FIELDS, "email": "b@x.example"}).status_code == 404


def test_a_mistake_in_the_form_leaves_the_link_usable(site: Site) -> None:
    token, visitor = auth.new_setup_token(site.runtime), a_visitor(site)
    for wrong in (
        {"currency": "EURO"},
        {"sells_in": "Europe"},
        {"password": "short"},
        {"email": site.analyst.email},
        {"name": " "},
    ):
        answer = visitor.post(f"/setup/{token}", {**FIELDS, **wrong})
        assert answer.status_code == 422, wrong
        assert "a long enough one" not in answer.text
    assert visitor.post(f"/setup/{token}", FIELDS).status_code == 303


def test_a_marketplace_that_a_command_founded_gets_its_administrator(site: Site) -> None:
    token = auth.new_setup_token(site.runtime)
    a_visitor(site).post(f"/setup/{token}", {**FIELDS, "marketplace": site.marketplace.name})
    with site.runtime.store.read() as connection:
        person = accounts.person(connection, accounts.user_id_by_email(connection, FIELDS["email"]))
        assert len(marketplaces.all_marketplaces(connection)) == 1
    assert {grant.marketplace_id for grant in person.grants} == {site.marketplace_id}


def test_a_guessed_link_is_nothing(site: Site) -> None:
    auth.new_setup_token(site.runtime)
    answer = a_visitor(site).get("/setup/guessed")
    assert answer.status_code == 404
    assert "not valid" in words(answer.text)


def test_another_site_cannot_send_the_form(site: Site) -> None:
    token = auth.new_setup_token(site.runtime)
    assert a_visitor(site).post(f"/setup/{token}", FIELDS, **{"sec-fetch-site": "cross-site"}).status_code == 403
