"""The overturn of a removal with all its consequences, in the caller's transaction and once.

An action and its delivery restore the listing. The seller's strike no longer counts, and a sanction that rested on it
ends. Labels and standing are computed from stored outcomes. The stored overturn therefore corrects the label, and the
reinstatement counts against the rights holder's standing. The removal's statement is amended, and both sides are told.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.message import each_as_json
from models.messages.english import fields_in_english, in_english
from models.strikes import Void
from serving.appeals.store import overturns
from serving.audit.store import audit
from serving.cases.store import cases
from serving.platform.runtime import Runtime
from serving.takedowns.rules.statement import Undone, amended_statement, reinstatement_statement
from serving.takedowns.service import takedown
from serving.takedowns.service.removal_hooks import RemovalHooks
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a removal is undone: the cause, the person's verdict behind it if there is one, and the actor."""

    cause: Undone
    verdict_id: str | None
    actor: str


def overturn(
    runtime: Runtime, connection: Connection, removal: StoredAction, ground: Ground, at: datetime
) -> StoredAction | None:
    """Undo a removal; returns the reinstatement, or None, without a change, where it was undone before."""
    here = removal.marketplace_id
    overturn_id = runtime.ids.new("ovt")
    amendment = amended_statement(ground.cause)
    row = {
        "marketplace_id": here,
        "overturn_id": overturn_id,
        "action_id": removal.action_id,
        "verdict_id": ground.verdict_id,
        "reinstatement_id": None,
        "cause": ground.cause.value,
        "amendment": fields_in_english(amendment),
        "amendment_messages": each_as_json(amendment.given()),
        "overturned_at": at,
        "undone_at": None,
    }
    if not overturns.add_overturn(connection, row):
        return None
    cause = takedown.Cause(here, removal.listing_id, ground.verdict_id or removal.verdict_id, ground.actor)
    statement = reinstatement_statement(ground.cause)
    made = takedown.schedule(runtime, connection, ActionKind.REINSTATE, cause, statement, at)
    overturns.name_reinstatement(connection, here, overturn_id, made.action_id)
    removed_on = cases.of_verdict(connection, here, removal.verdict_id)
    event = {
        "marketplace_id": here,
        "event_id": runtime.ids.new("evt"),
        "case_id": removed_on.case_id,
        "what": in_english(amendment.ground)[:200],
        "actor": ground.actor,
        "known_at": at,
    }
    cases.add_events(connection, [event])
    payload = {"removal": removal.action_id, "reinstatement": made.action_id, "cause": ground.cause.value}
    audit.record(connection, at, here, ground.actor, "removal.overturned", overturn_id, **payload)
    runtime.services[RemovalHooks].voided(runtime, connection, removal, Void.OVERTURNED, at)
    return made
