"""A brand's good-faith standing, and the effect of one more of its confirmations.

The further outcomes that would change a brand's standing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from features.message import Message, message
from models.verdict import ReasonCode, reason_message
from serving.standing.policy import StandingPolicy
from serving.standing.rules.confirmations import (
    BrandAnswer,
    Tally,
    surely_above,
    surely_at_least,
    surely_below,
    tallies,
)


class Level(StrEnum):
    """The effect of a brand's confirmation, strongest first."""

    SELF_SERVICE = "self_service"  # Removes at once, without audit.
    FULL = "full"  # Removes at once.
    PROVISIONAL = "provisional"  # Removes at once; the record is short, so more removals are audited.
    CAPPED = "capped"  # Good standing is lost: a few per day remove at once, an analyst decides the others.
    SUSPENDED = "suspended"  # An analyst decides every one.


class Finding(StrEnum):
    """The comparison of a tally with the limits."""

    HOLDS = "holds"
    IN_DOUBT = "in_doubt"  # Beyond a limit, but with so few outcomes that chance can explain it.
    BROKEN = "broken"


IN_GOOD_STANDING: Final = frozenset({Level.SELF_SERVICE, Level.FULL, Level.PROVISIONAL})
FULL_STANDING: Final = frozenset({Level.SELF_SERVICE, Level.FULL})
_FROM_THE_TOP: Final = tuple(Level)


@dataclass(frozen=True, slots=True)
class StoredLevel:
    """A brand's stored level, and the time since when it has it."""

    level: Level
    since: datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """One line of the breakdown; `reason_code` None is the total.

    `level` is the level that this line alone would earn; `near` is set beyond a limit or close to it.
    """

    reason_code: ReasonCode | None
    tally: Tally
    finding: Finding
    level: Level
    near: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """A brand's standing at a moment with the counts behind it and the reasons.

    `since` is when the level began. `warned` is set where a loss is near. `returns_at` is the earliest return of lost
    good standing, None in good standing.
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


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a confirmation now: immediate removal or not, audit sampling probability, and reason."""

    at_once: bool
    audit_share: Decimal
    reason: Message


def standing(
    answers: Iterable[BrandAnswer], *, kept_level: StoredLevel | None, as_of: datetime, policy: StandingPolicy
) -> Standing:
    """A brand's standing at a moment, from its answers and its last stored level; None is no level yet.

    The counted outcomes of the window decide, overall and in every reason code. A broken limit ends good standing at
    once; with few outcomes the break must exceed chance. The brand is then capped to a few immediate removals per day.
    A capped brand that breaks a limit again is suspended. Lost good standing does not return for `reentry_days`,
    whatever the shares are, and then by the same rule as for every brand.
    """
    known, reentry = list(answers), timedelta(days=policy.reentry_days)
    starts = as_of - timedelta(days=policy.window_days)
    overall, *by_reason = _breakdown(tallies(known, after=starts, until=as_of), policy)
    level = _lowest_level(overall, by_reason)
    lost = kept_level if kept_level is not None and kept_level.level not in IN_GOOD_STANDING else None
    if lost is not None and lost.level is Level.CAPPED:
        later_answers = [answer for answer in known if answer.at > lost.since]
        again = _breakdown(tallies(later_answers, after=starts, until=as_of), policy)
        if any(scope.finding is Finding.BROKEN for scope in again):
            level = Level.SUSPENDED
        elif as_of < lost.since + reentry:
            level = Level.CAPPED
    elif lost is not None and (as_of < lost.since + reentry or level is Level.CAPPED):
        level = Level.SUSPENDED
    since = kept_level.since if kept_level is not None and kept_level.level is level else as_of
    good = level in IN_GOOD_STANDING
    warned = good and any(scope.near for scope in (overall, *by_reason))
    returns_at = None if good else since + reentry
    reasons = _standing_reasons(level, warned, (overall, *by_reason), returns_at, policy)
    return Standing(level, since, warned, overall, tuple(by_reason), returns_at, reasons)


