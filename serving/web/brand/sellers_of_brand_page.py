"""A brand's authorised sellers: the list, changes of one entry, and the preview of a whole list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.errors import DomainError, Invalid
from serving.accounts.store import accounts
from serving.accounts.store.accounts import Session
from serving.brands.rules.rights import day_of
from serving.brands.service.authorised_sellers import (
    COLUMNS,
    LONGEST,
    Change,
    change_list,
    list_rows,
    parse_sellers,
    preview_change,
    remove_seller,
)
from serving.brands.store import authorised_sellers
from serving.brands.store.authorised_sellers import ListEntry
from serving.guards import Member, TheRuntime, runtime_of
from serving.listings.store import listings
from serving.platform.database.pools import in_fair_pool
from serving.platform.row_files import LARGEST
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import say
from serving.web import text_view
from serving.web.brand.brand_scope import AboutBrand, Uploader, refusal_page, scope_of, scope_to_change
from serving.web.brand.rights_page import actor_name
from serving.web.downloads import download
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import phrase_in_words

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/sellers"
_SHOWN: Final = 200
_NAMES_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class SellerRow:
    """An entry of the list; `listings` is the number of the brand's listings of this seller."""

    seller: ShownText
    seller_id: str
    listings: int
    since: str
    added_by: str
    until: str


@dataclass(frozen=True, slots=True)
class ListPreview:
    """The changes that a list would make, the ids to submit, and whether they are the whole list."""

    added: tuple[ShownText, ...]
    ended: tuple[ShownText, ...]
    stays: int
    refused: tuple[tuple[int, str], ...]
    more: int
    rows: str
    whole: bool
    last_day: str


@dataclass(frozen=True, slots=True)
class SellersOfBrandPage(AboutBrand, template="brand_sellers.html"):
    """A brand's current and former authorised sellers, and the list in preview."""

    rows: tuple[SellerRow, ...]
    more: int
    past: tuple[SellerRow, ...]
    preview: ListPreview | None
    typed: Mapping[str, str]
    error: str | None
    longest: int
    waiting: int


@router.get(_PLACE)
def get_sellers(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.get(_PLACE + ".{form}")
@in_fair_pool
def get_file(request: Request, runtime: TheRuntime, session: Member, form: Format) -> Response:
    """Download all entries, current and former."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        rows = list_rows(authorised_sellers.list_entries(connection, scope.pair), runtime.clock.now())
    return download(form, f"authorised-sellers-{runtime.clock.now():%Y-%m-%d}", as_file(form, COLUMNS, rows))


@router.post(_PLACE + "/preview")
@in_fair_pool
def post_preview(
    request: Request, session: Uploader, fields: Fields, upload: Annotated[Upload, upload_of("file", lambda _: LARGEST)]
) -> Response:
    """Preview the changes of a list without saving."""
    runtime = runtime_of(request)
    try:
        preview = _preview_list(runtime, session, fields, upload)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return respond(request, _page(runtime, session, fields, preview=preview), session)


@router.post(_PLACE)
@in_fair_pool
def post_sellers(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Add sellers to the list; a whole list also removes the sellers that it leaves out."""
    try:
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        names, refused_lines = parse_sellers(fields.get("rows", ""))
        if refused_lines:
            raise Invalid(refused_lines[0][1])
        until, whole = _end_of_form(fields), fields.get("whole") == "yes"
        change_list(runtime, scope.pair, names, until=until, whole=whole, by=by)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.LIST_CHANGED)


@router.post(_PLACE + "/remove")
def post_removal(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    try:
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        remove_seller(runtime, scope.pair, fields.get("seller", ""), by=by)
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.LIST_CHANGED)


def _end_of_form(fields: Mapping[str, str]) -> datetime | None:
    last_day = fields.get("last_day", "").strip()
    return day_of(last_day) + timedelta(days=1) if last_day else None


