"""The cases that one bulk answer may decide, and the reasons that exclude others. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.case import CaseLane, CaseState


class Made(StrEnum):
    """The result of one case of a bulk answer."""

    RECORDED = "recorded"
    REFUSED = "refused"  # No verdict was recorded; the reason says why.


@dataclass(frozen=True, slots=True)
class InBulk:
    """The conditions for a case in a bulk answer.

    `blind` is set where the judge must not see the score. `leased_by` names another person who has the case open.
    `authorised` is set where the brand vouches for the seller, `elsewhere` where the case belongs to another
    marketplace than the rest.
    """

    state: CaseState
    lane: CaseLane
    blind: bool = False
    leased_by: str | None = None
    authorised: bool = False
    elsewhere: bool = False


_LANES: Final[Mapping[CaseLane, str]] = {
    CaseLane.ASK_BRAND: "The brand has been asked and must answer this question.",
    CaseLane.APPEAL: "Decide each appeal on its own, by its statement.",
    CaseLane.COMPLAINT: "Decide each complaint on its own, by its statement.",
    CaseLane.SECOND_REVIEW: "Complete each second review on its own.",
}
_STATES: Final[Mapping[CaseState, str]] = {
    CaseState.DECIDED: "This case has already been decided.",
    CaseState.STALE: "The listing was changed; a new case shows the current version.",
}


def why_left_out(case: InBulk) -> str | None:
    """The reason that excludes a case from a bulk answer; None where it may be included.

    A bulk answer covers only cases that single answers would decide the same way. It excludes blind reviews, cases that
    somebody else is judging, and sellers that the brand vouches for.
    """
    if case.state in _STATES:
        return _STATES[case.state]
    if case.elsewhere:
        return "This case belongs to another marketplace than the others."
    if case.lane in _LANES:
        return _LANES[case.lane]
    if case.blind:
        return "This case is reviewed without the score. Decide it on its own."
    if case.authorised:
        return "The brand authorised this seller. Decide this case on its own."
    if case.leased_by is not None:
        return f"{case.leased_by} is working on this case."
    return None
