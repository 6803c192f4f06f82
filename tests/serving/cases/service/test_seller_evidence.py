"""Sellers' documents are stored once, within limits, and shown to current and later deciders."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from features.message import message
from models.case import CaseLane
from models.errors import Conflict, Invalid, NotFound
from models.verdict import Judgement
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.counter_notices import open_counter_notices
from serving.appeals.service.seller_acts import act_by_link
from serving.appeals.service.seller_links import revoke_links
from serving.appeals.tables import seller_document, seller_upload
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.service.seller_evidence import (
    Document,
    analyst_document,
    documents_of,
    rights_holder_document,
    upload_document,
)
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.takedowns.store.actions import StoredAction
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reporting import a_rival
from tests.fixtures.runtimes import Site, a_case, a_second_review, judge, open_cases
from tests.serving.appeals.service.test_appeal import removal_with_token
from tests.serving.appeals.service.test_counter_notices import MAINTAIN, counter_notice_of
from tests.serving.appeals.service.test_counter_notices import answer as answer_as_brand
from tests.serving.webhooks.service.test_delivery import register

INVOICE = b"%PDF-1.7 invoice 1177 of the authorised dealer"
PICTURE = b"\x89PNG\r\n\x1a\n the goods"


@contextmanager
def listening_receiver(site: Site) -> Iterator[Receiver]:
    with a_receiver() as receiver:
        register(site, receiver)
        yield receiver


def contestable_removal(site: Site, receiver: Receiver, external_id: str = "MP-9") -> tuple[StoredAction, str]:
    """A removal that the seller was told of, and the token of the seller's link."""
    removal, token = removal_with_token(site, receiver, external_id)
    open_counter_notices(site.runtime)
    return removal, token


def documents(site: Site, case: Case) -> tuple[Document, ...]:
    return site.read(documents_of, case)


def rows(site: Site) -> tuple[int, int, int]:
    """The numbers of documents, uploads and audit entries."""
    with site.runtime.store.read() as connection:
        logged = select(func.count()).where(audit_entry.c.act == "seller_document.handed_in")
        counted = [select(func.count()).select_from(table) for table in (seller_document, seller_upload)]
        document_count, upload_count, entry_count = (
            connection.execute(query).scalar_one() for query in (*counted, logged)
        )
        assert audit.check_chain(connection)[1] is None
    return document_count, upload_count, entry_count


@pytest.mark.both_engines
def test_a_repeated_document_is_stored_once(any_site: Site) -> None:
    with listening_receiver(any_site) as receiver:
        _, first = contestable_removal(any_site, receiver)
        _, second = contestable_removal(any_site, receiver, "MP-10")
    uploads = [upload_document(any_site.runtime, first, name, INVOICE) for name in ("a.pdf", "b.pdf")]
    assert {(file.name, file.media_type, file.size) for file in uploads} == {("a.pdf", "application/pdf", len(INVOICE))}
    upload_document(any_site.runtime, second, "c.pdf", INVOICE)
    assert rows(any_site) == (1, 2, 2)


def test_invalid_and_excess_documents_are_refused_and_not_stored(site: Site) -> None:
    policy = SellerEvidencePolicy(largest_document=100, most_documents=2, most_bytes=120)
    runtime = replace(site.runtime, policies=site.runtime.policies.changed(policy))
    with listening_receiver(site) as receiver:
        _, token = contestable_removal(site, receiver)
    for content in (b"", b"<html>", INVOICE + b"x" * 100):
        with pytest.raises(Invalid):
            upload_document(runtime, token, "invoice.pdf", content)
    upload_document(runtime, token, "invoice.pdf", INVOICE)
    with pytest.raises(Conflict, match="in total"):
        upload_document(runtime, token, "more.pdf", INVOICE + b"x" * 50)
    upload_document(runtime, token, "goods.png", PICTURE)
    with pytest.raises(Conflict, match="2 documents"):
        upload_document(runtime, token, "one more.png", PICTURE + b".")
    assert rows(site) == (2, 2, 2)


