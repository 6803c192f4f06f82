"""Every state x event of case, action, sanction, counter-notice and appeal: the next state, or the refusal's code.

A row is a state, a column an event. Two states in a cell: the profile and the round decide (`test_counter_notice.py`).
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from itertools import product
from typing import Final

import pytest

from features.message import message
from models import case
from models.case import CaseEvent, CaseState
from models.errors import DomainError
from models.labels import AppealState
from serving.appeals.policy import DEFAULT_APPEALS, PROFILES
from serving.appeals.rules import appeals
from serving.appeals.rules.appeals import AppealEvent, AppealRecord, admit, appeal_period_end, is_frivolous
from serving.appeals.rules.counter_notice import (
    WHO,
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    apply_event,
)
from serving.platform.deadlines import BusinessCalendar
from serving.sellers.rules import sanction
from serving.sellers.rules.sanction import SanctionEvent, SanctionState
from serving.webhooks.rules import action
from serving.webhooks.rules.action import ActionEvent, ActionState

CASE = """
                decide    pass_on   undo      new_version  call_off
    open        decided   open      conflict  stale        stale
    decided     conflict  conflict  open      conflict     conflict
    stale       conflict  conflict  conflict  conflict     conflict
"""
ACTION = """
                     approve    withdraw   send      acknowledge   give_up   replay    overtake
    pending_approval scheduled  withdrawn  conflict  conflict      conflict  conflict  conflict
    scheduled        conflict   withdrawn  sending   conflict      conflict  conflict  conflict
    sending          conflict   conflict   sending   acknowledged  dead      conflict  conflict
    dead             conflict   conflict   conflict  conflict      conflict  sending   withdrawn
    acknowledged     conflict   conflict   conflict  conflict      conflict  conflict  conflict
    withdrawn        conflict   conflict   conflict  conflict      conflict  conflict  conflict
"""
SANCTION = """
                  agree         carry_out    refuse    lapse     lift
    proposed      agreed_by_one conflict     refused   lapsed    conflict
    agreed_by_one agreed_by_one carried_out  refused   lapsed    conflict
    carried_out   conflict      conflict     conflict  conflict  lifted
    refused       conflict      conflict     conflict  conflict  conflict
    lapsed        conflict      conflict     conflict  conflict  conflict
    lifted        conflict      conflict     conflict  conflict  conflict
"""
APPEAL = """
                file      uphold    dismiss    reopen
    none        open      conflict  conflict   conflict
    open        conflict  upheld    dismissed  conflict
    upheld      conflict  conflict  conflict   open
    dismissed   conflict  conflict  conflict   open
    unanswered  conflict  conflict  conflict   conflict
"""
# The events of the seller and the reviewer; then of the rights holder in time; then of the clock when due.
BY_SELLER_AND_REVIEWER = """
                       submit                           withdraw   appeal         uphold    dismiss    reopen
    with_seller        with_rights_holder/with_reviewer withdrawn  with_reviewer  conflict  conflict   conflict
    with_rights_holder conflict                         withdrawn  with_reviewer  conflict  conflict   conflict
    with_reviewer      conflict                         conflict   conflict       upheld    dismissed  conflict
    with_court         conflict                         withdrawn  with_reviewer  conflict  conflict   conflict
    upheld             conflict                         conflict   conflict       conflict  conflict   with_reviewer
    dismissed          conflict                         conflict   conflict       conflict  conflict   with_reviewer
    lapsed             conflict                         conflict   with_reviewer  conflict  conflict   conflict
    withdrawn          conflict                         conflict   with_reviewer  conflict  conflict   conflict
"""
BY_RIGHTS_HOLDER = """
                       concede   maintain                          go_to_court
    with_seller        upheld    conflict                          conflict
    with_rights_holder upheld    with_seller/with_reviewer/invalid with_court
    with_reviewer      conflict  conflict                          conflict
    with_court         upheld    conflict                          conflict
    upheld             conflict  conflict                          conflict
    dismissed          conflict  conflict                          conflict
    lapsed             conflict  conflict                          conflict
    withdrawn          conflict  conflict                          conflict
"""
BY_THE_CLOCK = """
                       pass_deadline
    with_seller        lapsed
    with_rights_holder upheld/with_reviewer
    with_reviewer      conflict
    with_court         conflict
    upheld             conflict
    dismissed          conflict
    lapsed             conflict
    withdrawn          conflict
