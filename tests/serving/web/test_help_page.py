import re
from pathlib import Path

import pytest

import serving.web
from serving.accounts.rules.access import Person, Role
from serving.accounts.store import display_settings
from serving.web.onboarding import ONBOARDING, ONBOARDING_OF
from serving.web.wording.glossary import MOST_TERMS, TERMS, term_of
from tests.fixtures.runtimes import Site, a_case, invite
from tests.serving.web.visits import Visitor, visit_as, words

TEMPLATES = sorted((Path(serving.web.__path__[0]) / "templates").rglob("*.html"))
PEOPLE = {
    Role.ANALYST: "analyst",
    Role.BRAND: "brand_person",
    Role.ACCOUNT_MANAGER: "account_manager",
    Role.DATA_SCIENTIST: "data_scientist",
}
# Each defines its hardest terms in place.
MAIN = [
    "queue.html",
    "case.html",
    "brand.html",
    "brands.html",
    "pending_removals.html",
    "sellers.html",
    "models.html",
    "operations.html",
    "people.html",
    "kill_switches.html",
]


def on_the_first_day(site: Site, person: Person) -> Visitor:
    """Somebody who has put no list away."""
    with site.runtime.store.write() as connection:
        for grant in person.grants:
            display_settings.restore_list(connection, person.user_id, grant.role)
    return visit_as(site, person)


def test_every_role_has_a_list() -> None:
    assert set(ONBOARDING_OF) == set(Role)
    assert len(ONBOARDING) == len(Role)


@pytest.mark.parametrize(("role", "name"), PEOPLE.items())
def test_the_first_page_of_a_role_begins_with_its_list_until_it_is_put_away(site: Site, role: Role, name: str) -> None:
    guide, visitor = ONBOARDING_OF[role], on_the_first_day(site, getattr(site, name))
    sentence = words(visitor.get(guide.place).text)
    assert all(step in sentence for step in (guide.title, guide.about, *guide.steps, guide.keys))
    assert visitor.post(f"/help/onboarding/{role}/seen", {"next": guide.place}).headers["location"] == guide.place
    assert guide.about not in words(visitor.get(guide.place).text)
    assert guide.about not in words(visit_as(site, getattr(site, name)).get(guide.place).text), "on no other device"


def test_a_list_is_called_up_again_from_help(site: Site) -> None:
    visitor, guide = visit_as(site, site.analyst), ONBOARDING_OF[Role.ANALYST]
    assert guide.title in words(visitor.get("/help").text)
    assert ONBOARDING_OF[Role.BRAND].about not in words(visitor.get("/help").text), "of one's own roles alone"
    assert visitor.post("/help/onboarding/analyst/again").headers["location"] == "/queue"
    assert guide.about in words(visitor.get("/queue").text)
    case = a_case(site)
    for elsewhere in ("/pending-removals", f"/cases/{case.case_id}"):
        assert guide.about not in words(visitor.get(elsewhere).text), "on its own page alone"
    assert visitor.post("/help/onboarding/captain/again").status_code == 404


def test_an_administrator_is_told_where_their_day_begins(site: Site) -> None:
    visitor = on_the_first_day(site, invite(site.runtime, "ada@touchstone.example", "Ada", Role.ADMIN))
    guide, page = ONBOARDING_OF[Role.ADMIN], visitor.get("/people").text
    assert guide.about in words(visitor.get("/operations").text)
    assert guide.about in words(page)
    places = [match[1] for step in guide.steps if (match := re.match("Under ([^,]+),", step))]
    assert places
    assert [place for place in places if not re.search(f">{place}<", page)] == [], "a place of the navigation"


@pytest.mark.both_engines
def test_putting_a_list_away_twice_is_once(any_site: Site) -> None:
    user = any_site.analyst.user_id
    with any_site.runtime.store.write() as connection:
        display_settings.dismiss_list(connection, user, Role.ADMIN, any_site.clock.now())
        display_settings.dismiss_list(connection, user, Role.ADMIN, any_site.clock.now())
        assert display_settings.dismissed_lists(connection, user) == {Role.ANALYST, Role.ADMIN}
        display_settings.restore_list(connection, user, Role.ADMIN)
        assert display_settings.dismissed_lists(connection, user) == {Role.ANALYST}


def test_help_has_every_definition_with_an_anchor(site: Site) -> None:
    text = visit_as(site, site.brand_person).get("/help").text
    sentence = words(text)
    for term in TERMS:
        assert f'id="{term.key}"' in text
        assert term.name in sentence
        assert all(piece.text.strip() in sentence for piece in term.pieces), term.name


def test_the_glossary_defines_at_most_fifty_terms_each_once() -> None:
    assert len(TERMS) <= MOST_TERMS
    assert len({term.key for term in TERMS}) == len(TERMS) == len({term.name for term in TERMS})
    assert len({term.definition for term in TERMS}) == len(TERMS)
    assert all(term_of(term.name) is term for term in TERMS)


def test_a_page_defines_only_terms_of_the_glossary_each_once() -> None:
    names = {term.name for term in TERMS}
    for path in TEMPLATES:
        named = re.findall(r'\bterm\("([^"]+)"', path.read_text(encoding="utf-8"))
        assert set(named) <= names, path.name
        assert len(set(named)) == len(named), f"{path.name}: two of one id"


@pytest.mark.parametrize("name", MAIN)
def test_a_main_page_defines_its_hardest_terms_in_place(name: str) -> None:
    [path] = [path for path in TEMPLATES if path.name == name]
    assert "{{ term(" in path.read_text(encoding="utf-8")


def test_a_definition_in_place_needs_no_script(site: Site) -> None:
    text = visit_as(site, site.analyst).get("/pending-removals").text
    assert 'popovertarget="term-pending-approval"' in text
    assert 'id="term-pending-approval" popover' in text
    assert term_of("pending approval").definition in text
