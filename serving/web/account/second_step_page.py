"""The second step of a sign-in: the code of an app, a passkey, or a recovery code."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import Invalid
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.service import auth
from serving.accounts.service.display_choice import set_initial_language
from serving.accounts.service.guessing import TooManyAttempts
from serving.accounts.service.proving import passkey_options
from serving.accounts.service.reset_links import mailing_sign_in_link
from serving.accounts.service.second_factors import SIGN_IN, complete_sign_in
from serving.accounts.store import second_factors
from serving.accounts.store.accounts import Session
from serving.api.cookies import delete_session_cookie, set_session_cookies, sign_in_source
from serving.api.errors import problem_of
from serving.guards import TheRuntime, at_second_step, cookie_name, runtime_of
from serving.platform.tongues import current_tongue
from serving.web.flash import go_to
from serving.web.forms import Fields, given_factor, local_path
from serving.web.rendering import Page, respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)
PLACE: Final = "/sign-in/second-step"
Waiting = Annotated[Session, at_second_step()]


@dataclass(frozen=True, slots=True)
class SecondStepPage(Page, template="second_step.html"):
    """The form for the second factor, with the kinds that the person has."""

    address: str
    csrf_token: str
    following: str
    email: str
    has_app: bool
    has_passkey: bool
    error: str | None


def second_step_address(following: str) -> str:
    """The address of the page, from which the person goes on."""
    return PLACE if following == "/" else f"{PLACE}?{urlencode({'next': following})}"


@router.get(PLACE)
def get_second_step(request: Request, waiting: Waiting) -> Response:
    following = local_path(request, request.query_params.get("next"))
    return respond(request, _page(request, waiting, following, None))


@router.post(PLACE)
def post_second_step(request: Request, waiting: Waiting, fields: Fields) -> Response:
    runtime, following = runtime_of(request), local_path(request, fields.get("next"))
    try:
        with mailing_sign_in_link(runtime, waiting.person.email):
            new_session = complete_sign_in(runtime, waiting, given_factor(fields), sign_in_source(request))
    except (Invalid, TooManyAttempts) as refused:
        problem = problem_of(request, refused)
        page = respond(request, _page(request, waiting, following, refusal_in_words(refused)), status=problem.status)
        page.headers.update(problem.headers)
        return page
    set_initial_language(runtime, auth.session_of(runtime, new_session.token).person, current_tongue().language)
    response = go_to(request, following)
    set_session_cookies(response, request, new_session)
    return response


@router.post(PLACE + "/passkey")
def post_options(request: Request, waiting: Waiting) -> Response:
    """What the browser needs to prove a passkey."""
    return Response(passkey_options(runtime_of(request), waiting, SIGN_IN), media_type="application/json")


@router.post(PLACE + "/cancel")
def post_cancel(request: Request, runtime: TheRuntime, _waiting: Waiting) -> Response:
    auth.sign_out(runtime, request.cookies.get(cookie_name(runtime), ""))
    response = go_to(request, "/sign-in")
    delete_session_cookie(response, request)
    return response


def _page(request: Request, waiting: Session, following: str, error: str | None) -> SecondStepPage:
    with runtime_of(request).store.read() as connection:
        kinds = {factor.kind for factor in second_factors.of_person(connection, waiting.person.user_id)}
    return SecondStepPage(
        address=second_step_address(following),
        csrf_token=waiting.csrf_token,
        following=following,
        email=waiting.person.email,
        has_app=FactorKind.TOTP in kinds,
        has_passkey=FactorKind.PASSKEY in kinds,
        error=error,
    )
