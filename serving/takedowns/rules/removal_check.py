"""Checks whether a listing is gone after its removal was acknowledged, and their schedule.

The random delay of model-initiated removals, so that their timing reveals nothing to sellers. Stdlib only.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from features.message import Message, message
from models.policies.deciding import EnforcementPolicy
from models.verdict import Side
from serving.takedowns.policy import RemovalCheckPolicy


class LookResult(StrEnum):
    """The result of one check. `nothing` is a missing or unclear answer, and never counts as still shown."""

    GONE = "gone"
    SHOWN = "shown"
    NOTHING = "nothing"


class CheckState(StrEnum):
    """The states of a check. `asked` is still open, `unknown` ended without an answer, `given_back` was reinstated."""

    ASKED = "asked"
    GONE = "gone"
    STILL_SHOWN = "still_shown"
    UNKNOWN = "unknown"
    GIVEN_BACK = "given_back"


@dataclass(frozen=True, slots=True)
class NextLook:
    """The state of a removal after a check, its reason, and the time of the next check, None for no further check."""

    state: CheckState
    due_at: datetime | None
    reason: Message


def first_look(acknowledged_at: datetime, policy: RemovalCheckPolicy) -> datetime:
    """The time of the first check."""
    return acknowledged_at + timedelta(seconds=policy.first_look_seconds)


def state_after_look(
    state: CheckState,
    seen: LookResult,
    check_count: int,
    acknowledged_at: datetime,
    at: datetime,
    policy: RemovalCheckPolicy,
) -> NextLook:
    """The state after check number `check_count` (from 1); `state` is the state before it."""
    waits = policy.look_again_seconds
    again = at + timedelta(seconds=waits[min(check_count, len(waits)) - 1])
    since = at - acknowledged_at
    if seen is LookResult.GONE:
        look_back = acknowledged_at + timedelta(hours=policy.look_back_hours)
        return NextLook(CheckState.GONE, look_back if at < look_back else None, message("check.gone"))
    if seen is LookResult.SHOWN:
        if state is CheckState.GONE:
            return NextLook(CheckState.STILL_SHOWN, again, message("check.shown_again"))
        if state is CheckState.STILL_SHOWN or since >= timedelta(seconds=policy.still_shown_after_seconds):
            return NextLook(CheckState.STILL_SHOWN, again, message("check.still_shown"))
        return NextLook(CheckState.ASKED, again, message("check.shown"))
    if state is CheckState.STILL_SHOWN or since < timedelta(days=policy.give_up_after_days):
        return NextLook(state, again, message("check.no_answer"))
    ended = CheckState.GONE if state is CheckState.GONE else CheckState.UNKNOWN
    return NextLook(ended, None, message("check.never_answered"))


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a removal: the side that confirmed it, and how the listing reached that side.

    `reported` is set where somebody outside notified the listing, `examined` after a test buy.
    """

    side: Side
    reported: bool
    examined: bool


def is_model_initiated(origin: Origin) -> bool:
    """Whether only the model (or the audit sample) brought the listing to an analyst."""
    return origin.side is Side.ANALYST and not origin.reported and not origin.examined


def random_delay(origin: Origin, draw: float, policy: EnforcementPolicy) -> timedelta:
    """The delay of a removal beyond its undo window, in whole seconds; `draw` is uniform on [0, 1).

    A seller can submit listings and time their removal to learn what the model detects and how fast. Removals that a
    rights holder confirms have no delay, because brands were promised that. Nor do those of notified or examined
    listings, because their timing reveals nothing about the model.
    """
    if not is_model_initiated(origin):
        return timedelta(0)
    return timedelta(seconds=int(draw * policy.random_delay_minutes * 60))
