"""Contacts of sellers: hashed on receipt, shared by sellers, erased on request, and never stored in clear text."""

import math
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select, text

from features.contacts import ContactKind
from features.links import Links
from features.message import message
from models.errors import Conflict, Invalid
from models.policies.deciding import Rule, ScorecardPolicy
from models.routing import Lane
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.audit.tables import audit_entry
from serving.composition import CONTACT_KEY
from serving.listings.service.intake import receive_rows
from serving.listings.service.precheck import precheck
from serving.listings.store import listings
from serving.platform.database.schema import metadata
from serving.platform.home import Home
from serving.sellers.service.contacts import MOST_OF_A_SELLER, erase_contacts, receive_contacts
from serving.sellers.tables import seller_contact
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import a_listing
from tests.fixtures.runtimes import Site, a_row, a_suspect_row, judge, open_cases
from tests.serving.listings.service.test_seller_histories import latest_facts, take_in

PHONE, MAIL = "+49 30 7654321", "ann@trade.example"


def a_contact(seller: object = "ann", **changes: Any) -> dict[str, Any]:
    """A telephone contact; a change of None leaves the field out."""
    contact = {"seller": seller, "kind": "phone", "value": PHONE, **changes}
    return {name: field_value for name, field_value in contact.items() if field_value is not None}


def tell(site: Site, *contacts: Any, backfill: bool = False) -> dict[str, int]:
    """Receive contacts one second later."""
    site.clock.forward(seconds=1)
    return receive_contacts(site.runtime, site.marketplace, {"contacts": list(contacts)}, backfill=backfill)


def stored_contacts(site: Site) -> list[Any]:
    return list(site.rows(select(seller_contact).order_by(seller_contact.c.known_at)))


def listing(seller: str | None) -> dict[str, Any]:
    """An ordinary listing, with an id derived from its seller's."""
    return a_row(external_id=f"of-{seller}", title="Grey tote", brand=None, seller={"external_id": seller})


def links_of(site: Site, seller: str) -> Links:
    """The links that the seller's listing is scored with."""
    take_in(site, listing(seller))
    links = latest_facts(site, f"of-{seller}").seller.links
    assert links is not None
    return links


def linked_sellers(site: Site, seller: str) -> list[str]:
    """The sellers linked with a seller, each with the kinds of contact on the path."""
    return [
        f"{' '.join(step.kind.value for step in link.path)} {link.path[-1].seller}"
        for link in links_of(site, seller).sellers
    ]


def test_sellers_with_a_shared_telephone_number_are_linked_with_the_path(any_site: Site) -> None:
    tell(
        any_site,
        a_contact("ann"),
        a_contact("ann", kind="address", value="Hafenstr. 4, Hamburg"),
        a_contact("bo", kind="address", value="Hafenstr 4 Hamburg"),
    )
    assert linked_sellers(any_site, "ann") == ["address bo"]
    tell(any_site, a_contact("cy", value="0049 30/7654321"))
    assert linked_sellers(any_site, "cy") == ["phone ann", "phone address bo"]
    assert linked_sellers(any_site, "bo") == ["address ann", "address phone cy"]


def test_the_same_text_as_another_kind_of_contact_is_another_contact(any_site: Site) -> None:
    tell(any_site, a_contact("ann", kind="payout", value="1234567"), a_contact("bo", kind="address", value="1234567"))
    assert linked_sellers(any_site, "ann") == []


def test_a_contact_received_with_the_listing_counts_for_the_next_one(any_site: Site) -> None:
    """It is known at the moment of the listing and not before."""
    tell(any_site, a_contact("ann"))
    any_site.clock.forward(seconds=1)
    receive_contacts(any_site.runtime, any_site.marketplace, {"contacts": [a_contact("bo")]}, backfill=False)
    receive_rows(any_site.runtime, any_site.marketplace, [listing("bo")], source="test")
    links = latest_facts(any_site, "of-bo").seller.links
    assert links is not None
    assert (links.contacts, links.sellers) == (0, ())
    take_in(any_site, {**listing("bo"), "external_id": "next"})
    links = latest_facts(any_site, "next").seller.links
    assert links is not None
    assert (links.contacts, len(links.sellers)) == (1, 1)


