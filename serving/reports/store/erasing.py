"""Personal data in what reports carry, and its erasure: documents by report, test buys by their own id."""

from typing import Final

from serving.platform.database.erasing import NOW, Place
from serving.platform.database.types import ERASED
from serving.reports.tables import report_document, report_test_buy

DOCUMENTS: Final = (
    Place(
        report_document,
        {"content": None, "name": ERASED, "erased_at": NOW},
        (report_document.c.erased_at.is_(None),),
        report_document.c.report_id,
    ),
)
TEST_BUYS: Final = (
    Place(
        report_test_buy,
        {"order_reference": ERASED, "finding": ERASED},
        (report_test_buy.c.finding != ERASED,),
        report_test_buy.c.test_buy_id,
    ),
)
