"""Seller histories at intake, read from real databases."""

from typing import Any

import pytest

from features.facts import SCHEMA, Facts
from models.case import CaseLane
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.brands.store import authorised_sellers
from serving.cases.service.undoing import undo_verdict
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from tests.fixtures.recompute import recompute, recorded_scores
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row, judge, open_cases
from tests.serving.appeals.service.test_appeal import remove

SUSPECT_SELLER = a_suspect_row()["seller"]


def take_in(site: Site, *rows: dict[str, Any], backfill: bool = False) -> None:
    site.clock.forward(seconds=1)
    receive_rows(site.runtime, site.marketplace, rows, source="test", backfill=backfill)


def latest_facts(site: Site, external_id: str) -> Facts:
    """The facts of the last score of a listing."""
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.marketplace_id, external_id)
        score_rows = [
            score_row
            for batch in recorded_scores(connection, site.marketplace_id, schema=SCHEMA)
            for score_row in batch
        ]
    return [score_row.facts for score_row in score_rows if score_row.listing_id == listing_id][-1]


def outcomes_of_next_listing(site: Site, **seller: Any) -> tuple[int, int]:
    """Counterfeit and genuine earlier listings as the seller's next listing is scored."""
    take_in(site, a_suspect_row(external_id="MP-next", seller={**SUSPECT_SELLER, **seller}))
    outcomes = latest_facts(site, "MP-next").seller.outcomes
    assert outcomes is not None
    return outcomes.counterfeit, outcomes.genuine


def test_the_first_listing_of_a_seller_finds_nothing_before_it(any_site: Site) -> None:
    take_in(any_site, a_row())
    seller = latest_facts(any_site, "MP-1").seller
    assert seller.others is not None
    assert (seller.others.listings, seller.known_days, seller.outcomes is not None) == (0, None, True)


def test_listings_of_one_request_do_not_see_each_other_and_the_next_request_sees_both(any_site: Site) -> None:
    take_in(any_site, a_row(external_id="A"), a_row(external_id="B", price="20.00"))
    take_in(any_site, a_row(external_id="C"))
    histories = [latest_facts(any_site, name).seller.others for name in "ABC"]
    assert [history.listings for history in histories if history is not None] == [0, 0, 2]


def test_the_same_price_at_the_same_seller_is_seen(any_site: Site) -> None:
    for name in "ABC":
        take_in(any_site, a_row(external_id=name))
    others = latest_facts(any_site, "C").seller.others
    assert others is not None
    assert (others.same_price, others.protected_share, others.brands) == (2, 1.0, 1)


def test_earlier_prices_of_a_listing_are_those_of_its_versions_and_not_of_its_observations(any_site: Site) -> None:
    for change in ({"price": "800.00"}, {"price": "600.00"}, {"sales": {"d7": 3}, "price": "600.00"}):
        take_in(any_site, a_row(**change))
    own = latest_facts(any_site, "MP-1").price.own
    assert own is not None
    assert (own.versions, own.changes) == (2, 1)


def test_a_listing_that_went_to_another_seller_stays_in_the_past_of_the_first(any_site: Site) -> None:
    """The verdict concerned the first seller's listing; a later seller of the listing is not affected."""
    case = a_case(any_site)
    any_site.clock.forward(seconds=1)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    take_in(any_site, a_suspect_row(seller={"external_id": "somebody-else"}))
    assert outcomes_of_next_listing(any_site) == (1, 0)
    assert outcomes_of_next_listing(any_site, external_id="somebody-else") == (0, 0)


def test_an_undone_answer_of_a_brand_leaves_the_analysts_verdict(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(seconds=1)
    judge(any_site, any_site.brand_person, case, Judgement.GENUINE)
    any_site.clock.forward(seconds=1)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert outcomes_of_next_listing(any_site) == (1, 0)


def test_an_upheld_appeal_clears_and_its_undo_does_not_rewrite_the_time_between(any_site: Site) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, Complaint("appeal-1", "MP-9", "I have the receipt."))
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    assert outcomes_of_next_listing(any_site) == (0, 1)
    upheld = latest_facts(any_site, "MP-next")
    any_site.clock.forward(seconds=1)
    undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)
    take_in(any_site, a_suspect_row(external_id="MP-after", seller=SUSPECT_SELLER))
    after = latest_facts(any_site, "MP-after").seller.outcomes
    assert after is not None
    assert (after.counterfeit, after.genuine) == (1, 0)
    assert latest_facts(any_site, "MP-next") == upheld


def test_a_seller_is_authorised_from_the_brands_statement_on(any_site: Site) -> None:
    take_in(any_site, a_row(external_id="before"))
    any_site.clock.forward(seconds=1)
    with any_site.runtime.store.write() as connection:
        sellers = [a_row()["seller"]["external_id"], "with-a-history"]
        brand_id, now = any_site.brand_id, any_site.clock.now()
        authorised_sellers.authorise(
            connection, marketplace_id=any_site.marketplace_id, brand_id=brand_id, sellers=sellers, at=now
        )
    take_in(any_site, a_row(external_id="after"))
    history = {"seller": {"external_id": "with-a-history"}, "occurred_at": "2026-02-10T00:00:00+00:00"}
    take_in(any_site, a_row(external_id="long before", **history), backfill=True)
    with any_site.runtime.store.read() as connection:
        pairs = {pair.recorded.listing.external_id: pair for pair in recompute(connection, any_site.marketplace_id)}
    known = {name: pair.recorded.seller.authorised for name, pair in pairs.items()}
    assert known == {"before": False, "after": True, "long before": False}
    assert [name for name, pair in pairs.items() if pair.recorded != pair.again] == []


@pytest.mark.parametrize(
    ("occurred", "known", "_why"),
    [
        ("2026-02-10T00:00:00+00:00", "2026-02-10T00:00:00+00:00", "when it happened"),
        ("2026-02-01T00:00:00+00:00", "2026-02-05T00:00:00+00:00", "not before what was scored without it"),
    ],
)
def test_a_backfilled_listing_counts_as_known(any_site: Site, occurred: str, known: str, _why: str) -> None:
    take_in(any_site, a_row(external_id="A", occurred_at="2026-02-05T00:00:00+00:00"), backfill=True)
    take_in(any_site, a_row(external_id="B", occurred_at=occurred), backfill=True)
    assert latest_facts(any_site, "B").as_of.isoformat() == known


def test_a_backfill_in_one_request_is_scored_in_the_order_in_which_it_happened(any_site: Site) -> None:
    rows = [a_row(external_id=f"MP-{day}", occurred_at=f"2026-02-0{day}T00:00:00+00:00") for day in (3, 1, 2)]
    take_in(any_site, *rows, backfill=True)
    histories = [latest_facts(any_site, f"MP-{day}").seller.others for day in (1, 2, 3)]
    assert [history.listings for history in histories if history is not None] == [0, 1, 2]
