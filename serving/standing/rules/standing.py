"""A brand's good-faith standing by the judgement of others, and the effect of one more of its confirmations.

A rise needs blind audits that prove its level; it is looked at once a week and goes one level at a time. A fall is at
once, where the recent record is beyond a limit by more than chance.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from features.message import Message, message
from models.verdict import ReasonCode, reason_message
from serving.standing.policy import StandingPolicy
from serving.standing.rules.bounds import audits_needed, is_proven, surely_above, surely_below
from serving.standing.rules.record import Audit, AuditTally, Record, RemovalTally, tally_audits, tally_removals


class Level(StrEnum):
    """The effect of a brand's confirmation, strongest first."""

    SELF_SERVICE = "self_service"
    SIGNED_VOLUME = "signed_volume"  # Reports that the brand's own tool signs remove at once, too.
    FULL = "full"  # Large reports that a person confirms with a second factor remove at once, too.
    PROVISIONAL = "provisional"  # Too few audits prove more: so many a day remove at once.
    CAPPED = "capped"  # Good standing is lost: a few a day remove at once, an analyst decides the others.
    SUSPENDED = "suspended"  # An analyst decides every one.


class Finding(StrEnum):
    """The comparison of a record with the limits."""

    HOLDS = "holds"
    IN_DOUBT = "in_doubt"  # Beyond a limit, but with so few outcomes that chance can explain it.
    BROKEN = "broken"


_FROM_THE_TOP: Final = tuple(Level)
IN_GOOD_STANDING: Final = frozenset(_FROM_THE_TOP[: _FROM_THE_TOP.index(Level.CAPPED)])
FULL_STANDING: Final = IN_GOOD_STANDING - {Level.PROVISIONAL}
SIGNED_STANDING: Final = FULL_STANDING - {Level.FULL}


def change_news(before: Level, after: Level, *, warned: bool) -> str | None:
    """The code of what an account manager is told of a change; None where a warning ends."""
    if after is before:
        return "standing_warned" if warned else None
    return "standing_gained" if _FROM_THE_TOP.index(after) < _FROM_THE_TOP.index(before) else "standing_lost"


@dataclass(frozen=True, slots=True)
class StoredLevel:
    """A brand's stored level, and the time since when it has it."""

    level: Level
    since: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """One line of the breakdown; `reason_code` None is the total.

    `audits` are those of the year, `removals` those of the period. `finding` is that of the recent audits and of the
    removals; `near` is set beyond a limit or close to it.
    """

    reason_code: ReasonCode | None
    audits: AuditTally
    removals: RemovalTally
    finding: Finding
    near: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A brand's standing at a moment with the record behind it and the reasons.

    `since` is when the level began. `warned` is set where a loss is near. `returns_at` is the earliest return of lost
    good standing, None in good standing. In good standing an analyst decides on confirmations for `closed_codes`.
    """

    level: Level
    since: datetime
    warned: bool
    overall: Scope
    by_reason: tuple[Scope, ...]
    returns_at: datetime | None
    reasons: tuple[Message, ...]

    @property
    def good(self) -> bool:
        return self.level in IN_GOOD_STANDING

    @property
    def closed_codes(self) -> frozenset[ReasonCode]:
        broken = (scope.reason_code for scope in self.by_reason if scope.finding is Finding.BROKEN)
        return frozenset(code for code in broken if self.good and code is not None)

    @property
    def next_level(self) -> Level | None:
        """The level above in good standing; None at the top and without good standing."""
        return _level_above(self.level) if self.good else None


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a confirmation now: immediate removal or not, and the reason."""

    at_once: bool
    reason: Message


def standing(record: Record, *, kept_level: StoredLevel, as_of: datetime, policy: StandingPolicy) -> Standing:
    """A brand's standing at a moment, from its record and its last stored level.

    A broken limit ends good standing at once; the brand is then capped to a few immediate removals per day. A capped
    brand whose later confirmations break a limit again is suspended. Lost good standing does not return for
    `reentry_days`, and then as provisional.
    """
    overall = _make_scope(None, record, as_of, policy)
    by_reason = _scopes_by_reason(record, overall, as_of, policy)
    level_before, is_broken = kept_level.level, overall.finding is Finding.BROKEN
    if level_before in IN_GOOD_STANDING:
        level = Level.CAPPED if is_broken else _good_level(record, overall, kept_level, as_of, policy)
    elif level_before is Level.CAPPED and any(scope.finding is Finding.BROKEN for scope in (overall, *by_reason)):
        level = Level.SUSPENDED
    else:
        is_early = as_of < kept_level.since + timedelta(days=policy.reentry_days)
        level = level_before if is_early or is_broken else Level.PROVISIONAL
    since = kept_level.since if level_before is level else as_of
    good = level in IN_GOOD_STANDING
    warned = good and overall.near
    returns_at = None if good else max(since + timedelta(days=policy.reentry_days), as_of)
    reasons = _standing_reasons(level, warned, (overall, *by_reason), returns_at, policy)
    return Standing(level, since, warned, overall, by_reason, returns_at, reasons)


