"""The audit log: actors, actions and subjects with digests, and the verification of the newest part of the chain."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.messages.english import in_english
from serving.accounts.rules.access import Permission
from serving.accounts.store import accounts
from serving.audit.service.signing import last_head
from serving.audit.store import audit, audit_lines
from serving.audit.store.audit_lines import SEARCHED, Line, LineFilter
from serving.guards import Administrator, TheRuntime, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tabular import Columns, Format, Kind, as_file
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.downloads import download
from serving.web.rendering import StaffPage, respond, respond_part

router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations/audit"
_SHOWN: Final = 50
_EXPORTED: Final = 50_000
_AT_ONCE: Final = 2_000
_MOST_CHECKED: Final = 1_000_000
_LONGEST: Final = 200
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_COLUMNS: Final[Columns] = {
    "sequence": Kind.COUNT, "occurred_at": Kind.MOMENT, "actor": Kind.TEXT, "act": Kind.TEXT, "subject": Kind.TEXT,
    "payload": Kind.TEXT, "payload_hash": Kind.TEXT, "previous_hash": Kind.TEXT, "entry_hash": Kind.TEXT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filter:
    """The search as its fields have it; empty fields do not restrict it."""

    actor: str = ""
    act: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""

    @property
    def query(self) -> str:
        """The search as part of an address."""
        fields = {name: getattr(self, name) for name in Filter.__slots__}
        return urlencode({name: text for name, text in fields.items() if text})


@router.get(PLACE)
def get_audit(request: Request, session: Administrator) -> HTMLResponse:
    runtime, fields = runtime_of(request), request.query_params
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, fields)
    check = _requested_check(runtime, scope, fields)
    return respond(
        request,
        audit_page(runtime, scope, _filter_of_form(fields), _number_or_none(fields.get("before")), check),
        session,
    )


@router.get(f"{PLACE}/followed")
@in_fair_pool
def get_followed(request: Request, session: Administrator) -> HTMLResponse:
    """Verify the next part of the chain; the page polls until all parts are verified."""
    runtime, fields = runtime_of(request), request.query_params
    first, after, upto = (_number_or_none(fields.get(name)) or 0 for name in ("first", "after", "upto"))
    scope = scope_of(runtime, session.person, Permission.ADMINISTER, fields)
    return respond_part(request, check_next_part(runtime, scope, first, after, upto), session)


@router.get(f"{PLACE}.{{form}}")
@in_fair_pool
def get_export(request: Request, runtime: TheRuntime, session: Administrator, form: Format) -> Response:
    """Download the entries that match the search, at most the newest fifty thousand."""
    marketplace_id = scope_of(runtime, session.person, Permission.ADMINISTER, request.query_params).marketplace_id
    with runtime.store.read() as connection:
        audit_query = _audit_query(connection, marketplace_id, _filter_of_form(request.query_params))
        lines = audit_lines.lines(connection, audit_query, before=None, most=_EXPORTED)
    return download(form, "audit-log", as_file(form, _COLUMNS, [_export_row(line) for line in lines]))


def _export_row(line: Line) -> tuple[object, ...]:
    audit_entry = line.audit_entry
    named = (audit_entry.sequence, audit_entry.occurred_at, audit_entry.actor, audit_entry.act, audit_entry.subject)
    return (*named, line.payload, audit_entry.payload_hash, audit_entry.previous_hash, audit_entry.entry_hash)


def audit_page(
    runtime: Runtime, scope: PlaceScope, chosen: Filter, before: int | None, check: StaffPage | None
) -> StaffPage:
    marketplace_id = scope.marketplace_id
    with runtime.store.read() as connection:
        sequence, digest = audit.head(connection)
        audit_query = _audit_query(connection, marketplace_id, chosen)
        lines = audit_lines.lines(connection, audit_query, before=before, most=_SHOWN + 1)
        users = [
            line.audit_entry.actor.removeprefix("user:") for line in lines if line.audit_entry.actor.startswith("user:")
        ]
        names = accounts.names(connection, users)
    older = ""
    if len(lines) > _SHOWN:
        last = lines[_SHOWN - 1].audit_entry.sequence
        older = scope.at(f"{PLACE}?{'&'.join(part for part in (chosen.query, f'before={last}') if part)}")
    return StaffPage(
        "audit.html",
        "/operations",
        scope=scope,
        entries=sequence,
        digest=digest[:16],
        head=last_head(runtime),
        chosen=chosen,
        lines=lines[:_SHOWN],
        names=names,
        older=older,
        searched=SEARCHED,
        is_searched_in_part=sequence > SEARCHED and audit_query.subject is None,
        check=check,
    )


def _filter_of_form(fields: Mapping[str, str]) -> Filter:
    """The submitted fields, truncated and without characters that a database rejects."""
    read = {name: fields.get(name, "").replace("\0", "").strip()[:_LONGEST] for name in Filter.__slots__}
    return Filter(
        **{**read, **{name: day for name in ("since", "until") if (day := _day_or_empty(read[name])) != read[name]}}
    )


def _day_or_empty(text: str) -> str:
    """The value if it is a day, else an empty text."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat() if text else ""
    except ValueError:
        return ""


