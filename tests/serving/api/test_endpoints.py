"""A marketplace's programs manage their own endpoint, with a key of that scope."""

from fastapi.testclient import TestClient

from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.webhooks.store import endpoints
from tests.fixtures.runtimes import Site

PATH = "/api/v1/endpoints"
URL = "https://93.184.216.34/touchstone"


def a_program(site: Site, *scopes: Scope) -> dict[str, str]:
    key = provisioning.add_key(site.runtime, name="hooks", scopes=scopes, marketplace=None, by="test")
    return {"authorization": f"Bearer {key}"}


def test_a_program_registers_rotates_rests_and_takes_off_its_receiver(site: Site, client: TestClient) -> None:
    headers = a_program(site, Scope.ENDPOINTS)
    assert client.get(PATH, headers=headers).json() == {"endpoints": []}
    endpoint = client.post(PATH, json={"url": URL}, headers=headers).json()
    assert endpoint["secret"].startswith("whsec_")
    (shown,) = client.get(PATH, headers=headers).json()["endpoints"]
    assert (shown["url"], "secret" in shown) == (URL, False)
    at = f"{PATH}/{endpoint['endpoint_id']}"
    rotated = client.post(f"{at}/secret", json={"overlap_hours": 0}, headers=headers).json()
    assert rotated["secret"] != endpoint["secret"]
    assert client.post(f"{at}/pause", json={"hours": 2}, headers=headers).json()["paused_until"]
    assert client.request("DELETE", f"{at}/pause", headers=headers).json()["paused_until"] is None
    for path, body in (("secret", {}), ("rest", {"hours": 2}), ("disable", {"reason": "x"})):
        assert client.post(f"{PATH}/end_other/{path}", json=body, headers=headers).status_code == 404
    assert client.post(f"{at}/pause", json={"hours": 2.0}, headers=headers).status_code == 200  # An integer in JSON.
    assert client.post(f"{at}/disable", json={"reason": "Moved."}, headers=headers).status_code == 204
    assert client.get(PATH, headers=headers).json() == {"endpoints": []}


def test_bad_input_changes_nothing(site: Site, client: TestClient) -> None:
    headers = a_program(site, Scope.ENDPOINTS)
    for body in ({"url": "http://127.0.0.1/x"}, {"url": "ftp://a.example"}, {"url": URL, "allow_loopback": True}, {}):
        assert client.post(PATH, json=body, headers=headers).status_code == 422
    assert site.read(endpoints.endpoint_in_force, site.marketplace_id) is None


def test_a_key_for_intake_does_not_say_where_takedowns_go(site: Site, client: TestClient) -> None:
    assert client.post(PATH, json={"url": URL}, headers=a_program(site, Scope.INTAKE, Scope.SCORE)).status_code == 403
