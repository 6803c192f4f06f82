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
from serving.cases.tables import review_case, verdict
from serving.listings.tables import listing_version
from serving.platform.database.pages import page
from serving.platform.database.row_reader import RowReader, reader, row_of
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.takedowns.rules.approval import Vote
from serving.takedowns.rules.bursts import PendingCause, PendingReason
from serving.takedowns.tables import action, approval_vote, removal_approval
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
    created, columns = action.c.created_at, list[ColumnElement[Any]]()
    for pacer, moment in since:
        theirs = case((and_(pacer.condition, created > moment), created))
        columns += [func.count(theirs), func.min(theirs, type_=created.type)]
    query = _unapproved_removals(marketplace_id, *columns).where(created > min(moment for _, moment in since))
    numbers = iter(connection.execute(query).one())
    return list(zip(numbers, numbers, strict=True))


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


def add_pending(
    connection: Connection,
    marketplace_id: str,
    action_id: str,
    reasons: Sequence[PendingReason],
    version: str,
    at: datetime,
) -> None:
    row = {
        "marketplace_id": marketplace_id,
        "action_id": action_id,
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
class PendingGroup:
    """The removals pending approval of one brand that one person confirmed: their number, and the time of the first."""

    marketplace_id: str
    brand_id: str | None
    brand: str
    manager_id: str | None
    user_id: str
    person: str
    removals: int
    since: datetime


def pending_groups(connection: Connection, marketplaces: Collection[str]) -> list[PendingGroup]:
    """The removals pending approval by brand and person, the longest waiting first."""
    of_case, enrolled = review_case.c.brand_id, brand_enrolment.c
    name = func.coalesce(brand.c.name, review_case.c.mark, "")
    by = (action.c.marketplace_id, of_case, name, enrolled.account_manager_id, verdict.c.user_id, account.c.name)
    since = func.min(removal_approval.c.pending_since, type_=removal_approval.c.pending_since.type)
    query = (
        _select_pending(*by, func.count(), since)
        .join(account, account.c.user_id == verdict.c.user_id)
        .join(review_case, same(verdict, review_case, "case_id"))
        .outerjoin(brand, brand.c.brand_id == of_case)
        .outerjoin(brand_enrolment, same(review_case, brand_enrolment, "brand_id"))
        .where(removal_approval.c.marketplace_id.in_(marketplaces))
    )
    return [PendingGroup(*row) for row in connection.execute(query.group_by(*by).order_by(since, account.c.name))]


def pending_causes(connection: Connection, marketplace_id: str) -> frozenset[PendingCause]:
    """The causes of the removals pending approval."""
    query = select(removal_approval.c.causes).where(
        inside(removal_approval, marketplace_id), removal_approval.c.settled_at.is_(None)
    )
    return frozenset(PendingCause(cause["cause"]) for causes in connection.execute(query).scalars() for cause in causes)


def _select_pending(*what: Any) -> Select[Any]:
    query = select(*what).select_from(removal_approval).join(action, same(removal_approval, action, "action_id"))
    return query.join(verdict, same(action, verdict, "verdict_id")).where(removal_approval.c.settled_at.is_(None))


def is_pending_for_brand(
    connection: Connection, marketplace_id: str, brand_id: str, causes: Collection[PendingCause]
) -> bool:
    """Whether a removal that the brand's users requested is pending for one of these causes."""
    return _is_pending_for(connection, marketplace_id, verdict.c.brand_id == brand_id, causes)


def is_pending_for_analysts(
    connection: Connection, marketplace_id: str, same: Collection[str], causes: Collection[PendingCause]
) -> bool:
    """Whether a removal that one of these accounts requested as an analyst is pending for one of these causes."""
    return _is_pending_for(connection, marketplace_id, _confirmed_by_analyst(same), causes)


def _confirmed_by_analyst(same: Collection[str]) -> ColumnElement[bool]:
    return and_(verdict.c.user_id.in_(same), verdict.c.side == Side.ANALYST.value)


def _is_pending_for(
    connection: Connection, marketplace_id: str, theirs: ColumnElement[bool], causes: Collection[PendingCause]
) -> bool:
    query = _select_pending(removal_approval.c.causes).where(inside(removal_approval, marketplace_id), theirs)
    return any(cause["cause"] in causes for own_causes in connection.execute(query).scalars() for cause in own_causes)


def settle_removal(connection: Connection, marketplace_id: str, action_id: str, how: str, at: datetime) -> None:
    """Store the decision on a removal pending approval; other removals stay unchanged."""
    connection.execute(
        update(removal_approval)
        .where(inside(removal_approval, marketplace_id, action_id=action_id), removal_approval.c.settled_at.is_(None))
        .values(settled_at=at, settled_as=how)
    )


@dataclass(frozen=True, slots=True)
class RemovalVerdict:
    verdict_id: str
    user_id: str


def verdicts_behind(connection: Connection, marketplace_id: str, action_id: str) -> list[RemovalVerdict]:
    """The verdicts behind a removal, newest first: the one that created it and those that joined it; none withdrawn."""
    query = (
        select(verdict.c.verdict_id, verdict.c.user_id)
        .join(action, same(action, verdict, "listing_id"))
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.action_id == action_id,
            verdict.c.judgement == Judgement.COUNTERFEIT.value,
            verdict.c.known_at >= action.c.created_at,
            # At the same moment, verdicts with a lower id came before the removal; ids are ordered by time.
            verdict.c.verdict_id >= action.c.verdict_id,
            NOT_WITHDRAWN,
        )
        .order_by(verdict.c.known_at.desc(), verdict.c.verdict_id.desc())
    )
    return [RemovalVerdict(row.verdict_id, row.user_id) for row in connection.execute(query)]


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
