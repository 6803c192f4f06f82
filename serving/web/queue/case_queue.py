"""The review queue: open cases by expected harm, with the data needed to choose one."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.cases.service.case_access import accounts_of_person
from serving.cases.store import assignments, case_figures, queue_positions, queues
from serving.cases.store.queues import QueueFilter
from serving.guards import Reviewer, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.sellers.service.sanction_steps import linked_with
from serving.web.queue import filters
from serving.web.queue.my_page import pause_suggested
from serving.web.queue.queue_columns import column_heads
from serving.web.queue.queue_groups import group_rows
from serving.web.queue.queue_query import QueueQuery
from serving.web.queue.queue_rail import Counts, count_in_words, queue_rail
from serving.web.queue.queue_rows import RowContext, queue_row
from serving.web.rendering import Page, StaffPage, respond, respond_part
from serving.web.wording import words
from serving.web.wording.vocabulary import LANE_OF

router = APIRouter(include_in_schema=False)
PAGE_SIZE: Final = 50
_COUNTED_NEW: Final = 99


@router.get("/queue")
def get_queue(request: Request, session: Reviewer) -> HTMLResponse:
    runtime, query = runtime_of(request), QueueQuery.of(request.url.query)
    page = queue_page(runtime, session, query)
    page.without_pause = pause_suggested(request, runtime, session)
    return respond(request, page, session)


def filter_of_queue(connection: Connection, person: Person, query: QueueQuery, now: datetime) -> QueueFilter:
    marketplace_ids, seller = person.marketplaces(Permission.REVIEW_CASES), query.seller
    sellers = None if seller is None else linked_with(connection, marketplace_ids, seller, now) | {seller}
    return replace(
        query.to_filter(marketplace_ids, person.user_id, now, sellers), alike=accounts_of_person(connection, person)
    )


def queue_page(runtime: Runtime, session: Session, query: QueueQuery) -> StaffPage:
    person, now = session.person, runtime.clock.now()
    marketplace_ids = person.marketplaces(Permission.REVIEW_CASES)
    offset = (query.page - 1) * PAGE_SIZE
    with runtime.store.read() as connection:
        counts = Counts(runtime, connection, person, lambda query: filter_of_queue(connection, person, query, now))
        queue_filter = filter_of_queue(connection, person, query, now)
        case_rows = queues.queue(connection, queue_filter, most=PAGE_SIZE, offset=offset, sort=query.sort)
        size, overdue = (counts.of(counted_query) for counted_query in (query, replace(query, due=0)))
        known_facts = case_figures.facts_of_many(
            connection, [(row["marketplace_id"], row["facts_digest"]) for row in case_rows]
        )
        known = {place.marketplace_id: place for place in marketplaces.all_marketplaces(connection)}
        offered = assignments.current_assignees(connection, marketplace_ids, now)
        brands, languages = counts.brands(), counts.languages()
        beside = queue_rail(connection, person, query, counts, now)
    currencies = {key: place.base_currency for key, place in known.items()}
    context = RowContext(runtime, now, person.user_id, currencies, offered)
    facts = [known_facts[row["marketplace_id"], row["facts_digest"]] for row in case_rows]
    rows = [
        queue_row(context, row, case_facts, query.case_address(row["case_id"]))
        for row, case_facts in zip(case_rows, facts, strict=True)
    ]
    places = {key: place.name for key, place in known.items() if key in marketplace_ids}
    currency = next((currencies[key] for key in places), "")
    linked = len(queue_filter.sellers or ()) - 1 if query.seller else 0
    return StaffPage(
        "queue.html",
        "/queue",
        columns=column_heads(query, session.display.hidden_columns.split()),
        export=f"/queue.csv?{query.text}",
        title=LANE_OF[query.lane].name if query.lane else "All open",
        rail=beside,
        query=query.text,
        can_save=query.filtered and not any(saved_filter.current for saved_filter in beside.saved),
        chips=filters.filter_chips(query, brands=brands, marketplaces=places, currency=currency, linked=linked),
        form=filters.filter_form(query, brands=brands, languages=languages, marketplaces=places, currency=currency),
        ignored=filters.ignored_sentence(query),
        groups=group_rows(case_rows, facts, rows, currencies),
        size=count_in_words(size),
        one=size == 1,
        first=offset + 1 if rows else 0,
        last=offset + len(rows),
        overdue=count_in_words(overdue) if overdue else "",
        before=query.address(query.page - 1) if query.page > 1 else None,
        after=query.address(query.page + 1) if offset + PAGE_SIZE < size else None,
        calibrated=any(row.score is not None and row.score.calibrated for row in rows),
        scorecard=any(row.score is not None and not row.score.calibrated for row in rows),
        empty=_empty_text(query),
        unfiltered=QueueQuery(query.lane).address() if query.filtered else None,
        here=query.address(query.page),
        newer=_newer_address(query, now),
        updated=words.moment(now, now),
        without_pause=None,
    )


def _empty_text(query: QueueQuery) -> str:
    if query.filtered:
        return "No open case matches the filters."
    return LANE_OF[query.lane].empty if query.lane else "No cases to review."


def _newer_address(query: QueueQuery, since: datetime) -> str:
    return f"/queue/new?{query.text}{'&' if query.text else ''}{urlencode({'since': since.isoformat()})}"


@router.get("/queue/new")
def get_newer(request: Request, session: Reviewer, since: str = "") -> Response:
    """The count, from a short scan of the index by opening time."""
    runtime, person = runtime_of(request), session.person
    now = runtime.clock.now()
    query_parts = [part for part in request.url.query.split("&") if not part.startswith("since=")]
    query, began = QueueQuery.of("&".join(query_parts)), min(_parse_moment(since) or now, now)
    with runtime.store.read() as connection:
        queue_filter = replace(filter_of_queue(connection, person, query, now), opened_after=began)
        newer_count = queue_positions.queue_size(connection, queue_filter, most=_COUNTED_NEW)
    shown = "" if not newer_count else f"{newer_count}" if newer_count <= _COUNTED_NEW else f"{_COUNTED_NEW}+"
    part = StaffPage(
        "parts/newer.html",
        "/queue",
        number=shown,
        since=words.moment(began, now),
        here=query.address(),
        newer=_newer_address(query, began),
    )
    return respond_part(request, part, session)


def _parse_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


@dataclass(frozen=True, slots=True)
class UndoPart(Page, template="parts/undo.html", place="/queue"):
    """The undo line; its content is the shell's."""


@router.get("/undo")
def get_undo(request: Request, session: Reviewer) -> Response:
    """Refresh the undo line with the time left."""
    return respond_part(request, UndoPart(), session)
