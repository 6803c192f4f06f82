"""A brand's good-faith standing: counted from the stored rows at each decision, and recorded when it changes."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import Connection

from features.message import as_json
from models.case import CaseLane
from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from models.policies.version import policy_version
from serving.audit.store import audit
from serving.brands.policy import EnrolmentPolicy
from serving.brands.store import brands, certifications
from serving.cases.store.cases import Case
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.standing.policy import StandingPolicy
from serving.standing.rules.confirmations import settled_answers
from serving.standing.rules.enrolment import FirstPhase, Phase, Stage, limit_effect, stage
from serving.standing.rules.standing import FULL_STANDING, Effect, Level, Scope, Standing, effect, standing
from serving.standing.store import question_steps, standings
from serving.standing.store.standings import StandingChange

_MOST_CHANGES: Final = 50
_TOUCHES_A_BRAND: Final = frozenset({CaseLane.ASK_BRAND, CaseLane.APPEAL, CaseLane.COMPLAINT, CaseLane.SECOND_REVIEW})


def current_standing(
    runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime
) -> Standing:
    """A brand's standing now, counted from the stored rows and never cached.

    Answers, rulings and reinstatements count once they can no longer be undone.
    """
    return _count_standing(runtime, connection, marketplace_id, brand_id, at)[0]


def standing_with_history(
    runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime, *, most: int
) -> tuple[Standing, list[StandingChange]]:
    """A brand's standing now and its latest changes, newest first.

    The newest change always has the level of the standing. A change that is not recorded yet is dated now.
    """
    brand_standing, before = _count_standing(runtime, connection, marketplace_id, brand_id, at)
    past = standings.standing_changes(connection, marketplace_id, brand_id, most=most)
    if _is_recorded(brand_standing, before):
        return brand_standing, past
    reasons, version = brand_standing.reasons, policy_version(runtime.policies[StandingPolicy])
    now = StandingChange(
        brand_standing.level,
        brand_standing.warned,
        brand_standing.since,
        counts_of(brand_standing),
        reasons,
        version,
        at,
    )
    return brand_standing, [now, *past[: most - 1]]


def effect_now(
    runtime: Runtime,
    connection: Connection,
    brand_standing: Standing,
    marketplace_id: str,
    brand_id: str,
    at: datetime,
    *,
    ahead: int = 0,
) -> Effect:
    """The effect of one more confirmation of the brand; daily limits apply per calendar day, UTC.

    `ahead` is the number of immediate removals that are foreseen before it and not stored.
    """
    return effects_now(runtime, connection, brand_standing, marketplace_id, brand_id, at)(ahead)


def effects_now(
    runtime: Runtime, connection: Connection, brand_standing: Standing, marketplace_id: str, brand_id: str, at: datetime
) -> Callable[[int], Effect]:
    """The effect of one more confirmation of the brand after so many immediate removals that are not stored."""
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    begun = stage_of(runtime, connection, brand_standing, marketplace_id, brand_id, at)
    counts = brand_standing.level is Level.CAPPED or begun.phase is not Phase.FULL
    stored = standings.count_at_once_since(connection, marketplace_id, brand_id, midnight) if counts else 0

    def after(ahead: int) -> Effect:
        today = ahead + stored if counts else 0
        follows = effect(brand_standing, at_once_today=today, policy=runtime.policies[StandingPolicy])
        return limit_effect(follows, begun, at_once_today=today, policy=runtime.policies[EnrolmentPolicy])

    return after


def stage_of(
    runtime: Runtime, connection: Connection, brand_standing: Standing, marketplace_id: str, brand_id: str, at: datetime
) -> Stage:
    """The phase of a brand's enrolment."""
    full_since = brands.first_phase_ended_at(connection, marketplace_id, brand_id)
    briefed_at = None if full_since else certifications.first_pass_of_brand(connection, marketplace_id, brand_id)
    begun = FirstPhase(briefed_at, brand_standing.overall.tally.counted, brand_standing.good, full_since)
    return stage(begun, at, runtime.policies[EnrolmentPolicy])


def full_standing_since(runtime: Runtime, connection: Connection, pair: Pair, at: datetime) -> datetime | None:
    """Since when every confirmation of a brand removes at once, without a daily limit and a first phase; None where
    it does not."""
    brand_standing, past = standing_with_history(runtime, connection, *pair, at, most=_MOST_CHANGES)
    begun = stage_of(runtime, connection, brand_standing, *pair, at)
    if brand_standing.level not in FULL_STANDING or begun.phase is not Phase.FULL:
        return None
    full = list(takewhile(lambda change: change.level in FULL_STANDING, past))
    return max(full[-1].known_at, brands.first_phase_ended_at(connection, *pair) or at)


