"""The analysts' notes on a case, the forms that snooze and resume it, and the page of notes that mention the reader."""

from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.errors import Invalid
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.cases.service import case_notes as writing
from serving.cases.service import deferring
from serving.cases.store import case_notes
from serving.cases.store.cases import Case
from serving.guards import Reviewer, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, CaseId, Fields
from serving.web.queue.queue_query import QueueQuery
from serving.web.rendering import StaffPage, respond
from serving.web.wording.vocabulary import Option

router = APIRouter(include_in_schema=False)
_MENTION: Final = "mention:"
HOURS: Final = (
    Option("1", "1 hour"),
    Option("4", "4 hours"),
    Option("24", "1 day"),
    Option("72", "3 days"),
    Option("168", "1 week"),
)


def notes_card(connection: Connection, person: Person, case: Case, *, blind: bool) -> SimpleNamespace:
    """The card of a case's notes. In blind review it names nobody: a judge of the case must not be asked."""
    others = {} if blind else case_notes.colleagues(connection, case.marketplace_id)
    return SimpleNamespace(
        notes=case_notes.of_case(connection, case.marketplace_id, case.case_id),
        colleagues=tuple(Option(user_id, name) for user_id, name in others.items() if user_id != person.user_id),
        hours=HOURS,
    )


@router.post("/cases/{case_id}/notes")
def post_note(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    mentioned = [name.removeprefix(_MENTION) for name in fields if name.startswith(_MENTION)]
    new_note = writing.NewNote(case_id, fields.get("statement", ""), mentioned)
    writing.write_note(runtime_of(request), session.person, new_note)
    return go_to(request, f"{_case_address(case_id, fields)}#notes", Flash.NOTED)


@router.post("/cases/{case_id}/hand-over")
def post_hand_over(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    to, note = fields.get("colleague", "")[:LONGEST_ID], fields.get("handover", "")
    writing.hand_over(runtime_of(request), session.person, case_id, to, note)
    return go_to(request, QueueQuery.of(fields.get("queue", "")).address(), Flash.HANDED_OVER)


@router.post("/cases/{case_id}/snooze")
def post_snooze(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    hours = fields.get("hours", "")
    if hours not in {hour_choice.value for hour_choice in HOURS}:
        raise Invalid("Choose for how long.")
    deferral = deferring.DeferralRequest(
        case_id,
        int(hours),
        fields.get("on_news") == "yes",
        fields.get("missing", "").strip(),
        fields.get("asked", "").strip(),
        fields.get("knowingly") == "yes",
    )
    deferring.snooze(runtime_of(request), session.person, deferral)
    return go_to(request, QueueQuery.of(fields.get("queue", "")).address(), Flash.SNOOZED)


@router.post("/cases/{case_id}/resume")
def post_resume(case_id: CaseId, request: Request, session: Reviewer, fields: Fields) -> Response:
    deferring.resume(runtime_of(request), session.person, case_id)
    return go_to(request, _case_address(case_id, fields), Flash.TAKEN_UP)


def _case_address(case_id: str, fields: Fields) -> str:
    return QueueQuery.of(fields.get("queue", "")).case_address(case_id)


_MOST: Final = 100


@router.get("/notes")
def get_notes(request: Request, session: Reviewer) -> HTMLResponse:
    return respond(request, notes_page(runtime_of(request), session), session)


@router.post("/notes/seen")
def post_seen(request: Request, runtime: TheRuntime, session: Reviewer) -> Response:
    with runtime.store.write() as connection:
        case_notes.mark_all_seen(connection, session.person.user_id, runtime.clock.now())
    return go_to(request, "/notes", Flash.NOTES_SEEN)


def notes_page(runtime: Runtime, session: Session) -> StaffPage:
    person, marketplace_ids = session.person, session.person.marketplaces(Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        notes = case_notes.inbox(connection, person.user_id, marketplace_ids, _MOST)
        return StaffPage(
            "notes.html",
            "/notes",
            notes=notes,
            unseen=case_notes.unseen_count(connection, person.user_id, marketplace_ids),
            most=_MOST,
        )