"""
Cells = Mapping[tuple[str, str], frozenset[str]]
_NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_CALENDAR: Final = BusinessCalendar("DE", holidays=frozenset())


def cells(*tables: str) -> Cells:
    """The possible results by (state, event): states, or codes of a refusal."""
    table_cells: dict[tuple[str, str], frozenset[str]] = {}
    for table in tables:
        head, *rows = (line.split() for line in table.strip().splitlines())
        for state, *outcomes in rows:
            table_cells |= {
                (state, event): frozenset(outcome.split("/")) for event, outcome in zip(head, outcomes, strict=True)
            }
    return table_cells


COUNTER_NOTICE: Final = cells(BY_SELLER_AND_REVIEWER, BY_RIGHTS_HOLDER, BY_THE_CLOCK)


def outcome(work: Callable[[], StrEnum]) -> str:
    try:
        return work().value
    except DomainError as refused:
        return refused.code


def of_counter_notice(state: CounterNoticeState, event: CounterNoticeEvent) -> frozenset[str]:
    """The effect of an event by its own party under every profile, in the first round and in the last."""
    of_clock = event is CounterNoticeEvent.PASS_DEADLINE
    waits = state in {CounterNoticeState.WITH_SELLER, CounterNoticeState.WITH_RIGHTS_HOLDER}
    due_at = (_NOW if of_clock else _NOW + timedelta(days=5)) if waits else None
    outcomes = set()
    for policy in PROFILES.values():
        for number in (1, policy.most_rounds):
            before = CounterNoticeTurn(state, number, due_at)
            outcomes.add(
                outcome(
                    lambda before=before, policy=policy: (
                        apply_event(  # type: ignore[misc]  # bound in the loop
                            before, event, WHO[event], at=_NOW, policy=policy, calendar=_CALENDAR
                        ).turn.state
                    )
                )
            )
    return frozenset(outcomes)


@pytest.mark.parametrize(
    ("table", "states", "events"),
    [
        (cells(CASE), CaseState, CaseEvent),
        (cells(ACTION), ActionState, ActionEvent),
        (cells(SANCTION), SanctionState, SanctionEvent),
        (cells(APPEAL), AppealState, AppealEvent),
        (COUNTER_NOTICE, CounterNoticeState, CounterNoticeEvent),
    ],
    ids=["case", "action", "sanction", "appeal", "counter-notice"],
)
def test_each_table_has_every_cell(table: Cells, states: type[StrEnum], events: type[StrEnum]) -> None:
    assert set(table) == {(state.value, event.value) for state, event in product(states, events)}


def test_what_an_event_does_to_a_case() -> None:
    outcomes = {
        (state.value, event.value): frozenset({outcome(partial(case.next_state, state, event))})
        for state, event in product(CaseState, CaseEvent)
    }
    assert outcomes == cells(CASE)


def test_what_an_event_does_to_an_action() -> None:
    outcomes = {
        (state.value, event.value): frozenset({outcome(partial(action.next_state, state, event))})
        for state, event in product(ActionState, ActionEvent)
    }
    assert outcomes == cells(ACTION)


def test_what_an_event_does_to_a_sanction() -> None:
    outcomes = {
        (state.value, event.value): frozenset({outcome(partial(sanction.next_state, state, event))})
        for state, event in product(SanctionState, SanctionEvent)
    }
    assert outcomes == cells(SANCTION)


def test_what_an_event_does_to_an_appeal() -> None:
    outcomes = {
        (state.value, event.value): frozenset({outcome(partial(appeals.next_state, state, event))})
        for state, event in product(AppealState, AppealEvent)
    }
    assert outcomes == cells(APPEAL)


def test_what_an_event_does_to_a_counter_notice() -> None:
    outcomes = {
        (state.value, event.value): of_counter_notice(state, event)
        for state, event in product(CounterNoticeState, CounterNoticeEvent)
    }
    assert outcomes == COUNTER_NOTICE


INFORMED = datetime(2026, 3, 2, 9, tzinfo=UTC)
LAST = appeal_period_end(INFORMED, DEFAULT_APPEALS)


@pytest.mark.parametrize(
    ("upheld", "dismissed", "frivolous", "why"),
    [
        (0, 0, False, "nobody begins with a record"),
        (0, 9, False, "too few to speak of frequently"),
        (0, 10, True, "ten, and none with ground"),
        (1, 10, True, "ten of eleven"),
        (2, 10, False, "one in six was right"),
        (1, 9, False, "the proportion alone is not enough"),
        (100, 900, True, "nine of ten, exactly"),
        (101, 900, False, "just below nine of ten"),
    ],
)
def test_when_a_record_is_frivolous(upheld: int, dismissed: int, frivolous: bool, why: str) -> None:
    assert is_frivolous(AppealRecord(upheld, dismissed), DEFAULT_APPEALS) is frivolous, why


@pytest.mark.parametrize(
    ("at", "is_first", "dismissed", "expected", "why"),
    [
        (INFORMED, True, 0, "first in line", "an ordinary appeal"),
        (INFORMED, True, 1_000, "behind others", "a record never blocks a first appeal"),
        (LAST - timedelta(microseconds=1), True, 0, "first in line", "the last moment of six months"),
        (LAST, True, 0, "too_late", "six months have passed"),
        (INFORMED, False, 0, "conflict", "one appeal against one decision"),
        (LAST, False, 0, "conflict", "that it was decided says more than that it is late"),
    ],
)
def test_whether_an_appeal_is_heard(at: datetime, is_first: bool, dismissed: int, expected: str, why: str) -> None:
    try:
        admission = admit(
            informed_at=INFORMED, at=at, is_first=is_first, record=AppealRecord(0, dismissed), policy=DEFAULT_APPEALS
        )
        outcome = "behind others" if admission.behind_others else "first in line"
    except DomainError as refused:
        outcome = refused.code
    assert outcome == expected, why


def test_who_waits_behind_others_is_told_why() -> None:
    admission = admit(
        informed_at=INFORMED, at=INFORMED, is_first=True, record=AppealRecord(1, 12), policy=DEFAULT_APPEALS
    )
    assert admission.message == message(
        "appeal.behind_others", days=DEFAULT_APPEALS.record_days, dismissed=12, upheld=1
    )
