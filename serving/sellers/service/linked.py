"""Linked sellers at moments, and their point-in-time histories: read together, cut one by one."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection

from features.links import Links
from models.outcomes import Outcome, outcomes
from serving.scoring.store import histories
from serving.sellers.policy import DEFAULT_LINKS
from serving.sellers.rules.links import Walk
from serving.sellers.store import contacts

Moment = tuple[str, datetime]  # A seller, and when.


def links_at(connection: Connection, marketplace_id: str, moments: Collection[Moment]) -> Mapping[Moment, Links]:
    """The links of each seller at its moment, with the outcomes of those linked as they stood then."""
    walks = [Walk(seller, as_of, DEFAULT_LINKS) for seller, as_of in sorted(moments)]
    contacts.follow(connection, marketplace_id, walks, DEFAULT_LINKS)
    rulings = histories.rulings(connection, marketplace_id, {name for walk in walks for name in walk.linked})
    known: dict[Moment, list[Outcome]] = {}

    def stood(seller: str, as_of: datetime) -> list[Outcome]:
        if (seller, as_of) not in known:
            known[seller, as_of] = outcomes(rulings.get(seller, ()), as_of=as_of)
        return known[seller, as_of]

    return {
        (walk.seller, walk.as_of): walk.links({name: stood(name, walk.as_of) for name in walk.linked}) for walk in walks
    }


def linked_with(connection: Connection, marketplaces: Collection[str], seller: str, as_of: datetime) -> frozenset[str]:
    """The other sellers linked with a seller in any of these marketplaces, as far as links are followed."""
    found: set[str] = set()
    for here in sorted(marketplaces):
        walk = Walk(seller, as_of, DEFAULT_LINKS)
        contacts.follow(connection, here, [walk], DEFAULT_LINKS)
        found |= set(walk.linked)
    return frozenset(found)
