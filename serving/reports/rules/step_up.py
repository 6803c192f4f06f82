"""When a large report leaves whole after a proof of a second factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.second_person import Factor, effective_from

# A report that nobody has released in a week is sent again by its tool.
RELEASED_WITHIN: Final = timedelta(days=7)


class StepUpState(StrEnum):
    """Whether the listings of a report wait for a person, or how that wait ended."""

    NONE = "none"
    AWAITED = "awaited"
    GIVEN = "given"  # By a second factor, or by the signature of a service account.
    DECLINED = "declined"  # The report was sent without; its listings meet the usual limits.


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides whether a person can confirm a large report now.

    `others` is the number of people beside the person who are told and can stop it.
    """

    factors: Sequence[Factor]
    full_standing: bool
    switched_on: bool
    others: int


def why_no_step_up(circumstances: Circumstances, now: datetime, policy: SecondFactorPolicy) -> tuple[Message, ...]:
    """Why a large report cannot be confirmed with a second factor now; empty where it can.

    The factor must be a day old, so that a stolen session cannot use one of its own. Somebody else must be told, or the
    hour in which the report can be stopped would pass unseen.
    """
    reasons = []
    if not circumstances.factors:
        reasons.append(message("step_up.no_factor"))
    elif (begins := min(effective_from(factor, policy) for factor in circumstances.factors)) > now:
        reasons.append(message("step_up.too_new", n=_hours_of_wait(begins - now)))
    if not circumstances.full_standing:
        reasons.append(message("step_up.standing"))
    if not circumstances.switched_on:
        reasons.append(message("step_up.switched_off"))
    if not circumstances.others:
        reasons.append(message("step_up.nobody_told"))
    return tuple(reasons)


def _hours_of_wait(wait: timedelta) -> int:
    """The hours of a wait, begun ones counted."""
    return -(-wait // timedelta(hours=1))
