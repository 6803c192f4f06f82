"""The appeals' data of sellers and its erasure, selected by removal."""

from typing import Final

from sqlalchemy import Connection, select, update

from serving.appeals.tables import (
    appeal,
    counter_notice,
    counter_notice_step,
    seller_document,
    seller_link,
    seller_upload,
)
from serving.platform.database.erasing import NOW, Place
from serving.platform.database.types import ERASED

STATEMENTS: Final = (
    Place(appeal, {"statement": ERASED}, (appeal.c.statement != ERASED,), appeal.c.action_id),
    Place(
        counter_notice_step,
        {"statement": ERASED},
        (
            counter_notice_step.c.party == "seller",
            counter_notice_step.c.statement.is_not(None),
            counter_notice_step.c.statement != ERASED,
        ),
        counter_notice.c.action_id,
        (counter_notice_step.c.counter_notice_id, counter_notice.c.counter_notice_id),
    ),
)
DOCUMENTS: Final = (
    Place(
        seller_upload,
        {"name": ERASED, "erased_at": NOW},
        (seller_upload.c.erased_at.is_(None),),
        seller_upload.c.action_id,
    ),
)
LINKS: Final = (
    Place(seller_link, {"revoked_at": NOW}, (seller_link.c.revoked_at.is_(None),), seller_link.c.action_id),
)


def erase_orphaned_documents(connection: Connection, marketplace_id: str) -> None:
    """Empty the documents whose last upload was erased."""
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
