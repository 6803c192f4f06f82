"""A brand's record by the judgement of others, its confirmations, and the changes of its standing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, bindparam, func, or_, select, update

from features.message import Message, from_json
from models.labels import AppealState
from models.verdict import Evidence, Judgement, ReasonCode, Side
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.brands.tables import brand_enrolment
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import HERE, Pair, inside, same
from serving.platform.database.store import add
from serving.platform.database.types import day_of
from serving.standing.rules.audits import Pace
from serving.standing.rules.record import Audit, Record, Reversal, StoodRemovals
from serving.standing.rules.standing import IN_GOOD_STANDING, Level, StoredLevel
from serving.standing.tables import confirmation, standing_change
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store.approvals import was_pending
from serving.takedowns.tables import action

_DAY: Final = timedelta(days=1)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Created once, because an alias copies all columns and every confirmation counts a standing.
_LATER: Final = verdict.alias("later")
_OWN: Final = verdict.alias("own")
_DISMISSED_AT_ONCE: Final = and_(
    appeal.c.state == AppealState.DISMISSED.value,
    ~select(counter_notice.c.action_id).where(same(counter_notice, appeal, "action_id")).exists(),
)


def lock(connection: Connection, marketplace_id: str, brand_id: str) -> None:
    """Lock this brand's standing until the transaction ends, so that concurrent counts run one after another."""
    query = select(brand_enrolment.c.brand_id).where(inside(brand_enrolment, marketplace_id, brand_id=brand_id))
    connection.execute(query.with_for_update(key_share=True)).all()


@dataclass(frozen=True, slots=True)
class RecordPeriod:
    """The beginnings of the periods of a record, and its end: what was found later can still be undone.

    Only what was confirmed after `confirmed_after` counts, which is the last fall.
    """

    audits_after: datetime
    removals_after: datetime
    confirmed_after: datetime
    until: datetime


def record_of(connection: Connection, marketplace_id: str, brand_id: str, period: RecordPeriod) -> Record:
    """A brand's record. The cluster of a seller to whom the brand did not answer is the seller alone."""
    return Record(
        audits=_audits(connection, marketplace_id, brand_id, period),
        reversals=tuple(
            reversal
            for reversal in reversals(connection, marketplace_id, brand_id, period.removals_after, period.until)
            if reversal.confirmed_at > period.confirmed_after
        ),
        stood=_stood(connection, marketplace_id, brand_id, period),
        waiting=_waiting(connection, marketplace_id, brand_id),
    )


def _audits(connection: Connection, marketplace_id: str, brand_id: str, period: RecordPeriod) -> tuple[Audit, ...]:
    """The decided audits, oldest first."""
    query = (
        select(_OWN.c.reason_code, _OWN.c.known_at, verdict.c.judgement, verdict.c.evidence, verdict.c.known_at)
        .select_from(confirmation)
        .join(_OWN, same(_OWN, confirmation, "verdict_id"))
        .join(verdict, _joins_verdict(confirmation, verdict.c.case_id, "audit_case_id"))
        .outerjoin(_LATER, _joins_verdict(_LATER, verdict.c.verdict_id, "supersedes_id"))
        .where(
            inside(confirmation, marketplace_id, brand_id=brand_id),
            verdict.c.side == Side.ANALYST.value,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            verdict.c.known_at > period.audits_after,
            verdict.c.known_at <= period.until,
            _OWN.c.known_at > period.confirmed_after,
            _LATER.c.verdict_id.is_(None),
        )
        .order_by(verdict.c.known_at)
    )
    return tuple(
        Audit(_reason_of(code), confirmed_at, Judgement(judgement), Evidence(evidence), at)
        for code, confirmed_at, judgement, evidence, at in connection.execute(query)
    )


