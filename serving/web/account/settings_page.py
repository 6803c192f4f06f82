"""A user's own settings, the same on all their devices."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import Invalid
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.access import OwnedSecret, must_end, roles
from serving.accounts.service import auth
from serving.accounts.service.display_choice import save_choice
from serving.accounts.service.guessing import TooManyAttempts
from serving.accounts.service.passwords import change_password, check_typed_alike
from serving.accounts.store.accounts import Session
from serving.api.errors import problem_of
from serving.guards import Oneself, TheRuntime, cookie_name, runtime_of
from serving.mail.policy import MailPolicy
from serving.mail.rules.kinds import MailKind, offered_kinds
from serving.mail.rules.quiet_hours import DELAYED, quiet_hours
from serving.mail.service.unsubscribing import choose_mails
from serving.mail.service.wording import NAMES
from serving.mail.store import choices
from serving.platform.display import Density, Display, Theme, time_zones
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say, tongues
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, local_path, ticked_secrets
from serving.web.rendering import Page, respond
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words
from serving.web.wording.vocabulary import ROLES, Option
from serving.webhooks.service.signing_secrets import secrets_of

router = APIRouter(include_in_schema=False)

_DENSITIES: Final = {
    Density.COMFORTABLE: N_("Dense: more rows on the screen"),
    Density.ROOMY: N_("Roomy: larger text and rows"),
}
_THEMES: Final = {Theme.AUTO: N_("Same as the system"), Theme.LIGHT: N_("Light"), Theme.DARK: N_("Dark")}


@dataclass(frozen=True, slots=True)
class Region:
    """The time zones of one part of the world."""

    name: str
    zones: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class MailChoice:
    """A kind of mail that the user can refuse, whether they get it, and whether it waits in quiet hours."""

    value: str
    text: str
    is_wanted: bool
    is_delayed: bool


@dataclass(frozen=True, slots=True)
class SettingsPage(Page, template="settings.html", place="/settings"):
    """The user's name, the choices, the chosen values, the time in the chosen zone, and the reason for a refusal.

    Of the secrets that the user has made, those in `ticked` end with the password. `quiet` has two times.
    """

    name: str
    email: str
    roles: str
    now: str
    regions: tuple[Region, ...]
    languages: tuple[Option, ...]
    densities: tuple[Option, ...]
    themes: tuple[Option, ...]
    chosen: Display
    error: str | None
    password_error: str | None
    secrets: tuple[OwnedSecret, ...]
    ticked: Collection[str]
    shortest_password: int
    mails: tuple[MailChoice, ...]
    quiet: tuple[str, str]
    has_factor: bool


@router.get("/settings")
def get_settings(request: Request, session: Oneself) -> HTMLResponse:
    return respond(request, settings_page(runtime_of(request), session), session)


@router.post("/settings")
def post_settings(request: Request, session: Oneself, fields: Fields) -> Response:
    """Save the settings. Browsers do not send an unticked box, so a missing field turns keyboard shortcuts off."""
    setting_fields = {**fields, "letter_keys": fields.get("letter_keys", "off")}
    try:
        save_choice(runtime_of(request), session.person, session.display, setting_fields)
    except Invalid as refused:
        page = settings_page(runtime_of(request), session, error=refusal_in_words(refused))
        return respond(request, page, session, status=422)
    return go_to(request, "/settings", Flash.SETTINGS_KEPT)


@router.post("/settings/password")
def post_password(request: Request, runtime: TheRuntime, session: Oneself, fields: Fields) -> Response:
    """Change the user's own password and sign out all other devices."""
    before, new_password = fields.get("present", ""), fields.get("wanted", "")
    try:
        check_typed_alike(new_password, fields.get("again", ""))
        token = request.cookies.get(cookie_name(runtime), "")
        change_password(
            runtime, session.person, token, before=before, new_password=new_password, ending=ticked_secrets(fields)
        )
    except (Invalid, TooManyAttempts) as refused:
        page = settings_page(runtime, session, password_error=refusal_in_words(refused), ticked=ticked_secrets(fields))
        return respond(request, page, session, status=problem_of(request, refused).status)
    return go_to(request, "/settings", Flash.PASSWORD_CHANGED)


