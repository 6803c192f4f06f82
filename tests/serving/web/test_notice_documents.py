"""The documents of a notice, as the notifier adds them by the link and as an analyst downloads them."""

import re
from dataclasses import replace

import pytest
from httpx2 import Response
from sqlalchemy import select

from models.errors import NotFound
from models.verdict import Judgement
from serving.appeals.policy import SellerEvidencePolicy
from serving.cases.service.notice_evidence import analyst_document, documents_of
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import ReporterKind
from serving.notices.service.reporter_erasure import erase_reporter
from serving.notices.tables import notice_document, notice_network
from tests.fixtures.links import path_of
from tests.fixtures.notifying import EMAIL, a_listing, a_reporter, notify
from tests.fixtures.runtimes import Site, judge, open_cases
from tests.serving.notices.service.test_notices import SOLENNE
from tests.serving.notices.service.test_reporters import everything
from tests.serving.web.visits import Visitor, a_visitor, visit_as, words

PDF = b"%PDF-1.7 power of attorney"


def upload(
    visitor: Visitor, link: str, content: bytes = PDF, name: str = "power.pdf", *, from_elsewhere: bool = False
) -> Response:
    elsewhere = {"sec-fetch-site": "cross-site"} if from_elsewhere else {}
    files = {"document": (name, content, "text/html")}
    return visitor.client.post(f"{link}/documents", files=files, headers={**visitor.headers, **elsewhere})


def a_notice(site: Site, **changes: object) -> str:
    """The path of the link of a notice about a listing that waits."""
    a_listing(site, **SOLENNE)
    return path_of(notify(site, "MP-1", **changes).link)  # type: ignore[arg-type]  # of a draft


def test_the_analyst_of_the_case_reads_a_notifiers_document_and_nobody_else(site: Site) -> None:
    link, visitor = a_notice(site), a_visitor(site)
    assert "A power of attorney, an invoice or a picture" in words(visitor.get(link).text)
    assert upload(visitor, link, name="C:\\scans\\<b>power.pdf").headers["location"] == f"{link}#documents"
    assert upload(visitor, link).status_code == 303, "the same again"
    page = visitor.get(link)
    assert ("<b>power.pdf" in words(page.text), "<b>power" in page.text, "/notice-documents/" in page.text) == (
        True,
        False,
        False,
    )
    (case,) = open_cases(site)
    analyst = visit_as(site, site.analyst)
    page = analyst.get(f"/cases/{case.case_id}")
    assert words(page.text).count("<b>power.pdf") == 1
    address = next(href for href in re.findall(r'href="([^"]+)"', page.text) if "/notice-documents/" in href)
    answer = analyst.get(address)
    assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in answer.headers["content-security-policy"]
    for person in (site.brand_person, site.account_manager, site.data_scientist):
        assert visit_as(site, person).get(address).status_code in {403, 404}
    a_listing(site, "MP-2", **SOLENNE)
    notify(site, "MP-2", email="other@example.org")
    other = next(open_case for open_case in open_cases(site) if open_case.case_id != case.case_id)
    assert analyst.get(address.replace(case.case_id, other.case_id)).status_code == 404


def test_a_brand_that_is_asked_about_the_case_gets_no_document_of_the_notice(site: Site) -> None:
    a_listing(site)
    upload(a_visitor(site), path_of(notify(site, "MP-1").link))
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    (document,) = site.read(documents_of, case)
    assert analyst_document(site.runtime, site.analyst, case.case_id, document.document_id)[1] == PDF
    with pytest.raises(NotFound, match="no such document"):
        analyst_document(site.runtime, site.brand_person, case.case_id, document.document_id)


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 422, "Choose a document."),
        (b"<html>", 422, "A document must be a PDF, PNG or JPEG file."),
        (PDF.ljust(1_001), 422, "A document can have at most 0.001 MB."),
    ],
)
def test_what_is_no_document_is_refused_as_a_sellers_is(site: Site, content: bytes, status: int, sentence: str) -> None:
    answer = upload(a_visitor(with_limits(site, SellerEvidencePolicy, largest_document=1_000)), a_notice(site), content)
    assert (answer.status_code, sentence in words(answer.text)) == (status, True)
    assert site.count(notice_document) == 0


def test_a_notice_has_at_most_five_documents_and_a_total(site: Site) -> None:
    link, visitor = a_notice(site), a_visitor(site)
    for number in range(5):
        assert upload(visitor, link, PDF + bytes([number])).status_code == 303
    answer = upload(visitor, link, PDF + b"6")
    assert (answer.status_code, "already has 5 documents" in words(answer.text)) == (409, True)
    assert "Upload document" not in visitor.get(link).text
    a_listing(site, "MP-2", **SOLENNE)
    total = a_visitor(with_limits(site, SellerEvidencePolicy, most_bytes=len(PDF) + 1))
    link = path_of(notify(site, "MP-2").link)
    assert upload(total, link).status_code == 303
    answer = upload(total, link, PDF + b"7")
    assert (answer.status_code, "in total" in words(answer.text)) == (409, True)


def test_a_network_of_strangers_has_a_limit_a_day_and_a_registered_notifier_none(site: Site) -> None:
    link, few = a_notice(site), with_limits(site, NoticePolicy, most_document_bytes_a_day_network=len(PDF) + 1)
    visitor = a_visitor(few)
    assert upload(visitor, link).status_code == 303
    answer = upload(visitor, link, PDF + b"2")
    assert (answer.status_code, "Very many documents came from your network" in words(answer.text)) == (429, True)
    registered = path_of(notify(site, "MP-1", by=a_reporter(site, ReporterKind.REGISTERED)).link)
    assert [upload(visitor, registered, PDF + bytes([n])).status_code for n in range(2)] == [303, 303]
    site.clock.forward(days=1)
    assert upload(visitor, link, PDF + b"2").status_code == 303
    with site.runtime.store.read() as connection:
        assert sum(connection.execute(select(notice_network.c.document_bytes)).scalars()) == 2 * len(PDF) + 1


def test_nothing_is_read_by_a_wrong_link_from_another_site_or_after_the_decision(site: Site) -> None:
    link, visitor = a_notice(site), a_visitor(site)
    assert upload(visitor, f"{link}x").status_code == 404
    assert upload(visitor, link, from_elsewhere=True).status_code == 403
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    answer = upload(visitor, link, b"<html>")
    assert (answer.status_code, "you cannot add documents" in words(answer.text)) == (409, True)
    assert "Upload document" not in visitor.get(link).text
    unknown = path_of(notify(site, "MP-none").link)
    assert upload(visitor, unknown).status_code == 409, "nobody would read it"
    assert site.count(notice_document) == 0


def test_the_documents_of_a_notifier_are_erased_with_the_notifier(site: Site) -> None:
    link, visitor = a_notice(site), a_visitor(site)
    upload(visitor, link, name="berg-passport.pdf")
    (case,) = open_cases(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    assert "berg-passport" in everything(site)
    assert erase_reporter(site.runtime, site.marketplace, EMAIL, carry_out=True, by="test").carried_out
    assert "berg-passport" not in everything(site)
    assert "power of attorney" not in everything(site)
    page = visit_as(site, site.analyst).get(f"/cases/{case.case_id}")
    assert ("Erased. The digest stays." in words(page.text), "/notice-documents/" in page.text) == (True, False)


def with_limits(site: Site, of: type, **changes: int) -> Site:
    """The site with other limits."""
    policy: object = replace(site.runtime.policies[of], **changes)
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(policy)))
