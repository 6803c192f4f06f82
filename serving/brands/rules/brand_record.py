"""The outcomes of a brand's answers, accepted or rejected and why, and the figures that every page shows of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """The outcome of an answer. Only `accepted` and `rejected` count."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONTESTED = "contested"
    UNDERWAY = "underway"
    NO_REMOVAL_ASKED = "no_removal_asked"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """An answer of a brand and what is known of its removal; `removal` is None where the answer caused none.

    `counter_notice` is the state of the one against the removal, None where neither side has made a statement in it.
    `objected` is set where the seller objected, there or on appeal. `asked_at` is when the question came to the
    brand.
    """

    judgement: Judgement
    answered_at: datetime
    undone: bool
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
class AnswerResult:
    """An outcome with its reason, a code of the catalogue, and the hours from the answer to the removal."""

    outcome: AnswerOutcome
    reason: str
    hours_to_removal: float | None


@dataclass(frozen=True, slots=True)
class Median:
    """A median time in hours and the number of values; None without values."""

    hours: float | None
    n: int


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """The figures of a brand's answers, for every page and file that shows one of them.

    Window: by the time of the answer, from `window_start` on. Undone answers are in `undone` alone. Units: answers, and
    hours in the medians.

    `accepted` of `decided`: confirmations whose removal the marketplace acknowledged and which stands, of these and the
    rejected ones. `objections_upheld` of `objections`: those that ended with the listing reinstated, of the answers to
    whose removal the seller objected. `to_answer`: from the question to the answer, of the answers to a question.
    `to_removal`: from the answer to the acknowledgement of the marketplace, of the acknowledged removals, also those
    that were overturned later.
    """

    answers: int
    undone: int
    outcomes: Counter[AnswerOutcome]
    objections: int
    objections_upheld: int
    to_answer: Median
    to_removal: Median

    @property
    def accepted(self) -> int:
        return self.outcomes[AnswerOutcome.ACCEPTED]

    @property
    def rejected(self) -> int:
        return self.outcomes[AnswerOutcome.REJECTED]

    @property
    def decided(self) -> int:
        return self.accepted + self.rejected


def window_start(now: datetime, days: int) -> datetime:
    """When the window of the figures begins: at midnight (UTC), so that two pages of a day count the same answers."""
    return (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


def result_of(answer: AnswerFacts) -> AnswerResult:
    """The outcome of one answer.

    A reinstated listing counts as rejected from the decision on; while the objection is open it counts as neither. A
    removal without acknowledgement by the marketplace is no removal, so it is no mistake either.
    """
    outcome, reason = _outcome(answer)
    return AnswerResult(outcome, reason, _hours_to_removal(answer))


def _outcome(answer: AnswerFacts) -> tuple[AnswerOutcome, str]:
    if answer.undone:
        return AnswerOutcome.UNDONE, "answer.undone"
    if answer.judgement is not Judgement.COUNTERFEIT:
        return AnswerOutcome.NO_REMOVAL_ASKED, "answer.no_removal"
    if answer.appeal is not AppealState.NONE:
        return _APPEALED[answer.appeal]
    return _REMOVALS[answer.removal] if answer.counter_notice is None else _COUNTERED[answer.counter_notice]


_APPEALED: Final = {
    AppealState.UPHELD: (AnswerOutcome.REJECTED, "answer.appeal_upheld"),
    AppealState.UNANSWERED: (AnswerOutcome.REJECTED, "answer.appeal_unanswered"),
    AppealState.OPEN: (AnswerOutcome.CONTESTED, "answer.appeal_open"),
    AppealState.DISMISSED: (AnswerOutcome.ACCEPTED, "answer.appeal_dismissed"),
}
_COUNTERED: Final = {
    CounterNoticeState.WITH_SELLER: (AnswerOutcome.CONTESTED, "answer.with_seller"),
    CounterNoticeState.WITH_RIGHTS_HOLDER: (AnswerOutcome.CONTESTED, "answer.with_rights_holder"),
    CounterNoticeState.WITH_REVIEWER: (AnswerOutcome.CONTESTED, "answer.appeal_open"),
    CounterNoticeState.WITH_COURT: (AnswerOutcome.CONTESTED, "answer.with_court"),
    CounterNoticeState.UPHELD: (AnswerOutcome.REJECTED, "answer.conceded"),
    CounterNoticeState.DISMISSED: (AnswerOutcome.ACCEPTED, "answer.appeal_dismissed"),
    CounterNoticeState.LAPSED: (AnswerOutcome.ACCEPTED, "answer.lapsed"),
    CounterNoticeState.WITHDRAWN: (AnswerOutcome.ACCEPTED, "answer.withdrawn"),
}
_REMOVALS: Final = {
    ActionState.ACKNOWLEDGED: (AnswerOutcome.ACCEPTED, "answer.removed"),
    ActionState.WITHDRAWN: (AnswerOutcome.REJECTED, "answer.removal_withdrawn"),
    ActionState.DEAD: (AnswerOutcome.UNDERWAY, "answer.dead"),
    ActionState.PENDING_APPROVAL: (AnswerOutcome.UNDERWAY, "answer.pending"),
    ActionState.SCHEDULED: (AnswerOutcome.UNDERWAY, "answer.underway"),
    ActionState.SENDING: (AnswerOutcome.UNDERWAY, "answer.underway"),
    None: (AnswerOutcome.UNDERWAY, "answer.analyst"),
}


def _objection_upheld(answer: AnswerFacts) -> bool:
    return answer.appeal in _GIVEN_BACK or (
        answer.appeal is AppealState.NONE and answer.counter_notice is CounterNoticeState.UPHELD
    )


def _hours_to_removal(answer: AnswerFacts) -> float | None:
    if answer.removed_at is None or answer.undone:
        return None
    return (answer.removed_at - answer.answered_at).total_seconds() / _SECONDS_AN_HOUR


def answer_figures(answers: Iterable[AnswerFacts]) -> AnswerFigures:
    """The figures of these answers, which are those of the window."""
    all_answers = list(answers)
    standing = [answer for answer in all_answers if not answer.undone]
    endings = [result_of(answer) for answer in standing]
    objected = [answer for answer in standing if answer.objected]
    return AnswerFigures(
        answers=len(standing),
        undone=len(all_answers) - len(standing),
        outcomes=Counter(ending.outcome for ending in endings),
        objections=len(objected),
        objections_upheld=sum(_objection_upheld(answer) for answer in objected),
        to_answer=_median(answer.hours_to_answer for answer in standing),
        to_removal=_median(ending.hours_to_removal for ending in endings),
    )


def _median(hours: Iterable[float | None]) -> Median:
    known = [hour for hour in hours if hour is not None]
    return Median(median(known) if known else None, len(known))