def _audit_query(connection: Connection, marketplace_id: str, chosen: Filter) -> LineFilter:
    """The audit log query for the chosen filter. An actor given as an e-mail address becomes a user id."""
    actor = chosen.actor or None
    if actor is not None and "@" in actor:
        credentials = accounts.credentials(connection, actor)
        actor = f"user:{credentials.user_id}" if credentials else actor
    until = _start_of_day(chosen.until)
    return LineFilter(
        marketplace_id,
        actor,
        chosen.act or None,
        chosen.subject or None,
        _start_of_day(chosen.since),
        until + timedelta(days=1) if until else None,
    )


def _start_of_day(day: str) -> datetime | None:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None


def _number_or_none(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None


def _requested_check(runtime: Runtime, scope: PlaceScope, fields: Mapping[str, str]) -> StaffPage | None:
    """The verification that an address requests: of the newest entries, or from where the last part ended."""
    newest = _number_or_none(fields.get("newest"))
    if newest is None:
        first, after, upto = (_number_or_none(fields.get(name)) for name in ("first", "after", "upto"))
        return (
            None
            if first is None or after is None or upto is None
            else check_next_part(runtime, scope, first, after, upto)
        )
    with runtime.store.read() as connection:
        last, _ = audit.head(connection)
    first = max(0, last - min(newest, _MOST_CHECKED))
    return check_next_part(runtime, scope, first, first, last)


def check_next_part(runtime: Runtime, scope: PlaceScope, first: int, after: int, upto: int) -> StaffPage:
    """Verify the next part of the chain after entry `after`; the whole verification covers `first` to `upto`."""
    head = last_head(runtime)
    with runtime.store.read() as connection:
        last, _ = audit.head(connection)
        upto = min(upto, last)
        after = max(0, min(after, upto))
        until = min(upto, after + _AT_ONCE)
        broken = audit_lines.check_range(connection, after, until) if until > after else None
        if broken is None and head is not None and after < head.sequence <= until:
            broken = audit_lines.changed_since_signing(connection, head)
    address = ""
    if broken is None and until < upto:
        address = urlencode({"first": first, "after": until, "upto": upto})
    total = max(1, upto - first)
    return StaffPage(
        "parts/audit_check.html",
        "/operations",
        first=f"{first + 1:,}",
        upto=f"{upto:,}",
        done=f"{until - first:,}",
        percent=max(0, min(100, 100 * (until - first) // total)),
        broken="" if broken is None else f"Entry {broken.sequence:,}: {in_english(broken.problem)}.",
        next_address=scope.at(f"{PLACE}/followed?{address}") if address else "",
        page_address=scope.at(f"{PLACE}?{address}") if address else "",
    )
