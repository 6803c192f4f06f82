from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from features.contacts import ContactKind
from features.facts import Facts
from features.links import LinkedSeller, Links, LinkStep
from features.message import message
from features.near_duplicates import NearDuplicate, NearDuplicates
from models.messages.english import in_english
from serving.listings.matching import (
    RelistGround,
    WatchedRemoval,
    counterfeit_near_duplicates,
    find_relist,
    steps_to_linked_sellers,
)
from serving.listings.policy import DEFAULT_RELIST
from tests.fixtures.facts import some_facts

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GONE = WatchedRemoval("MP-9", "lumo", "brd_1", NOW - 10 * DAY)


def near_duplicate(similarity: float = 0.95, *, own: bool = False, counterfeit: bool | None = True) -> NearDuplicate:
    return NearDuplicate(
        listing_id="MP-9",
        similarity=similarity,
        same_seller=own,
        counterfeit=counterfeit,
        authorised=False,
        log_price=None,
    )


def duplicates_like(duplicate: NearDuplicate, **changes: object) -> NearDuplicates:
    others = {"sellers": 1, "listings": 1, "counterfeit": 1} if not duplicate.same_seller else {"own_listings": 1}
    return NearDuplicates(**{**others, "shown": (duplicate,), **changes})  # type: ignore[arg-type]


def links_of(steps: int = 1, counterfeit: int = 1) -> Links:
    names = [f"step-{i}" for i in range(steps - 1)] + ["lumo"]
    path = tuple(LinkStep(kind=ContactKind.PHONE, seller=name) for name in names)
    return Links(contacts=1, sellers=(LinkedSeller(path=path, counterfeit=counterfeit, genuine=0),))


def a_listing(
    near_duplicates: NearDuplicates | None = None,
    links: Links | None = None,
    *,
    authorised: bool = False,
    known_days: float = 2.0,
    brand_id: str | None = "brd_1",
    age_days: float | None = None,
) -> Facts:
    facts = some_facts(external_id="MP-20", seller={"external_id": "new-name", "age_days": age_days})
    return replace(
        facts,
        as_of=NOW,
        near_duplicates=near_duplicates,
        brand=replace(facts.brand, brand_id=brand_id),
        seller=replace(facts.seller, authorised=authorised, links=links, known_days=known_days),
    )


OWN, COPY = duplicates_like(near_duplicate(0.7, own=True), own_counterfeit=1), duplicates_like(near_duplicate(0.9))
TABLE: list[tuple[Facts, RelistGround | None, str]] = [
    (a_listing(OWN), RelistGround.OWN_TEXT, "the same seller, in nearly the same words"),
    (a_listing(duplicates_like(near_duplicate(0.69, own=True))), None, "another text"),
    (a_listing(OWN, authorised=True), None, "whom the brand has authorised nobody accuses"),
    (a_listing(COPY), RelistGround.COPIED_TEXT, "another name, the whole text, and nobody honest has it"),
    (a_listing(duplicates_like(near_duplicate(0.89))), None, "dealers copy each other's phrases"),
    (a_listing(duplicates_like(near_duplicate(), genuine=1)), None, "a listing in these words was found genuine"),
    (a_listing(duplicates_like(near_duplicate(), authorised=1)), None, "an authorised seller sells in these words"),
    (
        a_listing(duplicates_like(near_duplicate(), own_listings=1)),
        None,
        "the seller had the text before: the fake was the copy",
    ),
    (
        a_listing(duplicates_like(near_duplicate(), own_listings=1, own_counterfeit=1)),
        RelistGround.COPIED_TEXT,
        "its own was a fake as well",
    ),
    (a_listing(duplicates_like(near_duplicate(), sellers=3)), RelistGround.COPIED_TEXT, "few sell in these words"),
    (a_listing(duplicates_like(near_duplicate(), sellers=4)), None, "a text of many sellers is nobody's"),
    (a_listing(duplicates_like(near_duplicate(), more=True)), None, "more than could be compared: a text of many"),
    (
        a_listing(duplicates_like(near_duplicate(counterfeit=False))),
        None,
        "the verdict on the removed listing was undone",
    ),
    (
        a_listing(duplicates_like(near_duplicate(0.7)), links_of()),
        RelistGround.LINKED_TEXT,
        "nearly the words of a linked seller",
    ),
    (
        a_listing(duplicates_like(near_duplicate(0.7), genuine=1), links_of()),
        RelistGround.LINKED_TEXT,
        "whatever other sellers use the text",
    ),
    (
        a_listing(links=links_of()),
        RelistGround.LINKED_NEW_SELLER,
        "an account that came after, with the same telephone and brand",
    ),
    (a_listing(links=links_of(2)), RelistGround.LINKED_NEW_SELLER, "at two steps"),
    (a_listing(links=links_of(3)), None, "three steps are chance now and then"),
    (a_listing(links=links_of(), known_days=11), None, "an account from before the removal is no return"),
    (a_listing(links=links_of(), age_days=900), None, "nor one that the marketplace has known for years"),
    (a_listing(links=links_of(), brand_id="brd_2"), None, "another brand is another trade"),
    (a_listing(links=links_of(), brand_id=None), None, "no brand is known"),
    (a_listing(links=links_of(counterfeit=0)), None, "who shares the telephone has no counterfeit standing"),
    (a_listing(), None, "nothing is alike and nobody is linked"),
]


