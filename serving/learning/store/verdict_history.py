"""Verdict history of listing versions as of a moment, from the log of verdicts: a repeated read gives the same result.

No overwritten state is read. Withdrawn verdicts, decided appeals, approved removals and disabled accounts count by
the time of the event. Two exports as of one moment are therefore equal, however much later they run.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, String, and_, or_, select, true

from models.case import CaseLane
from models.labels import AppealState, GivenVerdict
from models.verdict import Evidence, Judgement, Side
from serving.accounts.tables import account
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.audit.tables import audit_entry
from serving.cases.tables import verdict
from serving.learning.store.second_reviews import answers_gold_item
from serving.platform.database.lists import chunks, list_parameter, value_table
from serving.platform.database.scope import same
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store.actions import join_contested
from serving.takedowns.tables import action, removal_approval

# Lanes without the score and the first answer; an appeal's decision is separate, because it reverses the label.
_GIVEN_BLIND: Final = frozenset({CaseLane.SECOND_REVIEW, CaseLane.COMPLAINT})
_DISMISSES_AN_APPEAL: Final = Judgement.COUNTERFEIT


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """A verdict with its case, and the audit entry that proves it, None where there is none.

    `reported` is set where a brand gave it by reporting the listing, and not in answer to a question.
    """

    verdict: GivenVerdict
    version_id: str
    case_id: str
    lane: CaseLane
    audit_sequence: int | None
    reported: bool = False


@dataclass(frozen=True, slots=True)
class VerdictHistory:
    """All verdicts on one version, and the state of an appeal against its removal."""

    verdicts: tuple[RecordedVerdict, ...]
    appeal: AppealState = AppealState.NONE
    decision: RecordedVerdict | None = None


def of_marketplace(connection: Connection, marketplace_id: str, as_of: datetime) -> dict[str, VerdictHistory]:
    """By version, the history known at a moment of each judged version."""
    return _histories(connection, marketplace_id, as_of, None)


def of_versions(
    connection: Connection, marketplace_id: str, version_ids: Collection[str], as_of: datetime
) -> dict[str, VerdictHistory]:
    """The same for these versions alone, so that a few versions do not require a read of all verdicts."""
    histories: dict[str, VerdictHistory] = {}
    for chunk in chunks(_judged_versions(connection, marketplace_id, version_ids)):
        histories |= _histories(connection, marketplace_id, as_of, chunk)
    return histories


def _judged_versions(connection: Connection, marketplace_id: str, version_ids: Collection[str]) -> list[str]:
    """The versions among these with a verdict; most waiting versions have none."""
    id_list = value_table(connection.dialect.name, String())
    is_of_version = (verdict.c.marketplace_id == marketplace_id) & (verdict.c.version_id == id_list.c.value)
    query = select(id_list.c.value).distinct().outerjoin_from(id_list, verdict, is_of_version)
    judged = query.where(verdict.c.version_id.is_not(None)).order_by(id_list.c.value)
    return list(connection.execute(judged, list_parameter(connection, sorted(version_ids))).scalars())


def _histories(
    connection: Connection, marketplace_id: str, as_of: datetime, only: Collection[str] | None
) -> dict[str, VerdictHistory]:
    verdicts_by_version: dict[str, list[RecordedVerdict]] = {}
    decisions: dict[str, RecordedVerdict] = {}
    for recorded in _recorded_verdicts(connection, marketplace_id, as_of, only):
        if recorded.lane is not CaseLane.APPEAL:
            verdicts_by_version.setdefault(recorded.version_id, []).append(recorded)
        elif not recorded.verdict.superseded:
            decisions[recorded.case_id] = recorded
    histories = {version_id: VerdictHistory(tuple(verdicts)) for version_id, verdicts in verdicts_by_version.items()}
    for version_id, case_id in _appeals(connection, marketplace_id, as_of, only):
        state, decision = _appeal_state(decisions.get(case_id))
        histories[version_id] = VerdictHistory(histories[version_id].verdicts, state, decision)
    for version_id, state in _counter_notices(connection, marketplace_id, as_of, only):
        if histories[version_id].appeal is AppealState.NONE:
            histories[version_id] = VerdictHistory(histories[version_id].verdicts, state)
    return histories


def _is_among(column: ColumnElement[str], only: Collection[str] | None) -> ColumnElement[bool]:
    return true() if only is None else column.in_(only)


def _relevant_verdicts(marketplace_id: str, only: Collection[str] | None) -> ColumnElement[bool]:
    """The verdicts on these versions, and those that decide appeals about them, on any version."""
    if only is None:
        return true()
    contested = verdict.alias("contested")
    about = (
        select(appeal.c.case_id)
        .select_from(join_contested(appeal, contested))
        .where(appeal.c.marketplace_id == marketplace_id, contested.c.version_id.in_(only))
    )
    decides = and_(verdict.c.lane == CaseLane.APPEAL.value, verdict.c.case_id.in_(about))
    return or_(verdict.c.version_id.in_(only), decides)


def _recorded_verdicts(
    connection: Connection, marketplace_id: str, as_of: datetime, only: Collection[str] | None
) -> Iterable[RecordedVerdict]:
    """Verdicts in the order of time; the subject identifies the audit log's entry."""
    later = verdict.alias("later")
    query = (
        select(
            verdict,
            later.c.known_at.label("superseded_at"),
            account.c.disabled_at,
            audit_entry.c.sequence.label("audit_sequence"),
        )
        .outerjoin(
            later,
            (later.c.marketplace_id == verdict.c.marketplace_id) & (later.c.supersedes_id == verdict.c.verdict_id),
        )
        .outerjoin(
            audit_entry, and_(audit_entry.c.subject == verdict.c.verdict_id, audit_entry.c.act == "verdict.recorded")
        )
        .join(account, account.c.user_id == verdict.c.user_id)
        .where(
            verdict.c.marketplace_id == marketplace_id,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            verdict.c.known_at <= as_of,
            ~answers_gold_item(verdict.c.case_id, verdict.c.marketplace_id),
            _relevant_verdicts(marketplace_id, only),
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )
    pending_removals = _pending_removals(connection, marketplace_id, as_of)
    return [
        _recorded_verdict(row, as_of, pending_removals.get(row["listing_id"]))
        for row in connection.execute(query).mappings()
    ]


@dataclass(frozen=True, slots=True)
class _PendingRemoval:
    """A removal that was pending at a moment: since when, and the verdict that requested it."""

    pending_since: datetime
    verdict_id: str


def _pending_removals(connection: Connection, marketplace_id: str, as_of: datetime) -> dict[str, _PendingRemoval]:
    """By listing, the removal pending at a moment or requested after it; a listing has at most one."""
    query = (
        select(action.c.listing_id, action.c.verdict_id, removal_approval.c.pending_since)
        .join(removal_approval, same(removal_approval, action, "action_id"))
        .where(
            removal_approval.c.marketplace_id == marketplace_id,
            or_(removal_approval.c.settled_at.is_(None), removal_approval.c.settled_at > as_of),
        )
    )
    return {row.listing_id: _PendingRemoval(row.pending_since, row.verdict_id) for row in connection.execute(query)}


def _recorded_verdict(row: RowMapping, as_of: datetime, pending: _PendingRemoval | None) -> RecordedVerdict:
    lane = CaseLane(row["lane"])
    # The verdicts behind the removal: the one that requested it, and those that joined since (ids sort by time).
    waits = (
        pending is not None
        and row["judgement"] == Judgement.COUNTERFEIT.value
        and (row["known_at"], row["verdict_id"]) >= (pending.pending_since, pending.verdict_id)
    )
    given_verdict = GivenVerdict(
        verdict_id=row["verdict_id"],
        judgement=Judgement(row["judgement"]),
        side=Side(row["side"]),
        user_id=row["user_id"],
        known_at=row["known_at"],
        superseded=waits or _has_happened(row["superseded_at"], as_of),
        brand_id=row["brand_id"],
        evidence=Evidence(row["evidence"]),
        drawn=lane is CaseLane.AUDIT,
        second_review=lane in _GIVEN_BLIND,
        suspended=row["passed_on"] or _has_happened(row["disabled_at"], as_of),
    )
    return RecordedVerdict(
        given_verdict, row["version_id"], row["case_id"], lane, row["audit_sequence"], row["reported"]
    )


def _has_happened(at: datetime | None, as_of: datetime) -> bool:
    return at is not None and at <= as_of


def _appeals(
    connection: Connection, marketplace_id: str, as_of: datetime, only: Collection[str] | None
) -> Iterable[tuple[str, str]]:
    """(contested version, case) of the appeals filed up to a moment, in the order of time."""
    query = (
        select(verdict.c.version_id, appeal.c.case_id)
        .select_from(join_contested(appeal))
        .where(appeal.c.marketplace_id == marketplace_id, appeal.c.known_at <= as_of)
        .where(_is_among(verdict.c.version_id, only))
        .order_by(appeal.c.known_at, appeal.c.appeal_id)
    )
    return [(row.version_id, row.case_id) for row in connection.execute(query)]


def _counter_notices(
    connection: Connection, marketplace_id: str, as_of: datetime, only: Collection[str] | None
) -> Iterable[tuple[str, AppealState]]:
    """(contested version, state) of the counter-notices that were open at a moment, or had ended by silence."""
    silent = and_(
        same(overturn, counter_notice, "action_id"),
        overturn.c.cause == OverturnCause.SILENCE.value,
        overturn.c.overturned_at <= as_of,
    )
    query = (
        select(verdict.c.version_id, counter_notice.c.closed_at, overturn.c.overturned_at)
        .select_from(join_contested(counter_notice).outerjoin(overturn, silent))
        .where(counter_notice.c.marketplace_id == marketplace_id, counter_notice.c.first_answered_at <= as_of)
        .where(_is_among(verdict.c.version_id, only))
        .order_by(counter_notice.c.first_answered_at, counter_notice.c.counter_notice_id)
    )
    for row in connection.execute(query):
        if row.overturned_at is not None:
            yield row.version_id, AppealState.UNANSWERED
        elif not _has_happened(row.closed_at, as_of):
            yield row.version_id, AppealState.OPEN


def _appeal_state(decision: RecordedVerdict | None) -> tuple[AppealState, RecordedVerdict | None]:
    """The state of an appeal: one without a decision, or with an undone decision, is open."""
    if decision is None:
        return AppealState.OPEN, None
    dismissed = decision.verdict.judgement is _DISMISSES_AN_APPEAL
    return (AppealState.DISMISSED if dismissed else AppealState.UPHELD), decision
