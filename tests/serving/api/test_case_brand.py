"""The brand of a case for tools: found, named with a verdict, and corrected."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.case import CaseLane
from serving.cases.store.cases import Case
from tests.fixtures.clients import sign_in
from tests.fixtures.naming import a_brandless_case, another_brand, stored_case
from tests.fixtures.runtimes import Site, a_case

VELA = {"mark": "Vela Nord", "owner": "Vela Nordsee AG"}
PROMPT = "Name the brand first: choose a registered brand, or enter the mark and its owner."


def verdict(case: Case, **more: Any) -> dict[str, Any]:
    return {"version_id": case.version_id, "judgement": "counterfeit", **more}


def test_a_tool_finds_the_brand_and_names_it_with_the_verdict(client: TestClient, site: Site) -> None:
    case, token = a_brandless_case(site), sign_in(client, site.analyst)
    path = f"/api/v1/cases/{case.case_id}"
    refused = client.post(f"{path}/verdicts", json=verdict(case), headers=token)
    assert refused.status_code == 422
    assert refused.json()["error"] == {"code": "brand_not_named", "sentence": PROMPT}
    body = client.get(f"{path}/brands?q=SOL").json()
    assert body["brand"] == {"brand_id": None, "mark": None, "owner": None}
    [solenne] = body["matches"]
    assert solenne["name"] == "Solenne"
    done = client.post(f"{path}/verdicts", json=verdict(case, brand={"brand_id": solenne["brand_id"]}), headers=token)
    assert done.status_code == 201, done.text
    assert done.json()["action_id"] is not None


def test_a_mark_that_is_not_registered_is_named_with_its_owner(client: TestClient, site: Site) -> None:
    case, token = a_brandless_case(site), sign_in(client, site.analyst)
    done = client.post(f"/api/v1/cases/{case.case_id}/verdicts", json=verdict(case, brand=VELA), headers=token)
    headers = {"authorization": f"Bearer {site.key}"}
    statement = client.get(f"/api/v1/actions/{done.json()['action_id']}/statement", headers=headers).json()["statement"]
    assert statement["right"] == "The decision protects the mark “Vela Nord”. Its owner is Vela Nordsee AG."


@pytest.mark.parametrize(
    ("brand", "sentence"),
    [
        ({}, "hoose a registered brand, or enter the mark and its owner."),
        ({"mark": "Vela"}, "Enter the owner of the mark."),
        ({"mark": " ", "owner": "Vela AG"}, "Enter the mark."),
        ({"mark": "Aurelle", "owner": "X Ltd"}, "Aurelle is a registered brand. Choose it instead of entering it"),
        ({"mark": "V" * 121, "owner": "Vela AG"}, "brand.mark: String should have at most 120 characters."),
        ({"mark": "Vela", "owner": "Vela AG", "class": 25}, "brand.class: Extra inputs are not permitted."),
        ({"mark": "Ve\u202ela", "owner": "Vela AG"}, "The mark contains invisible characters."),
        ({"mark": "Ve\0la", "owner": "Vela AG"}, "the text holds a NUL character"),
    ],
)
def test_an_incomplete_naming_is_refused_and_nothing_is_recorded(
    client: TestClient, site: Site, brand: dict[str, Any], sentence: str
) -> None:
    case, token = a_brandless_case(site), sign_in(client, site.analyst)
    for path, body in (("verdicts", verdict(case, brand=brand)), ("brand", brand)):
        refused = client.post(f"/api/v1/cases/{case.case_id}/{path}", json=body, headers=token)
        assert refused.status_code == 422
        assert sentence.removeprefix("brand." if path == "brand" else "") in refused.json()["error"]["sentence"]
    assert stored_case(site, case) == case


def test_a_correction_needs_its_reason_and_moves_the_question(client: TestClient, site: Site) -> None:
    other = another_brand(site)
    case, token = a_case(site, CaseLane.ASK_BRAND), sign_in(client, site.analyst)
    path = f"/api/v1/cases/{case.case_id}/brand"
    refused = client.post(path, json={"brand_id": other.brand_id}, headers=token)
    assert refused.json()["error"]["sentence"] == "Give the reason for the correction."
    body = {"brand_id": other.brand_id, "reason": "The pictures show Marea."}
    done = client.post(path, json=body, headers=token).json()
    assert done == {"brand": {"brand_id": other.brand_id, "mark": None, "owner": None}, "lane": "ask_brand"}
    token = sign_in(client, site.brand_person)
    assert client.get("/api/v1/cases").json() == {"cases": [], "next": None}
    assert client.post(f"/api/v1/cases/{case.case_id}/verdicts", json=verdict(case), headers=token).status_code == 404
    sign_in(client, other.person)
    assert [open_case["case_id"] for open_case in client.get("/api/v1/cases").json()["cases"]] == [case.case_id]


def test_the_brands_that_the_listing_hints_at_come_first(client: TestClient, site: Site) -> None:
    title = "Aurelle or Solenne? 1:1 mirror quality tote"
    case = a_case(site, title=title)
    assert case.brand_id is None
    sign_in(client, site.analyst)
    body = client.get(f"/api/v1/cases/{case.case_id}/brands").json()
    assert sorted(brand["name"] for brand in body["candidates"]) == ["Aurelle", "Solenne"]
    assert body["matches"] == []


@pytest.mark.parametrize(("q", "names"), [("蕾", ["Aurelle"]), ("aure11", []), ("ÀURELLE", ["Aurelle"]), ("%", [])])
def test_a_search_reads_names_and_aliases_as_the_service_does(
    client: TestClient, site: Site, q: str, names: list[str]
) -> None:
    case = a_brandless_case(site)
    sign_in(client, site.analyst)
    brands = client.get(f"/api/v1/cases/{case.case_id}/brands", params={"q": q}).json()["matches"]
    assert [brand["name"] for brand in brands] == names


def test_a_case_of_another_marketplace_has_no_brand_to_name(client: TestClient, site: Site) -> None:
    token = sign_in(client, site.analyst)
    nowhere = "/api/v1/cases/cas_00000000000000000000000000"
    assert client.get(f"{nowhere}/brands").status_code == 404
    assert client.post(f"{nowhere}/brand", json=VELA, headers=token).status_code == 404


def test_a_tool_undoes_its_own_naming(client: TestClient, site: Site) -> None:
    case, token = a_brandless_case(site), sign_in(client, site.analyst)
    path = f"/api/v1/cases/{case.case_id}/brand"
    assert client.post(f"{path}/undo", headers=token).status_code == 409
    client.post(path, json=VELA, headers=token)
    undone = client.post(f"{path}/undo", headers=token)
    assert undone.json() == {"brand": {"brand_id": None, "mark": None, "owner": None}, "lane": "analyst"}
    client.post(path, json=VELA, headers=token)
    refused = client.post(f"{path}/undo", headers=sign_in(client, site.second_analyst))
    assert refused.status_code == 403
    assert refused.json()["error"]["sentence"] == "Ines Moreau named the brand. Correct it with a reason instead."
