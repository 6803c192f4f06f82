"""Invalid notices: an analyst ends the item of a notice that is none, and no verdict on the listing is recorded."""

from dataclasses import dataclass
from typing import Final

from models.case import CaseEvent, CaseLane, CaseState
from models.errors import Conflict, NotFound
from models.verdict import Side
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.cases.service.case_access import visible_case
from serving.cases.service.decision_context import DecisionContext, add_timeline_line
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.notices.rules.notices import InvalidReason, ItemState
from serving.notices.service import notice_decisions
from serving.notices.store import notices
from serving.notices.store.notices import NoticeItem
from serving.platform.runtime import Runtime

_IN_WORDS: Final = {
    InvalidReason.WRONG_LISTING: "it describes other goods",
    InvalidReason.NO_CLAIM: "it claims no infringement",
    InvalidReason.SPAM: "spam",
}
# A brand that was asked answers; appeals, complaints and second reviews judge an earlier decision.
LANES: Final = frozenset({CaseLane.ANALYST, CaseLane.AUDIT, CaseLane.INSUFFICIENT_EVIDENCE})


@dataclass(frozen=True, slots=True)
class InvalidNotice:
    """A notice of a case, and why it is invalid."""

    case_id: str
    notice_id: str
    reason: InvalidReason


def end_invalid(runtime: Runtime, person: Person, invalid: InvalidNotice) -> bool:
    """End a notice's item of a case as invalid; returns whether the case is closed too.

    The case is closed without a verdict if the notice opened it and no other notice waits for it. A case that was
    open before, or that another reason keeps open, stays. The notifier is told at once, because nothing can be undone.

    Raises NotFound (the person is no analyst of the case, or no such notice waits for it) or Conflict (the case is not
    open for an analyst, or somebody else is working on it).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        case, side = visible_case(connection, person, invalid.case_id)
        if side is not Side.ANALYST:
            raise NotFound("There is no such notice.")
        if case.state is not CaseState.OPEN or case.lane not in LANES:
            raise Conflict("The case is not open for an analyst, so its notice cannot be ended.")
        waiting = [
            notice_item
            for notice_item in notices.of_case(connection, case.marketplace_id, case.case_id)
            if notice_item.state is ItemState.WAITING
        ]
        notice_item = next((notice_item for notice_item in waiting if notice_item.notice_id == invalid.notice_id), None)
        if notice_item is None:
            raise NotFound("No such notice waits for this case.")
        closes = len(waiting) == 1 and _is_opening_notice(case, notice_item)
        event, values = (CaseEvent.CALL_OFF, {"decided_at": now}) if closes else (CaseEvent.PASS_ON, {})
        cases.apply_event(connection, case, event, values, holder=person.user_id, at=now)
        notice_decisions.end_invalid(connection, notice_item, invalid.reason, person.user_id, now)
        context = DecisionContext(runtime, connection, person, case, side, now)
        closed = " Case closed without a verdict." if closes else ""
        add_timeline_line(context, f"Notice invalid: {_IN_WORDS[invalid.reason]}.{closed}")
        audit.record(
            connection,
            now,
            case.marketplace_id,
            context.actor,
            "notice.invalid",
            notice_item.item_id,
            notice_id=notice_item.notice_id,
            case_id=case.case_id,
            reason=invalid.reason.value,
            case_closed=closes,
        )
    return closes


def _is_opening_notice(case: Case, notice_item: NoticeItem) -> bool:
    """Whether the notice opened this very case, and not one that this case follows."""
    return notice_item.opened_case and case.opened_at == notice_item.known_at and case.report_id is None