@router.post("/settings/mails")
def post_mails(request: Request, session: Oneself, fields: Fields) -> Response:
    """Save the mails and quiet hours that the user wants. Browsers do not send an unticked box."""
    runtime, kinds = runtime_of(request), offered_kinds(roles(session.person.grants))
    wishes = {kind: f"mail_{kind}" in fields for kind in kinds}
    begins, ends = (fields.get(name, "").strip() for name in ("quiet_begins", "quiet_ends"))
    try:
        quiet = quiet_hours(begins, ends, runtime.policies[MailPolicy])
    except Invalid as refused:
        page = settings_page(runtime, session, error=refusal_in_words(refused))
        return respond(request, page, session, status=422)
    choose_mails(runtime, session.person.user_id, wishes, quiet)
    return go_to(request, "/settings", Flash.SETTINGS_KEPT)


@router.post("/settings/quick")
def post_quick(request: Request, session: Oneself, fields: Fields) -> Response:
    """Change one setting from the bar or the list of keys, and return to the same page."""
    setting_fields = {name: fields[name] for name in ("theme", "letter_keys") if name in fields}
    save_choice(runtime_of(request), session.person, session.display, setting_fields)
    return go_to(request, local_path(request, fields.get("next")))


def settings_page(
    runtime: Runtime,
    session: Session,
    error: str | None = None,
    password_error: str | None = None,
    ticked: Collection[str] | None = None,
) -> SettingsPage:
    """The content of the page. Without `ticked`, the recent secrets are."""
    person, now, policy = session.person, runtime.clock.now(), runtime.policies[SecretPolicy]
    with runtime.store.read() as connection:
        secrets = secrets_of(connection, person.user_id)
        quiet = choices.quiet_hours_of(connection, person.user_id)
    return SettingsPage(
        name=person.name,
        email=person.email,
        roles=words.join_list([say(ROLES[role]) for role in roles(person.grants)]),
        now=words.full_moment(now),
        regions=_regions(),
        languages=tuple(Option(tongue.language, tongue.name) for tongue in tongues()),
        densities=_as_options(_DENSITIES),
        themes=_as_options(_THEMES),
        chosen=session.display,
        error=error,
        password_error=password_error,
        secrets=secrets,
        ticked=[secret.secret_id for secret in secrets if must_end(secret, now, policy, ticked)],
        shortest_password=auth.SHORTEST_PASSWORD,
        mails=_mail_choices(runtime, session),
        quiet=("", "") if quiet is None else (f"{quiet.begins:%H:%M}", f"{quiet.ends:%H:%M}"),
        has_factor=session.has_factor,
    )


def _mail_choices(runtime: Runtime, session: Session) -> tuple[MailChoice, ...]:
    with runtime.store.read() as connection:
        refused = choices.refused_kinds(connection, session.person.user_id)
    kinds: tuple[MailKind, ...] = offered_kinds(roles(session.person.grants))
    return tuple(MailChoice(f"mail_{kind}", say(NAMES[kind]), kind not in refused, kind in DELAYED) for kind in kinds)


def _regions() -> tuple[Region, ...]:
    by_region = groupby(time_zones(), key=lambda name: name.partition("/")[0])
    return tuple(
        Region("Universal" if region == "UTC" else region, tuple(Option(name, _city_name(name)) for name in names))
        for region, names in by_region
    )


def _city_name(name: str) -> str:
    """The zone as a list of cities names it.

    >>> _city_name("America/Argentina/Buenos_Aires"), _city_name("UTC")
    ('Argentina, Buenos Aires', 'UTC')
    """
    return (name.partition("/")[2] or name).replace("/", ", ").replace("_", " ")


def _as_options(texts: dict[Density, str] | dict[Theme, str]) -> tuple[Option, ...]:
    return tuple(Option(choice.value, text) for choice, text in texts.items())