def effect(brand_standing: Standing, reason_code: ReasonCode, *, at_once_today: int, policy: StandingPolicy) -> Effect:
    """The effect of one more confirmation, after `at_once_today` immediate removals of the brand today."""
    level, most = brand_standing.level, daily_of(brand_standing.level, policy)
    if reason_code in brand_standing.closed_codes:
        return Effect(False, message("effect.closed_code", code=reason_message(reason_code)))
    if most is None:
        return Effect(level is not Level.SUSPENDED, message(f"effect.{level.value}"))
    if at_once_today < most:
        return Effect(True, message(f"effect.{level.value}", n=most))
    return Effect(False, message(f"effect.{level.value}.used", n=most))


def daily_of(level: Level, policy: StandingPolicy) -> int | None:
    """How many confirmations a day remove at once at a level; None without such a limit."""
    return {Level.CAPPED: policy.capped_daily, Level.PROVISIONAL: policy.provisional_daily}.get(level)


def wrong_share_of(level: Level, policy: StandingPolicy) -> Decimal:
    """The most wrong audits, as a share, that a level above provisional proves."""
    return {
        Level.FULL: policy.full_wrong_share,
        Level.SIGNED_VOLUME: policy.signed_volume_wrong_share,
        Level.SELF_SERVICE: policy.self_service_wrong_share,
    }[level]


def last_look(as_of: datetime) -> datetime:
    """The latest weekly look at rises: Monday, midnight (UTC)."""
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def _good_level(
    record: Record, overall: Scope, kept_level: StoredLevel, as_of: datetime, policy: StandingPolicy
) -> Level:
    """The level of a brand that stays in good standing."""
    level_before = kept_level.level
    if _is_undefended(overall.removals, policy):
        return Level.PROVISIONAL
    if level_before is Level.SELF_SERVICE and _is_surely_wrong(
        record.audits, policy.self_service_right_share, as_of, policy
    ):
        return Level.SIGNED_VOLUME
    look, above = last_look(as_of), _level_above(level_before)
    if above is None or kept_level.since >= look or overall.finding is not Finding.HOLDS:
        return level_before
    audits = tally_audits(record.audits, after=look - timedelta(days=policy.audit_days), until=look)
    proven = is_proven(audits.wrong, audits.counted, wrong_share_of(above, policy), policy.confidence)
    return above if proven else level_before


def _level_above(level: Level) -> Level | None:
    place = _FROM_THE_TOP.index(level)
    return _FROM_THE_TOP[place - 1] if place else None


def _scopes_by_reason(record: Record, overall: Scope, as_of: datetime, policy: StandingPolicy) -> tuple[Scope, ...]:
    codes = record.reason_codes
    if len(codes) == 1:
        return (replace(overall, reason_code=codes[0]),)
    return tuple(_make_scope(code, record.of_code(code), as_of, policy) for code in codes)


def _make_scope(code: ReasonCode | None, record: Record, as_of: datetime, policy: StandingPolicy) -> Scope:
    removals = _recent_removals(record, policy.window_days, as_of)
    recent = _recent_audits(record.audits, policy.window_days, as_of)
    near = _is_beyond(recent, removals, policy.warned_below_right, policy.warned_above_overturned)
    return Scope(
        code, _recent_audits(record.audits, policy.audit_days, as_of), removals, _finding(record, as_of, policy), near
    )


def _finding(record: Record, as_of: datetime, policy: StandingPolicy) -> Finding:
    if _is_surely_wrong(record.audits, policy.right_share, as_of, policy):
        return Finding.BROKEN
    periods = policy.overturned_fall
    if any(_is_overturned(_recent_removals(record, days, as_of), least, policy) for days, least in periods):
        return Finding.BROKEN
    recent = _recent_audits(record.audits, policy.window_days, as_of)
    removals = _recent_removals(record, policy.window_days, as_of)
    beyond = _is_beyond(recent, removals, policy.right_share, policy.overturned_share)
    return Finding.IN_DOUBT if beyond else Finding.HOLDS


def _is_surely_wrong(audits: Iterable[Audit], right_share: Decimal, as_of: datetime, policy: StandingPolicy) -> bool:
    """Whether the audits of one of the periods before a fall are beyond a limit by more than chance."""
    known = tuple(audits)
    tallies = [_recent_audits(known, days, as_of) for days in policy.fall_days]
    return any(
        tally.wrong >= policy.lost_from_wrong and surely_below(tally.right, tally.counted, right_share, policy.z)
        for tally in tallies
    )


