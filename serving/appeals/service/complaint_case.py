"""The case that decides a complaint: it replaces the listing's open case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.case import CaseEvent, CaseLane, CaseState
from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from serving.appeals.rules.appeals import Admission
from serving.cases.service.case_hooks import CaseHooks
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime

# Above the expected harm of every open case: a seller's livelihood takes precedence over any suspicion, and a
# notifier, who has waited once already, over every notice.
_PRIORITY: Final = {CaseLane.APPEAL: 1e12, CaseLane.COMPLAINT: 1e11}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintCase:
    """A complaint case: the admitted complaint, its version and score, the complainant (`actor`), and the statement.

    `question_returned` is whether the brand may not be asked, because it has decided before.
    """

    admitted: Admission
    lane: CaseLane
    version_id: str
    score_id: str
    actor: str
    what: str
    question_returned: bool = False


def open_complaint(
    runtime: Runtime,
    connection: Connection,
    decided: Case,
    waiting: Case | None,
    complaint_heard: ComplaintCase,
    now: datetime,
) -> str:
    """Open the case and return its id. It replaces the listing's open case and takes over its pending steps.

    A complainant with frequent complaints and no success waits behind the others.
    """
    here, case_id = decided.marketplace_id, runtime.ids.new("cas")
    if waiting is not None:
        cases.change(connection, waiting, CaseEvent.NEW_VERSION, {"decided_at": now}, holder=None, at=now)
    row = {
        "marketplace_id": here,
        "case_id": case_id,
        "listing_id": decided.listing_id,
        "version_id": complaint_heard.version_id,
        "score_id": complaint_heard.score_id,
        "brand_id": decided.brand_id,
        "mark": decided.mark,
        "mark_owner": decided.mark_owner,
        "lane": complaint_heard.lane.value,
        "state": CaseState.OPEN.value,
        "priority": 0.0 if complaint_heard.admitted.behind_others else _PRIORITY[complaint_heard.lane],
        "opened_at": now,
        "due_at": now + timedelta(hours=runtime.policies[EnforcementPolicy].analyst_decides_within_hours),
        "follows_case_id": (waiting or decided).case_id,
        "question_returned": complaint_heard.question_returned,
    }
    cases.add_cases(connection, [row])
    if waiting is not None:
        runtime.services[CaseHooks].replaced(connection, here, waiting.case_id, case_id)
    event = {
        "marketplace_id": here,
        "event_id": runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"{complaint_heard.what} {in_english(complaint_heard.admitted.told)}"[:200],
        "actor": complaint_heard.actor,
        "known_at": now,
    }
    cases.add_events(connection, [event])
    return case_id
