from fastapi.testclient import TestClient

from serving.brands.rules.certification import questions
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site
from tests.serving.brands.service.test_certification import a_new_user

PATH = "/api/v1/briefing"


def test_a_tool_reads_the_questions_without_their_key_and_answers_them(client: TestClient, site: Site) -> None:
    token = sign_in(client, a_new_user(site))
    told = client.get(PATH).json()
    assert told["may_confirm"] is False
    assert {tuple(sorted(one)) for one in told["questions"]} == {("key", "options", "text")}
    answers = {one.key: one.right for one in questions()}
    assert client.post(f"{PATH}/answers", json={"answers": {}}, headers=token).status_code == 422
    done = client.post(f"{PATH}/answers", json={"answers": answers}, headers=token)
    assert (done.status_code, done.json()) == (201, {"passed": True, "right": len(answers), "wrong": {}})
    assert client.get(PATH).json()["may_confirm"] is True
