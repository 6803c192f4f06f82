"""Bulk decisions: each case is shown with the details that distinguish it, and any can be left out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from features.message import Message, from_json
from models.case import CaseState
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.score import findings, reason_from_json
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import BulkItemResult, NamedCase
from serving.cases.service.bulk_verdicts import (
    BulkAnswer,
    decide_all,
    exclusion_reasons,
    of_person,
    reviewable_among,
    withdraw_all,
)
from serving.cases.store import case_figures, queues
from serving.cases.store.cases import Case
from serving.guards import Reviewer, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.reports.store import reports
from serving.web.case.answers import answer_of
from serving.web.case.listing_page import shown_pictures
from serving.web.case.near_duplicates_card import near_at_scoring, near_since
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, is_case_id, ticked_rows
from serving.web.queue.queue_rows import RowContext, queue_row
from serving.web.rendering import StaffPage, respond
from serving.web.wording import words
from serving.web.wording.vocabulary import CHOICE_OF

router = APIRouter(include_in_schema=False)
_CASE: Final = "case:"
_MOST_PICTURES: Final = 3
_MOST_REPORTS: Final = 5
_MOST_REASONS: Final = 3  # More would hide the differences between listings.


@router.get("/cases/bulk")
def get_bulk(request: Request, session: Reviewer) -> HTMLResponse:
    """The cases that the user has chosen, those of a group in the queue, of a brand's reports that an analyst decides,
    or a case with its open near-duplicates.
    """
    query_params = request.query_params
    chosen, offered = (
        [case_id for case_id in query_params.getlist(name) if is_case_id(case_id)] for name in ("case", "offer")
    )
    reported = [report_id[:LONGEST_ID] for report_id in query_params.getlist("report")[:_MOST_REPORTS]]
    page = bulk_page(runtime_of(request), session, chosen, offered, query_params.get("cluster", ""), reported)
    return respond(request, page, session)


@router.post("/cases/bulk")
@in_fair_pool
def post_bulk(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Decide the ticked cases and redirect to the outcome."""
    items = tuple(
        NamedCase(case_id[:LONGEST_ID], seen[:LONGEST_ID]) for case_id, seen in ticked_rows(fields, _CASE).items()
    )
    if not items:
        raise Invalid("Select at least one case.")
    text = answer_of(items[0].case_id, fields)
    bulk_id = fields.get("bulk_id", "")[:LONGEST_ID]
    decide_all(
        runtime_of(request), session.person, BulkAnswer(bulk_id, text.judgement, text.reason_code, text.note, items)
    )
    return go_to(request, f"/cases/bulk/{bulk_id}")


@router.get("/cases/bulk/{bulk_id}")
def get_answer(bulk_id: str, request: Request, session: Reviewer) -> HTMLResponse:
    """The outcome of the user's bulk decision."""
    return respond(request, bulk_answer(runtime_of(request), session.person, bulk_id[:LONGEST_ID]), session)


@router.post("/cases/bulk/{bulk_id}/undo")
@in_fair_pool
def post_undo(bulk_id: str, request: Request, session: Reviewer) -> Response:
    withdraw_all(runtime_of(request), session.person, bulk_id[:LONGEST_ID])
    return go_to(request, f"/cases/bulk/{bulk_id[:LONGEST_ID]}", Flash.BULK_UNDONE)


def bulk_page(
    runtime: Runtime,
    session: Session,
    chosen: Sequence[str],
    offered: Sequence[str],
    cluster: str,
    reported: Sequence[str] = (),
) -> StaffPage:
    person, now, most = session.person, runtime.clock.now(), runtime.policies[BulkVerdictPolicy].most_listings
    with runtime.store.read() as connection:
        if is_case_id(cluster):
            offered = [*offered, cluster, *_near_duplicate_cases(connection, person, cluster, now)]
        for report_id in reported:
            of_report = reports.cases_of_report(connection, person.marketplaces(Permission.REVIEW_CASES), report_id)
            offered = [*offered, *_open_among(connection, person, of_report)]
        cases = reviewable_among(connection, person, [*chosen, *offered])
        marketplace_id = cases[0].marketplace_id if cases else ""
        why = exclusion_reasons(connection, person, marketplace_id, cases, now)
        together = [case for case in cases if case.case_id not in why]
        rows = _case_rows(runtime, connection, person, together[:most], chosen)
        titles = _titles_by_case(connection, [case for case in cases if case.case_id in why])
    left_out = [(case_id, titles[case_id], reason) for case_id, reason in why.items()]
    return StaffPage(
        "bulk.html",
        "/queue",
        bulk_id=runtime.ids.new("blk"),
        rows=rows,
        left_out=left_out,
        beyond=max(0, len(together) - most),
        most=most,
    )


