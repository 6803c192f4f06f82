"""A brand's API keys: listed, made by a lead and shown once, and revoked; and the ids that a program needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError
from serving.accounts.policy import SecretPolicy
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.store.accounts import Session
from serving.brands.rules.rights import RightKind, RightState
from serving.brands.service.brand_keys import BrandKey, keys_of_brand, make_key, revoke_key
from serving.brands.store import rights
from serving.brands.store.rights import StoredRight
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.runtime import Runtime
from serving.web.brand.brand_scope import AboutBrand, refusal_page, scope_of, scope_to_change
from serving.web.brand.rights_page import KINDS
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields, confirm_identity, days_of, factor_kinds
from serving.web.rendering import respond

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/keys"


@dataclass(frozen=True, slots=True)
class BrandKeysPage(AboutBrand, template="brand_api_keys.html"):
    """The keys, the rights with their ids, and the text of a new key, which is shown only once.

    A key expires and is used in real time, `wall`.
    """

    keys: tuple[BrandKey, ...]
    wall: datetime
    rights: tuple[StoredRight, ...]
    kinds: Mapping[RightKind, str]
    new_key: str | None
    typed: str
    policy: SecretPolicy
    factors: frozenset[FactorKind]
    error: str | None


@router.get(_PLACE)
def get_keys(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.post(_PLACE)
def post_key(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Make a key after a proof that it is the lead. The response shows its text, which is not stored: no redirect."""
    with runtime.store.read() as connection:
        pair = scope_of(connection, session.person, fields).pair
    try:
        confirm_identity(runtime, session, fields)
        key_text = make_key(runtime, session.person, pair, fields.get("name", ""), days_of(fields))
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return respond(request, _page(runtime, session, fields, key_text=key_text), session)


@router.post(_PLACE + "/{key_id}/revoke")
def post_revoke(key_id: str, request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    with runtime.store.read() as connection:
        scope, _ = scope_to_change(connection, session.person, fields)
    revoke_key(runtime, session.person, scope.pair, key_id[:LONGEST_ID])
    return go_to(request, f"{_PLACE}{scope.query}", Flash.KEY_REVOKED)


def _page(
    runtime: Runtime,
    session: Session,
    fields: Mapping[str, str],
    *,
    key_text: str | None = None,
    error: str | None = None,
) -> BrandKeysPage:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        keys = keys_of_brand(connection, scope.pair)
        verified = [
            right for right in rights.rights_of(connection, scope.pair) if right.right.state is RightState.VERIFIED
        ]
    return BrandKeysPage(
        scope=scope,
        keys=tuple(keys),
        wall=runtime.wall.now(),
        rights=tuple(verified),
        kinds=KINDS,
        new_key=key_text,
        typed=fields.get("name", "") if error is not None else "",
        policy=runtime.policies[SecretPolicy],
        factors=factor_kinds(runtime, session),
        error=error,
    )
