"""In production the service answers under its own names alone, over https for a year, and no link follows a request."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from serving.accounts.rules.access import Role
from serving.platform.runtime import Runtime
from tests.fixtures.clients import a_client, sign_in
from tests.fixtures.runtimes import Site, invite

pytestmark = pytest.mark.attack

HOST = "touchstone.bazaar.market"
EVIL = {"host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example"}


def in_production(site: Site, **changes: object) -> Runtime:
    update = {"production": True, "public_url": f"https://{HOST}", **changes}
    return replace(site.runtime, settings=site.runtime.settings.model_copy(update=update))


@pytest.fixture
def production(site: Site) -> TestClient:
    return a_client(in_production(site, other_hosts=" inside.example:8321, 10.0.0.7"), follow_redirects=False)


HOSTS = [
    (HOST, True, "the public one"),
    (f"{HOST}:443", True, "with the port of https"),
    (HOST.upper(), True, "in capitals"),
    ("inside.example:8321", True, "one inside the network"),
    ("10.0.0.7", True, "an address inside the network"),
    ("evil.example", False, "another"),
    (f"{HOST}.evil.example", False, "one that begins like it"),
    (f"evil.{HOST}", False, "one that ends like it"),
    (f"{HOST}:8321", False, "another port"),
    (f"{HOST}@evil.example", False, "one with credentials"),
    ("inside.example", False, "one inside the network with another port"),
    ("", False, "none"),
]


@pytest.mark.parametrize(("host", "known", "why"), HOSTS)
@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/figures", "/static/mark.svg"])
def test_production_answers_under_known_names(
    production: TestClient, path: str, host: str, known: bool, why: str
) -> None:
    answer = production.get(path, headers={"host": host})
    assert (answer.status_code != 421) is known
    if not known:
        assert answer.json()["error"]["code"] == "unknown_host"


def test_a_supervisor_asks_health_by_any_name(production: TestClient) -> None:
    assert production.get("/healthz", headers={"host": "172.17.0.2:8321"}).status_code == 200


def test_outside_production_any_name_will_do(site: Site) -> None:
    assert a_client(site.runtime).get("/sign-in", headers={"host": "box.local:8321"}).status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/static/mark.svg", "/api/v1/figures", "/healthz"])
def test_production_tells_browsers_to_use_https_alone(production: TestClient, site: Site, path: str) -> None:
    assert production.get(path, headers={"host": HOST}).headers["strict-transport-security"] == "max-age=31536000"
    assert "strict-transport-security" not in a_client(site.runtime).get(path).headers


@pytest.mark.parametrize(
    ("public_url", "begins"),
    [(f"https://{HOST}/", f"https://{HOST}/reset/"), (None, "http://localhost:8321/reset/")],
    ids=["the public address", "the address where the service listens"],
)
def test_a_link_to_pass_on_never_follows_the_request(site: Site, public_url: str | None, begins: str) -> None:
    admin = invite(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    settings = site.runtime.settings.model_copy(update={"public_url": public_url})
    client = a_client(replace(site.runtime, settings=settings))
    client.base_url = "https://testserver"  # So that it sends back secure cookies
    token = sign_in(client, admin)
    page = client.post(f"/people/{site.analyst.user_id}/reset-link", headers={**token, **EVIL})
    assert page.status_code == 200, page.text[:300]
    assert begins in page.text
    assert "evil.example" not in page.text


@pytest.mark.parametrize("path", ["/queue/", "/sign-in/", "//evil.example/", "/healthz/", "/setup/x/"])
def test_no_redirect_names_the_host_of_the_request(site: Site, path: str) -> None:
    answer = a_client(site.runtime, follow_redirects=False).get(path, headers=EVIL)
    assert "evil" not in answer.headers.get("location", "")
