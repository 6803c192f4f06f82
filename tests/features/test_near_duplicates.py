import math
from dataclasses import replace
from typing import Any

import pytest

from features.compute import FEATURES
from features.facts import Facts
from features.history import NOTHING_RECORDED
from features.near_duplicates import NearDuplicates, near_duplicates
from features.references import PriceReference
from features.spec import Family
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import NEAR_DUPLICATES, feature_words, some_facts, value_of
from tests.fixtures.near_duplicates import OWN, a_listing, days_before, rulings_of


def duplicates_of(*candidates: Any, seller: str | None = "closet-mia", more: bool = False) -> NearDuplicates:
    return near_duplicates(OWN, listing_id="MP-1", seller=seller, candidates=candidates, as_of=NOW, more=more)


FAKE, CLEARED = rulings_of((5, True)), rulings_of((5, False))


def test_no_near_duplicates_are_zeros_and_not_missing() -> None:
    assert duplicates_of() == NearDuplicates()


NEAR = [
    (128, 1.0, "word for word"),
    (90, 90 / 128, "just near enough"),
    (89, None, "just not near enough"),
    (0, None, "nothing in common"),
]


@pytest.mark.parametrize(("shared", "nearest", "_why"), NEAR)
def test_a_listing_is_near_from_seven_tenths_on(shared: int, nearest: float | None, _why: str) -> None:
    duplicates = duplicates_of(a_listing(shared=shared))
    assert (duplicates.nearest, duplicates.listings) == (nearest, int(nearest is not None))


NOT_COUNTED = [
    (a_listing("MP-1", days=3), "an earlier version of the listing itself"),
    (a_listing(days=-1), "a listing that was known a day later"),
    (a_listing("MP-1", days=3, seller="another", rulings=FAKE), "the listing itself under the seller before"),
]


@pytest.mark.parametrize(("candidate", "_why"), NOT_COUNTED)
def test_no_near_duplicate_is(candidate: Any, _why: str) -> None:
    assert duplicates_of(candidate) == NearDuplicates()


def test_a_listing_that_became_known_at_the_very_moment_counts() -> None:
    assert duplicates_of(a_listing(days=0)).listings == 1


OUTCOMES = [
    (FAKE, (1, 0), "found counterfeit before"),
    (CLEARED, (0, 1), "found genuine before"),
    (rulings_of((-1, True)), (0, 0), "found counterfeit a day later"),
    (rulings_of((5, True), (4, None)), (0, 0), "found counterfeit, and withdrawn"),
    (rulings_of((5, True), (-1, None)), (1, 0), "found counterfeit, and withdrawn a day later"),
    (rulings_of((5, True), (3, False)), (0, 1), "found counterfeit, and an appeal upheld"),
    (rulings_of((5, True), (-1, False)), (1, 0), "found counterfeit, and an appeal upheld a day later"),
    (rulings_of((5, False), (3, True)), (1, 0), "cleared by an analyst, then found counterfeit by the brand"),
    ((), (0, 0), "never judged"),
]


@pytest.mark.parametrize(("rulings", "counts", "_why"), OUTCOMES)
def test_an_outcome_counts_as_it_stood_at_the_moment(rulings: Any, counts: tuple[int, int], _why: str) -> None:
    duplicates = duplicates_of(a_listing(rulings=rulings))
    assert (duplicates.counterfeit, duplicates.genuine) == counts
    assert (duplicates.nearest_counterfeit, duplicates.nearest_genuine) == tuple(1.0 if n else None for n in counts)


def test_listings_of_the_same_seller_are_counted_apart() -> None:
    duplicates = duplicates_of(a_listing("MP-2", seller="closet-mia", rulings=FAKE), a_listing("MP-3"))
    assert (duplicates.own_listings, duplicates.own_counterfeit, duplicates.nearest_own_counterfeit) == (1, 1, 1.0)
    assert (duplicates.listings, duplicates.counterfeit, duplicates.nearest_counterfeit) == (1, 0, None)


def test_listings_without_a_named_seller_are_nobodys_own_and_each_of_another() -> None:
    duplicates = duplicates_of(a_listing("MP-2", seller=None), a_listing("MP-3", seller=None), seller=None)
    assert (duplicates.own_listings, duplicates.listings, duplicates.sellers) == (0, 2, 2)


def test_sellers_are_counted_once_however_many_listings_they_have() -> None:
    assert duplicates_of(*(a_listing(f"MP-{n}", seller=f"shop-{n % 2}") for n in range(2, 8))).sellers == 2


def test_of_several_texts_of_a_listing_the_nearest_counts_and_any_ruling_is_the_listings() -> None:
    duplicates = duplicates_of(a_listing(shared=100, rulings=FAKE), a_listing(shared=120))
    assert (duplicates.listings, duplicates.nearest, duplicates.counterfeit) == (1, 120 / 128, 1)


