"""A brand's service accounts: made by a lead with two people and a key, kept in force, and ended."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.service.service_accounts import (
    AccountOfBrand,
    accounts_of_brand,
    end_account,
    fingerprint,
    make_account,
    name_person,
    register_key,
    revoke_key,
    set_callback,
    signs_from,
)
from serving.accounts.store import accounts
from serving.accounts.store.accounts import BrandPerson, Session
from serving.accounts.store.service_accounts import SigningKey
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.store import rights
from serving.brands.store.rights import StoredRight
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.reports.service.callbacks import callback_secret
from serving.web.brand.brand_scope import AboutBrand, refusal_page, scope_of, scope_to_change
from serving.web.brand.rights_page import KINDS
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, confirm_identity, factor_kinds
from serving.web.rendering import respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/brand/service-accounts"


@dataclass(frozen=True, slots=True)
class ShownKey:
    """A signing key, its fingerprint, and from when it signs."""

    key: SigningKey
    fingerprint: str
    signs_from: datetime


@dataclass(frozen=True, slots=True)
class ServiceAccountsPage(AboutBrand, template="brand_service_accounts.html"):
    """The accounts with their keys, the people who can be named, and the rights with their ids.

    A key begins, expires and is used in real time, `wall`. `callback` is set for an account whose address for messages
    was just set, with the secret that signs them.
    """

    accounts: tuple[tuple[AccountOfBrand, tuple[ShownKey, ...]], ...]
    people: tuple[BrandPerson, ...]
    wall: datetime
    rights: tuple[StoredRight, ...]
    kinds: Mapping[RightKind, str]
    typed: Mapping[str, str]
    reader: str
    factors: frozenset[FactorKind]
    error: str | None
    callback: tuple[str, str] | None = None


@router.get(PLACE)
def get_accounts(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.post(PLACE)
def post_account(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Make an account with its first key, after a proof that it is the lead."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    try:
        confirm_identity(runtime, session, fields)
        other, key = fields.get("person", "")[:LONGEST_ID], fields.get("public_key", "")
        make_account(runtime, session, scope.pair, fields.get("name", ""), other, key)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{PLACE}{scope.query}", Flash.SIGNING_KEY_REGISTERED)


@router.post(PLACE + "/{account_id}/keys")
def post_key(account_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Register the key that follows, after a proof that it is the lead."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    try:
        confirm_identity(runtime, session, fields)
        register_key(runtime, session, scope.pair, account_id[:LONGEST_ID], fields.get("public_key", ""))
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{PLACE}{scope.query}", Flash.SIGNING_KEY_REGISTERED)


@router.post(PLACE + "/{account_id}/keys/{key_id}/revoke")
def post_revoke(
    account_id: str, key_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields
) -> Response:
    with runtime.store.read() as connection:
        scope, _ = scope_to_change(connection, session.person, fields)
    revoke_key(runtime, session.person, scope.pair, account_id[:LONGEST_ID], key_id[:LONGEST_ID])
    return go_to(request, f"{PLACE}{scope.query}", Flash.KEY_REVOKED)


@router.post(PLACE + "/{account_id}/people")
def post_person(account_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Name another person in an account."""
    with runtime.store.read() as connection:
        scope, _ = scope_to_change(connection, session.person, fields)
    user_id, instead_of = fields.get("person", "")[:LONGEST_ID], fields.get("instead_of", "")[:LONGEST_ID]
    try:
        name_person(
            runtime, session.person, scope.pair, account_id[:LONGEST_ID], user_id, instead_of=instead_of or None
        )
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{PLACE}{scope.query}", Flash.SERVICE_ACCOUNT_CHANGED)


@router.post(PLACE + "/{account_id}/callback")
def post_callback(account_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Set the address for messages, after a proof that it is the lead, and show their secret once."""
    account_id, url = account_id[:LONGEST_ID], fields.get("url", "").strip()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    try:
        confirm_identity(runtime, session, fields)
        set_callback(runtime, session, scope.pair, account_id, url)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    callback = (account_id, callback_secret(runtime, account_id, url)) if url else None
    return respond(request, replace(_page(runtime, session, fields), callback=callback), session)


@router.post(PLACE + "/{account_id}/end")
def post_end(account_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope, _ = scope_to_change(connection, session.person, fields)
    end_account(runtime, session.person, scope.pair, account_id[:LONGEST_ID])
    return go_to(request, f"{PLACE}{scope.query}", Flash.SERVICE_ACCOUNT_ENDED)


def _page(
    runtime: Runtime, session: Session, fields: Mapping[str, str], *, error: str | None = None
) -> ServiceAccountsPage:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        of_brand = accounts_of_brand(connection, scope.pair)
        people = accounts.people_of_brand(connection, scope.pair)
        verified = [
            right for right in rights.rights_of(connection, scope.pair) if right.right.state is RightState.VERIFIED
        ]
    return ServiceAccountsPage(
        scope=scope,
        accounts=tuple(
            (account, tuple(ShownKey(key, fingerprint(key), signs_from(runtime, key)) for key in account.keys))
            for account in of_brand
        ),
        people=tuple(people),
        wall=runtime.wall.now(),
        rights=tuple(verified),
        kinds=KINDS,
        typed=fields if error is not None else {},
        reader=session.person.user_id,
        factors=factor_kinds(runtime, session),
        error=error,
    )