def reversals(
    connection: Connection, marketplace_id: str, brand_id: str, after: datetime, until: datetime
) -> list[Reversal]:
    """The reversals in (after, until] of removals that a brand confirmed, other than by its own retraction."""
    query = _select_removals(
        _OWN.c.reason_code, _OWN.c.known_at, overturn.c.overturned_at, overturn.c.cause,
        listing_version.c.seller_external_id,
    )  # fmt: skip
    query = (
        query.join(listing_version, same(_OWN, listing_version, "version_id"))
        .join(overturn, same(overturn, action, "action_id"))
        .where(
            inside(overturn, marketplace_id),
            overturn.c.undone_at.is_(None),
            overturn.c.overturned_at > after,
            overturn.c.overturned_at <= until,
            overturn.c.cause != OverturnCause.RETRACTED.value,
            _OWN.c.brand_id == brand_id,
        )
        .order_by(overturn.c.overturned_at)
    )
    return [
        Reversal(_reason_of(code), confirmed_at, at, (seller or "") if cause == OverturnCause.SILENCE else None)
        for code, confirmed_at, at, cause, seller in connection.execute(query)
    ]


def count_stood(connection: Connection, marketplace_id: str, brand_id: str, after: datetime, until: datetime) -> int:
    """The removals that a brand confirmed and that stood when their seller's time ran out, in (after, until]."""
    period = RecordPeriod(after, after, _BEGINNING, until)
    return sum(stood.number for stood in _stood(connection, marketplace_id, brand_id, period))


def _stood(
    connection: Connection, marketplace_id: str, brand_id: str, period: RecordPeriod
) -> tuple[StoodRemovals, ...]:
    """The removals that stood when their seller's time ran out or their appeal was dismissed, by reason code and day.

    A seller who appeals at once has no counter-notice.
    """
    by_time = (counter_notice, inside(counter_notice, marketplace_id, brand_id=brand_id), counter_notice.c.closed_at)
    by_appeal = (appeal, and_(inside(appeal, marketplace_id), _DISMISSED_AT_ONCE), appeal.c.decided_at)
    reversed_by_then = and_(
        same(overturn, action, "action_id"), overturn.c.undone_at.is_(None), overturn.c.overturned_at <= period.until
    )
    stood: list[StoodRemovals] = []
    for table, condition, ended_at in (by_time, by_appeal):
        day = day_of(connection, ended_at)
        query = (
            _select_removals(_OWN.c.reason_code, day, func.count())
            .join(table, same(table, action, "action_id"))
            .outerjoin(overturn, reversed_by_then)
            .where(
                condition,
                ended_at > period.removals_after,
                ended_at <= period.until,
                overturn.c.overturn_id.is_(None),
                _OWN.c.brand_id == brand_id,
                _OWN.c.known_at > period.confirmed_after,
            )
        )
        rows = connection.execute(query.group_by(_OWN.c.reason_code, day))
        stood += [StoodRemovals(_reason_of(code), date.fromisoformat(of_day), number) for code, of_day, number in rows]
    return tuple(stood)


def _waiting(connection: Connection, marketplace_id: str, brand_id: str) -> dict[ReasonCode, int]:
    """The removals whose seller can still answer, by reason code."""
    query = (
        _select_removals(_OWN.c.reason_code, func.count())
        .join(counter_notice, same(counter_notice, action, "action_id"))
        .where(
            inside(counter_notice, marketplace_id, brand_id=brand_id),
            counter_notice.c.closed_at.is_(None),
            _OWN.c.brand_id == brand_id,
        )
    )
    return {_reason_of(code): number for code, number in connection.execute(query.group_by(_OWN.c.reason_code))}


def _select_removals(*what: Any) -> Select[Any]:
    """Removals, each with the confirmation of the brand, `own`, on the case that requested it.

    A brand's later answer on a case replaces the one before; one that it retracted by a retraction still counts.
    """
    retracted = and_(_LATER.c.judgement == Judgement.GENUINE.value, _LATER.c.reported)
    return (
        select(*what)
        .select_from(action)
        .join(verdict, same(action, verdict, "verdict_id"))
        .join(_OWN, same(_OWN, verdict, "case_id"))
        .outerjoin(
            _LATER, and_(_LATER.c.marketplace_id == _OWN.c.marketplace_id, _LATER.c.supersedes_id == _OWN.c.verdict_id)
        )
        .where(
            _OWN.c.side == Side.BRAND.value,
            _OWN.c.judgement == Judgement.COUNTERFEIT.value,
            or_(_LATER.c.verdict_id.is_(None), retracted),
        )
    )


