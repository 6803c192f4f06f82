from fastapi.testclient import TestClient

from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site
from tests.fixtures.strikes import SELLER, WHY, stands, strikes_of


def test_a_tool_reads_strikes_and_decides_about_sanctions(client: TestClient, site: Site) -> None:
    strikes_of(site, 2)
    token = sign_in(client, site.analyst)
    found = client.get(f"/api/v1/sellers/{SELLER}/strikes").json()
    assert (found["total"], [one["weight"] for one in found["incidents"]]) == (2.0, [1.0, 1.0])
    assert client.get("/api/v1/sellers/nobody/strikes").json()["reasons"] == ["No strike counts."]
    (one,) = client.get("/api/v1/sanctions").json()["undecided"]
    assert (one["seller"], one["measure"], one["strikes_now"]) == (SELLER, "restrict", 2.0)
    path = f"/api/v1/sanctions/{one['sanction_id']}"
    assert client.post("/api/v1/sanctions/sna_none/voices", json=vote(), headers=token).status_code == 404
    assert client.post(f"{path}/lift", json={"reason": WHY}, headers=token).status_code == 409
    done = client.post(f"{path}/voices", json=vote(), headers=token)
    assert (done.status_code, done.json()) == (201, {"state": "agreed_by_one"})
    token = sign_in(client, site.account_manager)
    assert client.post(f"{path}/voices", json=vote(), headers=token).json() == {"state": "carried_out"}
    assert [one["state"] for one in client.get("/api/v1/sanctions").json()["in_force"]] == ["carried_out"]
    assert client.post(f"{path}/lift", json={"reason": WHY}, headers=token).json() == {"state": "lifted"}
    assert stands(site) == [("restrict", "lifted")]


def vote() -> dict[str, object]:
    return {"agrees": True, "reason": WHY}


def test_a_tool_keeps_the_lists(client: TestClient, site: Site) -> None:
    token, path = sign_in(client, site.analyst), "/api/v1/seller-lists"
    body = {"seller": "s-7", "list": "watch", "reason": WHY}
    made = client.post(path, json=body, headers=token)
    assert (made.status_code, made.json()["list"]) == (201, "watch")
    assert client.post(path, json={**body, "list": "allow"}, headers=token).status_code == 403
    assert client.post(path, json={**body, "list": "black"}, headers=token).status_code == 422
    assert [one["seller"] for one in client.get(path).json()["entries"]] == ["s-7"]
    assert client.delete(f"{path}/s-7", headers=token).status_code == 200
    assert client.delete(f"{path}/s-7", headers=token).status_code == 404
