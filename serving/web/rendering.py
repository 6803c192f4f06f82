"""Rendering of pages: a frozen context, the template that it names, and the shell around it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.accounts.rules.access import Permission, Person, roles
from serving.accounts.store import display_settings
from serving.accounts.store.accounts import Session
from serving.guards import CSRF_FIELD, runtime_of
from serving.operations.service.simulation import Visits
from serving.platform import display, tongues
from serving.platform.display import Display
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say
from serving.web import flash
from serving.web.alarms import Alarms, UnmailedNotice, alarms_of, unmailed_notices, unread_by_address
from serving.web.filters import FILTERS
from serving.web.forms import MARKETPLACE, local_path
from serving.web.headers import static_address
from serving.web.onboarding import ONBOARDING_OF, Onboarding
from serving.web.undo import Undo, undo_of
from serving.web.wording import words
from serving.web.wording.glossary import term_of
from serving.web.wording.simulation_banner import SimulationBanner, simulation_banner
from serving.web.wording.translated import TRANSLATED
from serving.web.wording.vocabulary import CHOICES, REASON_CODES


class Page:
    """A context: `class BrandPage(Page, template="brand.html", place="/brand")`."""

    __slots__ = ()
    template: ClassVar[str]
    place: ClassVar[str] = ""

    def __init_subclass__(cls, *, template: str = "", place: str = "") -> None:
        # `slots=True` makes a class a second time, with what the first one has.
        if template:
            cls.template = template
        if place:
            cls.place = place


class StaffPage(SimpleNamespace, Page):
    """A context that needs no allow-list: `StaffPage("queue.html", "/queue", size=3)`."""

    def __init__(self, template: str, place: str = "", **values: Any) -> None:
        super().__init__(template=template, place=place, **values)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the main navigation; `unread` is its number of unread messages."""

    address: str
    text: str
    current: bool
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame of a page: the signed-in user, display settings, navigation, and the last confirmation."""

    name: str
    initials: str
    links: tuple[Link, ...]
    csrf_token: str
    flash: str | None
    undo: Undo | None
    zone: str
    display: Display
    address: str
    searches: bool
    alarms: Alarms
    told_here: tuple[UnmailedNotice, ...]
    guide: Onboarding | None
    simulation: SimulationBanner | None


_PLACES: Final = (
    ("/queue", N_("Review queue"), {Permission.REVIEW_CASES}),
    ("/notes", N_("Notes"), {Permission.REVIEW_CASES}),
    ("/brand", N_("Your questions"), {Permission.ANSWER_QUESTIONS}),
    ("/brand/reports", N_("Report listings"), {Permission.ANSWER_QUESTIONS}),
    ("/counter-notices", N_("Counter-notices"), {Permission.ANSWER_QUESTIONS}),
    ("/brand/dashboard", N_("Our brand"), {Permission.ANSWER_QUESTIONS}),
    ("/brand/messages", N_("Messages"), {Permission.ANSWER_QUESTIONS}),
    ("/brands", N_("Brands"), {Permission.MANAGE_BRANDS}),
    ("/sellers", N_("Sellers"), {Permission.REVIEW_CASES, Permission.MANAGE_BRANDS}),
    (
        "/pending-removals",
        N_("Pending removals"),
        {Permission.REVIEW_CASES, Permission.MANAGE_BRANDS, Permission.ADMINISTER},
    ),
    ("/models", N_("Models"), {Permission.SEE_MODELS}),
    ("/operations", N_("Operations"), {Permission.SEE_OPERATIONS}),
    ("/people", N_("Users"), {Permission.ADMINISTER}),
    ("/kill-switches", N_("Kill switches"), {Permission.ADMINISTER}),
)

TEMPLATES: Final = Environment(
    loader=PackageLoader("serving.web"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
    extensions=["jinja2.ext.i18n"],
)
TEMPLATES.policies["ext.i18n.trimmed"] = True
# The extension adds it and resolves the language at each call.
TEMPLATES.install_gettext_callables(tongues.gettext, tongues.ngettext, newstyle=True)  # type: ignore[attr-defined]
TEMPLATES.globals |= {
    "all_tongues": tongues.tongues,
    "choices": CHOICES,
    "csrf_field": CSRF_FIELD,
    "reason_codes": REASON_CODES,
    "say": say,
    "static": static_address,
    "term_of": term_of,
    "tongue": tongues.current_tongue,
}

TEMPLATES.filters |= FILTERS


def home_of(person: Person) -> str:
    """The start page of a person: the first place of the navigation that is not for rare votes.

    Who administers lands on operations.
    """
    if person.may(Permission.ADMINISTER):
        return "/operations"
    return next((place.address for place in _navigation(person) if place.address != "/pending-removals"), "/models")


def _navigation(
    person: Person, current: str = "", unread: Mapping[str, int] = MappingProxyType({})
) -> tuple[Link, ...]:
    return tuple(
        Link(path, say(text), path == current, unread.get(path, 0))
        for path, text, any_of in _PLACES
        if any(map(person.may, any_of))
    )


def render(page: Page) -> str:
    """A page by itself, without a shell."""
    return _render_with_shell(page, None, None)


def _render_with_shell(page: Page, shell: Shell | None, now: datetime | None) -> str:
    """The page in the reader's language if it is translated, else entirely in English."""
    template = TEMPLATES.get_template(page.template)
    if page.template in TRANSLATED:
        return template.render(page=page, shell=shell, now=now)
    with display.in_english():
        return template.render(page=page, shell=shell, now=now)


