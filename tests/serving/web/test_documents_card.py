"""A seller's document from the seller's page to the reviewer: never rendered, never under its own name."""

import json

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.appeals.store import seller_uploads
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import StoredSnapshot
from tests.fixtures.runtimes import Site, a_case, judge, open_cases
from tests.serving.appeals.service.test_counter_notices import counter_notice_of
from tests.serving.cases.service.test_seller_evidence import INVOICE
from tests.serving.web.test_seller_page import a_link
from tests.serving.web.visits import Visitor, a_visitor, visit_as, words

UNREADABLE = pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html><script>alert(1)</script>", "A document must be a PDF, PNG or JPEG file."),
        (b"", "Choose a document."),
        (b"%PDF-" + b"x" * 8_000_000, "A document can have at most 8 MB."),
    ],
    ids=["a page", "nothing", "too large"],
)
HOSTILE = "../../x\u202efdp.<script>alert(1)</script>\r\nSet-Cookie: a=b.html"


def send(visitor: Visitor, link: str, name: str, content: bytes, **headers: str) -> int:
    files = {"document": (name, content, "text/html")}
    return visitor.client.post(f"{link}/documents", files=files, headers={**visitor.headers, **headers}).status_code


def test_a_seller_hands_in_a_document_without_script_and_finds_it_on_its_page(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    assert 'enctype="multipart/form-data"' in visitor.get(link).text
    assert send(visitor, link, "invoice 1177.pdf", INVOICE) == 303
    read = words(visitor.get(link).text)
    assert "invoice 1177.pdf" in read
    assert "PDF, 1 kB" in read
    assert "Download file" not in read


@UNREADABLE
def test_a_document_that_is_refused_is_refused_on_the_page(site: Site, content: bytes, expected: str) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    files = {"document": ("invoice.pdf", content, "application/pdf")}
    answer = visitor.client.post(f"{link}/documents", files=files, headers=visitor.headers)
    assert answer.status_code == 422
    assert expected in words(answer.text)


def test_only_the_seller_s_page_and_its_documents_take_more_than_a_page_needs(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    large = b"%PDF-" + b"x" * 6_000_000
    assert send(visitor, link, "scan.pdf", large) == 303
    assert send(visitor, link, "scan.pdf", large * 3) == 413
    assert visitor.client.post(link, content=large * 3).status_code == 413
    assert visitor.client.post("/queue/filters", content=large).status_code == 413


def test_nobody_hands_in_without_a_link_or_from_another_site(site: Site) -> None:
    _, link = a_link(site)
    visitor = a_visitor(site)
    assert send(visitor, link[:-1], "invoice.pdf", INVOICE) == 404
    assert send(visitor, link, "invoice.pdf", INVOICE, **{"sec-fetch-site": "cross-site"}) == 403
    assert "invoice.pdf" not in visitor.get(link).text


def test_who_decides_saves_it_as_a_file_that_may_do_nothing_under_a_name_of_ours(site: Site) -> None:
    removal, link = a_link(site)
    visitor = a_visitor(site)
    assert send(visitor, link, HOSTILE, INVOICE) == 303
    visitor.post(link, {"event": "submit", "statement": "Bought in Lyon."})
    (upload,) = site.read(seller_uploads.of_action, site.marketplace_id, removal.action_id)
    brand = visit_as(site, site.brand_person)
    address = f"/counter-notices/{counter_notice_of(site, removal).counter_notice_id}/documents/{upload.upload_id}"
    page = brand.get("/counter-notices").text
    assert address in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    answer = brand.get(address)
    assert answer.content == INVOICE
    assert answer.headers["content-disposition"] == f'attachment; filename="{upload.upload_id}.pdf"'
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert visit_as(site, site.analyst).get(address).status_code == 403


def test_an_analyst_finds_it_in_the_appeal_and_in_the_sellers_next_case(site: Site) -> None:
    _, link = a_link(site)
    visitor, analyst = a_visitor(site), visit_as(site, site.second_analyst)
    send(visitor, link, "invoice 1177.pdf", INVOICE)
    visitor.post(link, {"event": "appeal", "statement": "They are genuine."})
    (appeal,) = open_cases(site, CaseLane.APPEAL)
    read = words(analyst.get(f"/cases/{appeal.case_id}").text)
    assert "invoice 1177.pdf" in read
    assert "For this appeal." in read
    judge(site, site.second_analyst, appeal, Judgement.COUNTERFEIT)
    later = a_case(site, external_id="MP-77")
    page = analyst.get(f"/cases/{later.case_id}").text
    assert "For listing MP-9: A person decided that the removal stands." in words(page)
    address = page.partition(f'"/cases/{later.case_id}/documents/')[2].partition('"')[0]
    assert analyst.get(f"/cases/{later.case_id}/documents/{address}").content == INVOICE
    assert analyst.get(f"/cases/{later.case_id}/documents/upl_none").status_code == 404
    assert visit_as(site, site.brand_person).get(f"/cases/{later.case_id}/documents/{address}").status_code == 403


# Evidence on the case page: shown with its digest, given out as files that no browser runs, to analysts alone.


@pytest.fixture
def make_snapshot(site: Site) -> StoredSnapshot:
    """Of a removal."""
    return a_removal(site)


def a_removal(site: Site, **changes: object) -> StoredSnapshot:
    case = a_case(site, CaseLane.ASK_BRAND, **changes)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    [snapshot] = site.read(evidence.of_listing, site.marketplace_id, case.listing_id)
    return snapshot


def address(make_snapshot: StoredSnapshot, what: str) -> str:
    return f"/cases/{make_snapshot.case_id}/evidence/{make_snapshot.evidence_id}/{what}"


def test_a_case_without_a_removal_shows_no_evidence(site: Site) -> None:
    case = a_case(site)
    assert "SHA-256" not in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_a_removed_listing_shows_its_evidence_with_the_digest(site: Site, make_snapshot: StoredSnapshot) -> None:
    page = visit_as(site, site.analyst).get(f"/cases/{make_snapshot.case_id}").text
    assert f"Taken 09:00 SHA-256 {make_snapshot.snapshot.digest}" in words(page)
    assert address(make_snapshot, "page") in page


@pytest.mark.parametrize(("what", "kind"), [("page", "text/html; charset=utf-8"), ("data", "application/json")])
def test_a_file_is_an_attachment_that_no_browser_guesses_at_or_runs(
    site: Site, make_snapshot: StoredSnapshot, what: str, kind: str
) -> None:
    answer = visit_as(site, site.analyst).get(address(make_snapshot, what))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{make_snapshot.evidence_id}.')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["cache-control"] == "no-store"


def test_the_data_is_the_snapshot(site: Site, make_snapshot: StoredSnapshot) -> None:
    read = json.loads(visit_as(site, site.analyst).get(address(make_snapshot, "data")).text)
    assert read["digest"] == make_snapshot.snapshot.digest


@pytest.mark.parametrize("what", ["page", "data"])
def test_neither_the_brand_nor_another_role_gets_a_file(site: Site, make_snapshot: StoredSnapshot, what: str) -> None:
    statuses = {
        role: visit_as(site, getattr(site, role)).get(address(make_snapshot, what)).status_code
        for role in ("brand_person", "account_manager", "data_scientist")
    }
    assert set(statuses.values()) == {403}


def test_evidence_of_another_listing_is_not_found_under_this_case(site: Site, make_snapshot: StoredSnapshot) -> None:
    other = a_removal(site, external_id="MP-77")
    mixed = f"/cases/{make_snapshot.case_id}/evidence/{other.evidence_id}/data"
    assert visit_as(site, site.analyst).get(mixed).status_code == 404
    assert visit_as(site, site.analyst).get(f"/cases/{make_snapshot.case_id}/evidence/../data").status_code == 404


def test_an_erased_page_is_marked_as_erased(site: Site, make_snapshot: StoredSnapshot) -> None:
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("UPDATE evidence_part SET body = NULL, salt = NULL WHERE part = 'page'")
    visitor = visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{make_snapshot.case_id}").text
    assert "Erased: page. The digests stay." in words(page)
    assert address(make_snapshot, "page") not in page
    assert visitor.get(address(make_snapshot, "page")).status_code == 404
