"""The evidence of a report or an answered question: kept with a draft, handed in later, and read by the brand."""

import hashlib
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Permission, Person
from serving.appeals.policy import SellerEvidencePolicy
from serving.audit.store import audit
from serving.brands.rules.rights_document import readable_name
from serving.brands.service.rights_claims import pair_of
from serving.cases.store import cases, verdicts
from serving.listings.store import listings
from serving.platform.database.documents import document_row
from serving.platform.deadlines import latest_day
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import (
    TestBuyRecord,
    admit_document,
    bought_listing_number,
    check_hand_in,
    number_in_report,
)
from serving.reports.service.reopening import reopen_answer, reopen_listing
from serving.reports.store import report_documents, report_test_buys, reports
from serving.reports.store.carriers import AnsweredQuestion, Carrier, key_of
from serving.reports.store.report_documents import DraftKey, ReportDocument

_CASE: Final = "cas"  # As ids of cases begin.
_DAY: Final = timedelta(hours=24)


def draft_key(connection: Connection, person: Person, right_id: str, marketplace_id: str | None, key: str) -> DraftKey:
    """The draft of a report under a right, by the key under which it will be sent.

    Raises NotFound (the right does not belong to a brand that the person represents).
    """
    return DraftKey(pair_of(connection, person, right_id, marketplace_id), person.user_id, key)


