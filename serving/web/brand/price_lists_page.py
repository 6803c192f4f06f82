"""A brand's price list: current and former prices, and a preview of a file before it is saved."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from features.fields import FieldError
from features.price_lists import ListedBy
from models.errors import DomainError, Invalid
from serving.accounts.store.accounts import Session
from serving.brands.service.price_lists import (
    COLUMNS,
    MOST_ENTRIES,
    NOT_STATED,
    JudgedRow,
    judge_rows,
    list_rows,
    load_price_list,
)
from serving.brands.service.rights_sharing import share_price_list
from serving.brands.store import price_lists
from serving.brands.store.price_lists import PriceEntry
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.row_files import LARGEST, rows_of
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import N_, say
from serving.web import text_view
from serving.web.brand.brand_scope import AboutBrand, Uploader, refusal_page, scope_of, scope_to_change, share_target
from serving.web.downloads import download
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields, Upload, upload_of
from serving.web.rendering import respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import phrase_in_words
from training.adapters.files import parse_json

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brand/prices"
_PAGE_SIZE: Final = 100
_MOST_PAGES: Final = 2_000
_SHOWN_OF_FILE: Final = 50
_BY: Final = {
    ListedBy.GTIN: N_("Trade item number"),
    ListedBy.MPN: N_("Part number"),
    ListedBy.MODEL: N_("Model"),
    ListedBy.CATEGORY: N_("Category"),
}


@dataclass(frozen=True, slots=True)
class PriceRow:
    """An entry; `holds` is whether listings are compared with it now."""

    by: str
    name: ShownText
    price: str
    valid_from: str
    source: ShownText
    added: str
    holds: bool


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """A row of a file: what it prices, or why it is refused."""

    number: int
    goods: ShownText
    refused: ShownText | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would add: counts, sample rows of each kind, and the accepted rows to submit."""

    accepted: int
    entries: int
    refused: int
    refused_rows: tuple[PreviewRow, ...]
    accepted_rows: tuple[PreviewRow, ...]
    rows: str


@dataclass(frozen=True, slots=True)
class PricesPage(AboutBrand, template="brand_prices.html"):
    """A page of a brand's price list, and the file in preview."""

    rows: tuple[PriceRow, ...]
    count: int
    naming: str
    before: str | None
    after: str | None
    preview: Preview | None
    error: str | None
    largest: int
    columns: tuple[str, ...]
    example: str


@router.get(_PLACE)
def get_prices(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request.query_params), session)


@router.get("/brand/prices.{form}")
@in_fair_pool
def get_file(request: Request, runtime: TheRuntime, session: Member, form: Format) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        prices = price_lists.entries(connection, scope.pair, runtime.clock.now(), most=MOST_ENTRIES)
    return download(form, f"prices-{runtime.clock.now():%Y-%m-%d}", as_file(form, COLUMNS, list_rows(prices)))


@router.post(_PLACE + "/preview")
@in_fair_pool
def post_preview(
    request: Request, session: Uploader, fields: Fields, upload: Annotated[Upload, upload_of("file", lambda _: LARGEST)]
) -> Response:
    """Preview a file row by row without saving it."""
    runtime = runtime_of(request)
    try:
        with runtime.store.read() as connection:
            scope_to_change(connection, session.person, fields)
        sent = upload.content or fields.get("text", "").encode()
        judged = judge_rows(rows_of(upload.name if upload.content else "", sent), runtime.clock.now())
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return respond(request, _page(runtime, session, fields, preview=_make_preview(judged)), session)


