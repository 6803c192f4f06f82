from datetime import timedelta

from fastapi.testclient import TestClient

from tests.fixtures.clients import sign_in
from tests.fixtures.reviewing import a_case
from tests.fixtures.runtimes import Site


def test_a_tool_orders_follows_and_closes_a_test_buy(client: TestClient, site: Site) -> None:
    case, token = a_case(site), sign_in(client, site.analyst)
    arrives = (site.clock.now() + timedelta(days=5)).isoformat()
    body = {"version_id": case.version_id, "reference": "BZ-1", "arrives_by": arrives, "cost": "9", "currency": "EUR"}
    made = client.post(f"/api/v1/cases/{case.case_id}/test-buys", json=body, headers=token)
    assert made.status_code == 201, made.text
    path = f"/api/v1/test-buys/{made.json()['test_buy_id']}"
    for event, state in (("receive", "received"), ("inspect", "inspected")):
        taken = {"event": event, "holder": "Ines", "said": "As ordered."}
        assert client.post(f"{path}/custody", json=taken, headers=token).json() == {"state": state}
    finding = {"examiner": "brand", "name": "Ines", "judgement": "genuine", "said": "Serial number is ours."}
    done = client.post(f"{path}/verdict", json=finding, headers=token)
    assert (done.status_code, done.json()["action_id"]) == (201, None)
    read = client.get(path).json()
    assert (read["state"], read["verdict_id"]) == ("closed", done.json()["verdict_id"])
    assert [one["event"] for one in read["custody"]] == ["order", "receive", "inspect", "examine"]
    again = client.post(f"{path}/verdict", json=finding, headers=token)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_a_date_beyond_the_calendar_is_refused(client: TestClient, site: Site) -> None:
    case, token = a_case(site), sign_in(client, site.analyst)
    body = {"version_id": case.version_id, "reference": "BZ-1", "cost": "9", "currency": "EUR"}
    for beyond in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        made = client.post(
            f"/api/v1/cases/{case.case_id}/test-buys", json={**body, "arrives_by": beyond}, headers=token
        )
        assert (made.status_code, made.json()["error"]["code"]) == (422, "invalid")
