"""The actions requested from the marketplace, from the decision to the acknowledgement."""

from enum import StrEnum
from typing import Final

from models.errors import Conflict


class ActionKind(StrEnum):
    """The kinds of action, each with an inverse."""

    REMOVE = "remove"
    REINSTATE = "reinstate"


INVERSE: Final = {ActionKind.REMOVE: ActionKind.REINSTATE, ActionKind.REINSTATE: ActionKind.REMOVE}


class RequestKind(StrEnum):
    """The kind of message, by its name in the type `listing.requested`."""

    REQUESTED = "requested"


class ActionState(StrEnum):
    """The states of an action. `scheduled` can be withdrawn; from `sending` on only the inverse action helps.

    `held` is confirmed and pending approval; `dead` is undeliverable and needs a person.
    """

    PENDING_APPROVAL = "pending_approval"
    SCHEDULED = "scheduled"
    WITHDRAWN = "withdrawn"
    SENDING = "sending"
    ACKNOWLEDGED = "acknowledged"
    DEAD = "dead"


class ActionEvent(StrEnum):
    APPROVE = "approve"
    WITHDRAW = "withdraw"
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    GIVE_UP = "give_up"
    REPLAY = "replay"
    OVERTAKE = "overtake"  # A later action on the listing was sent, which makes this one obsolete.


_TRANSITIONS: Final = {
    (ActionState.PENDING_APPROVAL, ActionEvent.APPROVE): ActionState.SCHEDULED,
    (ActionState.PENDING_APPROVAL, ActionEvent.WITHDRAW): ActionState.WITHDRAWN,
    (ActionState.SCHEDULED, ActionEvent.WITHDRAW): ActionState.WITHDRAWN,
    (ActionState.SCHEDULED, ActionEvent.SEND): ActionState.SENDING,
    (ActionState.SENDING, ActionEvent.SEND): ActionState.SENDING,
    (ActionState.SENDING, ActionEvent.ACKNOWLEDGE): ActionState.ACKNOWLEDGED,
    (ActionState.SENDING, ActionEvent.GIVE_UP): ActionState.DEAD,
    (ActionState.DEAD, ActionEvent.REPLAY): ActionState.SENDING,
    (ActionState.DEAD, ActionEvent.OVERTAKE): ActionState.WITHDRAWN,
}

OPEN_STATES: Final = frozenset(
    {ActionState.PENDING_APPROVAL, ActionState.SCHEDULED, ActionState.SENDING, ActionState.DEAD}
)
NOT_WITHDRAWN: Final = frozenset(ActionState) - {ActionState.WITHDRAWN}
# The states before the marketplace receives the action.
UNSENT_STATES: Final = frozenset({ActionState.PENDING_APPROVAL, ActionState.SCHEDULED})


def next_state(state: ActionState, event: ActionEvent) -> ActionState:
    """The state after an event. Raises Conflict (the event cannot happen in this state)."""
    following = _TRANSITIONS.get((state, event))
    if following is None:
        raise Conflict(
            "The action is {state}, so it cannot {event}.", state=state.value, event=event.value.replace("_", " ")
        )
    return following
