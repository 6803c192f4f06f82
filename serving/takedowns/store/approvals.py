"""Removals pending approval: their grounds and votes, and the number of removals that left without a hold."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, ScalarSelect, Select, and_, case, exists, func, or_, select, update

from features.message import as_json, from_json
from models.verdict import Judgement, Side
from serving.accounts.tables import account
from serving.brands.tables import brand, brand_enrolment
from serving.cases.store.verdicts import NOT_WITHDRAWN
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.platform.database.pages import page
from serving.platform.database.row_reader import RowReader, reader, row_of
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.takedowns.rules.approval import Vote
from serving.takedowns.rules.bursts import PendingCause, PendingReason
from serving.takedowns.tables import action, approval_batch, approval_vote, removal_approval
from serving.webhooks.rules.action import ActionKind, ActionState


@dataclass(frozen=True, slots=True)
class Pacer:
    """The party whose removals of a period are counted: a person, a brand by its users, or a seller.

    Those of reports that were confirmed with a second factor count toward the seller alone: they neither fill nor raise
    the cap of a person or a brand.
    """

    condition: ColumnElement[bool]


NOT_SENT: Final = (ActionState.WITHDRAWN.value, ActionState.PENDING_APPROVAL.value)
_LATER: Final = action.alias("later")
# Whether a later reinstatement has undone a removal; that of a wrong removal raises no limit.
OVERTURNED: Final = (
    select(_LATER.c.action_id)
    .where(
        same(_LATER, action, "listing_id"),
        _LATER.c.kind != ActionKind.REMOVE.value,
        _LATER.c.sequence > action.c.sequence,
        _LATER.c.state.not_in(NOT_SENT),
    )
    .exists()
)
_WITHOUT_STEP_UP: Final = action.c.stepped_up.is_(False)


def by_analysts(same: Collection[str]) -> Pacer:
    """Removals that one of these accounts requested as an analyst."""
    return Pacer(and_(_confirmed_by_analyst(same), _WITHOUT_STEP_UP))


def by_person_of_brand(user_id: str, same: Collection[str], brand_id: str) -> Pacer:
    """Removals that a brand's user requested, or for this brand one of the accounts that count as the same person."""
    of_brand = and_(verdict.c.user_id.in_(same), verdict.c.brand_id == brand_id)
    return Pacer(and_(or_(verdict.c.user_id == user_id, of_brand), _WITHOUT_STEP_UP))


def by_brand(brand_id: str) -> Pacer:
    """Removals that a brand's users requested."""
    return Pacer(and_(verdict.c.brand_id == brand_id, _WITHOUT_STEP_UP))


def of_seller(seller_external_id: str) -> Pacer:
    """Removals of a seller's listings, by any requester."""
    return Pacer(listing_version.c.seller_external_id == seller_external_id)


def sent_unapproved(
    connection: Connection, marketplace_id: str, since: Sequence[tuple[Pacer, datetime]]
) -> list[tuple[int, datetime | None]]:
    """The removals of each pacer since its moment that needed no approval and still stand: their number, and the time
    of the first. One pass over the removals since the earliest moment counts for all.
    """
    created, counts = action.c.created_at, list[ColumnElement[Any]]()
    for pacer, moment in since:
        theirs = case((and_(pacer.condition, created > moment), created))
        counts += [func.count(theirs), func.min(theirs, type_=created.type)]
    query = _unapproved_removals(marketplace_id, *counts).where(created > min(moment for _, moment in since))
    numbers = iter(connection.execute(query).one())
    return list(zip(numbers, numbers, strict=True))


def sent_by_seller(connection: Connection, marketplace_id: str, since: datetime) -> Counter[str | None]:
    """As `sent_unapproved`, the number of each seller."""
    seller = listing_version.c.seller_external_id
    query = _unapproved_removals(marketplace_id, seller, func.count()).where(action.c.created_at > since)
    return Counter(dict(map(tuple, connection.execute(query.group_by(seller)))))


