from datetime import timedelta

import pytest

from features.links import LinkedSeller, Links
from models.messages.english import in_english
from models.policies.sellers import DEFAULT_SELLER_LISTS
from models.seller_lists import Entry, Listed, SellerList, linked_names, listed
from tests.fixtures.clocks import NOW
from tests.models.test_sanction_scope import FAR, NEAR, SECOND

ALLOW, WATCH, DENY = SellerList.ALLOW, SellerList.WATCH, SellerList.DENY
DAY = timedelta(days=1)


def an_entry(seller: str, which: SellerList, *, added: timedelta = -DAY, ends: timedelta = DAY) -> Entry:
    return Entry(seller, which, "A police file.", "Ana", NOW + added, NOW + ends)


def found(*entries: Entry, links: Links | None = None, seller: str | None = "s-1") -> Listed | None:
    by_seller = {one.seller: one for one in entries}
    return listed(seller, links, by_seller, as_of=NOW, policy=DEFAULT_SELLER_LISTS)


def linked(*sellers: LinkedSeller) -> Links:
    return Links(contacts=1, sellers=sellers)


TABLE: list[tuple[list[Entry], Links | None, SellerList | None, bool, str]] = [
    ([], None, None, False, "no entry"),
    ([an_entry("s-1", WATCH)], None, WATCH, False, "the seller's own"),
    ([an_entry("s-9", DENY)], None, None, False, "somebody else's"),
    ([an_entry("s-1", DENY, ends=timedelta(0))], None, None, False, "ended now"),
    ([an_entry("s-1", DENY, added=DAY, ends=2 * DAY)], None, None, False, "not begun"),
    ([an_entry("s-2", DENY)], linked(NEAR), DENY, True, "linked with a denied seller"),
    ([an_entry("s-2", DENY, ends=timedelta(0))], linked(NEAR), None, False, "whose entry has ended"),
    ([an_entry("s-2", WATCH)], linked(NEAR), None, False, "a watched seller casts no shadow"),
    ([an_entry("s-3", DENY)], linked(NEAR, SECOND), DENY, True, "two steps away"),
    ([an_entry("s-4", DENY)], linked(FAR), None, False, "three steps are too far"),
    ([an_entry("s-1", ALLOW), an_entry("s-2", DENY)], linked(NEAR), ALLOW, False, "one's own entry speaks first"),
]


@pytest.mark.parametrize(("entries", "links", "which", "by_link", "_why"), TABLE)
def test_the_lists_say(
    entries: list[Entry], links: Links | None, which: SellerList | None, by_link: bool, _why: str
) -> None:
    one = found(*entries, links=links)
    assert (one.which if one else None, one.by_link if one else False) == (which, by_link)


def test_a_listing_without_a_seller_is_on_no_list() -> None:
    assert found(an_entry("s-1", DENY), seller=None) is None


def test_the_reason_names_the_list_the_end_and_the_path() -> None:
    one, other = found(an_entry("s-1", DENY)), found(an_entry("s-3", DENY), links=linked(NEAR, SECOND))
    until = f"{NOW + DAY:%-d %B %Y}"
    assert one is not None
    assert other is not None
    assert in_english(one.reason) == f"The seller is on the deny list until {until}: A police file."
    assert in_english(other.reason) == (
        "Linked to a seller on the deny list: same payout account as s-2, which has the same telephone number as s-3 "
        f"(until {until}: A police file.)"
    )


def test_only_entries_of_near_sellers_are_asked_for() -> None:
    assert linked_names(linked(NEAR, SECOND, FAR), DEFAULT_SELLER_LISTS) == {"s-2", "s-3"}
    assert linked_names(None, DEFAULT_SELLER_LISTS) == frozenset()
