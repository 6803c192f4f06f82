"""The inputs of a brand's good-faith standing, the confirmations under it, and its changes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Row, Select, Subquery, and_, func, or_, select, update

from features.message import Message, from_json
from models.case import BLIND_LANES
from models.verdict import Judgement, ReasonCode, Side
from serving.brands.tables import brand_enrolment
from serving.cases.tables import verdict
from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import columns, inside
from serving.platform.database.store import add
from serving.standing.rules.confirmations import BrandAnswer, Ruling
from serving.standing.rules.standing import Level, StoredLevel
from serving.standing.tables import confirmation, standing_change
from serving.takedowns.store.approvals import was_pending
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState

# By then an analyst has decided and any second review is complete; a later reinstatement still counts.
_SETTLED_WITHIN: Final = timedelta(days=31)
# Created once, because an alias copies all columns and every confirmation counts a standing.
_LATER: Final = verdict.alias("later")


def lock(connection: Connection, marketplace_id: str, brand_id: str) -> None:
    """Lock this brand's standing until the transaction ends, so that concurrent counts run one after another."""
    query = select(brand_enrolment.c.brand_id).where(inside(brand_enrolment, marketplace_id, brand_id=brand_id))
    connection.execute(query.with_for_update(key_share=True)).all()


def answers(connection: Connection, marketplace_id: str, brand_id: str, *, since: datetime) -> list[BrandAnswer]:
    """A brand's answers that are not withdrawn, each with its outcome; all that may have an outcome after `since`.

    A pending removal is undecided; one withdrawn before it was sent was stopped. A later reinstatement overturns it.
    """
    given_back = select(action.c.listing_id).where(
        inside(action, marketplace_id, kind=ActionKind.REINSTATE.value), action.c.created_at > since
    )
    recent = or_(verdict.c.known_at > since - _SETTLED_WITHIN, verdict.c.listing_id.in_(given_back))
    own = and_(verdict.c.brand_id == brand_id, verdict.c.side == Side.BRAND.value, recent)
    query = _judgements_in_force(marketplace_id, own, retracted=True).add_columns(confirmation.c.audit_case_id)
    query = query.outerjoin(confirmation, _joins_verdict(confirmation, verdict.c.verdict_id, "verdict_id"))
    rows = connection.execute(query).all()
    if not rows:
        return []
    own_answers = query.subquery()
    done = _actions_by_listing(connection, marketplace_id, own_answers)
    by_analyst = and_(
        verdict.c.case_id.in_(select(own_answers.c.case_id).where(own_answers.c.passed_on)),
        verdict.c.side == Side.ANALYST.value,
        verdict.c.lane.not_in([lane.value for lane in BLIND_LANES]),
    )
    looks = verdict.c.case_id.in_(select(own_answers.c.audit_case_id).where(own_answers.c.audit_case_id.is_not(None)))
    rulings, audits = (
        _last_by_case(connection, marketplace_id, by_analyst),
        _last_by_case(connection, marketplace_id, looks),
    )
    return [
        _read_answer(row, done.get(row.listing_id, []), rulings.get(row.case_id), audits.get(row.audit_case_id))
        for row in rows
    ]


