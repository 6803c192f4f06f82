"""Reports of brands: what was reported, and what became of each listing, step by step."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, tuple_, update

from features.message import Message, from_json
from features.phrase import Phrase
from models.case import CaseLane
from models.errors import NotFound
from models.verdict import ReasonCode
from serving.platform.database.row_reader import RowReader, reader
from serving.platform.database.scope import HERE, inside
from serving.platform.database.store import add, add_at_end, insert_or_ignore
from serving.platform.phrases import of_data
from serving.reports.rules.outcomes import AT_FIRST, Code, ListingResult
from serving.reports.rules.step_up import StepUpState
from serving.reports.tables import report, report_item, report_outcome


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as stored. `request_digest` identifies what was requested under the brand's own key."""

    marketplace_id: str
    report_id: str
    brand_id: str
    right_id: str
    user_id: str
    reason_code: ReasonCode
    note: str | None
    request_key: str
    request_digest: str
    known_at: datetime
    step_up: StepUpState = StepUpState.NONE
    undecided: bool = False
    key_id: str | None = None
    callback_attempts: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """(marketplace, report)."""
        return self.marketplace_id, self.report_id


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """One step of a reported listing. Step 0 is its first result; `refusal` is set where a confirmation was refused."""

    number: int
    location: str
    step: int
    result: ListingResult
    code: Code
    reasons: tuple[Message, ...]
    refusal: Phrase | None
    listing_id: str | None
    case_id: str | None
    verdict_id: str | None
    lane_before: CaseLane | None
    known_at: datetime

    @property
    def why(self) -> tuple[Message, ...] | Phrase:
        """The refusal, or the reasons where there is none."""
        return self.reasons if self.refusal is None else self.refusal


@dataclass(frozen=True, slots=True)
class WaitingItem:
    """A reported listing that the marketplace has not sent yet."""

    marketplace_id: str
    report_id: str
    number: int
    location: str
    waits_until: datetime


_OUTCOMES: Final = RowReader(
    StoredOutcome,
    reasons=lambda reasons: tuple(map(from_json, reasons)),
    refusal=lambda refusal: None if refusal is None else of_data(refusal),
)


def add_report(
    connection: Connection, row: Mapping[str, Any], locations: Sequence[str], versions: Sequence[str]
) -> bool:
    """Store a report with its listings; False, without a change, where the brand has used its key before.

    `versions` are those that were shown, one for each location, where the report answers questions.
    """
    statement = insert_or_ignore(connection, report).values(**row).returning(report.c.report_id)
    if connection.execute(statement).first() is None:
        return False
    key = {name: row[name] for name in ("marketplace_id", "report_id")}
    items = [
        {**key, "number": number, "location": location, "version_id": version, "waits_until": None, "case_id": None}
        for number, (location, version) in enumerate(zip_longest(locations, versions), start=1)
    ]
    add(connection, report_item, items)
    return True


def report_by_key(connection: Connection, marketplace_id: str, brand_id: str, request_key: str) -> StoredReport:
    query = select(report).where(inside(report, marketplace_id, brand_id=brand_id, request_key=request_key))
    return reader(StoredReport).of(connection.execute(query).mappings().one())


def is_sent(connection: Connection, marketplace_id: str, brand_id: str, request_key: str) -> bool:
    query = select(report.c.report_id).where(inside(report, marketplace_id, brand_id=brand_id, request_key=request_key))
    return connection.execute(query).first() is not None


def get(connection: Connection, report_id: str, pairs: Collection[tuple[str, str]]) -> StoredReport:
    """A report of one of these brands, by (marketplace, brand).

    Raises NotFound (there is no such report, or it is another brand's; the error is the same).
    """
    stored_report = reader(StoredReport).single(connection, select(report).where(report.c.report_id == report_id))
    if stored_report is None or (stored_report.marketplace_id, stored_report.brand_id) not in pairs:
        raise NotFound("There is no such report.")
    return stored_report


def latest_reports(connection: Connection, pairs: Collection[tuple[str, str]], most: int) -> list[StoredReport]:
    """The latest reports of these brands, newest first."""
    query = (
        select(report)
        .where(tuple_(report.c.marketplace_id, report.c.brand_id).in_(sorted(pairs)))
        .order_by(report.c.known_at.desc(), report.c.report_id.desc())
        .limit(most)
    )
    return reader(StoredReport).all(connection, query) if pairs else []


def listing_counts(connection: Connection, reports: Collection[StoredReport]) -> dict[str, int]:
    """The number of listings by report."""
    query = (
        select(report_item.c.report_id, func.count().label("n"))
        .where(report_item.c.report_id.in_([stored_report.report_id for stored_report in reports]))
        .group_by(report_item.c.report_id)
    )
    return {row.report_id: row.n for row in connection.execute(query)}


def add_outcome(connection: Connection, row: Mapping[str, Any]) -> None:
    """Append a step of one reported listing."""
    add_at_end(connection, report_outcome, [row])


