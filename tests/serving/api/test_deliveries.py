"""Dead letters by API, for administrators of the marketplace only."""

from fastapi.testclient import TestClient

from serving.accounts.rules.access import Person, Role
from serving.accounts.store import accounts
from serving.administration.service import provisioning
from serving.administration.service.provisioning import NewPerson
from tests.fixtures.clients import sign_in
from tests.fixtures.runtimes import PASSWORD, Site


def an_administrator(site: Site) -> Person:
    new = NewPerson("ada@touchstone.example", "Ada Roth", Role.ADMIN, password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, new, by="test")
    with site.runtime.store.read() as connection:
        return accounts.person(connection, user_id)


def test_an_administrator_sees_dead_letters_and_has_them_sent_again(site: Site, client: TestClient) -> None:
    headers = sign_in(client, an_administrator(site))
    assert client.get("/api/v1/dead-letters").json() == {"receiver": None, "dead": [], "next": None}
    every = client.post("/api/v1/dead-letters/replay", json={"all": True}, headers=headers)
    assert every.json() == {"replayed": []}
    missing = client.post("/api/v1/dead-letters/replay", json={"actions": ["act_none"]}, headers=headers)
    assert (missing.status_code, missing.json()["error"]["sentence"]) == (404, "There is no such action.")


def test_nobody_else_may(site: Site, client: TestClient) -> None:
    for person in (site.analyst, site.brand_person, site.account_manager, site.data_scientist):
        headers = sign_in(client, person)
        assert client.get("/api/v1/dead-letters").status_code == 403
        assert client.post("/api/v1/dead-letters/replay", json={}, headers=headers).status_code == 403
