import json
import math
from collections.abc import Sequence
from decimal import Decimal

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.priors import FAKE_RETURNS, NO_PRIORS, RETURNS, Prior, Priors, estimate_prior
from features.references import (
    EXACT_UP_TO,
    PriceMissing,
    PricePool,
    PriceReference,
    Rates,
    references_from_dict,
    references_to_dict,
)
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import REFERENCES
from tests.fixtures.strategies import PROPERTY

ROWS = [("a", "bags", price) for price in (1.0, 2.0, 4.0, 8.0, 100.0)] + [("b", "bags", 3.0)]
PRICES = st.lists(st.floats(-5, 20).map(lambda x: round(x, 1)), min_size=1, max_size=12)


def test_a_reference_is_the_median_and_the_median_distance_from_it() -> None:
    """Of 1, 2, 4, 8, 100: the middle is 4; the distances 3, 2, 0, 4, 96 have the middle 3."""
    assert PricePool(ROWS).table().find("a", "bags") == PriceReference(4.0, 3.0, 5)


def test_a_median_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    """Of 1, 2, 3, 4, 8, 100: 3.5; the distances 2.5, 1.5, 0.5, 0.5, 4.5, 96.5 have the middle 2."""
    assert PricePool(ROWS).table().find("", "bags") == PriceReference(3.5, 2.0, 6)


def test_a_brand_over_all_categories_has_a_reference_of_its_own() -> None:
    rows = [("a", str(i), float(i)) for i in range(5)]
    assert PricePool(rows).table().find("a", "") == PriceReference(2.0, 1.0, 5)


def test_all_listings_together_are_no_reference() -> None:
    assert PricePool([("", "", 1.0)] * 9).table().rows == {}


@pytest.mark.parametrize("n", [0, 1, 4])
def test_fewer_than_five_listings_are_no_reference(n: int) -> None:
    assert PricePool([("a", "bags", 1.0)] * n).table().find("a", "bags") is None


def test_a_row_of_five_is_compared_with_nothing() -> None:
    assert PricePool([("a", "bags", 1.0)] * 5).without(1.0).find("a", "bags") is None


@PROPERTY
@given(PRICES, st.data())
def test_leaving_a_row_out_equals_never_having_seen_it(prices: list[float], source: st.DataObject) -> None:
    left_out = source.draw(st.integers(0, len(prices) - 1))
    rest = [("a", "bags", price) for i, price in enumerate(prices) if i != left_out]
    pool = PricePool([("a", "bags", price) for price in prices])
    for key in (("a", "bags"), ("", "bags"), ("a", "")):
        assert pool.without(prices[left_out]).find(*key) == PricePool(rest).table().find(*key)


@PROPERTY
@given(PRICES, st.floats(21, 30))
def test_leaving_out_a_price_that_is_not_there_changes_nothing(prices: list[float], other: float) -> None:
    pool = PricePool([("a", "bags", price) for price in prices])
    assert pool.without(other).find("a", "bags") == pool.table().find("a", "bags")


def test_beyond_four_hundred_listings_a_row_stays_in_its_reference() -> None:
    pool = PricePool([("a", "bags", float(i)) for i in range(EXACT_UP_TO + 1)])
    assert pool.without(0.0).find("a", "bags") == pool.table().find("a", "bags")


LOG_PRICES = [
    ("100.00", "EUR", math.log(100), "the base currency"),
    ("100.00", "USD", math.log(92), "a dated rate"),
    ("100.00", "XTS", PriceMissing.NO_RATE, "no rate"),
    ("0.00", "EUR", PriceMissing.ZERO_PRICE, "no log of nothing"),
    ("0.00", "XTS", PriceMissing.ZERO_PRICE, "zero in any currency"),
    (None, "EUR", PriceMissing.NO_PRICE, "not said"),
    (None, None, PriceMissing.NO_PRICE, "not said"),
]


@pytest.mark.parametrize(("amount", "currency", "expected", "_why"), LOG_PRICES)
def test_a_price_in_the_base_currency_is(
    amount: str | None, currency: str | None, expected: float | PriceMissing, _why: str
) -> None:
    log_price = REFERENCES.rates.log_price(None if amount is None else Decimal(amount), currency)
    assert log_price == (expected if isinstance(expected, PriceMissing) else pytest.approx(expected, abs=1e-12))


def test_the_base_currency_needs_no_rate_and_no_rate_can_change_it() -> None:
    assert Rates("EUR", {"EUR": 2.0}).log_price(Decimal(1), "EUR") == 0


def test_references_come_back_from_json() -> None:
    text = json.dumps(references_to_dict(REFERENCES, NOW))
    again, as_of = references_from_dict(json.loads(text))
    assert (json.dumps(references_to_dict(again, as_of)), again.prices, as_of) == (text, REFERENCES.prices, NOW)


def test_references_without_a_date_come_back_without_one() -> None:
    assert references_from_dict(references_to_dict(REFERENCES, None))[1] is None


def test_brands_found_again_are_resolved_as_before() -> None:
    again, _ = references_from_dict(references_to_dict(REFERENCES, NOW))
    title = "A u r e l l e or Solenne"
    assert again.brands.resolve(title=title, declared=None, gtin=None) == REFERENCES.brands.resolve(
        title=title, declared=None, gtin=None
    )


def test_prices_themselves_are_not_written_into_a_bundle() -> None:
    without = PricePool(ROWS).without(1.0)
    with pytest.raises(TypeError, match="not the prices behind it"):
        references_to_dict(type(REFERENCES)(REFERENCES.rates, REFERENCES.brands, without), NOW)


