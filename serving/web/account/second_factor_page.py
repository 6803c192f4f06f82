"""A user's second factors: set up, confirmed and removed after a fresh proof that it is the user."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.second_factors import NEEDS_FACTOR, Factor, FactorKind, counts_from, is_fresh, may_remove
from serving.accounts.service import one_time_codes, passkeys
from serving.accounts.service.proving import passkey_options
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
from serving.administration.service.second_factors import (
    LONGEST_NAME,
    add_passkey,
    begin_app,
    confirm_app,
    enrolment_options,
    new_recovery_codes,
    remove,
)
from serving.api.errors import problem_of
from serving.guards import runtime_of, signed_in
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.confirming import confirm
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import own_words
from serving.web.wording.i18n import say
from serving.web.wording.refusals import refusal

router = APIRouter(include_in_schema=False)
Anyone = Annotated[Session, signed_in(translated=True)]
PLACE: Final = "/settings/second-factor"
_LONGEST_ID: Final = 40


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A second factor, and from when it counts before bulk acts where that is still to come."""

    factor_id: str
    name: Shown
    kind: str
    since: str
    used: str
    counts_from: str | None
    is_proved: bool


@dataclass(frozen=True, slots=True)
class AppCode:
    """The secret of an app that waits for its first code: as a picture and as text, in groups of four."""

    side: int
    path: str
    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class SecondFactorPage:
    """The factors, and what can be done now: confirm that it is the user, or add and remove factors."""

    template: ClassVar[str] = "second_factor.html"
    place: ClassVar[str] = "/settings"

    rows: tuple[FactorRow, ...]
    is_required: bool
    is_fresh: bool
    is_proved: bool
    has_passkey: bool
    passkeys_possible: bool
    app: AppCode | None
    codes_left: int
    codes: tuple[str, ...]
    longest_name: int
    hours: int
    error: str | None


@router.get(PLACE)
def get_page(request: Request, session: Anyone) -> HTMLResponse:
    """The page."""
    return respond(request, page_of(runtime_of(request), session), session)


@router.post(PLACE + "/prove")
def post_proof(request: Request, session: Anyone, fields: Fields) -> Response:
    """Confirm that it is the user: by a factor, a recovery code, or the password where there is no factor."""
    runtime = runtime_of(request)
    try:
        confirm(runtime, session, fields)
    except DomainError as refused:
        return _refused(request, session, refused)
    return go_to(request, PLACE)


@router.post(PLACE + "/prove/passkey")
def post_proof_options(request: Request, session: Anyone) -> Response:
    """What the browser needs to prove a passkey."""
    return Response(passkey_options(runtime_of(request), session), media_type="application/json")


@router.post(PLACE + "/app")
def post_app(request: Request, session: Anyone) -> Response:
    """Make the secret of an app."""
    try:
        begin_app(runtime_of(request), session)
    except DomainError as refused:
        return _refused(request, session, refused)
    return go_to(request, PLACE)


@router.post(PLACE + "/app/confirm")
def post_app_confirmation(request: Request, session: Anyone, fields: Fields) -> Response:
    """Confirm the app by its first code. The answer shows the recovery codes, which are not stored."""
    runtime = runtime_of(request)
    try:
        codes = confirm_app(runtime, session, fields.get("code", "")[:60], fields.get("name", ""))
    except DomainError as refused:
        return _refused(request, session, refused)
    return _added(request, session, codes)


@router.post(PLACE + "/passkey/options")
def post_passkey_options(request: Request, session: Anyone) -> Response:
    """What the browser needs to make a passkey."""
    return Response(enrolment_options(runtime_of(request), session), media_type="application/json")


@router.post(PLACE + "/passkey")
def post_passkey(request: Request, session: Anyone, fields: Fields) -> Response:
    """Add the passkey that the browser made."""
    try:
        codes = add_passkey(runtime_of(request), session, fields.get("credential", ""), fields.get("name", ""))
    except DomainError as refused:
        return _refused(request, session, refused)
    return _added(request, session, codes)


@router.post(PLACE + "/recovery-codes")
def post_recovery_codes(request: Request, session: Anyone) -> Response:
    """Make new recovery codes."""
    try:
        codes = new_recovery_codes(runtime_of(request), session)
    except DomainError as refused:
        return _refused(request, session, refused)
    return _added(request, session, codes)


@router.post(PLACE + "/{factor_id}/remove")
def post_removal(factor_id: str, request: Request, session: Anyone) -> Response:
    """Remove a factor."""
    try:
        remove(runtime_of(request), session, factor_id[:_LONGEST_ID])
    except DomainError as refused:
        return _refused(request, session, refused)
    return go_to(request, PLACE, Flash.FACTOR_REMOVED)


def _added(request: Request, session: Session, codes: tuple[str, ...]) -> Response:
    if not codes:
        return go_to(request, PLACE, Flash.FACTOR_ADDED)
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        now = accounts.session(connection, session.token_hash, runtime.wall.now()) or session
    return respond(request, page_of(runtime, now, codes=codes), now)


def _refused(request: Request, session: Session, refused: DomainError) -> Response:
    problem = problem_of(request, refused)
    page = respond(request, page_of(runtime_of(request), session, refusal(refused)), session, status=problem.status)
    page.headers.update(problem.headers)
    return page


def page_of(
    runtime: Runtime, session: Session, error: str | None = None, codes: tuple[str, ...] = ()
) -> SecondFactorPage:
    """The content of the page."""
    policy, now, person = runtime.policies[SecondFactorPolicy], runtime.wall.now(), session.person
    with runtime.store.read() as connection:
        found = second_factors.of_person(connection, person.user_id)
        begun = second_factors.begun(connection, person.user_id)
        left = second_factors.codes_left(connection, person.user_id)
    fresh = is_fresh(session.proof, now, policy)
    app = None
    if begun is not None and fresh:
        secret = one_time_codes.secret_of(runtime, begun)
        address = one_time_codes.address_of(secret, person.email)
        side, path = one_time_codes.picture_of(address)
        app = AppCode(side, path, address, " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))
    return SecondFactorPage(
        rows=tuple(_row(runtime, session, one) for one in found),
        is_required=runtime.settings.production and not found and any(map(person.may, NEEDS_FACTOR)),
        is_fresh=fresh,
        is_proved=fresh and session.proof is not None and session.proof.factor_id is not None,
        has_passkey=any(one.kind is FactorKind.PASSKEY for one in found),
        passkeys_possible=passkeys.are_possible(runtime),
        app=app,
        codes_left=left,
        codes=codes,
        longest_name=LONGEST_NAME,
        hours=policy.counts_after_hours,
        error=error,
    )


def _row(runtime: Runtime, session: Session, one: Factor) -> FactorRow:
    policy, now = runtime.policies[SecondFactorPolicy], runtime.wall.now()
    begins = counts_from(one, policy)
    return FactorRow(
        factor_id=one.factor_id,
        name=text_view.show(one.name),
        kind=say("App with codes") if one.kind is FactorKind.TOTP else say("Passkey"),
        since=own_words.moment(one.enrolled_at, now),
        used=say("never") if one.used_at is None else own_words.moment(one.used_at, now),
        counts_from=own_words.moment(begins, now) if begins > now else None,
        is_proved=may_remove(one.factor_id, session.proof, now, policy),
    )