def store_with_draft(runtime: Runtime, draft: DraftKey, name: str, content: bytes) -> None:
    """Store a document of a report that is not sent yet; a repeated upload adds nothing.

    Raises Invalid, Conflict (the file is not a document, too large, or one too many; the report was sent under this
    key).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)  # Of two concurrent uploads the second counts the first.
        if reports.is_sent(connection, *draft.pair, draft.key):
            raise Conflict("This report was sent already. Add the document on the page of the report.")
        _store_document(runtime, connection, draft, draft.user_id, name, content)


def delete_from_draft(runtime: Runtime, draft: DraftKey, document_ids: Collection[str]) -> None:
    """Delete some documents of a report that is not sent yet."""
    if document_ids:
        with runtime.store.write() as connection:
            report_documents.delete_from_draft(connection, draft, document_ids)


def hand_in(
    runtime: Runtime,
    person: Person,
    carrier_id: str,
    name: str,
    content: bytes,
    *,
    number: int | None = None,
    key_id: str | None = None,
) -> ReportDocument:
    """Store a document of a report that was sent, or of a question that was answered, by its case.

    A repeated upload adds nothing and has the same answer. `number` is the listing of a report that it is about: one
    that stayed or was reinstated is decided again. `key_id` is the brand's API key that sent it; None for a session.

    Raises NotFound (the person's brands have no such report or answer), DeadlinePassed (it is too old) or Invalid,
    Conflict (the file is not a document, too large, or one too many; the report has no such listing).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        carrier = carrier_of(connection, person, carrier_id)
        digest = hashlib.sha256(content).hexdigest()
        before = [
            document for document in report_documents.documents_of(connection, carrier) if document.digest == digest
        ]
        if before:
            return before[0]
        number = _check_evidence(runtime, connection, carrier, number)
        _store_document(runtime, connection, carrier, person.user_id, name, content)
        document = next(
            document for document in report_documents.documents_of(connection, carrier) if document.digest == digest
        )
        payload = {"digest": digest, "size": document.size, "media_type": document.media_type}
        if key_id is not None:
            payload["key"] = key_id
        at, act = document.known_at, "report_document.handed_in"
        audit.record(connection, at, carrier.marketplace_id, person.actor, act, carrier_id, **payload)
        _reopen(runtime, connection, person, carrier, number, at)
        return document


def add_test_buy(runtime: Runtime, person: Person, carrier_id: str, record: TestBuyRecord) -> None:
    """Record a test buy for a report or an answer that has none; a listing that stayed or was reinstated is decided
    again.

    Raises NotFound (the person's brands have no such report or answer), DeadlinePassed (it is too old), Conflict (it
    has a test buy already) or Invalid (the record is incomplete, or names no listing of the report).
    """
    with runtime.store.write() as connection:
        audit.lock(connection)
        carrier, now = carrier_of(connection, person, carrier_id), runtime.clock.now()
        if report_test_buys.test_buy_of(connection, carrier) is not None:
            raise Conflict("A test buy is recorded already.")
        bought = bought_listing_number(record, _locations(connection, carrier), latest_day(now))
        number = _check_evidence(runtime, connection, carrier, bought)
        report_test_buys.add_test_buy(connection, carrier, runtime.ids.new("rtb"), record, number, now)
        act = "report.test_buy_added"
        audit.record(connection, now, carrier.marketplace_id, person.actor, act, carrier_id, number=number)
        _reopen(runtime, connection, person, carrier, number, now)


def carrier_of(connection: Connection, person: Person, carrier_id: str) -> Carrier:
    """A report of the person's brands, or a question that one of them answered with "counterfeit", by its case.

    A listing that the brand reported has its evidence with the report. An answer that was undone, or conceded since,
    is none.

    Raises NotFound (the person's brands have no such report or answer).
    """
    pairs = person.brands(Permission.ANSWER_QUESTIONS)
    if carrier_id.partition("_")[0] != _CASE:
        return reports.get(connection, carrier_id, pairs)
    case = cases.get(
        connection, cases.marketplace_of(connection, carrier_id, {place for place, _ in pairs}), carrier_id
    )
    answer = verdicts.latest_of_case(connection, case.marketplace_id, carrier_id, case.brand_id or "")
    confirmed = answer is not None and answer.judgement is Judgement.COUNTERFEIT and not answer.reported
    if answer is None or not confirmed or (case.marketplace_id, case.brand_id) not in pairs:
        raise NotFound("There is no such case.")
    return AnsweredQuestion(case.marketplace_id, carrier_id, case.brand_id or "", case.listing_id, answer.known_at)


def _locations(connection: Connection, carrier: Carrier) -> list[str]:
    """The listings that may have been bought, as they are named."""
    if isinstance(carrier, AnsweredQuestion):
        return [listings.name_and_title(connection, carrier.marketplace_id, carrier.listing_id)[0]]
    return [location for _, location in reports.locations(connection, carrier)]


def _check_evidence(runtime: Runtime, connection: Connection, carrier: Carrier, number: int | None) -> int | None:
    """The number of the reported listing that evidence is about; refuses evidence that is late or about no listing."""
    check_hand_in(carrier.known_at, runtime.clock.now(), runtime.policies[ReportPolicy])
    if isinstance(carrier, AnsweredQuestion):
        return None
    return number_in_report(number, reports.listing_counts(connection, [carrier])[carrier.report_id])


def _reopen(
    runtime: Runtime, connection: Connection, person: Person, carrier: Carrier, number: int | None, at: datetime
) -> None:
    if isinstance(carrier, AnsweredQuestion):
        reopen_answer(runtime, connection, person, carrier, at)
    elif number is not None:
        reopen_listing(runtime, connection, person, carrier, number, at)


def _store_document(
    runtime: Runtime, connection: Connection, of: Carrier | DraftKey, user_id: str, name: str, content: bytes
) -> None:
    now, policy = runtime.clock.now(), runtime.policies[ReportPolicy]
    pair = of.pair if isinstance(of, DraftKey) else (of.marketplace_id, of.brand_id)
    before = report_documents.documents_total(connection, of)
    today = report_documents.bytes_since(connection, pair, now - _DAY)
    media_type = admit_document(content, before, today, policy=policy, documents=runtime.policies[SellerEvidencePolicy])
    row = document_row(
        readable_name(name),
        media_type,
        content,
        hashlib.sha256(content).hexdigest(),
        now,
        marketplace_id=pair[0],
        brand_id=pair[1],
        document_id=runtime.ids.new("rpd"),
        user_id=user_id,
        **{
            "report_id": None,
            "case_id": None,
            "draft_key": None,
            **({"draft_key": of.key} if isinstance(of, DraftKey) else key_of(of)),
        },
    )
    report_documents.add_document(connection, row)


def document_for_brand(
    runtime: Runtime, person: Person, carrier_id: str, document_id: str
) -> tuple[ReportDocument, bytes]:
    """A document of a report or an answer of the person's brands, with its content.

    Raises NotFound (the person's brands have no such report or answer, it has no such document, or that was erased).
    """
    with runtime.store.read() as connection:
        carrier = carrier_of(connection, person, carrier_id)
        return with_content(connection, report_documents.documents_of(connection, carrier), document_id)


def with_content(
    connection: Connection, shown: Collection[ReportDocument], document_id: str
) -> tuple[ReportDocument, bytes]:
    """One of these documents, with its content. Raises NotFound (it is none of them, or it was erased)."""
    for report_document in shown:
        if report_document.document_id == document_id:
            return report_document, report_documents.content_of(connection, report_document)
    raise NotFound("There is no such document.")


def delete_drafts(runtime: Runtime) -> int:
    """Delete the documents of reports that were begun a day ago and not sent; returns how many."""
    before = runtime.clock.now() - _DAY
    return runtime.store.delete_if_any(report_documents.has_drafts, report_documents.delete_drafts, before)