def test_a_ruling_on_a_text_that_is_not_near_says_nothing_of_the_near_one() -> None:
    """A seller whose honest text was cleared and who then rewrites it has no cleared listing."""
    duplicates = duplicates_of(a_listing(shared=10, rulings=CLEARED), a_listing(shared=128))
    assert (duplicates.listings, duplicates.genuine, duplicates.nearest_genuine) == (1, 0, None)


AUTHORISED = [
    (20, 1, 1.0, "on the list before"),
    (-1, 0, None, "on the list a day later"),
    (None, 0, None, "never on the list"),
]


@pytest.mark.parametrize(("days", "count", "nearest", "_why"), AUTHORISED)
def test_an_authorised_sellers_listing_is_known_to_be_genuine(
    days: float | None, count: int, nearest: float | None, _why: str
) -> None:
    duplicates = duplicates_of(a_listing(authorised_days=days))
    assert (duplicates.authorised, duplicates.nearest_genuine, duplicates.genuine) == (count, nearest, 0)


def test_a_confirmed_counterfeit_of_an_authorised_seller_is_no_genuine_listing() -> None:
    duplicates = duplicates_of(a_listing(authorised_days=20, rulings=FAKE))
    assert (duplicates.nearest_counterfeit, duplicates.nearest_genuine) == (1.0, None)


def priced_listing(n: int, log_price: float | None, **options: Any) -> Any:
    return a_listing(f"MP-{n}", seller=f"shop-{n}", log_prices=[(10, log_price)], **options)


def test_the_price_is_the_median_of_the_others_with_its_spread_and_count() -> None:
    duplicates = duplicates_of(*(priced_listing(n, math.log(price)) for n, price in enumerate((100, 200, 400), 2)))
    assert duplicates.price == pytest.approx((math.log(200), math.log(2), 3))


NO_PRICE = [
    ([priced_listing(2, 5.0), priced_listing(3, 5.0)], "only two"),
    ([priced_listing(2, 5.0), priced_listing(3, 5.0), priced_listing(4, None)], "a third without a price"),
    (
        [priced_listing(2, 5.0), priced_listing(3, 5.0), priced_listing(4, 1.0, rulings=FAKE)],
        "a third that was found counterfeit",
    ),
    ([priced_listing(2, 5.0), priced_listing(3, 5.0), priced_listing(4, 5.0, shared=20)], "a third that is not near"),
]


@pytest.mark.parametrize(("candidates", "_why"), NO_PRICE)
def test_there_is_no_price_level_of(candidates: list[Any], _why: str) -> None:
    assert duplicates_of(*candidates).price is None


PRICES = [
    ([(10, 5.0), (2, 4.0)], 4.0, "the present price"),
    ([(10, 5.0), (-1, 4.0)], 5.0, "the price at first, where the present one was asked a day later"),
]


@pytest.mark.parametrize(("log_prices", "expected", "_why"), PRICES)
def test_a_price_is_the_one_asked_at_the_moment(log_prices: Any, expected: float, _why: str) -> None:
    (shown,) = duplicates_of(a_listing(log_prices=log_prices)).shown
    assert shown.log_price == expected


def test_the_first_of_the_others_dates_the_text() -> None:
    own = a_listing("MP-4", seller="closet-mia", days=90)
    assert duplicates_of(a_listing("MP-2", days=30), a_listing("MP-3", days=2), own).first_days == 30


def test_more_is_set_where_more_listings_are_similar_than_were_compared() -> None:
    assert duplicates_of(a_listing(), more=True).more


def test_a_person_is_shown_counterfeits_and_genuine_listings_before_those_that_nobody_judged() -> None:
    fakes = [a_listing(f"MP-F{n}", shared=100 + n, rulings=FAKE) for n in range(5)]
    cleared = [a_listing(f"MP-G{n}", shared=95 + n, rulings=CLEARED) for n in range(3)]
    open_ones = [a_listing(f"MP-O{n}", shared=120 + n) for n in range(4)]
    shown = [duplicate.listing_id for duplicate in duplicates_of(*open_ones, *cleared, *fakes).shown]
    assert shown == ["MP-F4", "MP-F3", "MP-F2", "MP-G2", "MP-G1", "MP-O3"]


def test_the_order_of_the_candidates_changes_nothing() -> None:
    candidates = [priced_listing(n, float(n % 5), shared=90 + n, rulings=FAKE if n % 3 else ()) for n in range(2, 20)]
    assert duplicates_of(*candidates) == duplicates_of(*reversed(candidates))


def test_moments_before_the_first_listing_know_nothing() -> None:
    duplicates = near_duplicates(
        OWN, listing_id="MP-1", seller="s", candidates=[a_listing(rulings=FAKE)], as_of=days_before(11)
    )
    assert duplicates == NearDuplicates()


