"""Secrets end with their owner: they are made with a proof, somebody is told, and they do not outlive the account."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.testclient import TestClient
from httpx2 import USE_CLIENT_DEFAULT
from sqlalchemy import select

from serving.accounts.rules.access import LOCAL, Grant, Person, Role, Scope
from serving.accounts.service import auth, provisioning
from serving.accounts.service.inviting import invite as invite_by
from serving.accounts.service.inviting import open_invitations
from serving.accounts.service.passwords import change_password, reset_by_link
from serving.accounts.service.people import deactivate
from serving.accounts.service.proving import FactorResponse
from serving.accounts.service.reset_links import make_link, make_link_as_owner
from serving.accounts.service.second_factors import complete_sign_in, half_session_of, remove, reset_as_owner
from serving.accounts.service.service_accounts import accounts_of_brand
from serving.accounts.store import accounts, reset_links
from serving.accounts.tables import signing_key
from serving.guards import cookie_name
from serving.learning.store import learning
from serving.mail.rules.kinds import MailKind
from serving.mail.service.wording import content
from serving.mail.tables import mail
from serving.marketplaces.store import marketplaces
from serving.marketplaces.tables import api_key
from serving.webhooks.service.signing_secrets import secrets_of
from serving.webhooks.store import endpoints
from serving.webhooks.tables import webhook_endpoint
from tests.fixtures.clients import a_client
from tests.fixtures.factors import an_app, on_real_time, session_with_app
from tests.fixtures.reporting import a_leader
from tests.fixtures.runtimes import PASSWORD, Site, invite
from tests.fixtures.signing import Tool, a_tool, public_pem, second_person
from tests.serving.web.visits import a_visitor, an_administrator, visit_as, words

URL = "https://93.184.216.34/touchstone"
HOOK: dict[str, Any] = {"url": URL, "allow_loopback": False, "marketplace": None, "secret": None}
NEW_PASSWORD = "another correct horse"
_TRAININGS = "/api/v1/trainings"
SERVICE_ACCOUNTS = "/brand/service-accounts"


ROADS: list[tuple[Callable[[Site], Person], str, dict[str, str]]] = [
    (a_leader, SERVICE_ACCOUNTS, {"name": "Crawler", "public_key": public_pem(Ed25519PrivateKey.generate())}),
    (an_administrator, "/keys", {"name": "Feed", "scope.intake": "on"}),
    (an_administrator, "/operations/webhook/register", {"url": URL}),
    (an_administrator, "/operations/webhook/secret", {"overlap_hours": "0"}),
]


def texts_in_force(site: Site) -> list[str]:
    with site.runtime.store.read() as connection:
        keys = connection.execute(select(api_key.c.secret_hash).where(api_key.c.revoked_at.is_(None))).scalars()
        signing = select(webhook_endpoint.c.secret).where(webhook_endpoint.c.disabled_at.is_(None))
        registered = connection.execute(select(signing_key.c.public_key)).scalars()
        return [*keys, *connection.execute(signing).scalars(), *registered]


@pytest.mark.attack
@pytest.mark.parametrize(("maker", "path", "fields"), ROADS, ids=[path for _, path, _ in ROADS])
def test_a_stolen_session_makes_no_secret_without_a_proof(
    site: Site, maker: Callable[[Site], Person], path: str, fields: dict[str, str]
) -> None:
    provisioning.register_webhook(site.runtime, **HOOK, by="test")
    before, thief = texts_in_force(site), visit_as(site, maker(site))
    for guess in ("", "a wrong password"):
        assert thief.post(path, {**fields, "password": guess}).status_code == 422
    assert texts_in_force(site) == before


def _change_own_password(site: Site) -> None:
    session = auth.sign_in(site.runtime, site.brand_person.email, PASSWORD)
    change_password(site.runtime, site.brand_person, session.token, before=PASSWORD, new_password=NEW_PASSWORD)


def _reset_password(site: Site) -> None:
    path = make_link_as_owner(site.runtime, site.brand_person.email, by="local")
    reset_by_link(site.runtime, path.rpartition("/")[2], new_password=NEW_PASSWORD, again=NEW_PASSWORD)


def _reset_factor(site: Site) -> None:
    an_app(site, site.brand_person)
    reset_as_owner(site.runtime, site.brand_person.email, by="local")


def _remove_factor(site: Site) -> None:
    app, _ = an_app(site, site.brand_person)
    session = session_with_app(site, site.brand_person, app)
    assert session.proof is not None
    remove(site.runtime, session, session.proof.factor_id or "", PASSWORD)


def _deactivate(site: Site) -> None:
    deactivate(site.runtime, an_administrator(site), site.brand_person.user_id, successor=None)


# It is the brand's: somebody who may not be themselves leaves their place in it, and no change of theirs ends it.
LEAVING = [
    (_change_own_password, False),
    (_reset_factor, True),
    (_remove_factor, False),
    (_reset_password, True),
    (_deactivate, True),
]


@pytest.mark.attack
@pytest.mark.parametrize(("change", "paused"), LEAVING, ids=[change.__name__ for change, _ in LEAVING])
def test_a_service_account_is_paused_while_one_of_its_people_is_not_trusted(
    site: Site, change: Callable[[Site], None], paused: bool
) -> None:
    timed_site = on_real_time(site)
    a_tool(timed_site)
    change(timed_site)
    (account,) = timed_site.read(accounts_of_brand, timed_site.pair)
    assert (account.paused, account.keys[0].revoked_at) == (paused, None)


@pytest.mark.parametrize(("ticked", "status"), [(False, 200), (True, 401)])
def test_with_the_change_of_a_password_a_service_account_ends_if_its_person_ticks_it(
    client: TestClient, site: Site, ticked: bool, status: int
) -> None:
    tool = a_tool(site)
    lead = visit_as(site, a_leader(site))
    assert f'name="end.{tool.account_id}"' in lead.get("/settings").text
    fields = {"present": PASSWORD, "wanted": NEW_PASSWORD, "again": NEW_PASSWORD}
    ticks = {f"end.{tool.account_id}": "on"} if ticked else {}
    assert lead.post("/settings/password", {**fields, **ticks}).status_code == 303
    assert client.get("/api/v1/reason-codes", auth=tool).status_code == status


@pytest.mark.attack
@pytest.mark.parametrize(("maker", "path", "fields"), ROADS[1:3], ids=[path for _, path, _ in ROADS[1:3]])
def test_nobody_makes_a_secret_silently(
    site: Site, maker: Callable[[Site], Person], path: str, fields: dict[str, str]
) -> None:
    person = maker(site)
    assert visit_as(site, person).post(path, {**fields, "password": PASSWORD}).status_code == 200
    (mail_row,) = site.rows(select(mail).where(mail.c.kind == "new_secret"))
    assert mail_row.user_id == person.user_id
    assert ("Marketplace", "Bazaar") in content(MailKind.NEW_SECRET, mail_row.parameters).rows


@pytest.mark.attack
def test_keys_that_train_start_a_few_trainings_a_day(client: TestClient, site: Site) -> None:
    keys = [
        provisioning.add_key(site.runtime, name=name, scopes=[Scope.TRAIN], marketplace=None, by="test")
        for name in ("nightly", "again")
    ]
    statuses = []
    for number in range(8):
        answer = client.post(_TRAININGS, headers={"authorization": f"Bearer {keys[number % 2]}"})
        statuses.append(answer.status_code)
        site.write(learning.update_job, site.marketplace_id, answer.json().get("job_id", ""), {"state": "failed"})
    assert statuses == [202] * 4 + [409] * 4


def test_with_a_factor_its_code_makes_a_key_once_and_the_password_none(site: Site) -> None:
    timed_site = on_real_time(site, public_url="http://testserver")
    app, _ = an_app(timed_site, a_leader(timed_site))
    begun = auth.sign_in(timed_site.runtime, timed_site.brand_person.email, PASSWORD)
    whole = complete_sign_in(
        timed_site.runtime, half_session_of(timed_site.runtime, begun.token), FactorResponse(app.code(timed_site))
    )
    timed_site.clock.forward(seconds=30)
    lead = a_visitor(timed_site)
    lead.csrf_token = whole.csrf_token
    lead.client.cookies.set(cookie_name(timed_site.runtime), whole.token)
    assert "Code from your app" in lead.get(SERVICE_ACCOUNTS).text
    public_key = public_pem(Ed25519PrivateKey.generate())
    other = second_person(timed_site, timed_site.read(accounts.person, timed_site.brand_person.user_id))
    fields = {"name": "Crawler", "person": other, "public_key": public_key}
    assert lead.post(SERVICE_ACCOUNTS, {**fields, "password": PASSWORD}).status_code == 422
    proof = {**fields, "code": app.code(timed_site)}
    assert lead.post(SERVICE_ACCOUNTS, {**proof, "public_key": "none"}).status_code == 422, "the code is used up"
    assert lead.post(SERVICE_ACCOUNTS, proof).status_code == 422
    timed_site.clock.forward(seconds=30)
    assert lead.post(SERVICE_ACCOUNTS, {**proof, "code": app.code(timed_site)}).status_code == 303


@pytest.mark.parametrize("days", ["0", "366", "-1", "1.5", "many"])
def test_a_key_is_valid_for_a_day_to_a_year(site: Site, days: str) -> None:
    fields = {"name": "Feed", "scope.intake": "on", "password": PASSWORD}
    admin = visit_as(site, an_administrator(site))
    refused = admin.post("/keys", {**fields, "days": days})
    assert (refused.status_code, "A key is valid for 1 to 365 days." in words(refused.text)) == (422, True)
    assert admin.post("/keys", {**fields, "days": "365"}).status_code == 200


def test_an_expired_key_is_refused_everywhere_with_the_reason(site: Site) -> None:
    timed_site = on_real_time(site, public_url="http://testserver")
    scopes = [Scope.INTAKE, Scope.SCORE]
    key = provisioning.add_key(timed_site.runtime, name="Feed", scopes=scopes, marketplace=None, by="test", days=2)
    client, headers = a_client(timed_site.runtime), {"authorization": f"Bearer {key}"}
    timed_site.clock.forward(hours=47)
    assert client.get("/api/v1/figures", headers=headers).status_code == 200
    timed_site.clock.forward(hours=1)
    answers = [client.get("/api/v1/figures", headers=headers), client.post("/api/v1/score", json={}, headers=headers)]
    refusals = {(answer.status_code, answer.json()["error"]["sentence"]) for answer in answers}
    assert refusals == {(401, "This API key has expired. Create a new one.")}


ROUTES = ["GET /api/v1/figures", "POST /api/v1/score", "POST /api/v1/brand/reports"]


def last_use(site: Site, key_id: str, tool: Tool | None) -> datetime | None:
    """When a key was last used: the tool's, where there is one."""
    if tool is None:
        return site.read(marketplaces.keys_in_force, [key_id])[key_id].used_at
    (row,) = site.rows(select(signing_key.c.used_at).where(signing_key.c.key_id == tool.key_id))
    used_at: datetime | None = row.used_at
    return used_at


