"""Bulk confirmation of a brand's questions: those that are ticked are previewed, and confirmed.

A large request can be sent as a report that leaves whole after a proof of a second factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.case import CaseLane
from models.errors import Invalid
from models.policies.deciding import EnforcementPolicy
from models.verdict import ReasonCode
from serving.accounts.store.accounts import Session
from serving.cases.policy import TakedownPolicy
from serving.cases.rules.takedown_request import Fate, RequestItem, outcome_messages
from serving.cases.service.takedown_requests import NewTakedownRequest, confirm_all, takedown_result, withdraw
from serving.cases.store import case_figures, queues
from serving.cases.store.queues import QueueFilter
from serving.cases.store.takedown_requests import StoredItem
from serving.guards import Member, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, join_sentences
from serving.reports.service.answering import draft_of_answers
from serving.reports.service.submitting import submit_report
from serving.web import text_view
from serving.web.brand.brand_page import answers_before, question_key
from serving.web.brand.questions import Question, question
from serving.web.brand.reports.previewed_part import Preview, preview_draft
from serving.web.brand.reports.report_state_page import PLACE as REPORTS
from serving.web.brand.right_choice import ChosenRight, RightChoice, choice_of_rights
from serving.web.case.listing_page import shown_pictures
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, ticked_rows
from serving.web.rendering import Page, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words, phrase_in_words
from serving.web.wording.vocabulary import FATES, StateWords

router = APIRouter(include_in_schema=False)
_LISTING: Final = "listing:"


@dataclass(frozen=True, slots=True)
class TakedownPage(Page, template="takedown.html", place="/brand"):
    """The open questions about the right's brand as one form, in which none is ticked."""

    choices: tuple[RightChoice, ...]
    chosen: ChosenRight | None
    request_id: str
    listings: tuple[Question, ...]
    beyond: int
    most: int


@dataclass(frozen=True, slots=True)
class TakedownPreview(Page, template="takedown_preview.html", place="/brand"):
    """What would become of each listing of a request, which is not sent yet."""

    request: NewTakedownRequest
    preview: Preview


@dataclass(frozen=True, slots=True)
class FateRow:
    """The outcome for one listing of a request."""

    listing: ShownText
    fate: StateWords
    reason: str


@dataclass(frozen=True, slots=True)
class TakedownAnswer(Page, template="takedown_answer.html", place="/brand"):
    """The outcome of a request by listing; `can_undo` is whether any of it can still be undone."""

    request_id: str
    when: str
    sentences: tuple[str, ...]
    rows: tuple[FateRow, ...]
    can_undo: bool
    undo_until: str


@router.get("/brand/takedowns")
def get_form(request: Request, session: Member) -> HTMLResponse:
    """The form, with the right that the address names or the first one."""
    right_id = request.query_params.get("right", "")[:LONGEST_ID]
    return respond(request, takedown_page(runtime_of(request), session, right_id), session)


@router.post("/brand/takedowns")
def post_form(request: Request, session: Member, fields: Fields) -> Response:
    """Confirm the ticked questions, as one report if with a second factor, and redirect to the outcome."""
    runtime, takedown = runtime_of(request), _request_of_form(fields, good_faith=fields.get("good_faith") == "yes")
    if fields.get("way") == "step_up":
        draft = draft_of_answers(runtime, session.person, takedown)
        done = submit_report(runtime, session.person, replace(draft, with_step_up=True))
        return go_to(request, f"{REPORTS}/{done.report.report_id}")
    answer = confirm_all(runtime, session.person, takedown)
    return go_to(request, f"/brand/takedowns/{answer.request.request_id}")


@router.post("/brand/takedowns/preview")
@in_fair_pool
def post_preview(request: Request, session: Member, fields: Fields) -> HTMLResponse:
    """Show what would happen to each ticked listing; nothing is recorded."""
    runtime, takedown = runtime_of(request), _request_of_form(fields, good_faith=True)
    preview = preview_draft(runtime, session, draft_of_answers(runtime, session.person, takedown))
    return respond(request, TakedownPreview(takedown, preview), session)


def _request_of_form(fields: Mapping[str, str], *, good_faith: bool) -> NewTakedownRequest:
    code = fields.get("reason_code", "")
    if code not in set(ReasonCode):
        raise Invalid("Choose the reason why the listings are counterfeit.")
    items = [
        RequestItem(case_id[:LONGEST_ID], seen[:LONGEST_ID]) for case_id, seen in ticked_rows(fields, _LISTING).items()
    ]
    return NewTakedownRequest(
        fields.get("right_id", "")[:LONGEST_ID],
        ReasonCode(code),
        tuple(items),
        good_faith,
        fields.get("request_id", "")[:LONGEST_ID],
        fields.get("marketplace_id", "")[:LONGEST_ID],
    )


@router.get("/brand/takedowns/{request_id}")
def get_answer(request_id: str, request: Request, session: Member) -> HTMLResponse:
    return respond(request, takedown_answer(runtime_of(request), session, request_id[:LONGEST_ID]), session)


@router.post("/brand/takedowns/{request_id}/undo")
def post_undo(request_id: str, request: Request, session: Member) -> Response:
    withdraw(runtime_of(request), session.person, request_id[:LONGEST_ID])
    return go_to(request, f"/brand/takedowns/{request_id[:LONGEST_ID]}", Flash.TAKEDOWN_UNDONE)


def takedown_page(runtime: Runtime, session: Session, right_id: str) -> TakedownPage:
    now, most = runtime.clock.now(), runtime.policies[TakedownPolicy].most_listings
    with runtime.store.read() as connection:
        offered = choice_of_rights(runtime, connection, session, right_id, "/brand/takedowns", now)
        if offered.chosen is None:
            return TakedownPage((), None, "", (), 0, most)
        place = offered.chosen.marketplace_id
        listings, beyond = _fitting_questions(runtime, connection, (place, offered.chosen.brand_id), most, now)
    return TakedownPage(offered.choices, offered.chosen, runtime.ids.new("tdn"), listings, beyond, most)


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


def takedown_answer(runtime: Runtime, session: Session, request_id: str) -> TakedownAnswer:
    """The content of a request's page."""
    answer, now = takedown_result(runtime, session.person, request_id), runtime.clock.now()
    until = answer.request.known_at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    standing = any(listing.verdict_id and not listing.undone for listing in answer.items)
    return TakedownAnswer(
        request_id=request_id,
        when=words.moment(answer.request.known_at, now),
        sentences=tuple(map(in_words, outcome_messages(answer.counts))),
        rows=tuple(
            _fate_row(listing) for listing in sorted(answer.items, key=lambda listing: _ORDER.index(listing.fate))
        ),
        can_undo=standing and now < until and answer.request.user_id == session.person.user_id,
        undo_until=words.clock(until),
    )


# Refused listings come first: they need action.
_ORDER: Final = (Fate.REFUSED, Fate.PASSED_ON, Fate.PENDING_APPROVAL, Fate.LEAVES)
_UNDONE: Final = StateWords(N_("Undone"), "out")


def _fate_row(listing: StoredItem) -> FateRow:
    title = (listing.content or {}).get("title") or listing.external_id or listing.case_id
    reason = (
        join_sentences(*map(in_words, listing.reasons)) if listing.refusal is None else phrase_in_words(listing.refusal)
    )
    return FateRow(text_view.show(title), _UNDONE if listing.undone else FATES[listing.fate], reason)
