"""The analysts' queue: what is open, the costliest first, with what a row must say to be chosen."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.access import Permission, Person
from models.errors import Invalid
from serving.db import cases, facets, marketplaces, offers, saved_filters, views
from serving.db.accounts import Session
from serving.db.cases import Lease, QueueFilter
from serving.guards import may, runtime_of
from serving.runtime import Runtime
from serving.usecases.linked import linked_with
from serving.usecases.saved_filters import MOST, forget_filter, rename_filter, save_filter
from serving.web import filters, words
from serving.web.desk_rows import DeskRow, Surround, desk_row
from serving.web.filters import Chip, FilterForm
from serving.web.flash import Flash, go_to
from serving.web.forms import Fields
from serving.web.queue_query import LONGEST, QueueQuery
from serving.web.rendering import respond, respond_part
from serving.web.vocabulary import ANALYST_LANES, LANE_OF, LANES, LaneName

router = APIRouter(include_in_schema=False)
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
PAGE_SIZE: Final = 50
_COUNTED_SAVED: Final = 99


@dataclass(frozen=True, slots=True)
class LaneLink:
    """One line of the rail; `late` is whether its number is a warning."""

    address: str
    name: str
    dot: str
    number: str
    current: bool
    icon: str = "i-inbox"
    late: bool = False


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A saved filter in the rail, with how many open cases it finds."""

    address: str
    name: str
    number: str
    current: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The queue: its lanes with counts, its filters, one page of its rows, and where the next page is."""

    template: ClassVar[str] = "queue.html"
    place: ClassVar[str] = "/queue"

    title: str
    mine: tuple[LaneLink, ...]
    all_open: LaneLink
    lanes: tuple[LaneLink, ...]
    saved: tuple[SavedLink, ...]
    query: str
    can_save: bool
    chips: tuple[Chip, ...]
    form: FilterForm
    ignored: str | None
    rows: tuple[DeskRow, ...]
    size: str
    one: bool
    first: int
    last: int
    overdue: str
    before: str | None
    after: str | None
    calibrated: bool
    scorecard: bool
    empty: str
    unfiltered: str | None
    updated: str


@router.get("/queue")
def get_queue(request: Request, session: Reviewer) -> HTMLResponse:
    """One page of the queue."""
    runtime, query = runtime_of(request), QueueQuery.of(request.url.query)
    return respond(request, queue_page(runtime, session, query), session)


def queue_of(connection: Connection, person: Person, query: QueueQuery, now: datetime) -> QueueFilter:
    """What a query asks of a person's own queue."""
    here, seller = person.marketplaces(Permission.REVIEW_CASES), query.seller
    sellers = None if seller is None else linked_with(connection, here, seller, now) | {seller}
    return query.wanted(here, person.user_id, now, sellers)


def queue_page(runtime: Runtime, session: Session, query: QueueQuery) -> QueuePage:
    """What the page shows."""
    person, now = session.person, runtime.clock.now()
    here = person.marketplaces(Permission.REVIEW_CASES)
    offset = (query.page - 1) * PAGE_SIZE
    with runtime.store.read() as connection:
        wanted = queue_of(connection, person, query, now)
        found = cases.queue(connection, wanted, most=PAGE_SIZE, offset=offset)
        size = views.queue_size(connection, wanted)
        overdue = views.queue_size(connection, replace(wanted, due_before=now))
        sizes = cases.queue_sizes(connection, here, person.user_id)
        facts = views.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in found])
        known = {one.marketplace_id: one for one in marketplaces.everyone(connection)}
        offered = offers.standing(connection, here, now)
        brands, languages = facets.brands(connection, here), facets.languages(connection, here)
        mine, saved = _mine(connection, person, query, now), _saved(connection, person, query, now)
    currencies = {key: one.base_currency for key, one in known.items()}
    surround = Surround(runtime, now, person.user_id, currencies, offered)
    rows = tuple(
        desk_row(surround, row, facts[row["marketplace_id"], row["facts_digest"]], query.case_address(row["case_id"]))
        for row in found
    )
    places = {key: one.name for key, one in known.items() if key in here}
    currency = next((currencies[key] for key in places), "")
    linked = len(wanted.sellers or ()) - 1 if query.seller else 0
    return QueuePage(
        title=LANE_OF[query.lane].name if query.lane else "All open",
        mine=mine,
        all_open=_link(None, sum(sizes.get(lane.value, 0) for lane in ANALYST_LANES), query),
        lanes=tuple(_link(one, sizes.get(one.lane.value, 0), query) for one in LANES),
        saved=saved,
        query=query.text,
        can_save=query.filtered and not any(one.current for one in saved),
        chips=filters.chips(query, brands=brands, marketplaces=places, currency=currency, linked=linked),
        form=filters.filter_form(query, brands=brands, languages=languages, marketplaces=places, currency=currency),
        ignored=filters.ignored(query),
        rows=rows,
        size=_number(size),
        one=size == 1,
        first=offset + 1 if rows else 0,
        last=offset + len(rows),
        overdue=_number(overdue) if overdue else "",
        before=query.address(query.page - 1) if query.page > 1 else None,
        after=query.address(query.page + 1) if offset + PAGE_SIZE < size else None,
        calibrated=any(row.score is not None and row.score.calibrated for row in rows),
        scorecard=any(row.score is not None and not row.score.calibrated for row in rows),
        empty=_empty(query),
        unfiltered=QueueQuery(query.lane).address() if query.filtered else None,
        updated=words.moment(now, now),
    )