@router.post(_PLACE)
@in_fair_pool
def post_prices(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Add the rows of a preview; each is validated again."""
    try:
        with runtime.store.read() as connection:
            scope, by = scope_to_change(connection, session.person, fields)
        load_price_list(
            runtime, scope.brand, _rows_of_preview(fields.get("rows", "")), marketplace=scope.marketplace, by=by
        )
    except DomainError as refused:
        return refusal_page(request, session, fields, refused, _page)
    return go_to(request, f"{_PLACE}{scope.query}", Flash.PRICES_ADDED)


@router.post(_PLACE + "/share")
@in_fair_pool
def post_shared_prices(request: Request, runtime: TheRuntime, session: Member, fields: Fields) -> Response:
    """Add the prices in force or later to the list at another marketplace too."""
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
    shared = share_price_list(runtime, session.person, scope.pair, share_target(fields))
    return go_to(request, f"{_PLACE}{scope.query}", Flash.PRICES_SHARED if shared else Flash.PRICES_ALL_THERE)


def _rows_of_preview(text: str) -> list[dict[str, str]]:
    try:
        payload = parse_json(text)
    except FieldError:
        raise Invalid("The rows of the preview were not submitted. Choose the file again.") from None
    rows = payload if isinstance(payload, list) else []
    if not rows or not all(
        isinstance(row, dict) and all(isinstance(cell, str) for cell in row.values()) for row in rows
    ):
        raise Invalid("The rows of the preview were not submitted. Choose the file again.")
    return rows


def _make_preview(judged: list[JudgedRow]) -> Preview:
    accepted = [judged_row for judged_row in judged if judged_row.refused is None]
    refused = [judged_row for judged_row in judged if judged_row.refused is not None]
    return Preview(
        accepted=len(accepted),
        entries=sum(len(judged_row.entries) for judged_row in accepted),
        refused=len(refused),
        refused_rows=tuple(map(_preview_row, refused[:_SHOWN_OF_FILE])),
        accepted_rows=tuple(map(_preview_row, accepted[:_SHOWN_OF_FILE])),
        rows=json.dumps([judged_row.row for judged_row in accepted], ensure_ascii=False, separators=(",", ":")),
    )


def _preview_row(judged: JudgedRow) -> PreviewRow:
    goods = ", ".join(f"{name} {cell}" for name, cell in judged.row.items())[:200]
    goods = goods.encode("utf-8", "replace").decode()  # Bytes that are not UTF-8 are surrogates here.
    refused = None if judged.refused is None else text_view.show(phrase_in_words(judged.refused))
    return PreviewRow(judged.number, text_view.show(goods), refused)


def _page(
    runtime: Runtime,
    session: Session,
    fields: Mapping[str, Any],
    *,
    preview: Preview | None = None,
    error: str | None = None,
) -> PricesPage:
    now, naming, number = runtime.clock.now(), str(fields.get("naming", ""))[:100], str(fields.get("page", "1"))
    page = int(number) if number.isascii() and number.isdigit() and len(number) <= 4 else 1
    offset = (min(max(page, 1), _MOST_PAGES) - 1) * _PAGE_SIZE
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, fields)
        prices = price_lists.entries(connection, scope.pair, now, naming=naming, most=_PAGE_SIZE + 1, offset=offset)
        count = price_lists.count(connection, scope.pair)
    return PricesPage(
        scope=scope,
        rows=tuple(_price_row(price, now) for price in prices[:_PAGE_SIZE]),
        count=count,
        naming=naming,
        before=str(page - 1) if offset else None,
        after=str(page + 1) if len(prices) > _PAGE_SIZE else None,
        preview=preview,
        error=error,
        largest=LARGEST,
        columns=("gtin", "mpn", "model", "category", "price", "currency", "valid_from", "source"),
        example="model,price,currency\n" + say("Weekend bag") + ",540,EUR",
    )


def _price_row(price: PriceEntry, now: datetime) -> PriceRow:
    return PriceRow(
        by=say(_BY[price.listed_by]),
        name=text_view.show(price.name),
        price=words.amount(price.amount, price.currency),
        valid_from=price.valid_from,
        source=text_view.show(say("not stated") if price.source == NOT_STATED else price.source),
        added=words.day(price.known_at, now),
        holds=price.holds,
    )