@pytest.mark.parametrize(("listing", "ground", "_why"), TABLE, ids=[why for _, _, why in TABLE])
def test_a_listing_repeats_a_removed_one_where(listing: Facts, ground: RelistGround | None, _why: str) -> None:
    relisting = find_relist(listing, [GONE], DEFAULT_RELIST)
    assert (None if relisting is None else relisting.ground) == ground
    if relisting is not None:
        assert relisting.earlier == "MP-9"
        assert relisting.reason.code == f"relist.{relisting.ground.value}"
        assert relisting.reason.parameters["listing"] == "MP-9"
        assert relisting.reason.parameters["date"] == date(2026, 3, 10)


@pytest.mark.parametrize(
    ("removed", "_why"),
    [
        ([], "it was never removed, or was given back"),
        ([replace(GONE, removed_at=NOW)], "it is being removed at this moment, so nothing came after"),
        ([replace(GONE, removed_at=NOW - 366 * DAY)], "a year ago is forgotten like a strike"),
        ([replace(GONE, external_id="MP-20", seller="new-name")], "the listing itself, changed"),
        ([replace(GONE, external_id="MP-8", seller="unknown user")], "another listing of another seller was removed"),
    ],
)
def test_nothing_is_repeated_where(removed: list[WatchedRemoval], _why: str) -> None:
    assert find_relist(a_listing(OWN), removed, DEFAULT_RELIST) is None


def test_of_several_the_latest_removal_of_a_linked_seller_is_named() -> None:
    later = replace(GONE, external_id="MP-10", removed_at=NOW - 5 * DAY)
    relisting = find_relist(a_listing(links=links_of()), [GONE, later], DEFAULT_RELIST)
    assert relisting is not None
    assert relisting.reason == message(
        "relist.linked_new_seller", seller="lumo", listing="MP-10", date=date(2026, 3, 15)
    )


def test_the_reason_says_how_much_of_the_text_is_shared() -> None:
    relisting = find_relist(a_listing(duplicates_like(near_duplicate(0.934, own=True))), [GONE], DEFAULT_RELIST)
    assert relisting is not None
    assert in_english(relisting.reason) == (
        "93% the text of MP-9, which the same seller listed and which was removed on 10 March 2026."
    )


def test_only_what_points_to_a_counterfeit_is_looked_up() -> None:
    assert counterfeit_near_duplicates(a_listing(duplicates_like(near_duplicate(counterfeit=None)))) == ()
    assert counterfeit_near_duplicates(a_listing(OWN)) == ("MP-9",)
    assert dict(steps_to_linked_sellers(a_listing(links=links_of(3)), DEFAULT_RELIST)) == {}
    assert dict(steps_to_linked_sellers(a_listing(links=links_of(2)), DEFAULT_RELIST)) == {"lumo": 2}