@pytest.mark.parametrize("route", ROUTES)
def test_the_last_use_of_a_key_is_stored_once_a_day(site: Site, route: str) -> None:
    timed_site = on_real_time(site, public_url="http://testserver")
    scopes = [Scope.INTAKE, Scope.SCORE]
    key = provisioning.add_key(timed_site.runtime, name="Feed", scopes=scopes, marketplace=None, by="test")
    tool = a_tool(timed_site) if route.endswith("reports") else None
    headers = {} if tool else {"authorization": f"Bearer {key}"}
    method, path = route.split()
    client, uses = a_client(timed_site.runtime), []
    for _ in range(4):
        client.request(method, path, json={}, headers=headers, auth=tool or USE_CLIENT_DEFAULT)
        uses.append(last_use(timed_site, key.split(".")[1], tool))
        timed_site.clock.forward(hours=12)
    assert None not in uses
    assert uses[0] == uses[1] != uses[2] == uses[3]


def test_the_owner_of_the_data_directory_makes_secrets_that_are_nobodys(site: Site) -> None:
    ada = an_administrator(site)
    key = provisioning.add_key(site.runtime, name="Feed", scopes=[Scope.INTAKE], marketplace=None, by=LOCAL)
    assert "by the command line" in words(visit_as(site, ada).get("/keys").text)
    with site.runtime.store.read() as connection:
        assert marketplaces.maker_of(connection, key.split(".")[1]) is None
        assert connection.execute(select(mail.c.kind)).all() == []