def respond(request: Request, page: Page, session: Session | None = None, *, status: int = 200) -> HTMLResponse:
    """The page, with its shell if a user is signed in."""
    shell = None if session is None else _make_shell(request, page, session)
    runtime = runtime_of(request)
    runtime.services[Visits].click()
    response = HTMLResponse(_render_with_shell(page, shell, runtime.clock.now()), status)
    if shell is not None and shell.flash is not None:
        flash.delete_flash(request, response)
    return response


def respond_part(request: Request, page: Page, session: Session) -> HTMLResponse:
    """A polled part of a page; it must not consume the confirmation meant for the next page."""
    return HTMLResponse(_render_with_shell(page, _make_shell(request, page, session), runtime_of(request).clock.now()))


def _make_shell(request: Request, page: Page, session: Session) -> Shell:
    person = session.person
    return Shell(
        name=person.name,
        initials=words.initials(person.name),
        links=_navigation(person, page.place, unread_by_address(runtime_of(request), person)),
        csrf_token=session.csrf_token,
        flash=flash.flash_sentence(request),
        undo=undo_of(runtime_of(request), person),
        zone=words.zone(runtime_of(request).clock.now()),
        display=session.display,
        address=local_path(request, _address_of_request(request)),
        searches=person.may(Permission.REVIEW_CASES),
        alarms=alarms_of(runtime_of(request), person),
        told_here=unmailed_notices(runtime_of(request), person),
        guide=_onboarding(runtime_of(request), person, request.url.path),
        simulation=simulation_banner(runtime_of(request)),
    )


def _address_of_request(request: Request) -> str:
    """The reader's address, with the chosen marketplace."""
    chosen = request.query_params.get(MARKETPLACE)
    return f"{request.url.path}?{urlencode({MARKETPLACE: chosen})}" if chosen else request.url.path


def _onboarding(runtime: Runtime, person: Person, path: str) -> Onboarding | None:
    """The first onboarding list that the user has not dismissed, on the role's page or the start page."""
    onboardings = [ONBOARDING_OF[role] for role in roles(person.grants)]
    due = [onboarding for onboarding in onboardings if path in {onboarding.place, home_of(person)}]
    if not due:
        return None
    with runtime.store.read() as connection:
        seen = display_settings.dismissed_lists(connection, person.user_id)
    return next((onboarding for onboarding in due if onboarding.role not in seen), None)
