from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from models.errors import Conflict, DomainError, Invalid, NotFound
from serving.accounts.rules.access import Grant, Role, Scope
from serving.accounts.service import auth, provisioning
from serving.accounts.service.provisioning import NewEnrolment, NewPerson
from serving.accounts.store import accounts
from serving.accounts.tables import account
from serving.audit.tables import audit_entry
from serving.brands.store import brands
from serving.marketplaces.service.exchange_rates import load_rates
from serving.marketplaces.tables import exchange_rate
from serving.webhooks.store import endpoints
from tests.fixtures.runtimes import PASSWORD, Site

SOMEBODY = NewPerson("ada@touchstone.example", "Ada Falk", Role.ANALYST, password=PASSWORD)


def invite(site: Site, **changes: Any) -> str:
    return provisioning.add_person(site.runtime, replace(SOMEBODY, **changes), by="test")[0]


NO_ADDRESSES = [
    ("", "nothing"),
    ("ada", "no sign"),
    ("@x.example", "nobody"),
    ("a@", "nowhere"),
    ("@", "neither"),
    ("a@b@x.example", "two places"),
    ("a b@x.example", "a blank"),
    (" a@x.example", "a blank before"),
    ("a@x.example\n", "a line break after"),
    ("a@x.example\nbcc: b@x.example", "a second header"),
    (f"{'a' * 311}@x.example", "longer than any address"),
    ("a\0@x.example", "a character that no database holds"),
    ("a\udcff@x.example", "a byte of a terminal that is no UTF-8"),
]


@pytest.mark.parametrize(("email", "why"), NO_ADDRESSES)
def test_what_is_no_address_gets_no_account(site: Site, email: str, why: str) -> None:
    before = site.count(account)
    with pytest.raises(Invalid, match="not an e-mail address"):
        invite(site, email=email)
    assert site.count(account) == before


def test_an_address_has_one_account(any_site: Site) -> None:
    for email in ("ines@touchstone.example", "INES@Touchstone.example"):
        with pytest.raises(Conflict, match=r"There is an account for ines@touchstone\.example already"):
            invite(any_site, email=email)


BRAND_RULES: list[tuple[Role, str | None, type[DomainError], str]] = [
    (Role.BRAND, None, Invalid, "names their brand"),  # They could see every brand, or none.
    (Role.ANALYST, "Aurelle", Invalid, "nobody else names one"),
    (Role.ADMIN, "Aurelle", Invalid, "nobody else names one"),
    (Role.BRAND, "Nowhere", NotFound, "Nowhere"),
]


@pytest.mark.parametrize(("role", "brand", "error", "sentence"), BRAND_RULES)
def test_a_brands_person_has_a_brand_and_nobody_else_has(
    site: Site, role: Role, brand: str | None, error: type[DomainError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        invite(site, role=role, brand=brand)


def test_a_brands_person_is_of_that_brand_in_that_marketplace(any_site: Site) -> None:
    person = any_site.read(accounts.person, invite(any_site, role=Role.BRAND, brand="Aurelle"))
    assert person.grants == (Grant(Role.BRAND, any_site.marketplace_id, any_site.brand_id),)
    assert (person.name, person.email) == ("Ada Falk", "ada@touchstone.example")


def test_a_password_that_is_too_short_makes_no_account(site: Site) -> None:
    with pytest.raises(Invalid, match="10 to 200 characters"):
        invite(site, password="short")


def test_who_is_given_no_password_gets_one_that_works(site: Site) -> None:
    _, password = provisioning.add_person(site.runtime, replace(SOMEBODY, password=None), by="test")
    assert len(password) >= 16
    assert auth.sign_in(site.runtime, SOMEBODY.email, password).token


def test_with_two_marketplaces_one_says_which(site: Site) -> None:
    site.clock.forward(seconds=1)
    provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="USD", by="test")
    with pytest.raises(NotFound, match="Name one marketplace; known are: Bazaar, Elsewhere"):
        invite(site)
    assert invite(site, marketplace="Elsewhere")


MAKERS: list[tuple[Callable[[Site, str], object], str]] = [
    (
        lambda site, name: provisioning.add_marketplace(site.runtime, name=name, base_currency="EUR", by="t"),
        "marketplace",
    ),
    (lambda site, name: provisioning.add_brand(site.runtime, name=name, aliases=[], gtin_prefixes=[], by="t"), "brand"),
    (lambda site, name: invite(site, name=name), "person"),
    (lambda site, name: provisioning.add_key(site.runtime, name=name, scopes=[], marketplace=None, by="t"), "key"),
]


@pytest.mark.parametrize(("make", "what"), MAKERS, ids=[what for _, what in MAKERS])
@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b", "a\udcff"])
def test_what_is_founded_has_a_name_that_can_be_kept(
    site: Site, make: Callable[[Site, str], object], what: str, name: str
) -> None:
    with pytest.raises(Invalid, match=f"A {what} has a name of at most 200 characters"):
        make(site, name)


def test_the_longest_name_is_kept_without_the_blanks_around_it(any_site: Site) -> None:
    assert any_site.read(accounts.person, invite(any_site, name=f" {'ü' * 200} ")).name == "ü" * 200


@pytest.mark.parametrize("currency", ["", "eur", "EURO", "E1R", "€"])
def test_a_marketplace_counts_in_a_currency_that_has_a_code(site: Site, currency: str) -> None:
    with pytest.raises(Invalid, match="ISO 4217"):
        provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency=currency, by="test")


