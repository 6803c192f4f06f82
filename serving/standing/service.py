"""A brand's good-faith standing: counted from the stored rows at each decision, and recorded when it changes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from features.message import Message, as_json
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.policies.version import policy_version
from models.verdict import ReasonCode
from serving.accounts.store import people
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.store.cases import Case
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.database.row_reader import row_of
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.sellers.service.sanction_steps import components_at
from serving.standing.policy import StandingPolicy
from serving.standing.rules.audits import audit_share
from serving.standing.rules.record import Record
from serving.standing.rules.standing import (
    Effect,
    Level,
    Standing,
    StoredLevel,
    change_news,
    daily_of,
    effect,
    standing,
)
from serving.standing.store import question_steps, standings
from serving.standing.store.standings import RecordPeriod, StandingChange

_MOST_AUDITS_A_DAY: Final = 10_000


@dataclass(frozen=True, slots=True)
class CountedStanding:
    """A brand's standing for its confirmations of one transaction, with the share of them that is audited."""

    standing: Standing
    audit_share: Decimal
    audits_a_day: int


def current_standing(
    runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime
) -> Standing:
    """A brand's standing now, counted from the stored rows and never cached.

    Audits and reversals count once they can no longer be undone.
    """
    return _count_standing(runtime, connection, (marketplace_id, brand_id), at)[0]


def count_standing(runtime: Runtime, connection: Connection, pair: Pair, at: datetime) -> CountedStanding:
    """A brand's standing, by (marketplace, brand), for its confirmations now; the caller has locked it."""
    policy = runtime.policies[StandingPolicy]
    brand_standing = current_standing(runtime, connection, *pair, at)
    most = audits_a_day(runtime, connection, pair[0])
    share = audit_share(
        brand_standing,
        standings.pace_of(connection, *pair, at - timedelta(days=policy.pace_days)),
        drawn_today=standings.audits_drawn(connection, pair[0], at),
        audits_a_day=most,
        as_of=at,
        policy=policy,
    )
    return CountedStanding(brand_standing, share, most)


def audits_a_day(runtime: Runtime, connection: Connection, marketplace_id: str) -> int:
    """The most audits that a marketplace draws in 24 hours above the least share: its own number, or the policy's."""
    own = marketplaces.audits_a_day(connection, marketplace_id)
    return runtime.policies[StandingPolicy].audits_a_day if own is None else own


def set_audits_a_day(runtime: Runtime, marketplace_id: str, number: int, *, by: str) -> None:
    """Set how many audits a marketplace draws in 24 hours at most, above the least share.

    Raises Invalid (the number is out of range).
    """
    if not 0 <= number <= _MOST_AUDITS_A_DAY:
        raise Invalid("Audits a day are a number from 0 to {most:,}.", most=_MOST_AUDITS_A_DAY)
    with runtime.store.write() as connection:
        audit.lock(connection)
        marketplaces.record_audits_a_day(connection, marketplace_id, number)
        at = runtime.clock.now()
        audit.record(connection, at, marketplace_id, by, "marketplace.audits", marketplace_id, audits_a_day=number)


def standing_with_history(
    runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime, *, most: int
) -> tuple[Standing, list[StandingChange]]:
    """A brand's standing now and its latest changes, newest first.

    The newest change always has the level of the standing. A change that is not recorded yet is dated now.
    """
    brand_standing, before = _count_standing(runtime, connection, (marketplace_id, brand_id), at)
    past = standings.standing_changes(connection, marketplace_id, brand_id, most=most)
    if _is_recorded(brand_standing, before):
        return brand_standing, past
    return brand_standing, [_change_of(runtime, brand_standing, at), *past[: most - 1]]


def effects_now(
    runtime: Runtime,
    connection: Connection,
    brand_standing: Standing,
    pair: Pair,
    reason_code: ReasonCode,
    at: datetime,
) -> Callable[[int], Effect]:
    """The effect of one more confirmation after so many immediate removals that are foreseen and not stored.

    Daily limits apply per calendar day, UTC.
    """
    policy, midnight = runtime.policies[StandingPolicy], at.replace(hour=0, minute=0, second=0, microsecond=0)
    is_limited = daily_of(brand_standing.level, policy) is not None
    stored = standings.count_at_once_since(connection, *pair, midnight) if is_limited else 0

    def after(ahead: int) -> Effect:
        return effect(brand_standing, reason_code, at_once_today=stored + ahead, policy=policy)

    return after


