"""The documents and the test buy of a report, on the pages of the brand and of the analyst who decides."""

import re
from html import unescape
from typing import Final

import pytest
from httpx2 import Response

from models.case import CaseLane
from models.policies.deciding import EnforcementPolicy
from serving.accounts.service.display_choice import save_choice
from serving.brands.rules.rights import RightKind
from serving.listings.service.intake import receive_rows
from serving.platform.display import Display
from serving.reports.service.status import status_of
from serving.reports.store.report_documents import ReportDocument
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from tests.fixtures.reporting import a_rival, action_states, on_sale
from tests.fixtures.runtimes import Site, a_row, having, open_cases
from tests.fixtures.stepping_up import in_level
from tests.serving.brands.service.test_rights import withdraw_all
from tests.serving.web.test_documents_card import HOSTILE, UNREADABLE
from tests.serving.web.test_told_brands import english_words_left
from tests.serving.web.visits import Visitor, hidden_fields, visit_as, words

PATH: Final = "/brand/reports"
PDF: Final = b"%PDF-1.7 invoice of the test buy"
PNG: Final = b"\x89PNG\r\n\x1a\n picture of the label"
SCRIPT: Final = '"><script>alert(1)</script>\u202e'
BOUGHT: Final = {
    "order_reference": "4711-A",
    "ordered_on": "2025-12-01",
    "received_on": "2025-12-20",
    "finding": "The serial number is printed.",
    "bought_listing": "2",
}


def typed_report(brand: Visitor, names: list[str], **changed: str) -> dict[str, str]:
    page = hidden_fields(brand.get(PATH).text)
    return {**page, "reason_code": "trademark_counterfeit", "listings": "\n".join(names), **changed}


def look_ahead(brand: Visitor, fields: dict[str, str], *files: tuple[str, bytes]) -> Response:
    chosen = [("document", (name, content, "text/html")) for name, content in files]
    form = {**fields, "csrf_token": brand.csrf_token}
    return brand.client.post(f"{PATH}/preview", data=form, files=chosen, headers=brand.headers)


def send(brand: Visitor, ahead: Response) -> str:
    """Send what the preview shows; returns the address of the report."""
    page = ahead.text
    texts = dict(re.findall(r'<textarea name="(\w+)" hidden>([^<]*)</textarea>', page))
    done = brand.post(PATH, {**hidden_fields(page), **texts, "good_faith": "yes"})
    assert done.status_code == 303, words(done.text)
    return done.headers["location"]


def documents_of(site: Site, place: str) -> tuple[ReportDocument, ...]:
    return status_of(site.runtime, site.brand_person, place.rpartition("/")[2]).documents


