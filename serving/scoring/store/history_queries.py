"""The statements that read histories, built once: building them took longer than the database needs for them.

Parameters are `here`, the marketplace, `sellers`, and moments by name.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, func, literal_column, select, true

from features.peer_listings import MOST_LISTINGS
from models.case import CaseLane
from models.seller_history import KINDS
from models.verdict import Judgement
from serving.appeals.tables import overturn
from serving.cases.tables import verdict
from serving.listings.tables import listing, listing_version, seller
from serving.platform.database.fast.door import KeyedQuery, PlainQuery
from serving.platform.database.lists import value_table
from serving.platform.database.scope import HERE, columns, inside, same
from serving.scoring.tables import seller_event
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store.approvals import approval_decided_at, is_still_pending
from serving.takedowns.tables import action


def time_parameter(name: str) -> BindParameter[datetime]:
    return bindparam(name, type_=listing_version.c.known_at.type)


_SELLERS: Final[BindParameter[Any]] = bindparam("sellers", expanding=True)

SELLERS: Final = KeyedQuery(
    select(seller.c.external_id, seller.c.first_known_at).where(
        inside(seller, HERE), seller.c.external_id.in_(_SELLERS)
    ),
    "sellers",
)

_LATEST_FIRST: Final = (listing_version.c.known_at.desc(), listing_version.c.version_id.desc())
_OF_VERSIONS: Final = select(
    *columns(listing_version, "seller_external_id", "listing_id", "known_at"),
    listing.c.first_known_at,
    *columns(listing_version, "log_price", "price_minor", "currency", "brand_key", "category_key", "protected"),
)
_VERSIONS: Final = (
    _OF_VERSIONS.join(listing, same(listing, listing_version, "listing_id"))
    .where(
        inside(listing_version, HERE),
        listing_version.c.seller_external_id.in_(_SELLERS),
        listing_version.c.known_at >= time_parameter("begin"),
        listing_version.c.known_at < time_parameter("until"),
    )
    .order_by(*_LATEST_FIRST)
)
VERSIONS: Final = KeyedQuery(_VERSIONS, "sellers")
LATER_VERSIONS: Final = KeyedQuery(_VERSIONS.where(listing_version.c.known_at >= time_parameter("since")), "sellers")
EARLIER_VERSIONS: Final = KeyedQuery(
    _VERSIONS.where(listing_version.c.known_at < time_parameter("since")).limit(MOST_LISTINGS), "sellers"
)


def _latest_versions(dialect: str) -> Select[Any]:
    """As `EARLIER_VERSIONS` for each of the listed sellers: an ordered scan of at most so many entries each.

    By LATERAL on PostgreSQL, which SQLite lacks; there a correlated IN bounds the same scan, and a seller without
    versions has a row of nulls.
    """
    seller_list = value_table(dialect, String())
    inner = listing_version.alias("inner_version")
    latest = (
        select(inner.c.version_id)
        .where(
            inside(inner, HERE, seller_external_id=seller_list.c.value),
            inner.c.known_at >= time_parameter("begin"),
            inner.c.known_at < time_parameter("since"),
        )
        .order_by(inner.c.known_at.desc(), inner.c.version_id.desc())
        .limit(MOST_LISTINGS)
        .correlate(seller_list)
    )
    if dialect == "postgresql":
        side = latest.lateral("latest")
        source = seller_list.join(side, true()).join(
            listing_version, inside(listing_version, HERE, version_id=side.c.version_id)
        )
    else:
        # SQLite's own number of a row, which every index has: to look an id up again would cost another index.
        rows: Select[Any] = latest.with_only_columns(literal_column("inner_version.rowid"))
        is_latest = inside(listing_version, HERE) & literal_column("listing_version.rowid").in_(rows)
        source = seller_list.outerjoin(listing_version, is_latest)
    joined = source.outerjoin(listing, same(listing, listing_version, "listing_id"))
    return _OF_VERSIONS.select_from(joined).order_by(*_LATEST_FIRST)


# Of a query by the driver: moments as stored.
LATEST_VERSIONS: Final = PlainQuery(_latest_versions)


EVENTS: Final = KeyedQuery(
    select(*columns(seller_event, "seller_external_id", "kind", "occurred_at", "known_at", "amount_minor", "currency"))
    .where(
        inside(seller_event, HERE),
        seller_event.c.seller_external_id.in_(_SELLERS),
        seller_event.c.occurred_at >= time_parameter("since"),
        seller_event.c.kind.in_(KINDS),
    )
    .order_by(seller_event.c.occurred_at, seller_event.c.known_at),
    "sellers",
)


def unanswered_removals(condition: ColumnElement[bool]) -> Select[Any]:
    """Removals that ended because the rights holder did not answer a counter-notice: undecided, as on appeal."""
    return (
        select(
            listing_version.c.seller_external_id,
            verdict.c.listing_id,
            verdict.c.version_id,
            overturn.c.overturned_at,
            overturn.c.undone_at,
        )
        .join(action, same(action, overturn, "action_id"))
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(
            inside(overturn, HERE, cause=OverturnCause.SILENCE.value),
            listing_version.c.seller_external_id.is_not(None),
            condition,
        )
    )


def verdicts_with_withdrawal(condition: ColumnElement[bool]) -> Select[Any]:
    """Verdicts in force or withdrawn, each with its withdrawal."""
    later = verdict.alias("later")
    return (
        select(
            listing_version.c.seller_external_id,
            *columns(verdict, "listing_id", "version_id", "judgement", "side", "lane", "known_at"),
            later.c.known_at.label("withdrawn_at"),
            approval_decided_at().label("waited_until"),
        )
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .outerjoin(
            later,
            (later.c.marketplace_id == verdict.c.marketplace_id) & (later.c.supersedes_id == verdict.c.verdict_id),
        )
        .where(
            inside(verdict, HERE),
            listing_version.c.seller_external_id.is_not(None),
            condition,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            verdict.c.passed_on.is_(False),
            verdict.c.lane != CaseLane.SECOND_REVIEW.value,  # It checks labels and decides nothing.
            ~is_still_pending(),
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )


# Few sellers have a verdict; to know whether takes a tenth of the time of reading them.
ARE_JUDGED: Final = KeyedQuery(
    select(func.count())
    .select_from(verdict)
    .join(listing_version, same(listing_version, verdict, "version_id"))
    .where(inside(verdict, HERE), listing_version.c.seller_external_id.in_(_SELLERS)),
    "sellers",
)
UNANSWERED: Final = unanswered_removals(listing_version.c.seller_external_id.in_(_SELLERS))
RULINGS: Final = verdicts_with_withdrawal(listing_version.c.seller_external_id.in_(_SELLERS))
