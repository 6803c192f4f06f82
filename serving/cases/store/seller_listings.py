"""A seller's listings as a reviewer may see them: the newest ones with their facts, and those under blind review."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, func, or_, select, true

from features.facts import Facts
from models.case import BLIND_LANES
from serving.cases.store.case_figures import facts_of_many
from serving.cases.store.case_filters import IS_OPEN
from serving.cases.store.queues import is_open_to
from serving.cases.tables import review_case
from serving.listings.store.search import Hit
from serving.listings.tables import listing, score, seller
from serving.platform.database.scope import inside, same


def first_known(connection: Connection, marketplaces: Collection[str], name: str) -> dict[str, datetime]:
    """Since when a seller of this id is known, by marketplace."""
    query = (
        select(seller.c.marketplace_id, seller.c.first_known_at)
        .where(seller.c.marketplace_id.in_(sorted(marketplaces)), seller.c.external_id == name)
        .order_by(seller.c.marketplace_id)
    )
    return {row.marketplace_id: row.first_known_at for row in connection.execute(query)}


def newest_listings(connection: Connection, marketplace_id: str, name: str, most: int) -> tuple[int, list[Hit]]:
    """How many listings a seller has, and the newest of them."""
    own = inside(listing, marketplace_id, seller_external_id=name)
    query = select(listing.c.external_id).where(own).order_by(listing.c.first_known_at.desc(), listing.c.listing_id)
    number = connection.execute(select(func.count()).select_from(listing).where(own)).scalar_one()
    return number, [Hit(marketplace_id, row.external_id) for row in connection.execute(query.limit(most))]


def last_facts(connection: Connection, marketplace_id: str, external_ids: Collection[str]) -> dict[str, Facts]:
    """The facts of the last score of each listing's current version, by the marketplace's id of the listing."""
    query = (
        select(listing.c.external_id, score.c.facts_digest)
        .join(score, same(score, listing, "version_id"))
        .where(listing.c.marketplace_id == marketplace_id, listing.c.external_id.in_(sorted(external_ids)))
        .order_by(score.c.scored_at, score.c.score_id)
    )
    digests = {row.external_id: row.facts_digest for row in connection.execute(query)}
    facts = facts_of_many(connection, [(marketplace_id, digest) for digest in digests.values()]) if digests else {}
    return {external_id: facts[marketplace_id, digest] for external_id, digest in digests.items()}


def sellers_of(connection: Connection, marketplace_id: str, external_ids: Collection[str]) -> Mapping[str, str]:
    """The seller of each of these listings; those without one are left out."""
    if not external_ids:
        return {}
    query = select(listing.c.external_id, listing.c.seller_external_id).where(
        listing.c.marketplace_id == marketplace_id,
        listing.c.external_id.in_(sorted(external_ids)),
        listing.c.seller_external_id.is_not(None),
    )
    return {row.external_id: row.seller_external_id for row in connection.execute(query)}


def concealed_listings(
    connection: Connection, marketplace_id: str, name: str, alike: Collection[str]
) -> Mapping[str, bool]:
    """The seller's listings with an open case that these accounts judge blind, or whose score is masked.

    True is a blind case: the earlier decisions on the listing are hidden too.
    """
    blind = review_case.c.lane.in_([lane.value for lane in BLIND_LANES])
    query = select(review_case.c.listing_id, blind.label("blind")).where(
        IS_OPEN,
        inside(review_case, marketplace_id, seller_external_id=name),
        is_open_to(alike),
        or_(blind, review_case.c.score_masked.is_(true())),
    )
    return {row.listing_id: bool(row.blind) for row in connection.execute(query.order_by(blind))}