def test_documents_are_refused_after_the_decision_and_after_the_link_was_revoked(site: Site) -> None:
    with listening_receiver(site) as receiver:
        _, token = contestable_removal(site, receiver)
        removal, other = contestable_removal(site, receiver, "MP-10")
    act_by_link(site.runtime, token, CounterNoticeEvent.APPEAL, "They are genuine.")
    upload_document(site.runtime, token, "invoice.pdf", INVOICE)
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, Judgement.COUNTERFEIT)
    with pytest.raises(Conflict, match="No decision on this removal is pending"):
        upload_document(site.runtime, token, "late.png", PICTURE)
    revoke_links(site.runtime, site.marketplace_id, removal.action_id)
    with pytest.raises(NotFound):
        upload_document(site.runtime, other, "late.png", PICTURE)


def test_the_rights_holder_reads_it_with_the_answer_and_not_before(any_site: Site) -> None:
    with listening_receiver(any_site) as receiver:
        removal, token = contestable_removal(any_site, receiver)
    upload = upload_document(any_site.runtime, token, "invoice.pdf", INVOICE)
    counter_notice_id = counter_notice_of(any_site, removal).counter_notice_id
    arguments = any_site.runtime, any_site.brand_person, counter_notice_id, upload.upload_id
    with pytest.raises(NotFound):
        rights_holder_document(*arguments)
    act_by_link(any_site.runtime, token, CounterNoticeEvent.SUBMIT, "Bought in Lyon.")
    assert rights_holder_document(*arguments)[1] == INVOICE
    for stranger in (any_site.analyst, a_rival(any_site)):
        with pytest.raises(NotFound):
            rights_holder_document(any_site.runtime, stranger, counter_notice_id, upload.upload_id)


def test_a_later_case_of_the_seller_shows_it_with_what_was_decided_then(any_site: Site) -> None:
    with listening_receiver(any_site) as receiver:
        _, token = contestable_removal(any_site, receiver)
        upload = upload_document(any_site.runtime, token, "invoice.pdf", INVOICE)
        later = a_case(any_site, external_id="MP-77")
        assert [document.came_of for document in documents(any_site, later)] == [message("outcome.open")]
        act_by_link(any_site.runtime, token, CounterNoticeEvent.APPEAL, "They are genuine.")
        (appeal,) = open_cases(any_site, CaseLane.APPEAL)
        assert [document.at_issue for document in documents(any_site, appeal)] == [True]
        judge(any_site, any_site.second_analyst, appeal, Judgement.GENUINE)
        (shown,) = documents(any_site, later)
        assert (shown.listing, shown.at_issue) == ("MP-9", False)
        assert shown.came_of == message("outcome.upheld")
        case_id = later.case_id
        assert analyst_document(any_site.runtime, any_site.analyst, case_id, upload.upload_id)[1] == INVOICE
        # Only the seller's own cases show it, and a brand sees only documents that it is asked about.
        stranger = a_case(any_site, external_id="MP-78", seller={"external_id": "somebody-else"})
        assert documents(any_site, stranger) == ()
        for person, where in ((any_site.analyst, stranger.case_id), (any_site.brand_person, case_id)):
            with pytest.raises(NotFound):
                analyst_document(any_site.runtime, person, where, upload.upload_id)


def test_a_maintained_removal_is_told_apart_from_one_that_nobody_decided_on(site: Site) -> None:
    with listening_receiver(site) as receiver:
        removal, token = contestable_removal(site, receiver)
        upload_document(site.runtime, token, "invoice.pdf", INVOICE)
        later = a_case(site, external_id="MP-77")
        act_by_link(site.runtime, token, CounterNoticeEvent.SUBMIT, "Bought in Lyon.")
        answer_as_brand(site, removal, MAINTAIN)
        assert documents(site, later)[0].came_of == message("outcome.open")
        act_by_link(site.runtime, token, CounterNoticeEvent.APPEAL, "They are genuine.")
        (appeal,) = open_cases(site, CaseLane.APPEAL)
        judge(site, site.second_analyst, appeal, Judgement.COUNTERFEIT)
        assert documents(site, later)[0].came_of == message("outcome.stands")


def test_a_second_review_shows_no_documents_of_its_own_listing(site: Site) -> None:
    with listening_receiver(site) as receiver:
        removal, token = contestable_removal(site, receiver)
        _, other = contestable_removal(site, receiver, "MP-10")
    for seller_token in (token, other):
        upload_document(site.runtime, seller_token, "invoice.pdf", INVOICE)
    first = site.read(cases.of_verdict, site.marketplace_id, removal.verdict_id)
    site.clock.forward(days=120)
    assert [document.listing for document in documents(site, a_second_review(site, first, label=1))] == ["MP-10"]
