"""Error pages: what happened, and the next step. Programs receive JSON from `serving.api.errors`."""

from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from starlette.types import Scope

from models.errors import DomainError, NoRightCarries
from serving.accounts.rules.access import roles
from serving.accounts.service import auth
from serving.accounts.service.second_factors import SecondFactorRequired
from serving.accounts.store.accounts import Session
from serving.api.errors import KINDS, Problem, problem_of
from serving.api.requests.access_log import REQUEST_ID, request_id
from serving.guards import cookie_name, runtime_of
from serving.platform import display
from serving.platform.database.faults import StorageFault
from serving.platform.tongues import N_, say
from serving.web.case.flow import has_next_on_screen, is_prefetch
from serving.web.forms import local_path
from serving.web.headers import SECURITY_HEADERS
from serving.web.rendering import Page, respond
from serving.web.wording import words
from serving.web.wording.language_choice import language_of
from serving.web.wording.translated import phrase_in_words
from serving.web.wording.vocabulary import ROLES
from serving.web.wording.words import size

# Visitors who come by a link have no account and no start page.
_BY_LINK: Final = ("/seller/", "/notice/")
_MACHINE_PATHS: Final = ("/api/", "/livez", "/healthz", "/readyz")
TITLES: Final[dict[int | str, str]] = {
    403: N_("Access denied"), NoRightCarries.code: N_("No verified right covers this"), 404: N_("Page not found"),
    405: N_("Method not allowed"), 409: N_("Conflict"), 413: N_("Request too large"), 422: N_("Request failed"),
    500: N_("Error on our side"), 503: N_("Temporarily unavailable"),
}  # fmt: skip
# What was not done; only for signed-in users, because only they can have submitted a change.
NOT_DONE: Final = {
    403: N_("Nothing was opened or changed."),
    404: N_("Nothing was changed."),
    405: N_("Nothing was changed."),
    409: N_("Your input was not recorded, and no other person's changes were overwritten."),
    413: N_("None of your input was saved."),
    422: N_("Nothing was recorded. Your browser still has your input: go back."),
    500: N_("Your input was not recorded: a request is saved completely or not at all."),
    503: N_("Your input was not recorded: a request is saved completely or not at all."),
}
NEXT: Final[dict[int | str, str]] = {
    403: N_("An administrator of your marketplace assigns roles. Your roles: %(roles)s."),
    NoRightCarries.code: N_("A lead registers rights under Our brand, Rights, and your account manager verifies them."),
    404: N_("The address may be old or mistyped, or the page may be outside your access. Both cases show this page."),
    405: N_("Open the page from the start page instead of from this address."),
    409: N_("Refresh the page to see the current state. Then decide whether anything is left to do."),
    413: N_("Send less data at once. A form can have at most %(largest)s."),
    422: N_("Correct the error described above and send the form again."),
    500: N_(
        "Try again in a minute. If the error persists, give an administrator the incident number. The log contains "
        "it too."
    ),
    503: N_("Try again in a minute. If the error persists, tell an administrator."),
}
_OTHER: Final = N_("Request failed")
_UNCHANGED: Final = frozenset({403, 409, 413, 422, 503})


@dataclass(frozen=True, slots=True)
class ErrorPage(Page, template="error.html"):
    """What was not done and why, and the next step. Submitted values are never repeated."""

    status: int
    title: str
    sentence: str
    unchanged: bool
    has_start: bool
    not_done: str | None
    next_step: str | None
    case_address: str | None


def install_error_pages(app: FastAPI) -> None:
    """Render every error as a page for browsers, and as the API's JSON for programs."""

    async def handler(request: Request, error: Exception) -> Response:
        problem = problem_of(request, error)
        answer = await error_page_of(request.scope, problem) or problem.as_json()
        # An unexpected error bypasses every middleware, so its headers are set here.
        answer.headers.update({"cache-control": "no-store", **SECURITY_HEADERS, **problem.headers})
        answer.headers[REQUEST_ID] = request_id(request.scope)
        return answer

    for kind in KINDS:
        app.add_exception_handler(kind, handler)


async def error_page_of(scope: Scope, problem: Problem) -> Response | None:
    """The page of a problem for a browser that requests one. A database that cannot be read leaves out the session."""
    request = Request(scope)
    if not _wants_page(request):
        return None
    try:
        return await run_in_threadpool(_error_page, request, problem)
    except StorageFault:
        return _error_page(request, problem, reads=False)


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_MACHINE_PATHS)


def _error_page(request: Request, problem: Problem, *, reads: bool = True) -> Response:
    status = problem.status
    if status == 401:
        return _redirect_to_sign_in(request)
    if problem.code == SecondFactorRequired.code:
        return RedirectResponse("/settings/second-factor", 303)
    session = _session_or_none(request) if reads else None
    if session is None:
        display.show_as(replace(display.current_display(), language=language_of(request.scope)))
    page = ErrorPage(
        status=status,
        title=say(TITLES.get(problem.code, TITLES.get(status, _OTHER))),
        sentence=phrase_in_words(problem.phrase),
        has_start=not request.url.path.startswith(_BY_LINK),
        unchanged=session is None and status in _UNCHANGED,
        not_done=None if session is None else _undone_sentence(status),
        next_step=None if session is None else _next_step(request, session, problem),
        case_address=_case_address(request) if status == 409 else None,
    )
    return respond(request, page, session, status=status)


def _undone_sentence(status: int) -> str | None:
    return say(NOT_DONE[status]) if status in NOT_DONE else None


def _next_step(request: Request, session: Session, problem: Problem) -> str | None:
    role_names = words.join_list([say(ROLES[role]) for role in roles(session.person.grants)]) or say("none")
    largest = size(runtime_of(request).settings.largest_body_bytes)
    step = NEXT.get(problem.code, NEXT.get(problem.status))
    return step and say(step, roles=role_names, largest=largest)


def _redirect_to_sign_in(request: Request) -> Response:
    if request.headers.get("hx-request") or has_next_on_screen(request) or is_prefetch(request):
        # A fragment of a page cannot be a sign-in form; the browser reloads the whole page and returns here.
        return Response(status_code=401, headers={"HX-Refresh": "true"})
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    next_path = local_path(request, path) if request.method == "GET" else "/"
    return RedirectResponse(f"/sign-in?next={quote(next_path, safe='')}" if next_path != "/" else "/sign-in", 303)


def _case_address(request: Request) -> str | None:
    """The case that a refused decision was about."""
    address, _, what = request.url.path.rpartition("/")
    return address if what in {"verdict", "undo"} and local_path(request, address) != "/" else None


def _session_or_none(request: Request) -> Session | None:
    runtime = runtime_of(request)
    try:
        session = auth.session_of(runtime, request.cookies.get(cookie_name(runtime)))
    except DomainError:
        return None
    display.show_as(session.display)
    return session
