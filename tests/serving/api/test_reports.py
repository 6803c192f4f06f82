"""Reports by a brand's tool."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.reports.service import submitting
from serving.reports.service.status import ListingState
from tests.fixtures.clients import sign_in
from tests.fixtures.reporting import a_rival, action_states, on_sale
from tests.fixtures.runtimes import Site

PATH = "/api/v1/brand/reports"


def body(client: TestClient, listings: list[str], **changes: Any) -> dict[str, Any]:
    right = client.get("/api/v1/rights").json()["rights"][0]["right_id"]
    fields = {"right_id": right, "reason_code": "trademark_counterfeit", "listings": listings, "good_faith": True}
    return {**fields, **changes}


def test_a_brands_tool_looks_ahead_reports_withdraws_and_reads_the_states(client: TestClient, site: Site) -> None:
    names = on_sale(site, 2)
    token = sign_in(client, site.brand_person)
    report_body = body(client, [*names, "XX-1"])
    ahead = client.post(PATH, json={**report_body, "dry_run": True}, headers=token)
    foreseen = {"items": 3, "scheduled": 2, "pending_approval": 0, "cases": 0, "unknown": 1, "refused": 0}
    assert (ahead.status_code, ahead.json()["counts"]) == (200, foreseen)
    assert action_states(site) == {}
    keyed = {**token, "Idempotency-Key": "of-today"}
    done = client.post(PATH, json=report_body, headers=keyed)
    counts = dict.fromkeys(["items", *ListingState], 0) | {"items": 3, "scheduled": 2, "waiting": 1}
    assert (done.status_code, done.json()["counts"]) == (202, counts)
    assert (done.json()["state"], done.json()["decided"], done.json()["waits_for"]) == ("decided", 3, [])
    assert client.post(PATH, json=report_body, headers=keyed).content == done.content
    report_id = done.json()["report_id"]
    response = client.post(f"{PATH}/{report_id}/withdraw", json={"numbers": [1]}, headers=token)
    assert response.json() == {"withdrawn": 1}
    now = client.get(f"{PATH}/{report_id}")
    assert [report_item["state"] for report_item in now.json()["items"]] == ["withdrawn", "scheduled", "waiting"]
    assert now.json()["counts"] == counts | {"withdrawn": 1, "scheduled": 1}
    assert client.post(PATH, json=report_body, headers=keyed).content == now.content, "it is answered as it stands"
    assert action_states(site) == {"withdrawn": 1, "scheduled": 1}


def test_a_key_is_required_and_belongs_to_one_body(client: TestClient, site: Site) -> None:
    names = on_sale(site, 2)
    token = sign_in(client, site.brand_person)
    assert client.post(PATH, json=body(client, names), headers=token).status_code == 422
    keyed = {**token, "Idempotency-Key": "once"}
    assert client.post(PATH, json=body(client, names), headers=keyed).status_code == 202
    assert client.post(PATH, json=body(client, names[:1]), headers=keyed).status_code == 422


def test_a_rival_reads_and_changes_nothing_and_an_analyst_reports_nothing(client: TestClient, site: Site) -> None:
    names = on_sale(site, 1)
    token = sign_in(client, site.brand_person)
    report_body = body(client, names)
    done = client.post(PATH, json=report_body, headers={**token, "Idempotency-Key": "once"}).json()
    other = sign_in(client, a_rival(site))
    assert client.get(f"{PATH}/{done['report_id']}").status_code == 404
    assert client.post(f"{PATH}/{done['report_id']}/retract", json={"numbers": [1]}, headers=other).status_code == 404
    assert client.post(PATH, json=report_body, headers={**other, "Idempotency-Key": "mine"}).status_code == 404
    analyst = sign_in(client, site.analyst)
    assert client.post(PATH, json=report_body, headers={**analyst, "Idempotency-Key": "x"}).status_code == 403


def test_every_reason_code_names_the_rights_that_carry_it(client: TestClient, site: Site) -> None:
    sign_in(client, site.brand_person)
    reasons = client.get("/api/v1/reason-codes").json()["reason_codes"]
    assert [reason["code"] for reason in reasons] == [
        "trademark_counterfeit",
        "mark_misuse",
        "design",
        "copyright",
        "not_as_described",
    ]
    assert all(reason["name"] and reason["rights"] for reason in reasons)


def test_a_report_whose_process_ended_goes_on_when_its_key_is_repeated(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of it was refused as in progress for five minutes, and as lost from then on."""
    keyed = {**sign_in(client, site.brand_person), "Idempotency-Key": "cut"}
    report_body = body(client, on_sale(site, 2))
    with monkeypatch.context() as patch:
        patch.setattr(submitting, "settle_listing", _end_process)
        assert client.post(PATH, json=report_body, headers=keyed).status_code == 500
    again = client.post(PATH, json=report_body, headers=keyed)
    assert (again.status_code, again.json()["counts"]["scheduled"]) == (202, 2)
    assert client.post(PATH, json=report_body, headers=keyed).content == again.content


def _end_process(*_: object) -> None:
    raise RuntimeError("The process ended here.")