@dataclass(frozen=True, slots=True)
class Weight:
    """The effect of a confirmation at its moment, with the brand's level and the chance of an audit."""

    brand_id: str
    level: Level
    effect: Effect
    audit_share: Decimal


def lock_standing(connection: Connection, case: Case) -> None:
    """Lock a brand's standing before its inputs are read, so that the second of two decisions sees the first."""
    if case.brand_id is not None:
        standings.lock(connection, case.marketplace_id, case.brand_id)


def weigh_confirmation(
    runtime: Runtime,
    connection: Connection,
    pair: Pair,
    reason_code: ReasonCode,
    at: datetime,
    counted: CountedStanding | None = None,
) -> Weight:
    """The effect of a confirmation of a brand, by (marketplace, brand), now.

    `counted` is its standing if the caller has it already; the use of the daily limits is always read.
    """
    known = counted or count_standing(runtime, connection, pair, at)
    follows = effects_now(runtime, connection, known.standing, pair, reason_code, at)(0)
    share, least = known.audit_share, runtime.policies[StandingPolicy].least_audit_share
    if share > least and standings.audits_drawn(connection, pair[0], at) >= known.audits_a_day:
        share = least
    return Weight(pair[1], known.standing.level, follows, share)


def store_confirmation(
    runtime: Runtime, connection: Connection, case: Case, verdict_id: str, weight: Weight, at: datetime
) -> None:
    """Store the standing under which a confirmation was given, and draw whether it is audited.

    The probability is stored in every case, so that the findings can be weighted to all confirmations. Those that an
    analyst decides are not audited.
    """
    chance = float(weight.audit_share) if weight.effect.at_once else 0.0
    row = {
        "marketplace_id": case.marketplace_id,
        "verdict_id": verdict_id,
        "brand_id": weight.brand_id,
        "level": weight.level.value,
        "policy_version": policy_version(runtime.policies[StandingPolicy]),
        "audit_chance": chance,
        "drawn": chance > 0 and runtime.draw() < chance,
        "known_at": at,
    }
    standings.add_confirmation(connection, row)


def _record_change(runtime: Runtime, connection: Connection, pair: Pair, at: datetime) -> None:
    """Count a brand's standing and record a change."""
    counted, before = _count_standing(runtime, connection, pair, at)
    if not _is_recorded(counted, before):
        _add_change(runtime, connection, pair, _change_of(runtime, counted, at))
        _mail_change(runtime, connection, pair, before.level if before else Level.PROVISIONAL, counted)


def _mail_change(runtime: Runtime, connection: Connection, pair: Pair, before: Level, counted: Standing) -> None:
    """Tell the account manager of a brand that its level changed, or that it is near a loss."""
    enrolled = brands.enrolments(connection, pair[0]).get(pair[1])
    what = change_news(before, counted.level, warned=counted.warned)
    if enrolled is None or what is None:
        return
    about = {"what": what, "brand": enrolled.name, "level": counted.level.value, "before": before.value}
    about |= {"marketplace": marketplaces.get(connection, pair[0]).name, "path": f"/brands/{pair[1]}?at={pair[0]}"}
    managers = people.with_access(connection, [enrolled.account_manager_id])
    queue_to_accounts(runtime, connection, MailKind.STANDING_CHANGED, managers, about)


def give_level(
    runtime: Runtime, connection: Connection, pair: Pair, level: Level, reason: Message, at: datetime
) -> None:
    """Store a level that nothing has earned, with the reason, for a demo or a test: its brand keeps it until a fall."""
    version = policy_version(runtime.policies[StandingPolicy])
    _add_change(runtime, connection, pair, StandingChange(level, False, at, {}, (reason,), version, at))