def busiest_hour(connection: Connection, marketplace_id: str, pacer: Pacer, start: datetime, end: datetime) -> int:
    """The most such removals in any hour after `start`, up to `end`; 0 without one. Overturned ones do not count."""
    query = _unapproved_removals(marketplace_id, action.c.created_at).where(pacer.condition)
    within = query.where(action.c.created_at > start, action.c.created_at <= end, ~OVERTURNED)
    hours = Counter((at - start) // timedelta(hours=1) for at in connection.execute(within).scalars())
    return max(hours.values(), default=0)


def _unapproved_removals(marketplace_id: str, *what: Any) -> Select[Any]:
    return (
        select(*what)
        .select_from(action)
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(listing_version, same(verdict, listing_version, "version_id"))
        .outerjoin(removal_approval, same(action, removal_approval, "action_id"))
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.state != ActionState.WITHDRAWN.value,
            removal_approval.c.action_id.is_(None),
        )
    )


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What the removals of a batch have in common; without a report its day, and empty what there is none of."""

    marketplace_id: str
    user_id: str
    brand_id: str
    report_id: str
    day: str


def join_batch(
    connection: Connection,
    key: BatchKey,
    batch_id: str,
    mark: str | None,
    causes: Collection[PendingCause],
    at: datetime,
) -> tuple[str, bool]:
    """Count one more pending removal in its batch; returns the batch, and whether it is the first pending one there.

    `batch_id` is the id of a batch that is new.
    """
    of_key = inside(approval_batch, **row_of(key))
    named = {cause.value for cause in causes}
    query = select(approval_batch.c.batch_id, approval_batch.c.causes, approval_batch.c.pending).where(of_key)
    known = connection.execute(query).first()
    if known is None:
        row = {**row_of(key), "batch_id": batch_id, "mark": mark, "causes": sorted(named)}
        add(connection, approval_batch, [{**row, "removals": 1, "pending": 1, "opened_at": at}])
        return batch_id, True
    counted = {"removals": approval_batch.c.removals + 1, "pending": approval_batch.c.pending + 1}
    opened = {} if known.pending else {"opened_at": at}
    changed = {**counted, **opened, "causes": sorted(named | set(known.causes)), "settled_at": None}
    connection.execute(update(approval_batch).where(of_key).values(**changed))
    return known.batch_id, not known.pending


def add_pending(
    connection: Connection,
    marketplace_id: str,
    action_id: str,
    batch_id: str,
    reasons: Sequence[PendingReason],
    *,
    version: str,
    at: datetime,
) -> None:
    row = {
        "marketplace_id": marketplace_id,
        "action_id": action_id,
        "batch_id": batch_id,
        "causes": [{"cause": reason.cause.value, "message": as_json(reason.message)} for reason in reasons],
        "policy_version": version,
        "pending_since": at,
    }
    add(connection, removal_approval, [row])


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """The holds of a removal; `settled_as` is the decision, None while the removal is pending approval."""

    action_id: str
    reasons: tuple[PendingReason, ...]
    pending_since: datetime
    settled_at: datetime | None
    settled_as: str | None

    @property
    def causes(self) -> frozenset[PendingCause]:
        return frozenset(reason.cause for reason in self.reasons)


_APPROVALS: Final = RowReader(
    StoredApproval,
    reasons=lambda causes: tuple(
        PendingReason(PendingCause(cause["cause"]), from_json(cause["message"])) for cause in causes
    ),
)


def of_actions(connection: Connection, marketplace_id: str, action_ids: Collection[str]) -> dict[str, StoredApproval]:
    """The approvals of these actions, by action; actions that need none are absent."""
    query = select(removal_approval).where(
        inside(removal_approval, marketplace_id), removal_approval.c.action_id.in_(action_ids)
    )
    rows = connection.execute(query).mappings()
    return {row["action_id"]: _APPROVALS.of({**row, "reasons": row["causes"]}) for row in rows}


def pending_removals(
    connection: Connection, marketplaces: Collection[str], most: int, after: str | None = None
) -> list[tuple[str, str]]:
    """(marketplace, action) of the removals pending approval, the oldest first; or those behind the action `after`."""
    query = select(removal_approval.c.marketplace_id, removal_approval.c.action_id).where(
        removal_approval.c.marketplace_id.in_(marketplaces), removal_approval.c.settled_at.is_(None)
    )
    order = (removal_approval.c.pending_since, removal_approval.c.action_id)
    query = page(connection, query, marketplaces, after, *order).limit(most)
    return [(row.marketplace_id, row.action_id) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class PendingBatch:
    """The removals pending approval that one person confirmed for one brand in one report, or without one on one day.

    `removals` have joined it, `pending` of them wait; `since` is when the first did.
    """

    marketplace_id: str
    batch_id: str
    brand_id: str | None
    brand: str
    manager_id: str | None
    user_id: str
    person: str
    report_id: str | None
    causes: frozenset[PendingCause]
    removals: int
    pending: int
    since: datetime


_BATCHES: Final = RowReader(
    PendingBatch,
    brand_id=lambda brand_id: brand_id or None,
    report_id=lambda report_id: report_id or None,
    causes=lambda causes: frozenset(map(PendingCause, causes)),
)


def pending_batches(
    connection: Connection, marketplaces: Collection[str], *, most: int | None = None, batch_id: str | None = None
) -> list[PendingBatch]:
    """The batches with pending removals, the longest waiting first, or the one of an id."""
    batch, enrolled = approval_batch.c, brand_enrolment.c
    query = (
        select(
            batch.marketplace_id, batch.batch_id, batch.brand_id, batch.user_id, batch.report_id, batch.causes,
            batch.removals, batch.pending, batch.opened_at.label("since"),
            func.coalesce(brand.c.name, batch.mark, "").label("brand"),
            enrolled.account_manager_id.label("manager_id"), account.c.name.label("person"),
        )
        .join(account, account.c.user_id == batch.user_id)
        .outerjoin(brand, brand.c.brand_id == batch.brand_id)
        .outerjoin(brand_enrolment, same(approval_batch, brand_enrolment, "brand_id"))
        .where(batch.marketplace_id.in_(marketplaces), batch.settled_at.is_(None))
        .order_by(batch.opened_at, batch.batch_id)
        .limit(most)
    )  # fmt: skip
    if batch_id is not None:
        query = query.where(batch.batch_id == batch_id)
    return _BATCHES.all(connection, query)


def batches_without_vote(connection: Connection, user_id: str, batch_ids: Collection[str]) -> frozenset[str]:
    """Those of these batches with a pending removal on which a person has not voted."""
    voted = exists().where(same(approval_vote, removal_approval, "action_id"), approval_vote.c.user_id == user_id)
    pending = (removal_approval.c.batch_id.in_(batch_ids), removal_approval.c.settled_at.is_(None), ~voted)
    return frozenset(connection.execute(select(removal_approval.c.batch_id).where(*pending).distinct()).scalars())


@dataclass(frozen=True, slots=True)
class BatchFigures:
    """The sellers of the pending removals of a batch, and the sums of their prices in minor units by currency."""

    sellers: int
    minor_units: Mapping[str, int]


def batch_figures(connection: Connection, marketplace_id: str, batch_ids: Collection[str]) -> dict[str, BatchFigures]:
    """The figures of batches by id; a listing without a price adds nothing."""
    of_batch, version = removal_approval.c.batch_id, listing_version.c

    def figures(*what: ColumnElement[Any]) -> Select[Any]:
        pending = _select_pending(of_batch, *what).join(listing_version, same(verdict, listing_version, "version_id"))
        return pending.where(removal_approval.c.marketplace_id == marketplace_id, of_batch.in_(batch_ids))

    seller = func.coalesce(version.seller_external_id, "")
    sellers = connection.execute(figures(func.count(seller.distinct())).group_by(of_batch))
    by_currency = figures(version.currency, func.sum(version.price_minor)).group_by(of_batch, version.currency)
    sums: dict[str, dict[str, int]] = {}
    for batch_id, currency, minor_units in connection.execute(by_currency):
        if currency is not None and minor_units:
            sums.setdefault(batch_id, {})[currency] = int(minor_units)
    return {batch_id: BatchFigures(number, sums.get(batch_id, {})) for batch_id, number in sellers}


def removals_of_batch(connection: Connection, marketplace_id: str, batch_id: str, most: int) -> list[str]:
    """The actions of the pending removals of a batch, in the order in which they were confirmed."""
    query = (
        select(removal_approval.c.action_id)
        .where(inside(removal_approval, marketplace_id, batch_id=batch_id), removal_approval.c.settled_at.is_(None))
        .order_by(removal_approval.c.pending_since, removal_approval.c.action_id)
        .limit(most)
    )
    return list(connection.execute(query).scalars())


def pending_causes(connection: Connection, marketplace_id: str) -> frozenset[PendingCause]:
    """The causes of the removals pending approval."""
    query = select(removal_approval.c.causes).where(
        inside(removal_approval, marketplace_id), removal_approval.c.settled_at.is_(None)
    )
    return frozenset(PendingCause(cause["cause"]) for causes in connection.execute(query).scalars() for cause in causes)


def _select_pending(*what: Any) -> Select[Any]:
    query = select(*what).select_from(removal_approval).join(action, same(removal_approval, action, "action_id"))
    return query.join(verdict, same(action, verdict, "verdict_id")).where(removal_approval.c.settled_at.is_(None))


def is_pending_for_analysts(
    connection: Connection, marketplace_id: str, same: Collection[str], causes: Collection[PendingCause]
) -> bool:
    """Whether a removal that one of these accounts requested as an analyst is pending for one of these causes."""
    query = _select_pending(removal_approval.c.causes).where(
        inside(removal_approval, marketplace_id), _confirmed_by_analyst(same)
    )
    return any(cause["cause"] in causes for own_causes in connection.execute(query).scalars() for cause in own_causes)


def _confirmed_by_analyst(same: Collection[str]) -> ColumnElement[bool]:
    return and_(verdict.c.user_id.in_(same), verdict.c.side == Side.ANALYST.value)


def settle_removal(connection: Connection, marketplace_id: str, action_id: str, how: str, at: datetime) -> None:
    """Store the decision on a removal pending approval; its batch is settled with its last one."""
    settled = connection.execute(
        update(removal_approval)
        .where(inside(removal_approval, marketplace_id, action_id=action_id), removal_approval.c.settled_at.is_(None))
        .values(settled_at=at, settled_as=how)
        .returning(removal_approval.c.batch_id)
    )
    batch_id = settled.scalar_one_or_none()
    if batch_id is not None:
        of_batch, pending = inside(approval_batch, marketplace_id, batch_id=batch_id), approval_batch.c.pending
        connection.execute(update(approval_batch).where(of_batch).values(pending=pending - 1))
        connection.execute(update(approval_batch).where(of_batch, pending == 0).values(settled_at=at))


@dataclass(frozen=True, slots=True)
class RemovalVerdict:
    verdict_id: str
    user_id: str


def verdicts_behind(
    connection: Connection, marketplace_id: str, action_ids: Collection[str]
) -> dict[str, list[RemovalVerdict]]:
    """The verdicts behind each of these removals, newest first: the one that created it and those that joined it; none
    withdrawn.
    """
    query = (
        select(verdict.c.verdict_id, verdict.c.user_id, action.c.action_id)
        .join(action, same(action, verdict, "listing_id"))
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.action_id.in_(action_ids),
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            verdict.c.known_at >= action.c.created_at,
            # At the same moment, verdicts with a lower id came before the removal; ids are ordered by time.
            verdict.c.verdict_id >= action.c.verdict_id,
            NOT_WITHDRAWN,
        )
        .order_by(verdict.c.known_at.desc(), verdict.c.verdict_id.desc())
    )
    behind: dict[str, list[RemovalVerdict]] = {}
    for row in connection.execute(query):
        behind.setdefault(row.action_id, []).append(RemovalVerdict(row.verdict_id, row.user_id))
    return behind


def add_vote(connection: Connection, key: Mapping[str, str], vote: Vote, at: datetime) -> None:
    """Append a vote on a removal pending approval; `key` has the columns of marketplace, vote and action."""
    add(connection, approval_vote, [{**key, **row_of(vote), "known_at": at}])


def votes(connection: Connection, marketplace_id: str, action_ids: Collection[str]) -> dict[str, list[Vote]]:
    """The votes on these removals pending approval, by action, in the order of voting."""
    query = (
        select(approval_vote)
        .where(approval_vote.c.marketplace_id == marketplace_id, approval_vote.c.action_id.in_(action_ids))
        .order_by(approval_vote.c.known_at, approval_vote.c.vote_id)
    )
    votes_by_action: dict[str, list[Vote]] = {}
    for row in connection.execute(query).mappings():
        votes_by_action.setdefault(row["action_id"], []).append(reader(Vote).of(row))
    return votes_by_action


def is_still_pending() -> ColumnElement[bool]:
    """Whether the removal that a verdict requests is pending approval."""
    return exists(_select_approvals(removal_approval.c.action_id).where(removal_approval.c.settled_at.is_(None)))


def was_pending() -> ColumnElement[bool]:
    """Whether the removal that a verdict requests was ever pending approval, so that people decided on it."""
    return exists(_select_approvals(removal_approval.c.action_id))


def approval_decided_at() -> ScalarSelect[Any]:
    """When people decided on the removal that a verdict requests; null where it never was, or still is, pending."""
    ended = func.max(removal_approval.c.settled_at, type_=removal_approval.c.settled_at.type)
    return _select_approvals(ended).where(removal_approval.c.settled_at >= verdict.c.known_at).scalar_subquery()


def _select_approvals(what: Any) -> Select[Any]:
    """The approvals of the removal that a verdict created or joined."""
    return (
        select(what)
        .select_from(removal_approval)
        .join(action, same(action, removal_approval, "action_id"))
        .where(
            action.c.marketplace_id == verdict.c.marketplace_id,
            action.c.listing_id == verdict.c.listing_id,
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            # At the same moment, verdicts with a lower id came before the removal; ids are ordered by time.
            or_(
                removal_approval.c.pending_since < verdict.c.known_at,
                and_(
                    removal_approval.c.pending_since == verdict.c.known_at, action.c.verdict_id <= verdict.c.verdict_id
                ),
            ),
        )
        .correlate(verdict)
    )
