"""Test buys: ordered for a case, tracked in a custody log, and closed with a verdict on the goods."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from features import money
from models.case import BLIND_LANES, CaseEvent, CaseLane
from models.errors import Conflict, Forbidden, Invalid
from models.policies.deciding import EnforcementPolicy
from models.verdict import Evidence, Judgement, ReasonCode, Side
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.cases.rules.test_buy import (
    IN_TIMELINE,
    LONGEST_NOTE,
    LONGEST_REFERENCE,
    Custody,
    CustodyEvent,
    Examiner,
    TestBuyState,
    check_finding,
    custody_after,
    is_in_order,
)
from serving.cases.service.case_access import visible_case
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import VerdictOutcome, record_in
from serving.cases.store import cases, test_buys
from serving.cases.store.test_buys import CustodyLogEntry, TestBuy
from serving.platform.runtime import Runtime

_LONGEST: Final = {"order reference": LONGEST_REFERENCE, "holder": 200, "note": LONGEST_NOTE}


@dataclass(frozen=True, slots=True)
class Order:
    """The purchase for a case, and its expected arrival."""

    case_id: str
    version_id: str
    reference: str
    arrives_by: datetime
    cost: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the custody log: the holder from then on, the observation, and the time."""

    event: CustodyEvent
    holder: str
    text: str
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """The examiner's finding about the goods."""

    examiner: Examiner
    name: str
    judgement: Judgement
    text: str
    reason_code: ReasonCode | None = None


def place_order(runtime: Runtime, person: Person, new_order: Order) -> str:
    """Record that the goods of a case were ordered, and queue the case for analysts. Returns the test buy's id.

    Raises Conflict (the case is closed or leased by a colleague, the listing has changed, or a test buy is running) or
    NotFound, Forbidden, Invalid (the person has no access to the case; it is a blind case; a field is malformed).
    """
    now = runtime.clock.now()
    reference, minor = _checked_text("order reference", new_order.reference), _cost_in_minor(new_order)
    if new_order.arrives_by <= now:
        raise Invalid("The expected arrival must be in the future.")
    test_buy_id = runtime.ids.new("tby")
    with runtime.store.write() as connection:
        case, side = visible_case(connection, person, new_order.case_id)
        if side is Side.BRAND or case.lane in BLIND_LANES:
            raise Forbidden("Only analysts order test buys, and not for appeals, complaints or second reviews.")
        if case.version_id != new_order.version_id:
            raise Conflict("The listing has changed since you loaded it. Review the current version.")
        due_at = new_order.arrives_by + timedelta(
            days=runtime.policies[EnforcementPolicy].test_buy_examined_within_days
        )
        values = {"lane": CaseLane.ANALYST.value, "due_at": due_at}
        cases.apply_event(connection, case, CaseEvent.PASS_ON, values, holder=person.user_id, at=now)
        row = {
            "marketplace_id": case.marketplace_id,
            "test_buy_id": test_buy_id,
            "case_id": case.case_id,
            "version_id": case.version_id,
            "state": TestBuyState.ORDERED.value,
            "holder": None,
            "entries": 1,
            "order_reference": reference,
            "cost_minor": minor,
            "currency": new_order.currency,
            "ordered_by": person.user_id,
            "ordered_at": now,
            "due_at": due_at,
        }
        test_buys.add_test_buy(connection, row)
        test_buy = test_buys.get(connection, test_buy_id, [case.marketplace_id])
        text = Step(CustodyEvent.ORDER, "", f"Ordered as {reference}.", now)
        test_buys.add_entry(connection, _custody_row(runtime, person, test_buy, (1, None), text, now))
        _log_step(runtime, connection, person, test_buy, text, now)
    return test_buy_id


def take_step(runtime: Runtime, person: Person, test_buy_id: str, taken: Step) -> TestBuyState:
    """Append to the custody log that goods were received, handed over or inspected, or that the test buy is cancelled.

    Raises Conflict (the step is impossible now, somebody else holds the goods, or a concurrent step came first) or
    NotFound, Invalid (there is no such test buy; a text is empty or too long; the time is in the future or before the
    last step).
    """
    if taken.event in {CustodyEvent.ORDER, CustodyEvent.EXAMINE}:
        raise Invalid("Order a test buy on its case page, and close it with a verdict; neither is a custody step.")
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        test_buy = test_buys.get(connection, test_buy_id, person.marketplaces(Permission.REVIEW_CASES))
        return _append_step(runtime, connection, person, (test_buy, taken), now).state