def _reason_of(code: str | None) -> ReasonCode:
    return ReasonCode(code or ReasonCode.TRADEMARK_COUNTERFEIT)


def _joins_verdict(table: FromClause, key: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    return and_(table.c.marketplace_id == verdict.c.marketplace_id, table.c[name] == key)


def pace_of(connection: Connection, marketplace_id: str, brand_id: str, since: datetime) -> Pace:
    """A brand's confirmations since a moment that removed at once: those that can be audited."""
    known_at = confirmation.c.known_at
    query = select(func.count(), func.min(known_at, type_=known_at.type)).where(
        inside(confirmation, marketplace_id, brand_id=brand_id), known_at > since, confirmation.c.audit_chance > 0
    )
    return Pace(*connection.execute(query).one())


_DRAWN: Final = KeyedQuery(
    select(func.count()).where(
        inside(confirmation, HERE), confirmation.c.drawn, confirmation.c.known_at > bindparam("since")
    )
)


def audits_drawn(connection: Connection, marketplace_id: str, at: datetime) -> int:
    """The audits that a marketplace has drawn in the 24 hours before a moment."""
    ((number,),) = _DRAWN.rows(connection, {"here": marketplace_id, "since": at - _DAY})
    return int(number)


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


def audited_case_id(connection: Connection, marketplace_id: str, case_id: str) -> str | None:
    """The case of the confirmation that a second review audits; None where the review audits none."""
    query = (
        select(verdict.c.case_id)
        .join(confirmation, _joins_verdict(confirmation, verdict.c.verdict_id, "verdict_id"))
        .where(inside(confirmation, marketplace_id, audit_case_id=case_id))
        .limit(1)
    )
    audited: str | None = connection.execute(query).scalar()
    return audited


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
    query = (
        select(func.count())
        .select_from(verdict)
        .outerjoin(_LATER, _joins_verdict(_LATER, verdict.c.verdict_id, "supersedes_id"))
        .where(verdict.c.marketplace_id == marketplace_id, condition, _LATER.c.verdict_id.is_(None))
    )
    return int(connection.execute(query).scalar_one())


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


def latest_changes(connection: Connection, pairs: Collection[Pair]) -> dict[Pair, StandingChange]:
    """The last change of each brand, by (marketplace, brand); a brand whose standing has never changed is absent."""
    key, changes = (standing_change.c.marketplace_id, standing_change.c.brand_id), dict[Pair, StandingChange]()
    for marketplace_id in {marketplace_id for marketplace_id, _ in pairs}:
        brand_ids = [brand_id for place, brand_id in pairs if place == marketplace_id]
        newest = (
            select(*key, func.max(standing_change.c.known_at).label("known_at"))
            .where(inside(standing_change, marketplace_id), standing_change.c.brand_id.in_(brand_ids))
            .group_by(*key)
            .subquery()
        )
        query = select(standing_change).join(newest, same(standing_change, newest, "brand_id", "known_at"))
        rows = connection.execute(query.order_by(standing_change.c.change_id)).mappings()
        changes |= {(marketplace_id, row["brand_id"]): _CHANGES.of(row) for row in rows}
    return changes


def last_fall(connection: Connection, marketplace_id: str, brand_id: str) -> datetime:
    """When a brand last lost its good standing, or more of it; long ago where it never did."""
    since = standing_change.c.since
    lost = [level.value for level in Level if level not in IN_GOOD_STANDING]
    query = select(func.max(since, type_=since.type)).where(
        inside(standing_change, marketplace_id, brand_id=brand_id), standing_change.c.level.in_(lost)
    )
    fallen_at: datetime | None = connection.execute(query).scalar_one()
    return fallen_at or _BEGINNING


def first_level(connection: Connection, marketplace_id: str, brand_id: str) -> StoredLevel | None:
    """The level that a brand has before its first change, since its enrolment; None where it is not enrolled."""
    query = select(brand_enrolment.c.enrolled_at).where(inside(brand_enrolment, marketplace_id, brand_id=brand_id))
    enrolled_at = connection.execute(query).scalar()
    return None if enrolled_at is None else StoredLevel(Level.PROVISIONAL, enrolled_at)
