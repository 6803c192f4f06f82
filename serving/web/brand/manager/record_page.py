"""The record of a brand, to print, save or hand over: its file, people, figures, open actions, and the note on it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.errors import DomainError
from serving.accounts.store import accounts
from serving.brands.rules.brand_record import window_start
from serving.brands.service.brand_file import RIGHT_COLUMNS, file_rows
from serving.brands.service.brand_records import (
    DEFAULT_PERIOD,
    STANDING_COLUMNS,
    figures_of,
    record_file,
    standing_rows,
)
from serving.brands.service.managed_brands import attention_of_brands, keep_note
from serving.brands.store import authorised_sellers, brand_answers, brands, certifications, mandates, rights
from serving.guards import Manager, TheRuntime
from serving.platform.database.pools import in_fair_pool
from serving.platform.database.scope import Pair
from serving.platform.tabular import Format, as_file
from serving.web.brand.figures_part import shown_figures
from serving.web.brand.manager.manager_brand_page import managed_brand, redirect_to_part, refused_page
from serving.web.brand.rights_page import mandate_rows, people_of_rights, right_rows
from serving.web.brand.standing_part import standing_card
from serving.web.downloads import download
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID, Fields
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
_PLACE: Final = "/brands/{brand_id}/record"


class RecordPart(StrEnum):
    """The parts of a record that are also files."""

    RIGHTS = "rights"
    STANDING = "standing"
    ANSWERS = "answers"


_FILES: Final[dict[RecordPart, Callable[[Format, Connection, Pair], bytes]]] = {
    RecordPart.RIGHTS: lambda form, connection, pair: as_file(
        form, RIGHT_COLUMNS, file_rows(rights.rights_of(connection, pair))
    ),
    RecordPart.STANDING: lambda form, connection, pair: as_file(
        form, STANDING_COLUMNS, standing_rows(connection, *pair)
    ),
    RecordPart.ANSWERS: lambda form, connection, pair: record_file(form, brand_answers.answers_of(connection, {pair})),
}


@router.get(_PLACE)
def get_record(brand_id: str, request: Request, runtime: TheRuntime, session: Manager) -> HTMLResponse:
    """The record as one page, which prints without its buttons."""
    now, person = runtime.clock.now(), session.person
    brand = managed_brand(runtime, session, brand_id, request.query_params)
    pair, name = brand.pair, brand.enrolment.name
    with runtime.store.read() as connection:
        on_file = rights.rights_of(connection, pair)
        names = accounts.names(connection, people_of_rights(on_file))
        acting = mandates.agent_emails(connection, pair)
        answers = brand_answers.answers_of(connection, {pair})
        page = StaffPage(
            "brand_record.html",
            "/brands",
            managed=brand,
            brand=brands.by_name(connection, name),
            at=now,
            reasons=attention_of_brands(runtime, connection, person, [pair], now)[pair],
            standing=standing_card(runtime, connection, pair, name, now),
            figures=shown_figures(figures_of(answers, window_start(now, DEFAULT_PERIOD))),
            days=DEFAULT_PERIOD,
            rights=right_rows(on_file, {}, names, now, told_days=0, place=""),
            mandates=mandate_rows(mandates.stored_mandates(connection, pair), acting, now),
            people=[
                (user, certifications.last_pass(connection, user.user_id))
                for user in accounts.people_of_brand(connection, pair)
            ],
            sellers=[
                list_entry
                for list_entry in authorised_sellers.list_entries(connection, pair)
                if list_entry.authorisation.holds(now)
            ],
            parts=tuple(RecordPart),
        )
    return respond(request, page, session)


@router.get(_PLACE + "/{part}.{form}")
@in_fair_pool
def get_file(
    brand_id: str, request: Request, runtime: TheRuntime, session: Manager, part: RecordPart, form: Format
) -> Response:
    brand = managed_brand(runtime, session, brand_id, request.query_params)
    with runtime.store.read() as connection:
        content = _FILES[part](form, connection, brand.pair)
    return download(form, f"{part}-{runtime.clock.now():%Y-%m-%d}", content)


@router.post("/brands/{brand_id}/note")
def post_note(brand_id: str, request: Request, runtime: TheRuntime, session: Manager, fields: Fields) -> Response:
    """Keep the note about a brand, and hand the brand to the colleague whom the form names."""
    brand = managed_brand(runtime, session, brand_id, fields)
    try:
        moved = keep_note(
            runtime, session.person, brand.pair, fields.get("note", ""), fields.get("manager", "")[:LONGEST_ID]
        )
    except DomainError as refused:
        return refused_page(request, session, brand, refused)
    if moved:
        return go_to(request, "/brands", Flash.BRAND_HANDED_OVER)
    return redirect_to_part(request, brand, Flash.BRAND_CHANGED, "note")
