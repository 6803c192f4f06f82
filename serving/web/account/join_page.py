"""The page of an invitation: inviter, invitee and role, and the form that creates the account or accepts the role."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import DomainError, NotFound
from serving.accounts.service import auth
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.inviting import InvitationDetails, accept, accept_as, details_by_token
from serving.accounts.store.accounts import Session
from serving.api.cookies import set_session_cookies, sign_in_source
from serving.api.errors import problem_of
from serving.guards import Anyone, cookie_name, public, runtime_of
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_TOKEN, Fields, refuse_cross_site
from serving.web.rendering import StaffPage, respond
from serving.web.wording.vocabulary import ROLES

router = APIRouter(include_in_schema=False)


@router.get("/join/{token}", dependencies=[public("invited users have no account yet")])
def get_join(token: str, request: Request) -> Response:
    """The form while the link is valid; a button for a user who is signed in with its address."""
    invite, session = _invitation_of(request, token), _session_or_none(request)
    theirs = session is not None and session.person.email == invite.invitation.email
    return respond(request, _page(token, invite, "", None, theirs=theirs), session if theirs else None)


@router.post("/join/{token}", dependencies=[public("invited users have no account yet")])
def post_join(token: str, request: Request, fields: Fields) -> Response:
    """Create the account, or grant the role to the existing one, and sign in."""
    refuse_cross_site(request)
    invite, name = _invitation_of(request, token), fields.get("name", "")
    try:
        new_session = accept(
            runtime_of(request), token, name=name, password=fields.get("password", ""), whence=sign_in_source(request)
        )
    except NotFound:
        raise
    except DomainError as refused:
        problem = problem_of(request, refused)
        status = problem.status if problem.headers else 422
        page = respond(request, _page(token, invite, name[:200], refused.sentence), status=status)
        page.headers.update(problem.headers)
        return page
    response = go_to(request, "/", Flash.JOINED)
    set_session_cookies(response, request, new_session)
    return response


@router.post("/join/{token}/accept")
def post_accept(token: str, request: Request, session: Anyone) -> Response:
    _invitation_of(request, token)
    accept_as(runtime_of(request), session.person, token)
    return go_to(request, "/", Flash.JOINED)


def _session_or_none(request: Request) -> Session | None:
    runtime = runtime_of(request)
    try:
        return auth.session_of(runtime, request.cookies.get(cookie_name(runtime)))
    except NotSignedIn:
        return None


def _invitation_of(request: Request, token: str) -> InvitationDetails:
    if len(token) > LONGEST_TOKEN:
        raise NotFound("This invitation is no longer valid. Ask the person who sent it for another.")
    return details_by_token(runtime_of(request), token)


def _page(token: str, invite: InvitationDetails, name: str, error: str | None, *, theirs: bool = False) -> StaffPage:
    """`theirs`: the invitee is signed in. To anybody else the page looks the same with and without an account."""
    return StaffPage(
        "join.html",
        token=token,
        email=invite.invitation.email,
        role=ROLES[invite.invitation.grant.role],
        marketplace=invite.marketplace,
        brand=invite.brand,
        by=invite.by,
        until=invite.invitation.expires_at,
        theirs=theirs,
        name=name,
        shortest_password=auth.SHORTEST_PASSWORD,
        error=error,
    )
