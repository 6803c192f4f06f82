import pytest

from models.errors import Conflict
from serving.webhooks.rules.action import INVERSE, OPEN_STATES, ActionEvent, ActionKind, ActionState, next_state

S, E = ActionState, ActionEvent


def test_an_impossible_event_names_the_state() -> None:
    with pytest.raises(Conflict, match="The action is acknowledged, so it cannot give up"):
        next_state(S.ACKNOWLEDGED, E.GIVE_UP)


def test_every_act_has_an_inverse_that_undoes_it() -> None:
    assert {kind: INVERSE[INVERSE[kind]] for kind in ActionKind} == {kind: kind for kind in ActionKind}
    assert all(INVERSE[kind] is not kind for kind in ActionKind)


def test_an_action_is_open_until_it_is_withdrawn_or_acknowledged() -> None:
    assert set(S) - OPEN_STATES == {S.WITHDRAWN, S.ACKNOWLEDGED}
