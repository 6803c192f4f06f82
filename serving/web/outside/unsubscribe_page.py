"""The page of an unsubscribe link, which needs no sign-in; its form is also the one click of RFC 8058."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from serving.guards import public, runtime_of
from serving.mail.rules.kinds import MailKind
from serving.mail.service.unsubscribing import PLACE, read_link, unsubscribe
from serving.mail.service.wording import NAMES
from serving.platform.tongues import say
from serving.web.rendering import Page, respond

router = APIRouter(include_in_schema=False)
_BY_LINK = public("the signed link names the person and the kind of mail")


@dataclass(frozen=True, slots=True)
class UnsubscribePage(Page, template="unsubscribe.html"):
    """The question whether to unsubscribe from a kind of mail, or that it is done."""

    address: str
    kind: str
    done: bool


@router.get(PLACE + "{token}", dependencies=[_BY_LINK])
def get_unsubscribe(token: str, request: Request) -> Response:
    """The question; loading it changes nothing, as mail scanners load links."""
    _, kind = read_link(runtime_of(request), token)
    return respond(request, _page(token, kind, done=False))


@router.post(PLACE + "{token}", dependencies=[_BY_LINK])
def post_unsubscribe(token: str, request: Request) -> Response:
    """Unsubscribe. A mail program sends it from its own site, so the signature of the link alone admits it."""
    return respond(request, _page(token, unsubscribe(runtime_of(request), token), done=True))


def _page(token: str, kind: MailKind, *, done: bool) -> UnsubscribePage:
    return UnsubscribePage(address=f"{PLACE}{token}", kind=say(NAMES[kind]), done=done)