def _add_change(runtime: Runtime, connection: Connection, pair: Pair, change: StandingChange) -> None:
    """Store a change, with counts, reasons and policy, also in the audit log."""
    change_id = runtime.ids.new("std")
    key = {"marketplace_id": pair[0], "change_id": change_id, "brand_id": pair[1]}
    row = {**key, **row_of(change), "reasons": list(map(as_json, change.reasons))}
    standings.add_change(connection, row)
    about = {name: row[name] for name in ("brand_id", "level", "warned", "counts", "policy_version")}
    audit.record(connection, change.known_at, pair[0], "standing", "standing.changed", change_id, **about)


def _change_of(runtime: Runtime, counted: Standing, at: datetime) -> StandingChange:
    version = policy_version(runtime.policies[StandingPolicy])
    return StandingChange(
        counted.level, counted.warned, counted.since, counts_of(counted), counted.reasons, version, at
    )


def _is_recorded(brand_standing: Standing, before: StandingChange | None) -> bool:
    return (brand_standing.level, brand_standing.warned) == (
        (before.level, before.warned) if before else (Level.PROVISIONAL, False)
    )


@dataclass(slots=True)
class Recounts:
    """The moment up to which this process has counted the standings again; None before its first sweep."""

    until: datetime | None = None


def sweep_standings(runtime: Runtime) -> int:
    """Record the standings that changed without an event; returns how many were counted.

    A brand is counted where the undo window of an audit or a reversal has closed since the last sweep. All brands are
    counted at the first sweep and once a day, for what time alone changes.
    """
    swept, now = runtime.services[Recounts], runtime.clock.now()
    until = now - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    after = swept.until if swept.until is not None and swept.until.date() == until.date() else None
    with runtime.store.read() as connection:
        due = (
            question_steps.brands_enrolled(connection)
            if after is None
            else question_steps.brands_touched(connection, after, until)
        )
    for pair in due:
        with runtime.store.write() as connection:
            standings.lock(connection, *pair)
            _record_change(runtime, connection, pair, now)
    swept.until = until
    return len(due)


def counts_of(brand_standing: Standing) -> dict[str, dict[str, int]]:
    """The counts behind a standing: `overall`, and by reason code."""
    return {
        "overall" if scope.reason_code is None else scope.reason_code.value: {
            "right": scope.audits.right,
            "wrong": scope.audits.wrong,
            "undecided": scope.audits.undecided,
            **asdict(scope.removals),
        }
        for scope in (brand_standing.overall, *brand_standing.by_reason)
    }


def _count_standing(
    runtime: Runtime, connection: Connection, pair: Pair, at: datetime
) -> tuple[Standing, StandingChange | None]:
    policy = runtime.policies[StandingPolicy]
    before = standings.last_change(connection, *pair)
    kept_level = before.kept_level if before else standings.first_level(connection, *pair)
    kept_level = kept_level or StoredLevel(Level.PROVISIONAL, at)
    period = RecordPeriod(
        audits_after=at - timedelta(days=policy.audit_days + 7),  # A week before the last look, too.
        removals_after=at - timedelta(days=policy.window_days),
        confirmed_after=standings.last_fall(connection, *pair),
        until=at - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds),
    )
    record = standings.record_of(connection, *pair, period)
    silent = {reversal.silent_cluster for reversal in record.reversals} - {None, ""}
    if len(silent) >= policy.lost_from_wrong:
        record = _with_linked_sellers(connection, pair[0], record, at)
    return standing(record, kept_level=kept_level, as_of=at, policy=policy), before


def _with_linked_sellers(connection: Connection, marketplace_id: str, record: Record, at: datetime) -> Record:
    """The record in which linked sellers to whom the brand did not answer are one cluster."""
    sellers = {reversal.silent_cluster for reversal in record.reversals if reversal.silent_cluster}
    component_of = components_at(connection, marketplace_id, sellers, at)
    return replace(
        record,
        reversals=tuple(
            replace(reversal, silent_cluster=component_of.get(reversal.silent_cluster, reversal.silent_cluster))
            if reversal.silent_cluster
            else reversal
            for reversal in record.reversals
        ),
    )
