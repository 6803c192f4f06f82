"""The phases of a brand's enrolment, and the limits of the first phase."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from features.message import Message, message
from serving.brands.policy import EnrolmentPolicy
from serving.standing.rules.standing import Effect


class Phase(StrEnum):
    """The phase of a brand's enrolment."""

    INVITED = "invited"  # None of its users has passed the certification yet.
    FIRST = "first"  # It confirms within limits, until its record is long enough.
    FULL = "full"


@dataclass(frozen=True, slots=True)
class FirstPhase:
    """The state of a brand's first phase.

    `briefed_at` is when the first of its users passed the certification. `outcomes` is the number of its counted
    confirmations, and `good` is whether it is in good standing. `full_since` is set permanently once the phase has
    ended.
    """

    briefed_at: datetime | None
    outcomes: int
    good: bool
    full_since: datetime | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A brand's phase with the reasons for it."""

    phase: Phase
    reasons: tuple[Message, ...]


def stage(begun: FirstPhase, at: datetime, policy: EnrolmentPolicy) -> Stage:
    """A brand's phase. The first phase ends only after both enough time and enough outcomes."""
    if begun.full_since is not None:
        return Stage(Phase.FULL, (message("phase.over"),))
    if begun.briefed_at is None:
        return Stage(Phase.INVITED, (message("phase.invited"),))
    ends = begun.briefed_at + timedelta(days=policy.first_phase_days)
    if at >= ends and begun.outcomes >= policy.first_phase_outcomes and begun.good:
        return Stage(Phase.FULL, (message("phase.passed", n=begun.outcomes),))
    messages = [message("phase.first", n=policy.first_phase_daily)]
    if at < ends:
        messages.append(message("phase.until", date=ends.date()))
    if begun.outcomes < policy.first_phase_outcomes:
        messages.append(message("phase.outcomes", n=begun.outcomes, all=policy.first_phase_outcomes))
    if not begun.good:
        messages.append(message("phase.standing_lost"))
    return Stage(Phase.FIRST, tuple(messages))


def limit_effect(follows: Effect, brand_stage: Stage, *, at_once_today: int, policy: EnrolmentPolicy) -> Effect:
    """The effect of a confirmation by the brand's standing, within the limits of its phase.

    A phase only restricts: a brand with a worse standing keeps the effect of that standing.
    """
    if brand_stage.phase is Phase.FULL or not follows.at_once:
        return follows
    if at_once_today >= policy.first_phase_daily:
        return Effect(False, Decimal(0), message("effect.first_phase.used", n=policy.first_phase_daily))
    audit_share = max(follows.audit_share, policy.first_phase_audit)
    return Effect(True, audit_share, message("effect.first_phase", n=policy.first_phase_daily))
