"""Decisions that a person can still undo, read from the database, so that a reload shows the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.case import CaseLane, CaseState
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person
from serving.cases.store import case_figures
from serving.cases.store.case_figures import PersonVerdict
from serving.platform.runtime import Runtime
from serving.platform.tongues import number, say
from serving.web.wording import words
from serving.web.wording.vocabulary import CHOICE_OF
from serving.webhooks.rules.action import ActionKind


@dataclass(frozen=True, slots=True)
class Undo:
    """A verdict inside its undo window: judgement, consequence, end of the window, and time left.

    `score` is the score in words if it was masked until the decision.
    """

    case_id: str
    word: str
    tone: str
    listing: str
    follows: str
    score: str | None
    until: str
    time_left: str
    seconds_left: int
    window_seconds: int


def undo_of(runtime: Runtime, person: Person) -> Undo | None:
    """A reviewer's last verdict while it can be undone."""
    verdicts = undoable_verdicts(runtime, person, Side.ANALYST)
    return verdicts[0][1] if verdicts else None


def undoable_verdicts(runtime: Runtime, person: Person, side: Side) -> list[tuple[PersonVerdict, Undo]]:
    """Every verdict that a person gave on this side and can still undo, newest first."""
    now = runtime.clock.now()
    window = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    with runtime.store.read() as connection:
        verdicts = case_figures.verdicts_since(connection, person.user_id, side, now - window)
    return [(verdict, _make_undo(verdict, now, window)) for verdict in verdicts]


def _make_undo(verdict: PersonVerdict, now: datetime, window: timedelta) -> Undo:
    seconds_left = (verdict.known_at + window - now).total_seconds()
    choice = CHOICE_OF[verdict.judgement]
    return Undo(
        case_id=verdict.case_id,
        word=choice.word,
        tone=choice.tone,
        listing=verdict.external_id,
        follows=_consequence_sentence(verdict, now),
        score=_score_sentence(verdict) if verdict.score_was_masked else None,
        until=words.clock(verdict.known_at + window),
        time_left=words.countdown(seconds_left),
        seconds_left=max(0, int(seconds_left)),
        window_seconds=int(window.total_seconds()),
    )


def _score_sentence(verdict: PersonVerdict) -> str:
    if verdict.probability is None:
        return say("Its score was %(score)s points.", score=number(round(verdict.score_value)))
    return say("Its score was %(score)s.", score=f"{verdict.probability:.2f}")


def _consequence_sentence(verdict: PersonVerdict, now: datetime) -> str:
    """The consequence for the case, in one short sentence."""
    if verdict.leaves_at is not None and verdict.action_kind is not None:
        countdown = words.countdown((verdict.leaves_at - now).total_seconds())
        if verdict.action_kind is ActionKind.REMOVE:
            return say("The removal is sent in %(time)s.", time=countdown)
        return say("The reinstatement is sent in %(time)s.", time=countdown)
    if verdict.case_lane is CaseLane.SECOND_REVIEW:
        return say("Nothing changes for the listing.")
    if verdict.case_state is CaseState.OPEN:
        if verdict.case_lane is CaseLane.ASK_BRAND:
            return say("%(brand)s is asked.", brand=verdict.brand_name or say("The brand"))
        return say("An analyst decides next.")
    return say("The listing stays.") if verdict.judgement is not Judgement.COUNTERFEIT else say("The removal stands.")