def test_a_seller_without_a_contact_is_known_to_have_none_and_a_listing_without_a_seller_has_no_links(
    any_site: Site,
) -> None:
    assert links_of(any_site, "ann") == Links(contacts=0)
    take_in(any_site, listing(None))
    assert latest_facts(any_site, "of-None").seller.links is None


def test_outcomes_of_linked_sellers_count_as_of_the_moment(any_site: Site) -> None:
    tell(any_site, a_contact("ann"), a_contact("bo"), a_contact("cy"))
    take_in(any_site, a_suspect_row(external_id="A", seller={"external_id": "ann"}))
    before = links_of(any_site, "bo")
    any_site.clock.forward(seconds=1)
    (case,) = open_cases(any_site)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    after = links_of(any_site, "cy")
    assert [(link.path[-1].seller, link.counterfeit) for link in before.sellers] == [("ann", 0), ("cy", 0)]
    assert [(link.path[-1].seller, link.counterfeit) for link in after.sellers] == [("ann", 1), ("bo", 0)]
    assert [step.kind for step in after.sellers[0].path] == [ContactKind.PHONE]


def test_links_alone_queue_no_listing_for_review(any_site: Site) -> None:
    """The scorecard has no points for links, and no rule acts on them, even if linked sellers have counterfeits."""
    tell(any_site, a_contact("honest"), *(a_contact(f"rival-{i}") for i in range(5)))
    rows = [a_suspect_row(external_id=f"R{i}", seller={"external_id": f"rival-{i}"}) for i in range(5)]
    take_in(any_site, *rows)
    any_site.clock.forward(seconds=1)
    for case in open_cases(any_site):
        judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=1)
    quiet = replace(any_site.runtime, draw=lambda: 1.0)
    (answer,) = receive_rows(quiet, any_site.marketplace, [listing("honest")], source="test")
    links = latest_facts(any_site, "of-honest").seller.links
    assert links is not None
    assert len(links.counterfeiters) == 5
    assert answer.lane is Lane.NO_ACTION


@pytest.mark.both_engines
def test_a_contact_is_kept_once_from_when_it_was_first_known(any_site: Site) -> None:
    assert tell(any_site, a_contact(), a_contact()) == {"new": 1, "known": 1, "quarantined": 0}
    first = any_site.clock.now()
    assert tell(any_site, a_contact(value="0049 30/7654321")) == {"new": 0, "known": 1, "quarantined": 0}
    assert [(row.seller_external_id, row.kind, row.known_at) for row in stored_contacts(any_site)] == [
        ("ann", "phone", first)
    ]


def test_a_backfill_knows_a_contact_since_it_was_the_sellers(any_site: Site) -> None:
    since = (NOW - timedelta(days=90)).isoformat()
    tell(any_site, a_contact("ann", occurred_at=since), a_contact("bo", occurred_at=since), backfill=True)
    past = {"occurred_at": (NOW - timedelta(days=50)).isoformat()}
    take_in(any_site, {**listing("ann"), **past}, backfill=True)
    facts = latest_facts(any_site, "of-ann")
    assert facts.as_of == NOW - timedelta(days=50)
    assert facts.seller.links is not None
    assert len(facts.seller.links.sellers) == 1


def test_without_the_right_to_backfill_a_contact_is_known_when_it_came(any_site: Site) -> None:
    tell(any_site, a_contact(occurred_at=(NOW - timedelta(days=90)).isoformat()))
    assert stored_contacts(any_site)[0].known_at == any_site.clock.now()
    assert stored_contacts(any_site)[0].occurred_at == NOW - timedelta(days=90)


def test_a_backfilled_contact_is_not_known_before_anything_that_was_scored_without_it(any_site: Site) -> None:
    take_in(any_site, listing("unknown user"))
    scored = any_site.clock.now()
    since = (NOW - timedelta(days=90)).isoformat()
    tell(any_site, a_contact("ann", occurred_at=since), backfill=True)
    assert stored_contacts(any_site)[0].known_at == scored


