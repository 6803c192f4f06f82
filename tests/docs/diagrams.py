"""The diagrams of docs/concepts.md: the flow of a listing, and the state machines that the rules of the code allow."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final, TypeVar

from models import case
from models.case import CaseEvent, CaseState
from models.errors import DomainError
from models.labels import AppealState
from serving.appeals.policy import PROFILES, CounterNoticePolicy
from serving.appeals.rules import appeals
from serving.appeals.rules.appeals import AppealEvent
from serving.appeals.rules.counter_notice import (
    WHO,
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    apply_event,
    first_turn,
)
from serving.platform.deadlines import BusinessCalendar
from serving.webhooks.rules import action
from serving.webhooks.rules.action import ActionEvent, ActionState
from tests.docs.drawing import Diagram, Pair, Point, Route

_S = TypeVar("_S", bound=StrEnum)
_E = TypeVar("_E", bound=StrEnum)
Transition = tuple[str, str, str]

_INFORMED: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
_CALENDAR: Final = BusinessCalendar()


def diagrams() -> dict[str, Diagram]:
    """Every diagram, by the name of its file and of its block in the page."""
    return {
        "flow": _flow(),
        "case": _case(),
        "takedown": _takedown(),
        "counter-notice": _counter_notice(),
        "appeal": _appeal(),
    }


def _flow() -> Diagram:
    """The order of the page; broken lines lead off the path of its example."""
    steps = {
        "intake": ("Intake", (0, 0)),
        "signals": ("Signals", (1, 0)),
        "score": ("Score", (2, 0)),
        "routing": ("Routing", (3, 0)),
        "case": ("Case", (4, 0)),
        "no_action": ("No action", (3, -1)),
        "analyst": ("Analyst\ndecision", (4, 1)),
        "question": ("Question\nto the brand", (3, 1)),
        "takedown": ("Takedown", (2, 1)),
        "verification": ("Verification", (1, 1)),
        "appeal": ("Counter-notice\nor appeal", (0, 1)),
        "label": ("Label", (0, 2)),
        "snapshot": ("Snapshot", (1, 2)),
        "training": ("Training", (2, 2)),
        "promotion": ("Promotion", (3, 2)),
    }
    path = [name for name in steps if name != "no_action"]
    edges = dict.fromkeys(pairwise(path), "")
    others = {
        ("routing", "no_action"): "low",
        ("routing", "question"): "high",
        ("analyst", "label"): "not counterfeit",
        ("question", "label"): "not counterfeit",
        ("promotion", "score"): "new champion",
    }
    edges |= {("routing", "case"): "medium or sampled", ("analyst", "question"): "counterfeit"}
    edges |= {("question", "takedown"): "counterfeit"}
    return Diagram(
        title="From intake to promotion",
        nodes={name: text for name, (text, _) in steps.items()},
        edges={**edges, **others},
        places={name: (x * 1.1, y) for name, (_, (x, y)) in steps.items()},
        others=frozenset(others),
        routes={
            ("routing", "no_action"): Route(label_at=(3.3, -0.34)),
            ("analyst", "label"): Route(((4.4, 2.65), (0, 2.65)), (1.8, 2.65)),
            ("question", "label"): Route(((3.85, 1.18), (3.85, 2.65), (0, 2.65)), (1.8, 2.65)),
            ("promotion", "score"): Route(((5, 2), (5, -0.5), (2.2, -0.5)), (5, 0.5)),
        },
    )


def _case() -> Diagram:
    places: dict[str, Point] = {"open": (0, 0), "decided": (1.3, -0.5), "stale": (1.3, 0.5)}
    return _machine(
        "States of a case", CaseState, _allowed_steps(CaseState, CaseEvent, case.next_state), places, ("open",)
    )


def _takedown() -> Diagram:
    places: dict[str, Point] = {
        "pending_approval": (0, 0),
        "scheduled": (1, 0),
        "sending": (2.05, 0),
        "acknowledged": (3.4, 0),
        "withdrawn": (1, 1.2),
        "dead": (2.05, 1.2),
    }
    transitions = _allowed_steps(ActionState, ActionEvent, action.next_state)
    return _machine("States of a takedown", ActionState, transitions, places, ("pending_approval", "scheduled"))


def _appeal() -> Diagram:
    places: dict[str, Point] = {
        "none": (0, 0),
        "open": (0.9, 0),
        "upheld": (2.2, -0.7),
        "dismissed": (2.2, 0.7),
        "unanswered": (0, 0.9),
    }
    transitions = _allowed_steps(AppealState, AppealEvent, appeals.next_state)
    return _machine("States of an appeal", AppealState, transitions, places, ("none",))


def _counter_notice() -> Diagram:
    places: dict[str, Point] = {
        "upheld": (2, 0),
        "with_seller": (0, 1.2),
        "with_rights_holder": (2, 1.2),
        "with_court": (3.6, 1.2),
        "withdrawn": (2, 2.4),
        "lapsed": (0, 2.9),
        "with_reviewer": (2, 3.8),
        "dismissed": (0, 3.8),
    }
    routes = {
        ("with_seller", "with_reviewer"): Route(((0.75, 2.6),), (0.75, 2.55)),
        ("with_rights_holder", "with_reviewer"): Route(((2.75, 2), (2.75, 3.2)), (2.75, 2.7)),
        ("with_court", "with_reviewer"): Route(((3.6, 3.66),), (3.6, 2.7)),
        ("with_court", "withdrawn"): Route(((3.2, 1.62),), (3.15, 1.68)),
        ("with_reviewer", "upheld"): Route(((4.2, 3.8), (4.2, 0.08)), (4.2, 2.2)),
        ("upheld", "with_reviewer"): Route(((4.5, -0.08), (4.5, 3.94)), (4.5, 1.4)),
    }
    title, starts = "States of a counter-notice", (_first_turn(PROFILES["alibaba_like"]).state.value,)
    return replace(_machine(title, CounterNoticeState, _steps(), places, starts), routes=routes)


def _machine(
    title: str,
    states: Iterable[StrEnum],
    transitions: Iterable[Transition],
    places: Mapping[str, Point],
    starts: tuple[str, ...],
) -> Diagram:
    """Events between the same two states share an edge."""
    edges: dict[Pair, list[str]] = {}
    for before, event, after in transitions:
        edges.setdefault((before, after), []).append(event)
    names = {state.value: state.value for state in states}
    return Diagram(title, names, {pair: ", ".join(events) for pair, events in edges.items()}, places, starts)


def _allowed_steps(states: type[_S], events: type[_E], next_state: Callable[[_S, _E], _S]) -> Iterator[Transition]:
    for state in states:
        for event in events:
            try:
                yield state.value, event.value, next_state(state, event).value
            except DomainError:
                continue


def _first_turn(policy: CounterNoticePolicy) -> CounterNoticeTurn:
    return first_turn(_INFORMED, policy, _CALENDAR)


def _steps() -> list[Transition]:
    """Every step of a counter-notice that any profile allows, with and without an enrolled rights holder."""
    policies = [
        variant for policy in PROFILES.values() for variant in (policy, replace(policy, rights_holder_days=None))
    ]
    steps = {transition for policy in policies for transition in _steps_of(policy)}
    order = {member.value: number for number, member in enumerate([*CounterNoticeState, *CounterNoticeEvent])}
    return sorted(steps, key=lambda transition: (order[transition[0]], order[transition[2]], order[transition[1]]))


def _steps_of(policy: CounterNoticePolicy) -> Iterator[Transition]:
    reached, known = [_first_turn(policy)], set[CounterNoticeTurn]()
    while reached:
        before = reached.pop()
        if before in known:
            continue
        known.add(before)
        for event in CounterNoticeEvent:
            late = event is CounterNoticeEvent.PASS_DEADLINE
            at = before.due_at if late and before.due_at else _INFORMED
            try:
                after = apply_event(before, event, WHO[event], at=at, policy=policy, calendar=_CALENDAR).turn
            except DomainError:
                continue
            yield before.state.value, event.value, after.state.value
            reached.append(after)
