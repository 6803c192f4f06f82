from fastapi.testclient import TestClient

from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from tests.fixtures.clients import sign_in
from tests.fixtures.reporting import action_states, confirm, questions
from tests.fixtures.runtimes import Site

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