def test_a_backfilled_contact_of_tomorrow_is_known_now(any_site: Site) -> None:
    tell(any_site, a_contact(occurred_at=(NOW + timedelta(hours=12)).isoformat()), backfill=True)
    assert stored_contacts(any_site)[0].known_at == any_site.clock.now()


def test_a_forwarding_service_that_many_use_links_nobody_and_its_first_users_were_linked(any_site: Site) -> None:
    address = {"kind": "address", "value": "Hall 4, Port Road"}
    tell(any_site, *(a_contact(f"shop-{i:02d}", **address) for i in range(10)))
    assert len(links_of(any_site, "shop-03").sellers) == 9
    tell(any_site, *(a_contact(f"shop-{i:02d}", **address) for i in range(10, 30)))
    for seller in ("shop-04", "shop-20"):
        links = links_of(any_site, seller)
        assert (links.contacts, links.common, links.sellers) == (1, 1, ())


def test_contacts_do_not_link_across_marketplaces(any_site: Site) -> None:
    other = provisioning.add_marketplace(any_site.runtime, name="Souk", base_currency="EUR", by="test")
    receive_contacts(any_site.runtime, other, {"contacts": [a_contact("ann")]}, backfill=False)
    tell(any_site, a_contact("bo"))
    assert linked_sellers(any_site, "bo") == []
    assert len({row.token for row in stored_contacts(any_site)}) == 2


def test_a_precheck_sees_links(any_site: Site) -> None:
    tell(any_site, a_contact("ann"), a_contact("bo"))
    any_site.clock.forward(seconds=1)
    new_listing = a_listing(external_id="bo", seller={"external_id": "bo"})
    rule = ScorecardPolicy(rules=(Rule("seller_linked_sellers", 0.5, math.inf, 10),))
    policies = any_site.runtime.policies.changed(rule)
    scored = precheck(replace(any_site.runtime, policies=policies), any_site.marketplace, new_listing)
    assert [reason.message for reason in scored.score.reasons] == [message("seller_linked_sellers", n=1)]


REFUSED: list[tuple[Any, str, str, str]] = [
    (PHONE, "wrong_type", "", "a bare text"),
    (a_contact(seller=None), "missing_field", "seller", "without a seller"),
    (a_contact(kind=None), "missing_field", "kind", "without a kind"),
    (a_contact(value=None), "missing_field", "value", "nothing"),
    (a_contact(value=497654321), "wrong_type", "value", "a number has lost its plus"),
    (a_contact(kind="fax"), "unknown_value", "kind", "a kind that is not known"),
    (a_contact(kind=["phone"]), "unknown_value", "kind", "a kind that is a list"),
    (a_contact(value="030 7654321"), "bad_phone", "value", "without its country"),
    (a_contact(value="7" * 321), "too_long", "value", "longer than any contact"),
    (a_contact(value="+49 30 765\0"), "bad_characters", "value", "a null character"),
    (a_contact(occurred_at="yesterday"), "bad_time", "occurred_at", "no time"),
    (a_contact(occurred_at="2026-03-09T00:00:00Z"), "future_time", "occurred_at", "more than a day ahead"),
    ({**a_contact(), "7654321": 1}, "unknown_field", "", "a field that is not known, named as the number"),
]


@pytest.mark.parametrize(("row", "code", "field", "_why"), REFUSED)
def test_a_bad_contact_is_quarantined_without_its_value_and_its_neighbour_kept(
    site: Site, row: Any, code: str, field: str, _why: str
) -> None:
    assert tell(site, row, a_contact("bo", kind="email", value=MAIL)) == {"new": 1, "known": 0, "quarantined": 1}
    (refusal,) = site.read(listings.quarantined_rows, site.marketplace_id, 10)
    assert (refusal["code"], refusal["field"], refusal["source"]) == (code, field, "seller-contacts")
    assert "7654321" not in str(refusal)


def test_a_seller_has_at_most_fifty_contacts(site: Site) -> None:
    many = [a_contact(value=f"+49 30 {i:07d}") for i in range(MOST_OF_A_SELLER + 1)]
    assert tell(site, *many) == {"new": 50, "known": 0, "quarantined": 1}
    assert tell(site, many[0], many[-1]) == {"new": 0, "known": 1, "quarantined": 1}
    assert {refusal["code"] for refusal in site.read(listings.quarantined_rows, site.marketplace_id, 10)} == {
        "too_many"
    }


