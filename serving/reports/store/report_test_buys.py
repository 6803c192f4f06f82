"""The test buys that brands record with reports and answers: written once, and emptied when their time is over."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, select

from serving.cases.tables import review_case
from serving.listings.tables import listing
from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.store.carriers import Carrier, carried_by, key_of
from serving.reports.tables import report_item, report_test_buy


@dataclass(frozen=True, slots=True)
class ReportTestBuy:
    """The test buy of a report or an answered question: then `report_id` and `number` are None.

    `location` is the bought listing as the report names it, `case_id` its case, if any.
    """

    report_id: str | None
    number: int | None
    location: str
    case_id: str | None
    order_reference: str
    ordered_on: date
    received_on: date | None
    finding: str

    def is_of(self, case_id: str) -> bool:
        """Whether the listing of a case was bought; a report has other listings too."""
        return self.report_id is None or self.case_id == case_id


_TEST_BUYS: Final = RowReader(
    ReportTestBuy,
    ordered_on=date.fromisoformat,
    received_on=lambda day: None if day is None else date.fromisoformat(day),
)


def add_test_buy(
    connection: Connection, carrier: Carrier, test_buy_id: str, record: TestBuyRecord, number: int | None, at: datetime
) -> None:
    row = {
        "marketplace_id": carrier.marketplace_id,
        "test_buy_id": test_buy_id,
        "report_id": None,
        "case_id": None,
        **key_of(carrier),
        "number": number,
        "order_reference": record.order_reference.strip(),
        "ordered_on": record.ordered_on.isoformat(),
        "received_on": None if record.received_on is None else record.received_on.isoformat(),
        "finding": record.finding.strip(),
        "known_at": at,
    }
    add(connection, report_test_buy, [row])


def test_buy_of(connection: Connection, carrier: Carrier) -> ReportTestBuy | None:
    test_buys = _select_test_buys(connection, inside(report_test_buy, carrier.marketplace_id, **key_of(carrier)))
    return test_buys[0] if test_buys else None


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[ReportTestBuy]:
    """The test buys of the reports that a case is about and of the question that it follows, oldest first."""
    return _select_test_buys(connection, carried_by(report_test_buy, marketplace_id, case_id))


def is_received(connection: Connection, marketplace_id: str, case_id: str) -> bool:
    """Whether a brand has recorded a test buy of the listing of this case whose goods were received."""
    return any(
        bought.received_on is not None and bought.is_of(case_id)
        for bought in of_case(connection, marketplace_id, case_id)
    )


def _select_test_buys(connection: Connection, which: ColumnElement[bool]) -> list[ReportTestBuy]:
    query = (
        select(
            *(column for column in report_test_buy.c if column.name != "case_id"),
            func.coalesce(report_item.c.location, listing.c.external_id).label("location"),
            func.coalesce(report_item.c.case_id, report_test_buy.c.case_id).label("case_id"),
        )
        .outerjoin(report_item, same(report_item, report_test_buy, "report_id", "number"))
        .outerjoin(review_case, same(review_case, report_test_buy, "case_id"))
        .outerjoin(listing, same(listing, review_case, "listing_id"))
        .where(which)
        .order_by(report_test_buy.c.known_at, report_test_buy.c.test_buy_id)
    )
    return _TEST_BUYS.all(connection, query)
