"""Erasure of a seller: previewed, done once, completed by the sweep, refused under legal hold; the log stays whole."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.message import message
from models.errors import Conflict, Invalid, NotFound
from models.messages.english import in_english
from serving.appeals.policy import AppealPolicy
from serving.audit.rules.chain import ERASURE
from serving.audit.store import audit
from serving.listings.store import search
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.privacy.rules.erasure import (
    ALWAYS_KEPT,
    ErasableData,
    why_keep_notified,
    why_keep_removal,
    why_keep_report,
    why_keep_test_buy,
)
from serving.privacy.store import erasures, legal_holds, reported
from serving.privacy.store.erasures import Erasure
from serving.privacy.store.legal_holds import LegalHold

# A deadline of months is checked daily.
_AGAIN: Final = timedelta(days=1)
_MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class _Plan:
    """The data to erase, by removal and notified listing, and the reasons for keeping other data, with counts."""

    counts: dict[ErasableData, int]
    subjects: list[str]
    waiting: Counter[str]

    def shown(self) -> dict[str, Any]:
        return {
            "erased": {in_english(message(f"erasable.{erasable}")): count for erasable, count in self.counts.items()},
            "kept_for_now": dict(self.waiting),
            "kept": list(map(in_english, ALWAYS_KEPT)),
        }


def erase_seller(
    runtime: Runtime, marketplace: Marketplace, seller: str, *, carry_out: bool, by: str
) -> dict[str, Any]:
    """The data of a seller to erase, the data to keep, and the reasons; erased only with `carry_out`.

    Data of removals that can still be appealed is kept for now, and the sweep erases it later. A repeated call
    erases the data added since.

    Raises NotFound (the marketplace has no record of this seller) or Conflict (the seller is under legal hold).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        if not erasures.is_known(connection, marketplace_id, seller):
            raise NotFound("There is no such seller.")
        _refuse_pending(connection, marketplace_id, seller)
        if not carry_out:
            return {**_plan_erasure(runtime, connection, marketplace_id, seller, now).shown(), "carried_out": False}
    with runtime.store.write() as connection:
        audit.lock(connection)
        _refuse_pending(connection, marketplace_id, seller)
        erasure = erasures.unfinished_erasure(connection, marketplace_id, seller)
        if erasure is None:
            erasure = Erasure(marketplace_id, runtime.ids.new("era"), seller, by, now, None)
            erasures.add_erasure(connection, erasure)
        plan = _carry_out(runtime, connection, erasure, by, now)
    return {**plan.shown(), "carried_out": True}


def finish_erasures(runtime: Runtime) -> int:
    """Erase data whose reason for being kept has ended; returns how many requests were checked."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        due = erasures.due_erasures(connection, now, _MOST_AT_ONCE)
    for erasure in due:
        with runtime.store.write() as connection:
            audit.lock(connection)
            if legal_holds.holds_in_force(connection, erasure.marketplace_id, erasure.seller):
                erasures.schedule_check(connection, erasure, now + _AGAIN)
            else:
                _carry_out(runtime, connection, erasure, "sweep", now)
    return len(due)


def set_hold(runtime: Runtime, marketplace: Marketplace, seller: str, *, reason: str, by: str) -> None:
    """Put a seller under legal hold: none of its data is erased until the hold is lifted.

    Raises Invalid (no reason is given) or Conflict (the seller is already under hold).
    """
    marketplace_id, now, text = marketplace.marketplace_id, runtime.clock.now(), _check_reason(reason)
    hold = LegalHold(marketplace_id, runtime.ids.new("hld"), seller, text, by, now)
    with runtime.store.write() as connection:
        audit.lock(connection)
        if not legal_holds.add_hold(connection, hold):
            raise Conflict("This seller is under legal hold already.")
        audit.record(connection, now, marketplace_id, by, "legal_hold.set", hold.hold_id, reason=text)


def lift_hold(runtime: Runtime, marketplace: Marketplace, seller: str, *, reason: str, by: str) -> None:
    """End a legal hold; requested erasures run at the next sweep.

    Raises Invalid (no reason is given) or Conflict (the seller is not under hold).
    """
    marketplace_id, now, text = marketplace.marketplace_id, runtime.clock.now(), _check_reason(reason)
    with runtime.store.write() as connection:
        hold_id = legal_holds.lift_hold(connection, marketplace_id, seller, now)
        if hold_id is None:
            raise Conflict("This seller is not under legal hold.")
        audit.record(connection, now, marketplace_id, by, "legal_hold.lifted", hold_id, reason=text)


def _check_reason(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Give a reason.")
    return reason.strip()[:500]


def _refuse_pending(connection: Connection, marketplace_id: str, seller: str) -> None:
    for hold in legal_holds.holds_in_force(connection, marketplace_id, seller):
        since = hold.set_at.date().isoformat()
        raise Conflict(
            "This seller is under legal hold since {since} ({why}); nothing is erased until it is lifted.",
            since=since,
            why=hold.reason,
        )


def _plan_erasure(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str, now: datetime) -> _Plan:
    policy, place_id = runtime.policies[AppealPolicy], marketplace_id
    reasons = {
        removal.action_id: why_keep_removal(removal, now, policy)
        for removal in erasures.seller_removals(connection, place_id, seller)
    }
    reasons |= {
        listing.item_id: why_keep_notified(listing, now, policy)
        for listing in erasures.notified_listings(connection, place_id, seller)
    }
    waiting_for = {subject for subject, why in reasons.items() if why is not None}
    reasons |= {
        goods.test_buy_id: why_keep_test_buy(goods, waiting_for)
        for goods in erasures.bought_goods(connection, place_id, seller)
    }
    reasons |= {
        document.report_id: why_keep_report(document, waiting_for)
        for document in reported.documents(connection, place_id, seller)
    }
    subjects = [subject for subject, why in reasons.items() if why is None]
    waiting = Counter(in_english(why) for why in reasons.values() if why is not None)
    return _Plan(erasures.count_by_class(connection, place_id, seller, subjects), subjects, waiting)


def _carry_out(runtime: Runtime, connection: Connection, erasure: Erasure, by: str, now: datetime) -> _Plan:
    plan = _plan_erasure(runtime, connection, erasure.marketplace_id, erasure.seller, now)
    search.forget_seller(connection, erasure.marketplace_id, erasure.seller)
    if any(plan.counts.values()):
        entries = erasures.erase(connection, erasure, plan.subjects, now)
        # Only the erasure names the seller, because an entry of the log cannot be erased.
        payload = {"entries": entries, "erased": {erasable.value: many for erasable, many in plan.counts.items()}}
        audit.record(connection, now, erasure.marketplace_id, by, ERASURE, erasure.erasure_id, **payload)
    erasures.schedule_check(connection, erasure, now + _AGAIN if plan.waiting else None)
    return plan
