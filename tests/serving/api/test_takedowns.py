from fastapi.testclient import TestClient

from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from tests.fixtures.clients import sign_in
from tests.fixtures.reporting import action_states, confirm, questions
from tests.fixtures.runtimes import Site

PATH = "/api/v1/takedown-requests"


def test_a_brands_tool_confirms_its_questions_under_a_right_and_takes_them_back(client: TestClient, site: Site) -> None:
    cases = questions(site, 2)
    token = sign_in(client, site.brand_person)
    rights = client.get("/api/v1/rights").json()["rights"]
    assert [right["kind"] for right in rights] == ["mark", "design", "copyright"]
    body = {
        "right_id": rights[0]["right_id"],
        "reason_code": "trademark_counterfeit",
        "items": [{"case_id": case.case_id, "version_id": case.version_id} for case in cases],
        "good_faith": True,
    }
    assert client.post(PATH, json={**body, "good_faith": False}, headers=token).status_code == 422
    done = client.post(PATH, json=body, headers=token)
    assert done.status_code == 201
    request = done.json()
    assert request["counts"] == {"leaves": 2, "pending_approval": 0, "passed_on": 0, "refused": 0}
    assert request["sentences"] == ["2 removals are sent when the undo window closes."]
    assert client.get(f"{PATH}/{request['request_id']}").json() == request
    assert client.post(f"{PATH}/{request['request_id']}/undo", headers=token).json() == {"undone": 2}
    assert action_states(site) == {"withdrawn": 2}


def test_more_than_three_hundred_listings_are_refused_whole(client: TestClient, site: Site) -> None:
    token = sign_in(client, site.brand_person)
    items = [{"case_id": f"cas_{number}", "version_id": "ver_1"} for number in range(301)]
    right = client.get("/api/v1/rights").json()["rights"][0]["right_id"]
    body = {"right_id": right, "reason_code": "design", "items": items, "good_faith": True}
    refused = client.post(PATH, json=body, headers=token)
    assert refused.status_code == 422
    assert "One request can contain at most 300 listings, not 301." in refused.json()["error"]["sentence"]


def test_an_analyst_has_no_rights_to_confirm_under(client: TestClient, site: Site) -> None:
    sign_in(client, site.analyst)
    assert client.get("/api/v1/rights").status_code == 403


PENDING_REMOVALS_PATH = "/api/v1/pending-removals"


def test_a_tool_reads_pending_removals_and_approves_one(client: TestClient, site: Site) -> None:
    rule = AutomaticRule.BRAND_REMOVALS
    switch_rule(site.runtime, site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    token = sign_in(client, site.analyst)
    (removal,) = client.get(PENDING_REMOVALS_PATH).json()["pending"]
    assert removal["reasons"] == ["Removals on a brand's confirmation are switched off."]
    alert_list = client.get("/api/v1/alerts").json()
    assert [alert["cause"] for alert in alert_list["alerts"]] == ["switched_off"]
    assert [off["rule"] for off in alert_list["switched_off"]] == ["brand_removals"]
    body = {"decision": "approve", "reason": "Looked at it."}
    assert client.post(f"{PENDING_REMOVALS_PATH}/act_nothing/votes", json=body, headers=token).status_code == 404
    done = client.post(f"{PENDING_REMOVALS_PATH}/{removal['action_id']}/votes", json=body, headers=token)
    assert (done.status_code, done.json()) == (201, {"settled_as": "approve"})
    assert action_states(site) == {"scheduled": 1}
    assert client.get("/api/v1/alerts").json()["alerts"] == []
