"""The rules of case, action, counter-notice and appeal, applied together in any order, without a database.

`tests/serving/appeals/service/test_states.py` runs the use cases on a real database; this file has time for more
runs.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from models import case
from models.case import CaseEvent, CaseLane, CaseState
from models.errors import DomainError
from models.labels import AppealState, GivenVerdict, Label, label_from
from models.policies.deciding import DEFAULT_ENFORCEMENT
from models.policies.learning import DEFAULT_LABELS
from models.verdict import DecisionInput, Judgement, Side, consequence
from models.verdict import Outcome as Following
from serving.appeals.policy import DEFAULT_APPEALS, PROFILES
from serving.appeals.rules import appeals
from serving.appeals.rules.appeals import AppealEvent, AppealRecord, admit
from serving.appeals.rules.counter_notice import (
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    Party,
    apply_event,
    first_turn,
)
from serving.webhooks.rules import action
from serving.webhooks.rules.action import ActionEvent, ActionState
from tests.serving.appeals.rules.test_counter_notice import CALENDAR, NOW
from tests.serving.appeals.rules.test_states import ACTION, APPEAL, CASE, COUNTER_NOTICE, Cells, cells

_APPEALED = {AppealState.OPEN, AppealState.UPHELD, AppealState.DISMISSED}
# The appeal itself changes the counter-notice, so that the two always agree.
_BY_THEMSELVES = [
    event
    for event in CounterNoticeEvent
    if event
    not in {CounterNoticeEvent.APPEAL, CounterNoticeEvent.UPHOLD, CounterNoticeEvent.DISMISS, CounterNoticeEvent.REOPEN}
]


@dataclass(frozen=True, slots=True)
class Matter:
    """One listing with a question to its brand, and everything that depends on the answer."""

    question: CaseState = CaseState.OPEN
    removal: ActionState | None = None
    contested: CounterNoticeTurn | None = None
    appeal: AppealState = AppealState.NONE
    appeal_case: CaseState | None = None
    reinstatement: ActionState | None = None
    undone: bool = False
    by_appeal: bool = False


class MatterStates(RuleBasedStateMachine):
    """Any party acts at any time; a refused act changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.matter = self.before = Matter()

    @initialize(profile=st.sampled_from(sorted(PROFILES)))
    def rules_apply(self, profile: str) -> None:
        self.policy = PROFILES[profile]

    def attempt(self, following: Matter | None) -> None:
        self.before, self.matter = self.matter, following or self.matter

    @rule(days=st.sampled_from([0.01, 1, 4, 9, 200]))
    def time_passes(self, days: float) -> None:
        self.now += timedelta(days=days)

    @rule(pending=st.booleans())
    def the_brand_confirms(self, pending: bool) -> None:
        decision_input = DecisionInput(CaseLane.ASK_BRAND, Side.BRAND, brand_can_be_asked=True, brand_name="Aurelle")
        follows = consequence(Judgement.COUNTERFEIT, decision_input, DEFAULT_ENFORCEMENT)
        try:
            question = case.next_state(self.matter.question, follows.event)
        except DomainError:
            return
        assert follows.outcome is Following.REMOVE
        removal = ActionState.PENDING_APPROVAL if pending else ActionState.SCHEDULED
        self.attempt(replace(self.matter, question=question, removal=removal))

    @rule()
    def the_brand_takes_its_word_back(self) -> None:
        if self.matter.removal is None:
            return
        try:
            question = case.next_state(self.matter.question, CaseEvent.UNDO)
            action.next_state(self.matter.removal, ActionEvent.WITHDRAW)
        except DomainError:
            return
        self.attempt(replace(self.matter, question=question, removal=None))

    @rule(
        event=st.sampled_from([event for event in ActionEvent if event is not ActionEvent.WITHDRAW]), back=st.booleans()
    )
    def an_action_goes_on(self, event: ActionEvent, back: bool) -> None:
        before = self.matter.reinstatement if back else self.matter.removal
        if before is None:
            return
        try:
            after = action.next_state(before, event)
        except DomainError:
            return
        self.attempt(replace(self.matter, reinstatement=after) if back else replace(self.matter, removal=after))

    @rule()
    def the_removal_reaches_the_seller(self) -> None:
        for event in (ActionEvent.APPROVE, ActionEvent.SEND, ActionEvent.ACKNOWLEDGE):
            self.an_action_goes_on(event, back=False)
        if self.matter.removal is ActionState.ACKNOWLEDGED and self.matter.contested is None:
            self.attempt(replace(self.matter, contested=first_turn(self.now, self.policy, CALENDAR)))

    @rule(event=st.sampled_from(_BY_THEMSELVES), party=st.sampled_from(Party))
    def a_party_speaks(self, event: CounterNoticeEvent, party: Party) -> None:
        if self.matter.contested is None:
            return
        try:
            following = apply_event(
                self.matter.contested, event, party, at=self.now, policy=self.policy, calendar=CALENDAR
            )
            matter = replace(self.matter, contested=following.turn)
            if following.turn.state is CounterNoticeState.WITH_REVIEWER:
                matter = self.appealed(matter)
        except DomainError:
            return
        self.attempt(self.repaired(matter, by_appeal=False) if following.overturns else matter)

    @rule(dismissed=st.integers(0, 30))
    def the_seller_appeals(self, dismissed: int) -> None:
        if self.matter.contested is None:
            return
        try:
            following = apply_event(
                self.matter.contested,
                CounterNoticeEvent.APPEAL,
                Party.SELLER,
                at=self.now,
                policy=self.policy,
                calendar=CALENDAR,
            )
            matter = self.appealed(replace(self.matter, contested=following.turn), dismissed)
        except DomainError:
            return
        self.attempt(matter)

    def appealed(self, matter: Matter, dismissed: int = 0) -> Matter:
        admit(
            informed_at=self.now,
            at=self.now,
            is_first=matter.appeal is AppealState.NONE,
            record=AppealRecord(0, dismissed),
            policy=DEFAULT_APPEALS,
        )
        return replace(matter, appeal=appeals.next_state(matter.appeal, AppealEvent.FILE), appeal_case=CaseState.OPEN)

    @rule(judgement=st.sampled_from(Judgement), side=st.sampled_from([Side.ANALYST, Side.ANALYST, Side.BRAND]))
    def somebody_decides_the_appeal(self, judgement: Judgement, side: Side) -> None:
        if self.matter.appeal_case is None or self.matter.contested is None:
            return
        decision_input = DecisionInput(CaseLane.APPEAL, side, brand_can_be_asked=True, brand_name="Aurelle")
        try:
            follows = consequence(judgement, decision_input, DEFAULT_ENFORCEMENT)
            appeal_case = case.next_state(self.matter.appeal_case, follows.event)
            upheld = follows.outcome is Following.REINSTATE
            event, notice_event = (
                (AppealEvent.UPHOLD, CounterNoticeEvent.UPHOLD)
                if upheld
                else (AppealEvent.DISMISS, CounterNoticeEvent.DISMISS)
            )
            appeal = appeals.next_state(self.matter.appeal, event)
            standing = apply_event(
                self.matter.contested, notice_event, Party.REVIEWER, at=self.now, policy=self.policy, calendar=CALENDAR
            ).turn
        except DomainError:
            return
        matter = replace(self.matter, appeal_case=appeal_case, appeal=appeal, contested=standing)
        self.attempt(self.repaired(matter, by_appeal=True) if upheld else matter)

    def repaired(self, matter: Matter, *, by_appeal: bool) -> Matter:
        assert not matter.undone, "repaired twice"
        return replace(matter, undone=True, by_appeal=by_appeal, reinstatement=ActionState.SCHEDULED)

    @rule()
    def the_reviewer_takes_the_decision_back(self) -> None:
        if self.matter.appeal_case is None or self.matter.contested is None:
            return
        try:
            appeal_case = case.next_state(self.matter.appeal_case, CaseEvent.UNDO)
            appeal = appeals.next_state(self.matter.appeal, AppealEvent.REOPEN)
            standing = apply_event(
                self.matter.contested,
                CounterNoticeEvent.REOPEN,
                Party.REVIEWER,
                at=self.now,
                policy=self.policy,
                calendar=CALENDAR,
            ).turn
            if self.matter.reinstatement is not None:
                action.next_state(self.matter.reinstatement, ActionEvent.WITHDRAW)
        except DomainError:
            return
        self.attempt(Matter(self.matter.question, self.matter.removal, standing, appeal, appeal_case))

    @invariant()
    def each_state_follows_from_the_one_before(self) -> None:
        pairs: list[tuple[Cells, str | None, str | None]] = [
            (cells(CASE), self.before.question.value, self.matter.question.value),
            (cells(ACTION), self.before.removal, self.matter.removal),
            (cells(ACTION), self.before.reinstatement, self.matter.reinstatement),
            (cells(APPEAL), self.before.appeal.value, self.matter.appeal.value),
            (cells(CASE), self.before.appeal_case, self.matter.appeal_case),
        ]
        if self.before.contested is not None and self.matter.contested is not None:
            pairs.append((COUNTER_NOTICE, self.before.contested.state.value, self.matter.contested.state.value))
        for table, before, after in pairs:
            if before is None or after is None or before == after:
                continue
            assert any(after in states for (state, _), states in table.items() if state == before), (before, after)

    @invariant()
    def what_hangs_together_says_the_same(self) -> None:
        matter = self.matter
        state = None if matter.contested is None else matter.contested.state
        assert (state is CounterNoticeState.UPHELD) is matter.undone
        assert (matter.appeal is AppealState.UPHELD) is (matter.undone and matter.by_appeal)
        assert (state is CounterNoticeState.WITH_REVIEWER) is (matter.appeal is AppealState.OPEN)
        assert (matter.reinstatement is not None) is matter.undone
        assert (matter.appeal_case is not None) is (matter.appeal in _APPEALED)
        assert (matter.appeal is AppealState.OPEN) is (matter.appeal_case is CaseState.OPEN)

    @invariant()
    def an_upheld_appeal_corrects_the_label(self) -> None:
        if self.matter.appeal is not AppealState.UPHELD:
            return
        text = GivenVerdict("vdt_1", Judgement.COUNTERFEIT, Side.BRAND, "usr_1", NOW, superseded=False)
        later = self.now + DEFAULT_LABELS.matures * 2
        label = label_from([text], self.matter.appeal, as_of=later, policy=DEFAULT_LABELS, appeal_decided_at=self.now)
        assert isinstance(label, Label)
        assert (label.target, label.weight) == (0, DEFAULT_LABELS.appeal_weight)


def play(*, runs: int, steps: int) -> None:
    chosen = settings(max_examples=runs, stateful_step_count=steps, deadline=None, database=None)
    run_state_machine_as_test(MatterStates, settings=chosen)


def test_no_order_of_events_leads_to_an_illegal_state() -> None:
    play(runs=50, steps=20)


@pytest.mark.soak
def test_two_thousand_orders_of_fifty_events_never_lead_to_an_illegal_state() -> None:
    play(runs=2_000, steps=50)
