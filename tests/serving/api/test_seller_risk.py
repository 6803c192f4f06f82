from fastapi.testclient import TestClient

from serving.administration.service import provisioning
from serving.intake.service.intake import receive
from serving.sellers.service.seller_risk import refresh
from tests.fixtures.clients import sign_in, with_key
from tests.fixtures.listings import a_row
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import put_champion_in_force

PATH = "/api/v1/seller-risks"
NAME = "shops/ann 1"


def compared(site: Site) -> None:
    """One listing of one seller, scored by a model, and one on another marketplace."""
    put_champion_in_force(site)
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    for place, name in ((site.marketplace, NAME), (other, "stranger")):
        receive(site.runtime, place, [a_row(seller={"external_id": name})], source="test")
    site.clock.forward(seconds=1)
    for place in (site.marketplace, other):
        refresh(site.runtime, place)


def test_an_analysts_tool_reads_the_list(client: TestClient, site: Site) -> None:
    compared(site)
    sign_in(client, site.analyst)
    listed = client.get(PATH).json()
    assert (listed["sellers"], listed["window_days"], listed["riskiest"]) == (1, 30, [])
    assert listed["as_of"] == site.clock.now().isoformat()
    assert listed["policy_version"].startswith("SellerRiskPolicy:")


def test_it_is_for_analysts_alone(client: TestClient, site: Site) -> None:
    compared(site)
    for role in ("brand_person", "account_manager", "data_scientist"):
        sign_in(client, getattr(site, role))
        assert client.get(PATH).status_code == 403, role


def test_neither_a_stranger_nor_the_marketplaces_key_reads_it(client: TestClient, site: Site) -> None:
    """A marketplace's key is in its own systems, which also build sellers' pages."""
    compared(site)
    assert client.get(PATH).status_code == 401
    assert client.get(PATH, headers=with_key(site)).status_code == 401
