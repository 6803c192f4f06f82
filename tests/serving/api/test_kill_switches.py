from fastapi.testclient import TestClient

from serving.marketplaces.rules import AutomaticRule
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site
from tests.serving.web.test_kill_switches_page import an_administrator, is_on

PATH = "/api/v1/switches"


def test_an_administrators_tool_reads_and_throws_switches(client: TestClient, site: Site) -> None:
    token = sign_in(client, an_administrator(site))
    rules = client.get(PATH).json()["rules"]
    assert [one["rule"] for one in rules] == [rule.value for rule in AutomaticRule]
    assert all(one["on"] and one["since"] is None for one in rules)
    body = {"on": False, "reason": "It asks about everything."}
    done = client.post(f"{PATH}/model_questions", json=body, headers=token)
    assert (done.status_code, done.json()["on"]) == (201, False)
    assert not is_on(site, AutomaticRule.MODEL_QUESTIONS)
    (off,) = [one for one in client.get(PATH).json()["rules"] if not one["on"]]
    assert (off["rule"], off["by"], off["reason"]) == ("model_questions", "Ada Roth", "It asks about everything.")
    assert client.post(f"{PATH}/model_questions", json=body, headers=token).status_code == 409
    assert client.post(f"{PATH}/nothing", json=body, headers=token).status_code == 404