def effect(brand_standing: Standing, *, at_once_today: int, policy: StandingPolicy) -> Effect:
    """The effect of one more confirmation, after `at_once_today` immediate removals of the brand today."""
    match brand_standing.level:
        case Level.SELF_SERVICE:
            return Effect(True, Decimal(0), message("effect.self_service"))
        case Level.FULL:
            return Effect(True, policy.audit_full, message("effect.full"))
        case Level.PROVISIONAL:
            return Effect(True, policy.audit_provisional, message("effect.provisional"))
        case Level.SUSPENDED:
            return Effect(False, Decimal(0), message("effect.suspended"))
    if at_once_today < policy.daily_cap:
        return Effect(True, policy.audit_provisional, message("effect.capped", n=policy.daily_cap))
    return Effect(False, Decimal(0), message("effect.capped.used", n=policy.daily_cap))


def earned_level(counted: Mapping[ReasonCode | None, Tally], policy: StandingPolicy) -> Level:
    """The level by counts alone, without an earlier level: `capped` where a limit is broken."""
    overall, *by_reason = _breakdown(counted, policy)
    return _lowest_level(overall, by_reason)


def _breakdown(counted: Mapping[ReasonCode | None, Tally], policy: StandingPolicy) -> list[Scope]:
    """The total, then the reason codes with counted outcomes, in their order."""
    keys = [None, *(code for code in ReasonCode if code in counted)]
    return [_make_scope(key, counted[key], policy) for key in keys]


def _make_scope(reason_code: ReasonCode | None, tally: Tally, policy: StandingPolicy) -> Scope:
    finding = _finding(tally, policy)
    near = _is_beyond(tally, policy.warned_below_accepted, policy.warned_above_overturned)
    return Scope(reason_code, tally, finding, _level_of_tally(tally, finding, policy), near)


def _finding(tally: Tally, policy: StandingPolicy) -> Finding:
    if not _is_beyond(tally, policy.accepted_share, policy.overturned_share):
        return Finding.HOLDS
    sure = surely_below(tally.accepted, tally.counted, policy.accepted_share, policy.z) or (
        surely_above(tally.overturned, tally.counted, policy.overturned_share, policy.z)
    )
    if tally.counted >= policy.raw_from or (sure and tally.counted - tally.accepted >= policy.lost_from_wrong):
        return Finding.BROKEN
    return Finding.IN_DOUBT


def _is_beyond(tally: Tally, accepted_share: Decimal, overturned_share: Decimal) -> bool:
    """Whether fewer were accepted or more overturned than these shares; False where nothing was counted."""
    return tally.accepted < Fraction(accepted_share) * tally.counted or (
        tally.overturned > Fraction(overturned_share) * tally.counted
    )


def _level_of_tally(tally: Tally, finding: Finding, policy: StandingPolicy) -> Level:
    if finding is Finding.BROKEN:
        return Level.CAPPED
    n, right = tally.counted, tally.accepted
    if finding is Finding.IN_DOUBT or not (
        n >= policy.raw_from or surely_at_least(right, n, policy.full_lower_bound, policy.z)
    ):
        return Level.PROVISIONAL
    audited = tally.audited >= policy.self_service_audited_from and (
        tally.audited_right >= Fraction(policy.self_service_audited_share) * tally.audited
    )
    if audited or surely_at_least(right, n, policy.self_service_lower_bound, policy.z):
        return Level.SELF_SERVICE
    return Level.FULL


def _lowest_level(overall: Scope, by_reason: Iterable[Scope]) -> Level:
    """The lowest level of the total and of the reason codes beyond a limit; codes within the limits never lower it."""
    limits = [scope.level for scope in by_reason if scope.finding is not Finding.HOLDS]
    return max(overall.level, *limits, key=_FROM_THE_TOP.index) if limits else overall.level


def _standing_reasons(
    level: Level, warned: bool, scopes: Iterable[Scope], returns_at: datetime | None, policy: StandingPolicy
) -> tuple[Message, ...]:
    overall, *by_reason = scopes
    is_capped = level is Level.CAPPED
    messages = [
        message("standing.capped", n=policy.daily_cap) if is_capped else message(f"standing.{level.value}"),
        _counts_message(overall, policy),
    ]
    # A single reason code repeats the total.
    messages += [
        _finding_message(scope, policy)
        for scope in by_reason
        if scope.finding is not Finding.HOLDS and len(by_reason) > 1
    ]
    if level is Level.PROVISIONAL and overall.finding is Finding.HOLDS:
        messages.append(message("standing.too_few", n=policy.raw_from))
    if warned:
        messages.append(message("standing.warned", **_limit_parameters(policy)))
    if level is Level.SUSPENDED:
        messages.append(message("standing.went_on"))
    if returns_at is not None:
        messages.append(message("standing.returns", date=returns_at.date()))
    return tuple(messages)