def _near_duplicate_cases(connection: Connection, person: Person, case_id: str, now: datetime) -> list[str]:
    """The open cases of near-duplicates of a case's listing."""
    for case in reviewable_among(connection, person, [case_id]):
        facts = case_figures.facts_of_cases(connection, case.marketplace_id, [case_id])[case_id]
        shown = (*near_at_scoring(facts), *near_since(connection, case.marketplace_id, facts, now))
        offered = case_figures.listings_with_case(
            connection, case.marketplace_id, [duplicate.listing_id for duplicate in shown]
        )
        return _open_among(connection, person, [near.case_id for near in offered.values() if near.case_id is not None])
    return []


def _open_among(connection: Connection, person: Person, case_ids: Sequence[str]) -> list[str]:
    return [case.case_id for case in reviewable_among(connection, person, case_ids) if case.state is CaseState.OPEN]


def _case_rows(
    runtime: Runtime, connection: Connection, person: Person, cases: list[Case], chosen: Sequence[str]
) -> tuple[SimpleNamespace, ...]:
    stored = queues.rows_of_cases(connection, {case.marketplace_id for case in cases}, [case.case_id for case in cases])
    facts = case_figures.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in stored])
    currencies = {place.marketplace_id: place.base_currency for place in marketplaces.all_marketplaces(connection)}
    context = RowContext(runtime, runtime.clock.now(), person.user_id, currencies, {})
    rows = []
    for row in stored:
        of_case, case_id = facts[row["marketplace_id"], row["facts_digest"]], row["case_id"]
        shown = queue_row(context, row, of_case, f"/cases/{case_id}")
        pictures = shown_pictures(runtime, case_id, of_case)[:_MOST_PICTURES]
        rows.append(
            SimpleNamespace(
                case_id=case_id,
                version_id=row["version_id"],
                row=shown,
                reasons=_reasons_of_row(row),
                pictures=pictures,
                ticked=case_id in chosen,
            )
        )
    return tuple(rows)


def _titles_by_case(connection: Connection, cases: list[Case]) -> dict[str, str]:
    stored = queues.rows_of_cases(connection, {case.marketplace_id for case in cases}, [case.case_id for case in cases])
    return {row["case_id"]: (row["content"] or {}).get("title") or row["external_id"] for row in stored}


def _reasons_of_row(row: Mapping[str, Any]) -> tuple[Message, ...]:
    """What points to counterfeit: hard evidence first, then the strongest reasons."""
    messages = findings([from_json(raw) for raw in row["evidence"]], [reason_from_json(raw) for raw in row["reasons"]])
    return messages[:_MOST_REASONS]


def bulk_answer(runtime: Runtime, person: Person, bulk_id: str) -> StaffPage:
    """The content of the outcome page; refused cases come first."""
    (bulk, items), now = of_person(runtime, person, bulk_id), runtime.clock.now()
    until = bulk.known_at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    standing = any(bulk_item.verdict_id and not bulk_item.undone for bulk_item in items)
    return StaffPage(
        "bulk_answer.html",
        "/queue",
        bulk=bulk,
        choice=CHOICE_OF[bulk.judgement],
        items=sorted(items, key=lambda bulk_item: bulk_item.outcome is BulkItemResult.RECORDED),
        can_undo=standing and now < until,
        undo_until=words.clock(until),
    )
