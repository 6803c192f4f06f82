"""What the marketplace is asked to do, from the click to the acknowledgement."""

from enum import StrEnum
from typing import Final

from models.errors import Conflict


class ActionKind(StrEnum):
    """An act and its inverse."""

    REMOVE = "remove"
    REINSTATE = "reinstate"


INVERSE: Final = {ActionKind.REMOVE: ActionKind.REINSTATE, ActionKind.REINSTATE: ActionKind.REMOVE}


class ActionState(StrEnum):
    """`scheduled` can still be withdrawn; from `sending` on only the inverse helps. `dead` waits for a person."""

    SCHEDULED = "scheduled"
    WITHDRAWN = "withdrawn"
    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"


class ActionEvent(StrEnum):
    """What can happen to an action."""

    WITHDRAW = "withdraw"
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    GIVE_UP = "give_up"
    REPLAY = "replay"


_TRANSITIONS: Final = {
    (ActionState.SCHEDULED, ActionEvent.WITHDRAW): ActionState.WITHDRAWN,
    (ActionState.SCHEDULED, ActionEvent.SEND): ActionState.SENDING,
    (ActionState.SENDING, ActionEvent.SEND): ActionState.SENDING,
    (ActionState.SENDING, ActionEvent.ACKNOWLEDGE): ActionState.ACKNOWLEDGED,
    (ActionState.SENDING, ActionEvent.GIVE_UP): ActionState.DEAD,
    (ActionState.DEAD, ActionEvent.REPLAY): ActionState.SENDING,
}

OPEN_STATES: Final = frozenset({ActionState.SCHEDULED, ActionState.SENDING, ActionState.DEAD})


def next_state(state: ActionState, event: ActionEvent) -> ActionState:
    """The state after an event.

    Raises
    ------
    Conflict
        The event cannot happen in this state.
    """
    following = _TRANSITIONS.get((state, event))
    if following is None:
        raise Conflict(f"The action is {state.value}, so it cannot {event.value.replace('_', ' ')}.")
    return following


# Standard Webhooks' example schedule, 10 attempts over 75 h 35 m: a receiver that is down for three days loses nothing.
RETRY_DELAYS_SECONDS: Final = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)


def retry_delay_seconds(attempt: int, jitter: float) -> float | None:
    """How long to wait after failed attempt number `attempt` (from 1); None when it was the last.

    `jitter`, uniform on [0, 1), spreads what failed together over a fifth of the wait.
    """
    if attempt > len(RETRY_DELAYS_SECONDS):
        return None
    return RETRY_DELAYS_SECONDS[attempt - 1] * (1 + 0.2 * jitter)
