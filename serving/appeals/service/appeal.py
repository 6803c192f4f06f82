"""A seller's appeal against a removal: a case for a reviewer who did not take the earlier decision."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from features.message import Message
from models.case import CaseLane
from models.errors import Conflict, require
from models.labels import AppealState
from models.messages.english import in_english
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import KNOWN, Admission, admit
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.complaint_case import ComplaintCase, open_complaint
from serving.appeals.service.counter_notice_steps import Statement, take_step
from serving.appeals.store import appeals, counter_notices
from serving.audit.store import audit
from serving.cases.store import cases
from serving.listings.store import listings
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionState


@dataclass(frozen=True, slots=True)
class Complaint:
    """An appeal as the marketplace forwards it: its own id, the listing, and the seller's statement."""

    external_id: str
    listing_external_id: str
    statement: str


@dataclass(frozen=True, slots=True)
class AppealReceipt:
    """A received appeal, whether it is new, and the message to its appellant."""

    appeal_id: str
    is_new: bool
    message: Message


def file_appeal(runtime: Runtime, marketplace: Marketplace, complaint: Complaint) -> AppealReceipt:
    """Open an appeal. A repeated submission returns the same appeal.

    Raises NotFound (there is no such listing), Conflict (the listing has not been removed, or an appeal against this
    removal exists already) or TooLate (the appeal period of six months from the notification of the seller has passed).
    """
    marketplace_id = marketplace.marketplace_id
    with runtime.store.write() as connection:
        known = appeals.by_external_id(connection, marketplace_id, complaint.external_id)
        if known is not None:
            return AppealReceipt(known.appeal_id, is_new=False, message=KNOWN[known.state])
        removal = removal_in_force(connection, marketplace_id, complaint.listing_external_id)
        contested = counter_notices.of_action(connection, marketplace_id, removal.action_id)
        if contested is not None and appeals.of_action(connection, marketplace_id, removal.action_id) is None:
            take_step(
                runtime, connection, contested, Statement(CounterNoticeEvent.APPEAL, complaint.statement, "seller")
            )
        return open_appeal(runtime, connection, removal, complaint.external_id, complaint.statement)


def open_appeal(
    runtime: Runtime, connection: Connection, removal: StoredAction, external_id: str, statement: str
) -> AppealReceipt:
    """Open an appeal against a removal with its case, in the caller's transaction.

    Raises Conflict, TooLate (an appeal against this removal exists already; the appeal period has passed).
    """
    now, marketplace_id = runtime.clock.now(), removal.marketplace_id
    policy = runtime.policies[AppealPolicy]
    since = now - timedelta(days=policy.record_days)
    admitted = admit(
        informed_at=removal.acknowledged_at or now,
        at=now,
        is_first=appeals.of_action(connection, marketplace_id, removal.action_id) is None,
        record=appeals.record_of(connection, marketplace_id, removal.listing_id, since),
        policy=policy,
    )
    case_id = _open_case(runtime, connection, removal, admitted)
    appeal_id = runtime.ids.new("apl")
    row = {
        "marketplace_id": marketplace_id,
        "appeal_id": appeal_id,
        "listing_id": removal.listing_id,
        "action_id": removal.action_id,
        "case_id": case_id,
        "external_id": external_id,
        "statement": statement,
        "state": AppealState.OPEN.value,
        "occurred_at": now,
        "known_at": now,
    }
    appeals.add_appeal(connection, row)
    audit.record(
        connection,
        now,
        marketplace_id,
        "seller",
        "appeal.filed",
        appeal_id,
        action_id=removal.action_id,
        listing_id=removal.listing_id,
        told=in_english(admitted.message),
    )
    return AppealReceipt(appeal_id, is_new=True, message=admitted.message)


def removal_in_force(connection: Connection, marketplace_id: str, external_id: str) -> StoredAction:
    """The removal in force of a listing. Raises NotFound, Conflict (there is no such listing; it is not removed)."""
    listing_id = require(listings.id_of(connection, marketplace_id, external_id), "There is no such listing.")
    states = (ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD)
    removal = actions.removal_of_listing(connection, marketplace_id, listing_id, states)
    if removal is None:
        raise Conflict("The listing is not removed, so there is nothing to appeal against.")
    return removal


def _open_case(runtime: Runtime, connection: Connection, removal: StoredAction, admitted: Admission) -> str:
    """The appeal's case shows the version that was removed, with the score that it had then."""
    marketplace_id = removal.marketplace_id
    waiting = cases.open_cases(connection, marketplace_id, [removal.listing_id]).get(removal.listing_id)
    decided = cases.of_verdict(connection, marketplace_id, removal.verdict_id)
    shown = waiting or decided
    complaint_heard = ComplaintCase(
        admitted=admitted,
        lane=CaseLane.APPEAL,
        version_id=shown.version_id,
        score_id=shown.score_id,
        actor="seller",
        what="The seller appeals against the removal.",
    )
    return open_complaint(runtime, connection, decided, waiting, complaint_heard, runtime.clock.now())
