import math
from typing import Any

import pytest

from features.near_duplicates import NearDuplicates, likeness
from tests.fixtures.clocks import NOW
from tests.fixtures.likeness import OWN, a_listing, ago, ruled


def found(*candidates: Any, seller: str | None = "closet-mia", more: bool = False) -> NearDuplicates:
    return likeness(OWN, listing_id="MP-1", seller=seller, candidates=candidates, as_of=NOW, more=more)


FAKE, CLEARED = ruled((5, True)), ruled((5, False))


def test_no_near_duplicates_are_zeros_and_not_missing() -> None:
    assert found() == NearDuplicates()


NEAR = [
    (128, 1.0, "word for word"),
    (90, 90 / 128, "just near enough"),
    (89, None, "just not near enough"),
    (0, None, "nothing in common"),
]


@pytest.mark.parametrize(("shared", "nearest", "_why"), NEAR)
def test_a_listing_is_near_from_seven_tenths_on(shared: int, nearest: float | None, _why: str) -> None:
    result = found(a_listing(shared=shared))
    assert (result.nearest, result.offers) == (nearest, int(nearest is not None))


NOT_COUNTED = [
    (a_listing("MP-1", days=3), "an earlier version of the listing itself"),
    (a_listing(days=-1), "a listing that was known a day later"),
    (a_listing("MP-1", days=3, seller="another", rulings=FAKE), "the listing itself under the seller before"),
]


@pytest.mark.parametrize(("candidate", "_why"), NOT_COUNTED)
def test_no_near_duplicate_is(candidate: Any, _why: str) -> None:
    assert found(candidate) == NearDuplicates()


def test_a_listing_that_became_known_at_the_very_moment_counts() -> None:
    assert found(a_listing(days=0)).offers == 1


OUTCOMES = [
    (FAKE, (1, 0), "found counterfeit before"),
    (CLEARED, (0, 1), "found genuine before"),
    (ruled((-1, True)), (0, 0), "found counterfeit a day later"),
    (ruled((5, True), (4, None)), (0, 0), "found counterfeit, and withdrawn"),
    (ruled((5, True), (-1, None)), (1, 0), "found counterfeit, and withdrawn a day later"),
    (ruled((5, True), (3, False)), (0, 1), "found counterfeit, and an appeal upheld"),
    (ruled((5, True), (-1, False)), (1, 0), "found counterfeit, and an appeal upheld a day later"),
    (ruled((5, False), (3, True)), (1, 0), "cleared by an analyst, then found counterfeit by the brand"),
    ((), (0, 0), "never judged"),
]


@pytest.mark.parametrize(("rulings", "counts", "_why"), OUTCOMES)
def test_an_outcome_counts_as_it_stood_at_the_moment(rulings: Any, counts: tuple[int, int], _why: str) -> None:
    result = found(a_listing(rulings=rulings))
    assert (result.counterfeit, result.genuine) == counts
    assert (result.nearest_counterfeit, result.nearest_genuine) == tuple(1.0 if n else None for n in counts)


def test_listings_of_the_same_seller_are_counted_apart() -> None:
    result = found(a_listing("MP-2", seller="closet-mia", rulings=FAKE), a_listing("MP-3"))
    assert (result.own_offers, result.own_counterfeit, result.nearest_own_counterfeit) == (1, 1, 1.0)
    assert (result.offers, result.counterfeit, result.nearest_counterfeit) == (1, 0, None)


def test_listings_without_a_named_seller_are_nobodys_own_and_each_of_another() -> None:
    result = found(a_listing("MP-2", seller=None), a_listing("MP-3", seller=None), seller=None)
    assert (result.own_offers, result.offers, result.sellers) == (0, 2, 2)


def test_sellers_are_counted_once_however_many_listings_they_have() -> None:
    assert found(*(a_listing(f"MP-{n}", seller=f"shop-{n % 2}") for n in range(2, 8))).sellers == 2


def test_of_several_texts_of_a_listing_the_nearest_counts_and_any_ruling_is_the_listings() -> None:
    result = found(a_listing(shared=100, rulings=FAKE), a_listing(shared=120))
    assert (result.offers, result.nearest, result.counterfeit) == (1, 120 / 128, 1)


