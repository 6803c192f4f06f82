"""Acts of people, the marketplace and the clock on one listing in any order, by the use cases on a real database.

After each step every case, action, counter-notice and appeal has moved as
`tests/serving/appeals/rules/test_states.py` allows, or not moved. Every overturn is complete and happens
once.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from models.case import CaseLane, CaseState
from models.errors import DomainError
from models.labels import AppealState, Label
from models.policies.learning import LabelPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person
from serving.appeals.policy import PROFILES
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState
from serving.appeals.service import counter_notices
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.store import overturns
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.audit.store import audit
from serving.cases.service.decision_context import Answer
from serving.cases.service.removal_approvals import record_vote
from serving.cases.service.review import record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.cases.tables import review_case, verdict
from serving.learning.service.labelling import label_of
from serving.learning.store import verdict_history
from serving.listings.service.intake import receive_rows
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.standing.store import standings
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.store import actions
from serving.takedowns.tables import action
from serving.webhooks.rules.action import OPEN_STATES, ActionKind, ActionState
from serving.webhooks.service.dead_letters import replay
from tests.fixtures.receivers import Receiver, a_receiver, deliver
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_case, a_suspect_row, copy_on_sqlite
from tests.serving.appeals.rules.test_states import ACTION, APPEAL, CASE, COUNTER_NOTICE, Cells, cells
from tests.serving.webhooks.service.test_delivery import register

WORDS: Final = "I have the invoice of the shop."
PEOPLE: Final = ("analyst", "second_analyst", "brand_person", "account_manager")
# One use case may be two steps of an action: sent, and answered by the marketplace.
MOST_STEPS: Final = {"action": 2}


def steps_of(table: Cells) -> dict[str, frozenset[str]]:
    """The states that may follow each state."""
    states = {state for state, _ in table}
    return {
        before: frozenset(
            after for (state, _), outcomes in table.items() if state == before for after in outcomes if after in states
        )
        for before in states
    }


STEPS: Final = {
    "case": steps_of(cells(CASE)),
    "action": steps_of(cells(ACTION)),
    "appeal": steps_of(cells(APPEAL)),
    "counter_notice": steps_of(COUNTER_NOTICE),
}
FIRST: Final = {
    "case": {"open"},
    "action": {"scheduled", "pending_approval"},
    "appeal": {"open"},
    "counter_notice": {"with_seller", *STEPS["counter_notice"]["with_seller"]},
}
TABLES: Final = {
    "case": (review_case, review_case.c.case_id),
    "action": (action, action.c.action_id),
    "appeal": (appeal, appeal.c.appeal_id),
    "counter_notice": (counter_notice, counter_notice.c.counter_notice_id),
}
States = dict[tuple[str, str], str]


def reachable(kind: str, before: str) -> set[str]:
    states = {before}
    for _ in range(MOST_STEPS.get(kind, 1)):
        states |= {after for state in states for after in STEPS[kind][state]}
    return states


@dataclass(frozen=True, slots=True)
class World:
    """The shared parts of all runs: the database to copy, and a receiver whose answer each run sets."""

    populated: PopulatedDatabase
    receiver: Receiver


class OneListing(RuleBasedStateMachine):
    """One listing, its removals, and all parties."""

    world: ClassVar[World]
    seen: ClassVar[Counter[tuple[str, str]]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp())
        self.stack.callback(shutil.rmtree, self.folder)
        self.site: Site = self.stack.enter_context(copy_on_sqlite(self.folder, self.world.populated))
        register(self.site, self.world.receiver)
        self.before: States = {}

    def teardown(self) -> None:
        assert self.site.read(audit.check_chain)[1] is None
        self.stack.close()

    @initialize(profile=st.sampled_from(sorted(PROFILES)), is_pending=st.booleans(), is_down=st.booleans())
    def a_listing_is_suspected(self, profile: str, is_pending: bool, is_down: bool) -> None:
        """The brand has confirmed half of them already, as most later steps need a confirmation."""
        policies = self.site.runtime.policies.changed(PROFILES[profile])
        self.site = replace(self.site, runtime=replace(self.site.runtime, policies=policies))
        if is_pending:
            rule_off = AutomaticRule.BRAND_REMOVALS
            switch_rule(self.site.runtime, self.site.marketplace, rule_off, on=False, by="test", reason="A test.")
        a_case(self.site, CaseLane.ASK_BRAND)
        if is_down:
            self.nothing_has_left_its_table()
            self.somebody_finds_it_counterfeit("brand_person")
            self.nothing_has_left_its_table()
            self.a_removal_reaches_the_seller()

    def attempt(self, work: Callable[[], object]) -> None:
        """Do it; a refused act has changed nothing."""
        before = self.states()
        try:
            work()
        except DomainError:
            assert self.states() == before

    def states(self) -> States:
        with self.site.runtime.store.read() as connection:
            return {
                (kind, row[0]): row[1]
                for kind, (table, key) in TABLES.items()
                for row in connection.execute(select(key, table.c.state))
            }

    def person(self, who: str) -> Person:
        person: Person = getattr(self.site, who)
        return person

    def latest(self) -> Case:
        """The case that people would look at: the open one, or the last."""
        with self.site.runtime.store.read() as connection:
            rows = (
                connection.execute(select(review_case).order_by(review_case.c.opened_at, review_case.c.case_id))
                .mappings()
                .all()
            )
        chosen = next((row for row in rows if row["state"] == CaseState.OPEN.value), rows[-1])
        return Case(**{name: chosen[name] for name in Case.__slots__ if name in chosen})

    def all_actions(self) -> list[actions.StoredAction]:
        with self.site.runtime.store.read() as connection:
            (listing_id,) = connection.execute(select(review_case.c.listing_id).distinct()).scalars()
            return actions.of_listing(connection, self.site.marketplace_id, listing_id)

    @rule(who=st.sampled_from(PEOPLE), judgement=st.sampled_from(Judgement))
    def somebody_judges(self, who: str, judgement: Judgement) -> None:
        case = self.latest()
        answer = Answer(case.case_id, case.version_id, judgement)
        self.attempt(lambda: record_verdict(self.site.runtime, self.person(who), answer))

    @rule(who=st.sampled_from(["brand_person", "second_analyst"]))
    def somebody_finds_it_counterfeit(self, who: str) -> None:
        self.somebody_judges(who, Judgement.COUNTERFEIT)

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_takes_a_word_back(self, who: str) -> None:
        self.attempt(lambda: undo_verdict(self.site.runtime, self.person(who), self.latest().case_id))

    @rule(price=st.integers(50, 150))
    def the_listing_is_changed(self, price: int) -> None:
        receive_rows(self.site.runtime, self.site.marketplace, [a_suspect_row(price=f"{price}.00")], source="test")

    @rule(minutes=st.sampled_from([1, 4, 60 * 24, 60 * 24 * 9, 60 * 24 * 100]))
    def time_passes(self, minutes: int) -> None:
        self.site.clock.forward(minutes=minutes)

    @rule(status=st.sampled_from([204, 204, 204, 500, 422]))
    def the_marketplace_is_told(self, status: int) -> None:
        self.world.receiver.answer = lambda _number: status
        for stored_action in self.all_actions():
            self.attempt(partial(deliver, self.site.runtime, self.site.marketplace_id, stored_action.action_id))

    @rule()
    def a_removal_reaches_the_seller(self) -> None:
        self.site.clock.forward(minutes=4)
        self.the_marketplace_is_told(204)
        counter_notices.open_counter_notices(self.site.runtime)

    @rule(days=st.sampled_from([0, 9]))
    def the_marketplace_is_deaf(self, days: int) -> None:
        self.site.clock.forward(minutes=4)
        self.the_marketplace_is_told(500)
        self.nothing_has_left_its_table()
        if days:
            self.site.clock.forward(days=days)
            self.the_marketplace_is_told(500)

    @rule()
    def the_seller_is_silent(self) -> None:
        self.a_removal_reaches_the_seller()
        self.nothing_has_left_its_table()
        self.site.clock.forward(days=100)
        self.the_sweeps_run()

    @rule(days=st.sampled_from([0, 9, 100]))
    def the_two_of_them_go_to_court(self, days: int) -> None:
        self.a_removal_reaches_the_seller()
        self.nothing_has_left_its_table()
        self.the_seller_acts("submit")
        self.nothing_has_left_its_table()
        self.the_rights_holder_acts(CounterNoticeEvent.GO_TO_COURT, "brand_person")
        self.nothing_has_left_its_table()
        self.site.clock.forward(days=days)
        self.the_sweeps_run()

    @rule()
    def the_sweeps_run(self) -> None:
        counter_notices.open_counter_notices(self.site.runtime)
        counter_notices.apply_deadlines(self.site.runtime)

    @rule()
    def what_was_given_up_is_sent_again(self) -> None:
        self.attempt(lambda: replay(self.site.runtime, self.site.marketplace, None, by="test"))

    @rule(who=st.sampled_from(PEOPLE), decision=st.sampled_from(Decision))
    def somebody_votes_on_a_pending_removal(self, who: str, decision: Decision) -> None:
        for stored_action in self.all_actions():
            if stored_action.state is ActionState.PENDING_APPROVAL:
                person, action_id = self.person(who), stored_action.action_id
                self.attempt(partial(record_vote, self.site.runtime, person, action_id, decision, "Seen."))

    @rule(event=st.sampled_from(["submit", "withdraw", "appeal"]))
    def the_seller_acts(self, event: str) -> None:
        runtime, marketplace_id = self.site.runtime, self.site.marketplace_id
        removals = [removal for removal in self.all_actions() if removal.kind is ActionKind.REMOVE]
        if event == "appeal":
            complaint = Complaint(f"a-{len(self.before)}", "MP-9", WORDS)
            self.attempt(lambda: file_appeal(runtime, self.site.marketplace, complaint))
        elif removals and event == "submit":
            self.attempt(lambda: counter_notices.submit(runtime, marketplace_id, removals[-1].action_id, WORDS))
        elif removals:
            self.attempt(lambda: counter_notices.withdraw(runtime, marketplace_id, removals[-1].action_id))

    @rule(judgement=st.sampled_from([Judgement.COUNTERFEIT, Judgement.GENUINE]))
    def an_appeal_is_heard(self, judgement: Judgement) -> None:
        self.a_removal_reaches_the_seller()
        self.nothing_has_left_its_table()
        self.the_seller_acts("appeal")
        self.nothing_has_left_its_table()
        self.somebody_judges("second_analyst", judgement)

    @rule(event=st.sampled_from(CounterNoticeEvent), who=st.sampled_from(["brand_person", "brand_person", "analyst"]))
    def the_rights_holder_acts(self, event: CounterNoticeEvent, who: str) -> None:
        with self.site.runtime.store.read() as connection:
            known = connection.execute(select(counter_notice.c.counter_notice_id)).scalars().all()
        for counter_notice_id in known:
            work = lambda counter_notice_id=counter_notice_id: counter_notices.answer_as_rights_holder(  # noqa: E731  # bound in the loop
                self.site.runtime, self.person(who), counter_notice_id, event, WORDS
            )
            self.attempt(work)

    @invariant()
    def nothing_has_left_its_table(self) -> None:
        now = self.states()
        for (kind, key), state in now.items():
            came_from = self.before.get((kind, key))
            allowed = FIRST[kind] if came_from is None else reachable(kind, came_from)
            assert state in allowed, (kind, came_from, state)
            self.seen[kind, state] += 1
        assert set(self.before) <= set(now)
        self.before = now

    @invariant()
    def there_is_one_of_what_there_may_be_one_of(self) -> None:
        assert sum(state == "open" for (kind, _), state in self.before.items() if kind == "case") <= 1
        open_now = Counter(
            stored_action.kind for stored_action in self.all_actions() if stored_action.state in OPEN_STATES
        )
        assert not open_now or max(open_now.values()) == 1

    @invariant()
    def what_is_undone_is_repaired_as_a_whole_and_once(self) -> None:
        with self.site.runtime.store.read() as connection:
            undone = {
                row.action_id: overturns.in_force(connection, self.site.marketplace_id, row.action_id)
                for row in connection.execute(select(overturn).where(overturn.c.undone_at.is_(None)))
            }
            contested = dict(connection.execute(select(counter_notice.c.action_id, counter_notice.c.state)).all())
            appealed = dict(connection.execute(select(appeal.c.action_id, appeal.c.state)).all())
            confirmed = select(verdict.c.known_at).join(
                action,
                (action.c.verdict_id == verdict.c.verdict_id) & (action.c.marketplace_id == verdict.c.marketplace_id),
            )
            by_brand = confirmed.where(action.c.action_id.in_(undone), verdict.c.side == Side.BRAND.value)
            confirmed_at = set(connection.execute(by_brand).scalars())
            versions = verdict_history.of_marketplace(connection, self.site.marketplace_id, self.site.clock.now())
            now = self.site.clock.now()
            reversals = standings.reversals(connection, *self.site.pair, now.replace(year=2000), now)
        actions_by_id = {stored_action.action_id: stored_action for stored_action in self.all_actions()}
        by_appeal = {
            key for key, undoing in undone.items() if undoing is not None and undoing.cause is OverturnCause.APPEAL
        }
        assert {key for key, state in appealed.items() if state == AppealState.UPHELD.value} == by_appeal
        upheld = {key for key, state in contested.items() if state == CounterNoticeState.UPHELD.value}
        assert upheld == set(undone) & set(contested)
        back = [undoing.reinstatement_id for undoing in undone.values() if undoing is not None]
        assert len(set(back)) == len(back)
        assert None not in back
        reinstated = {
            key
            for key, stored_action in actions_by_id.items()
            if stored_action.kind is ActionKind.REINSTATE and stored_action.state is not ActionState.WITHDRAWN
        }
        assert reinstated <= set(back)
        counted = Counter(reversal.confirmed_at for reversal in reversals)
        assert all(counted[at] == 1 for at in confirmed_at)
        later = self.site.clock.now() + self.site.runtime.policies[LabelPolicy].matures * 2
        for version in versions.values():
            if version.appeal is AppealState.UPHELD:
                version_label = label_of(version, later, self.site.runtime.policies[LabelPolicy])
                assert isinstance(version_label, Label)
                assert version_label.target == 0


def run(world: World, *, runs: int, steps: int) -> None:
    OneListing.world = world
    OneListing.seen.clear()
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    chosen = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=checks,
    )
    run_state_machine_as_test(OneListing, settings=chosen)


def test_no_order_of_events_leads_where_the_tables_do_not(populated_sqlite: PopulatedDatabase) -> None:
    with a_receiver() as receiver:
        run(World(populated_sqlite, receiver), runs=5, steps=20)


@pytest.mark.soak
def test_orders_of_fifty_events_reach_every_state_and_no_other(populated_sqlite: PopulatedDatabase) -> None:
    with a_receiver() as receiver:
        run(World(populated_sqlite, receiver), runs=300, steps=50)
    possible = {(kind, state) for kind, table in STEPS.items() for state in table}
    assert possible - set(OneListing.seen) == {("appeal", "none"), ("appeal", "unanswered")}
