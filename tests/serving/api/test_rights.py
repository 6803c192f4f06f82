from fastapi.testclient import TestClient

from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import Site


def test_a_brand_reads_its_rights(client: TestClient, site: Site) -> None:
    sign_in(client, site.brand_person)
    assert [right["kind"] for right in client.get("/api/v1/rights").json()["rights"]] == ["mark", "design", "copyright"]


def test_an_analyst_has_no_rights_to_confirm_under(client: TestClient, site: Site) -> None:
    sign_in(client, site.analyst)
    assert client.get("/api/v1/rights").status_code == 403
