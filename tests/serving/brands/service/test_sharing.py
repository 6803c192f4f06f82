"""A lead of a brand at two marketplaces shares what is on file at one with the other."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Person
from serving.accounts.service import provisioning
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.policy import RightsPolicy
from serving.brands.rules.rights import RightState
from serving.brands.service.managed_brands import judge_rights
from serving.brands.service.mandates import revoke_mandate
from serving.brands.service.price_lists import load_price_list
from serving.brands.service.rights_claims import settle_rights
from serving.brands.service.rights_copies import keep_document
from serving.brands.service.rights_sharing import share_document, share_mandate, share_price_list, share_right
from serving.brands.store import brands, mandates, price_lists, rights, rights_documents
from serving.brands.tables import brand_right
from serving.listings.service.intake import receive_rows
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from tests.fixtures.guests import an_invited_user
from tests.fixtures.reporting import brand_person_at, manager_of, with_brand_grant_at
from tests.fixtures.runtimes import Site, a_row
from tests.fixtures.two_marketplaces import PDF, PRICE, BrandFile, TwoMarketplaces, put_on_file, with_two_marketplaces
from tests.fixtures.waiting import until_waiting
from tests.serving.listings.service.test_seller_histories import latest_facts


@pytest.fixture
def both(any_site: Site) -> TwoMarketplaces:
    return with_two_marketplaces(any_site)


@pytest.fixture
def own_file(both: TwoMarketplaces) -> BrandFile:
    return put_on_file(both, both.first_pair)


def share(both: TwoMarketplaces, own_file: BrandFile) -> str:
    return share_right(both.site.runtime, both.lead, both.first_pair, own_file.right_id, both.souk)


def settle(both: TwoMarketplaces, pair: Pair, right_id: str, *states: RightState) -> None:
    for state in states:
        settle_rights(both.site.runtime, pair, [right_id], state, note="Because.", by="test")


def prices(both: TwoMarketplaces, pair: Pair) -> list[tuple[str, str, str, bool]]:
    list_prices = both.site.read(price_lists.entries, pair, both.site.clock.now(), most=100)
    return sorted((price.name, str(price.amount), price.valid_from, price.holds) for price in list_prices)


@pytest.mark.parametrize("states", [(), (RightState.VERIFIED,)], ids=["claimed", "verified"])
def test_a_right_arrives_claimed_with_its_document_and_is_verified_by_its_own_people(
    both: TwoMarketplaces, own_file: BrandFile, states: tuple[RightState, ...]
) -> None:
    settle(both, both.first_pair, own_file.right_id, *states)
    copy = share(both, own_file)
    with both.site.runtime.store.read() as connection:
        original, shared = (
            rights.get(connection, both.first_pair, own_file.right_id),
            rights.get(connection, both.second_pair, copy),
        )
        assert rights_documents.document(connection, both.second_pair, own_file.digest).content == PDF
    assert shared.right == replace(original.right, right_id=copy, state=RightState.CLAIMED)
    assert (shared.document, shared.claimed_by) == (own_file.digest, f"user:{both.lead.user_id}")
    assert (shared.settled_by, shared.settled_at, shared.note) == (None, None, None)
    judge_rights(both.site.runtime, manager_of(both.site), both.second_pair, [copy], RightState.VERIFIED, "")


def test_the_copy_is_not_verified_by_an_account_that_counts_as_the_sharing_lead(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    copy, omar = share(both, own_file), manager_of(both.site)
    an_invited_user(both.site, both.lead, omar)
    with pytest.raises(Forbidden, match="count as one person"):
        judge_rights(both.site.runtime, omar, both.second_pair, [copy], RightState.VERIFIED, "")


NOT_SHARED = [
    (RightState.REFUSED, "A refused right cannot be shared"),
    (RightState.WITHDRAWN, "A withdrawn right cannot be shared"),
    (RightState.CARRIED_OVER, "carried over without a document cannot be shared"),
]


@pytest.mark.parametrize(("state", "sentence"), NOT_SHARED, ids=[state.value for state, _ in NOT_SHARED])
def test_a_right_that_is_not_claimed_or_verified_is_not_shared(
    both: TwoMarketplaces, own_file: BrandFile, state: RightState, sentence: str
) -> None:
    with both.site.runtime.store.write() as connection:
        which = brand_right.c.right_id == own_file.right_id
        connection.execute(update(brand_right).where(which).values(state=state.value))
    with pytest.raises(Conflict, match=sentence):
        share(both, own_file)
    with both.site.runtime.store.read() as connection:
        assert rights.rights_of(connection, both.second_pair) == []
        assert rights_documents.documents_of(connection, both.second_pair) == []


def test_nothing_is_shared_twice(both: TwoMarketplaces, own_file: BrandFile) -> None:
    runtime, lead = both.site.runtime, both.lead
    copy = share(both, own_file)
    share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)
    for state in (None, RightState.WITHDRAWN):
        if state is not None:
            settle(both, both.second_pair, copy, state)
        with pytest.raises(Conflict, match="Souk has this right on file already"):
            share(both, own_file)
    with pytest.raises(Conflict, match="Souk has this document on file already"):
        share_document(runtime, lead, both.first_pair, own_file.digest, both.souk)
    with pytest.raises(Conflict, match="Souk has this power of attorney on file already"):
        share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)


@pytest.mark.both_engines
def test_two_clicks_at_once_make_one_copy(both: TwoMarketplaces, own_file: BrandFile) -> None:
    with ThreadPoolExecutor(2) as pool:
        with both.site.runtime.store.write() as connection:
            audit.lock(connection)
            futures = [pool.submit(share, both, own_file) for _ in range(2)]
            until_waiting(both.site.runtime.store, 2)
        errors = [future.exception() for future in futures]
    assert [type(error) for error in errors if error] == [Conflict]


def _nobody_there(both: TwoMarketplaces) -> Person:
    with both.site.runtime.store.write() as connection:
        accounts.end_brand_grant(connection, both.lead.user_id, both.second_pair)
        return accounts.person(connection, both.lead.user_id)


def _no_lead(pair_of: Callable[[TwoMarketplaces], Pair]) -> Callable[[TwoMarketplaces], Person]:
    def change(both: TwoMarketplaces) -> Person:
        with both.site.runtime.store.write() as connection:
            accounts.set_lead(connection, both.lead.user_id, pair_of(both), leads=False)
            return accounts.person(connection, both.lead.user_id)

    return change


def _agent(pair_of: Callable[[TwoMarketplaces], Pair]) -> Callable[[TwoMarketplaces], Person]:
    """A lead that acts by a power of attorney at one of the two, which only the store can make."""

    def change(both: TwoMarketplaces) -> Person:
        now = both.site.clock.now()
        place, brand_id = pair_of(both)
        row: dict[str, Any] = {
            "marketplace_id": place,
            "mandate_id": "poa_1",
            "brand_id": brand_id,
            "user_id": both.lead.user_id,
            "agent": "Lexa",
            "kinds": ["mark"],
            "territories": ["EU"],
            "document_digest": None,
            "begins_at": now,
            "expires_at": now,
            "known_at": now,
        }
        both.site.write(mandates.add_mandate, row)
        return both.lead

    return change


def _first_pair(both: TwoMarketplaces) -> Pair:
    return both.first_pair


def _second_pair(both: TwoMarketplaces) -> Pair:
    return both.second_pair


BARRED: list[tuple[Callable[[TwoMarketplaces], Person], type[DomainError], str]] = [
    (lambda both: brand_person_at(both.site), NotFound, "leads at the second alone"),
    (_nobody_there, NotFound, "does not represent the brand at the second"),
    (_no_lead(_second_pair), Forbidden, "no lead rights at the second"),
    (_no_lead(_first_pair), Forbidden, "no lead rights at the first"),
    (_agent(_first_pair), Forbidden, "an agent at the first, with an ended power of attorney"),
    (_agent(_second_pair), Forbidden, "an agent at the second, with an ended power of attorney"),
    (lambda both: both.agent, Forbidden, "an agent at the first who answers at both"),
    (lambda both: both.site.account_manager, NotFound, "the account manager"),
    (lambda both: manager_of(both.site), NotFound, "the account manager of the second"),
]


@pytest.mark.attack
@pytest.mark.parametrize(("change", "error", "_why"), BARRED)
def test_only_a_lead_of_both_shares(
    both: TwoMarketplaces,
    own_file: BrandFile,
    change: Callable[[TwoMarketplaces], Person],
    error: type[DomainError],
    _why: str,
) -> None:
    runtime, person, pair = both.site.runtime, change(both), both.first_pair
    acts: list[Callable[[], object]] = [
        lambda: share_right(runtime, person, pair, own_file.right_id, both.souk),
        lambda: share_document(runtime, person, pair, own_file.digest, both.souk),
        lambda: share_mandate(runtime, person, pair, own_file.mandate_id, both.souk),
        lambda: share_price_list(runtime, person, pair, both.souk),
    ]
    for act in acts:
        with pytest.raises(error):
            act()
    with runtime.store.read() as connection:
        assert (rights.rights_of(connection, both.second_pair), price_lists.count(connection, both.second_pair)) == (
            [],
            0,
        )
        assert rights_documents.documents_of(connection, both.second_pair) == []


@pytest.mark.attack
def test_ids_of_another_brand_or_marketplace_are_not_shared(both: TwoMarketplaces) -> None:
    """The lead's own pair with an id of the other marketplace, and of another brand here."""
    theirs, runtime = put_on_file(both, both.second_pair), both.site.runtime
    with runtime.store.read() as connection:
        solenne = brands.by_name(connection, "Solenne").brand_id
        of_solenne = rights.rights_of(connection, (both.first_pair[0], solenne))[0].right.right_id
    for right_id in (theirs.right_id, of_solenne, "rgt_unknown"):
        with pytest.raises(NotFound):
            share_right(runtime, both.lead, both.first_pair, right_id, both.souk)
    with pytest.raises(NotFound):
        share_document(runtime, both.lead, both.first_pair, theirs.digest, both.souk)
    with pytest.raises(NotFound):
        share_mandate(runtime, both.lead, both.first_pair, theirs.mandate_id, both.souk)