def _joins_verdict(table: FromClause, key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return and_(table.c.marketplace_id == verdict.c.marketplace_id, table.c[name] == key)


def _judgements_in_force(
    marketplace_id: str, condition: ColumnElement[bool], *, retracted: bool = False
) -> Select[Any]:
    """The judgements in force, oldest first; `retracted` includes those of reports that the brand retracted."""
    replaced = and_(_LATER.c.judgement == Judgement.GENUINE.value, _LATER.c.reported)
    stands = _LATER.c.verdict_id.is_(None)
    return (
        select(
            *columns(
                verdict, "verdict_id", "case_id", "listing_id", "judgement", "reason_code", "passed_on", "known_at"
            ),
            _LATER.c.known_at.label("retracted_at"),
        )
        .outerjoin(_LATER, _joins_verdict(_LATER, verdict.c.verdict_id, "supersedes_id"))
        .where(
            verdict.c.marketplace_id == marketplace_id,
            or_(stands, replaced) if retracted else stands,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            condition,
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )


def _last_by_case(connection: Connection, marketplace_id: str, condition: ColumnElement[bool]) -> dict[str, Ruling]:
    """The last judgement of each case."""
    rows = connection.execute(_judgements_in_force(marketplace_id, condition))
    return {row.case_id: Ruling(Judgement(row.judgement), row.known_at) for row in rows}


@dataclass(frozen=True, slots=True)
class _ListingAction:
    """An action on a listing by a verdict that is not withdrawn, with the case of the verdict."""

    sequence: int
    kind: ActionKind
    state: ActionState
    created_at: datetime
    case_id: str


def _actions_by_listing(
    connection: Connection, marketplace_id: str, subquery: Subquery
) -> dict[str, list[_ListingAction]]:
    """The actions of verdicts that are not withdrawn, by listing, in order."""
    query = (
        select(*columns(action, "listing_id", "sequence", "kind", "state", "created_at"), verdict.c.case_id)
        .join(verdict, _joins_verdict(action, verdict.c.verdict_id, "verdict_id"))
        .outerjoin(_LATER, _joins_verdict(_LATER, verdict.c.verdict_id, "supersedes_id"))
        .where(
            action.c.marketplace_id == marketplace_id,
            action.c.listing_id.in_(select(subquery.c.listing_id)),
            _LATER.c.verdict_id.is_(None),
        )
        .order_by(action.c.sequence)
    )
    actions_by_listing: dict[str, list[_ListingAction]] = defaultdict(list)
    for row in connection.execute(query):
        done = _ListingAction(row.sequence, ActionKind(row.kind), ActionState(row.state), row.created_at, row.case_id)
        actions_by_listing[row.listing_id].append(done)
    return actions_by_listing


def _read_answer(
    row: Row[Any], done: Sequence[_ListingAction], analyst: Ruling | None, audit: Ruling | None
) -> BrandAnswer:
    own = [action for action in done if action.kind is ActionKind.REMOVE and action.case_id == row.case_id]
    removal = own[-1] if own else None
    given_back = [
        action.created_at
        for action in done
        if removal is not None
        and action.kind is ActionKind.REINSTATE
        and action.state is not ActionState.WITHDRAWN
        and action.sequence > removal.sequence
    ]
    stopped = removal is not None and removal.state is ActionState.WITHDRAWN
    return BrandAnswer(
        judgement=Judgement(row.judgement),
        reason_code=ReasonCode(row.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT),
        at=row.known_at,
        at_once=not row.passed_on,
        analyst=analyst if analyst is not None and analyst.at > row.known_at else None,
        audit=audit,
        waits=any(_is_pending(action, row) for action in done),
        stopped_at=removal.created_at if removal is not None and stopped else None,
        overturned_at=given_back[0] if given_back else None,
        retracted_at=row.retracted_at,
    )


def _is_pending(action: _ListingAction, row: Row[Any]) -> bool:
    """Whether an answer requested or joined a removal that is pending approval."""
    took_part = action.case_id == row.case_id or row.known_at >= action.created_at
    return action.kind is ActionKind.REMOVE and action.state is ActionState.PENDING_APPROVAL and took_part


def add_confirmation(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store the standing under which a confirmation was given."""
    add(connection, confirmation, [row])


@dataclass(frozen=True, slots=True)
class SampledConfirmation:
    """A confirmation sampled for a second review, with its version and case."""

    marketplace_id: str
    verdict_id: str
    version_id: str
    case_id: str


def due_for_review(connection: Connection, *, before: datetime, most: int) -> list[SampledConfirmation]:
    """Sampled confirmations up to a moment that are not withdrawn and have no second review yet; oldest first."""
    query = (
        select(verdict.c.marketplace_id, verdict.c.verdict_id, verdict.c.version_id, verdict.c.case_id)
        .join(confirmation, _joins_verdict(confirmation, verdict.c.verdict_id, "verdict_id"))
        .outerjoin(_LATER, _joins_verdict(_LATER, verdict.c.verdict_id, "supersedes_id"))
        .where(
            confirmation.c.drawn,
            confirmation.c.audit_case_id.is_(None),
            confirmation.c.known_at <= before,
            _LATER.c.verdict_id.is_(None),
        )
        .order_by(confirmation.c.known_at)
        .limit(most)
    )
    return [SampledConfirmation(*row) for row in connection.execute(query)]


def claim_review(connection: Connection, sampled: SampledConfirmation) -> bool:
    """Lock a sampled confirmation; False where its second review is already open."""
    query = select(confirmation.c.verdict_id).where(_same_confirmation(sampled), confirmation.c.audit_case_id.is_(None))
    return connection.execute(query.with_for_update()).first() is not None


def record_review(connection: Connection, sampled: SampledConfirmation, case_id: str) -> None:
    connection.execute(update(confirmation).where(_same_confirmation(sampled)).values(audit_case_id=case_id))


def _same_confirmation(sampled: SampledConfirmation) -> ColumnElement[bool]:
    return inside(confirmation, sampled.marketplace_id, verdict_id=sampled.verdict_id)


def count_at_once_since(connection: Connection, marketplace_id: str, brand_id: str, since: datetime) -> int:
    """The number of a brand's confirmations since a moment that removed at once and are not withdrawn.

    Confirmations whose removal was pending approval are excluded: only an approval sends such a removal.
    """
    condition = and_(
        verdict.c.brand_id == brand_id,
        verdict.c.known_at >= since,
        verdict.c.judgement == Judgement.COUNTERFEIT.value,
        verdict.c.passed_on.is_(False),
        ~was_pending(),
    )
    confirmations = _judgements_in_force(marketplace_id, condition).order_by(None).subquery()
    return connection.execute(select(func.count()).select_from(confirmations)).scalar_one()


@dataclass(frozen=True, slots=True)
class StandingChange:
    """A change of a brand's level, with the counts and reasons of that moment."""

    level: Level
    warned: bool
    since: datetime
    counts: Mapping[str, Any]
    reasons: tuple[Message, ...]
    policy_version: str
    known_at: datetime

    @property
    def kept_level(self) -> StoredLevel:
        """The level in the form that the rule takes."""
        return StoredLevel(self.level, self.since)


_CHANGES: Final = RowReader(StandingChange, reasons=lambda reasons: tuple(map(from_json, reasons)))


def add_change(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a change of a brand's level or warning."""
    add(connection, standing_change, [row])


def standing_changes(connection: Connection, marketplace_id: str, brand_id: str, *, most: int) -> list[StandingChange]:
    """The latest changes of a brand's standing, newest first."""
    query = (
        select(standing_change)
        .where(inside(standing_change, marketplace_id, brand_id=brand_id))
        .order_by(standing_change.c.known_at.desc(), standing_change.c.change_id.desc())
        .limit(most)
    )
    return _CHANGES.all(connection, query)


def last_change(connection: Connection, marketplace_id: str, brand_id: str) -> StandingChange | None:
    """The last change; None where a brand's standing has never changed."""
    latest_changes = standing_changes(connection, marketplace_id, brand_id, most=1)
    return latest_changes[0] if latest_changes else None
