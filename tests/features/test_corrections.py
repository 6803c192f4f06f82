"""Brands that people named for a listing: which one is in force, whether it holds, and what features see of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import pytest

from features.brands import Brand, BrandRegister, Method
from features.compute import NAMES, compute
from features.corrections import NamedBrand, naming_in_force, still_applies
from features.facts import Facts, assemble_facts, facts_from_json, reference_keys
from features.history import NOTHING_RECORDED, History
from features.listing import Listing
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import A_HISTORY, REFERENCES, REGISTER, a_listing
from training.gates.replay import facts_of_changed

EARLIER: Final = NOW - timedelta(hours=1)
TOTE: Final = "Aurele Colline tote bag, black leather"


def named_brand(brand_id: str | None = "brn_aurelle", *, at: datetime = EARLIER, **changes: Any) -> NamedBrand:
    """A naming of a listing that declares a misspelt brand."""
    seen: dict[str, Any] = {"title": TOTE, "declared": "Aurele", "mark": None if brand_id else "Vela Nord"}
    return NamedBrand(known_at=at, brand_id=brand_id, **{**seen, **changes})


def undo(at: datetime) -> NamedBrand:
    return NamedBrand(known_at=at, undoes=True)


def facts(*namings: NamedBrand, history: History = NOTHING_RECORDED, **changes: Any) -> Facts:
    listing = a_listing(**{"title": TOTE, "brand": "Aurele", **changes})
    return assemble_facts(listing, REFERENCES, history, marketplace="bazaar", as_of=NOW, named=namings)


def without_correction(listing_facts: Facts) -> Facts:
    """The same facts without the correction, as they would be if nobody had named the brand."""
    return assemble_facts(listing_facts.listing, REFERENCES, NOTHING_RECORDED, marketplace="bazaar", as_of=NOW)


def minutes(n: int) -> datetime:
    return EARLIER + timedelta(minutes=n)


@pytest.mark.parametrize(
    ("namings", "expected", "reason"),
    [
        ([], None, "nobody named it"),
        ([named_brand(at=NOW)], None, "named at the very moment: after everything that was assembled as of it"),
        ([named_brand(at=NOW + timedelta(days=1))], None, "named later"),
        (
            [named_brand("a", at=minutes(0)), named_brand("b", at=minutes(1))],
            "b",
            "a later naming replaces an earlier one",
        ),
        ([named_brand("a", at=minutes(0)), undo(minutes(1))], None, "an undo restores that nobody named it"),
        (
            [named_brand("a", at=minutes(0)), named_brand("b", at=minutes(1)), undo(minutes(2))],
            "a",
            "an undo restores the first",
        ),
        (
            [named_brand("a", at=minutes(0)), named_brand("b", at=minutes(1)), undo(NOW)],
            "b",
            "the undo was not known yet",
        ),
        ([undo(minutes(0)), named_brand("a", at=minutes(1))], "a", "an undo of nothing undoes nothing later"),
    ],
)
def test_the_naming_in_force_at_a_moment(namings: list[NamedBrand], expected: str | None, reason: str) -> None:
    naming = naming_in_force(namings, NOW)
    assert (None if naming is None else naming.brand_id) == expected, reason


GOODS: Final[dict[str, Any]] = {"title": TOTE, "brand": "Aurele"}


@pytest.mark.parametrize(
    ("now", "expected", "reason"),
    [
        ({}, True, "the same text"),
        ({"price": "3.00", "description": "Other words."}, True, "neither the title nor the declared brand changed"),
        ({"brand": "Aurelee"}, True, "a seller does not get rid of it by declaring another spelling"),
        ({"title": "Handbag, new, as in the pictures"}, True, "nor by another title under the same declared brand"),
        ({"brand": None, "title": "Colline tote bag, black"}, True, "nor by leaving a few words out"),
        ({"brand": "Lumen", "title": "Table lamp, brass, with a green shade"}, False, "a listing of other goods"),
        ({"brand": "Nordfjell"}, False, "it declares another registered brand"),
        ({"title": "Nordfjell strap for a watch"}, False, "the title names another registered brand"),
        ({"brand": None, "title": None}, False, "nothing is left of what the person saw"),
    ],
)
def test_a_naming_holds_until_the_listing_is_of_other_goods(now: dict[str, Any], expected: bool, reason: str) -> None:
    assert still_applies(named_brand(), a_listing(**{**GOODS, **now}), REGISTER) is expected, reason


def test_a_naming_of_a_listing_without_a_title_ends_with_its_declared_brand() -> None:
    lamp = a_listing(title="Table lamp, brass", brand="Lumen")
    assert not still_applies(named_brand(title=None), lamp, REGISTER)
    assert still_applies(named_brand(title=None), a_listing(title="Table lamp, brass", brand="Aurele"), REGISTER)
    assert still_applies(named_brand(title=None), a_listing(title=None, brand="Lumen"), REGISTER)


def test_an_alias_that_was_added_since_ends_no_naming() -> None:
    """The register changed, the listing did not: the person who said that it is Vela still did."""
    known = BrandRegister([Brand("brn_aurelle", "Aurelle", ("Aurele",))])
    listing = a_listing(**GOODS)
    assert known.resolve(title=listing.title, declared=listing.brand, gtin=None).brand_id == "brn_aurelle"
    assert still_applies(named_brand(None), listing, known)


def test_a_naming_of_a_brand_that_the_references_do_not_know_does_not_hold() -> None:
    assert not still_applies(named_brand("brn_elsewhere"), a_listing(**GOODS), REGISTER)


def test_features_see_the_corrected_brand() -> None:
    before, after = (
        facts(history=A_HISTORY),
        facts(named_brand(), history=replace(A_HISTORY, authorised_for=("brn_aurelle",))),
    )
    assert (before.brand.brand_id, before.seller.authorised) == (None, False)
    assert (after.brand.brand_id, after.brand.name, after.brand.method) == ("brn_aurelle", "Aurelle", Method.CORRECTED)
    assert (after.price.brand_category, after.price.listed is not None) == (
        REFERENCES.prices.find(*reference_keys(after.listing, after.brand)),
        True,
    )
    assert after.seller.authorised
    assert after.correction is not None
    assert (after.correction.known_at, after.resolved) == (EARLIER, before.brand)


def test_a_mark_that_is_not_registered_leaves_no_registered_brand() -> None:
    wrong: dict[str, Any] = {"title": "Aurelle style tote bag", "brand": "Aurelle"}
    naming = named_brand(None, title=wrong["title"], declared=wrong["brand"])
    before, after = facts(**wrong), facts(naming, **wrong)
    assert (before.brand.brand_id, before.price.listed is None) == ("brn_aurelle", False)
    assert (after.brand.brand_id, after.brand.name, after.brand.candidates) == (None, "Vela Nord", ())
    assert (after.price.listed, after.price.brand_category) == (None, None)
    assert after.indicators is not None
    assert after.indicators.for_counterfeit == 0
    assert after.brand.mentions == before.brand.mentions


def test_the_title_and_the_declared_brand_are_read_as_before() -> None:
    """What the seller wrote does not change because a person knows better."""
    title: dict[str, Any] = {"title": "Aurelle tote bag", "brand": "奥蕾尔"}
    before = facts(**title)
    after = facts(named_brand("brn_nordfjell", title=title["title"], declared=title["brand"]), **title)
    names = ("brand_named_but_not_declared", "brand_in_title", "brand_mentions", "brand_disguised")
    columns = [NAMES.index(name) for name in names]
    assert after.brand.method is Method.CORRECTED
    assert compute(before).vector[columns].tolist() == compute(after).vector[columns].tolist()


@pytest.mark.parametrize("namings", [(), (named_brand(at=NOW),), (named_brand(), undo(minutes(1)))])
def test_facts_without_a_correction_in_force_are_what_they_were(namings: tuple[NamedBrand, ...]) -> None:
    listing_facts = facts(*namings)
    assert listing_facts == without_correction(listing_facts)
    assert np.array_equal(
        compute(listing_facts).vector, compute(without_correction(listing_facts)).vector, equal_nan=True
    )


def test_facts_with_a_correction_are_read_back_as_written() -> None:
    listing_facts = facts(named_brand(None))
    assert facts_from_json(listing_facts.to_json()) == listing_facts


def test_a_rewritten_listing_of_the_same_goods_keeps_its_correction() -> None:
    listing_facts = facts(named_brand())

    def with_content(listing: Listing) -> Facts:
        return facts_of_changed(listing_facts, listing, REFERENCES)

    assert with_content(replace(listing_facts.listing, title="Aurele tote bag black")).brand.method is Method.CORRECTED
    assert with_content(replace(listing_facts.listing, title="Table lamp", brand="Lumen")).brand.method is None
