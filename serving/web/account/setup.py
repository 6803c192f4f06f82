"""The one-time page of a first start, which creates a marketplace and its administrator."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import DomainError, Invalid, NotFound
from serving.accounts.rules.access import FIRST_ROLES, Role
from serving.accounts.service import auth, provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import setup_links
from serving.api.cookies import set_session_cookies, sign_in_source
from serving.brands.rules.rights_document import checked_territories
from serving.brands.service.brand_file import set_sales_territory
from serving.guards import TheRuntime, public, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_TOKEN, Fields, refuse_cross_site
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
_BY: Final = "setup"


@router.get("/setup/{token}", dependencies=[public("nobody has an account at a first start")])
def get_setup(token: str, request: Request) -> Response:
    """The form, while the link has not been used."""
    _require_open(runtime_of(request), token)
    return respond(request, _page(token, {"currency": "EUR", "sells_in": "EU"}, None))


@router.post("/setup/{token}", dependencies=[public("nobody has an account at a first start")])
def post_setup(token: str, request: Request, runtime: TheRuntime, fields: Fields) -> Response:
    """Create the marketplace and its administrator, and sign in. The link is spent first, so that it works once."""
    refuse_cross_site(request)
    _require_open(runtime, token)
    problem = _why_refused(fields)
    if problem is not None:
        return respond(request, _page(token, fields, problem), status=422)
    hashed, now = auth.hash_token(token), runtime.wall.now()
    with runtime.store.write() as connection:
        setup_links.use_setup_token(connection, hashed, now)
    try:
        _create_marketplace(runtime, fields)
    except DomainError as refused:
        with runtime.store.write() as connection:
            setup_links.add_setup_token(connection, hashed, now)
        return respond(request, _page(token, fields, refused.sentence), status=422)
    new_session = auth.sign_in(runtime, fields["email"], fields["password"], sign_in_source(request))
    response = go_to(request, "/", Flash.FOUNDED)
    set_session_cookies(response, request, new_session)
    return response


def _require_open(runtime: Runtime, token: str) -> None:
    with runtime.store.read() as connection:
        hashed = auth.hash_token(token[: LONGEST_TOKEN + 1])
        if not setup_links.is_setup_open(connection, hashed, runtime.wall.now()):
            raise NotFound(
                "This set-up link is not valid, was used, or has expired. Restart the service for a new one."
            )


def _why_refused(fields: Fields) -> str | None:
    """The reason why creating the administrator would fail after the marketplace exists; None if it would not."""
    if not fields.get("name", "").strip() or len(fields["name"]) > 200:
        return "The name must have 1 to 200 characters."
    if "@" not in fields.get("email", "") or len(fields["email"]) > 320:
        return "The e-mail address is not valid. Check it."
    try:
        checked_territories(_countries(fields))
        auth.check_new_password(fields.get("password", ""), (fields["name"], fields["email"]))
    except Invalid as refused:
        return refused.sentence
    return None


def _countries(fields: Fields) -> list[str]:
    return fields.get("sells_in", "").replace(",", " ").split()


def _create_marketplace(runtime: Runtime, fields: Fields) -> None:
    """Create the administrator, and the marketplace unless a command already created it."""
    name, currency = fields.get("marketplace", "").strip(), fields.get("currency", "").strip().upper()
    with runtime.store.read() as connection:
        known = any(marketplace.name == name for marketplace in marketplaces.all_marketplaces(connection))
    if not known:
        provisioning.add_marketplace(runtime, name=name, base_currency=currency, by=_BY)
        set_sales_territory(runtime, _countries(fields), marketplace=name, by=_BY)
    person = NewPerson(
        fields["email"],
        fields["name"].strip(),
        Role.ADMIN,
        marketplace=name,
        password=fields["password"],
        also=FIRST_ROLES,
    )
    provisioning.add_person(runtime, person, by=_BY)


def _page(token: str, fields: Fields, error: str | None) -> StaffPage:
    return StaffPage(
        "setup.html",
        token=token,
        marketplace=fields.get("marketplace", ""),
        currency=fields.get("currency", ""),
        sells_in=fields.get("sells_in", ""),
        name=fields.get("name", ""),
        email=fields.get("email", ""),
        shortest_password=auth.SHORTEST_PASSWORD,
        error=error,
    )
