import itertools

import pytest

from models.action import (
    INVERSE,
    OPEN_STATES,
    ActionEvent,
    ActionKind,
    ActionState,
    next_state,
)
from models.errors import Conflict

S, E = ActionState, ActionEvent
ALLOWED = {
    (S.HELD, E.RELEASE): S.SCHEDULED,
    (S.HELD, E.WITHDRAW): S.WITHDRAWN,
    (S.SCHEDULED, E.WITHDRAW): S.WITHDRAWN,
    (S.SCHEDULED, E.SEND): S.SENDING,
    (S.SENDING, E.SEND): S.SENDING,
    (S.SENDING, E.ACKNOWLEDGE): S.ACKNOWLEDGED,
    (S.SENDING, E.GIVE_UP): S.DEAD,
    (S.DEAD, E.REPLAY): S.SENDING,
    (S.DEAD, E.OVERTAKE): S.WITHDRAWN,
}
REFUSED = sorted(set(itertools.product(S, E)) - set(ALLOWED))


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_an_action_moves_on(state: ActionState, event: ActionEvent) -> None:
    assert next_state(state, event) is ALLOWED[state, event]


@pytest.mark.parametrize(("state", "event"), REFUSED)
def test_an_action_that_cannot_move_says_where_it_is(state: ActionState, event: ActionEvent) -> None:
    with pytest.raises(Conflict, match=f"The action is {state.value}, so it cannot {event.value.replace('_', ' ')}"):
        next_state(state, event)


def test_every_act_has_an_inverse_that_undoes_it() -> None:
    assert {kind: INVERSE[INVERSE[kind]] for kind in ActionKind} == {kind: kind for kind in ActionKind}
    assert all(INVERSE[kind] is not kind for kind in ActionKind)


def test_an_action_is_open_until_it_was_taken_back_or_acknowledged() -> None:
    assert set(S) - OPEN_STATES == {S.WITHDRAWN, S.ACKNOWLEDGED}