def test_there_must_be_another_marketplace_at_which_the_brand_is_enrolled(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    with pytest.raises(Invalid, match="Choose another one"):
        share_right(both.site.runtime, both.lead, both.first_pair, own_file.right_id, both.first_pair[0])
    with pytest.raises(NotFound):
        share_right(both.site.runtime, both.lead, both.first_pair, own_file.right_id, "mkt_unknown")
    fair = provisioning.add_marketplace(both.site.runtime, name="Fair", base_currency="EUR", by="test").marketplace_id
    lead = with_brand_grant_at(both.site, both.lead, fair, leads=True)
    with pytest.raises(NotFound, match="There is no such brand"):
        share_right(both.site.runtime, lead, both.first_pair, own_file.right_id, fair)


def test_a_power_of_attorney_is_shared_to_the_same_last_day_with_its_document(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    both.site.clock.forward(days=1)
    copy = share_mandate(both.site.runtime, both.lead, both.first_pair, own_file.mandate_id, both.souk)
    with both.site.runtime.store.read() as connection:
        [original], [shared] = (
            mandates.stored_mandates(connection, pair) for pair in (both.first_pair, both.second_pair)
        )
        assert rights_documents.document(connection, both.second_pair, own_file.digest).content == PDF
    assert shared.mandate == replace(original.mandate, mandate_id=copy, begins_at=both.site.clock.now())
    assert (shared.user_id, shared.document) == (both.agent.user_id, own_file.digest)


def test_a_power_of_attorney_that_has_ended_is_not_shared_and_one_ended_there_can_be_again(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    runtime, lead = both.site.runtime, both.lead
    both.site.clock.forward(minutes=1)
    copy = share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)
    both.site.clock.forward(minutes=1)
    revoke_mandate(runtime, both.second_pair, copy, by="test")
    share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)
    both.site.clock.forward(days=99)
    with pytest.raises(Conflict, match="that is in force"):
        share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)