@dataclass(frozen=True, slots=True)
class Weight:
    """The effect of a confirmation at its moment, with the brand's level."""

    brand_id: str
    level: Level
    effect: Effect


def lock_standing(connection: Connection, case: Case) -> None:
    """Lock a brand's standing before its inputs are read, so that the second of two decisions sees the first."""
    if case.brand_id is not None:
        standings.lock(connection, case.marketplace_id, case.brand_id)


def weigh_confirmation(
    runtime: Runtime, connection: Connection, pair: Pair, at: datetime, counted: Standing | None = None
) -> Weight:
    """The effect of a confirmation of a brand, by (marketplace, brand), now.

    `counted` is its standing if the caller has it already; the use of the daily limit is always read.
    """
    brand_standing = counted or current_standing(runtime, connection, *pair, at)
    return Weight(pair[1], brand_standing.level, effect_now(runtime, connection, brand_standing, *pair, at))


def store_confirmation(
    runtime: Runtime, connection: Connection, case: Case, verdict_id: str, weight: Weight, at: datetime
) -> None:
    """Store the standing under which a confirmation was given, and sample it for a second review.

    The sampling probability is stored in every case, so that the findings can be weighted to all confirmations.
    """
    chance = float(weight.effect.audit_share)
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


def recount_of(runtime: Runtime, connection: Connection, case: Case, at: datetime) -> None:
    """Count the standing of a case's brand again if the brand may have answered on the case."""
    if case.brand_id is not None and (case.lane in _TOUCHES_A_BRAND or case.question_returned):
        recount(runtime, connection, case.marketplace_id, case.brand_id, at)


def recount(runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime) -> Standing:
    """Count a brand's standing and record a change, with counts, reasons and policy, also in the audit log.

    Call this after each change to an input of the standing: a verdict, an appeal or an undo. The sweep calls it again
    after the undo window.
    """
    brand_standing, before = _count_standing(runtime, connection, marketplace_id, brand_id, at)
    _end_first_phase(runtime, connection, brand_standing, marketplace_id, brand_id, at)
    if _is_recorded(brand_standing, before):
        return brand_standing
    change_id = runtime.ids.new("std")
    row = {
        "marketplace_id": marketplace_id,
        "change_id": change_id,
        "brand_id": brand_id,
        "level": brand_standing.level.value,
        "warned": brand_standing.warned,
        "since": brand_standing.since,
        "counts": counts_of(brand_standing),
        "reasons": [as_json(reason) for reason in brand_standing.reasons],
        "policy_version": policy_version(runtime.policies[StandingPolicy]),
        "known_at": at,
    }
    standings.add_change(connection, row)
    audit.record(
        connection,
        at,
        marketplace_id,
        "standing",
        "standing.changed",
        change_id,
        **({name: row[name] for name in ("brand_id", "level", "warned", "counts", "policy_version")}),
    )
    return brand_standing


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

    A brand is counted where an undo window has closed since the last sweep. All brands are counted at the first sweep
    and once a day, because outcomes leave the period of the standing.
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
            recount(runtime, connection, *pair, now)
    swept.until = until
    return len(due)


def _end_first_phase(
    runtime: Runtime, connection: Connection, brand_standing: Standing, marketplace_id: str, brand_id: str, at: datetime
) -> None:
    """End a first phase that meets its conditions, permanently and with an audit entry."""
    begun = stage_of(runtime, connection, brand_standing, marketplace_id, brand_id, at)
    if begun.phase is not Phase.FULL or brands.first_phase_ended_at(connection, marketplace_id, brand_id):
        return
    brands.end_first_phase(connection, marketplace_id, brand_id, at)
    audit.record(
        connection,
        at,
        marketplace_id,
        "enrolment",
        "enrolment.full",
        brand_id,
        reasons=list(map(in_english, begun.reasons)),
        policy_version=policy_version(runtime.policies[EnrolmentPolicy]),
    )


def counts_of(brand_standing: Standing) -> dict[str, Any]:
    """The counts behind a standing: `overall`, and by reason code."""
    return {_scope_name(scope): asdict(scope.tally) for scope in (brand_standing.overall, *brand_standing.by_reason)}


def _scope_name(scope: Scope) -> str:
    return "overall" if scope.reason_code is None else scope.reason_code.value


def _count_standing(
    runtime: Runtime, connection: Connection, marketplace_id: str, brand_id: str, at: datetime
) -> tuple[Standing, StandingChange | None]:
    policy = runtime.policies[StandingPolicy]
    before = standings.last_change(connection, marketplace_id, brand_id)
    answers = standings.answers(connection, marketplace_id, brand_id, since=at - timedelta(days=policy.window_days))
    answers = settled_answers(
        answers, by=at - timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    )
    return standing(answers, kept_level=before.kept_level if before else None, as_of=at, policy=policy), before
