import itertools

import pytest

from models.case import CaseEvent, CaseLane, CaseState, lane_after_change, next_state
from models.errors import Conflict

S, E, L = CaseState, CaseEvent, CaseLane
REFUSED = [
    (S.OPEN, E.UNDO, "still open"),
    (S.DECIDED, E.DECIDE, "decided already"),
    (S.DECIDED, E.PASS_ON, "decided already"),
    (S.DECIDED, E.NEW_VERSION, "decided already"),
    (S.STALE, E.DECIDE, "has changed since"),
    (S.STALE, E.PASS_ON, "has changed since"),
    (S.STALE, E.UNDO, "has changed since"),
    (S.STALE, E.NEW_VERSION, "has changed since"),
]


@pytest.mark.parametrize(("state", "event", "sentence"), REFUSED)
def test_a_case_that_cannot_move_says_what_happened_before(state: CaseState, event: CaseEvent, sentence: str) -> None:
    with pytest.raises(Conflict, match=sentence):
        next_state(state, event)


ORDER = (L.APPEAL, L.COMPLAINT, L.ASK_BRAND, L.ANALYST, L.AUDIT, L.INSUFFICIENT_EVIDENCE, L.SECOND_REVIEW)


@pytest.mark.parametrize(("before", "routed"), list(itertools.product(L, L)))
def test_a_change_of_the_listing_never_lowers_the_attention_it_gets(before: CaseLane, routed: CaseLane) -> None:
    assert lane_after_change(before, routed) is ORDER[min(ORDER.index(before), ORDER.index(routed))]
