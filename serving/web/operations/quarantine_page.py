"""Rows that intake refused: counts by code, and each row's reason and beginning, as plain text."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.listings.store import refused_rows
from serving.listings.store.refused_rows import RefusedRow
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Session, may(Permission.ADMINISTER)]
PLACE: Final = "/operations/quarantine"
_DAYS: Final = 90
_SHOWN: Final = 50
_HEAD: Final = 2_000
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_ROW_ID: Final = re.compile(r"qua_[0-9a-z]{26}")


@dataclass(frozen=True, slots=True)
class CodeLink:
    """A reason for refusal, its number of rows, and whether it is selected."""

    code: str
    text: str
    number: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RefusedRowView:
    """A refused row: time, source, reason, and its beginning."""

    when: str
    source: Shown
    code: str
    field: Shown
    sentence: Shown
    digest: str
    number: str
    length: str
    head: Shown
    cut: bool


@dataclass(frozen=True, slots=True)
class QuarantinePage(AtMarketplace):
    """The page; `older` is the address of the next page, empty at the end."""

    template: ClassVar[str] = "quarantine.html"
    place: ClassVar[str] = "/operations"

    days: int
    total: str
    codes: tuple[CodeLink, ...]
    chosen: str
    rows: tuple[RefusedRowView, ...]
    older: str


@router.get(PLACE)
def get_quarantine(
    request: Request, session: Administrator, code: str | None = None, before: str | None = None
) -> HTMLResponse:
    """The page."""
    code = code if code and _CODE.fullmatch(code) else None
    before = before if before and _ROW_ID.fullmatch(before) else None
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    return respond(request, quarantine_page(runtime, scope, code, before), session)


def quarantine_page(runtime: Runtime, scope: PlaceScope, code: str | None, before: str | None) -> QuarantinePage:
    """The content of the page, over the last ninety days."""
    here, now = scope.marketplace_id, runtime.clock.now()
    since = now - timedelta(days=_DAYS)
    with runtime.store.read() as connection:
        counted = refused_rows.by_code(connection, here, since)
        found = refused_rows.page(connection, here, since=since, code=code, before=before, most=_SHOWN + 1)
    named = f"code={code}&" if code else ""
    return QuarantinePage(
        scope=scope,
        days=_DAYS,
        total=f"{sum(counted.values()):,}",
        codes=tuple(CodeLink(one, _words(one), f"{number:,}", one == code) for one, number in counted.items()),
        chosen=_words(code) if code else "",
        rows=tuple(_row(one, now) for one in found[:_SHOWN]),
        older=scope.at(f"{PLACE}?{named}before={found[_SHOWN - 1].quarantine_id}") if len(found) > _SHOWN else "",
    )


def _words(code: str) -> str:
    return code.replace("_", " ")


def _row(one: RefusedRow, now: datetime) -> RefusedRowView:
    return RefusedRowView(
        when=words.moment(one.known_at, now),
        source=text_view.show(one.source),
        code=_words(one.code),
        field=text_view.show(one.field),
        sentence=text_view.show(one.sentence),
        digest=one.row_hash[:16],
        number=f"{one.row_number:,}",
        length=f"{one.row_length:,}",
        head=text_view.show(one.row_head[:_HEAD]),
        cut=one.row_length > _HEAD,
    )