def _preview_list(runtime: Runtime, session: Session, fields: Mapping[str, str], upload: Upload) -> ListPreview:
    if len(upload.content) > LARGEST:
        raise Invalid("A file can have at most {most:,} bytes here. Upload it in parts.", most=LARGEST)
    try:
        text = upload.content.decode("utf-8-sig") if upload.content else fields.get("text", "")
    except UnicodeDecodeError:
        raise Invalid("The file is not UTF-8 text. Save it as CSV in UTF-8.") from None
    names, refused = parse_sellers(text)
    if not names and not refused:
        raise Invalid("Choose a file, or paste seller ids, one per line.")
    whole, until = fields.get("whole") == "yes", _end_of_form(fields)
    with runtime.store.read() as connection:
        scope, _ = scope_to_change(connection, session.person, fields)
        change = preview_change(
            connection, scope.pair, names, runtime.clock.now(), until=until, whole=whole, refused=refused
        )
    return _list_preview(change, names, whole=whole, last_day=fields.get("last_day", ""))


def _list_preview(change: Change, names: list[str], *, whole: bool, last_day: str) -> ListPreview:
    return ListPreview(
        added=tuple(map(text_view.show, change.added[:_NAMES_SHOWN])),
        ended=tuple(map(text_view.show, change.ended[:_NAMES_SHOWN])),
        stays=len(change.stays),
        refused=tuple((line, phrase_in_words(why)) for line, why in change.refused[:_NAMES_SHOWN]),
        more=sum(max(0, len(added) - _NAMES_SHOWN) for added in (change.added, change.ended)),
        rows="\n".join(names),
        whole=whole,
        last_day=last_day,
    )


def _page(
    runtime: Runtime,
    session: Session,
    fields: Mapping[str, str],
    *,
    preview: ListPreview | None = None,
    error: str | None = None,
) -> SellersOfBrandPage:
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        list_entries = authorised_sellers.list_entries(connection, scope.pair)
        waiting = len(authorised_sellers.open_requests(connection, scope.pair))
        present = [list_entry for list_entry in list_entries if list_entry.authorisation.holds(now)]
        past = sorted(
            (
                list_entry
                for list_entry in list_entries
                if list_entry.authorisation.ended_at and list_entry.authorisation.ended_at <= now
            ),
            key=lambda list_entry: list_entry.authorisation.ended_at or now,
            reverse=True,
        )
        shown = [*present[:_SHOWN], *past[:_SHOWN]]
        others = listings.counts_by_seller(connection, scope.pair, [list_entry.seller for list_entry in shown])
        people = {
            by.removeprefix("user:") for list_entry in shown for by in (list_entry.added_by, list_entry.ended_by or "")
        }
        names = accounts.names(connection, sorted(people))
    return SellersOfBrandPage(
        scope=scope,
        rows=tuple(_seller_row(list_entry, others, names, now) for list_entry in present[:_SHOWN]),
        more=max(0, len(present) - _SHOWN),
        past=tuple(_seller_row(list_entry, others, names, now) for list_entry in past[:_SHOWN]),
        preview=preview,
        typed={name: fields.get(name, "") for name in ("text", "last_day", "rows")},
        error=error,
        longest=LONGEST,
        waiting=waiting,
    )


def _seller_row(
    list_entry: ListEntry, listings: Mapping[str, int], names: Mapping[str, str], now: datetime
) -> SellerRow:
    ends = list_entry.authorisation.ended_at
    # A planned end is the end of a day; a removal has an exact time.
    last = None if ends is None else ends - timedelta(microseconds=list_entry.ended_by is None)
    return SellerRow(
        seller=text_view.show(list_entry.seller),
        seller_id=list_entry.seller,
        listings=listings.get(list_entry.seller, 0),
        since=words.day(list_entry.authorisation.added_at, now),
        added_by=actor_name(list_entry.added_by, names),
        until=say("no end date") if last is None else words.day(last, now),
    )
