"""A brand is enrolled on one page, with its first user, rights, sellers and prices."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from models.case import CaseLane
from serving.accounts.rules.access import FIRST_ROLES, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.brands.rules.rights import RightState
from serving.brands.store import authorised_sellers, brands, price_lists, rights
from serving.brands.tables import brand
from serving.cases.store import cases
from serving.mail.tables import mail
from tests.fixtures.links import path_of
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_drawn_case, invite
from tests.serving.web.visits import a_visitor, visit_as, words

RIGHTS = "kind,title,office,number,classes,territories,last_day\n" + "".join(
    f"mark,Corvale {number},EUIPO,0180000{number:02},14 25,EU,2030-01-01\n" for number in range(20)
)
FIELDS = {
    "name": "Corvale",
    "aliases": "Corvale Watches, CRVL",
    "gtin_prefixes": "4012345 4012346",
    "lead": "lead@corvale.example",
    "rights": RIGHTS,
    "sellers": "seller\nshop-1\nshop-2\n",
    "prices": "model,price,currency\nDiver,540,EUR\n",
}


def test_a_brand_with_twenty_rights_is_enrolled_at_once_and_its_first_user_joins(any_site: Site) -> None:
    site = any_site
    page = visit_as(site, site.account_manager).post("/brands/new", FIELDS)
    assert page.status_code == 200, words(page.text)
    assert "Corvale is enrolled" in words(page.text)
    link = page.text.partition("<code>")[2].partition("</code>")[0]
    enrolled = next(row for row in site.read(brands.enrolments, site.marketplace_id).values() if row.name == "Corvale")
    pair = site.marketplace_id, enrolled.brand_id
    stored = site.read(rights.rights_of, pair)
    assert {right.right.state for right in stored} == {RightState.CLAIMED}
    assert len(stored) == 20
    assert enrolled.account_manager_id == site.account_manager.user_id
    assert [row.seller for row in site.read(authorised_sellers.list_entries, pair)] == ["shop-1", "shop-2"]
    assert site.read(price_lists.count, pair) == 1
    with site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).select_from(mail)).scalar_one() == 1
    guest = a_visitor(site)
    joined = guest.post(path_of(link), {"name": "Lea Corvale", "password": PASSWORD})
    assert joined.status_code == 303, words(joined.text)


_MISTAKES = [
    "no name", "enrolled", "no address", "kind", "class", "twice", "number",
    "territory", "column", "prefix", "no domain", "long id", "no currency",
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "typed", "why"),
    [
        ("name", " ", "A brand has a name of at most 200 characters."),
        ("name", "Aurelle", "Aurelle is enrolled here already."),
        ("lead", "nobody", "e-mail"),
        ("rights", "kind,title\nshape,Corvale\n", "Line 2: Choose whether it is a mark"),
        ("rights", RIGHTS.replace("14 25", "14 99"), "Line 21: Classes are numbers"),
        ("rights", RIGHTS + "mark,Corvale 0,EUIPO,018000000,14,EU,\n", "Line 22: The same right as in line 2."),
        ("rights", RIGHTS.replace("018000000", "not-a-number"), "Line 2: EUIPO gives no such number as not-a-number."),
        ("rights", RIGHTS.replace(",EU", ",XX"), "Line 2: 'XX' is not a territory."),
        ("rights", RIGHTS.replace("title", "name"), "Line 2: name is no column of rights."),
        ("gtin_prefixes", "4012345 hello", "hello is no GS1 company prefix of 4 to 12 digits."),
        ("lead", "claire@corvale", "e-mail"),
        ("sellers", "x" * 300, "Line 1: An id can have at most"),
        ("prices", "model,price\nDiver,540\n", "Row 1:"),
    ],
    ids=_MISTAKES,
)
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_saved_or_lost(
    site: Site, field: str, typed: str, why: str
) -> None:
    page = visit_as(site, site.account_manager).post("/brands/new", {**FIELDS, field: typed})
    assert page.status_code == 422
    assert why in words(page.text)
    assert all(text.strip() in page.text.replace("&#34;", '"') for name, text in FIELDS.items() if name != field)
    with site.runtime.store.read() as connection:
        assert connection.execute(select(func.count()).where(brand.c.name == "Corvale")).scalar_one() == 0


def test_a_copyright_needs_no_office_and_no_number(site: Site) -> None:
    typed = {**FIELDS, "rights": "kind,title,territories\ncopyright,Lookbook 2026,EU\n"}
    assert visit_as(site, site.account_manager).post("/brands/new", typed).status_code == 200
    enrolled = next(row for row in site.read(brands.enrolments, site.marketplace_id).values() if row.name == "Corvale")
    [stored] = site.read(rights.rights_of, (site.marketplace_id, enrolled.brand_id))
    assert (stored.right.office, stored.right.number) == ("unregistered", "Lookbook 2026")


def test_rows_of_a_file_are_added_to_what_is_pasted(site: Site) -> None:
    manager = visit_as(site, site.account_manager)
    form = {"csrf_token": manager.csrf_token, "name": "Corvale"}
    sent = {"rights_file": ("rights.csv", RIGHTS.encode("utf-8-sig"))}
    page = manager.client.post("/brands/new", data=form, files=sent, headers=manager.headers)
    assert page.status_code == 200, words(page.text)
    enrolled = next(row for row in site.read(brands.enrolments, site.marketplace_id).values() if row.name == "Corvale")
    stored = site.read(rights.rights_of, (site.marketplace_id, enrolled.brand_id))
    assert stored[0].right.expires_at == datetime(2030, 1, 2, tzinfo=UTC)
    assert len(stored) == 20


def test_the_brand_is_asked_about_open_cases_that_name_it_but_not_about_a_random_sample(any_site: Site) -> None:
    site, title = any_site, "Corvale watch 1:1 mirror quality, WhatsApp +86 138 0013 8000"
    waiting = a_case(site, external_id="MP-1", title=title, brand="Corvale")
    other = a_case(site, external_id="MP-2", title=title.replace("Corvale", "Moor"), brand="Moor")
    leased = a_case(site, external_id="MP-3", title=f"{title}, lot 3", brand="Corvale")
    visit_as(site, site.analyst).get(f"/cases/{leased.case_id}")
    drawn = a_drawn_case(site, external_id="MP-4", title="Corvale watch, blue", brand="Corvale")
    page = visit_as(site, site.account_manager).post("/brands/new", FIELDS)
    assert "1 open case named this brand and now waits for its answer." in words(page.text)
    lanes = [site.read(cases.get, site.marketplace_id, case.case_id).lane for case in (waiting, other, leased, drawn)]
    assert lanes == [CaseLane.ASK_BRAND, CaseLane.ANALYST, CaseLane.ANALYST, drawn.lane]


def test_who_works_alone_verifies_what_they_enter_and_nobody_else_does(site: Site) -> None:
    """As the first administrator, who holds every role of staff until there are two people."""
    provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    ada = NewPerson("ada@souk.example", "Ada", Role.ADMIN, marketplace="Souk", password=PASSWORD, also=FIRST_ROLES)
    ada_id, _ = provisioning.add_person(site.runtime, ada, by="test")
    states = []
    for name, colleague in (("Corvale", "bo@souk.example"), ("Moorfold", "")):
        person = site.read(accounts.person, ada_id)
        page = visit_as(site, person).post("/brands/new", {**FIELDS, "name": name, "lead": ""})
        assert page.status_code == 200, words(page.text)
        (place,) = {grant.marketplace_id for grant in person.grants}
        brand_id = next(row.brand_id for row in site.read(brands.enrolments, place).values() if row.name == name)
        states.append({right.right.state for right in site.read(rights.rights_of, (place, brand_id))})
        if colleague:
            bo = NewPerson(colleague, "Bo", Role.ANALYST, marketplace="Souk", password=PASSWORD)
            provisioning.add_person(site.runtime, bo, by="test")
    assert states == [{RightState.VERIFIED}, {RightState.CLAIMED}]


def test_an_analyst_enrols_no_brand(site: Site) -> None:
    analyst = invite(site.runtime, "an@touchstone.example", "An", Role.ANALYST)
    assert visit_as(site, analyst).post("/brands/new", FIELDS).status_code == 403
