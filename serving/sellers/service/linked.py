"""Linked sellers and their components at given moments, read together for many sellers."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from features.links import Links
from models.outcomes import Outcome, outcomes
from serving.scoring.store import histories
from serving.sellers.policy import DEFAULT_LINKS
from serving.sellers.rules.components import ComponentSearch
from serving.sellers.rules.links import LinkSearch
from serving.sellers.store import contacts

Moment = tuple[str, datetime]  # A seller and a time.


def links_at(connection: Connection, marketplace_id: str, moments: Collection[Moment]) -> Mapping[Moment, Links]:
    """The links of each seller at its moment, with the linked sellers' outcomes as known then."""
    searches = [LinkSearch(seller, as_of, DEFAULT_LINKS) for seller, as_of in sorted(moments)]
    contacts.follow(connection, marketplace_id, searches, DEFAULT_LINKS)
    rulings = histories.rulings(connection, marketplace_id, {name for search in searches for name in search.linked})
    known: dict[Moment, list[Outcome]] = {}

    def stood(seller: str, as_of: datetime) -> list[Outcome]:
        if (seller, as_of) not in known:
            known[seller, as_of] = outcomes(rulings.get(seller, ()), as_of=as_of)
        return known[seller, as_of]

    return {
        (one.seller, one.as_of): one.links({name: stood(name, one.as_of) for name in one.linked}) for one in searches
    }


def linked_with(connection: Connection, marketplaces: Collection[str], seller: str, as_of: datetime) -> frozenset[str]:
    """The sellers linked with a seller in any of these marketplaces, within the limits of `DEFAULT_LINKS`."""
    found: set[str] = set()
    for here in sorted(marketplaces):
        search = LinkSearch(seller, as_of, DEFAULT_LINKS)
        contacts.follow(connection, here, [search], DEFAULT_LINKS)
        found |= set(search.linked)
    return frozenset(found)


def components_at(
    connection: Connection, marketplace_id: str, sellers: Collection[str], as_of: datetime
) -> Mapping[str, str]:
    """The component of each of these sellers, and of the sellers linked with them, by links known before the moment."""
    search = ComponentSearch(sellers, as_of, DEFAULT_LINKS)
    contacts.follow(connection, marketplace_id, [search], DEFAULT_LINKS)
    return search.components
