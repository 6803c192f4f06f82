"""The test buy of a brand's report, on the pages of the brand and of analysts."""

from dataclasses import dataclass

from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.store.report_test_buys import ReportTestBuy
from serving.web import text_view
from serving.web.text_view import ShownText
from serving.web.wording import words


@dataclass(frozen=True, slots=True)
class ShownTestBuy:
    """The record of a test buy; the listing is the bought one as the report names it."""

    __test__ = False

    listing: ShownText
    order_reference: ShownText
    ordered_on: str
    received_on: str | None
    finding: ShownText


def test_buy_shown(record: TestBuyRecord | ReportTestBuy, location: str) -> ShownTestBuy:
    """The record of a test buy of a listing, for a page."""
    return ShownTestBuy(
        listing=text_view.show(location),
        order_reference=text_view.show(record.order_reference),
        ordered_on=words.calendar_day(record.ordered_on),
        received_on=None if record.received_on is None else words.calendar_day(record.received_on),
        finding=text_view.show(record.finding),
    )
