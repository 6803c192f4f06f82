"""The contract of the API: readable by every caller, complete, and what the service does."""

import json
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.api.intake import Row, Rows
from serving.api.requests.repeating import SECRET
from serving.api.score import ListingScore
from serving.app import create_app
from serving.guards import guards_of
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.promoting import promote
from tests.fixtures.reporting import a_marketplace_that_listens, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, a_row, a_suspect_row
from tests.serving.commands.commands import touchstone_in
from tests.serving.test_guards import program, routes_of
from tests.serving.web.reports import admit_model

PATH = "/api/v1/openapi.json"


@pytest.fixture
def contract(client: TestClient, site: Site) -> dict[str, Any]:
    document: dict[str, Any] = client.get(PATH, headers=key_headers(site)).json()
    return document


def operations(contract: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (method.upper(), path): operation for path, of in contract["paths"].items() for method, operation in of.items()
    }


def resolve(contract: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    target: Any = contract
    for part in node["$ref"].removeprefix("#/").split("/") if "$ref" in node else ():
        target = target[part]
    return target if "$ref" in node else node


@pytest.mark.parametrize("scope", Scope)
def test_a_key_of_any_scope_reads_the_contract(client: TestClient, site: Site, scope: Scope) -> None:
    assert program(client, site, scope).call("GET", PATH).status_code == 200


def test_a_stranger_does_not_read_the_contract(client: TestClient) -> None:
    for headers in ({}, {"authorization": "Bearer tsk.a.b"}, {"authorization": "Bearer tsr.a.b"}):
        assert client.get(PATH, headers=headers).status_code == 401


def test_a_command_prints_the_same_contract_without_a_database(
    tmp_path: Path, contract: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUCHSTONE_PUBLIC_URL", "https://touchstone.example")
    home = tmp_path / "none"
    printed = touchstone_in(home, "openapi")
    assert printed.code == 0
    assert json.loads(printed.out) == contract | {"servers": [{"url": "https://touchstone.example"}]}
    written = touchstone_in(home, "openapi", "--out", str(tmp_path / "openapi.json"))
    assert (written.code, written.out) == (0, "")
    assert json.loads((tmp_path / "openapi.json").read_text("utf-8")) == json.loads(printed.out)
    assert not (home / "touchstone.sqlite").exists()


def test_every_operation_of_the_api_is_in_the_contract(site: Site, contract: dict[str, Any]) -> None:
    served = {
        (method, path.replace(":path}", "}"))
        for method, path in routes_of(create_app(site.runtime))
        if path.startswith(("/api/", "/livez", "/healthz", "/readyz"))
    }
    assert operations(contract).keys() == served


def test_every_operation_says_who_may_ask(site: Site, contract: dict[str, Any]) -> None:
    served = guards_of(create_app(site.runtime)).items()
    guards = {tuple(name.replace(":path}", "}").split(" ", 1)): guard for name, guard in served}
    schemes = contract["components"]["securitySchemes"]
    for (method, path), operation in operations(contract).items():
        guard, security = guards[method, path], operation["security"]
        assert all(name in schemes for option in security for name in option)
        if guard.startswith("key "):
            assert security == [{"apiKey": []}]
        elif guard.startswith("public"):
            assert security in ([], [{}, {"reporterKey": []}])
        else:
            assert all(option.keys() & {"session", "apiKey", "signature"} for option in security)
            key: dict[str, list[str]] = {"signature": []} if guard.endswith(" or signed") else {"apiKey": []}
            assert method == "GET" or all("csrf" in option or option == key for option in security)
            assert (key in security) is (" key " in f" {guard}" or "signature" in key)


def test_every_refusal_has_the_one_schema_and_its_headers(contract: dict[str, Any]) -> None:
    headers = {"401": "WWW-Authenticate", "409": "Retry-After", "429": "Retry-After", "503": "Retry-After"}
    for key, operation in operations(contract).items():
        for status, reference in operation["responses"].items():
            response = resolve(contract, reference)
            assert "X-Request-Id" in response["headers"], key
            if status >= "400":
                schema = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert schema == ("NotReady" if key[1] == "/readyz" and status == "503" else "Error"), key
                assert status not in headers or headers[status] in response["headers"]
        assert {"500", "503"} <= operation["responses"].keys()


def test_every_operation_that_refuses_a_number_of_requests_says_so(site: Site, contract: dict[str, Any]) -> None:
    """A sign-in after wrong passwords, and work that a person already has under way."""
    routes = [route for route in create_app(site.runtime).routes if isinstance(route, APIRoute)]
    api = [route for route in routes if route.path.startswith("/api/")]
    dear = {
        (route.path, method.lower())
        for route in api
        for method in route.methods or ()
        if "DEAR" in getsource(route.endpoint)
    }
    assert len(dear) >= 3
    limited = {*dear, ("/api/v1/session", "post")}
    assert [key for key in limited if "429" not in contract["paths"][key[0]][key[1]]["responses"]] == []


def test_every_response_with_a_body_has_a_model(contract: dict[str, Any]) -> None:
    contents = {
        (key, status): response["content"]["application/json"]["schema"]
        for key, operation in operations(contract).items()
        for status, response in operation["responses"].items()
        if status < "4" and "content" in response
    }
    assert len(contents) > len(operations(contract)) - 6, "only HEAD and two operations answer without a body"
    unnamed = {key for key, schema in contents.items() if not all("$ref" in of for of in schema.get("anyOf", [schema]))}
    assert unnamed == set()


def test_every_reference_leads_somewhere(contract: dict[str, Any]) -> None:
    def visit(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                assert resolve(contract, node)
            for inner in node.values():
                visit(inner)
        elif isinstance(node, list):
            for inner in node:
                visit(inner)

    visit(contract)


def test_operations_have_names_of_their_own(contract: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(contract).values()]
    assert len(set(names)) == len(names)


def test_every_operation_that_can_be_repeated_says_so(contract: dict[str, Any]) -> None:
    named = {
        key
        for key, operation in operations(contract).items()
        if any(parameter["name"] == "Idempotency-Key" for parameter in operation.get("parameters", ()))
    }
    changing = {key for key, operation in operations(contract).items() if key[0] in {"POST", "DELETE"}}
    others = {"/api/v1/score", "/api/v1/clock", "/api/v1/notices"}
    public = {("POST", "/api/v1/session")}
    assert named == {key for key in changing - SECRET - public if key[1] not in others}


# Responses that no other test asks for. The client compares every response with the contract.


def test_the_contract_has_the_responses_about_a_case(client: TestClient, site: Site) -> None:
    case = a_case(site)
    headers = sign_in(client, site.analyst)
    path = f"/api/v1/cases/{case.case_id}"
    body = {"version_id": case.version_id, "judgement": "genuine"}
    assert client.post(f"{path}/verdicts", json=body, headers=headers).status_code == 201
    assert client.post(f"{path}/undo", headers=headers).status_code == 200


def test_the_contract_has_the_responses_about_an_appeal_and_a_counter_notice(client: TestClient, site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-77")
    headers = key_headers(site)
    statement = {"listing_external_id": "MP-77", "statement": "These goods are genuine."}
    answers = [
        *(client.post("/api/v1/appeals", json=statement | {"external_id": "a-1"}, headers=headers) for _ in range(2)),
        client.post("/api/v1/counter-notices", json=statement, headers=headers),
    ]
    assert [answer.status_code for answer in answers[:2]] == [201, 200]
    assert answers[2].status_code in {201, 409}


def test_the_contract_has_the_response_of_a_score(client: TestClient, site: Site) -> None:
    key = provisioning.add_key(site.runtime, name="t", scopes=(Scope.SCORE,), marketplace=None, by="test")
    headers = {"authorization": f"Bearer {key}"}
    answers = [
        client.post("/api/v1/score", json=row, headers=headers) for row in (a_suspect_row(), a_row(price="none"))
    ]
    assert [answer.status_code for answer in answers] == [200, 422]
    assert ListingScore.model_validate_json(answers[0].content).model_dump(mode="json") == answers[0].json()


def test_the_bytes_of_received_listings_are_those_of_their_model(client: TestClient, site: Site) -> None:
    rows = [a_row(), a_row(external_id="MP-2", price="-1"), "no listing"]
    single, batch = (client.post("/api/v1/listings", json=sent, headers=key_headers(site)) for sent in (a_row(), rows))
    assert Row.model_validate_json(single.content).model_dump(mode="json", exclude_unset=True) == single.json()
    assert Rows.model_validate_json(batch.content).model_dump(mode="json", exclude_unset=True) == batch.json()


def test_the_contract_has_the_responses_about_a_model(client: TestClient, site: Site) -> None:
    digest = admit_model(site)
    headers = sign_in(client, site.data_scientist)
    assert client.post("/api/v1/promotions", json={"digest": digest, "reason": "x"}, headers=headers).status_code == 201
    assert client.delete(f"/api/v1/models/{digest}/approval", headers=headers).status_code == 200
    assert client.get("/api/v1/models").status_code == 200
    promote(site, digest)
    assert client.delete("/api/v1/promotions/latest", headers=headers).status_code in {200, 409}
