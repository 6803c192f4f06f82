"""docs/concepts.md: its example follows the real rules, and its diagrams show the transitions that they allow."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import pytest

from features.compute import compute, input_fingerprint
from models import case
from models.case import CaseEvent, CaseLane, CaseState
from models.errors import Conflict, DomainError
from models.labels import AppealState, EvidenceLevel, GivenVerdict, Label, label_from
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ENFORCEMENT, DEFAULT_ROUTING, DEFAULT_SCORECARD
from models.policies.learning import DEFAULT_LABELS
from models.routing import Lane, Situation, route
from models.score import Score, ScoreKind
from models.scorecard import score_by_points
from models.verdict import DecisionInput, Judgement, Outcome, Side, consequence
from serving.appeals.policy import BY_COUNTRY, DEFAULT_APPEALS, DEFAULT_COUNTER_NOTICE, PROFILES
from serving.appeals.rules.appeals import AppealEvent, appeal_period_end
from serving.appeals.rules.counter_notice import (
    WHO,
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    apply_event,
    first_turn,
    profile_of_countries,
)
from serving.appeals.service.counter_notice_steps import calendar_of
from serving.platform.deadlines import BusinessCalendar
from serving.platform.settings import Settings
from serving.standing.policy import DEFAULT_REMINDERS
from serving.takedowns.policy import DEFAULT_REMOVAL_CHECK
from serving.takedowns.rules.removal_check import CheckState, LookResult, first_look, state_after_look
from serving.web.wording.glossary import TERMS
from serving.webhooks.rules.action import ActionEvent, ActionState
from tests.docs.diagrams import diagrams
from tests.docs.generate import ROOT
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import suspect_facts
from tests.fixtures.runtimes import a_suspect_row

PAGE: Final = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
PROSE: Final = " ".join(PAGE.partition("## Glossary")[0].split())
DIAGRAMS: Final = diagrams()
MACHINES: Final[dict[str, tuple[type[StrEnum], type[StrEnum]]]] = {
    "case": (CaseState, CaseEvent),
    "takedown": (ActionState, ActionEvent),
    "counter-notice": (CounterNoticeState, CounterNoticeEvent),
    "appeal": (AppealState, AppealEvent),
}


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


ANALYST, CONFIRMED, ACKNOWLEDGED = at(2, 10, 10), at(3, 14), at(3, 14, 3)
SUBMITTED, MAINTAINED, APPEALED, DISMISSED = at(4, 8), at(6, 15), at(9, 7), at(9, 16)


def test_every_term_is_introduced_once_in_the_story_and_every_introduced_one_is_defined() -> None:
    assert sorted(re.findall(r"\*\*(.+?)\*\*", PROSE)) == sorted(term.name for term in TERMS)


def test_the_example_is_the_listing_whose_signals_are_told() -> None:
    row = a_suspect_row()
    assert all(str(row[name]) in PROSE for name in ("external_id", "title", "description", "price"))
    assert f"On {NOW:%-d %B %Y at %H:%M} UTC" in PROSE
    score = score_by_points(compute(suspect_facts()), policy=DEFAULT_SCORECARD, fingerprint=input_fingerprint())
    assert f"{score.value:g} points; {DEFAULT_ROUTING.analyst_from_points:g} are enough" in PROSE
    assert [f"* {in_english(reason.message)}" in PROSE for reason in score.reasons[:4]] == [True] * 4


def test_the_example_goes_to_an_analyst_then_to_the_brand_and_is_removed() -> None:
    score = Score(ScoreKind.CALIBRATED, -0.49, 0.38, (), "bundle", input_fingerprint())
    facts = suspect_facts()
    situation = Situation(
        authorised=False,
        brand_id=facts.brand.brand_id,
        brand_name=facts.brand.name,
        brand_candidates=1,
        brand_takes_part=True,
        families=compute(facts).families_known(),
        description_length=100,
    )
    assert route(score, situation, draw=0.5, policy=DEFAULT_ROUTING).lane is Lane.ANALYST
    decision_input = DecisionInput(CaseLane.ANALYST, Side.ANALYST, brand_can_be_asked=True, brand_name="Aurelle")
    first = consequence(Judgement.COUNTERFEIT, decision_input, DEFAULT_ENFORCEMENT)
    assert (first.event, first.lane, first.outcome) == (CaseEvent.PASS_ON, CaseLane.ASK_BRAND, Outcome.NONE)
    brand_input = replace(decision_input, lane=CaseLane.ASK_BRAND, side=Side.BRAND)
    second = consequence(Judgement.COUNTERFEIT, brand_input, DEFAULT_ENFORCEMENT)
    assert (second.event, second.outcome) == (CaseEvent.DECIDE, Outcome.REMOVE)


def test_the_times_of_the_example_are_those_of_the_policies() -> None:
    due = ANALYST + timedelta(hours=DEFAULT_ENFORCEMENT.brand_answers_within_hours)
    assert f"Aurelle has 96 hours, until {due:%-d %B at %H:%M}" in PROSE
    assert due - ANALYST == timedelta(hours=96)
    assert due - timedelta(hours=DEFAULT_REMINDERS.reminded_before_hours) == ANALYST + timedelta(hours=48)
    assert due - timedelta(hours=DEFAULT_REMINDERS.escalated_before_hours) == ANALYST + timedelta(hours=72)
    assert CONFIRMED + timedelta(seconds=DEFAULT_ENFORCEMENT.undo_window_seconds) == ACKNOWLEDGED
    look = first_look(ACKNOWLEDGED, DEFAULT_REMOVAL_CHECK)
    gone = state_after_look(CheckState.ASKED, LookResult.GONE, 1, ACKNOWLEDGED, look, DEFAULT_REMOVAL_CHECK)
    assert (gone.state, gone.due_at) == (CheckState.GONE, ACKNOWLEDGED + timedelta(hours=24))
    assert "to that check: 4 minutes" in PROSE
    assert look - CONFIRMED == timedelta(minutes=4)


def test_the_counter_notice_and_the_appeal_of_the_example_have_these_deadlines() -> None:
    assert Settings.model_fields["counter_notices"].default == BY_COUNTRY
    profile = profile_of_countries(None, None, DEFAULT_COUNTER_NOTICE)
    calendar = calendar_of("CN", ACKNOWLEDGED)
    standing = first_turn(ACKNOWLEDGED, profile, calendar)
    assert f"deadline of {standing.due_at:%-d %B at %H:%M} UTC" in PROSE
    for event, moment in ((CounterNoticeEvent.SUBMIT, SUBMITTED), (CounterNoticeEvent.MAINTAIN, MAINTAINED)):
        standing = apply_event(standing, event, WHO[event], at=moment, policy=profile, calendar=calendar).turn
        if event is CounterNoticeEvent.SUBMIT:
            assert f"Aurelle has until {standing.due_at:%-d %B at %H:%M} UTC" in PROSE
    appeal = CounterNoticeEvent.APPEAL
    after = apply_event(standing, appeal, WHO[appeal], at=APPEALED, policy=profile, calendar=calendar)
    assert after.turn.state is CounterNoticeState.WITH_REVIEWER
    assert f"open until {appeal_period_end(ACKNOWLEDGED, DEFAULT_APPEALS):%-d %B at %H:%M} UTC" in PROSE


def test_the_label_of_the_example_rests_on_the_appeal_and_matures_two_weeks_after_the_brand() -> None:
    def verdict(name: str, side: Side, moment: datetime, *, brand_id: str | None = None) -> GivenVerdict:
        return GivenVerdict(
            name, Judgement.COUNTERFEIT, side, f"usr_{name}", moment, superseded=False, brand_id=brand_id
        )

    verdicts = [verdict("a", Side.ANALYST, ANALYST), verdict("b", Side.BRAND, CONFIRMED, brand_id="brn_aurelle")]
    decision = verdict("c", Side.ANALYST, DISMISSED)
    label = label_from(
        verdicts,
        AppealState.DISMISSED,
        as_of=datetime(2026, 4, 1, tzinfo=UTC),
        policy=DEFAULT_LABELS,
        appeal_decided_at=DISMISSED,
        appeal_verdict=decision,
    )
    assert isinstance(label, Label)
    assert (label.target, label.weight, label.evidence_level) == (1, 1, EvidenceLevel.APPEAL)
    assert f"matures on {label.matured_at:%-d %B at %H:%M}" in PROSE


@pytest.mark.parametrize("name", MACHINES)
def test_a_diagram_has_every_state_and_every_event(name: str) -> None:
    states, events = MACHINES[name]
    drawn = DIAGRAMS[name]
    assert list(drawn.nodes) == [state.value for state in states]
    assert {event for label in drawn.edges.values() for event in label.split(", ")} == {event.value for event in events}


def test_the_diagram_of_a_case_is_the_table_of_its_rules() -> None:
    assert DIAGRAMS["case"].edges == {
        ("open", "decided"): "decide",
        ("open", "open"): "pass_on",
        ("open", "stale"): "new_version, call_off",
        ("decided", "open"): "undo",
    }
    with pytest.raises(Conflict):
        case.next_state(CaseState.STALE, CaseEvent.UNDO)


def test_the_diagram_of_a_counter_notice_leaves_out_no_step_that_a_state_allows() -> None:
    drawn = {
        (start, event) for (start, _), label in DIAGRAMS["counter-notice"].edges.items() for event in label.split(", ")
    }
    allowed = {
        (state.value, event.value)
        for state in CounterNoticeState
        for event in CounterNoticeEvent
        if any(_allows(name, state, event) for name in PROFILES)
    }
    assert drawn == allowed


def _allows(profile: str, state: CounterNoticeState, event: CounterNoticeEvent) -> bool:
    due = NOW if event is CounterNoticeEvent.PASS_DEADLINE else NOW + timedelta(days=1)
    standing = CounterNoticeTurn(state, 1, due)
    try:
        apply_event(standing, event, WHO[event], at=NOW, policy=PROFILES[profile], calendar=BusinessCalendar())
    except DomainError:
        return False
    return True


@pytest.mark.parametrize("name", DIAGRAMS)
def test_the_picture_and_the_text_of_a_diagram_have_the_same_words(name: str) -> None:
    picture = (ROOT / "docs" / "diagrams" / f"{name}.svg").read_text(encoding="utf-8")
    for text in DIAGRAMS[name].nodes.values():
        assert all(f">{line}</text>" in picture for line in text.split("\n"))
    assert all(f">{label}</text>" in picture for label in DIAGRAMS[name].edges.values() if label)
    assert "prefers-color-scheme:dark" in picture
    assert f"![{DIAGRAMS[name].title}](diagrams/{name}.svg)" in PAGE
