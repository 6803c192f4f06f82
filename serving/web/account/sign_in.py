"""Sign-in and sign-out, and the start page that redirects each role to its own page."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from models.errors import DomainError
from serving.accounts.service import auth
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.display_choice import set_initial_language
from serving.accounts.service.known_devices import LONGEST_COOKIE
from serving.accounts.service.reset_links import mailing_sign_in_link
from serving.accounts.store import accounts
from serving.accounts.store.setup_links import SETUP_LINK_FILE
from serving.api.cookies import delete_session_cookie, set_session_cookies, sign_in_source
from serving.api.errors import problem_of
from serving.guards import Anyone, TheRuntime, cookie_name, public
from serving.platform.runtime import Runtime
from serving.platform.tongues import current_tongue
from serving.web import flash
from serving.web.account.second_step_page import second_step_address
from serving.web.account.setup_progress_page import unfinished_setup
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, local_path, refuse_cross_site
from serving.web.rendering import Page, home_of, respond
from serving.web.wording.translated import refusal_in_words

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class SignInPage(Page, template="sign_in.html"):
    """The form with the typed e-mail, a refusal, the result of a link, or the file that holds the set-up link."""

    address: str
    following: str
    email: str
    error: str | None
    browser: str
    done: str | None = None
    setup_link_file: str = ""


@router.get("/")
def get_start(runtime: TheRuntime, session: Anyone) -> Response:
    """Redirect to the page of the user's role; to the set-up where they administer a marketplace that is not set up."""
    return RedirectResponse(unfinished_setup(runtime, session.person) or home_of(session.person), status_code=303)


@router.get("/sign-in", dependencies=[public("signing in")])
def get_sign_in(request: Request, runtime: TheRuntime) -> Response:
    """The form; a user who is signed in is redirected."""
    following = local_path(request, request.query_params.get("next"))
    try:
        auth.session_of(runtime, request.cookies.get(cookie_name(runtime)))
    except NotSignedIn:
        browser = request.query_params.get("browser", "")[:LONGEST_COOKIE]
        file = _setup_link_file(runtime)
        return _respond_once(request, replace(_page(following, "", None, browser), setup_link_file=file))
    return RedirectResponse(following, status_code=303)


def _setup_link_file(runtime: Runtime) -> str:
    """The name of the file with the set-up link until somebody has an account; the database is read only beside it."""
    if not (runtime.home.root / SETUP_LINK_FILE).exists():
        return ""
    with runtime.store.read() as connection:
        return "" if accounts.has_any_account(connection) else SETUP_LINK_FILE


def _respond_once(request: Request, page: SignInPage) -> Response:
    """The form with the result of a link. Nobody is signed in yet, so no other page can show it."""
    if flash.flash_of(request) is not Flash.PASSWORD_RESET:
        return respond(request, page)
    response = respond(request, replace(page, done=flash.flash_sentence(request)))
    flash.delete_flash(request, response)
    return response


@router.post("/sign-in", dependencies=[public("signing in")])
def post_sign_in(request: Request, runtime: TheRuntime, fields: Fields) -> Response:
    """Start a session, or report that the e-mail or the password is wrong without naming which."""
    refuse_cross_site(request)
    following, email = local_path(request, fields.get("next")), fields.get("email", "").strip()
    browser = fields.get("browser", "")[:LONGEST_COOKIE]
    try:
        with mailing_sign_in_link(runtime, email):
            new_session = auth.sign_in(runtime, email, fields.get("password", ""), sign_in_source(request, browser))
    except DomainError as refused:
        problem = problem_of(request, refused)
        page = respond(
            request, _page(following, email[:320], refusal_in_words(refused), browser), status=problem.status
        )
        page.headers.update(problem.headers)
        return page
    if new_session.half:
        response = go_to(request, second_step_address(following))
        set_session_cookies(response, request, new_session)
        return response
    set_initial_language(runtime, auth.session_of(runtime, new_session.token).person, current_tongue().language)
    response = go_to(request, following)
    set_session_cookies(response, request, new_session)
    return response


def _page(following: str, email: str, error: str | None, browser: str) -> SignInPage:
    query = "" if following == "/" else urlencode({"next": following}) + "&"
    return SignInPage(f"/sign-in?{query}", following, email, error, browser)


@router.post("/sign-out")
def post_sign_out(request: Request, runtime: TheRuntime, _session: Anyone) -> Response:
    auth.sign_out(runtime, request.cookies.get(cookie_name(runtime), ""))
    response = go_to(request, "/sign-in")
    delete_session_cookie(response, request)
    return response
