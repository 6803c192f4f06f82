"""Assignment of the next piece of work to one of several people, and whether a person has decided for long."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from serving.cases.policy import AssignmentPolicy, PacePolicy


@dataclass(frozen=True, slots=True)
class Load:
    """A person's open work: cases leased and assigned, or brands managed."""

    user_id: str
    in_hand: int


def least_loaded(loads: Iterable[Load]) -> Load | None:
    """The person with the least open work; a tie goes to the first id, so that the choice is reproducible."""
    return min(loads, key=lambda load: (load.in_hand, load.user_id), default=None)


def share_out(
    cases: Sequence[str], loads: Iterable[Load], kept_from: Mapping[str, Collection[str]], policy: AssignmentPolicy
) -> dict[str, str]:
    """The assignee of each case, by case; the most pressing first, in the given order.

    `kept_from` are the people who may not have a case, because they judged the listing before, or count as one person
    with somebody who did. No person gets more cases than they can handle. The remaining cases are assigned to nobody,
    and anybody may take them.
    """
    hands = {load.user_id: load for load in loads}
    assignees: dict[str, str] = {}
    for case_id in cases:
        barred = kept_from.get(case_id, ())
        free = [load for load in hands.values() if load.in_hand < policy.most_each and load.user_id not in barred]
        chosen = least_loaded(free)
        if chosen is None:
            continue
        assignees[case_id] = chosen.user_id
        hands[chosen.user_id] = replace(chosen, in_hand=chosen.in_hand + 1)
    return assignees


def time_since_pause(answers: Sequence[datetime], now: datetime, policy: PacePolicy) -> timedelta | None:
    """The time since the last pause, where it is long; None where it is not, or the person pauses now.

    `answers` are the times of decisions, in any order. A pause is a period of `pause` without a decision. Reading one
    case for that long counts as a pause, because the two cannot be told apart.
    """
    began = now
    for at in sorted((answer for answer in answers if answer <= now), reverse=True):
        if began - at >= policy.pause:
            break
        began = at
    return now - began if now - began >= policy.pause_after else None
