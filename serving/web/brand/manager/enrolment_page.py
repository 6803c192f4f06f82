"""The page on which an account manager enrols a brand: name, first user, rights, sellers and prices."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.price_lists import ListedBy
from models.errors import DomainError, Invalid
from serving.accounts.policy import InvitationPolicy
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.brands.service.authorised_sellers import parse_sellers
from serving.brands.service.enrolling import EnrolledBrand, NewBrand, enrol_brand
from serving.brands.service.price_lists import judge_rows
from serving.brands.service.rights_claims import NewRight, columns_of_right, right_of_fields
from serving.guards import Manager, TheRuntime, may, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.row_files import LARGEST, rows_of
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.forms import Fields, Upload, UploadLimit, full_address, uploads_of
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/brands/new"
_RIGHT_COLUMNS: Final = ("kind", "title", "office", "number", "classes", "territories", "first_day", "last_day")
_FIELDS: Final = ("name", "aliases", "gtin_prefixes", "lead", "rights", "sellers", "prices")
_FILES: Final = ("rights", "sellers", "prices")
_LIMIT: Final = UploadLimit(lambda _: LARGEST, lambda _: 1)
_UPLOADS: Final = {f"{name}_file": _LIMIT for name in _FILES}
Files = Annotated[Mapping[str, tuple[Upload, ...]], uploads_of(_UPLOADS)]
Uploader = Annotated[Session, may(Permission.MANAGE_BRANDS, files=len(_FILES))]
T = TypeVar("T")


@router.get(PLACE)
def get_enrolment(request: Request, runtime: TheRuntime, session: Manager) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.MANAGE_BRANDS, request.query_params)
    return respond(request, _page(runtime, scope, dict.fromkeys(_FIELDS, "")), session)


@router.post(PLACE)
@in_fair_pool
def post_enrolment(request: Request, session: Uploader, fields: Fields, uploads: Files) -> Response:
    """Enrol a brand; the response shows the link of its first user, which is not stored, so there is no redirect."""
    runtime = runtime_of(request)
    scope = scope_of_form(runtime, session.person, Permission.MANAGE_BRANDS, fields)
    typed = {name: fields.get(name, "").strip() for name in _FIELDS}
    errors: dict[str, list[str]] = {}
    for name in _FILES:
        for upload in uploads[f"{name}_file"]:  # The text of a file stays in the form like what is typed.
            typed[name] = "\n".join(filter(None, (typed[name], upload.content.decode("utf-8-sig", "replace"))))
    new = NewBrand(
        name=typed["name"],
        aliases=tuple(filter(None, map(str.strip, typed["aliases"].split(",")))),
        gtin_prefixes=tuple(typed["gtin_prefixes"].replace(",", " ").split()),
        lead_address=typed["lead"],
        rights=_checked(errors, "rights", lambda: _rights(typed["rights"], typed["name"], scope, errors)),
        sellers=_checked(errors, "sellers", lambda: _sellers(typed["sellers"], errors)),
        prices=_checked(errors, "prices", lambda: _prices(runtime, typed["prices"], errors)),
    )
    if not errors:
        try:
            enrolled = enrol_brand(runtime, session.person, scope.chosen, new)
        except DomainError as refused:
            errors["name"] = [refused.sentence]
        else:
            return respond(request, _page(runtime, scope, typed, enrolled=enrolled, request=request), session)
    return respond(request, _page(runtime, scope, typed, errors=errors), session, status=422)


def _checked(errors: dict[str, list[str]], field: str, read: Callable[[], tuple[T, ...]]) -> tuple[T, ...]:
    try:
        return read()
    except Invalid as refused:
        errors.setdefault(field, []).append(refused.sentence)
        return ()


def _rights(text: str, brand: str, scope: PlaceScope, errors: dict[str, list[str]]) -> tuple[NewRight, ...]:
    """The rights of pasted rows; a row that describes none is an error of its own."""
    rights, lines = [], dict[tuple[str, str, str], int]()
    for number, row in enumerate(rows_of("", text.encode()) if text else (), 2):  # The first line names the columns.
        try:
            if unknown := [column for column in row if column not in _RIGHT_COLUMNS]:
                raise Invalid("{column} is no column of rights.", column=unknown[0])
            right = right_of_fields(row, brand, scope.chosen.name)
            stored = columns_of_right(right)
            same = lines.setdefault((stored["kind"], stored["office"], stored["number"]), number)
            if same != number:
                raise Invalid("The same right as in line {line}.", line=same)
        except Invalid as refused:
            errors.setdefault("rights", []).append(f"Line {number}: {refused.sentence}")
        else:
            rights.append(right)
    return tuple(rights)


def _sellers(text: str, errors: dict[str, list[str]]) -> tuple[str, ...]:
    sellers, refused = parse_sellers(text)
    if refused:
        errors["sellers"] = [f"Line {number}: {why}" for number, why in refused]
    return tuple(sellers)


def _prices(runtime: Runtime, text: str, errors: dict[str, list[str]]) -> tuple[Mapping[str, Any], ...]:
    judged = judge_rows(rows_of("", text.encode()), runtime.clock.now()) if text else []
    refused = [f"Row {row.number}: {row.refused}" for row in judged if row.refused is not None]
    if refused:
        errors["prices"] = refused
    return tuple(row.row for row in judged)


def _page(
    runtime: Runtime,
    scope: PlaceScope,
    typed: Mapping[str, str],
    *,
    errors: Mapping[str, list[str]] | None = None,
    enrolled: EnrolledBrand | None = None,
    request: Request | None = None,
) -> StaffPage:
    link = None
    if request is not None and enrolled is not None and enrolled.invitation is not None:
        link = full_address(request, enrolled.invitation)
    return StaffPage(
        "brand_enrolment.html",
        "/brands",
        scope=scope,
        typed=typed,
        errors=errors or {},
        enrolled=enrolled,
        link=link,
        mails=bool(runtime.settings.smtp_host),
        valid_days=runtime.policies[InvitationPolicy].valid_days,
        right_columns=_RIGHT_COLUMNS,
        price_columns=(*(kind.value for kind in ListedBy), "price", "currency", "valid_from", "source"),
    )
