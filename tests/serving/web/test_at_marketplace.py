"""People with several marketplaces name one on each page; nobody sees or changes data of another."""

import re

import pytest

from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import provisioning
from serving.accounts.store import accounts
from serving.app import create_app
from serving.guards import guards_of
from serving.learning.store import learning
from serving.webhooks.store import endpoints
from tests.fixtures.reporting import second_marketplace
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.visits import Visitor, an_administrator, visit_as, words

PAGES = [
    "/models",
    "/models/labels",
    "/models/live",
    "/models/runs",
    "/models/snapshots",
    "/operations",
    "/operations/audit",
    "/operations/deliveries",
    "/operations/jobs",
    "/operations/mail",
    "/operations/quarantine",
    "/operations/webhook",
]
_LINK = re.compile(r'(?:href|hx-get)="(/(?:models|operations)[^"]*)"')
_FORM = re.compile(r'<form[^>]*action="/(?:models|operations)[^"]*"[^>]*>.*?</form>', re.DOTALL)
_CHOOSER = re.compile(r'<nav class="seg mt3" aria-label="Marketplace">.*?</nav>', re.DOTALL)


def with_grants(site: Site, person: Person, *grants: Grant) -> Person:
    """The same person with more roles."""
    with site.runtime.store.write() as connection:
        accounts.add_grants(connection, person.user_id, grants, site.clock.now())
        return accounts.person(connection, person.user_id)


@pytest.fixture
def ada(site: Site) -> Person:
    return an_administrator(site)


@pytest.fixture
def souk(site: Site, ada: Person) -> str:
    del ada  # Whose marketplace goes without saying while there is one.
    return second_marketplace(site)


@pytest.fixture
def foreign_marketplace(site: Site) -> str:
    return provisioning.add_marketplace(site.runtime, name="Foreign", base_currency="EUR", by="test").marketplace_id


@pytest.fixture
def visitor_of_both(site: Site, ada: Person, souk: str) -> Visitor:
    """Administrator and data scientist of two marketplaces."""
    more = [Grant(Role.DATA_SCIENTIST, place) for place in (site.marketplace_id, souk)]
    return visit_as(site, with_grants(site, ada, Grant(Role.ADMIN, souk), *more))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_at_which_marketplace_it_is_and_stays_there(
    site: Site, visitor_of_both: Visitor, souk: str, foreign_marketplace: str, path: str
) -> None:
    page = visitor_of_both.get(f"{path}?marketplace={souk}").text
    [chooser] = _CHOOSER.findall(page)
    assert f'href="{path}?marketplace={souk}" aria-current="true">Souk<' in chooser
    assert f'href="{path}?marketplace={site.marketplace_id}">Bazaar<' in chooser
    tabs = page.replace(chooser, "").partition("</header>")[2]
    assert [link for link in _LINK.findall(tabs) if f"marketplace={souk}" not in link] == []
    field = f'<input type="hidden" name="marketplace" value="{souk}">'
    assert [form for form in _FORM.findall(page) if field not in form] == []
    assert visitor_of_both.get(f"{path}?marketplace={foreign_marketplace}").status_code == 404
    assert visitor_of_both.get(f"{path}?marketplace=mkt_nowhere").status_code == 404


def test_who_switches_the_theme_stays_at_the_marketplace(visitor_of_both: Visitor, souk: str) -> None:
    address = f"/models?marketplace={souk}"
    assert f'name="next" value="{address}"' in visitor_of_both.get(address).text
    assert visitor_of_both.post("/settings/quick", {"next": address, "theme": "dark"}).headers["location"] == address


def test_who_works_at_one_marketplace_is_not_asked(site: Site, ada: Person, souk: str) -> None:
    admin = visit_as(site, ada)
    for path in PAGES:
        page = admin.get(path).text
        assert _CHOOSER.findall(page) == []
        assert [link for link in _LINK.findall(page) if "marketplace=" in link] == []
        assert admin.get(f"{path}?marketplace={souk}").status_code == 404


def test_every_form_and_every_address_refuses_another_marketplace(
    site: Site, visitor_of_both: Visitor, foreign_marketplace: str
) -> None:
    routes = [
        (methods, re.sub(r"\{[^}]*\}", "csv", path))
        for methods, _, path in (route.partition(" ") for route in guards_of(create_app(site.runtime)))
        if path.startswith(("/models", "/operations"))
    ]
    assert len(routes) > 25
    statuses = {
        (methods, path): visitor_of_both.post(path, {"marketplace": foreign_marketplace}).status_code
        if methods == "POST"
        else visitor_of_both.get(f"{path}?marketplace={foreign_marketplace}").status_code
        for methods, path in routes
    }
    assert {route for route, status in statuses.items() if status != 404} == set()
    unnamed = {path: visitor_of_both.post(path).status_code for methods, path in routes if methods == "POST"}
    assert {path for path, status in unnamed.items() if status != 422} == set()


def test_what_is_done_is_done_at_the_marketplace_of_the_page(site: Site, visitor_of_both: Visitor, souk: str) -> None:
    url = "https://93.184.216.34/souk"
    fields = {"marketplace": souk, "url": url, "password": PASSWORD}
    assert visitor_of_both.post("/operations/webhook/register", fields).status_code == 200
    response = visitor_of_both.post("/models/train", {"marketplace": souk})
    assert (response.status_code, response.headers["location"]) == (303, f"/models?marketplace={souk}")
    with site.runtime.store.read() as connection:
        assert endpoints.endpoint_in_force(connection, site.marketplace_id) is None
        assert endpoints.endpoint_in_force(connection, souk) is not None
        assert learning.jobs(connection, site.marketplace_id, 1) == []
        assert len(learning.jobs(connection, souk, 1)) == 1


def test_what_somebody_may_do_at_one_is_not_offered_at_another(site: Site, souk: str) -> None:
    visitor = visit_as(site, with_grants(site, site.analyst, Grant(Role.DATA_SCIENTIST, souk)))
    pages = [words(visitor.get(f"/models/runs?marketplace={place}").text) for place in (site.marketplace_id, souk)]
    assert ["Retrain" in page for page in pages] == [False, True]
    assert visitor.post("/models/train", {"marketplace": site.marketplace_id}).status_code == 404
    assert visitor.post("/models/train", {"marketplace": souk}).status_code == 303
