import math

import pytest

from features.brands import BrandRegister
from features.listing import Listing
from features.priors import FAKE_RETURNS
from features.references import PriceReference, Rates
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import AURELLE, LISTS, REGISTER, a_listing
from training.snapshots.references import OfflineReferences, commonest_currency

PRICES = ("100", "200", "300", "400", "500", "600")
BAGS = [a_listing(external_id=f"MP-{i}", price=price) for i, price in enumerate(PRICES)]


def reference(offline: OfflineReferences, listing: Listing, *, took_part: bool) -> PriceReference | None:
    return offline.facts(listing, as_of=NOW, marketplace="bazaar", took_part=took_part).price.brand_category


def test_a_row_is_not_compared_with_itself() -> None:
    """Without the 100, the median of 200 to 600 is 400; the distances of the logs exclude it as well."""
    price_reference = reference(OfflineReferences(BAGS, REGISTER), BAGS[0], took_part=True)
    logs = sorted(abs(math.log(p / 400)) for p in (200, 300, 400, 500, 600))
    assert price_reference is not None
    assert tuple(price_reference) == pytest.approx((math.log(400), logs[2], 5))


def test_a_row_outside_the_training_rows_is_compared_with_all() -> None:
    price_reference = reference(OfflineReferences(BAGS, REGISTER), BAGS[0], took_part=False)
    assert price_reference is not None
    assert price_reference.n == 6


def test_a_training_row_without_a_comparable_price_is_compared_with_nothing() -> None:
    offline = OfflineReferences(BAGS, REGISTER)
    foreign = a_listing(price="100", currency="USD")
    facts = offline.facts(foreign, as_of=NOW, marketplace="bazaar", took_part=True)
    assert (facts.price.brand_category, facts.price.category) == (None, None)


def test_only_prices_with_a_rate_are_in_the_references() -> None:
    dollars = [a_listing(price=price, currency="USD") for price in PRICES]
    assert reference(OfflineReferences([*BAGS, *dollars[:5]], REGISTER), BAGS[0], took_part=False) == reference(
        OfflineReferences(BAGS, REGISTER), BAGS[0], took_part=False
    )


def test_given_rates_include_other_currencies() -> None:
    dollars = [a_listing(price=price, currency="USD") for price in PRICES]
    offline = OfflineReferences(dollars, REGISTER, Rates("EUR", {"USD": 0.5}))
    price_reference = reference(offline, BAGS[0], took_part=False)
    assert price_reference is not None
    assert price_reference.log_median == pytest.approx((math.log(150) + math.log(200)) / 2)


def test_a_listing_under_an_alias_is_compared_with_its_brand() -> None:
    under_alias = [a_listing(brand="奥蕾尔", title="女包", price=price) for price in PRICES]
    offline = OfflineReferences(under_alias, BrandRegister([AURELLE]))
    price_reference = reference(offline, BAGS[0], took_part=False)
    assert price_reference is not None
    assert price_reference.n == 6


CURRENCIES = [
    (["EUR", "USD", "USD"], "USD", "the commonest"),
    (["USD", "EUR"], "EUR", "of two the first in the alphabet"),
    ([None, None, "JPY"], "JPY", "listings without one do not count"),
    ([None], "EUR", "no listing has one"),
    ([], "EUR", "no listing at all"),
]


@pytest.mark.parametrize(("codes", "expected", "_why"), CURRENCIES)
def test_the_base_currency_of_a_file_is(codes: list[str | None], expected: str, _why: str) -> None:
    listings = [a_listing(currency=code, price=None if code is None else "1") for code in codes]
    assert commonest_currency(listings) == expected


def test_a_row_does_not_make_its_own_price_common() -> None:
    offline = OfflineReferences([a_listing(external_id=f"MP-{i}", price="19.99") for i in range(20)], REGISTER)
    facts = [
        offline.facts(a_listing(price="19.99"), as_of=NOW, marketplace="bazaar", took_part=took_part)
        for took_part in (True, False)
    ]
    assert [listing_facts.price.common for listing_facts in facts] == [0, 20]


def test_base_rate_priors_are_those_of_the_training_rows_one_of_each_seller() -> None:
    rows = [
        a_listing(
            external_id=f"MP-{i}",
            sales={"d90": 10},
            returns={"d90": i % 2},
            seller={"external_id": f"s-{i % 40}", "accepted": {"d90": 20}, "returned": {"d90": 1 + i // 40}},
        )
        for i in range(80)
    ]
    priors = OfflineReferences(rows, REGISTER).references().priors
    assert (priors.item_returns.mean, priors.item_returns.groups) == (0.05, 80)
    assert (priors.seller_returns.mean, priors.seller_returns.groups) == (0.1, 40)
    assert priors.item_fake_returns == FAKE_RETURNS


def test_a_price_list_that_is_given_is_compared_with_and_kept() -> None:
    offline = OfflineReferences(BAGS, REGISTER, lists=LISTS)
    listed = offline.facts(BAGS[0], as_of=NOW, marketplace="bazaar", took_part=True).price.listed
    assert listed is not None
    assert (listed.name, offline.references().lists) == ("Colline", LISTS)
