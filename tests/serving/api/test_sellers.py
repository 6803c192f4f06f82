from typing import Any

from fastapi.testclient import TestClient

from serving.accounts.service import provisioning
from serving.listings.service.intake import receive_rows
from serving.sellers.service.sanctioning import record_vote
from serving.sellers.service.seller_risk import refresh_ranking
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.runtimes import Site, a_row
from tests.fixtures.strikes import SELLER, WHY, strikes_of
from tests.serving.web.reports import put_champion_in_force


def test_a_tool_reads_strikes_and_sanctions(client: TestClient, site: Site) -> None:
    strikes_of(site, 2)
    sign_in(client, site.analyst)
    body = client.get(f"/api/v1/sellers/{SELLER}/strikes").json()
    assert (body["total"], [incident["weight"] for incident in body["incidents"]]) == (2.0, [1.0, 1.0])
    assert client.get("/api/v1/sellers/nobody/strikes").json()["reasons"] == ["No strike counts."]
    (sanction,) = client.get("/api/v1/sanctions").json()["undecided"]
    assert (sanction["seller"], sanction["measure"], sanction["strikes_now"]) == (SELLER, "restrict", 2.0)
    record_vote(site.runtime, site.analyst, sanction["sanction_id"], agrees=True, reason=WHY)
    record_vote(site.runtime, site.account_manager, sanction["sanction_id"], agrees=True, reason=WHY)
    assert [sanction["state"] for sanction in client.get("/api/v1/sanctions").json()["in_force"]] == ["carried_out"]


PATH = "/api/v1/seller-contacts"
PHONE = {"seller": "shops/ann 1", "kind": "phone", "value": "+49 30 7654321"}


def post(client: TestClient, site: Site, body: Any) -> Any:
    return client.post(PATH, json=body, headers=key_headers(site))


def test_contacts_are_counted_and_erased_by_the_sellers_id_whatever_is_in_it(client: TestClient, site: Site) -> None:
    answer = post(client, site, {"contacts": [PHONE, {**PHONE, "value": "030 1"}]})
    assert (answer.status_code, answer.json()) == (200, {"new": 1, "known": 0, "quarantined": 1})
    for erased in (1, 0):
        answer = client.delete(f"{PATH}/shops/ann%201", headers=key_headers(site))
        assert (answer.status_code, answer.json()) == (200, {"erased": erased})


def test_a_body_that_is_none_is_a_422_and_repeats_nothing(client: TestClient, site: Site) -> None:
    for body in ([PHONE], {"contact": [PHONE]}, "+49 30 7654321"):
        answer = post(client, site, body)
        assert answer.status_code == 422
        assert "7654321" not in answer.text


SELLER_RISK_PATH = "/api/v1/seller-risks"
NAME = "shops/ann 1"


def add_scored_listings(site: Site) -> None:
    """One listing of one seller, scored by a model, and one on another marketplace."""
    put_champion_in_force(site)
    other = provisioning.add_marketplace(site.runtime, name="Souk", base_currency="EUR", by="test")
    for place, name in ((site.marketplace, NAME), (other, "stranger")):
        receive_rows(site.runtime, place, [a_row(seller={"external_id": name})], source="test")
    site.clock.forward(seconds=1)
    for place in (site.marketplace, other):
        refresh_ranking(site.runtime, place)


def test_an_analysts_tool_reads_the_list(client: TestClient, site: Site) -> None:
    add_scored_listings(site)
    sign_in(client, site.analyst)
    listed = client.get(SELLER_RISK_PATH).json()
    assert (listed["sellers"], listed["window_days"], listed["riskiest"]) == (1, 30, [])
    assert listed["as_of"] == site.clock.now().isoformat()
    assert listed["policy_version"].startswith("SellerRiskPolicy:")


def test_it_is_for_analysts_alone(client: TestClient, site: Site) -> None:
    add_scored_listings(site)
    for role in ("brand_person", "account_manager", "data_scientist"):
        sign_in(client, getattr(site, role))
        assert client.get(SELLER_RISK_PATH).status_code == 403, role


def test_neither_a_stranger_nor_the_marketplaces_key_reads_it(client: TestClient, site: Site) -> None:
    """A marketplace's key is in its own systems, which also build sellers' pages."""
    add_scored_listings(site)
    assert client.get(SELLER_RISK_PATH).status_code == 401
    assert client.get(SELLER_RISK_PATH, headers=key_headers(site)).status_code == 401
