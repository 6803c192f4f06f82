"""The test buys that brands record with their reports: written once, and emptied when their time is over."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, select

from serving.platform.database.row_reader import RowReader
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.store.reports import StoredReport
from serving.reports.tables import report_item, report_test_buy


@dataclass(frozen=True, slots=True)
class ReportTestBuy:
    """The test buy of a report; `location` is the bought listing as the report names it, `case_id` its case, if any."""

    report_id: str
    number: int
    location: str
    case_id: str | None
    order_reference: str
    ordered_on: date
    received_on: date | None
    finding: str


_TEST_BUYS: Final = RowReader(
    ReportTestBuy,
    ordered_on=date.fromisoformat,
    received_on=lambda day: None if day is None else date.fromisoformat(day),
)


def add_test_buy(
    connection: Connection, stored: StoredReport, test_buy_id: str, record: TestBuyRecord, number: int, at: datetime
) -> None:
    row = {
        "marketplace_id": stored.marketplace_id,
        "test_buy_id": test_buy_id,
        "report_id": stored.report_id,
        "number": number,
        "order_reference": record.order_reference.strip(),
        "ordered_on": record.ordered_on.isoformat(),
        "received_on": None if record.received_on is None else record.received_on.isoformat(),
        "finding": record.finding.strip(),
        "known_at": at,
    }
    add(connection, report_test_buy, [row])


def of_report(connection: Connection, marketplace_id: str, report_id: str) -> ReportTestBuy | None:
    test_buys = _select_test_buys(connection, inside(report_test_buy, marketplace_id, report_id=report_id))
    return test_buys[0] if test_buys else None


def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[ReportTestBuy]:
    """The test buys of the reports that a case is about, oldest first."""
    about = select(report_item.c.report_id).where(inside(report_item, marketplace_id, case_id=case_id))
    return _select_test_buys(
        connection, inside(report_test_buy, marketplace_id) & report_test_buy.c.report_id.in_(about)
    )


def is_received(connection: Connection, marketplace_id: str, case_id: str) -> bool:
    """Whether a brand has recorded a test buy of the listing of this case whose goods were received."""
    return any(
        bought.received_on is not None and bought.case_id == case_id
        for bought in of_case(connection, marketplace_id, case_id)
    )


def _select_test_buys(connection: Connection, which: ColumnElement[bool]) -> list[ReportTestBuy]:
    query = (
        select(report_test_buy, report_item.c.location, report_item.c.case_id)
        .join(report_item, same(report_item, report_test_buy, "report_id", "number"))
        .where(which)
        .order_by(report_test_buy.c.known_at, report_test_buy.c.test_buy_id)
    )
    return _TEST_BUYS.all(connection, query)
