"""Which brand needs its account manager first, and why, in words. Standard library only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from serving.account_management.policy import AttentionPolicy
from serving.standing.rules.enrolment import Phase
from serving.standing.rules.standing import IN_GOOD_STANDING, Level


class Need(StrEnum):
    """What a brand needs its account manager for, the most urgent first."""

    OVERDUE = "overdue"  # An analyst gets the question now, and the brand's word is lost.
    STANDING_LOST = "standing_lost"
    SILENT = "silent"
    ESCALATED = "escalated"
    STANDING_WARNED = "standing_warned"
    RIGHTS_TO_VERIFY = "rights_to_verify"  # Nothing is carried by a right that nobody has looked at.
    MESSAGES = "messages"
    INVITED = "invited"
    RIGHTS_ENDING = "rights_ending"


_ORDER: Final = tuple(Need)


@dataclass(frozen=True, slots=True)
class BrandFigures:
    """What is known of a brand at a moment.

    `answered_at` is None where nobody of it has ever answered; `unanswered` are the questions that its silence gave
    back within the days of the policy; `rights_ending` have an end within the days of which people are told; `outlook`
    says what would end good standing.
    """

    takes_part: bool
    overdue: int
    escalated: int
    unanswered: int
    answered_at: datetime | None
    level: Level
    warned: bool
    outlook: str
    phase: Phase
    rights_to_verify: int
    rights_ending: int
    unread: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One need with the sentence that the account manager reads."""

    need: Need
    sentence: str


def attention(found: BrandFigures, at: datetime, policy: AttentionPolicy) -> tuple[Reason, ...]:
    """Why a brand needs its account manager, the most urgent first; nothing where it does not.

    A brand that does not take part is asked nothing, so that neither silence nor standing can be its fault; rights and
    messages count all the same.
    """
    said: dict[Need, str] = {}
    if found.takes_part:
        said |= _of_answers(found, at, policy)
    if found.rights_to_verify:
        said[Need.RIGHTS_TO_VERIFY] = f"{_many(found.rights_to_verify, 'right')} to verify."
    if found.unread:
        said[Need.MESSAGES] = f"{_many(found.unread, 'message')} unread."
    if found.rights_ending:
        ends = "ends" if found.rights_ending == 1 else "end"
        said[Need.RIGHTS_ENDING] = f"{_many(found.rights_ending, 'right')} {ends} soon."
    return tuple(Reason(need, said[need]) for need in _ORDER if need in said)


def _of_answers(found: BrandFigures, at: datetime, policy: AttentionPolicy) -> dict[Need, str]:
    said: dict[Need, str] = {}
    if found.overdue:
        said[Need.OVERDUE] = f"{_many(found.overdue, 'question')} overdue."
    if found.level not in IN_GOOD_STANDING:
        said[Need.STANDING_LOST] = f"Good standing is lost: {found.level.value}."
    elif found.warned:
        said[Need.STANDING_WARNED] = f"Good standing is at risk. {found.outlook}".strip()
    if (silence := _silence(found, at, policy)) is not None:
        said[Need.SILENT] = silence
    if found.escalated:
        said[Need.ESCALATED] = f"{_many(found.escalated, 'question')} to ask about before the deadline."
    if found.phase is Phase.INVITED:
        said[Need.INVITED] = "Nobody of the brand has passed the briefing."
    return said


def _silence(found: BrandFigures, at: datetime, policy: AttentionPolicy) -> str | None:
    """Only silence to a question is one: who was not asked has nothing to answer."""
    long = timedelta(days=policy.silent_after_days)
    if not found.unanswered or (found.answered_at is not None and at - found.answered_at < long):
        return None
    gave_back = f"let {_many(found.unanswered, 'question')} go back in {policy.silent_after_days} days"
    if found.answered_at is None:
        return f"Silent: it has never answered, and {gave_back}."
    return f"Silent: no answer for {(at - found.answered_at).days} days, and it {gave_back}."


def urgency(reasons: tuple[Reason, ...]) -> tuple[int, ...]:
    """A key that sorts brands by what they need: the most urgent need first, then how many needs there are besides."""
    if not reasons:
        return (len(_ORDER), 0)
    return (_ORDER.index(reasons[0].need), -len(reasons))


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
