"""Which cases one answer may decide together, and why others are left to a look of their own. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.case import CaseLane, CaseState


class Made(StrEnum):
    """The result of one case of a bulk answer."""

    RECORDED = "recorded"
    REFUSED = "refused"  # Nothing was recorded for it; the reason says why.


@dataclass(frozen=True, slots=True)
class InBulk:
    """The conditions for a case in a bulk answer.

    `blind` is whether its judge must not see the score; `held_by` names somebody else who has it on the screen;
    `authorised` is whether its brand vouches for the seller; `elsewhere` whether it is of another marketplace than the
    rest.
    """

    state: CaseState
    lane: CaseLane
    blind: bool = False
    held_by: str | None = None
    authorised: bool = False
    elsewhere: bool = False


_LANES: Final[Mapping[CaseLane, str]] = {
    CaseLane.ASK_BRAND: "The brand has been asked, and answers for itself.",
    CaseLane.APPEAL: "An appeal is decided by itself, by its statement.",
    CaseLane.COMPLAINT: "A complaint is decided by itself, by its statement.",
    CaseLane.SECOND_REVIEW: "A second look is taken by itself: it checks what was said alone.",
}
_STATES: Final[Mapping[CaseState, str]] = {
    CaseState.DECIDED: "It has been decided already.",
    CaseState.STALE: "The listing was changed; a new case shows the current version.",
}


def why_left_out(case: InBulk) -> str | None:
    """Why a case is not decided with others, None where it may be.

    A bulk answer covers only cases that single answers would decide the same way. It excludes blind reviews, cases that
    somebody else is judging, and sellers that the brand vouches for.
    """
    if case.state in _STATES:
        return _STATES[case.state]
    if case.elsewhere:
        return "It is of another marketplace than the others."
    if case.lane in _LANES:
        return _LANES[case.lane]
    if case.blind:
        return "It is judged without the score, and by itself."
    if case.authorised:
        return "The brand authorised this seller. Look at it by itself."
    if case.held_by is not None:
        return f"{case.held_by} is working on it."
    return None
