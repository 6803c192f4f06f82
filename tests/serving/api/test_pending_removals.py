from fastapi.testclient import TestClient

from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.kill_switches import switch
from tests.fixtures.bursts import confirm, questions, states
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site

PATH = "/api/v1/held-removals"


def test_a_tool_reads_pending_removals_and_approves_one(client: TestClient, site: Site) -> None:
    rule = AutomaticRule.BRAND_REMOVALS
    switch(site.runtime, site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    (case,) = questions(site, 1)
    confirm(site, site.brand_person, case)
    token = sign_in(client, site.analyst)
    (one,) = client.get(PATH).json()["held"]
    assert one["reasons"] == ["Removals on a brand's confirmation are switched off."]
    told = client.get("/api/v1/alerts").json()
    assert [alert["cause"] for alert in told["alerts"]] == ["switched_off"]
    assert [off["rule"] for off in told["switched_off"]] == ["brand_removals"]
    body = {"decision": "release", "reason": "Looked at it."}
    assert client.post(f"{PATH}/act_nothing/opinions", json=body, headers=token).status_code == 404
    done = client.post(f"{PATH}/{one['action_id']}/opinions", json=body, headers=token)
    assert (done.status_code, done.json()) == (201, {"settled_as": "release"})
    assert states(site) == {"scheduled": 1}
    assert client.get("/api/v1/alerts").json()["alerts"] == []