def _number(size: int) -> str:
    """A count; what was not counted to its end says so."""
    return f"{size:,}" if size <= views.COUNTED_TO else f"{views.COUNTED_TO:,}+"


def _empty(query: QueueQuery) -> str:
    if query.filtered:
        return "No open case is what you filter by."
    return LANE_OF[query.lane].empty if query.lane else "Nothing waits for an analyst."


def _link(lane: LaneName | None, number: int, query: QueueQuery) -> LaneLink:
    asked = QueueQuery(lane.lane if lane else None)
    name, dot = (lane.name, lane.dot) if lane else ("All open", "")
    return LaneLink(asked.address(), name, dot, f"{number:,}", asked.text == query.text)


def _mine(connection: Connection, person: Person, query: QueueQuery, now: datetime) -> tuple[LaneLink, ...]:
    """What is the person's own, and what is late."""
    leased, late, aside = QueueQuery(lease=Lease.MINE), QueueQuery(due=0), QueueQuery(aside=True)
    numbers = [views.queue_size(connection, queue_of(connection, person, one, now)) for one in (leased, late, aside)]
    return (
        LaneLink(leased.address(), "Leased to me", "", _number(numbers[0]), leased.text == query.text, "i-user"),
        LaneLink(
            late.address(), "Overdue", "", _number(numbers[1]), late.text == query.text, "i-clock", numbers[1] > 0
        ),
        LaneLink(aside.address(), "Set aside", "", _number(numbers[2]), aside.text == query.text, "i-lock"),
    )


def _saved(connection: Connection, person: Person, query: QueueQuery, now: datetime) -> tuple[SavedLink, ...]:
    links = []
    for one in saved_filters.of_person(connection, person.user_id):
        asked = QueueQuery.of(one.query)
        found = views.queue_size(connection, queue_of(connection, person, asked, now), most=_COUNTED_SAVED)
        number = f"{found}" if found <= _COUNTED_SAVED else f"{_COUNTED_SAVED}+"
        links.append(SavedLink(asked.address(), one.name, number, asked.text == query.text))
    return tuple(links)


@dataclass(frozen=True, slots=True)
class SavedFiltersPage:
    """A person's saved filters, to rename and delete."""

    template: ClassVar[str] = "saved_filters.html"
    place: ClassVar[str] = "/queue"

    filters: tuple[SavedLink, ...]
    most: int


@router.get("/queue/filters")
def get_saved_filters(request: Request, session: Reviewer) -> HTMLResponse:
    """The saved filters."""
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        found = _saved(connection, session.person, QueueQuery(), runtime.clock.now())
    return respond(request, SavedFiltersPage(found, MOST), session)


@router.post("/queue/filters")
def post_saved_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Keep what the queue is filtered by under a name."""
    query = QueueQuery.of(fields.get("query", ""))
    if not query.text or len(query.text) > LONGEST:
        raise Invalid("Filter the queue first, then save the filter.")
    save_filter(runtime_of(request), session.person, fields.get("name", ""), query.text)
    return go_to(request, query.address(), Flash.FILTER_SAVED)


@router.post("/queue/filters/rename")
def post_renamed_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Give a saved filter another name."""
    rename_filter(runtime_of(request), session.person, fields.get("name", ""), fields.get("to", ""))
    return go_to(request, "/queue/filters", Flash.FILTER_RENAMED)


@router.post("/queue/filters/delete")
def post_deleted_filter(request: Request, session: Reviewer, fields: Fields) -> Response:
    """Let a saved filter go."""
    forget_filter(runtime_of(request), session.person, fields.get("name", ""))
    return go_to(request, "/queue/filters", Flash.FILTER_DELETED)


@dataclass(frozen=True, slots=True)
class UndoPart:
    """The line that says what can be taken back; what it says is the shell's."""

    template: ClassVar[str] = "parts/undo.html"
    place: ClassVar[str] = "/queue"


@router.get("/undo")
def get_undo(request: Request, session: Reviewer) -> Response:
    """The line again, with the time that is left by now."""
    return respond_part(request, UndoPart(), session)