@pytest.mark.parametrize(
    "body", [{}, {"contacts": None}, {"contacts": {}}, {"contacts": [], "more": 1}, {"contacts": [{}] * 1_001}]
)
def test_an_invalid_body_is_refused_as_a_whole(site: Site, body: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="at most 1,000 contacts"):
        receive_contacts(site.runtime, site.marketplace, body, backfill=False)


@pytest.mark.both_engines
def test_the_database_contains_no_contact_in_clear_text(any_site: Site) -> None:
    handle = "telegram:ann_trades_here"
    tell(
        any_site,
        a_contact(),
        a_contact(kind="email", value=MAIL),
        a_contact(kind="handle", value=handle),
        a_contact(value=PHONE, kind="email"),
        a_contact("bo"),
    )
    take_in(any_site, listing("bo"))
    erase_contacts(any_site.runtime, any_site.marketplace, "ann", by="test")
    with any_site.runtime.store.read() as connection:
        for table in metadata.sorted_tables:
            content = repr(connection.execute(text(f'SELECT * FROM "{table.name}"')).all())  # noqa: S608  # our own names
            for secret in ("7654321", "ann@trade", "ann_trades"):
                assert secret not in content, table.name
    assert b"7654321" not in latest_facts(any_site, "of-bo").to_json()


def test_the_key_of_the_hashes_is_stored_outside_the_database(any_site: Site, tmp_path: Path) -> None:
    tell(any_site, a_contact())
    home = any_site.runtime.home
    key = home.secret(CONTACT_KEY)
    assert (any_site.runtime.contact_key, len(key)) == (key, 32)
    assert (home.root / CONTACT_KEY).stat().st_mode & 0o777 == 0o600
    assert Home.at(tmp_path / "other").secret(CONTACT_KEY) != key


def test_contacts_hashed_with_another_key_are_refused(any_site: Site) -> None:
    tell(any_site, a_contact())
    other = replace(any_site.runtime, contact_key=b"another key of at least 32 bytes")
    with pytest.raises(Conflict, match="another key"):
        receive_contacts(other, any_site.marketplace, {"contacts": [a_contact("bo")]}, backfill=False)
    erase_contacts(any_site.runtime, any_site.marketplace, "ann", by="test")
    receive_contacts(other, any_site.marketplace, {"contacts": [a_contact("bo")]}, backfill=False)


def test_an_erased_contact_links_nobody_and_earlier_scores_stay(any_site: Site) -> None:
    tell(any_site, a_contact("ann"), a_contact("ann", kind="email", value=MAIL), a_contact("bo"))
    assert linked_sellers(any_site, "bo") == ["phone ann"]
    assert erase_contacts(any_site.runtime, any_site.marketplace, "ann", by="test") == 2
    assert erase_contacts(any_site.runtime, any_site.marketplace, "ann", by="test") == 0
    tell(any_site, a_contact("cy"))
    assert linked_sellers(any_site, "cy") == ["phone bo"]
    links = latest_facts(any_site, "of-bo").seller.links
    assert links is not None
    assert len(links.sellers) == 1
    acts = [row.act for row in any_site.rows(select(audit_entry))]
    assert acts.count("contacts.erased") == 2


@pytest.mark.parametrize("rows", [1, 50])
def test_a_batch_reads_contacts_in_as_many_queries_as_a_row(site: Site, rows: int) -> None:
    tell(site, *(a_contact(f"{who}-{i}", value=f"+49 30 {i:07d}") for who in ("ann", "bo") for i in range(rows)))
    executed_sql: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        executed_sql.append(statement)

    event.listen(site.runtime.store.reads, "before_cursor_execute", note)
    take_in(site, *(listing(f"bo-{i}") for i in range(rows)))
    event.remove(site.runtime.store.reads, "before_cursor_execute", note)
    assert sum("seller_contact" in statement for statement in executed_sql) == 3
