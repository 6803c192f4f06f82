"""Seller data in the documents of test buys, and its erasure by test buy."""

from typing import Final

from serving.cases.store.erasing import lines_of_timelines
from serving.platform.database.erasing import Place
from serving.platform.database.types import ERASED
from serving.review.rules.test_buy import IN_TIMELINE
from serving.review.tables import custody_entry, test_buy

CUSTODY: Final = (
    Place(
        custody_entry, {"description": ERASED}, (custody_entry.c.description != ERASED,), custody_entry.c.test_buy_id
    ),
    Place(test_buy, {"order_reference": ERASED}, (test_buy.c.order_reference != ERASED,), test_buy.c.test_buy_id),
    lines_of_timelines(IN_TIMELINE, test_buy.c.test_buy_id, test_buy.c.case_id),
)
