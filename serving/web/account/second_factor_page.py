"""A user's second factors: set up, confirmed by the mailed link, and removed, each time with the password."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import OwnedSecret
from serving.accounts.rules.second_person import NEEDS_FACTOR, Factor, FactorKind, effective_from, is_fresh, may_remove
from serving.accounts.service import one_time_codes, passkeys
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.proving import passkey_options, prove
from serving.accounts.service.second_factors import (
    LONGEST_NAME,
    add_passkey,
    begin_app,
    confirm_app,
    confirm_by_link,
    enrolment_options,
    factor_of_link,
    new_recovery_codes,
    remove,
)
from serving.accounts.service.second_factors import PLACE as LINK
from serving.accounts.store import second_factors
from serving.accounts.store.accounts import Session
from serving.accounts.store.second_factors import StoredFactor
from serving.api.errors import problem_of
from serving.guards import Oneself, public, runtime_of
from serving.platform.runtime import Runtime
from serving.platform.tongues import say
from serving.web import text_view
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, given_factor, refuse_cross_site, ticked_secrets
from serving.web.rendering import Page, StaffPage, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import refusal_in_words
from serving.webhooks.service.signing_secrets import secrets_of

router = APIRouter(include_in_schema=False)
PLACE: Final = "/settings/second-factor"
_LONGEST_LINK: Final = 200
_BY_LINK = public("the mailed link names the factor, and its owner may have no session")


@dataclass(frozen=True, slots=True)
class FactorRow:
    """A second factor, and from when it counts before bulk acts where that is still to come."""

    factor_id: str
    name: ShownText
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
class SecondFactorPage(Page, template="second_factor.html", place="/settings"):
    """The factors, and what can be done now: confirm that it is the user, or add and remove factors."""

    rows: tuple[FactorRow, ...]
    secrets: tuple[OwnedSecret, ...]
    is_required: bool
    may_add: bool
    is_proved: bool
    has_passkey: bool
    passkeys_possible: bool
    app: AppCode | None
    pending: StoredFactor | None
    mails_kept: bool
    codes_left: int
    codes: tuple[str, ...]
    longest_name: int
    hours: int
    error: str | None


def _with_refusal_page(handler: Callable[..., Response]) -> Callable[..., Response]:
    """The page with the reason, where a handler refuses."""

    @wraps(handler)
    def answer(*, request: Request, session: Session, **others: Any) -> Response:
        try:
            return handler(request=request, session=session, **others)
        except NotSignedIn:
            raise
        except DomainError as refused:
            problem, content = (
                problem_of(request, refused),
                second_factor_page(runtime_of(request), session, refusal_in_words(refused)),
            )
            page = respond(request, content, session, status=problem.status)
            page.headers.update(problem.headers)
            return page

    return answer


@router.get(PLACE)
def get_page(request: Request, session: Oneself) -> HTMLResponse:
    return respond(request, second_factor_page(runtime_of(request), session), session)


@router.post(PLACE + "/prove")
@_with_refusal_page
def post_proof(request: Request, session: Oneself, fields: Fields) -> Response:
    """Confirm that it is the user by a factor or a recovery code."""
    prove(runtime_of(request), session, given_factor(fields), recovery=True)
    return go_to(request, PLACE)


@router.post(PLACE + "/prove/passkey")
def post_proof_options(request: Request, session: Oneself) -> Response:
    return Response(passkey_options(runtime_of(request), session), media_type="application/json")


@router.post(PLACE + "/app")
@_with_refusal_page
def post_app(request: Request, session: Oneself, fields: Fields) -> Response:
    """Make the secret of an app. Only this answer shows it: a stolen session could read any other page."""
    begun = begin_app(runtime_of(request), session, password_of(fields))
    return respond(request, second_factor_page(runtime_of(request), session, begun=begun), session)


@router.post(PLACE + "/app/confirm")
@_with_refusal_page
def post_app_confirmation(request: Request, session: Oneself, fields: Fields) -> Response:
    link = confirm_app(runtime_of(request), session, fields.get("code", "")[:60], fields.get("name", ""))
    return go_to(request, PLACE, Flash.FACTOR_ADDED if link is None else None)


@router.post(PLACE + "/passkey/options")
def post_passkey_options(request: Request, session: Oneself, fields: Fields) -> Response:
    """What the browser needs to make a passkey."""
    options = enrolment_options(runtime_of(request), session, password_of(fields))
    return Response(options, media_type="application/json")


@router.post(PLACE + "/passkey")
@_with_refusal_page
def post_passkey(request: Request, session: Oneself, fields: Fields) -> Response:
    """Add the passkey that the browser made."""
    link = add_passkey(runtime_of(request), session, fields.get("credential", ""), fields.get("name", ""))
    return go_to(request, PLACE, Flash.FACTOR_ADDED if link is None else None)


@router.post(PLACE + "/recovery-codes")
@_with_refusal_page
def post_recovery_codes(request: Request, session: Oneself, fields: Fields) -> Response:
    """Make new recovery codes, which only this answer shows."""
    codes = new_recovery_codes(runtime_of(request), session, password_of(fields))
    return respond(request, second_factor_page(runtime_of(request), session, codes=codes), session)


@router.post(PLACE + "/{factor_id}/remove")
@_with_refusal_page
def post_removal(factor_id: str, request: Request, session: Oneself, fields: Fields) -> Response:
    ending = ticked_secrets(fields)
    remove(runtime_of(request), session, factor_id[:LONGEST_ID], password_of(fields), ending=ending)
    return go_to(request, PLACE, Flash.FACTOR_REMOVED)


@router.get(LINK + "{link}", dependencies=[_BY_LINK])
def get_confirmation(link: str, request: Request) -> Response:
    """The question whether a first factor is the user's; loading it changes nothing, as mail scanners load links."""
    return respond(request, _confirmation_page(request, link[:_LONGEST_LINK]))


