"""The columns of a list of search results: seller, open cases, last verdict, last action."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, tuple_

from models.case import CaseLane
from models.verdict import Judgement
from serving.brands.tables import brand
from serving.cases.store.case_filters import IS_OPEN, SCANNED
from serving.cases.store.queues import is_open_to
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import review_case, verdict
from serving.listings.store.search import Hit
from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import columns, same
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState


@dataclass(frozen=True, slots=True)
class FoundListing:
    """A listing as it stands. `open_cases` are ids with their lanes, None where the score is masked; `judgement` is the
    last verdict that is not withdrawn."""

    marketplace_id: str
    listing_id: str
    external_id: str
    title: str | None
    language: str | None
    seller: str | None
    brand_name: str | None
    open_cases: tuple[tuple[str, CaseLane | None], ...] = ()
    judgement: Judgement | None = None
    judged_at: datetime | None = None
    judged_case_id: str | None = None
    action: tuple[ActionKind, ActionState] | None = None


def listings_of(connection: Connection, hits: Sequence[Hit], alike: Collection[str]) -> list[FoundListing]:
    """The listings of these matches, in their order; cases that these accounts may not judge are left out."""
    if not hits:
        return []
    of_hits = tuple_(listing.c.marketplace_id, listing.c.external_id).in_(
        [(h.marketplace_id, h.external_id) for h in hits]
    )
    query = (
        select(
            *columns(listing, "marketplace_id", "external_id", "listing_id", "seller_external_id"),
            listing_version.c.content,
            brand.c.name.label("brand_name"),
        )
        .join(listing_version, same(listing_version, listing, "version_id"))
        .outerjoin(brand, brand.c.brand_id == listing_version.c.brand_id)
        .where(of_hits)
    )
    listings_by_key: dict[tuple[str, str], FoundListing] = {}
    for row in connection.execute(query):
        title, language = row.content.get("title"), row.content.get("language")
        listings_by_key[row.marketplace_id, row.listing_id] = FoundListing(
            row.marketplace_id, row.listing_id, row.external_id, title, language, row.seller_external_id, row.brand_name
        )
    keys = list(listings_by_key)
    for place, listing_id, values in (
        *_open_cases(connection, keys, alike),
        *_last_judgements(connection, keys),
        *_last_actions(connection, keys),
    ):
        hit_listing = listings_by_key[place, listing_id]
        if "open_cases" in values:
            values["open_cases"] = (*hit_listing.open_cases, *values["open_cases"])
        listings_by_key[place, listing_id] = replace(hit_listing, **values)
    order = {(hit.marketplace_id, hit.external_id): number for number, hit in enumerate(hits)}
    return sorted(
        listings_by_key.values(), key=lambda hit_listing: order[hit_listing.marketplace_id, hit_listing.external_id]
    )


_Facts = list[tuple[str, str, dict[str, Any]]]


def _open_cases(connection: Connection, keys: Collection[tuple[str, str]], alike: Collection[str]) -> _Facts:
    query = select(*columns(review_case, "marketplace_id", "listing_id", "case_id", "lane", "score_masked")).where(
        IS_OPEN,
        is_open_to(alike),
        SCANNED.marketplace_id.in_({place for place, _ in keys}),
        review_case.c.listing_id.in_([listing_id for _, listing_id in keys]),
    )
    return [
        (
            row.marketplace_id,
            row.listing_id,
            {"open_cases": ((row.case_id, None if row.score_masked else CaseLane(row.lane)),)},
        )
        for row in connection.execute(query.order_by(review_case.c.case_id))
    ]


def _last_judgements(connection: Connection, keys: Collection[tuple[str, str]]) -> _Facts:
    query = select(verdict).where(_with_keys(verdict, keys), STANDS).order_by(verdict.c.known_at, verdict.c.verdict_id)
    return [
        (
            row.marketplace_id,
            row.listing_id,
            {"judgement": Judgement(row.judgement), "judged_at": row.known_at, "judged_case_id": row.case_id},
        )
        for row in connection.execute(query)
    ]


def _last_actions(connection: Connection, keys: Collection[tuple[str, str]]) -> _Facts:
    query = (
        select(action.c.marketplace_id, action.c.listing_id, action.c.kind, action.c.state)
        .where(_with_keys(action, keys), action.c.state != ActionState.WITHDRAWN.value)
        .order_by(action.c.sequence)
    )
    return [
        (row.marketplace_id, row.listing_id, {"action": (ActionKind(row.kind), ActionState(row.state))})
        for row in connection.execute(query)
    ]


def _with_keys(table: Any, keys: Collection[tuple[str, str]]) -> ColumnElement[bool]:
    return tuple_(table.c.marketplace_id, table.c.listing_id).in_(sorted(keys))


def open_cases_of_sellers(
    connection: Connection, marketplaces: Collection[str], sellers: Collection[str]
) -> dict[str, int]:
    """The number of open cases by seller; sellers without open cases are left out."""
    query = (
        select(review_case.c.seller_external_id, func.count().label("n"))
        .where(
            IS_OPEN,
            SCANNED.marketplace_id.in_(sorted(marketplaces)),
            review_case.c.seller_external_id.in_(sorted(sellers)),
        )
        .group_by(review_case.c.seller_external_id)
    )
    return {row.seller_external_id: row.n for row in connection.execute(query)}


def visible_case_id(connection: Connection, marketplaces: Collection[str], case_id: str) -> str | None:
    """The case id if the case belongs to one of these marketplaces, else None."""
    query = select(review_case.c.case_id).where(
        review_case.c.marketplace_id.in_(sorted(marketplaces)), review_case.c.case_id == case_id
    )
    return connection.execute(query).scalar()