def test_a_ruling_on_a_text_that_is_not_near_says_nothing_of_the_near_one() -> None:
    """A seller whose honest text was cleared and who then rewrites it has no cleared listing."""
    result = found(a_listing(shared=10, rulings=CLEARED), a_listing(shared=128))
    assert (result.offers, result.genuine, result.nearest_genuine) == (1, 0, None)


AUTHORISED = [
    (20, 1, 1.0, "on the list before"),
    (-1, 0, None, "on the list a day later"),
    (None, 0, None, "never on the list"),
]


@pytest.mark.parametrize(("days", "count", "nearest", "_why"), AUTHORISED)
def test_an_authorised_sellers_listing_is_known_to_be_genuine(
    days: float | None, count: int, nearest: float | None, _why: str
) -> None:
    result = found(a_listing(authorised_days=days))
    assert (result.authorised, result.nearest_genuine, result.genuine) == (count, nearest, 0)


def test_a_confirmed_counterfeit_of_an_authorised_seller_is_no_genuine_listing() -> None:
    result = found(a_listing(authorised_days=20, rulings=FAKE))
    assert (result.nearest_counterfeit, result.nearest_genuine) == (1.0, None)


def priced(n: int, log_price: float | None, **options: Any) -> Any:
    return a_listing(f"MP-{n}", seller=f"shop-{n}", log_prices=[(10, log_price)], **options)


def test_the_price_is_the_median_of_the_others_with_its_spread_and_count() -> None:
    result = found(*(priced(n, math.log(price)) for n, price in enumerate((100, 200, 400), 2)))
    assert result.price == pytest.approx((math.log(200), math.log(2), 3))


NO_PRICE = [
    ([priced(2, 5.0), priced(3, 5.0)], "only two"),
    ([priced(2, 5.0), priced(3, 5.0), priced(4, None)], "a third without a price"),
    ([priced(2, 5.0), priced(3, 5.0), priced(4, 1.0, rulings=FAKE)], "a third that was found counterfeit"),
    ([priced(2, 5.0), priced(3, 5.0), priced(4, 5.0, shared=20)], "a third that is not near"),
]


@pytest.mark.parametrize(("candidates", "_why"), NO_PRICE)
def test_there_is_no_price_level_of(candidates: list[Any], _why: str) -> None:
    assert found(*candidates).price is None


PRICES = [
    ([(10, 5.0), (2, 4.0)], 4.0, "the present price"),
    ([(10, 5.0), (-1, 4.0)], 5.0, "the price at first, where the present one was asked a day later"),
]


@pytest.mark.parametrize(("log_prices", "expected", "_why"), PRICES)
def test_a_price_is_the_one_asked_at_the_moment(log_prices: Any, expected: float, _why: str) -> None:
    (shown,) = found(a_listing(log_prices=log_prices)).shown
    assert shown.log_price == expected


def test_the_first_of_the_others_dates_the_text() -> None:
    own = a_listing("MP-4", seller="closet-mia", days=90)
    assert found(a_listing("MP-2", days=30), a_listing("MP-3", days=2), own).first_days == 30


def test_more_is_set_where_more_listings_are_similar_than_were_compared() -> None:
    assert found(a_listing(), more=True).more


def test_a_person_is_shown_counterfeits_and_genuine_listings_before_those_that_nobody_judged() -> None:
    fakes = [a_listing(f"MP-F{n}", shared=100 + n, rulings=FAKE) for n in range(5)]
    cleared = [a_listing(f"MP-G{n}", shared=95 + n, rulings=CLEARED) for n in range(3)]
    open_ones = [a_listing(f"MP-O{n}", shared=120 + n) for n in range(4)]
    shown = [one.listing_id for one in found(*open_ones, *cleared, *fakes).shown]
    assert shown == ["MP-F4", "MP-F3", "MP-F2", "MP-G2", "MP-G1", "MP-O3"]


def test_the_order_of_the_candidates_changes_nothing() -> None:
    candidates = [priced(n, float(n % 5), shared=90 + n, rulings=FAKE if n % 3 else ()) for n in range(2, 20)]
    assert found(*candidates) == found(*reversed(candidates))


def test_moments_before_the_first_listing_know_nothing() -> None:
    result = likeness(OWN, listing_id="MP-1", seller="s", candidates=[a_listing(rulings=FAKE)], as_of=ago(11))
    assert result == NearDuplicates()