def _is_overturned(removals: RemovalTally, least: int, policy: StandingPolicy) -> bool:
    return removals.overturned >= least and surely_above(
        removals.overturned, removals.ended, policy.overturned_share, policy.z
    )


def _is_undefended(removals: RemovalTally, policy: StandingPolicy) -> bool:
    return removals.undefended >= policy.lost_from_wrong and surely_above(
        removals.undefended, removals.ended, policy.undefended_share, policy.z
    )


def _recent_removals(record: Record, days: int, as_of: datetime) -> RemovalTally:
    return tally_removals(record, after=as_of - timedelta(days=days))


def _recent_audits(audits: Iterable[Audit], days: int, as_of: datetime) -> AuditTally:
    return tally_audits(audits, after=as_of - timedelta(days=days), until=as_of)


def _is_beyond(audits: AuditTally, removals: RemovalTally, right_share: Decimal, overturned_share: Decimal) -> bool:
    """Whether fewer were right or more overturned than these shares; False where nothing was counted."""
    return audits.right < Fraction(right_share) * audits.counted or (
        removals.overturned > Fraction(overturned_share) * removals.ended
    )


def _standing_reasons(
    level: Level, warned: bool, scopes: Iterable[Scope], returns_at: datetime | None, policy: StandingPolicy
) -> tuple[Message, ...]:
    overall, *by_reason = scopes
    daily = daily_of(level, policy)
    messages = [message(f"standing.{level.value}", **({} if daily is None else {"n": daily}))]
    messages += [_audits_message(overall, policy), _removals_message(overall, policy)]
    messages += [
        message("standing.closed_code", code=reason_message(scope.reason_code), **_limit_parameters(policy))
        for scope in by_reason
        if scope.finding is Finding.BROKEN and scope.reason_code is not None and level in IN_GOOD_STANDING
    ]
    if _is_undefended(overall.removals, policy):
        messages.append(
            message(
                "standing.undefended",
                n=overall.removals.undefended,
                all=overall.removals.ended,
                most=float(policy.undefended_share),
            )
        )
    if warned:
        messages.append(message("standing.warned", **_limit_parameters(policy)))
    if level is Level.SUSPENDED:
        messages.append(message("standing.went_on"))
    if returns_at is not None:
        messages.append(message("standing.returns", date=returns_at.date()))
    return tuple(messages)


def _audits_message(overall: Scope, policy: StandingPolicy) -> Message:
    audits = overall.audits
    if not audits.counted:
        return message("standing.none_audited", days=policy.audit_days)
    return message(
        "standing.audits",
        days=policy.audit_days,
        right=audits.right,
        n=audits.counted,
        share=shown_right(audits),
    )


def _removals_message(overall: Scope, policy: StandingPolicy) -> Message:
    removals = overall.removals
    if not removals.ended:
        return message("standing.none_ended", days=policy.window_days)
    return message(
        "standing.removals",
        days=policy.window_days,
        overturned=removals.overturned,
        n=removals.ended,
        share=shown_overturned(removals),
    )


def _limit_parameters(policy: StandingPolicy) -> dict[str, float]:
    return {"least": float(policy.right_share), "most": float(policy.overturned_share)}


def shown_right(audits: AuditTally) -> float:
    """The share of audits that found the brand right, rounded down to 0.1 %: no figure meets a limit that is missed."""
    return audits.right * 1_000 // audits.counted / 1_000


def shown_overturned(removals: RemovalTally) -> float:
    """The share of ended removals that were overturned, rounded up to 0.1 %."""
    return -(-removals.overturned * 1_000 // removals.ended) / 1_000


_MOST: Final = 2_000


def outlook(brand_standing: Standing, policy: StandingPolicy) -> tuple[Message, ...]:
    """What the next level needs, and the fewest overturned removals that would end good standing, if nothing else
    happens. Without good standing there is no outlook; the reasons then say when it can return.
    """
    if not brand_standing.good:
        return ()
    messages, above = [], brand_standing.next_level
    if above is not None:
        audits = brand_standing.overall.audits
        needed = audits_needed(audits.wrong, wrong_share_of(above, policy), policy.confidence) - audits.counted
        messages.append(message(f"outlook.{above.value}", n=needed) if needed > 0 else message("outlook.next_look"))
    removals = brand_standing.overall.removals
    for more in range(1, _MOST):
        if _is_overturned(replace(removals, overturned=removals.overturned + more), policy.lost_from_wrong, policy):
            messages.append(message("outlook.lost", n=more))
            break
    return tuple(messages)