@pytest.mark.parametrize(
    ("prices", "sample", "_why"),
    [
        ([3.0, 1.0, 2.0, 5.0, 4.0], (1.0, 2.0, 3.0, 4.0, 5.0), "of few each is shown"),
        ([1.0, 2.0, 3.0, 4.0], None, "below five there is no reference to show"),
    ],
)
def test_the_prices_of_a_small_group_are_its_sample(
    prices: list[float], sample: tuple[float, ...] | None, _why: str
) -> None:
    assert PricePool([("a", "bags", price) for price in prices]).samples().get(("a", "bags")) == sample


def test_of_many_prices_twenty_stand_for_a_twentieth_each() -> None:
    sample = PricePool([("a", "bags", float(i)) for i in range(1001)]).samples()["a", "bags"]
    assert sample == pytest.approx([25.0 + 50 * i for i in range(20)])


def sellers(mean: float, strength: float, n: int, sold: Sequence[int], seed: int = 0) -> list[tuple[float, float]]:
    """Returns of n sellers whose true shares are drawn from a beta distribution."""
    random = np.random.default_rng(seed)
    shares = random.beta(mean * strength, (1 - mean) * strength, n)
    return [
        (float(random.binomial(whole, share)), float(whole))
        for share, whole in zip(shares, np.resize(sold, n), strict=True)
    ]


TRUE = [(0.08, 20.0), (0.3, 8.0), (0.15, 100.0)]


@pytest.mark.parametrize(("mean", "strength"), TRUE)
def test_the_shares_that_made_the_counts_are_found_again(mean: float, strength: float) -> None:
    """Averaged over ten draws of 2,000 sellers, because the strength of one draw is known to a tenth or so."""
    priors = [
        estimate_prior(sellers(mean, strength, 2_000, (5, 40, 200), seed), otherwise=RETURNS) for seed in range(10)
    ]
    assert np.mean([prior.mean for prior in priors]) == pytest.approx(mean, rel=0.03)
    assert np.mean([1 / (prior.strength + 1) for prior in priors]) == pytest.approx(1 / (strength + 1), rel=0.1)


def test_sellers_that_are_all_alike_leave_little_room_to_differ() -> None:
    random = np.random.default_rng(1)
    cases = [(float(random.binomial(100, 0.1)), 100.0) for _ in range(500)]
    assert estimate_prior(cases, otherwise=RETURNS).strength > 200


def test_sellers_of_whom_all_or_nothing_comes_back_are_believed_at_once() -> None:
    cases = [(10.0, 10.0)] * 20 + [(0.0, 10.0)] * 80
    assert tuple(estimate_prior(cases, otherwise=RETURNS)) == pytest.approx((0.2, 2.0, 100))


def test_one_large_seller_is_not_the_marketplace() -> None:
    cases = [(1.0, 20.0)] * 99 + [(500_000.0, 1_000_000.0)]
    assert estimate_prior(cases, otherwise=RETURNS).mean == pytest.approx((99 + 250) / (99 * 20 + 500))


TOO_LITTLE: list[tuple[list[tuple[float, float]], str]] = [
    ([], "nobody"),
    ([(5.0, 20.0)] * 29, "29 sellers"),
    ([(0.0, 20.0)] * 91 + [(1.0, 20.0)] * 9, "nine cases"),
    ([(0.0, 0.0)] * 100, "no sales"),
    ([(20.0, 20.0)] * 100, "everything came back"),
]


@pytest.mark.parametrize(("cases", "_why"), TOO_LITTLE)
def test_where_too_little_is_known_the_stated_constants_hold(cases: list[tuple[float, float]], _why: str) -> None:
    assert estimate_prior(cases, otherwise=RETURNS) == RETURNS


def test_one_sale_each_says_what_is_usual_but_not_how_sellers_differ() -> None:
    cases = [(1.0, 1.0)] * 20 + [(0.0, 1.0)] * 180
    assert tuple(estimate_prior(cases, otherwise=RETURNS)) == pytest.approx((0.1, RETURNS.strength, 200))


def test_a_part_above_its_whole_counts_as_the_whole() -> None:
    """Two counts may have been taken at different moments."""
    over, exact = ([(part, 10.0)] * 20 + [(1.0, 10.0)] * 80 for part in (12.0, 10.0))
    assert estimate_prior(over, otherwise=RETURNS) == estimate_prior(exact, otherwise=RETURNS)


def test_a_marketplace_full_of_fakes_does_not_pass_for_the_norm() -> None:
    cases = [(2.0, 20.0)] * 200
    assert estimate_prior(cases, otherwise=FAKE_RETURNS, most=0.01).mean == 0.01


def test_priors_come_back_from_json() -> None:
    priors = Priors(item_returns=Prior(0.123, 45.6, 789))
    assert Priors.from_dict(json.loads(json.dumps(priors.to_dict()))) == priors
    assert Priors.from_dict({}) == NO_PRIORS


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 20.0, 1],
        [1.0, 20.0, 1],
        [float("nan"), 20.0, 1],
        [0.1, 0.0, 1],
        ["x", 1, 1],
        [0.1, True, 1],
        [0.1, 1, 0.5],
        [0.1, 1, -1],
        [0.1, 1, 10**400],
    ],
)
def test_a_damaged_prior_is_refused(values: list[object]) -> None:
    with pytest.raises(ValueError, match=r"no share|no number"):
        Priors.from_dict({"item_returns": values})
