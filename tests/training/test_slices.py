import numpy as np
import pytest

from features import price_history
from features.compute import FEATURES, NAMES, compute
from features.spec import Family
from tests.fixtures.facts import bare_facts, full_facts, some_facts
from training import metrics
from training.slices import only_text_and_price, slices

FACTS = [full_facts() if i % 2 else some_facts(language="fr", description=None) for i in range(24)]
LABELS = np.array([1, 1, 0, 0] * 6, dtype=np.int8)
OURS, THEIRS = np.linspace(0, 1, 24), np.linspace(1, 0, 24)


def test_the_slices_are_by_brand_market_language_category_country_and_missing_evidence() -> None:
    assert {row["slice"]: row["rows"] for row in slices(FACTS, LABELS, OURS, None)} == {
        "brand Aurelle": 24,
        "category bags": 24,
        "language en": 12,
        "language fr": 12,
        "market EUR": 24,
        "no description": 12,
        "sellers in FR": 24,
    }


def test_a_slice_of_fewer_than_ten_is_not_shown() -> None:
    assert slices(FACTS[:9], LABELS[:9], OURS[:9], None) == []


def test_new_sellers_are_a_slice() -> None:
    facts = [some_facts(seller={"age_days": 29 + i % 2}) for i in range(20)]
    found = slices(facts, LABELS[:20], OURS[:20], None)
    assert {row["slice"]: row["rows"] for row in found}["sellers under 30 days"] == 10


def test_listings_without_a_price_reference_are_a_slice() -> None:
    found = slices([bare_facts()] * 10, LABELS[:10], OURS[:10], None)
    assert [row["slice"] for row in found] == ["market XTS", "no description", "no price reference"]


def test_a_slice_has_the_figures_of_its_rows_for_both_models() -> None:
    (row,) = (found for found in slices(FACTS, LABELS, OURS, THEIRS) if found["slice"] == "language en")
    rows = np.arange(1, 24, 2)
    assert row["candidate_ap"] == metrics.average_precision(LABELS[rows], OURS[rows])
    assert row["champion_ap"] == metrics.average_precision(LABELS[rows], THEIRS[rows])
    assert row["positives"] == LABELS[rows].sum()


def test_without_a_champion_its_figure_is_absent() -> None:
    assert all("champion_ap" not in row for row in slices(FACTS, LABELS, OURS, None))


def test_a_figure_that_does_not_exist_is_none() -> None:
    assert {row["candidate_ap"] for row in slices(FACTS, np.zeros(24, dtype=np.int8), OURS, None)} == {None}


BARE = only_text_and_price(full_facts())


@pytest.mark.parametrize("family", [Family.ITEM, Family.SELLER])
def test_without_history_the_history_features_are_missing(family: Family) -> None:
    vector = compute(BARE).vector
    known = [f.name for f in FEATURES if f.family is family and not np.isnan(vector[NAMES.index(f.name)])]
    assert set(known) <= {"item_version"}


def test_text_brand_and_price_are_unchanged() -> None:
    families = {Family.TEXT, Family.BRAND, Family.PRICE}
    past = {feature.name for feature in price_history.signals.features}
    numbered = {"price_to_list", "price_claim_to_list", "brand_gtin_valid"}
    gone = {"price_claimed_discount", "price_change", *numbered, *past}
    columns = [i for i, f in enumerate(FEATURES) if f.family in families and f.name not in gone]
    assert np.array_equal(compute(BARE).vector[columns], compute(full_facts()).vector[columns])


def test_only_text_brand_category_and_price_remain() -> None:
    kept = BARE.listing
    left = {name for name in type(kept).__slots__ if getattr(kept, name) not in (None, type(kept).__dict__.get(name))}
    assert {"external_id", "title", "description", "brand", "product_type", "price", "currency"} <= left
    assert kept.seller.external_id is None
    assert (kept.gtin, kept.list_price, kept.age_days, kept.sales.d7) == (None, None, None, None)


def test_the_previous_price_is_unknown() -> None:
    assert np.isnan(compute(BARE).vector[NAMES.index("price_change")])


def test_a_later_version_looks_like_the_first() -> None:
    assert compute(BARE).vector[NAMES.index("item_version")] == 1
