"""The reviewers' notes about sellers, and their erasure."""

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, select, update

from serving.cases.rules.test_buy import IN_TIMELINE
from serving.cases.tables import case_deferral, case_event, case_note, custody_entry, review_case, test_buy
from serving.platform.database.erasing import Place, count_rows
from serving.platform.database.types import ERASED

_NOTES: Final = case_note.c.text != ERASED
_WAITS: Final = case_deferral.c.missing != ERASED


def lines_of_timelines(begin: str, subject: Column[Any], case_id: Column[Any]) -> Place:
    """The timeline lines with this beginning in the cases of a subject; the erasure keeps the beginning."""
    what = case_event.c.what
    gone = f"{begin}{ERASED}"
    return Place(
        case_event, {"what": gone}, (what.startswith(begin), what != gone), subject, (case_event.c.case_id, case_id)
    )


def count_notes(connection: Connection, marketplace_id: str, seller: str) -> int:
    """The number of notes about a seller's cases, and of deferral reasons, that are not erased yet."""
    return sum(
        count_rows(connection, table, *_of_seller(table, marketplace_id, seller), live)
        for table, live in ((case_note, _NOTES), (case_deferral, _WAITS))
    )


def erase_notes(connection: Connection, marketplace_id: str, seller: str) -> None:
    notes, waits = (_of_seller(table, marketplace_id, seller) for table in (case_note, case_deferral))
    connection.execute(update(case_note).where(*notes, _NOTES).values(text=ERASED))
    connection.execute(update(case_deferral).where(*waits, _WAITS).values(missing=ERASED, asked=ERASED))


def _of_seller(table: Table, marketplace_id: str, seller: str) -> tuple[ColumnElement[bool], ...]:
    cases = select(review_case.c.case_id).where(
        review_case.c.marketplace_id == marketplace_id, review_case.c.seller_external_id == seller
    )
    return table.c.marketplace_id == marketplace_id, table.c.case_id.in_(cases)


CUSTODY: Final = (
    Place(
        custody_entry, {"description": ERASED}, (custody_entry.c.description != ERASED,), custody_entry.c.test_buy_id
    ),
    Place(test_buy, {"order_reference": ERASED}, (test_buy.c.order_reference != ERASED,), test_buy.c.test_buy_id),
    lines_of_timelines(IN_TIMELINE, test_buy.c.test_buy_id, test_buy.c.case_id),
)