def test_the_preview_says_what_is_attached_and_the_report_shows_it(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    fields = typed_report(brand, on_sale(site, 2), note="Seen twice.", **BOUGHT)
    ahead = look_ahead(brand, fields, ("invoice.pdf", PDF), ("label.png", PNG))
    assert ahead.status_code == 200
    read = words(ahead.text)
    assert "Sent with the report Test buy Listing that was bought RP-1 Order reference 4711-A" in read
    assert "Ordered on 1 Dec 2025 Received on 20 Dec 2025" in read
    assert read.count("invoice.pdf") == 2, "in the preview, and in the form"
    place = send(brand, ahead)
    read = words(brand.get(place).text)
    assert "Order reference 4711-A" in read
    assert "The serial number is printed." in read
    first, second = documents_of(site, place)
    assert (first.name, second.name) == ("invoice.pdf", "label.png")
    address = f"{place}/documents/{first.document_id}"
    assert address in brand.get(place).text
    assert brand.get(address).content == PDF
    assert visit_as(site, a_rival(site)).get(address).status_code == 404
    assert visit_as(site, site.analyst).get(address).status_code == 403


def test_a_report_without_documents_says_so_before_it_is_sent(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    ahead = look_ahead(brand, typed_report(brand, on_sale(site, 1)))
    assert "No document and no test buy is attached." in words(ahead.text)
    assert "Record a test buy" in words(brand.get(send(brand, ahead)).text), "it can be added later"


@UNREADABLE
def test_a_refused_file_is_named_and_nothing_else_is_lost(site: Site, content: bytes, expected: str) -> None:
    brand = visit_as(site, site.brand_person)
    fields = typed_report(brand, on_sale(site, 2), note="Seen twice.", **BOUGHT)
    refused = look_ahead(brand, fields, ("invoice.pdf", PDF), (f"x{SCRIPT}.pdf", content), ("label.png", PNG))
    assert refused.status_code == 422
    assert "<script>alert" not in refused.text
    assert "\u202e" not in refused.text
    read = words(refused.text)
    assert expected in read
    assert "Sent with the report" not in read
    assert "RP-0\nRP-1</textarea>" in refused.text
    for text in ("Seen twice.", *BOUGHT.values(), "invoice.pdf", "label.png"):
        assert text in refused.text
    assert '<details class="fold" open>' in refused.text
    again = look_ahead(brand, {**fields, **hidden_fields(refused.text)})
    assert [document.name for document in documents_of(site, send(brand, again))] == ["invoice.pdf", "label.png"]


def test_a_sixth_document_is_refused_by_its_name_and_five_stay(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    files = [(f"page-{number}.pdf", PDF + b"%d" % number) for number in range(1, 9)]
    refused = look_ahead(brand, typed_report(brand, on_sale(site, 1)), *files)
    assert refused.status_code == 422
    assert "page-6.pdf: This report already has 5 documents, which is the maximum." in words(refused.text)
    assert refused.text.count('name="leave_out:') == 5


def test_a_test_buy_that_cannot_be_is_refused_and_stays_as_it_was_typed(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    wrong = {**BOUGHT, "received_on": "2025-11-30", "finding": SCRIPT}
    refused = look_ahead(brand, typed_report(brand, on_sale(site, 2), **wrong), ("invoice.pdf", PDF))
    assert refused.status_code == 422
    assert "The goods cannot be received before they were ordered" in words(refused.text)
    assert "<script>alert" not in refused.text
    assert "2025-11-30" in refused.text
    assert "invoice.pdf" in refused.text


def test_a_document_can_be_left_out_before_it_is_sent(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    fields = typed_report(brand, on_sale(site, 1))
    first = look_ahead(brand, fields, ("invoice.pdf", PDF), ("label.png", PNG))
    name = re.findall(r'name="(leave_out:\w+)"', first.text)[0]
    second = look_ahead(brand, {**fields, **hidden_fields(first.text), name: "yes"})
    assert "invoice.pdf" not in second.text
    assert [document.name for document in documents_of(site, send(brand, second))] == ["label.png"]


def test_a_document_is_added_to_a_report_for_a_day(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    place = send(brand, look_ahead(brand, typed_report(brand, on_sale(site, 1))))

    def add(name: str, content: bytes) -> Response:
        form, files = {"csrf_token": brand.csrf_token}, {"document": (name, content, "text/html")}
        return brand.client.post(f"{place}/documents", data=form, files=files, headers=brand.headers)

    assert "Upload document" in words(brand.get(place).text)
    assert add("invoice.pdf", PDF).status_code == 303
    refused = add("page.html", b"<html>")
    assert refused.status_code == 422
    assert "A document must be a PDF, PNG or JPEG file." in words(refused.text)
    assert "invoice.pdf" in words(refused.text)
    rival = visit_as(site, a_rival(site))
    form, files = {"csrf_token": rival.csrf_token}, {"document": ("x.pdf", PNG)}
    assert rival.client.post(f"{place}/documents", data=form, files=files, headers=rival.headers).status_code == 404
    wrong = brand.post(f"{place}/test-buy", {"order_reference": "", "ordered_on": "", "finding": ""})
    assert wrong.status_code == 422
    bought = {"order_reference": "A-1", "ordered_on": "2026-02-20", "received_on": "2026-02-27", "finding": "A copy."}
    assert brand.post(f"{place}/test-buy", bought).status_code == 303
    assert "A copy." in words(brand.get(place).text)
    assert brand.post(f"{place}/test-buy", bought).status_code == 409
    site.clock.forward(days=183)
    assert "Upload document" not in words(brand.get(place).text)
    late = add("label.png", PNG)
    assert late.status_code == 409
    assert "for 183 days after it was sent" in words(late.text)


def test_the_analyst_who_decides_reads_hostile_evidence_as_text_and_downloads_it_safely(site: Site) -> None:
    in_level(site, Level.CAPPED)
    names = having(site, on_sale, site.runtime.policies[StandingPolicy].capped_daily + 1)
    brand = visit_as(site, site.brand_person)
    hostile = {**BOUGHT, "order_reference": f"47{SCRIPT}", "finding": f"Printed.{SCRIPT}"}
    place = send(brand, look_ahead(brand, typed_report(brand, names, **hostile), (HOSTILE, PDF)))
    (case,) = open_cases(site, CaseLane.ANALYST)
    analyst = visit_as(site, site.analyst)
    page = analyst.get(f"/cases/{case.case_id}").text
    read = words(page)
    assert "Brand's evidence" in read
    assert "Test buy by the brand of another listing of the same report" in read
    assert "<script>alert" not in page
    assert "\u202e" not in page
    (document,) = documents_of(site, place)
    address = f"/cases/{case.case_id}/report-documents/{document.document_id}"
    assert address in page
    answer = analyst.get(address)
    assert answer.content == PDF
    assert answer.headers["content-disposition"] == f'attachment; filename="{document.document_id}.pdf"'
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert brand.get(address).status_code == 403
    assert analyst.get(f"/cases/{case.case_id}/report-documents/rpd_none").status_code == 404


def test_only_the_form_and_the_documents_of_a_report_take_more_than_a_page_needs(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    large = PDF + b"x" * 7_000_000
    ahead = look_ahead(
        brand, typed_report(brand, on_sale(site, 1)), *[(f"{n}.pdf", large + b"%d" % n) for n in range(4)]
    )
    assert ahead.status_code == 200
    assert brand.client.post(PATH, content=large, headers=brand.headers).status_code == 413


def test_reports_are_in_the_main_navigation(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    place = send(brand, look_ahead(brand, typed_report(brand, on_sale(site, 1))))
    for page in (PATH, place):
        assert re.search(r'<a[^>]* href="/brand/reports"[^>]* aria-current="page"', brand.get(page).text), page
    assert 'href="/brand/reports"' not in visit_as(site, site.analyst).get("/queue").text


# The brand's page to report listings that it found itself.

REPORT_BRAND_PATH = "/brand/reports"


def typed_request(brand: Visitor) -> dict[str, str]:
    return {**hidden_fields(brand.get(REPORT_BRAND_PATH).text), "reason_code": "trademark_counterfeit"}


def with_file(brand: Visitor, name: str, content: bytes) -> Response:
    fields = {"csrf_token": brand.csrf_token, **typed_request(brand)}
    return brand.client.post(
        f"{REPORT_BRAND_PATH}/preview", data=fields, files={"file": (name, content)}, headers=brand.headers
    )


def test_a_report_is_previewed_sent_withdrawn_and_retracted(site: Site) -> None:
    names = on_sale(site, 3)
    brand = visit_as(site, site.brand_person)
    assert "Report listings" in words(brand.get("/brand").text)
    fields = {
        **hidden_fields(brand.get(REPORT_BRAND_PATH).text),
        "reason_code": "trademark_counterfeit",
        "listings": "\n".join(names),
    }
    assert "Removal scheduled: 3" in words(brand.post(f"{REPORT_BRAND_PATH}/preview", fields).text)
    assert action_states(site) == {}
    assert brand.post(REPORT_BRAND_PATH, fields).status_code == 422  # Without the word of good faith.
    done = brand.post(REPORT_BRAND_PATH, {**fields, "good_faith": "yes"})
    assert done.status_code == 303
    place = done.headers["location"]
    assert action_states(site) == {"scheduled": 3}
    assert "Your reports" in words(brand.get(REPORT_BRAND_PATH).text)
    assert f'href="{place}"' in brand.get(REPORT_BRAND_PATH).text
    assert brand.post(REPORT_BRAND_PATH, {**fields, "good_faith": "yes"}).headers["location"] == place
    assert brand.post(f"{place}/withdraw", {}).status_code == 422, "nothing by default"
    assert action_states(site) == {"scheduled": 3}
    assert brand.post(f"{place}/withdraw", {"item:2": "yes"}).status_code == 303
    assert "Withdrawn: 1" in words(brand.get(place).text)
    assert action_states(site) == {"scheduled": 2, "withdrawn": 1}
    site.clock.forward(seconds=site.runtime.policies[EnforcementPolicy].undo_window_seconds + 1)
    assert "Retract ticked listings" in words(brand.get(place).text)
    assert brand.post(f"{place}/retract", {}).status_code == 422
    assert brand.post(f"{place}/retract", {**hidden_fields(brand.get(place).text), "all": "yes"}).status_code == 303
    assert "Retracted: 2" in words(brand.get(place).text)


@pytest.mark.parametrize(
    ("content", "many"),
    [(b"url,price\nRP-0,12\nRP-1,13\n", 2), (b"\xef\xbb\xbfRP-0\r\n\r\nRP-1\r\n", 2), (b'"RP-0"', 1)],
)
def test_a_file_names_its_listings_in_the_first_column(site: Site, content: bytes, many: int) -> None:
    on_sale(site, 2)
    ahead = with_file(visit_as(site, site.brand_person), "found.csv", content)
    assert f"Removal scheduled: {many}" in words(ahead.text)


def test_a_file_that_is_no_text_is_refused_with_what_to_do(site: Site) -> None:
    refused = with_file(visit_as(site, site.brand_person), "found.xlsx", b"\xff\xfe\x00")
    assert refused.status_code == 422
    assert "Save it as CSV in UTF-8" in words(refused.text)


def test_the_search_shows_ids_and_titles_and_nothing_that_only_reviewers_know(site: Site) -> None:
    on_sale(site, 2)
    text = words(visit_as(site, site.brand_person).get(f"{REPORT_BRAND_PATH}?q=Colline").text)
    assert "RP-0" in text
    assert "number RP-1" in text
    assert not any(word in text.lower() for word in ("score", "risk", "lane", "closet-rp-0"))


def test_the_preview_warns_of_goods_that_only_fit_those_of_the_brand(site: Site) -> None:
    strap = a_row(external_id="RP-9", title="Strap compatible with Aurelle Colline tote, grey")
    receive_rows(site.runtime, site.marketplace, [strap], source="test")
    brand = visit_as(site, site.brand_person)
    text = words(brand.post(f"{REPORT_BRAND_PATH}/preview", {**typed_request(brand), "listings": "RP-9"}).text)
    assert "Removal scheduled: 1" in text
    assert "Look at this listing again: its wording is that of a legitimate use (“compatible with”)" in text


def test_what_was_typed_is_kept_and_is_text(site: Site) -> None:
    brand = visit_as(site, site.brand_person)
    typed = '"><script>alert(1)</script>'
    fields = {**typed_request(brand), "listings": typed}
    page = brand.post(f"{REPORT_BRAND_PATH}/preview", fields).text
    assert "<script>alert" not in page
    assert typed in unescape(page)
    assert "Not known yet: 1" in words(page)


def test_without_a_right_nothing_can_be_reported(site: Site) -> None:
    for kind in RightKind:
        withdraw_all(site, kind)
    assert "Preview report" not in words(visit_as(site, site.brand_person).get(REPORT_BRAND_PATH).text)


def test_an_analyst_has_no_such_page(site: Site) -> None:
    assert visit_as(site, site.analyst).get(REPORT_BRAND_PATH).status_code == 403


def test_a_report_is_written_sent_and_read_in_the_language_of_the_brand(site: Site) -> None:
    names = on_sale(site, 2)
    save_choice(site.runtime, site.brand_person, Display(), {"language": "zh"})
    brand = visit_as(site, site.brand_person)
    fields = {**typed_request(brand), "listings": "\n".join([*names, names[0]])}
    rights = ("WIPO", *(f"-{kind}" for kind in RightKind))
    named = (
        "Colline tote in grained leather, grey, number",
        "RP",
        "closet",
        "CSV",
        "Parquet",
        "UTC",
        "PDF",
        "PNG",
        "JPEG",
        "MB",
    )
    data_words = (*names, *rights, *named)
    pages = [brand.get(REPORT_BRAND_PATH), brand.post(f"{REPORT_BRAND_PATH}/preview", fields)]
    pages.append(brand.get(brand.post(REPORT_BRAND_PATH, {**fields, "good_faith": "yes"}).headers["location"]))
    for page in pages:
        assert '<html lang="zh-Hans"' in page.text
        assert english_words_left(page.text, *data_words) == []
