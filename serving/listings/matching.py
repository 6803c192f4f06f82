"""Match an incoming listing against removed ones of the same seller or a linked one, or copied by anybody.

A match accuses no seller: it opens a case for an analyst and names the earlier listing. Listings of an authorised
seller never match. A text that many sellers use, or that was found genuine, gives no match. A link alone matches only
sellers who came after the removal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from features.facts import Facts
from features.message import Message, message
from features.near_duplicates import NearDuplicate
from serving.listings.policy import RelistPolicy

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class WatchedRemoval:
    """A removed listing: the marketplace's ids of it and its seller, its brand, and the time of the removal."""

    external_id: str
    seller: str | None
    brand_id: str | None
    removed_at: datetime


class RelistGround(StrEnum):
    """The ground of a relist."""

    OWN_TEXT = "own_text"
    LINKED_TEXT = "linked_text"
    LINKED_NEW_SELLER = "linked_new_seller"
    COPIED_TEXT = "copied_text"


@dataclass(frozen=True, slots=True)
class Relist:
    """The removed listing that this one repeats, the ground, and the message for an analyst."""

    ground: RelistGround
    earlier: str
    reason: Message


def counterfeit_near_duplicates(facts: Facts) -> tuple[str, ...]:
    """Ids of the near-duplicates found counterfeit, which may have been removed."""
    shown = facts.near_duplicates.shown if facts.near_duplicates is not None else ()
    return tuple(duplicate.listing_id for duplicate in shown if duplicate.counterfeit)


def steps_to_linked_sellers(facts: Facts, policy: RelistPolicy) -> Mapping[str, int]:
    """Steps to each linked seller with counterfeits, by seller, where the steps are few enough."""
    linked = facts.seller.links.counterfeiters if facts.seller.links is not None else ()
    return {link.path[-1].seller: len(link.path) for link in linked if len(link.path) <= policy.most_steps}


def find_relist(facts: Facts, removed: Sequence[WatchedRemoval], policy: RelistPolicy) -> Relist | None:
    """The removed listing that a listing repeats, on the strongest ground; None where it repeats none."""
    if facts.seller.authorised:
        return None
    watched = timedelta(days=policy.watched_days)
    earlier = [
        removal
        for removal in sorted(removed, key=lambda removal: (removal.removed_at, removal.external_id), reverse=True)
        if removal.external_id != facts.listing.external_id
        and timedelta(0) < facts.as_of - removal.removed_at <= watched
    ]
    return _relist_by_text(facts, earlier, policy) or _relist_by_link(facts, earlier, policy)


def _relist_by_text(facts: Facts, earlier: Sequence[WatchedRemoval], policy: RelistPolicy) -> Relist | None:
    if facts.near_duplicates is None:
        return None
    removed = {removal.external_id: removal for removal in earlier}
    linked = steps_to_linked_sellers(facts, policy)
    copied: Relist | None = None
    for near in facts.near_duplicates.shown:
        removal = removed.get(near.listing_id)
        if removal is None or not near.counterfeit or near.similarity < policy.own_similarity:
            continue
        if near.same_seller:
            return _relist_of(RelistGround.OWN_TEXT, removal, near)
        if removal.seller in linked:
            return _relist_of(RelistGround.LINKED_TEXT, removal, near)
        if copied is None and near.similarity >= policy.copied_similarity and _has_no_honest_seller(facts, policy):
            copied = _relist_of(RelistGround.COPIED_TEXT, removal, near)
    return copied


def _has_no_honest_seller(facts: Facts, policy: RelistPolicy) -> bool:
    """Whether no honest seller is known to use this text, the seller's own earlier listings included."""
    near = facts.near_duplicates
    if near is None or near.genuine or near.authorised or near.own_listings > near.own_counterfeit:
        return False
    return near.sellers <= policy.most_sellers_of_a_text and not near.more


def _relist_by_link(facts: Facts, earlier: Sequence[WatchedRemoval], policy: RelistPolicy) -> Relist | None:
    linked, brand_id = steps_to_linked_sellers(facts, policy), facts.brand.brand_id
    if brand_id is None:
        return None
    known_days = max(facts.seller.known_days or 0.0, facts.listing.seller.age_days or 0.0)
    first_known = facts.as_of - timedelta(days=known_days)
    for removed in earlier:
        if removed.seller in linked and removed.brand_id == brand_id and first_known >= removed.removed_at:
            ground = RelistGround.LINKED_NEW_SELLER
            named: dict[str, str | date] = {
                "seller": _shortened(removed.seller),
                "listing": _shortened(removed.external_id),
                "date": removed.removed_at.date(),
            }
            return Relist(ground, removed.external_id, message(f"relist.{ground.value}", **named))
    return None


def _relist_of(ground: RelistGround, removed: WatchedRemoval, near: NearDuplicate) -> Relist:
    named: dict[str, float | str | date] = {
        "share": near.similarity,
        "listing": _shortened(near.listing_id),
        "date": removed.removed_at.date(),
    }
    return Relist(ground, removed.external_id, message(f"relist.{ground.value}", **named))


def _shortened(name: str | None) -> str:
    return (name or "")[:_LONGEST_NAME]
