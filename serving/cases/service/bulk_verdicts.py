"""Bulk answers: each case in its own transaction, by the rules of a single answer, with its own result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.message import Message
from models.errors import Conflict, DomainError, Invalid, NotFound
from models.messages.english import in_english, reasons_of
from models.verdict import Judgement, ReasonCode
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.cases.policy import TakedownPolicy
from serving.cases.rules.bulk_verdicts import InBulk, Made, why_left_out
from serving.cases.rules.takedown_request import Item, wanted
from serving.cases.service.case_access import is_blind, score_kept_from, visible_case
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_in
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import bulk_verdicts, case_figures, cases
from serving.cases.store.bulk_verdicts import StoredBulk, StoredBulkItem
from serving.cases.store.cases import Case
from serving.platform.ids import has_form
from serving.platform.runtime import Runtime

_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Together:
    """A bulk answer. `bulk_id` is the idempotency key of its form."""

    bulk_id: str
    judgement: Judgement
    reason_code: ReasonCode | None
    note: str | None
    items: tuple[Item, ...]


def decide_all(runtime: Runtime, person: Person, together: Together) -> None:
    """Answer every named case by the rules of a single answer.

    A refused case is stored with its reason and affects no other case. If the form is sent again under the same id,
    even concurrently, cases with a result keep it. The rest of an interrupted request is decided now.

    Raises Invalid (the request names no case or too many, or the id is malformed), NotFound (the person has no access
    to the first case, or the id is another person's) or Conflict (the id belongs to a different answer).
    """
    items = wanted(together.items, runtime.policies[TakedownPolicy])
    if not has_form(together.bulk_id, "blk"):
        raise Invalid("The id of a bulk answer is `blk_` and 26 letters and digits.")
    here = _begin(runtime, person, together, items[0])
    for item in items:
        _decide(runtime, person, together, here, item)


def _begin(runtime: Runtime, person: Person, together: Together, first: Item) -> str:
    with runtime.store.write() as connection:
        reviewed = person.marketplaces(Permission.REVIEW_CASES)
        row = {
            "marketplace_id": cases.marketplace_of(connection, first.case_id, reviewed),
            "bulk_id": together.bulk_id,
            "user_id": person.user_id,
            "judgement": together.judgement.value,
            "known_at": runtime.clock.now(),
        }
        bulk_verdicts.begin(connection, row)
        found = bulk_verdicts.get(connection, together.bulk_id, person.user_id)
    if found.judgement is not together.judgement:
        raise Conflict("This form was already sent with another answer. Open the cases again to change the answer.")
    return found.marketplace_id


def _decide(runtime: Runtime, person: Person, together: Together, marketplace_id: str, item: Item) -> None:
    row: dict[str, Any] = {
        "marketplace_id": marketplace_id,
        "bulk_id": together.bulk_id,
        "case_id": item.case_id,
        "version_id": item.version_id,
    }
    try:
        with runtime.store.write() as connection:
            done = bulk_verdicts.hold(connection, marketplace_id, together.bulk_id)
            if item.case_id in done:
                return
            now = runtime.clock.now()
            case, _ = visible_case(connection, person, item.case_id)
            reason = reasons_left_out(connection, person, marketplace_id, [case], now).get(case.case_id)
            if reason is not None:
                raise Conflict("{why}", why=reasons_of(reason))
            answer = Answer(item.case_id, item.version_id, together.judgement, together.reason_code, together.note)
            recorded = record_in(runtime, connection, person, answer, now)
            text = " ".join(map(in_english, recorded.consequence.reasons))[:_LONGEST_REASON]
            row |= {"verdict_id": recorded.verdict_id, "made": Made.RECORDED.value, "reason": text}
            bulk_verdicts.add_item(connection, {**row, "number": len(done)})
    except DomainError as refused:
        row |= {"verdict_id": None, "made": Made.REFUSED.value, "reason": refused.sentence[:_LONGEST_REASON]}
        with runtime.store.write() as connection:
            done = bulk_verdicts.hold(connection, marketplace_id, together.bulk_id)
            if item.case_id not in done:
                bulk_verdicts.add_item(connection, {**row, "number": len(done)})


def reasons_left_out(
    connection: Connection, person: Person, marketplace_id: str, found: Sequence[Case], now: datetime
) -> Mapping[str, Message]:
    """The reasons that exclude cases from a bulk answer, by case; cases that may be included are absent."""
    keys = case_figures.facts_of_cases(connection, marketplace_id, [one.case_id for one in found])
    others = {
        one.leased_by
        for one in found
        if one.leased_by and one.leased_by != person.user_id and one.leased_until and one.leased_until > now
    }
    names = accounts.names(connection, sorted(others)) if others else {}
    payload = {}
    for case in found:
        kept = case.leased_by in others and case.leased_until is not None and case.leased_until > now
        facts = keys.get(case.case_id)
        reason = why_left_out(
            InBulk(
                state=case.state,
                lane=case.lane,
                blind=is_blind(connection, case) or score_kept_from(connection, person, case),
                leased_by=names[case.leased_by] if kept and case.leased_by else None,
                authorised=facts is not None and facts.seller.authorised and facts.brand.brand_id == case.brand_id,
                elsewhere=case.marketplace_id != marketplace_id,
            )
        )
        if reason is not None:
            payload[case.case_id] = reason
    return payload


def of_person(runtime: Runtime, person: Person, bulk_id: str) -> tuple[StoredBulk, list[StoredBulkItem]]:
    """A person's own bulk answer with its results as they stand now.

    Raises NotFound (the person has no bulk answer of this id).
    """
    with runtime.store.read() as connection:
        found = bulk_verdicts.get(connection, bulk_id, person.user_id)
        return found, bulk_verdicts.items(connection, found)


def withdraw_all(runtime: Runtime, person: Person, bulk_id: str) -> int:
    """Undo every verdict of a person's own bulk answer that can still be undone; returns how many.

    Raises NotFound (the person has no bulk answer of this id) or Conflict (no verdict of it can be undone any longer).
    """
    _, items = of_person(runtime, person, bulk_id)
    standing = [one for one in items if one.verdict_id and not one.undone]
    refusals = [_undo(runtime, person, one.case_id) for one in standing]
    done = refusals.count(None)
    if not done:
        raise next(
            (refusal for refusal in refusals if refusal is not None),
            Conflict("Nothing in this request is left to undo."),
        )
    return done


def _undo(runtime: Runtime, person: Person, case_id: str) -> DomainError | None:
    try:
        undo_verdict(runtime, person, case_id)
    except DomainError as refused:
        return refused
    return None


def named(connection: Connection, person: Person, case_ids: Sequence[str]) -> list[Case]:
    """The cases of these ids that the person may review, in this order; all other ids are left out."""
    found = []
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    for case_id in dict.fromkeys(case_ids):
        try:
            here = cases.marketplace_of(connection, case_id, reviewed)
        except NotFound:
            continue
        found.append(cases.get(connection, here, case_id))
    return found
