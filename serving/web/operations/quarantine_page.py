"""Rows that intake refused: counts by code, and each row's reason and beginning, as plain text."""

import re
from datetime import timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission
from serving.guards import Administrator, TheRuntime
from serving.listings.store import refused_rows
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/quarantine"
_DAYS: Final = 90
_SHOWN: Final = 50
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_ROW_ID: Final = re.compile(r"qua_[0-9a-z]{26}")


@router.get(PLACE)
def get_quarantine(
    request: Request, runtime: TheRuntime, session: Administrator, code: str | None = None, before: str | None = None
) -> HTMLResponse:
    code = code if code and _CODE.fullmatch(code) else None
    before = before if before and _ROW_ID.fullmatch(before) else None
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params)
    return respond(request, quarantine_page(runtime, scope, code, before), session)


def quarantine_page(runtime: Runtime, scope: PlaceScope, code: str | None, before: str | None) -> StaffPage:
    """The content of the page, over the last ninety days."""
    marketplace_id, since = scope.marketplace_id, runtime.clock.now() - timedelta(days=_DAYS)
    with runtime.store.read() as connection:
        counts = refused_rows.counts_by_code(connection, marketplace_id, since)
        rows = refused_rows.page(connection, marketplace_id, since=since, code=code, before=before, most=_SHOWN + 1)
    named = f"code={code}&" if code else ""
    return StaffPage(
        "quarantine.html",
        "/operations",
        scope=scope,
        days=_DAYS,
        counts=counts,
        chosen=code,
        rows=rows[:_SHOWN],
        older=scope.at(f"{PLACE}?{named}before={rows[_SHOWN - 1].quarantine_id}") if len(rows) > _SHOWN else "",
    )
