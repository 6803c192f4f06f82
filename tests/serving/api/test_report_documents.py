"""Documents and the test buy of a report, by a brand's program."""

import hashlib
from datetime import timedelta
from typing import Any, Final

import pytest
from fastapi.testclient import TestClient

from serving.reports.policy import DEFAULT_REPORTS
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.contract import contract
from tests.fixtures.reporting import a_rival, on_sale
from tests.fixtures.runtimes import Site, a_case
from tests.fixtures.signing import Tool, a_tool
from tests.serving.api.test_signed_requests import PATH, body, named

PDF: Final = b"%PDF-1.7 invoice of the test buy"
PNG: Final = b"\x89PNG\r\n\x1a\n picture of the label"
BOUGHT: Final = {
    "order_reference": "4711-A",
    "ordered_on": "2025-12-01",
    "received_on": "2025-12-20",
    "finding": "The serial number is printed.",
    "listing": "RP-1",
}


def send(client: TestClient, site: Site, tool: Tool, **changes: Any) -> str:
    done = client.post(PATH, json=body(site, on_sale(site, 2), **changes), headers=named("of-today"), auth=tool)
    assert done.status_code == 202, done.text
    return str(done.json()["report_id"])


def test_a_tool_sends_a_test_buy_and_documents_and_reads_them(client: TestClient, site: Site) -> None:
    tool = a_tool(site)
    report_id = send(client, site, tool, test_buy=BOUGHT)
    address = f"{PATH}/{report_id}/documents"
    response = client.post(f"{address}?name=C%3A%5Cscans%5Cinvoice.pdf", content=PDF, auth=tool)
    assert response.status_code == 201
    assert response.json() == {
        "document_id": response.json()["document_id"],
        "name": "invoice.pdf",
        "media_type": "application/pdf",
        "size": len(PDF),
        "digest": hashlib.sha256(PDF).hexdigest(),
        "received_at": site.clock.now().isoformat(),
        "erased": False,
    }
    assert client.post(f"{address}?name=other.pdf", content=PDF, auth=tool).content == response.content
    picture = client.post(address, content=PNG, headers=named("a-picture"), auth=tool)
    assert client.post(address, content=PNG, headers=named("a-picture"), auth=tool).content == picture.content
    read = client.get(f"{PATH}/{report_id}", auth=tool).json()
    assert read["documents"] == [response.json(), picture.json()]
    assert picture.json()["name"] == "document"
    assert read["test_buy"] == {**BOUGHT, "number": 2, "listing": "RP-1"}


def test_a_report_without_either_says_so(client: TestClient, site: Site) -> None:
    tool = a_tool(site)
    read = client.get(f"{PATH}/{send(client, site, tool)}", auth=tool).json()
    assert (read["documents"], read["test_buy"]) == ([], None)


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b"", 422, "Choose a document."),
        (b"<html><script>alert(1)</script>", 422, "A document must be a PDF, PNG or JPEG file."),
        (b"%PDF-" + b"x" * 8_000_000, 422, "A document can have at most 8 MB."),
        (b"%PDF-" + b"x" * 16_000_000, 413, "A request body can have at most 16,000,000 bytes."),
    ],
    ids=["nothing", "a page", "too large", "far too large"],
)
def test_a_document_that_is_refused_is_refused_with_the_reason(
    client: TestClient, site: Site, content: bytes, status: int, expected: str
) -> None:
    tool = a_tool(site)
    answer = client.post(f"{PATH}/{send(client, site, tool)}/documents", content=content, auth=tool)
    assert (answer.status_code, answer.json()["error"]["sentence"]) == (status, expected)


def test_no_document_comes_late_from_another_brand_or_without_the_right_to_report(
    client: TestClient, site: Site
) -> None:
    tool = a_tool(site)
    address = f"{PATH}/{send(client, site, tool)}/documents"
    assert client.post(address, content=PDF).status_code == 401
    assert client.post(address, content=PDF, headers=key_headers(site)).status_code == 401
    assert client.post(address, content=PDF, headers=sign_in(client, a_rival(site))).status_code == 404
    assert client.post(address, content=PDF, headers=sign_in(client, site.analyst)).status_code == 403
    site.clock.forward(days=DEFAULT_REPORTS.evidence_days)
    late = client.post(address, content=PDF, auth=tool)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "too_late")


@pytest.mark.parametrize(
    "changed",
    [
        {"ordered_on": "yesterday"},
        {"ordered_on": "2999-01-01", "received_on": None},
        {"received_on": "2025-11-30"},
        {"finding": ""},
        {"finding": "a\x00b"},
        {"listing": "RP-9"},
        {"cost": "12"},
    ],
)
@pytest.mark.parametrize("ahead", [True, False], ids=["ahead", "sent"])
def test_a_test_buy_that_cannot_be_is_refused_before_anything_is_reported(
    client: TestClient, site: Site, changed: dict[str, object], ahead: bool
) -> None:
    tool = a_tool(site)
    report_body = body(site, on_sale(site, 2), test_buy={**BOUGHT, **changed}, dry_run=ahead)
    assert client.post(PATH, json=report_body, headers=named("x"), auth=tool).status_code == 422


def test_the_contract_has_the_test_buy_and_the_bytes_of_documents() -> None:
    paths, schemas = contract()["paths"], contract()["components"]["schemas"]
    assert set(schemas["TestBuyBody"]["required"]) == {"order_reference", "ordered_on", "finding"}
    assert schemas["TestBuyBody"]["properties"]["ordered_on"]["format"] == "date"
    sent = paths["/api/v1/brand/reports/{report_id}/documents"]["post"]
    assert set(sent["requestBody"]["content"]) == {"application/pdf", "image/png", "image/jpeg"}
    assert {"signature": []} in sent["security"]


def test_a_tool_orders_follows_and_closes_a_test_buy(client: TestClient, site: Site) -> None:
    case, token = a_case(site), sign_in(client, site.analyst)
    arrives = (site.clock.now() + timedelta(days=5)).isoformat()
    body = {"version_id": case.version_id, "reference": "BZ-1", "arrives_by": arrives, "cost": "9", "currency": "EUR"}
    response = client.post(f"/api/v1/cases/{case.case_id}/test-buys", json=body, headers=token)
    assert response.status_code == 201, response.text
    path = f"/api/v1/test-buys/{response.json()['test_buy_id']}"
    for event, state in (("receive", "received"), ("inspect", "inspected")):
        taken = {"event": event, "holder": "Ines", "text": "As ordered."}
        assert client.post(f"{path}/custody", json=taken, headers=token).json() == {"state": state}
    finding = {"examiner": "brand", "name": "Ines", "judgement": "genuine", "text": "Serial number is ours."}
    done = client.post(f"{path}/verdict", json=finding, headers=token)
    assert (done.status_code, done.json()["action_id"]) == (201, None)
    read = client.get(path).json()
    assert (read["state"], read["verdict_id"]) == ("closed", done.json()["verdict_id"])
    assert [step["event"] for step in read["custody"]] == ["order", "receive", "inspect", "examine"]
    again = client.post(f"{path}/verdict", json=finding, headers=token)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_a_date_beyond_the_calendar_is_refused(client: TestClient, site: Site) -> None:
    case, token = a_case(site), sign_in(client, site.analyst)
    body = {"version_id": case.version_id, "reference": "BZ-1", "cost": "9", "currency": "EUR"}
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        response = client.post(
            f"/api/v1/cases/{case.case_id}/test-buys", json={**body, "arrives_by": beyond}, headers=token
        )
        assert (response.status_code, response.json()["error"]["code"]) == (422, "invalid")
