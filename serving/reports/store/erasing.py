"""Personal data in what brands add, and its erasure: documents by report or case, test buys by their own id."""

from typing import Final

from serving.platform.database.erasing import NOW, Place
from serving.platform.database.types import ERASED
from serving.reports.tables import report_document, report_test_buy

DOCUMENTS: Final = tuple(
    Place(
        report_document,
        {"content": None, "name": ERASED, "erased_at": NOW},
        (report_document.c.erased_at.is_(None),),
        carrier,
    )
    for carrier in (report_document.c.report_id, report_document.c.case_id)
)
TEST_BUYS: Final = (
    Place(
        report_test_buy,
        {"order_reference": ERASED, "finding": ERASED},
        (report_test_buy.c.finding != ERASED,),
        report_test_buy.c.test_buy_id,
    ),
)
