"""The case that decides a complaint: it replaces the listing's open case."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import each_as_json
from models.case import CaseEvent, CaseLane, CaseState
from models.messages.english import fields_in_english, in_english
from models.policies.deciding import EnforcementPolicy
from models.strikes import VoidCause
from serving.appeals.rules.appeals import Admission
from serving.appeals.store import overturns
from serving.audit.store import audit
from serving.cases.service.case_hooks import CaseHooks
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime
from serving.takedowns.rules.statement import OverturnCause, amended_statement, reinstatement_statement
from serving.takedowns.service import takedown
from serving.takedowns.service.removal_hooks import RemovalHooks
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind

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
    marketplace_id, case_id = decided.marketplace_id, runtime.ids.new("cas")
    if waiting is not None:
        cases.apply_event(connection, waiting, CaseEvent.NEW_VERSION, {"decided_at": now}, holder=None, at=now)
    row = {
        "marketplace_id": marketplace_id,
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
        runtime.services[CaseHooks].replaced(connection, marketplace_id, waiting.case_id, case_id)
    event = {
        "marketplace_id": marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"{complaint_heard.what} {in_english(complaint_heard.admitted.message)}"[:200],
        "actor": complaint_heard.actor,
        "known_at": now,
    }
    cases.add_events(connection, [event])
    return case_id


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a removal is undone: the cause, the person's verdict behind it if there is one, and the actor."""

    cause: OverturnCause
    verdict_id: str | None
    actor: str


def overturn(
    runtime: Runtime, connection: Connection, removal: StoredAction, ground: Ground, at: datetime
) -> StoredAction | None:
    """Undo a removal; returns the reinstatement, or None, without a change, where it was undone before."""
    marketplace_id = removal.marketplace_id
    overturn_id = runtime.ids.new("ovt")
    amendment = amended_statement(ground.cause)
    row = {
        "marketplace_id": marketplace_id,
        "overturn_id": overturn_id,
        "action_id": removal.action_id,
        "verdict_id": ground.verdict_id,
        "reinstatement_id": None,
        "cause": ground.cause.value,
        "amendment": fields_in_english(amendment),
        "amendment_messages": each_as_json(amendment.filled_fields()),
        "overturned_at": at,
        "undone_at": None,
    }
    if not overturns.add_overturn(connection, row):
        return None
    cause = takedown.Cause(marketplace_id, removal.listing_id, ground.verdict_id or removal.verdict_id, ground.actor)
    statement = reinstatement_statement(ground.cause)
    reinstatement = takedown.schedule(runtime, connection, ActionKind.REINSTATE, cause, statement, at)
    overturns.set_reinstatement(connection, marketplace_id, overturn_id, reinstatement.action_id)
    removed_on = cases.of_verdict(connection, marketplace_id, removal.verdict_id)
    event = {
        "marketplace_id": marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": removed_on.case_id,
        "what": in_english(amendment.ground)[:200],
        "actor": ground.actor,
        "known_at": at,
    }
    cases.add_events(connection, [event])
    payload = {"removal": removal.action_id, "reinstatement": reinstatement.action_id, "cause": ground.cause.value}
    audit.record(connection, at, marketplace_id, ground.actor, "removal.overturned", overturn_id, **payload)
    runtime.services[RemovalHooks].voided(runtime, connection, removal, VoidCause.OVERTURNED, at)
    return reinstatement
