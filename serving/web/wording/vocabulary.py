"""Labels of states and choices, with the CSS class of each."""

from dataclasses import dataclass, replace
from typing import Final

from models.case import CaseLane
from models.routing import Lane
from models.verdict import Judgement, ReasonCode
from serving.accounts.rules.access import Role
from serving.platform.tongues import N_
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.status import ListingState
from serving.takedowns.rules.removal_check import CheckState
from serving.webhooks.rules.action import ActionKind, ActionState


@dataclass(frozen=True, slots=True)
class Choice:
    """A judgement as a button: its label for staff, its text for a brand, its key, its class.

    Texts of this module are marked here and translated when shown.
    """

    judgement: Judgement
    word: str
    answer: str
    key: str
    tone: str


CHOICES: Final = (
    Choice(Judgement.COUNTERFEIT, N_("Counterfeit"), N_("No, counterfeit"), "C", "c"),
    Choice(Judgement.GENUINE, N_("Genuine"), N_("Yes, ours"), "G", "g"),
    Choice(Judgement.GREY_MARKET, N_("Grey market"), N_("Ours, grey market"), "M", "m"),
    Choice(Judgement.LICENSED, N_("Licensed"), N_("Licensed"), "L", "l"),
    Choice(Judgement.CANNOT_TELL, N_("Cannot tell"), N_("Cannot tell"), "N", "n"),
    Choice(Judgement.NEEDS_TEST_BUY, N_("Test buy"), N_("Test buy"), "T", "t"),
)
CHOICE_OF: Final = {choice.judgement: choice for choice in CHOICES}
# Where a person decides about somebody's objection, the two main answers are named by what becomes of it.
_OBJECTIONS: Final = {
    CaseLane.APPEAL: {Judgement.COUNTERFEIT: "Dismiss appeal", Judgement.GENUINE: "Uphold appeal"},
    CaseLane.COMPLAINT: {Judgement.COUNTERFEIT: "Uphold complaint", Judgement.GENUINE: "Dismiss complaint"},
}


def choices_on(lane: CaseLane) -> tuple[Choice, ...]:
    """The judgements as the buttons of a case in this lane."""
    named = _OBJECTIONS.get(lane, {})
    return tuple(replace(choice, word=named.get(choice.judgement, choice.word)) for choice in CHOICES)


@dataclass(frozen=True, slots=True)
class LaneName:
    """A lane in the rail: its name, its dot, and the text of its empty state."""

    lane: CaseLane
    name: str
    dot: str
    empty: str


LANES: Final = (
    LaneName(CaseLane.APPEAL, "Appeals", "d-act", "No open appeals."),
    LaneName(CaseLane.COMPLAINT, "Complaints", "d-act", "No open complaints."),
    LaneName(CaseLane.ANALYST, "Analyst review", "d-ana", "No cases for analyst review."),
    LaneName(CaseLane.AUDIT, "Random audit sample", "d-aud", "No open cases from the random audit sample."),
    LaneName(
        CaseLane.INSUFFICIENT_EVIDENCE, "Insufficient evidence", "d-ins", "No open cases with insufficient evidence."
    ),
    LaneName(CaseLane.SECOND_REVIEW, "Second reviews", "d-sec", "No open second reviews."),
    LaneName(CaseLane.ASK_BRAND, "Awaiting brand", "d-ask", "No open questions to brands."),
)
LANE_OF: Final = {lane.lane: lane for lane in LANES}
# Brands answer questions. Analysts can read them, but they are not part of analysts' queues.
ANALYST_LANES: Final = tuple(lane.lane for lane in LANES if lane.lane is not CaseLane.ASK_BRAND)

# The lanes of scores, in lower case; stored values keep their names.
ROUTES: Final = {
    Lane.ASK_BRAND: "ask brand",
    Lane.ANALYST: "analyst",
    Lane.INSUFFICIENT_EVIDENCE: "not enough evidence",
    Lane.AUDIT: "random audit sample",
    Lane.NO_ACTION: "no action",
}


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a list."""

    value: str
    text: str


ROLES: Final = {
    Role.ANALYST: N_("analyst"),
    Role.BRAND: N_("brand"),
    Role.ACCOUNT_MANAGER: N_("account manager"),
    Role.DATA_SCIENTIST: N_("data scientist"),
    Role.ADMIN: N_("administrator"),
}

REASON_CODES: Final = (
    Option(ReasonCode.TRADEMARK_COUNTERFEIT.value, N_("Mark on goods not made by the brand")),
    Option(ReasonCode.MARK_MISUSE.value, N_("Mark used without consent")),
    Option(ReasonCode.DESIGN.value, N_("Design copied")),
    Option(ReasonCode.COPYRIGHT.value, N_("Pictures or texts copied")),
    Option(ReasonCode.NOT_AS_DESCRIBED.value, N_("Not as described")),
)


@dataclass(frozen=True, slots=True)
class StateWords:
    """An action's state: its label, and the class of its badge."""

    word: str
    tone: str


