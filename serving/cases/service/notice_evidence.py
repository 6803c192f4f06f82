"""What only the people who may judge a case see of it: the documents of its notices, and its listing's pictures."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from features.facts import Facts
from models.errors import NotFound
from models.verdict import Side
from serving.accounts.rules.access import Person
from serving.cases.service.case_access import visible_case
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.notices.store import notice_documents, notices
from serving.notices.store.notice_documents import NoticeDocument
from serving.platform.logs import log
from serving.platform.outbound.line import Failure
from serving.platform.outbound.pictures import Picture
from serving.platform.runtime import Runtime


def documents_of(connection: Connection, case: Case) -> Sequence[NoticeDocument]:
    """The documents of the notices that a case decides, oldest first."""
    about = {notice_item.notice_id for notice_item in notices.of_case(connection, case.marketplace_id, case.case_id)}
    return notice_documents.of_notices(connection, case.marketplace_id, about)


def analyst_document(runtime: Runtime, person: Person, case_id: str, document_id: str) -> tuple[NoticeDocument, bytes]:
    """A document of a notice about a case, with its content.

    Raises NotFound (the person is no analyst of the case, the case has no such document, or it was erased).
    """
    with runtime.store.read() as connection:
        case, side = visible_case(connection, person, case_id)
        shown = documents_of(connection, case) if side is Side.ANALYST else ()
        for document in shown:
            if document.document_id == document_id:
                return document, notice_documents.content_of(connection, document)
    raise NotFound("There is no such document.")


MOST_SHOWN: Final = 6


def loadable_pictures(runtime: Runtime, facts: Facts) -> list[int]:
    """The indices, from 0, of a listing's pictures that may be loaded; empty where no picture host is configured."""
    indices = [i for i, address in enumerate(facts.listing.image_link or ()) if runtime.pictures.may_load(address)]
    return indices[:MOST_SHOWN]


def picture_address(runtime: Runtime, person: Person, case_id: str, number: int) -> str:
    """The address of a picture of a case's listing version.

    Raises NotFound (there is no such case for this person, or no such picture).
    """
    with runtime.store.read() as connection:
        case, _ = visible_case(connection, person, case_id)
        facts = scores.scored_facts(connection, case.marketplace_id, case.score_id)
    if number not in loadable_pictures(runtime, facts):
        raise NotFound("There is no such picture.")
    return (facts.listing.image_link or ())[number]


def require_picture(picture: Picture | Failure, case_id: str, number: int) -> Picture:
    """The result of loading a picture. Raises NotFound (the picture could not be loaded; the log has the reason)."""
    if isinstance(picture, Failure):
        log.info("picture.not_loaded", case_id=case_id, number=number, why=picture.sentence)
        raise NotFound("This picture cannot be loaded.")
    return picture
