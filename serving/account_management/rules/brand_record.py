"""What became of a brand's answers: accepted, or not and why; the objections; the time. Standard library only."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Final

from models.labels import AppealState
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.webhooks.rules.action import ActionState

_SECONDS_AN_HOUR = 3_600
_GIVEN_BACK = frozenset({AppealState.UPHELD, AppealState.UNANSWERED})


class AnswerOutcome(StrEnum):
    """What became of an answer. Only `accepted` and `rejected` count for or against anybody."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONTESTED = "contested"
    UNDERWAY = "underway"
    NO_REMOVAL_ASKED = "no_removal_asked"
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of a brand and what is known of its removal; `removal` is None where none was made of it.

    `counter_notice` is the state of the one against the removal, None where neither side has said anything in it.
    `objected` is set where the seller said something, there or on appeal. `asked_at` is when the question came to the
    brand.
    """

    judgement: Judgement
    answered_at: datetime
    taken_back: bool
    removal: ActionState | None
    removed_at: datetime | None
    appeal: AppealState
    counter_notice: CounterNoticeState | None = None
    objected: bool = False
    asked_at: datetime | None = None

    @property
    def hours_to_answer(self) -> float | None:
        """From the question to the answer."""
        if self.asked_at is None:
            return None
        return (self.answered_at - self.asked_at).total_seconds() / _SECONDS_AN_HOUR


@dataclass(frozen=True, slots=True)
class Became:
    """An outcome with its reason, a sentence for the brand, and the hours from the answer to the removal."""

    outcome: AnswerOutcome
    reason: str
    hours_to_removal: float | None


@dataclass(frozen=True, slots=True)
class BrandRecord:
    """The counts of a brand's answers. `median_hours_to_removal` is None before the first removal."""

    outcomes: Counter[AnswerOutcome]
    counter_notices: int
    counter_notices_upheld: int
    median_hours_to_removal: float | None


def became(answer: Answered) -> Became:
    """What became of one answer.

    An offer that was given back counts as rejected from the decision on; while the objection is open it counts as
    neither. What the marketplace never acknowledged was no removal, and is nobody's mistake.
    """
    outcome, reason = _outcome(answer)
    return Became(outcome, reason, _hours(answer))


def _outcome(answer: Answered) -> tuple[AnswerOutcome, str]:
    if answer.taken_back:
        return AnswerOutcome.TAKEN_BACK, "You took the answer back."
    if answer.judgement is not Judgement.COUNTERFEIT:
        return AnswerOutcome.NO_REMOVAL_ASKED, "The answer asks for no removal."
    match answer.appeal:
        case AppealState.UPHELD:
            return AnswerOutcome.REJECTED, "The seller objected and was right; the offer is shown again."
        case AppealState.UNANSWERED:
            return AnswerOutcome.REJECTED, "The seller objected, nobody answered in time, and the offer is shown again."
        case AppealState.OPEN:
            return AnswerOutcome.CONTESTED, "The seller objected; a person who has not decided before looks at it."
        case AppealState.DISMISSED:
            return AnswerOutcome.ACCEPTED, "The seller objected and was wrong; the offer stays removed."
        case AppealState.NONE if answer.counter_notice is not None:
            return _COUNTERED[answer.counter_notice]
        case AppealState.NONE:
            return _of_removal(answer.removal)


_COUNTERED: Final = {
    CounterNoticeState.WITH_SELLER: (AnswerOutcome.CONTESTED, "The seller objected and may answer what you said."),
    CounterNoticeState.WITH_RIGHTS_HOLDER: (AnswerOutcome.CONTESTED, "The seller objected; your answer is awaited."),
    CounterNoticeState.WITH_REVIEWER: (
        AnswerOutcome.CONTESTED,
        "The seller objected; a person who has not decided before looks at it.",
    ),
    CounterNoticeState.WITH_COURT: (AnswerOutcome.CONTESTED, "The seller objected, and you have gone to court."),
    CounterNoticeState.UPHELD: (AnswerOutcome.REJECTED, "You gave way; the offer is shown again."),
    CounterNoticeState.DISMISSED: (
        AnswerOutcome.ACCEPTED,
        "The seller objected and was wrong; the offer stays removed.",
    ),
    CounterNoticeState.LAPSED: (AnswerOutcome.ACCEPTED, "The seller objected and answered no more."),
    CounterNoticeState.WITHDRAWN: (AnswerOutcome.ACCEPTED, "The seller objected and took it back."),
}


def _of_removal(removal: ActionState | None) -> tuple[AnswerOutcome, str]:
    match removal:
        case ActionState.ACKNOWLEDGED:
            return AnswerOutcome.ACCEPTED, "The offer is removed."
        case ActionState.WITHDRAWN:
            return AnswerOutcome.REJECTED, "The removal was withdrawn before it left."
        case ActionState.DEAD:
            return AnswerOutcome.UNDERWAY, "The marketplace has not acknowledged the removal; we look into it."
        case ActionState.HELD:
            return AnswerOutcome.UNDERWAY, "The removal waits until enough people let it go."
        case None:
            return AnswerOutcome.UNDERWAY, "An analyst decides before anything is removed."
        case ActionState.SCHEDULED | ActionState.SENDING:
            return AnswerOutcome.UNDERWAY, "The removal is on its way."


def _upheld(answer: Answered) -> bool:
    return answer.appeal in _GIVEN_BACK or (
        answer.appeal is AppealState.NONE and answer.counter_notice is CounterNoticeState.UPHELD
    )


def _hours(answer: Answered) -> float | None:
    if answer.removed_at is None or answer.taken_back:
        return None
    return (answer.removed_at - answer.answered_at).total_seconds() / _SECONDS_AN_HOUR


def brand_record(answers: Iterable[Answered]) -> BrandRecord:
    """The counts behind a brand's dashboard."""
    given = list(answers)
    found = [became(answer) for answer in given]
    hours = [one.hours_to_removal for one in found if one.hours_to_removal is not None]
    objected = [answer for answer in given if answer.objected]
    return BrandRecord(
        Counter(one.outcome for one in found),
        len(objected),
        sum(_upheld(answer) for answer in objected),
        median(hours) if hours else None,
    )
