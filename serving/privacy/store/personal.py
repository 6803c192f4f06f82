"""Where the data of sellers lies that is erased on request, or when its time is over.

`tests/serving/privacy/store/test_personal.py` holds every column that can carry a person's data against this, with why
the rest stays. What is erased with a removal, a notified offer or a test buy is found by that one's id, its subject.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, func, or_, select, update

from serving.appeals.tables import (
    appeal,
    counter_notice,
    counter_notice_step,
    seller_document,
    seller_link,
    seller_upload,
)
from serving.cases.tables import case_event
from serving.platform.database.lists import chunks
from serving.platform.database.types import ERASED
from serving.privacy.rules.erasure import PERSONAL_PARTS, Erasable
from serving.review.tables import custody_entry, test_buy
from serving.takedowns.tables import evidence, evidence_part

_BOUGHT: Final = "Test buy, "
_NOW: Final = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Columns that are erased, under what class, which rows still hold something, and by which subject they are found.

    `via` is a pair of a column of the table and one of the table that knows the subject.
    """

    what: Erasable
    table: Table
    values: Mapping[str, object]
    live: tuple[ColumnElement[bool], ...]
    subject: Column[Any]
    via: tuple[Column[Any], Column[Any]] | None = None

    def rows(self, marketplace_id: str, subjects: Collection[str]) -> tuple[ColumnElement[bool], ...]:
        """The rows of these subjects that still hold something."""
        here = self.table.c.marketplace_id == marketplace_id
        if self.via is None:
            return here, *self.live, self.subject.in_(subjects)
        own, known = self.via
        of_subjects = select(known).where(known.table.c.marketplace_id == marketplace_id, self.subject.in_(subjects))
        return here, *self.live, own.in_(of_subjects)

    def subjects(self, marketplace_id: str) -> Any:
        """A query for the subjects of which something is left."""
        here = self.table.c.marketplace_id == marketplace_id
        query = select(self.subject).where(here, *self.live)
        if self.via is not None:
            own, known = self.via
            query = query.join(
                self.table, (known.table.c.marketplace_id == self.table.c.marketplace_id) & (known == own)
            )
        return query


PLACES: Final = (
    Place(Erasable.STATEMENTS, appeal, {"statement": ERASED}, (appeal.c.statement != ERASED,), appeal.c.action_id),
    Place(
        Erasable.STATEMENTS,
        counter_notice_step,
        {"said": ERASED},
        (
            counter_notice_step.c.party == "seller",
            counter_notice_step.c.said.is_not(None),
            counter_notice_step.c.said != ERASED,
        ),
        counter_notice.c.action_id,
        (counter_notice_step.c.counter_notice_id, counter_notice.c.counter_notice_id),
    ),
    Place(
        Erasable.DOCUMENTS,
        seller_upload,
        {"name": ERASED, "erased_at": _NOW},
        (seller_upload.c.erased_at.is_(None),),
        seller_upload.c.action_id,
    ),
    Place(
        Erasable.EVIDENCE_PARTS,
        evidence_part,
        {"body": None, "salt": None},
        (evidence_part.c.part.in_([part.value for part in PERSONAL_PARTS]), evidence_part.c.body.is_not(None)),
        evidence.c.subject,
        (evidence_part.c.evidence_id, evidence.c.evidence_id),
    ),
    Place(
        Erasable.CUSTODY,
        custody_entry,
        {"said": ERASED},
        (custody_entry.c.said != ERASED,),
        custody_entry.c.test_buy_id,
    ),
    Place(
        Erasable.CUSTODY,
        test_buy,
        {"order_reference": ERASED},
        (test_buy.c.order_reference != ERASED,),
        test_buy.c.test_buy_id,
    ),
    Place(
        Erasable.CUSTODY,
        case_event,
        {"what": f"{_BOUGHT}{ERASED}"},
        (case_event.c.what.startswith(_BOUGHT), case_event.c.what != f"{_BOUGHT}{ERASED}"),
        test_buy.c.test_buy_id,
        (case_event.c.case_id, test_buy.c.case_id),
    ),
    Place(
        Erasable.LINKS,
        seller_link,
        {"revoked_at": _NOW},
        (seller_link.c.revoked_at.is_(None),),
        seller_link.c.action_id,
    ),
)


def count(
    connection: Connection, marketplace_id: str, subjects: Sequence[str], wanted: Collection[Erasable] = tuple(Erasable)
) -> dict[Erasable, int]:
    """How many rows of these subjects still hold something, by class."""
    found = dict.fromkeys(Erasable, 0)
    for some in chunks(subjects):
        for place in PLACES:
            if place.what in wanted:
                found[place.what] += many(connection, place.table, *place.rows(marketplace_id, some))
    return found


def many(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    """How many rows of a table meet conditions."""
    return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def erase(
    connection: Connection,
    marketplace_id: str,
    subjects: Sequence[str],
    at: datetime,
    wanted: Collection[Erasable] = tuple(Erasable),
) -> None:
    """Erase what these subjects hold of some classes; a document goes with the last of its uploads."""
    for some in chunks(subjects):
        for place in PLACES:
            if place.what in wanted:
                values = {name: at if value is _NOW else value for name, value in place.values.items()}
                connection.execute(update(place.table).where(*place.rows(marketplace_id, some)).values(**values))
    if Erasable.DOCUMENTS in wanted:
        _empty_documents(connection, marketplace_id)


def subjects_of(connection: Connection, marketplace_id: str, what: Erasable, within: Any, *, most: int) -> list[str]:
    """At most so many of a query's ids of which something of a class is left."""
    left = [place.subjects(marketplace_id) for place in PLACES if place.what is what]
    (ids,) = within.selected_columns
    query = within.where(or_(*(ids.in_(one) for one in left))).limit(most)
    return [str(one) for one in connection.execute(query).scalars()]


def _empty_documents(connection: Connection, marketplace_id: str) -> None:
    in_use = select(seller_upload.c.digest).where(
        seller_upload.c.marketplace_id == marketplace_id, seller_upload.c.erased_at.is_(None)
    )
    connection.execute(
        update(seller_document)
        .where(
            seller_document.c.marketplace_id == marketplace_id,
            seller_document.c.content.is_not(None),
            seller_document.c.digest.not_in(in_use),
        )
        .values(content=None)
    )