def test_names_of_marketplaces_and_brands_are_taken_once(any_site: Site) -> None:
    with pytest.raises(Conflict, match="Bazaar"):
        provisioning.add_marketplace(any_site.runtime, name=" Bazaar ", base_currency="EUR", by="test")
    with pytest.raises(Conflict, match="Aurelle"):
        provisioning.add_brand(any_site.runtime, name="Aurelle", aliases=[], gtin_prefixes=[], by="test")


def test_an_enrolment_needs_a_brand_and_an_account_manager_who_are_there(site: Site) -> None:
    with pytest.raises(NotFound, match="Nowhere"):
        provisioning.enrol(site.runtime, NewEnrolment("Nowhere", site.account_manager.email, True), by="test")
    with pytest.raises(NotFound, match=r"no account for nobody@x\.example"):
        provisioning.enrol(site.runtime, NewEnrolment("Aurelle", "nobody@x.example", True), by="test")


def test_enrolling_again_changes_the_enrolment(any_site: Site) -> None:
    provisioning.enrol(any_site.runtime, NewEnrolment("Solenne", any_site.account_manager.email, True), by="test")
    assert [
        enrolment.takes_part for enrolment in any_site.read(brands.enrolments, any_site.marketplace_id).values()
    ] == [True, True]


def test_a_registered_endpoint_takes_the_place_of_the_one_before(any_site: Site) -> None:
    for name in ("first", "second"):
        provisioning.register_webhook(
            any_site.runtime,
            url=f"https://{name}.bazaar.example/",
            allow_loopback=False,
            marketplace=None,
            secret=None,
            by="test",
        )
    endpoint = any_site.read(endpoints.endpoint_in_force, any_site.marketplace_id)
    assert endpoint is not None
    assert endpoint.url == "https://second.bazaar.example/"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://hooks.bazaar.example/"}, "must begin with https"),
        ({"url": "http://127.0.0.1:1/"}, "must begin with https"),  # Loopback without the option for it.
        ({"secret": "changethis"}, "24 to 64 bytes"),
        ({"secret": "whsec_"}, "24 to 64 bytes"),  # Nothing could be signed with it.
    ],
)
def test_what_could_never_be_delivered_safely_is_not_registered(
    site: Site, changes: dict[str, Any], sentence: str
) -> None:
    webhook = {"url": "https://hooks.bazaar.example/", "secret": None, **changes}
    with pytest.raises(Invalid, match=sentence):
        provisioning.register_webhook(site.runtime, allow_loopback=False, marketplace=None, by="test", **webhook)
    assert site.read(endpoints.endpoint_in_force, site.marketplace_id) is None


A_RATE = {"day": "2026-03-01", "currency": "USD", "euros": 0.92, "source": "ECB"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"day": None}, "A rate has a day"),
        ({"day": "01.03.2026"}, "A rate has a day"),
        ({"day": "2026-02-30"}, "A rate has a day"),
        ({"euros": "a lot"}, "A rate has a day"),
        ({"euros": 0}, "above zero"),
        ({"euros": -1}, "above zero"),
        ({"euros": "nan"}, "above zero"),
        ({"euros": "inf"}, "above zero"),
        ({"currency": "usd"}, "ISO 4217"),
        ({"source": "a\0b"}, "cannot be stored"),
    ],
)
def test_a_rate_that_is_none_loads_nothing_of_its_file(site: Site, changes: dict[str, Any], sentence: str) -> None:
    before = site.count(exchange_rate)
    with pytest.raises(Invalid, match=sentence):
        load_rates(site.runtime, [A_RATE, {**A_RATE, **changes}], by="test")
    assert site.count(exchange_rate) == before


def test_a_rate_of_the_same_day_replaces_the_one_before(any_site: Site) -> None:
    """In a later file, and the last row of one file."""
    for first_rate, second_rate in ((0.90, 0.91), (0.92, 0.93)):
        rows = [{**A_RATE, "euros": first_rate}, {**A_RATE, "euros": second_rate}]
        assert load_rates(any_site.runtime, rows, by="test") == 2
    with any_site.runtime.store.read() as connection:
        query = select(exchange_rate.c.euros).where(
            exchange_rate.c.day == "2026-03-01", exchange_rate.c.currency == "USD"
        )
        assert list(connection.execute(query).scalars()) == [0.93]


def test_every_provisioning_step_is_audited_with_its_actor_and_no_secret(site: Site) -> None:
    key = provisioning.add_key(site.runtime, name="nightly", scopes=[Scope.INTAKE], marketplace=None, by="lena")
    provisioning.add_person(site.runtime, SOMEBODY, by="lena")
    secret = provisioning.register_webhook(
        site.runtime,
        url="https://hooks.bazaar.example/",
        allow_loopback=False,
        marketplace=None,
        secret=None,
        by="lena",
    )
    rows = site.rows(select(audit_entry).where(audit_entry.c.actor == "lena"))
    assert sorted(row.act for row in rows) == ["key.made", "person.added", "webhook.registered"]
    for shown in (PASSWORD, secret, key.rpartition(".")[2]):
        assert not any(shown in str(row) for row in rows)


def test_a_refused_provisioning_step_leaves_no_trace(site: Site) -> None:
    before = (site.count(account), site.count(audit_entry))
    with pytest.raises(NotFound):
        invite(site, role=Role.BRAND, brand="Nowhere")
    with pytest.raises(Conflict):
        invite(site, email=site.analyst.email)
    assert (site.count(account), site.count(audit_entry)) == before
