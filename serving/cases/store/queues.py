"""Queues: the open cases of a filter, in order, with the data of each row."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, false, func, or_, select, true

from models.case import BLIND_LANES, CaseLane, CaseState
from models.verdict import Judgement
from serving.accounts.tables import account
from serving.brands.tables import brand
from serving.cases.store.case_filters import IS_OPEN, SCANNED
from serving.cases.store.verdicts import NOT_WITHDRAWN
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing, listing_version, score
from serving.notices.tables import notice_item
from serving.platform.database.pages import page
from serving.platform.database.scope import inside, same


class Lease(StrEnum):
    """The current lease of a case: by no other person, by the reader, or by somebody else."""

    FREE = "free"
    MINE = "mine"
    OTHERS = "others"


class Sort(StrEnum):
    """What a queue can be sorted by."""

    SCORE = "score"
    HARM = "harm"
    BRAND = "brand"
    PRICE = "price"
    SELLER = "seller"
    DUE = "due"


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a queue; cases without the value, or whose reviewer must not know it, come last."""

    by: Sort
    descending: bool = False


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """The filter of a queue. `brands` are (marketplace, brand) pairs: a brand's users see nothing else.

    `person` is the owner of the queue, `alike` the accounts that count as one person with it, itself included: the
    queue excludes blind reviews that these accounts' earlier decisions bar them from. `at` is the reference time of
    leases and deferrals; with `snoozed` the queue shows only deferred cases, else all others. `harm_from` and `scores`
    exclude cases whose reviewer must not know them. Lane and deadline depend on the score, so a queue of some lanes or
    deadlines is `without_masked`: it would tell what the mask hides.
    """

    marketplaces: frozenset[str]
    lanes: tuple[CaseLane, ...] | None = None
    brands: frozenset[tuple[str, str]] | None = None
    person: str | None = None
    alike: frozenset[str] = frozenset()
    at: datetime | None = None
    brand: str | None = None
    without_brand: bool = False
    languages: tuple[str, ...] = ()
    harm_from: float | None = None
    opened_before: datetime | None = None
    opened_after: datetime | None = None
    due_before: datetime | None = None
    sellers: frozenset[str] | None = None
    scores: tuple[float, float] | None = None
    lease: Lease | None = None
    without_masked: bool = False
    relisted: bool = False
    snoozed: bool = False


def is_open_to(people: Collection[str]) -> ColumnElement[bool]:
    """Whether a case is open to these accounts of one person, as `serving.cases.service.case_access` has it.

    Second reviews of listings that they judged are not, nor appeals and complaints about listings on which a decision
    of theirs stands. A decision on an earlier appeal does not count.
    """
    judged = select(verdict.c.verdict_id).where(
        same(verdict, review_case, "listing_id"),
        verdict.c.case_id != review_case.c.case_id,
        verdict.c.user_id.in_(sorted(people)),
        verdict.c.judgement != Judgement.WITHDRAWN.value,
    )
    stands = judged.where(verdict.c.lane != CaseLane.APPEAL.value, NOT_WITHDRAWN)
    lane = review_case.c.lane
    return or_(
        lane.not_in([blind_lane.value for blind_lane in BLIND_LANES]),
        (lane == CaseLane.SECOND_REVIEW.value) & ~judged.exists(),
        lane.in_([CaseLane.APPEAL.value, CaseLane.COMPLAINT.value]) & ~stands.exists(),
    )


def queue_conditions(queue_filter: QueueFilter) -> list[ColumnElement[bool]]:
    """The conditions for a case in a queue.

    The query is an ordered scan of the index of open cases, which holds all filter columns. A brand's own queue is
    short and is looked up by the brand.
    """
    open_case = review_case.c if queue_filter.brands is not None else SCANNED
    conditions: list[ColumnElement[bool]] = [IS_OPEN, open_case.marketplace_id.in_(sorted(queue_filter.marketplaces))]
    if queue_filter.lanes is not None:
        conditions.append(open_case.lane.in_([lane.value for lane in queue_filter.lanes]))
    if queue_filter.person is not None and (queue_filter.lanes is None or BLIND_LANES.intersection(queue_filter.lanes)):
        conditions.append(is_open_to(queue_filter.alike or {queue_filter.person}))
    if queue_filter.brands is not None:
        pairs = [
            inside(review_case, marketplace_id, brand_id=brand_id)
            for marketplace_id, brand_id in sorted(queue_filter.brands)
        ]
        conditions.append(or_(false(), *pairs))
    return [*conditions, *_filter_conditions(queue_filter), *_score_conditions(queue_filter)]


def _filter_conditions(queue_filter: QueueFilter) -> Iterator[ColumnElement[bool]]:
    case = SCANNED
    if queue_filter.brand is not None:
        yield case.brand_id == queue_filter.brand
    if queue_filter.without_brand:
        yield case.brand_id.is_(None)
    if queue_filter.languages:
        yield case.language.in_(queue_filter.languages)
    if queue_filter.opened_before is not None:
        yield case.opened_at <= queue_filter.opened_before
    if queue_filter.opened_after is not None:
        # Looked up by index, because few cases are recent.
        yield review_case.c.opened_at > queue_filter.opened_after
    if queue_filter.due_before is not None:
        yield case.due_at <= queue_filter.due_before
    if queue_filter.sellers is not None:
        # Looked up by index, because these are few of all cases.
        yield review_case.c.seller_external_id.in_(sorted(queue_filter.sellers))
    if queue_filter.at is not None:
        # Looked up by index, because few cases are deferred.
        yield (
            review_case.c.snoozed_until > queue_filter.at
            if queue_filter.snoozed
            else or_(case.snoozed_until.is_(None), case.snoozed_until <= queue_filter.at)
        )
    if queue_filter.relisted:
        yield case.relisted.is_(true())
    if queue_filter.lease is not None:
        yield _lease_condition(queue_filter.lease, queue_filter.person, queue_filter.at)


