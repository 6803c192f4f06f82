"""Bulk confirmation of a brand's questions: those that are ticked are previewed, and confirmed.

They are sent as a report, which leaves whole after a proof of a second factor where it is large.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Invalid
from models.verdict import ReasonCode
from serving.accounts.store.accounts import Session
from serving.cases.policy import BulkVerdictPolicy
from serving.cases.rules.bulk_verdicts import NamedCase
from serving.cases.store import case_figures, queues
from serving.cases.store.queues import QueueFilter
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.reports.service.answering import draft_of_answers
from serving.reports.service.submitting import Draft
from serving.web.brand.brand_page import answers_before, question_key
from serving.web.brand.questions import Question, question
from serving.web.brand.reports.previewed_part import Preview, preview_draft
from serving.web.brand.reports.report_page import request_key, send_draft
from serving.web.brand.right_choice import ChosenRight, RightChoice, choice_of_rights
from serving.web.case.listing_page import shown_pictures
from serving.web.forms import LONGEST_ID, Fields, ticked_rows
from serving.web.rendering import Page, respond

router = APIRouter(include_in_schema=False)
_LISTING: Final = "listing:"


@dataclass(frozen=True, slots=True)
class TakedownPage(Page, template="takedown.html", place="/brand"):
    """The open questions about the right's brand as one form, in which none is ticked."""

    choices: tuple[RightChoice, ...]
    chosen: ChosenRight | None
    key: str
    listings: tuple[Question, ...]
    beyond: int
    most: int
    lacks_factor: bool = False


@dataclass(frozen=True, slots=True)
class TakedownPreview(Page, template="takedown_preview.html", place="/brand"):
    """What would become of each listing of a confirmation, which is not sent yet."""

    draft: Draft
    named_cases: tuple[NamedCase, ...]
    preview: Preview


@router.get("/brand/takedowns")
def get_form(request: Request, session: Member) -> HTMLResponse:
    """The form, with the right that the address names or the first one."""
    right_id = request.query_params.get("right", "")[:LONGEST_ID]
    return respond(request, takedown_page(runtime_of(request), session, right_id), session)


@router.post("/brand/takedowns")
@in_fair_pool
def post_form(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Confirm the ticked questions as one report, and go to its listings."""
    draft = _draft_of_form(runtime, fields, good_faith=fields.get("good_faith") == "yes")
    draft = draft_of_answers(runtime, session.person, draft, _ticked_cases(fields))
    return send_draft(request, runtime, session, replace(draft, with_step_up=fields.get("way") == "step_up"))


@router.post("/brand/takedowns/preview")
@in_fair_pool
def post_preview(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> HTMLResponse:
    """Show what would happen to each ticked listing; nothing is recorded."""
    draft, named_cases = _draft_of_form(runtime, fields, good_faith=True), _ticked_cases(fields)
    preview = preview_draft(runtime, session, draft_of_answers(runtime, session.person, draft, named_cases))
    return respond(request, TakedownPreview(draft, named_cases, preview), session)


def _ticked_cases(fields: Mapping[str, str]) -> tuple[NamedCase, ...]:
    ticked = ticked_rows(fields, _LISTING).items()
    return tuple(NamedCase(case_id[:LONGEST_ID], seen[:LONGEST_ID]) for case_id, seen in ticked)


def _draft_of_form(runtime: Runtime, fields: Mapping[str, str], *, good_faith: bool) -> Draft:
    code = fields.get("reason_code", "")
    if code not in set(ReasonCode):
        raise Invalid("Choose the reason why the listings are counterfeit.")
    right_id, marketplace_id = fields.get("right_id", "")[:LONGEST_ID], fields.get("marketplace_id", "")[:LONGEST_ID]
    return Draft(right_id, ReasonCode(code), (), good_faith, request_key(runtime, fields), None, marketplace_id)


def takedown_page(runtime: Runtime, session: Session, right_id: str) -> TakedownPage:
    now, most = runtime.clock.now(), runtime.policies[BulkVerdictPolicy].most_listings
    with runtime.store.read() as connection:
        offered = choice_of_rights(runtime, connection, session, right_id, "/brand/takedowns", now)
        if offered.chosen is None:
            return TakedownPage((), None, "", (), 0, most)
        place = offered.chosen.marketplace_id
        listings, beyond = _fitting_questions(runtime, connection, (place, offered.chosen.brand_id), most, now)
    key = request_key(runtime, {})
    return TakedownPage(offered.choices, offered.chosen, key, listings, beyond, most, offered.lacks_factor)


def _fitting_questions(
    runtime: Runtime, connection: Connection, pair: tuple[str, str], most: int, now: datetime
) -> tuple[tuple[Question, ...], int]:
    """A brand's open questions that fit into one request, and the number of the remaining ones."""
    queue_filter = QueueFilter(frozenset({pair[0]}), (CaseLane.ASK_BRAND,), frozenset({pair}))
    rows = queues.queue(connection, queue_filter, most=most)
    facts = case_figures.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in rows])
    waiting = case_figures.open_questions(connection, {pair})
    beyond = sum(open_questions.number for open_questions in waiting.values()) - len(rows)
    before = answers_before(connection, frozenset({pair}), rows)
    listings = tuple(
        question(
            row, case_facts, now, before.get(question_key(row)), shown_pictures(runtime, row["case_id"], case_facts)
        )
        for row in rows
        for case_facts in [facts[row["marketplace_id"], row["facts_digest"]]]
    )
    return listings, beyond