def _counts_message(overall: Scope, policy: StandingPolicy) -> Message:
    if not overall.tally.counted:
        return message("standing.none_counted", days=policy.window_days)
    counts = {"days": policy.window_days, **_tally_parameters(overall.tally)}
    if overall.finding is Finding.HOLDS:
        return message("standing.counts", **counts)
    return message(f"standing.counts.{overall.finding.value}", **counts, **_limit_parameters(policy))


def _finding_message(scope: Scope, policy: StandingPolicy) -> Message:
    assert scope.reason_code is not None
    code, counts = reason_message(scope.reason_code), {**_tally_parameters(scope.tally), **_limit_parameters(policy)}
    return message(f"standing.code.{scope.finding.value}", code=code, **counts)


def _limit_parameters(policy: StandingPolicy) -> dict[str, float]:
    return {"least": float(policy.accepted_share), "most": float(policy.overturned_share)}


def _tally_parameters(tally: Tally) -> dict[str, int | float]:
    n = tally.counted
    return {
        "n": n,
        "accepted": tally.accepted,
        "accepted_share": _round_against_brand(Fraction(tally.accepted, n), up=False),
        "rejected": tally.rejected,
        "overturned": tally.overturned,
        "overturned_share": _round_against_brand(Fraction(tally.overturned, n), up=True),
    }


def _round_against_brand(share: Fraction, *, up: bool) -> float:
    """A share rounded to 0.01 %, against the brand, so that no displayed figure meets a limit that is missed."""
    hundredths = -(-share.numerator * 10_000 // share.denominator) if up else int(share * 10_000)
    return hundredths / 10_000


_MOST: Final = 2_000
_ABOVE: Final = frozenset({Level.SELF_SERVICE, Level.FULL})


def outlook(brand_standing: Standing, policy: StandingPolicy) -> tuple[Message, ...]:
    """The fewest further outcomes that would change a level in good standing, if nothing else happens.

    They are counted in the reason code that holds the brand back, or else in the most frequent. Without good standing
    there is no outlook; the reasons then say when it can return.
    """
    if not brand_standing.good:
        return ()
    counted = {scope.reason_code: scope.tally for scope in (brand_standing.overall, *brand_standing.by_reason)}
    code = _outlook_code(brand_standing.by_reason)
    shown = code if len(brand_standing.by_reason) > 1 else None
    messages = []
    if brand_standing.level is not Level.SELF_SERVICE:
        for more in range(1, _MOST):
            level = earned_level(_with_outcomes(counted, code, accepted=more), policy)
            if level in _ABOVE and level is not brand_standing.level:
                messages.append(_outlook_message(level.value, more, shown))
                break
    for more in range(1, _MOST):
        if earned_level(_with_outcomes(counted, code, overturned=more), policy) not in IN_GOOD_STANDING:
            messages.append(_outlook_message("lost", more, shown))
            break
    return tuple(messages)


def _outlook_message(what: str, more: int, code: ReasonCode | None) -> Message:
    if code is None:
        return message(f"outlook.{what}", n=more)
    return message(f"outlook.{what}.code", n=more, code=reason_message(code))


def _outlook_code(by_reason: tuple[Scope, ...]) -> ReasonCode:
    if not by_reason:
        return ReasonCode.TRADEMARK_COUNTERFEIT
    withheld = [scope for scope in by_reason if scope.finding is not Finding.HOLDS]
    chosen = max(withheld or by_reason, key=lambda scope: scope.tally.counted)
    return chosen.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT


def _with_outcomes(
    counted: Mapping[ReasonCode | None, Tally], code: ReasonCode, *, accepted: int = 0, overturned: int = 0
) -> dict[ReasonCode | None, Tally]:
    def more(tally: Tally) -> Tally:
        return replace(tally, accepted=tally.accepted + accepted, overturned=tally.overturned + overturned)

    return {**counted, None: more(counted[None]), code: more(counted.get(code, Tally()))}
