"""The analysts' queue: what is open, the costliest first, with what a row must say to be chosen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.access import Permission
from models.case import CaseLane
from serving.db import cases, marketplaces, offers, views
from serving.db.accounts import Session
from serving.db.cases import QueueFilter
from serving.guards import may, runtime_of
from serving.runtime import Runtime
from serving.web import words
from serving.web.desk_rows import DeskRow, Surround, desk_row
from serving.web.rendering import respond, respond_part
from serving.web.vocabulary import ANALYST_LANES, LANE_OF, LANES, LaneName

router = APIRouter(include_in_schema=False)
Reviewer = Annotated[Session, may(Permission.REVIEW_CASES)]
PAGE_SIZE: Final = 50
_MOST_PAGES: Final = 1_000


@dataclass(frozen=True, slots=True)
class QueueQuery:
    """Which lane and page is asked for; without a lane, everything that analysts decide."""

    lane: CaseLane | None = None
    page: int = 1

    @classmethod
    def read(cls, given: Mapping[str, str]) -> "QueueQuery":
        """The query of an address; what is not on the list counts as not given."""
        lane, page = given.get("lane", ""), given.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) <= 4 else 1
        return cls(CaseLane(lane) if lane in set(CaseLane) else None, min(max(number, 1), _MOST_PAGES))

    @property
    def lanes(self) -> tuple[CaseLane, ...]:
        """The lanes that are shown."""
        return (self.lane,) if self.lane else ANALYST_LANES

    def address(self, page: int = 1) -> str:
        """The address of a page of this queue."""
        given = {"lane": self.lane.value} if self.lane else {}
        if page > 1:
            given["page"] = str(page)
        return f"/queue?{urlencode(given)}" if given else "/queue"

    def case_address(self, case_id: str) -> str:
        """The address of a case that was reached through this queue."""
        return f"/cases/{case_id}{f'?lane={self.lane.value}' if self.lane else ''}"


@dataclass(frozen=True, slots=True)
class LaneLink:
    """One line of the rail."""

    address: str
    name: str
    dot: str
    number: int
    current: bool


@dataclass(frozen=True, slots=True)
class QueuePage:
    """The queue: its lanes with counts, one page of its rows, and where the next page is."""

    template: ClassVar[str] = "queue.html"
    place: ClassVar[str] = "/queue"

    title: str
    all_open: LaneLink
    lanes: tuple[LaneLink, ...]
    rows: tuple[DeskRow, ...]
    size: int
    first: int
    last: int
    overdue: int
    before: str | None
    after: str | None
    calibrated: bool
    scorecard: bool
    empty: str
    updated: str


@router.get("/queue")
def get_queue(request: Request, session: Reviewer) -> HTMLResponse:
    """One page of the queue."""
    runtime, query = runtime_of(request), QueueQuery.read(request.query_params)
    return respond(request, queue_page(runtime, session, query), session)


def queue_page(runtime: Runtime, session: Session, query: QueueQuery) -> QueuePage:
    """What the page shows."""
    here, now = session.person.marketplaces(Permission.REVIEW_CASES), runtime.clock.now()
    with runtime.store.read() as connection:
        sizes = cases.queue_sizes(connection, QueueFilter(here, person=session.person.user_id))
        offset = (query.page - 1) * PAGE_SIZE
        wanted = QueueFilter(here, query.lanes, person=session.person.user_id)
        found = cases.queue(connection, wanted, most=PAGE_SIZE, offset=offset)
        facts = views.facts_of_many(connection, [(row["marketplace_id"], row["facts_digest"]) for row in found])
        currencies = {one.marketplace_id: one.base_currency for one in marketplaces.everyone(connection)}
        offered = offers.standing(connection, here, now)
        overdue = views.overdue_count(connection, here, query.lanes, now)
    surround = Surround(runtime, now, session.person.user_id, currencies, offered)
    rows = tuple(
        desk_row(surround, row, facts[row["marketplace_id"], row["facts_digest"]], query.case_address(row["case_id"]))
        for row in found
    )
    size = sum(sizes.get(lane.value, 0) for lane in query.lanes)
    return QueuePage(
        title=LANE_OF[query.lane].name if query.lane else "All open",
        all_open=_link(None, sum(sizes.get(lane.value, 0) for lane in ANALYST_LANES), query),
        lanes=tuple(_link(one, sizes.get(one.lane.value, 0), query) for one in LANES),
        rows=rows,
        size=size,
        first=offset + 1 if rows else 0,
        last=offset + len(rows),
        overdue=overdue,
        before=query.address(query.page - 1) if query.page > 1 else None,
        after=query.address(query.page + 1) if offset + PAGE_SIZE < size else None,
        calibrated=any(row.score is not None and row.score.calibrated for row in rows),
        scorecard=any(row.score is not None and not row.score.calibrated for row in rows),
        empty=LANE_OF[query.lane].empty if query.lane else "Nothing waits for an analyst.",
        updated=words.moment(now, now),
    )


def _link(lane: LaneName | None, number: int, query: QueueQuery) -> LaneLink:
    current = query.lane is (lane.lane if lane else None)
    address = QueueQuery(lane.lane if lane else None).address()
    return LaneLink(address, lane.name if lane else "All open", lane.dot if lane else "", number, current)


@dataclass(frozen=True, slots=True)
class UndoPart:
    """The line that says what can be taken back; what it says is the shell's."""

    template: ClassVar[str] = "parts/undo.html"
    place: ClassVar[str] = "/queue"


@router.get("/undo")
def get_undo(request: Request, session: Reviewer) -> Response:
    """The line again, with the time that is left by now."""
    return respond_part(request, UndoPart(), session)