ACTION_STATES: Final = {
    (ActionKind.REMOVE, ActionState.PENDING_APPROVAL): StateWords(N_("Pending approval"), "v-w"),
    (ActionKind.REMOVE, ActionState.SCHEDULED): StateWords(N_("Scheduled"), "v-w"),
    (ActionKind.REMOVE, ActionState.WITHDRAWN): StateWords(N_("Undone"), "out"),
    (ActionKind.REMOVE, ActionState.SENDING): StateWords(N_("Sent"), "v-l"),
    (ActionKind.REMOVE, ActionState.ACKNOWLEDGED): StateWords(N_("Acknowledged"), "v-g"),
    (ActionKind.REMOVE, ActionState.DEAD): StateWords(N_("Not delivered"), "v-c"),
    (ActionKind.REINSTATE, ActionState.PENDING_APPROVAL): StateWords(N_("Reinstatement pending approval"), "v-w"),
    (ActionKind.REINSTATE, ActionState.SCHEDULED): StateWords(N_("Reinstatement scheduled"), "v-w"),
    (ActionKind.REINSTATE, ActionState.WITHDRAWN): StateWords(N_("Reinstatement withdrawn"), "out"),
    (ActionKind.REINSTATE, ActionState.SENDING): StateWords(N_("Reinstatement sent"), "v-l"),
    (ActionKind.REINSTATE, ActionState.ACKNOWLEDGED): StateWords(N_("Reinstated"), "v-m"),
    (ActionKind.REINSTATE, ActionState.DEAD): StateWords(N_("Reinstatement not delivered"), "v-c"),
}
# A removal check adds to the acknowledgement only in these states; the others say the same.
CHECK_STATES: Final = {
    CheckState.GONE: StateWords(N_("Removed"), "v-g"),
    CheckState.STILL_SHOWN: StateWords(N_("Still shown"), "v-c"),
}
REPORT_RESULTS: Final = {
    ListingResult.SCHEDULED: StateWords(N_("Removal scheduled"), "v-g"),
    ListingResult.PENDING_APPROVAL: StateWords(N_("Pending approval"), "v-w"),
    ListingResult.CASE: StateWords(N_("An analyst decides"), "v-l"),
    ListingResult.UNKNOWN: StateWords(N_("Not known yet"), "out"),
    ListingResult.REFUSED: StateWords(N_("Refused"), "v-c"),
}
REPORT_STATES: Final = {
    ListingState.SCHEDULED: REPORT_RESULTS[ListingResult.SCHEDULED],
    ListingState.PENDING_APPROVAL: REPORT_RESULTS[ListingResult.PENDING_APPROVAL],
    ListingState.REMOVED: StateWords(N_("Removed"), "v-g"),
    ListingState.REINSTATED: StateWords(N_("Reinstated"), "v-c"),
    ListingState.STOPPED: StateWords(N_("Removal stopped"), "v-c"),
    ListingState.WITH_ANALYST: REPORT_RESULTS[ListingResult.CASE],
    ListingState.REJECTED: StateWords(N_("Rejected by an analyst"), "v-c"),
    ListingState.WAITING: REPORT_RESULTS[ListingResult.UNKNOWN],
    ListingState.AWAITS_STEP_UP: StateWords(N_("Waits for a person"), "v-w"),
    ListingState.DECIDING: StateWords(N_("Being decided"), "out"),
    ListingState.EXPIRED: StateWords(N_("Not received"), "out"),
    ListingState.REFUSED: REPORT_RESULTS[ListingResult.REFUSED],
    ListingState.WITHDRAWN: StateWords(N_("Withdrawn"), "out"),
    ListingState.RETRACTED: StateWords(N_("Retracted"), "out"),
}
OBJECTION: Final = StateWords(N_("Seller objected"), "v-w")

# What the audit log says of a person, where its entry needs no names.
ACTS: Final = {
    "password.changed": "Password changed", "password.reset": "Password reset with a link",
    "person.invited": "Invited", "person.leads": "Lead rights added", "person.leads_no_more": "Lead rights removed",
    "person.removed": "Removed from the brand", "person.reactivated": "Reactivated",
    "reset_link.made": "Password reset link created", "second_factor.added": "Second factor added",
    "second_factor.recovery_codes": "Recovery codes created", "second_factor.removed": "Second factor removed",
    "second_factor.reset": "Second factor reset",
}  # fmt: skip
