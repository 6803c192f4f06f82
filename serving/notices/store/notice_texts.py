"""The texts of reporters: their number, whether they are still needed, and their erasure."""

from typing import Final

from sqlalchemy import Connection, func, or_, select, update

from serving.notices.rules.notices import ItemState
from serving.notices.tables import notice, notice_complaint, notice_item
from serving.platform.database.scope import inside, same
from serving.platform.database.types import ERASED

_NO_RIGHT: Final = dict.fromkeys(("right_kind", "right_office", "right_number", "right_owner"))


def is_underway(connection: Connection, marketplace_id: str, reporter_id: str) -> bool:
    """Whether a notice or complaint of a reporter waits for its decision."""
    waits = or_(
        notice_item.c.state == ItemState.WAITING.value,
        select(notice_complaint.c.complaint_id)
        .where(same(notice_complaint, notice_item, "item_id"), notice_complaint.c.state == "open")
        .exists(),
    )
    query = (
        select(notice_item.c.item_id)
        .join(notice, same(notice, notice_item, "notice_id"))
        .where(inside(notice, marketplace_id, reporter_id=reporter_id), waits)
        .limit(1)
    )
    return connection.execute(query).one_or_none() is not None


def erase_words(connection: Connection, marketplace_id: str, reporter_id: str) -> int:
    """Erase the texts of a reporter's notices and complaints; returns how many there were."""
    mine = notice.c.marketplace_id == marketplace_id, notice.c.reporter_id == reporter_id
    written = connection.execute(
        update(notice).where(*mine, notice.c.explanation != ERASED).values(explanation=ERASED, **_NO_RIGHT)
    ).rowcount
    items_ = select(notice_item.c.item_id).where(
        inside(notice_item, marketplace_id), notice_item.c.notice_id.in_(select(notice.c.notice_id).where(*mine))
    )
    complained = connection.execute(
        update(notice_complaint)
        .where(
            notice_complaint.c.marketplace_id == marketplace_id,
            notice_complaint.c.item_id.in_(items_),
            notice_complaint.c.statement != ERASED,
        )
        .values(statement=ERASED)
    ).rowcount
    return written + complained


def words_of(connection: Connection, marketplace_id: str, reporter_id: str) -> int:
    """The number of a reporter's notices that still contain texts."""
    query = select(func.count()).where(
        inside(notice, marketplace_id, reporter_id=reporter_id), notice.c.explanation != ERASED
    )
    return int(connection.execute(query).scalar_one())
