"""Documents and a test buy of a report: with the report, for the cases of its marketplace, and for nobody else."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, DeadlinePassed, Invalid, NotFound
from models.verdict import Judgement, ReasonCode
from serving.accounts.rules.access import Person, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.rules.rights import RightKind
from serving.brands.store import rights
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.service.intake import receive_rows
from serving.marketplaces.store import marketplaces
from serving.platform.idempotency.service import KeyReuse
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord
from serving.reports.service import status
from serving.reports.service.attaching import (
    delete_drafts,
    delete_from_draft,
    document_for_brand,
    draft_key,
    hand_in,
    store_with_draft,
)
from serving.reports.service.previewing import preview_report
from serving.reports.service.status import status_of
from serving.reports.service.submitting import Draft
from serving.reports.store import report_documents
from serving.reports.store.report_documents import DraftKey
from serving.reports.tables import report_document, report_test_buy
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.takedowns.service.evidence import page_of, verify
from serving.takedowns.store import evidence
from serving.takedowns.tables import action
from tests.fixtures.reporting import a_draft, a_rival, on_sale, right_of
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_row, having, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.fixtures.submitting import SubmittedReport, submit_report
from tests.fixtures.two_marketplaces import put_on_file, with_two_marketplaces

PDF = b"%PDF-1.7 invoice of the test buy"
PICTURE = b"\x89PNG\r\n\x1a\n picture of the label"
BOUGHT = TestBuyRecord("4711-A", date(2025, 12, 1), date(2025, 12, 20), "Printed, not stamped.", "RP-0")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def draft(site: Site, key: str = "first", person: Person | None = None) -> DraftKey:
    return site.read(draft_key, person or site.brand_person, right_of(site), site.marketplace_id, key)


def send(site: Site, names: list[str], key: str = "first", **changes: Any) -> SubmittedReport:
    return submit_report(site.runtime, site.brand_person, replace(a_draft(site, names, key), **changes))


def names_of(site: Site, report_id: str) -> list[str]:
    return [document.name for document in status_of(site.runtime, site.brand_person, report_id).documents]


def shown_documents(site: Site, case: Case) -> list[str]:
    return [document.name for document in site.read(status.documents_of, case)]


def case_of(site: Site, report_id: str, number: int = 1) -> Case:
    step = status_of(site.runtime, site.brand_person, report_id).items[number - 1].step
    assert step is not None
    return site.read(cases.get, site.marketplace_id, step.case_id or "")


@pytest.mark.both_engines
def test_documents_and_a_test_buy_are_sent_with_the_report_and_named_by_the_evidence(any_site: Site) -> None:
    names = having(any_site, on_sale, 2)
    store_with_draft(any_site.runtime, draft(any_site), "invoice.pdf", PDF)
    store_with_draft(any_site.runtime, draft(any_site), "again.pdf", PDF)
    store_with_draft(any_site.runtime, draft(any_site), "label.png", PICTURE)
    store_with_draft(any_site.runtime, draft(any_site, "another"), "other.pdf", PDF + b"2")
    report_id = send(any_site, names, test_buy=replace(BOUGHT, listing="RP-1")).report.report_id
    assert names_of(any_site, report_id) == ["invoice.pdf", "label.png"]
    test_buy = status_of(any_site.runtime, any_site.brand_person, report_id).test_buy
    assert test_buy is not None
    assert (test_buy.number, test_buy.location, test_buy.order_reference) == (2, "RP-1", "4711-A")
    with any_site.runtime.store.read() as connection:
        for number in (1, 2):
            [taken] = evidence.of_listing(
                connection, any_site.marketplace_id, case_of(any_site, report_id, number).listing_id
            )
            assert taken.snapshot.header["documents"] == sorted([digest(PDF), digest(PICTURE)])
            assert digest(PDF).encode() in (page_of(taken) or b"")
        payload = connection.execute(
            select(audit_payload.c.payload)
            .join(audit_entry, audit_entry.c.sequence == audit_payload.c.sequence)
            .where(audit_entry.c.act == "report.received")
        ).scalar_one()
        assert audit.check_chain(connection)[1] is None
    assert digest(PDF) in payload
    assert "4711-A" not in payload, "what is erased is not in the log"
    assert verify(any_site.runtime, any_site.marketplace)["differing"] == []


def test_a_removal_without_a_report_names_no_documents(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    [taken] = any_site.read(evidence.of_listing, any_site.marketplace_id, case.listing_id)
    assert "documents" not in taken.snapshot.header


def test_a_draft_is_its_users_own_and_a_document_of_it_can_be_left_out(any_site: Site) -> None:
    mine = draft(any_site)
    store_with_draft(any_site.runtime, mine, "invoice.pdf", PDF)
    store_with_draft(any_site.runtime, mine, "label.png", PICTURE)
    colleague = replace(mine, user_id=any_site.account_manager.user_id)
    with any_site.runtime.store.read() as connection:
        documents = report_documents.documents_of(connection, mine)
        assert report_documents.documents_of(connection, colleague) == []
    delete_from_draft(any_site.runtime, colleague, [documents[0].document_id])
    delete_from_draft(any_site.runtime, mine, [documents[1].document_id])
    report_id = send(any_site, having(any_site, on_sale, 1)).report.report_id
    assert names_of(any_site, report_id) == ["invoice.pdf"]
    delete_from_draft(any_site.runtime, mine, [documents[0].document_id])
    assert names_of(any_site, report_id) == ["invoice.pdf"], "what was sent stays"
    with pytest.raises(Conflict, match="was sent already"):
        store_with_draft(any_site.runtime, mine, "late.pdf", PDF + b"2")


@pytest.mark.both_engines
def test_drafts_that_are_not_sent_are_deleted_after_a_day(any_site: Site) -> None:
    store_with_draft(any_site.runtime, draft(any_site), "invoice.pdf", PDF)
    report_id = send(any_site, having(any_site, on_sale, 1)).report.report_id
    store_with_draft(any_site.runtime, draft(any_site, "begun"), "invoice.pdf", PDF)
    any_site.clock.forward(hours=24)
    assert delete_drafts(any_site.runtime) == 0
    any_site.clock.forward(seconds=1)
    assert delete_drafts(any_site.runtime) == 1
    assert delete_drafts(any_site.runtime) == 0
    assert names_of(any_site, report_id) == ["invoice.pdf"]


@pytest.mark.both_engines
def test_a_document_is_handed_in_once_and_in_time_by_the_brand_alone(any_site: Site) -> None:
    report_id = send(any_site, having(any_site, on_sale, 1)).report.report_id
    first = hand_in(any_site.runtime, any_site.brand_person, report_id, "../invoice.pdf", PDF)
    assert hand_in(any_site.runtime, any_site.brand_person, report_id, "x.pdf", PDF) == first
    assert first.name == "invoice.pdf"
    assert document_for_brand(any_site.runtime, any_site.brand_person, report_id, first.document_id) == (first, PDF)
    with pytest.raises(NotFound):
        hand_in(any_site.runtime, a_rival(any_site), report_id, "x.pdf", PICTURE)
    for number in range(2, 6):
        hand_in(any_site.runtime, any_site.brand_person, report_id, "page.pdf", PDF + b"%d" % number)
    with pytest.raises(Conflict, match="already has 5 documents"):
        hand_in(any_site.runtime, any_site.brand_person, report_id, "sixth.pdf", PDF + b"6")
    any_site.clock.forward(days=183)
    assert hand_in(any_site.runtime, any_site.brand_person, report_id, "x.pdf", PDF) == first, (
        "a repetition is answered"
    )
    with pytest.raises(DeadlinePassed):
        hand_in(any_site.runtime, any_site.brand_person, report_id, "label.png", PICTURE)
    with any_site.runtime.store.read() as connection:
        acts = connection.execute(select(audit_entry.c.act)).scalars().all()
    assert acts.count("report_document.handed_in") == 5


def test_a_brand_has_a_limit_of_a_day_over_all_its_reports_and_drafts(site: Site) -> None:
    policy = replace(site.runtime.policies[ReportPolicy], most_document_bytes_a_day=len(PDF) + len(PICTURE))
    limited_site = replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(policy)))
    store_with_draft(limited_site.runtime, draft(limited_site), "invoice.pdf", PDF)
    store_with_draft(limited_site.runtime, draft(limited_site, "second"), "label.png", PICTURE)
    with pytest.raises(Conflict, match="very many documents today"):
        store_with_draft(limited_site.runtime, draft(limited_site, "third"), "label.png", PICTURE)
    limited_site.clock.forward(hours=24)
    store_with_draft(limited_site.runtime, draft(limited_site, "third"), "label.png", PICTURE)


def test_a_test_buy_belongs_to_the_request_and_is_checked_before_anything_is_stored(any_site: Site) -> None:
    names = having(any_site, on_sale, 2)
    with pytest.raises(Invalid, match="Name the listing that was bought"):
        send(any_site, names, test_buy=replace(BOUGHT, listing=None))
    nameless = replace(a_draft(any_site, names), test_buy=replace(BOUGHT, listing=""))
    with pytest.raises(Invalid, match="Name the listing that was bought"):
        preview_report(any_site.runtime, any_site.brand_person, nameless)
    send(any_site, names, test_buy=BOUGHT)
    assert send(any_site, names, test_buy=BOUGHT).report.request_key == "first"
    with pytest.raises(KeyReuse):
        send(any_site, names)
    with pytest.raises(KeyReuse):
        send(any_site, names, test_buy=replace(BOUGHT, finding="Something else."))
    assert len(any_site.rows(select(report_test_buy))) == 1


def test_the_day_of_an_order_is_the_buyers_wherever_it_begins_first(site: Site) -> None:
    site.clock.forward(hours=13)
    tomorrow = (site.clock.now() + timedelta(hours=14)).date()
    assert tomorrow > site.clock.now().date()
    names = having(site, on_sale, 1)
    send(site, names, test_buy=replace(BOUGHT, ordered_on=tomorrow, received_on=None))
    with pytest.raises(Invalid, match="in the future"):
        send(site, names, "next", test_buy=replace(BOUGHT, ordered_on=tomorrow + timedelta(days=1), received_on=None))


def test_the_analyst_who_decides_sees_what_the_report_carries_and_a_second_reviewer_does_not(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    daily = any_site.runtime.policies[StandingPolicy].capped_daily
    store_with_draft(any_site.runtime, draft(any_site), "invoice.pdf", PDF)
    send(any_site, having(any_site, on_sale, daily + 1), test_buy=BOUGHT)
    (case,) = open_cases(any_site, CaseLane.ANALYST)
    assert shown_documents(any_site, case) == ["invoice.pdf"]
    with any_site.runtime.store.read() as connection:
        assert [test_buy.finding for test_buy in status.test_buys_of(connection, case)] == ["Printed, not stamped."]
        second = replace(case, lane=CaseLane.SECOND_REVIEW)
        assert (status.documents_of(connection, second), status.test_buys_of(connection, second)) == ((), ())
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    with any_site.runtime.store.read() as connection:
        last = evidence.of_listing(connection, any_site.marketplace_id, case.listing_id)
        statements = connection.execute(select(action.c.statement)).scalars().all()
    assert all(stored_evidence.snapshot.header["documents"] == [digest(PDF)] for stored_evidence in last)
    assert not any("4711" in str(text) or "invoice" in str(text) or "stamped" in str(text) for text in statements)


def test_a_report_that_answers_an_open_case_gives_it_what_it_carries(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND, external_id="RP-0")
    store_with_draft(any_site.runtime, draft(any_site), "invoice.pdf", PDF)
    send(any_site, ["RP-0"])
    assert shown_documents(any_site, case) == ["invoice.pdf"]
    evidence_rows = any_site.read(evidence.of_listing, any_site.marketplace_id, case.listing_id)
    assert evidence_rows[0].snapshot.header["documents"] == [digest(PDF)]


@pytest.mark.both_engines
def test_of_two_marketplaces_and_two_brands_each_sees_its_own(any_site: Site) -> None:
    rival = a_rival(any_site)
    both, runtime = with_two_marketplaces(any_site), any_site.runtime
    put_on_file(both, both.second_pair)
    souk_analyst = an_analyst_of(any_site, both.name(both.second_pair))
    with runtime.store.read() as connection:
        souk = marketplaces.get(connection, both.souk)
    row = a_row(external_id="RP-0", title="Aurelle Colline tote in grained leather", seller={"external_id": "shop-s"})
    receive_rows(runtime, souk, [row], source="test")
    on_sale(any_site, 1)
    sent = {}
    for pair, content in ((both.first_pair, PDF), (both.second_pair, PICTURE)):
        with runtime.store.read() as connection:
            right = next(
                stored_right.right.right_id
                for stored_right in rights.rights_of(connection, pair)
                if stored_right.right.kind is RightKind.MARK
            )
            begun = draft_key(connection, both.lead, right, pair[0], "first")
        store_with_draft(runtime, begun, "evidence.bin", content)
        reason = ReasonCode.TRADEMARK_COUNTERFEIT
        new_report = Draft(right, reason, ("RP-0",), True, "first", marketplace_id=pair[0], test_buy=BOUGHT)
        sent[pair] = submit_report(runtime, both.lead, new_report)
    for pair, content, analyst, stranger in (
        (both.first_pair, PDF, any_site.analyst, souk_analyst),
        (both.second_pair, PICTURE, souk_analyst, any_site.analyst),
    ):
        report_id = sent[pair].report.report_id
        [document] = status_of(runtime, both.lead, report_id).documents
        assert document.digest == digest(content)
        case_id = sent[pair].outcomes[0].case_id or ""
        assert status.document_for_analyst(runtime, analyst, case_id, document.document_id)[1] == content
        for person in (stranger, rival):
            with pytest.raises(NotFound):
                status.document_for_analyst(runtime, person, case_id, document.document_id)
            with pytest.raises(NotFound):
                document_for_brand(runtime, person, report_id, document.document_id)
            with pytest.raises(NotFound):
                status_of(runtime, person, report_id)
        with pytest.raises(NotFound):
            status.document_for_analyst(runtime, both.lead, case_id, document.document_id)
    with runtime.store.read() as connection:
        assert {row.brand_id for row in connection.execute(select(report_document.c.brand_id))} == {any_site.brand_id}


def an_analyst_of(site: Site, marketplace: str) -> Person:
    new = NewPerson("jo@souk.example", "Jo Adler", Role.ANALYST, marketplace=marketplace, password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, new, by="test")
    return site.read(accounts.person, user_id)
