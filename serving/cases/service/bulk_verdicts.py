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
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import BulkCandidate, BulkItemResult, NamedCase, distinct_cases, exclusion_reason
from serving.cases.service.case_access import is_blind, is_score_masked, visible_case
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
class BulkAnswer:
    """A bulk answer. `bulk_id` is the idempotency key of its form."""

    bulk_id: str
    judgement: Judgement
    reason_code: ReasonCode | None
    note: str | None
    items: tuple[NamedCase, ...]


def decide_all(runtime: Runtime, person: Person, together: BulkAnswer) -> None:
    """Answer every named case by the rules of a single answer.

    A refused case is stored with its reason and affects no other case. If the form is sent again under the same id,
    even concurrently, cases with a result keep it. The rest of an interrupted request is decided now.

    Raises Invalid (the request names no case or too many, or the id is malformed), NotFound (the person has no access
    to the first case, or the id is another person's) or Conflict (the id belongs to a different answer).
    """
    items = distinct_cases(together.items, runtime.policies[BulkVerdictPolicy])
    if not has_form(together.bulk_id, "blk"):
        raise Invalid("The id of a bulk answer is `blk_` and 26 letters and digits.")
    marketplace_id = _store_bulk(runtime, person, together, items[0])
    for named_case in items:
        _decide_item(runtime, person, together, marketplace_id, named_case)


def _store_bulk(runtime: Runtime, person: Person, together: BulkAnswer, first: NamedCase) -> str:
    with runtime.store.write() as connection:
        reviewed = person.marketplaces(Permission.REVIEW_CASES)
        row = {
            "marketplace_id": cases.marketplace_of(connection, first.case_id, reviewed),
            "bulk_id": together.bulk_id,
            "user_id": person.user_id,
            "judgement": together.judgement.value,
            "known_at": runtime.clock.now(),
        }
        bulk_verdicts.add_bulk(connection, row)
        bulk = bulk_verdicts.get(connection, together.bulk_id, person.user_id)
    if bulk.judgement is not together.judgement:
        raise Conflict("This form was already sent with another answer. Open the cases again to change the answer.")
    return bulk.marketplace_id


def _decide_item(
    runtime: Runtime, person: Person, together: BulkAnswer, marketplace_id: str, named_case: NamedCase
) -> None:
    row: dict[str, Any] = {
        "marketplace_id": marketplace_id,
        "bulk_id": together.bulk_id,
        "case_id": named_case.case_id,
        "version_id": named_case.version_id,
    }
    try:
        with runtime.store.write() as connection:
            done = bulk_verdicts.lock(connection, marketplace_id, together.bulk_id)
            if named_case.case_id in done:
                return
            now = runtime.clock.now()
            case, _ = visible_case(connection, person, named_case.case_id)
            reason = exclusion_reasons(connection, person, marketplace_id, [case], now).get(case.case_id)
            if reason is not None:
                raise Conflict("{why}", why=reasons_of(reason))
            answer = Answer(
                named_case.case_id, named_case.version_id, together.judgement, together.reason_code, together.note
            )
            recorded = record_in(runtime, connection, person, answer, now)
            text = " ".join(map(in_english, recorded.consequence.reasons))[:_LONGEST_REASON]
            row |= {"verdict_id": recorded.verdict_id, "outcome": BulkItemResult.RECORDED.value, "reason": text}
            bulk_verdicts.add_item(connection, {**row, "number": len(done)})
    except DomainError as refused:
        row |= {
            "verdict_id": None,
            "outcome": BulkItemResult.REFUSED.value,
            "reason": refused.sentence[:_LONGEST_REASON],
        }
        with runtime.store.write() as connection:
            done = bulk_verdicts.lock(connection, marketplace_id, together.bulk_id)
            if named_case.case_id not in done:
                bulk_verdicts.add_item(connection, {**row, "number": len(done)})


def exclusion_reasons(
    connection: Connection, person: Person, marketplace_id: str, named_cases: Sequence[Case], now: datetime
) -> Mapping[str, Message]:
    """The reasons that exclude cases from a bulk answer, by case; cases that may be included are absent."""
    keys = case_figures.facts_of_cases(connection, marketplace_id, [case.case_id for case in named_cases])
    others = {
        case.leased_by
        for case in named_cases
        if case.leased_by and case.leased_by != person.user_id and case.leased_until and case.leased_until > now
    }
    names = accounts.names(connection, sorted(others)) if others else {}
    payload = {}
    for case in named_cases:
        is_leased = case.leased_by in others and case.leased_until is not None and case.leased_until > now
        facts = keys.get(case.case_id)
        reason = exclusion_reason(
            BulkCandidate(
                state=case.state,
                lane=case.lane,
                blind=is_blind(connection, case) or is_score_masked(connection, person, case),
                leased_by=names[case.leased_by] if is_leased and case.leased_by else None,
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
        bulk = bulk_verdicts.get(connection, bulk_id, person.user_id)
        return bulk, bulk_verdicts.items(connection, bulk)


def withdraw_all(runtime: Runtime, person: Person, bulk_id: str) -> int:
    """Undo every verdict of a person's own bulk answer that can still be undone; returns how many.

    Raises NotFound (the person has no bulk answer of this id) or Conflict (no verdict of it can be undone any longer).
    """
    _, items = of_person(runtime, person, bulk_id)
    standing = [verdict for verdict in items if verdict.verdict_id and not verdict.undone]
    refusals = [_undo(runtime, person, verdict.case_id) for verdict in standing]
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


def reviewable_among(connection: Connection, person: Person, case_ids: Sequence[str]) -> list[Case]:
    """The cases of these ids that the person may review, in this order; all other ids are left out."""
    reviewable_cases = []
    reviewed = person.marketplaces(Permission.REVIEW_CASES)
    for case_id in dict.fromkeys(case_ids):
        try:
            marketplace_id = cases.marketplace_of(connection, case_id, reviewed)
        except NotFound:
            continue
        reviewable_cases.append(cases.get(connection, marketplace_id, case_id))
    return reviewable_cases
