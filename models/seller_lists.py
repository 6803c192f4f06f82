"""Allow, watch and deny lists: the match of the seller of an incoming listing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from features.links import Links
from features.message import Message, message
from models.policies.sellers import SellerListPolicy
from models.sanction_scope import path_message


class SellerList(StrEnum):
    """No score accuses allowed sellers; analysts review watched sellers always and denied sellers first."""

    ALLOW = "allow"
    WATCH = "watch"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class SellerListEntry:
    """A seller on a list: why, by whom, since when and until when."""

    seller: str
    which: SellerList
    reason: str
    added_by: str
    added_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ListMatch:
    """A list match, shown to the marketplace's own users; `by_link` is true where only a link matches."""

    which: SellerList
    reason: Message
    by_link: bool = False


def list_match(
    seller: str | None,
    links: Links | None,
    entries: Mapping[str, SellerListEntry],
    *,
    as_of: datetime,
    policy: SellerListPolicy,
) -> ListMatch | None:
    """The list match of this seller's listing at a moment; None where no list matches.

    The seller's own entry takes precedence. An allowed or watched seller is therefore not judged by a link. Of several
    denied sellers the nearest is named.
    """
    own = entries.get(seller or "")
    if own is not None and _is_in_force(own, as_of):
        return ListMatch(
            own.which, message(f"seller_list.{own.which.value}", date=_expiry_date(own), reason=own.reason)
        )
    for linked_seller in links.sellers if links is not None else ():
        list_entry = entries.get(linked_seller.path[-1].seller)
        near = len(linked_seller.path) <= policy.most_steps
        if near and list_entry is not None and list_entry.which is SellerList.DENY and _is_in_force(list_entry, as_of):
            reason = message(
                "seller_list.linked",
                path=path_message(linked_seller),
                date=_expiry_date(list_entry),
                reason=list_entry.reason,
            )
            return ListMatch(SellerList.DENY, reason, by_link=True)
    return None


def linked_names(links: Links | None, policy: SellerListPolicy) -> frozenset[str]:
    """The linked sellers near enough for their entries to count."""
    sellers = links.sellers if links is not None else ()
    return frozenset(seller.path[-1].seller for seller in sellers if len(seller.path) <= policy.most_steps)


def _is_in_force(list_entry: SellerListEntry, as_of: datetime) -> bool:
    return list_entry.added_at <= as_of < list_entry.expires_at


def _expiry_date(list_entry: SellerListEntry) -> date:
    return list_entry.expires_at.date()