@router.post(LINK + "{link}", dependencies=[_BY_LINK])
def post_confirmation(link: str, request: Request) -> Response:
    """Let the first factor count. The answer shows the recovery codes, which are not stored."""
    refuse_cross_site(request)
    page = _confirmation_page(request, link[:_LONGEST_LINK])
    page.codes = confirm_by_link(runtime_of(request), link[:_LONGEST_LINK])
    return respond(request, page)


def _confirmation_page(request: Request, link: str) -> StaffPage:
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        waiting = factor_of_link(runtime, connection, link)
    return StaffPage(
        "confirm_factor.html",
        address=f"{LINK}{link}",
        name=text_view.show(waiting.name),
        since=words.full_moment(waiting.begun_at),
        codes=(),
    )


def password_of(fields: Fields) -> str:
    return fields.get("password", "")[:1_000]


def second_factor_page(
    runtime: Runtime,
    session: Session,
    error: str | None = None,
    codes: tuple[str, ...] = (),
    begun: StoredFactor | None = None,
) -> SecondFactorPage:
    """The content of the page, with the secret of an app that was just begun."""
    policy, now, person = runtime.policies[SecondFactorPolicy], runtime.wall.now(), session.person
    with runtime.store.read() as connection:
        factors = second_factors.of_person(connection, person.user_id)
        pending = second_factors.unconfirmed_factor(connection, person.user_id)
        codes_left = second_factors.unused_code_count(connection, person.user_id)
        secrets = secrets_of(connection, person.user_id)
    fresh = is_fresh(session.proof, now, policy)
    app = None
    if begun is not None:
        secret = one_time_codes.secret_of(runtime, begun)
        address = one_time_codes.otpauth_uri(secret, person.email)
        side, path = one_time_codes.qr_code_of(address)
        app = AppCode(side, path, address, " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)))
    return SecondFactorPage(
        rows=tuple(_factor_row(runtime, session, factor) for factor in factors),
        secrets=secrets,
        is_required=runtime.settings.production and not factors and any(map(person.may, NEEDS_FACTOR)),
        may_add=fresh or not factors,
        is_proved=fresh and session.proof is not None and session.proof.factor_id is not None,
        has_passkey=any(factor.kind is FactorKind.PASSKEY for factor in factors),
        passkeys_possible=passkeys.are_possible(runtime),
        app=app,
        pending=pending,
        mails_kept=not runtime.settings.smtp_host,
        codes_left=codes_left,
        codes=codes,
        longest_name=LONGEST_NAME,
        hours=policy.counts_after_hours,
        error=error,
    )


def _factor_row(runtime: Runtime, session: Session, factor: Factor) -> FactorRow:
    policy, now = runtime.policies[SecondFactorPolicy], runtime.wall.now()
    begins = effective_from(factor, policy)
    return FactorRow(
        factor_id=factor.factor_id,
        name=text_view.show(factor.name),
        kind=say("App with codes") if factor.kind is FactorKind.TOTP else say("Passkey"),
        since=words.moment(factor.enrolled_at, now),
        used=say("never") if factor.used_at is None else words.moment(factor.used_at, now),
        counts_from=words.moment(begins, now) if begins > now else None,
        is_proved=may_remove(factor.factor_id, session.proof, now, policy),
    )
