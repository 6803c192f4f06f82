"""The page of a password reset link: the new password, typed twice. It shows no name and no address."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Invalid, NotFound
from serving.accounts.service import auth
from serving.accounts.service.passwords import reset_by_link
from serving.accounts.service.reset_links import live_link
from serving.accounts.store.reset_links import DEAD
from serving.api.cookies import remember_device
from serving.guards import TheRuntime, public, runtime_of
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_TOKEN, Fields, refuse_cross_site
from serving.web.rendering import Page, respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ResetPage(Page, template="reset.html"):
    """The form and the error; it never repeats the typed password."""

    token: str
    shortest_password: int
    error: str | None


@router.get("/reset/{token}", dependencies=[public("users without their password cannot sign in")])
def get_reset(token: str, request: Request, runtime: TheRuntime) -> Response:
    """The form while the link is valid."""
    _refuse_long_token(token)
    with runtime.store.read() as connection:
        live_link(runtime, connection, token)
    return respond(request, _page(token, None))


@router.post("/reset/{token}", dependencies=[public("users without their password cannot sign in")])
def post_reset(token: str, request: Request, fields: Fields) -> Response:
    """Change the password and redirect to the sign-in form."""
    refuse_cross_site(request)
    _refuse_long_token(token)
    try:
        devices = reset_by_link(
            runtime_of(request), token, new_password=fields.get("wanted", ""), again=fields.get("again", "")
        )
    except Invalid as refused:
        return respond(request, _page(token, refusal_in_words(refused)), status=422)
    response = go_to(request, "/sign-in", Flash.PASSWORD_RESET)
    remember_device(response, request, devices)
    return response


def _refuse_long_token(token: str) -> None:
    if len(token) > LONGEST_TOKEN:
        raise NotFound(DEAD)


def _page(token: str, error: str | None) -> ResetPage:
    return ResetPage(token, auth.SHORTEST_PASSWORD, error)
