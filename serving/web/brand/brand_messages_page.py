"""The thread between a brand and its account manager."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, NotFound
from serving.accounts.store.accounts import Session
from serving.api.errors import status_of
from serving.brands.rules.authorisation import MessageSide
from serving.brands.service.brand_messages import erase, mark_read, write
from serving.brands.store import brands
from serving.guards import Member, TheRuntime
from serving.platform.runtime import Runtime
from serving.web.brand.brand_page import Manager
from serving.web.brand.brand_scope import BrandScope, scope_of
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import Page, respond
from serving.web.thread import Thread, thread_of
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/messages"


@dataclass(frozen=True, slots=True)
class MessagesPage(Page, template="brand_messages.html", place=_PLACE):
    """The thread with the named account manager of a brand."""

    scope: BrandScope
    manager: Manager
    thread: Thread


@router.get(_PLACE)
def get_messages(request: Request, runtime: TheRuntime, session: Member) -> HTMLResponse:
    """The page; opening it marks its messages as read."""
    page = _page(runtime, session, request.query_params)
    mark_read(runtime, session.person, page.scope.pair)
    return respond(request, page, session)


@router.post(_PLACE)
def post_message(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    try:
        write(runtime, session.person, scope.pair, fields.get("text", ""))
    except NotFound:
        raise
    except DomainError as refused:
        page = _page(runtime, session, fields, typed=fields.get("text", ""), error=refusal_in_words(refused))
        return respond(request, page, session, status=status_of(refused))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.MESSAGE_SENT)


@router.post(_PLACE + "/{message_id}/erase")
def post_erasure(message_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    erase(runtime, session.person, scope.pair, message_id)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.MESSAGE_ERASED)


def _page(
    runtime: Runtime, session: Session, fields: Mapping[str, str], *, typed: str = "", error: str | None = None
) -> MessagesPage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        enrolment = brands.enrolments(connection, scope.pair[0])[scope.pair[1]]
        thread = thread_of(connection, session.person, scope.pair, MessageSide.BRAND, now, typed=typed, error=error)
    manager = Manager(
        enrolment.account_manager,
        words.initials(enrolment.account_manager),
        enrolment.account_manager_email,
        enrolment.name,
    )
    return MessagesPage(scope, manager, thread)