def _score_conditions(queue_filter: QueueFilter) -> Iterator[ColumnElement[bool]]:
    if queue_filter.harm_from is not None or queue_filter.scores is not None:
        yield SCANNED.lane.not_in([lane.value for lane in BLIND_LANES])
    if queue_filter.without_masked or queue_filter.harm_from is not None or queue_filter.scores is not None:
        yield review_case.c.score_masked.is_(false())
    if queue_filter.harm_from is not None:
        yield review_case.c.priority >= queue_filter.harm_from
    if queue_filter.scores is not None:
        # Up to 1 the value is a probability, above it points; cases with the other measure do not match.
        yield (SCANNED.points if queue_filter.scores[1] > 1 else SCANNED.chance).between(*queue_filter.scores)


def _lease_condition(lease: Lease, person: str | None, at: datetime | None) -> ColumnElement[bool]:
    is_leased, mine = review_case.c.leased_until > at, review_case.c.leased_by == person
    match lease:
        case Lease.MINE:
            return is_leased & mine
        case Lease.OTHERS:
            return is_leased & ~mine
        case Lease.FREE:
            return or_(review_case.c.leased_until.is_(None), ~is_leased, mine)


def queue(
    connection: Connection,
    queue_filter: QueueFilter,
    *,
    most: int,
    offset: int = 0,
    after: str | None = None,
    sort: Order | None = None,
) -> list[dict[str, Any]]:
    """Open cases with the data of each row, the highest priority first; or those behind the case `after`."""
    order = (review_case.c.priority.desc(), review_case.c.case_id)
    query = select(review_case.c.case_id).where(*queue_conditions(queue_filter))
    if sort is not None:
        column = _sorted_column(sort.by)
        query = query.order_by((column.desc() if sort.descending else column).nulls_last())
    page_query = page(connection, query, queue_filter.marketplaces, after, *order).limit(most).offset(offset)
    case_ids = connection.execute(page_query).scalars().all()
    # Two queries, so that the database reads in the order of the queue and not of a join.
    rows = rows_of_cases(connection, queue_filter.marketplaces, case_ids)
    places = {case_id: place for place, case_id in enumerate(case_ids)}
    return sorted(rows, key=lambda row: places[row["case_id"]])


def _sorted_column(by: Sort) -> ColumnElement[Any]:
    """What the index of open cases holds, or a value looked up by key; nothing that the reviewer must not know."""
    case_columns = SCANNED
    is_masked = case_columns.score_masked.is_(true())
    is_blind = or_(is_masked, case_columns.lane.in_([lane.value for lane in BLIND_LANES]))
    match by:
        case Sort.SCORE:
            return case((is_blind, None), else_=func.coalesce(case_columns.chance * 100, case_columns.points))
        case Sort.HARM:
            return case((is_blind, None), else_=review_case.c.priority)
        case Sort.DUE:
            return case((is_masked, None), else_=case_columns.due_at)
        case Sort.SELLER:
            return func.lower(case_columns.seller_external_id)
        case Sort.BRAND:
            named = select(brand.c.name).where(brand.c.brand_id == review_case.c.brand_id).scalar_subquery()
            return func.lower(func.coalesce(named, review_case.c.mark))
        case Sort.PRICE:
            priced = select(listing_version.c.log_price).where(same(listing_version, review_case, "version_id"))
            return priced.scalar_subquery()


def rows_of_cases(
    connection: Connection, marketplaces: Collection[str], case_ids: Collection[str]
) -> list[dict[str, Any]]:
    """These cases with the data of each row, the highest priority first."""
    query = (
        select(
            review_case,
            listing.c.external_id,
            listing_version.c.content,
            listing_version.c.log_price,
            brand.c.name.label("brand_name"),
            account.c.name.label("holder"),
            score.c.kind.label("score_kind"),
            score.c.value.label("score_value"),
            score.c.probability,
            score.c.reasons,
            score.c.evidence,
            score.c.route_reasons,
            score.c.facts_digest,
            _is_notified().label("notified"),
        )
        .join(listing, same(listing, review_case, "listing_id"))
        .join(listing_version, same(listing_version, review_case, "version_id"))
        .join(score, same(score, review_case, "score_id"))
        .outerjoin(brand, brand.c.brand_id == review_case.c.brand_id)
        .outerjoin(account, account.c.user_id == review_case.c.leased_by)
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), review_case.c.case_id.in_(case_ids))
        .order_by(review_case.c.priority.desc(), review_case.c.case_id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _is_notified() -> ColumnElement[bool]:
    """Whether somebody outside notified the listing of a case."""
    return select(notice_item.c.item_id).where(same(notice_item, review_case, "case_id")).exists()


def queue_sizes(connection: Connection, marketplaces: Collection[str]) -> dict[str, int]:
    """The number of open cases by lane."""
    query = (
        select(review_case.c.lane, func.count().label("n"))
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), review_case.c.state == CaseState.OPEN.value)
        .group_by(review_case.c.lane)
    )
    return {row.lane: row.n for row in connection.execute(query)}
