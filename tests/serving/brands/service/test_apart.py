"""What one marketplace does with a brand's file changes nothing that another reads of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from serving.accounts.rules.access import Person
from serving.accounts.store import accounts
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service.brand_file import set_sales_territory, withdraw_right
from serving.brands.service.brand_people import end_agency, remove_person
from serving.brands.service.managed_brands import void_agency
from serving.brands.service.mandates import NewMandate, grant_mandate, revoke_mandate
from serving.brands.service.price_lists import load_price_list
from serving.brands.service.rights_claims import NewRight, claim_right, settle_rights
from serving.brands.service.rights_copies import keep_document
from serving.brands.service.rights_sharing import share_mandate, share_price_list, share_right
from serving.brands.store import brands
from serving.platform.database.scope import Pair
from tests.fixtures.runtimes import Site
from tests.fixtures.two_marketplaces import (
    PDF,
    PRICE,
    BrandFile,
    TwoMarketplaces,
    put_on_file,
    read_brand_file,
    with_two_marketplaces,
)

pytestmark = pytest.mark.attack


def _verify(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    settle_rights(both.site.runtime, pair, [on_file.right_id], RightState.VERIFIED, by="test")


def _refuse(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    settle_rights(both.site.runtime, pair, [on_file.right_id], RightState.REFUSED, note="Not theirs.", by="test")


def _withdraw_a_claim(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    withdraw_right(both.site.runtime, both.lead, pair, on_file.right_id)


def _withdraw_a_verified_right(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    _verify(both, pair, on_file)
    withdraw_right(both.site.runtime, both.lead, pair, on_file.right_id)


def _claim_another(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    new_right = NewRight("Aurelle", RightKind.MARK, "Perle", "EUIPO", "019", ("EU",), document=on_file.digest)
    claim_right(both.site.runtime, replace(new_right, marketplace=both.name(pair)), by="test")


def _add_a_document(both: TwoMarketplaces, pair: Pair, _one: BrandFile) -> None:
    keep_document(both.site.runtime, "Aurelle", "b.pdf", PDF + b"b", marketplace=both.name(pair), by="test")


def _record_an_agent(both: TwoMarketplaces, pair: Pair, _one: BrandFile) -> None:
    until = both.site.clock.now() + timedelta(days=9)
    new_mandate = NewMandate("Aurelle", both.agent.email, "Lexa", ("FR",), until, marketplace=both.name(pair))
    grant_mandate(both.site.runtime, new_mandate, by="test")


def _revoke(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    revoke_mandate(both.site.runtime, pair, on_file.mandate_id, by="test")


def _end_by_the_lead(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    end_agency(both.site.runtime, both.lead, pair, on_file.mandate_id)


def _void(both: TwoMarketplaces, pair: Pair, on_file: BrandFile) -> None:
    void_agency(both.site.runtime, _manager_of(both, pair), pair, on_file.mandate_id)


def _remove_the_agent(both: TwoMarketplaces, pair: Pair, _one: BrandFile) -> None:
    remove_person(both.site.runtime, both.lead, pair, both.agent.user_id)


def _reprice(both: TwoMarketplaces, pair: Pair, _one: BrandFile) -> None:
    rows = [{**PRICE, "price": "5"}, {**PRICE, "model": "Perle"}]
    load_price_list(both.site.runtime, "Aurelle", rows, marketplace=both.name(pair), by="test")


def _sell_elsewhere(both: TwoMarketplaces, pair: Pair, _one: BrandFile) -> None:
    set_sales_territory(both.site.runtime, ["JP"], marketplace=both.name(pair), by="test")


ACTS = [
    _verify,
    _refuse,
    _withdraw_a_claim,
    _withdraw_a_verified_right,
    _claim_another,
    _add_a_document,
    _record_an_agent,
    _revoke,
    _end_by_the_lead,
    _void,
    _remove_the_agent,
    _reprice,
    _sell_elsewhere,
]


def _manager_of(both: TwoMarketplaces, pair: Pair) -> Person:
    with both.site.runtime.store.read() as connection:
        manager = brands.enrolments(connection, pair[0])[pair[1]].account_manager_id
        return accounts.person(connection, manager)


@pytest.mark.both_engines
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__.strip("_"))
def test_an_act_at_one_marketplace_changes_no_byte_that_the_other_reads(
    any_site: Site, act: Callable[[TwoMarketplaces, Pair, BrandFile], None]
) -> None:
    """The same right, document, agent and price are on file at both, and either acts on its own."""
    both = with_two_marketplaces(any_site)
    on_file = {pair: put_on_file(both, pair) for pair in (both.first_pair, both.second_pair)}
    for mine, other in ((both.first_pair, both.second_pair), (both.second_pair, both.first_pair)):
        any_site.clock.forward(seconds=1)
        before, own = read_brand_file(both, other), read_brand_file(both, mine)
        act(both, mine, on_file[mine])
        assert read_brand_file(both, other) == before
        assert read_brand_file(both, mine) != own


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__.strip("_"))
def test_after_sharing_either_side_changes_its_own_copy_alone(
    any_site: Site, act: Callable[[TwoMarketplaces, Pair, BrandFile], None]
) -> None:
    both = with_two_marketplaces(any_site)
    mine = put_on_file(both, both.first_pair)
    runtime, lead, souk = any_site.runtime, both.lead, both.souk
    mandate_id = share_mandate(runtime, lead, both.first_pair, mine.mandate_id, souk)
    right_id = share_right(runtime, lead, both.first_pair, mine.right_id, souk)
    assert share_price_list(runtime, lead, both.first_pair, souk) == 1
    any_site.clock.forward(seconds=1)
    before = read_brand_file(both, both.first_pair)
    act(both, both.second_pair, BrandFile(right_id, mandate_id, mine.digest))
    assert read_brand_file(both, both.first_pair) == before
