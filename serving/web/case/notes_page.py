"""Notes that mention the reader."""

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.cases.store import case_notes
from serving.cases.store.case_notes import Mention
from serving.guards import TheRuntime, may, runtime_of
from serving.platform.runtime import Runtime
from serving.web.flash import Flash, go_to
from serving.web.rendering import Page, respond

router = APIRouter(include_in_schema=False)
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class NotesPage(Page, template="notes.html", place="/notes"):
    """The notes that mention the reader, unread ones first."""

    notes: list[Mention]
    unseen: int
    most: int


@router.get("/notes")
def get_notes(request: Request, session: Reviewer) -> HTMLResponse:
    """The notes."""
    return respond(request, notes_page(runtime_of(request), session), session)


@router.post("/notes/seen")
def post_seen(request: Request, runtime: TheRuntime, session: Reviewer) -> Response:
    """Mark all of them as read."""
    with runtime.store.write() as connection:
        case_notes.see_all(connection, session.person.user_id, runtime.clock.now())
    return go_to(request, "/notes", Flash.NOTES_SEEN)


def notes_page(runtime: Runtime, session: Session) -> NotesPage:
    person, here = session.person, session.person.marketplaces(Permission.REVIEW_CASES)
    with runtime.store.read() as connection:
        notes = case_notes.inbox(connection, person.user_id, here, _MOST)
        return NotesPage(notes, case_notes.unseen(connection, person.user_id, here), _MOST)