def an_admins_secrets(site: Site, ada: Person, age_days: int) -> list[str]:
    by = f"user:{ada.user_id}"
    key = provisioning.add_key(site.runtime, name="Feed", scopes=[Scope.INTAKE], marketplace=None, by=by)
    provisioning.register_webhook(site.runtime, **HOOK, by=by)
    (endpoint,) = site.read(endpoints.endpoints_made_by, ada.user_id)
    site.clock.forward(hours=24 * age_days)
    return [key.split(".")[1], endpoint.endpoint_id]


def owned_secrets(site: Site, person: Person) -> list[str]:
    return [secret.secret_id for secret in site.read(secrets_of, person.user_id)]


@pytest.mark.parametrize(("age_days", "stay"), [(7, False), (8, True)])
def test_deactivation_ends_recent_secrets_and_asks_about_the_rest(site: Site, age_days: int, stay: bool) -> None:
    ada = an_administrator(site)
    bo = invite(site.runtime, "bo@touchstone.example", "Bo Berg", Role.ADMIN)
    secret_ids = an_admins_secrets(site, ada, age_days)
    deactivate(site.runtime, bo, ada.user_id, successor=None)
    assert owned_secrets(site, ada) == (secret_ids if stay else [])
    with site.runtime.store.read() as connection:
        query = select(mail.c.user_id, mail.c.parameters).where(mail.c.kind == "secrets_ended")
        (mail_row,) = connection.execute(query).all()
    state = "Still valid" if stay else "Ended"
    assert mail_row.user_id == bo.user_id
    assert content(MailKind.SECRETS_ENDED, mail_row.parameters).rows == ((state, "Feed"), (state, URL))
    page = visit_as(site, bo).get(f"/people/{ada.user_id}").text
    assert ("These are still valid." in words(page)) is stay
    assert (f'action="/keys/{secret_ids[0]}/revoke"' in page, f'value="{secret_ids[1]}"' in page) == (stay, stay)