def test_a_power_of_attorney_is_shared_only_where_its_agent_answers_and_does_not_lead(
    both: TwoMarketplaces, own_file: BrandFile
) -> None:
    runtime = both.site.runtime
    with runtime.store.write() as connection:
        accounts.set_lead(connection, both.agent.user_id, both.second_pair, leads=True)
    with pytest.raises(Conflict, match="cannot be an agent of the brand"):
        share_mandate(runtime, both.lead, both.first_pair, own_file.mandate_id, both.souk)
    with runtime.store.write() as connection:
        accounts.end_brand_grant(connection, both.agent.user_id, both.second_pair)
    with pytest.raises(Forbidden, match="has no account for Aurelle"):
        share_mandate(runtime, both.lead, both.first_pair, own_file.mandate_id, both.souk)


def test_of_a_price_list_what_holds_or_begins_later_is_shared_once(both: TwoMarketplaces) -> None:
    runtime, now = both.site.runtime, both.site.clock.now()
    later = f"{now + timedelta(days=30):%Y-%m-%d}"
    rows = [
        {**PRICE, "price": "500", "valid_from": "2025-01-01"},
        PRICE,
        {**PRICE, "price": "600", "valid_from": later},
        {**PRICE, "model": "Perle", "price": "21"},
    ]
    load_price_list(runtime, "Aurelle", rows, marketplace="Bazaar", by="test")
    both.site.clock.forward(seconds=1)
    load_price_list(runtime, "Aurelle", [{**PRICE, "model": "Perle", "price": "210"}], marketplace="Bazaar", by="test")
    assert share_price_list(runtime, both.lead, both.first_pair, both.souk) == 3
    expected = [
        ("Colline", "540.00", "2026-01-01", True),
        ("Colline", "600.00", later, False),
        ("Perle", "210.00", "2026-01-01", True),
    ]
    assert prices(both, both.second_pair) == expected
    both.site.clock.forward(seconds=1)
    assert share_price_list(runtime, both.lead, both.first_pair, both.souk) == 0
    assert prices(both, both.second_pair) == expected


