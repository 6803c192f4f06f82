"""Allow, watch and deny lists: changes of entries with their author, and the matches of a batch of listings."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection

from features.facts import Facts
from features.links import Links
from models.errors import Forbidden, Invalid, require
from models.policies.sellers import SellerListPolicy
from models.seller_lists import ListMatch, SellerList, SellerListEntry, linked_names, list_match
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.platform.runtime import Runtime
from serving.sellers.store import seller_lists

_LONGEST_NAME = 200


def list_matches(
    connection: Connection, marketplace_id: str, listings: Mapping[int, Facts], now: datetime, policy: SellerListPolicy
) -> dict[int, ListMatch]:
    """The list matches of listings, by index; one query covers all sellers and their linked sellers."""
    sellers = [(name, facts.seller.links) for facts in listings.values() if (name := facts.listing.seller.external_id)]
    return matches_among(entries_of(connection, marketplace_id, sellers, now, policy), listings, now, policy)


def entries_of(
    connection: Connection,
    marketplace_id: str,
    sellers: Iterable[tuple[str, Links | None]],
    now: datetime,
    policy: SellerListPolicy,
) -> Mapping[str, SellerListEntry]:
    """The entries in force of sellers and of those that they are linked with, by seller."""
    names = {name for seller, links in sellers for name in (seller, *linked_names(links, policy))}
    return seller_lists.of_sellers(connection, marketplace_id, names, now)


def matches_among(
    entries: Mapping[str, SellerListEntry], listings: Mapping[int, Facts], now: datetime, policy: SellerListPolicy
) -> dict[int, ListMatch]:
    """The list matches of listings, by index, among these entries."""
    if not entries:
        return {}
    list_matches = {
        number: list_match(facts.listing.seller.external_id, facts.seller.links, entries, as_of=now, policy=policy)
        for number, facts in listings.items()
    }
    return {number: match for number, match in list_matches.items() if match is not None}


def check_lister(person: Person, marketplace_id: str, which: SellerList) -> None:
    """Refuse people who may not put sellers on a list.

    Analysts may use the watch and deny lists, which only send listings to review. The allow list exempts a seller from
    review, so it requires an administrator.

    Raises Forbidden (the person's roles do not allow it).
    """
    administers = marketplace_id in person.marketplaces(Permission.ADMINISTER)
    reviews = marketplace_id in person.marketplaces(Permission.REVIEW_CASES)
    if administers or (reviews and which is not SellerList.ALLOW):
        return
    who = "an administrator" if which is SellerList.ALLOW else "an analyst or administrator"
    raise Forbidden("Only {who} can put sellers on the {list} list.", who=who, list=which.value)


def put_on_list(
    runtime: Runtime, marketplace_id: str, seller: str, which: SellerList, *, reason: str, days: int | None, by: str
) -> SellerListEntry:
    """Put a seller on a list, in place of an entry in force. The seller need not have listed anything yet.

    Raises Invalid (the seller or the reason is missing, or the duration is out of range).
    """
    policy, now, name = runtime.policies[SellerListPolicy], runtime.clock.now(), seller.strip()
    lasts = policy.entry_days if days is None else days
    if not name or len(name) > _LONGEST_NAME:
        raise Invalid("Name the seller, in at most {most} characters.", most=_LONGEST_NAME)
    if not reason.strip():
        raise Invalid("Give a reason.")
    if not 1 <= lasts <= policy.most_days:
        raise Invalid("An entry lasts from 1 to {most:,} days.", most=policy.most_days)
    list_entry = SellerListEntry(name, which, reason.strip()[:500], by, now, now + timedelta(days=lasts))
    with runtime.store.write() as connection:
        audit.lock(connection)
        entry_id = runtime.ids.new("lse")
        seller_lists.set_entry(connection, marketplace_id, entry_id, list_entry)
        audit.record(
            connection,
            now,
            marketplace_id,
            by,
            f"seller_list.{which.value}",
            entry_id,
            seller=name,
            reason=list_entry.reason,
            expires_at=list_entry.expires_at.isoformat(),
        )
    return list_entry


def take_off_list(runtime: Runtime, marketplace_id: str, seller: str, *, by: str) -> None:
    """End the entry of a seller. Raises NotFound (the seller is on no list)."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        entry_id = require(
            seller_lists.end_entry(connection, marketplace_id, seller, by, now), "This seller is on no list."
        )
        audit.record(connection, now, marketplace_id, by, "seller_list.removed", entry_id, seller=seller)
