"""The rail beside the queue: lanes and saved filters with their counts, and the team's work in progress."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Final

from sqlalchemy import Connection

from models.case import CaseLane
from serving.accounts.rules.access import Permission, Person
from serving.cases.store import case_filters, queue_work, saved_filters
from serving.cases.store.case_filters import Facet
from serving.cases.store.queue_positions import COUNTED_TO, lane_sizes, queue_size
from serving.cases.store.queues import Lease, QueueFilter
from serving.platform import display
from serving.platform.runtime import Runtime
from serving.web.queue.queue_query import QueueQuery
from serving.web.wording.vocabulary import ANALYST_LANES, LANE_OF, LANES, LaneName

_COUNTED_SAVED: Final = 99
_PENDING_SHOWN: Final = 12
# The exact number of a brand's cases does not matter for the choice of a brand.
_CHOICES_LAST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class LaneLink:
    """A line of the rail; `late` is whether its number is a warning."""

    address: str
    name: str
    dot: str
    number: str
    current: bool
    icon: str = "i-inbox"
    late: bool = False


class Counts:
    """The numbers of cases in a person's queues, each counted once per page."""

    def __init__(
        self, runtime: Runtime, connection: Connection, person: Person, queue: Callable[[QueueQuery], QueueFilter]
    ) -> None:
        self._connection, self._queue = connection, queue
        self._large, self._whose = runtime.counts, (person.user_id, person.marketplaces(Permission.REVIEW_CASES))
        self._known: dict[tuple[str, int], int] = {}

    def of(self, query: QueueQuery, most: int = COUNTED_TO) -> int:
        """The number, counted to `most` and one more."""
        key = query.text, most
        if key not in self._known:
            queue_filter = self._queue(query)
            self._known[key] = self._large.of(
                ("queue", self._whose, key), lambda: queue_size(self._connection, queue_filter, most=most), lambda n: n
            )
        return self._known[key]

    def lanes(self) -> dict[CaseLane | None, int]:
        """The number of cases in each lane, counted to `COUNTED_TO` and one more; under None those of masked lane."""
        marketplace_ids = self._whose[1]
        lanes = [lane.lane for lane in LANES]
        return self._large.of(
            ("lanes", self._whose),
            lambda: lane_sizes(self._connection, marketplace_ids, lanes, self._queue(QueueQuery()).alike),
            lambda sizes: sum(sizes.values()),
        )

    def brands(self) -> list[Facet]:
        return self._facets("brands", case_filters.facets_of_brands)

    def languages(self) -> list[Facet]:
        return self._facets("languages", case_filters.facets_of_languages)

    def _facets(self, name: str, count: Callable[[Connection, Collection[str]], list[Facet]]) -> list[Facet]:
        marketplace_ids = self._whose[1]
        return self._large.of(
            (name, marketplace_ids),
            lambda: count(self._connection, marketplace_ids),
            lambda facets: sum(facet.number for facet in facets),
            seconds=_CHOICES_LAST_SECONDS,
        )


def count_in_words(size: int) -> str:
    """A count; a truncated one is marked."""
    return f"{size:,}" if size <= COUNTED_TO else f"{COUNTED_TO:,}+"


def queue_rail(
    connection: Connection, person: Person, query: QueueQuery, counts: Counts, now: datetime
) -> SimpleNamespace:
    marketplace_ids, query = person.marketplaces(Permission.REVIEW_CASES), replace(query, sort=None)
    sizes = counts.lanes()
    done = queue_work.decisions_by_reviewer(connection, marketplace_ids, midnight(now))
    others = [
        case
        for case in queue_work.leased_cases(connection, marketplace_ids, now, 2 * _PENDING_SHOWN)
        if case.user_id != person.user_id
    ]
    return SimpleNamespace(
        own=_own_links(counts, query),
        all_open=_lane_link(None, sizes, query),
        lanes=tuple(_lane_link(lane, sizes, query) for lane in LANES),
        masked=sizes[None],
        saved=saved_links(connection, person, counts, query),
        mine=done.get(person.user_id, 0),
        team=sum(done.values()),
        leased=others[:_PENDING_SHOWN],
        ages=[
            (LANE_OF[oldest.lane], QueueQuery(oldest.lane).address(), oldest)
            for oldest in queue_work.oldest_cases(connection, marketplace_ids, [lane.lane for lane in LANES])
        ],
    )


def midnight(now: datetime) -> datetime:
    """The start of the reader's day."""
    return now.astimezone(display.current_display().zone).replace(hour=0, minute=0, second=0, microsecond=0)


def saved_links(
    connection: Connection, person: Person, counts: Counts, query: QueueQuery
) -> tuple[SimpleNamespace, ...]:
    """A person's saved filters with their current counts."""
    links = []
    for saved_filter in saved_filters.of_person(connection, person.user_id):
        saved_query = QueueQuery.of(saved_filter.query)
        case_count = counts.of(saved_query, _COUNTED_SAVED)
        shown = f"{case_count}" if case_count <= _COUNTED_SAVED else f"{_COUNTED_SAVED}+"
        links.append(
            SimpleNamespace(
                address=saved_query.address(),
                name=saved_filter.name,
                number=shown,
                current=replace(saved_query, sort=None).text == query.text,
            )
        )
    return tuple(links)


def _lane_link(lane: LaneName | None, sizes: Mapping[CaseLane | None, int], query: QueueQuery) -> LaneLink:
    lane_query = QueueQuery(lane.lane if lane else None)
    name, dot = (lane.name, lane.dot) if lane else ("All open", "")
    size = sum(sizes.get(counted_lane, 0) for counted_lane in ((lane.lane,) if lane else (*ANALYST_LANES, None)))
    return LaneLink(lane_query.address(), name, dot, count_in_words(size), lane_query.text == query.text)


def _own_links(counts: Counts, query: QueueQuery) -> tuple[LaneLink, ...]:
    """Links to the person's leased cases, to overdue cases, and to snoozed cases."""
    leased, late, snoozed = QueueQuery(lease=Lease.MINE), QueueQuery(due=0), QueueQuery(snoozed=True)
    mine, overdue, away = (counts.of(own_query) for own_query in (leased, late, snoozed))
    return (
        LaneLink(leased.address(), "Leased to me", "", count_in_words(mine), leased.text == query.text, "i-user"),
        LaneLink(
            late.address(), "Overdue", "", count_in_words(overdue), late.text == query.text, "i-clock", overdue > 0
        ),
        LaneLink(snoozed.address(), "Snoozed", "", count_in_words(away), snoozed.text == query.text, "i-lock"),
    )