def outcomes(connection: Connection, stored_report: StoredReport) -> list[StoredOutcome]:
    """Every step of every listing, in the order of the report."""
    query = (
        select(report_outcome, report_item.c.location)
        .join(
            report_item,
            (report_item.c.marketplace_id == report_outcome.c.marketplace_id)
            & (report_item.c.report_id == report_outcome.c.report_id)
            & (report_item.c.number == report_outcome.c.number),
        )
        .where(inside(report_outcome, stored_report.marketplace_id, report_id=stored_report.report_id))
        .order_by(report_outcome.c.number, report_outcome.c.step)
    )
    return _OUTCOMES.all(connection, query)


def set_wait(connection: Connection, marketplace_id: str, report_id: str, number: int, until: datetime | None) -> None:
    """Wait for a listing until a moment; None ends the wait."""
    connection.execute(
        update(report_item)
        .where(inside(report_item, marketplace_id, report_id=report_id, number=number))
        .values(waits_until=until)
    )


_SET_CASE: Final = (
    update(report_item)
    .where(inside(report_item, HERE, report_id=bindparam("of_report"), number=bindparam("at_number")))
    .values(case_id=bindparam("about_case"))
)


def set_case(connection: Connection, marketplace_id: str, report_id: str, number: int, case_id: str) -> None:
    """Record the case that is about a reported listing."""
    key = {"here": marketplace_id, "of_report": report_id, "at_number": number}
    connection.execute(_SET_CASE, {**key, "about_case": case_id})


def awaited_listings(connection: Connection, most: int, after: tuple[str, int]) -> list[WaitingItem]:
    """Listings that are waited for, by report and number, those after a given one."""
    query = (
        select(report_item)
        .where(
            report_item.c.waits_until.is_not(None),
            tuple_(report_item.c.report_id, report_item.c.number) > tuple_(*after),
        )
        .order_by(report_item.c.report_id, report_item.c.number)
        .limit(most)
    )
    return reader(WaitingItem).all(connection, query)


def of_item(connection: Connection, waiting_item: WaitingItem) -> StoredReport:
    """The report that names a listing."""
    return of_id(connection, waiting_item.marketplace_id, waiting_item.report_id)


def of_id(connection: Connection, marketplace_id: str, report_id: str) -> StoredReport:
    query = select(report).where(inside(report, marketplace_id, report_id=report_id))
    return reader(StoredReport).of(connection.execute(query).mappings().one())


def locations(connection: Connection, stored_report: StoredReport) -> list[tuple[int, str]]:
    """The listings of a report by number, as they were named."""
    query = select(report_item.c.number, report_item.c.location).where(
        inside(report_item, stored_report.marketplace_id, report_id=stored_report.report_id)
    )
    return [(row.number, row.location) for row in connection.execute(query.order_by(report_item.c.number))]


def cases_of_report(connection: Connection, marketplaces: Collection[str], report_id: str) -> list[str]:
    """The cases about the listings of a report at one of these marketplaces, in the order of the report."""
    query = select(report_item.c.case_id).where(
        report_item.c.marketplace_id.in_(marketplaces),
        report_item.c.report_id == report_id,
        report_item.c.case_id.is_not(None),
    )
    return list(connection.execute(query.order_by(report_item.c.number)).scalars())


def report_of_case(connection: Connection, marketplace_id: str, case_id: str) -> str | None:
    """The latest report that names the listing of a case; None where none does."""
    query = select(report_item.c.report_id).where(inside(report_item, marketplace_id, case_id=case_id))
    return connection.execute(query.order_by(report_item.c.report_id.desc()).limit(1)).scalar()


def shown_versions(connection: Connection, stored_report: StoredReport) -> frozenset[str]:
    """The versions that were shown with the questions that a report answers; empty where it answers none."""
    query = select(report_item.c.version_id).where(
        inside(report_item, stored_report.marketplace_id, report_id=stored_report.report_id),
        report_item.c.version_id.is_not(None),
    )
    return frozenset(connection.execute(query).scalars())


def is_still_waiting(connection: Connection, waiting_item: WaitingItem) -> bool:
    """Whether a listing is waited for; other transactions that would settle it wait."""
    query = select(report_item.c.waits_until).where(
        inside(report_item, waiting_item.marketplace_id, report_id=waiting_item.report_id, number=waiting_item.number)
    )
    return connection.execute(query.with_for_update()).scalar() is not None


def last_step(connection: Connection, marketplace_id: str, report_id: str, number: int) -> int:
    """The number of the last step of a listing."""
    query = select(func.max(report_outcome.c.step)).where(
        inside(report_outcome, marketplace_id, report_id=report_id, number=number)
    )
    return int(connection.execute(query).scalar_one())


@dataclass(frozen=True, slots=True)
class Totals:
    """The reported listings, and those by first result, zeros included."""

    items: int
    first: dict[ListingResult, int]


def totals(connection: Connection, marketplace_id: str) -> Totals:
    """All reported listings; `items` exceeds the sum of `first` while a report is being decided."""
    place_id = marketplace_id
    items = connection.execute(select(func.count()).where(inside(report_item, place_id))).scalar_one()
    query = (
        select(report_outcome.c.result, func.count().label("n"))
        .where(inside(report_outcome, place_id, step=0))
        .group_by(report_outcome.c.result)
    )
    first = {ListingResult(row.result): row.n for row in connection.execute(query)}
    return Totals(items, {listing_result: first.get(listing_result, 0) for listing_result in AT_FIRST})