NAMES = [feature.name for feature in FEATURES if feature.family is Family.NEAR_DUPLICATES]


def facts(duplicates: NearDuplicates | None = NEAR_DUPLICATES, **changes: Any) -> Facts:
    return some_facts(history=replace(NOTHING_RECORDED, near_duplicates=duplicates), **changes)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_comparison_everything_is_missing(name: str) -> None:
    assert math.isnan(value_of(name, facts(None)))


NOTHING_ALIKE = {
    "likeness_balance": "neither side is known",
    "likeness_counterfeit_share": "nothing was judged",
    "likeness_first_days": "nobody used the words",
    "likeness_price_level": "nothing to compare with",
}


@pytest.mark.parametrize("name", NAMES)
def test_where_nothing_is_alike_counts_and_similarities_are_zero(name: str) -> None:
    feature_value = value_of(name, facts(NearDuplicates()))
    assert math.isnan(feature_value) if name in NOTHING_ALIKE else feature_value == 0


@pytest.mark.parametrize("name", ["likeness_own_offers", "likeness_own_counterfeit"])
def test_what_the_same_seller_did_is_missing_where_none_is_named(name: str) -> None:
    assert math.isnan(value_of(name, facts(seller=None)))


VALUES = [
    ("likeness_nearest", 0.96875, "The text shares 97% with a listing of another seller."),
    ("likeness_counterfeit", 0.90625, "The text shares 91% with another seller's listing that was found counterfeit."),
    ("likeness_genuine", 0.96875, "The text shares 97% with another seller's listing that is known to be genuine."),
    ("likeness_own_counterfeit", 1.0, "The text shares 100% with a listing of this seller that was found counterfeit."),
    ("likeness_balance", -0.0625, "The text is closer to genuine listings than to confirmed counterfeits."),
    ("likeness_offers", math.log(5), "Near-duplicates: 4 listings of other sellers."),
    ("likeness_sellers", math.log(4), "Near-duplicates at 3 other sellers."),
    ("likeness_own_offers", math.log(3), "Near-duplicates: 2 listings of the same seller."),
    ("likeness_counterfeits", math.log(2), "Near-duplicates: 1 listing of other sellers was found counterfeit."),
    ("likeness_cleared", math.log(2), "Near-duplicates: 1 listing of other sellers was found genuine."),
    ("likeness_authorised", math.log(2), "Near-duplicates: 1 listing of authorised sellers."),
    (
        "likeness_counterfeit_share",
        (2 + 0.5 * 4) / (3 + 4),
        "Near-duplicates: 2 of 3 reviewed listings were found counterfeit.",
    ),
    ("likeness_first_days", math.log(41), "Another seller's near-duplicate appeared 40 days earlier."),
    (
        "likeness_price_level",
        math.log(489 / 450),
        "The price is 9% above the median of 3 near-duplicates of other sellers.",
    ),
    ("likeness_price_offers", math.log(4), "Near-duplicates: 3 priced listings of other sellers to compare with."),
]


@pytest.mark.parametrize(("name", "expected", "message"), VALUES, ids=[row[0] for row in VALUES])
def test_a_feature_is_a_number_and_a_sentence(name: str, expected: float, message: str) -> None:
    assert value_of(name, facts()) == pytest.approx(expected)
    assert feature_words(name, facts()) == message


def test_every_feature_of_the_family_is_read_above() -> None:
    assert {name for name, _, _ in VALUES} == set(NAMES)


SENTENCES = [
    (
        "likeness_offers",
        replace(NEAR_DUPLICATES, listings=64, more=True),
        "Near-duplicates: at least 64 listings of other sellers.",
    ),
    ("likeness_sellers", replace(NEAR_DUPLICATES, sellers=1), "Near-duplicates at 1 other seller."),
    ("likeness_counterfeit", NearDuplicates(), "The text resembles no counterfeit listing of another seller."),
    (
        "likeness_balance",
        replace(NEAR_DUPLICATES, nearest_counterfeit=1.0),
        "The text is closer to confirmed counterfeits than to genuine listings.",
    ),
    (
        "likeness_balance",
        replace(NEAR_DUPLICATES, nearest_counterfeit=0.96875),
        "The text is equally close to confirmed counterfeits and to genuine listings.",
    ),
    (
        "likeness_price_level",
        replace(NEAR_DUPLICATES, price=PriceReference(math.log(978), 0.1, 12)),
        "The price is 50% below the median of 12 near-duplicates of other sellers.",
    ),
]


@pytest.mark.parametrize(("name", "duplicates", "message"), SENTENCES)
def test_a_sentence_says_what_is_so(name: str, duplicates: NearDuplicates, message: str) -> None:
    assert feature_words(name, facts(duplicates)) == message