def test_a_change_of_password_lists_secrets_and_ends_those_with_a_tick(site: Site) -> None:
    ada = an_administrator(site)
    key_id, endpoint_id = an_admins_secrets(site, ada, 1)
    person = visit_as(site, ada)
    for secret_id in (key_id, endpoint_id):
        assert f'name="end.{secret_id}" value="on" checked' in person.get("/settings").text
    fields = {"present": "wrong", "wanted": NEW_PASSWORD, "again": NEW_PASSWORD, f"end.{endpoint_id}": "on"}
    refused = person.post("/settings/password", fields).text
    assert f'name="end.{key_id}" value="on">' in refused, "the tick that was removed stays removed"
    assert owned_secrets(site, ada) == [key_id, endpoint_id]
    assert person.post("/settings/password", {**fields, "present": PASSWORD}).status_code == 303
    assert owned_secrets(site, ada) == [key_id]


@pytest.mark.attack
def test_what_a_stolen_key_makes_is_told_and_ends_with_the_person_who_made_the_key(site: Site) -> None:
    ada, scopes = an_administrator(site), [Scope.ENDPOINTS]
    by = f"user:{ada.user_id}"
    key = provisioning.add_key(site.runtime, name="Systems", scopes=scopes, marketplace=None, by=by)
    headers = {"authorization": f"Bearer {key}"}
    client = a_client(site.runtime)
    endpoint = client.post("/api/v1/endpoints", json={"url": URL}, headers=headers).json()
    path = f"/api/v1/endpoints/{endpoint['endpoint_id']}/secret"
    assert client.post(path, json={"overlap_hours": 0}, headers=headers).status_code == 201
    assert endpoint["endpoint_id"] in owned_secrets(site, ada)
    with site.runtime.store.read() as connection:
        mail_parameters = connection.execute(select(mail.c.parameters).where(mail.c.kind == "new_secret")).scalars()
        assert [parameters["what"] for parameters in mail_parameters] == ["key", "endpoint", "rotated"]


@pytest.mark.attack
def test_links_and_invitations_of_a_thief_end_with_the_reset_of_the_password(site: Site) -> None:
    ada, now = an_administrator(site), site.runtime.wall.now()
    invite_by(site.runtime, ada, "puppet@elsewhere.example", Grant(Role.ANALYST, site.marketplace_id))
    make_link(site.runtime, ada, site.analyst.user_id)
    path = make_link_as_owner(site.runtime, ada.email, by="local")
    reset_by_link(site.runtime, path.rpartition("/")[2], new_password=NEW_PASSWORD, again=NEW_PASSWORD)
    assert site.read(reset_links.of_person, site.analyst.user_id, now) is None
    assert open_invitations(site.runtime, ada) == []


def test_the_owner_of_the_data_directory_makes_a_key_and_nobody_is_told(site: Site) -> None:
    an_administrator(site)
    provisioning.add_key(site.runtime, name="nightly", scopes=[Scope.TRAIN], marketplace=None, by=LOCAL)
    assert site.rows(select(mail).where(mail.c.kind == "new_secret")) == []