def test_a_price_that_was_corrected_is_shared_again_and_comes_back_for_one_that_differs(both: TwoMarketplaces) -> None:
    runtime = both.site.runtime
    load_price_list(runtime, "Aurelle", [PRICE], marketplace="Bazaar", by="test")
    for place, price in (("Bazaar", None), ("Bazaar", "550"), ("Souk", "5")):
        both.site.clock.forward(seconds=1)
        if price is not None:
            load_price_list(runtime, "Aurelle", [{**PRICE, "price": price}], marketplace=place, by="test")
            both.site.clock.forward(seconds=1)
        assert share_price_list(runtime, both.lead, both.first_pair, both.souk) == 1
        with runtime.store.read() as connection:
            rows_here, rows_there = (
                price_lists.load(connection, pair[0], both.site.clock.now()).to_rows()
                for pair in (both.first_pair, both.second_pair)
            )
        assert rows_here == rows_there


def test_listings_are_compared_with_a_shared_list_from_the_next_one(both: TwoMarketplaces) -> None:
    runtime = both.site.runtime
    with runtime.store.read() as connection:
        souk = replace(both.site, marketplace=marketplaces.get(connection, both.souk))
    load_price_list(runtime, "Aurelle", [PRICE], marketplace="Bazaar", by="test")
    receive_rows(runtime, souk.marketplace, [a_row(external_id="A")], source="test")
    share_price_list(runtime, both.lead, both.first_pair, both.souk)
    receive_rows(runtime, souk.marketplace, [a_row(external_id="B")], source="test")
    before, after = (latest_facts(souk, name).price.listed for name in "AB")
    assert (before, after is not None and after.amount) == (None, 540)


def test_what_has_no_room_at_the_other_marketplace_is_not_shared_in_part(
    both: TwoMarketplaces, own_file: BrandFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = both.site.runtime.policies
    none = replace(policies[RightsPolicy], most_rights_of_a_brand=0)
    full = replace(both.site.runtime, policies=policies.changed(none))
    with pytest.raises(Conflict, match="the maximum number of rights"):
        share_right(full, both.lead, both.first_pair, own_file.right_id, both.souk)
    few = replace(both.site.runtime, policies=policies.changed(replace(none, most_documents_of_a_brand=0)))
    with pytest.raises(Conflict, match="at most 0 documents"):
        share_document(few, both.lead, both.first_pair, own_file.digest, both.souk)
    monkeypatch.setattr("serving.brands.service.price_lists.MOST_ENTRIES", 0)
    with pytest.raises(Conflict, match="the limit of 0 list prices"):
        share_price_list(both.site.runtime, both.lead, both.first_pair, both.souk)
    with both.site.runtime.store.read() as connection:
        assert rights_documents.documents_of(connection, both.second_pair) == []
        assert rights.rights_of(connection, both.second_pair) == []


@pytest.mark.attack
def test_each_log_has_its_own_side_and_names_nothing_of_the_other(both: TwoMarketplaces, own_file: BrandFile) -> None:
    runtime, lead = both.site.runtime, both.lead
    copy = share(both, own_file)
    power = share_mandate(runtime, lead, both.first_pair, own_file.mandate_id, both.souk)
    share_price_list(runtime, lead, both.first_pair, both.souk)
    digest = keep_document(runtime, "Aurelle", "b.pdf", PDF + b"b", marketplace="Bazaar", by="test")
    share_document(runtime, lead, both.first_pair, digest, both.souk)
    joined = audit_payload.c.sequence == audit_entry.c.sequence
    query = select(audit_entry, audit_payload.c.payload).join(audit_payload, joined).order_by(audit_entry.c.sequence)
    query = query.where(audit_entry.c.actor == f"user:{lead.user_id}")
    with runtime.store.read() as connection:
        rows = connection.execute(query).all()
    sides = {place: [row for row in rows if row.marketplace_id == place] for place in (both.first_pair[0], both.souk)}
    assert [(row.act, row.subject) for row in sides[both.first_pair[0]]] == [
        ("right.claimed", own_file.right_id),
        ("document.shared", both.first_pair[1]),
        ("right.shared", own_file.right_id),
        ("mandate.shared", own_file.mandate_id),
        ("price_list.shared", both.first_pair[1]),
        ("document.shared", both.first_pair[1]),
    ]
    assert [(row.act, row.subject) for row in sides[both.souk]] == [
        ("document.supplied", both.first_pair[1]),
        ("right.claimed", copy),
        ("mandate.recorded", power),
        ("price_list.loaded", both.first_pair[1]),
        ("document.supplied", both.first_pair[1]),
    ]
    assert json.loads(next(row for row in rows if row.act == "right.shared").payload)["copy"] == copy
    for place, other, name in ((both.first_pair[0], both.souk, "Souk"), (both.souk, both.first_pair[0], "Bazaar")):
        payload_text = "".join(row.payload for row in sides[place])
        assert other not in payload_text
        assert name not in payload_text