def close(runtime: Runtime, person: Person, test_buy_id: str, finding: Finding) -> VerdictOutcome:
    """Record the examiner's finding as the verdict of the case; it outweighs every other verdict in training.

    Raises Conflict (the goods were not inspected or somebody else holds them; the case was decided or the listing has
    changed) or NotFound, Invalid (there is no such test buy; the judgement is not a finding).
    """
    check_finding(finding.judgement)
    now = runtime.clock.now()
    name, text = _checked_text("holder", finding.name), _checked_text("note", finding.text)
    with runtime.store.write() as connection:
        test_buy = test_buys.get(connection, test_buy_id, person.marketplaces(Permission.REVIEW_CASES))
        what = finding.judgement.value.replace("_", " ")
        taken = Step(
            CustodyEvent.EXAMINE, name, f"{finding.examiner.value.capitalize()}: {what}. {text}"[:LONGEST_NOTE]
        )
        reason_code = finding.reason_code if finding.judgement is Judgement.COUNTERFEIT else None
        answer = Answer(test_buy.case_id, test_buy.version_id, finding.judgement, reason_code, text, Evidence.TEST_BUY)
        recorded = record_in(runtime, connection, person, answer, now, examined=True)
        values = {"verdict_id": recorded.verdict_id, "closed_at": now}
        _append_step(runtime, connection, person, (test_buy, taken), now, **values)
    return recorded


def read(runtime: Runtime, person: Person, test_buy_id: str) -> tuple[TestBuy, list[CustodyLogEntry]]:
    """A test buy with its custody log, oldest first.

    Raises NotFound (the person's marketplaces have no such test buy).
    """
    with runtime.store.read() as connection:
        test_buy = test_buys.get(connection, test_buy_id, person.marketplaces(Permission.REVIEW_CASES))
        return test_buy, test_buys.custody_log(connection, test_buy.marketplace_id, test_buy_id)


def _append_step(
    runtime: Runtime, connection: Connection, person: Person, taken: tuple[TestBuy, Step], now: datetime, **values: Any
) -> Custody:
    test_buy, text = taken
    holder = (
        (test_buy.custody.holder or "") if text.event is CustodyEvent.CANCEL else _checked_text("holder", text.holder)
    )
    after = custody_after(test_buy.custody, text.event, holder)
    _check_time(connection, test_buy, text.occurred_at or now, now)
    if text.event is CustodyEvent.CANCEL:
        values["closed_at"] = now
    row = _custody_row(runtime, person, test_buy, (test_buy.entries + 1, after.holder), text, now)
    test_buys.append_entry(connection, test_buy, after, row, **values)
    _log_step(runtime, connection, person, test_buy, text, now)
    return after


def _check_time(connection: Connection, test_buy: TestBuy, occurred_at: datetime, now: datetime) -> None:
    last = test_buys.custody_log(connection, test_buy.marketplace_id, test_buy.test_buy_id)[-1]
    if not is_in_order(last.occurred_at, occurred_at, now):
        raise Invalid("A step cannot be earlier than the one before it, or in the future.")


def _custody_row(
    runtime: Runtime, person: Person, test_buy: TestBuy, place: tuple[int, str | None], step_: Step, now: datetime
) -> dict[str, Any]:
    number, holder = place
    return {
        "marketplace_id": test_buy.marketplace_id,
        "entry_id": runtime.ids.new("cus"),
        "test_buy_id": test_buy.test_buy_id,
        "number": number,
        "event": step_.event.value,
        "holder": holder,
        "description": _checked_text("note", step_.text),
        "recorded_by": person.name,
        "occurred_at": step_.occurred_at or now,
        "known_at": now,
    }


def _log_step(
    runtime: Runtime, connection: Connection, person: Person, test_buy: TestBuy, step_: Step, now: datetime
) -> None:
    """Add the step to the case's timeline and to the audit log, whose chain proves the order of the custody log."""
    event = {
        "marketplace_id": test_buy.marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": test_buy.case_id,
        "what": f"{IN_TIMELINE}{step_.event.value.replace('_', ' ')}: {step_.text}"[:200],
        "actor": person.name,
        "known_at": now,
    }
    cases.add_events(connection, [event])
    audit.record(
        connection,
        now,
        test_buy.marketplace_id,
        person.actor,
        f"test_buy.{step_.event.value}",
        test_buy.test_buy_id,
        case_id=test_buy.case_id,
        holder=step_.holder,
        step_=step_.text,
    )


def _cost_in_minor(new_order: Order) -> int | None:
    if (new_order.cost is None) != (new_order.currency is None):
        raise Invalid("Give the cost with both an amount and a currency.")
    if new_order.cost is None or new_order.currency is None:
        return None
    if new_order.currency not in money.currency_codes() or not 0 <= new_order.cost < 10**9:
        raise Invalid("Give the cost as an amount of zero or more in a currency such as EUR.")
    return money.to_minor(new_order.cost, new_order.currency)


def _checked_text(what: str, text: str) -> str:
    stripped_text = text.strip()
    if not stripped_text or len(stripped_text) > _LONGEST[what] or "\0" in stripped_text:
        raise Invalid("The {what} must have 1 to {most:,} characters.", what=what, most=_LONGEST[what])
    return stripped_text
