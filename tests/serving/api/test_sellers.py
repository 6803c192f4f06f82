from fastapi.testclient import TestClient

from serving.sellers.service.sanctioning import speak
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site
from tests.fixtures.strikes import SELLER, WHY, strikes_of


def test_a_tool_reads_strikes_and_sanctions(client: TestClient, site: Site) -> None:
    strikes_of(site, 2)
    sign_in(client, site.analyst)
    found = client.get(f"/api/v1/sellers/{SELLER}/strikes").json()
    assert (found["total"], [one["weight"] for one in found["incidents"]]) == (2.0, [1.0, 1.0])
    assert client.get("/api/v1/sellers/nobody/strikes").json()["reasons"] == ["No strike counts."]
    (one,) = client.get("/api/v1/sanctions").json()["undecided"]
    assert (one["seller"], one["measure"], one["strikes_now"]) == (SELLER, "restrict", 2.0)
    speak(site.runtime, site.analyst, one["sanction_id"], agrees=True, reason=WHY)
    speak(site.runtime, site.account_manager, one["sanction_id"], agrees=True, reason=WHY)
    assert [one["state"] for one in client.get("/api/v1/sanctions").json()["in_force"]] == ["carried_out"]
