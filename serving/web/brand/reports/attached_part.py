"""What a report carries, on its pages: documents, which are kept before it is sent, and the record of a test buy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.errors import DomainError, Invalid
from serving.accounts.store.accounts import Session
from serving.appeals.policy import SellerEvidencePolicy
from serving.brands.rules.rights import day_of
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.service.attaching import delete_from_draft, draft_key, store_with_draft
from serving.reports.store import report_documents
from serving.reports.store.report_documents import DraftKey
from serving.web import text_view
from serving.web.case.documents.documents_card import ShownDocument, shown_document
from serving.web.forms import Upload
from serving.web.text_view import ShownText
from serving.web.wording.translated import phrase_in_words
from serving.web.wording.words import size

FIELDS: Final = ("order_reference", "ordered_on", "received_on", "finding", "bought_listing")
_LEAVE_OUT: Final = "leave_out:"


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was not kept, and why."""

    name: ShownText
    why: str


@dataclass(frozen=True, slots=True)
class AttachedDocument:
    """A document of a report that is not sent yet; ticked by its id, it is left out."""

    document_id: str
    shown: ShownDocument


@dataclass(frozen=True, slots=True)
class Limits:
    """What a report may carry, for the hint beside the choice of files."""

    largest: str
    most: int


def document_limits(runtime: Runtime) -> Limits:
    """The limits of documents, in the reader's language."""
    largest = size(runtime.policies[SellerEvidencePolicy].largest_document)
    return Limits(largest, runtime.policies[ReportPolicy].most_documents)


def typed_test_buy(fields: Mapping[str, str]) -> TestBuyRecord | None:
    """The test buy as it was typed; None where nothing of it was. Raises Invalid (a day is no day)."""
    typed = {name: fields.get(name, "").strip() for name in FIELDS}
    if not any(typed.values()):
        return None
    received = typed["received_on"]
    return TestBuyRecord(
        typed["order_reference"],
        day_of(typed["ordered_on"]).date(),
        day_of(received).date() if received else None,
        typed["finding"],
        typed["bought_listing"] or None,
    )


def required_test_buy(fields: Mapping[str, str]) -> TestBuyRecord:
    """The test buy as it was typed. Raises Invalid (nothing was, or a day is no day)."""
    record = typed_test_buy(fields)
    if record is None:
        raise Invalid("Fill in the order reference, the date and what was found.")
    return record


def store_documents(
    runtime: Runtime, session: Session, fields: Mapping[str, str], chosen: Sequence[Upload]
) -> tuple[RefusedFile, ...]:
    """Keep the chosen files with the report that is being written, leave out the ticked ones; the refused files.

    Raises NotFound (the right does not belong to a brand that the person represents).
    """
    with runtime.store.read() as connection:
        draft = _draft_key(connection, session, fields)
    delete_from_draft(runtime, draft, [name.removeprefix(_LEAVE_OUT) for name in fields if name.startswith(_LEAVE_OUT)])
    refused = []
    for upload in chosen:
        try:
            store_with_draft(runtime, draft, upload.name, upload.content)
        except DomainError as problem:
            refused.append(RefusedFile(text_view.show(upload.name), phrase_in_words(problem.phrase)))
    return tuple(refused)


def attached_documents(
    connection: Connection, session: Session, fields: Mapping[str, str], now: datetime
) -> tuple[AttachedDocument, ...]:
    """The documents that are kept with the report that is being written."""
    documents = report_documents.documents_of(connection, _draft_key(connection, session, fields))
    return tuple(
        AttachedDocument(document.document_id, replace(shown_document(document, now), digest=None))
        for document in documents
    )


def _draft_key(connection: Connection, session: Session, fields: Mapping[str, str]) -> DraftKey:
    marketplace_id = fields.get("marketplace_id", "") or None
    return draft_key(connection, session.person, fields.get("right_id", ""), marketplace_id, fields.get("key", ""))
