"""Every door of the service, walked up to by everybody who has no business there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from httpx2 import USE_CLIENT_DEFAULT, Response
from sqlalchemy import update
from starlette.routing import Mount
from starlette.websockets import WebSocket

from serving.accounts.rules.access import Person, Role, Scope
from serving.accounts.service import auth, provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.app import create_app, create_local_app
from serving.guards import COOKIE, CSRF_FIELD, CSRF_HEADER, SECOND_STEP, Unguarded, guards_of, public
from serving.learning.service.learn import add_job
from serving.marketplaces.tables import api_key
from tests.fixtures.runtimes import PASSWORD, Site, a_case, a_row
from tests.fixtures.signing import Tool, a_tool

# Who needs no account: who signs in, cannot any more, or makes the first one, supervisors, a seller with its
# link, and the notifier of a listing (Article 16). More needs a reason.
PUBLIC: Final = {
    ("GET", "/livez"),
    ("HEAD", "/livez"),
    ("GET", "/healthz"),
    ("HEAD", "/healthz"),
    ("GET", "/readyz"),
    ("HEAD", "/readyz"),
    ("POST", "/api/v1/session"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("GET", "/setup/{token}"),
    ("POST", "/setup/{token}"),
    ("GET", "/join/{token}"),
    ("POST", "/join/{token}"),
    ("GET", "/reset/{token}"),
    ("POST", "/reset/{token}"),
    ("GET", "/seller/{token}"),
    ("POST", "/seller/{token}"),
    ("POST", "/seller/{token}/documents"),
    ("POST", "/notice/{token}/documents"),
    ("POST", "/api/v1/notices"),
    ("GET", "/confirm-factor/{link}"),
    ("POST", "/confirm-factor/{link}"),
    ("GET", "/stop-removals/{token}"),
    ("POST", "/stop-removals/{token}"),
    ("GET", "/stop-report/{token}"),
    ("POST", "/stop-report/{token}"),
    ("POST", "/stop-report/{token}/approve"),
    ("POST", "/stop-report/{token}/release"),
    ("GET", "/mail/unsubscribe/{token}"),
    ("POST", "/mail/unsubscribe/{token}"),
    ("GET", "/notice"),
    ("POST", "/notice"),
    ("GET", "/notice/confirm/{token}"),
    ("POST", "/notice/confirm/{token}"),
    ("GET", "/notice/{token}"),
    ("POST", "/notice/{token}"),
}
SAFE: Final = {"GET", "HEAD", "OPTIONS"}


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """(method, path) of everything that the application answers, by its routing table; static files apart."""
    return [
        (method, str(getattr(route, "path", "")))
        for route in app.routes
        if not isinstance(route, Mount)
        for method in sorted(getattr(route, "methods", None) or {"*"})
    ]


def filled_path(path: str) -> str:
    return re.sub(r"\{[^}]+\}", "cas_01kjpwd6m0t4phmnhxdf6rhwak", path)


@dataclass(slots=True)
class Visitor:
    """Somebody, or a program, with what they carry."""

    client: TestClient
    headers: dict[str, str]
    tool: Tool | None = None

    def call(self, method: str, path: str, **more: Any) -> Response:
        """Ask without a body, so that only the door can refuse."""
        headers = {**self.headers, **more.pop("headers", {})}
        return self.client.request(
            method,
            filled_path(path),
            headers=headers,
            auth=self.tool or USE_CLIENT_DEFAULT,
            follow_redirects=False,
            **more,
        )


def visitor(client: TestClient, site: Site, person: Person) -> Visitor:
    """Somebody with a session, made without the half second of a password."""
    token, csrf_token = f"token-of-{person.user_id}", f"csrf-of-{person.user_id}"
    now = site.runtime.wall.now()
    site.write(
        accounts.add_session,
        token_hash=auth.hash_token(token),
        user_id=person.user_id,
        csrf_token=csrf_token,
        at=now,
        expires_at=now.replace(year=now.year + 1),
    )
    return Visitor(client, {"cookie": f"{COOKIE}={token}", CSRF_HEADER: csrf_token})


def program(client: TestClient, site: Site, *scopes: Scope, marketplace: str | None = None) -> Visitor:
    """A program with a key of these scopes."""
    key = provisioning.add_key(site.runtime, name="t", scopes=scopes, marketplace=marketplace, by="test")
    return Visitor(client, {"authorization": f"Bearer {key}"})


def added_person(site: Site, email: str, role: Role, **where: Any) -> Person:
    new = NewPerson(email, "Somebody Else", role, password=PASSWORD, **where)
    user_id, _ = provisioning.add_person(site.runtime, new, by="test")
    return site.read(accounts.person, user_id)


@pytest.fixture
def visitors_by_kind(client: TestClient, site: Site) -> dict[str, Visitor]:
    """One of each role, a key of each scope, and a brand's tool."""
    people = {
        "analyst": site.analyst,
        "brand": site.brand_person,
        "account_manager": site.account_manager,
        "data_scientist": site.data_scientist,
        "admin": added_person(site, "ada@touchstone.example", Role.ADMIN),
    }
    visitors = {name: visitor(client, site, person) for name, person in people.items()}
    programs = {f"key:{scope.value}": program(client, site, scope) for scope in Scope}
    return visitors | programs | {TOOL: Visitor(client, {}, a_tool(site))}


def test_every_door_is_closed_to_who_brings_nothing_or_nonsense(client: TestClient, site: Site) -> None:
    nobody = Visitor(client, {})
    guesser = Visitor(
        client, {"authorization": "Bearer tsk.a.b", "cookie": f"{COOKIE}=guessed", CSRF_HEADER: "guessed"}
    )
    routes = routes_of(create_app(site.runtime))
    assert len(routes) >= 37
    assert set(routes) > PUBLIC
    open_doors = [
        (method, path, answer.status_code)
        for method, path in routes
        if (method, path) not in PUBLIC
        for who in (nobody, guesser)
        if (answer := who.call(method, path)).status_code != 401
    ]
    assert open_doors == []


def test_what_is_public_answers_everybody(client: TestClient) -> None:
    """So that the list above does not hold what is closed by accident."""
    statuses = {(method, path): Visitor(client, {}).call(method, path).status_code for method, path in PUBLIC}
    assert statuses == {
        ("GET", "/livez"): 200,
        ("HEAD", "/livez"): 200,
        ("GET", "/healthz"): 200,
        ("HEAD", "/healthz"): 200,
        ("GET", "/readyz"): 200,
        ("HEAD", "/readyz"): 200,
        ("POST", "/api/v1/session"): 422,
        ("GET", "/sign-in"): 200,
        ("POST", "/sign-in"): 401,
        ("GET", "/setup/{token}"): 404,
        ("POST", "/setup/{token}"): 404,
        ("GET", "/join/{token}"): 404,
        ("POST", "/join/{token}"): 404,
        ("GET", "/reset/{token}"): 404,
        ("POST", "/reset/{token}"): 404,
        ("GET", "/seller/{token}"): 404,
        ("POST", "/seller/{token}"): 404,
        ("POST", "/seller/{token}/documents"): 404,
        ("POST", "/notice/{token}/documents"): 404,
        ("POST", "/api/v1/notices"): 415,
        ("GET", "/confirm-factor/{link}"): 404,
        ("POST", "/confirm-factor/{link}"): 404,
        ("GET", "/stop-removals/{token}"): 404,
        ("POST", "/stop-removals/{token}"): 404,
        ("GET", "/stop-report/{token}"): 404,
        ("POST", "/stop-report/{token}"): 404,
        ("POST", "/stop-report/{token}/approve"): 404,
        ("POST", "/stop-report/{token}/release"): 404,
        ("GET", "/mail/unsubscribe/{token}"): 404,
        ("POST", "/mail/unsubscribe/{token}"): 404,
        ("GET", "/notice"): 200,
        ("POST", "/notice"): 422,
        ("GET", "/notice/confirm/{token}"): 404,
        ("POST", "/notice/confirm/{token}"): 404,
        ("GET", "/notice/{token}"): 404,
        ("POST", "/notice/{token}"): 404,
    }


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_the_frameworks_own_pages_are_not_there(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_of_the_folder_of_static_files_only_its_files_can_be_read(client: TestClient) -> None:
    assert client.get("/static/touchstone.css").status_code == 200
    for path in ("/static/", "/static/../app.py", "/static/..%2fapp.py", "/static/%2e%2e/%2e%2e/app.py"):
        assert client.get(path).status_code == 404


TOOL: Final = "signed:report"
PEOPLE: Final = frozenset({"analyst", "brand", "account_manager", "data_scientist", "admin"})
# Who is let through which door of the API; everybody else meets 403, or 401 with the other kind of credential.
MATRIX: Final = [
    ("POST", "/api/v1/listings", {"key:intake"}),
    ("POST", "/api/v1/seller-events", {"key:intake"}),
    ("POST", "/api/v1/seller-contacts", {"key:intake"}),
    ("PUT", "/api/v1/seller-addresses/{seller:path}", {"key:intake"}),
    ("DELETE", "/api/v1/seller-contacts/{seller:path}", {"key:intake"}),
    ("POST", "/api/v1/appeals", {"key:intake"}),
    ("POST", "/api/v1/score", {"key:score"}),
    ("GET", "/api/v1/figures", {"key:intake"}),
    ("GET", "/api/v1/actions", {"key:intake"}),
    ("GET", "/api/v1/actions/{action_id}/statement", {"key:intake"}),
    ("GET", "/api/v1/notices", {"key:intake"}),
    ("GET", "/api/v1/listings/{external_id:path}", {"key:intake"}),
    ("GET", "/api/v1/clock", {"key:clock"}),
    ("POST", "/api/v1/clock", {"key:clock"}),
    ("GET", "/api/v1/openapi.json", PEOPLE | {f"key:{scope.value}" for scope in Scope}),
    ("GET", "/api/v1/cases", {"analyst", "brand"}),
    ("POST", "/api/v1/cases/{case_id}/verdicts", {"analyst", "brand"}),
    ("POST", "/api/v1/cases/{case_id}/undo", {"analyst", "brand"}),
    ("POST", "/api/v1/cases/{case_id}/notices/{notice_id}/invalid", {"analyst"}),
    ("GET", "/api/v1/cases/{case_id}/brands", {"analyst"}),
    ("POST", "/api/v1/cases/{case_id}/brand", {"analyst"}),
    ("POST", "/api/v1/cases/{case_id}/brand/undo", {"analyst"}),
    ("GET", "/api/v1/rights", {"brand"}),
    ("GET", "/api/v1/reason-codes", {"brand", TOOL}),
    ("GET", "/api/v1/brand/limits", {"brand", TOOL}),
    ("POST", "/api/v1/brand/reports", {"brand", TOOL}),
    ("GET", "/api/v1/brand/reports/{report_id}", {"brand", TOOL}),
    ("POST", "/api/v1/brand/reports/{report_id}/documents", {"brand", TOOL}),
    ("POST", "/api/v1/brand/reports/{report_id}/test-buy", {"brand", TOOL}),
    ("GET", "/api/v1/brand/questions/{case_id}", {"brand", TOOL}),
    ("POST", "/api/v1/brand/questions/{case_id}/documents", {"brand", TOOL}),
    ("POST", "/api/v1/brand/questions/{case_id}/test-buy", {"brand", TOOL}),
    ("POST", "/api/v1/brand/reports/{report_id}/withdraw", {"brand", TOOL}),
    ("POST", "/api/v1/brand/reports/{report_id}/retract", {"brand", TOOL}),
    ("GET", "/api/v1/models", {"analyst", "data_scientist", "admin"}),
    ("GET", "/api/v1/labels", {"analyst", "data_scientist", "admin"}),
    ("GET", "/api/v1/trainings", {"analyst", "data_scientist", "admin", "key:train"}),
    ("GET", "/api/v1/trainings/{job_id}", {"analyst", "data_scientist", "admin", "key:train"}),
    ("POST", "/api/v1/trainings", {"data_scientist", "key:train"}),
    ("POST", "/api/v1/promotions", {"data_scientist", "admin"}),
    ("DELETE", "/api/v1/promotions/latest", {"data_scientist", "admin"}),
    ("DELETE", "/api/v1/models/{digest}/approval", {"data_scientist", "admin"}),
    ("GET", "/api/v1/golden-sets/latest", {"analyst", "data_scientist", "admin"}),
    ("POST", "/api/v1/golden-sets", {"admin"}),  # No data scientist and no program.
    ("GET", "/api/v1/endpoints", {"key:endpoints"}),
    ("POST", "/api/v1/endpoints", {"key:endpoints"}),
    ("POST", "/api/v1/endpoints/{endpoint_id}/secret", {"key:endpoints"}),
    ("POST", "/api/v1/endpoints/{endpoint_id}/pause", {"key:endpoints"}),
    ("DELETE", "/api/v1/endpoints/{endpoint_id}/pause", {"key:endpoints"}),
    ("POST", "/api/v1/endpoints/{endpoint_id}/disable", {"key:endpoints"}),
    ("GET", "/api/v1/pending-removals", {"analyst", "brand", "account_manager", "admin"}),
    ("POST", "/api/v1/pending-removals/{action_id}/votes", {"analyst", "brand", "account_manager", "admin"}),
    ("GET", "/api/v1/alerts", {"analyst", "account_manager", "admin"}),
    ("POST", "/api/v1/counter-notices", {"key:intake"}),
    ("POST", "/api/v1/actions/{action_id}/seller-link", {"key:intake"}),
    ("DELETE", "/api/v1/actions/{action_id}/seller-link", {"key:intake"}),
    ("GET", "/api/v1/sellers/{seller:path}/strikes", {"analyst"}),
    ("GET", "/api/v1/seller-risks", {"analyst"}),
    ("GET", "/api/v1/sanctions", {"analyst", "account_manager"}),
    ("POST", "/api/v1/cases/{case_id}/test-buys", {"analyst"}),
    ("POST", "/api/v1/test-buys/{test_buy_id}/custody", {"analyst"}),
    ("POST", "/api/v1/test-buys/{test_buy_id}/verdict", {"analyst"}),
    ("GET", "/api/v1/test-buys/{test_buy_id}", {"analyst"}),
    ("DELETE", "/api/v1/session", PEOPLE),  # The last, because it ends the sessions of this test.
]


def kind_of(name: str) -> str:
    """What a visitor proves itself by: a session, a key or a signature."""
    kind, colon, _ = name.partition(":")
    return kind if colon else "session"


def test_the_matrix_names_every_door_of_the_api(site: Site) -> None:
    doors = {door for door in routes_of(create_app(site.runtime)) if door[1].startswith("/api/")} - PUBLIC
    assert {(method, path) for method, path, _ in MATRIX} == doors


def test_a_door_of_the_api_opens_to_its_own_people_or_programs_alone(visitors_by_kind: dict[str, Visitor]) -> None:
    expected: dict[str, dict[str, int | str]] = {}
    outcomes: dict[str, dict[str, int | str]] = {}
    for method, path, allowed in MATRIX:
        kinds = {kind_of(name) for name in allowed}
        expected[f"{method} {path}"] = {
            name: "open" if name in allowed else 403 if kind_of(name) in kinds else 401 for name in visitors_by_kind
        }
        statuses = {name: who.call(method, path).status_code for name, who in visitors_by_kind.items()}
        outcomes[f"{method} {path}"] = {
            name: "open" if status < 500 and status not in {401, 403} else status for name, status in statuses.items()
        }
    assert outcomes == expected


@pytest.fixture
def visitors_elsewhere(client: TestClient, site: Site) -> dict[str, Visitor]:
    """People and a key of a second marketplace, and somebody of another brand in the first."""
    provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="USD", by="test")
    analyst = added_person(site, "a@elsewhere.example", Role.ANALYST, marketplace="Elsewhere")
    scientist = added_person(site, "d@elsewhere.example", Role.DATA_SCIENTIST, marketplace="Elsewhere")
    same_brand = added_person(site, "b@elsewhere.example", Role.BRAND, marketplace="Elsewhere", brand="Aurelle")
    other_brand = added_person(site, "s@solenne.example", Role.BRAND, marketplace="Bazaar", brand="Solenne")
    return {
        "analyst": visitor(client, site, analyst),
        "data_scientist": visitor(client, site, scientist),
        "same_brand": visitor(client, site, same_brand),
        "other_brand": visitor(client, site, other_brand),
        "program": program(client, site, Scope.INTAKE, Scope.SCORE, marketplace="Elsewhere"),
    }


@pytest.mark.parametrize("who", ["analyst", "same_brand", "other_brand"])
def test_a_case_of_somebody_else_is_not_there(
    client: TestClient, site: Site, visitors_elsewhere: dict[str, Visitor], who: str
) -> None:
    case = a_case(site)
    body = {"version_id": case.version_id, "judgement": "counterfeit"}
    asker = visitors_elsewhere[who]
    answers = [
        asker.call("POST", f"/api/v1/cases/{case.case_id}/verdicts", json=body),
        asker.call("POST", f"/api/v1/cases/{case.case_id}/undo"),
        asker.call("POST", "/api/v1/cases/cas_00000000000000000000000000/verdicts", json=body),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert answers[0].text == answers[2].text, "what is somebody else's and what is not there are told alike"
    assert asker.call("GET", "/api/v1/cases").json() == {"cases": [], "next": None}
    owner = visitor(client, site, site.analyst)
    assert [row["case_id"] for row in owner.call("GET", "/api/v1/cases").json()["cases"]] == [case.case_id]


def test_a_training_of_another_marketplace_is_not_there(
    client: TestClient, site: Site, visitors_elsewhere: dict[str, Visitor]
) -> None:
    with site.runtime.store.write() as connection:
        job_id = add_job(site.runtime, connection, site.marketplace_id, by="test")
    path = f"/api/v1/trainings/{job_id}"
    assert visitor(client, site, site.data_scientist).call("GET", path).status_code == 200
    assert visitors_elsewhere["data_scientist"].call("GET", path).status_code == 404
    assert visitors_elsewhere["data_scientist"].call("GET", "/api/v1/trainings").json() == {
        "trainings": [],
        "next": None,
    }


def test_a_listing_of_another_marketplace_is_not_there_nor_counted(
    client: TestClient, site: Site, visitors_elsewhere: dict[str, Visitor]
) -> None:
    own = program(client, site, Scope.INTAKE, marketplace="Bazaar")
    assert own.call("POST", "/api/v1/listings", json=a_row()).status_code == 201
    appeal = {"external_id": "a-1", "listing_external_id": "MP-1", "statement": "These goods are genuine."}
    asker = visitors_elsewhere["program"]
    assert own.client.get("/api/v1/listings/MP-1", headers=own.headers).status_code == 200
    assert asker.client.get("/api/v1/listings/MP-1", headers=asker.headers).status_code == 404
    assert asker.call("POST", "/api/v1/appeals", json=appeal).status_code == 404
    assert asker.call("GET", "/api/v1/figures").json()["listings"] == 0
    assert asker.call("POST", "/api/v1/listings", json=a_row()).json()["version"] == 1, "the same id is another listing"


def unsafe_routes(site: Site) -> list[tuple[str, str]]:
    """Every door that a session opens and that changes something, API and pages."""
    guards = guards_of(create_app(site.runtime))
    return [
        (method, path)
        for method, path in routes_of(create_app(site.runtime))
        if method not in SAFE
        and (method, path) not in PUBLIC
        and not any(
            guard.startswith("key ") or guard == SECOND_STEP
            for name, guard in guards.items()
            if name.endswith(f" {path}")
        )
    ]


FORGERIES: Final[dict[str, dict[str, str]]] = {
    "no token": {CSRF_HEADER: ""},
    "a guessed token": {CSRF_HEADER: "guessed"},
    "another person's token": {CSRF_HEADER: "csrf-of-usr_another"},
    "from another site, with the token": {"sec-fetch-site": "cross-site"},
    "from another host of the same site, with the token": {"sec-fetch-site": "same-site"},
}


def test_nothing_is_changed_for_a_page_of_another_site(visitors_by_kind: dict[str, Visitor], site: Site) -> None:
    doors = unsafe_routes(site)
    assert len(doors) >= 12
    for why, forged in FORGERIES.items():
        refusals = {}
        for method, path in doors:
            answer = visitors_by_kind["data_scientist"].call(method, path, headers=forged)
            refusals[method, path] = (answer.status_code, answer.json()["error"]["code"])
        assert refusals == dict.fromkeys(doors, (403, "cross_site")), why


def test_the_token_counts_in_a_forms_field_as_in_a_header(visitors_by_kind: dict[str, Visitor]) -> None:
    person = visitors_by_kind["analyst"]
    token = person.headers.pop(CSRF_HEADER)
    assert person.call("POST", "/sign-out", data={CSRF_FIELD: token[:-1]}).status_code == 403
    assert person.call("POST", "/sign-out", data={CSRF_FIELD: token}).status_code == 303


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"csrf_token", "application/x-www-form-urlencoded"),
        (b"csrf_token=\xff", "application/x-www-form-urlencoded"),
        (b'{"csrf_token": "x"}', "application/json"),
    ],
)
def test_a_field_that_is_no_text_is_no_token(
    visitors_by_kind: dict[str, Visitor], body: bytes, content_type: str
) -> None:
    person = visitors_by_kind["analyst"]
    del person.headers[CSRF_HEADER]
    assert person.call("POST", "/sign-out", content=body, headers={"content-type": content_type}).status_code == 403


def test_a_form_with_a_file_is_none_of_ours(visitors_by_kind: dict[str, Visitor]) -> None:
    person = visitors_by_kind["analyst"]
    files = {CSRF_FIELD: ("a.txt", person.headers.pop(CSRF_HEADER).encode())}
    assert person.call("POST", "/sign-out", files=files).status_code == 400
    assert person.call("POST", "/sign-in", files=files).status_code == 400


def test_reading_needs_no_token(visitors_by_kind: dict[str, Visitor]) -> None:
    assert visitors_by_kind["analyst"].call("GET", "/api/v1/cases", headers={CSRF_HEADER: ""}).status_code == 200


def test_a_session_is_no_key_and_a_key_no_session(visitors_by_kind: dict[str, Visitor]) -> None:
    key = visitors_by_kind["key:intake"].headers["authorization"]
    cookie = {"cookie": f"{COOKIE}={key.removeprefix('Bearer ')}"}
    assert visitors_by_kind["analyst"].call("GET", "/api/v1/cases", headers=cookie).status_code == 401
    token = visitors_by_kind["analyst"].headers["cookie"].partition("=")[2]
    response = visitors_by_kind["key:intake"].call(
        "GET", "/api/v1/figures", headers={"authorization": f"Bearer {token}"}
    )
    assert response.status_code == 401


def test_behind_https_the_cookie_is_kept_to_this_host_and_to_https(site: Site) -> None:
    settings = site.runtime.settings.model_copy(update={"public_url": "https://touchstone.bazaar.example"})
    app = create_app(replace(site.runtime, settings=settings))
    with TestClient(app, base_url="https://testserver") as client:
        answer = client.post("/api/v1/session", json={"email": site.analyst.email, "password": PASSWORD})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"__Host-{COOKIE}=")
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= {
            part.strip().lower() for part in cookie.split(";")
        }
        assert client.get("/api/v1/cases").status_code == 200
        plain = {"cookie": f"{COOKIE}={cookie.partition('=')[2].partition(';')[0]}"}
        client.cookies.clear()
        assert client.get("/api/v1/cases", headers=plain).status_code == 401, "a cookie that http could have set"


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/figures"), ("POST", "/api/v1/score")])
def test_a_revoked_key_is_refused_at_its_next_request(client: TestClient, site: Site, method: str, path: str) -> None:
    who = program(client, site, Scope.INTAKE, Scope.SCORE)
    assert who.call(method, path, json=a_row()).status_code == 200
    key_id = who.headers["authorization"].split(".")[1]
    site.execute(update(api_key).where(api_key.c.key_id == key_id).values(revoked_at=site.clock.now()))
    assert who.call(method, path, json=a_row()).status_code == 401


def test_a_key_that_one_route_accepts_is_not_accepted_by_others(client: TestClient, site: Site) -> None:
    who = program(client, site, Scope.INTAKE)
    assert who.call("GET", "/api/v1/figures").status_code == 200
    assert who.call("POST", "/api/v1/score", json=a_row()).status_code == 403


def unguarded_apps() -> Iterator[tuple[str, FastAPI]]:
    """Applications with one door too many."""

    def handler() -> None:
        return None

    async def socket(_socket: WebSocket) -> None:
        return None

    plain = FastAPI(openapi_url=None)
    plain.add_api_route("/open", handler)
    yield "a route", plain
    inner = FastAPI(openapi_url=None)
    inner.add_api_route("/open", handler)
    mounted = FastAPI(openapi_url=None)
    mounted.mount("/inner", inner)
    yield "a route of a mounted application", mounted
    sockets = FastAPI(openapi_url=None)
    sockets.add_api_websocket_route("/socket", socket)
    yield "a socket", sockets
    yield "the framework's own pages", FastAPI()


@pytest.mark.parametrize("app", [app for _, app in unguarded_apps()], ids=[name for name, _ in unguarded_apps()])
def test_an_application_with_a_door_that_nobody_guards_does_not_start(app: FastAPI) -> None:
    with pytest.raises(Unguarded, match="does not say who may use it"):
        guards_of(app)


def test_a_door_that_says_why_it_is_open_is_guarded() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()

    @router.get("/open", dependencies=[public("a test")])
    def handler() -> None:
        return None

    app.router.routes.extend(router.routes)
    assert guards_of(app) == {"GET /open": "public: a test"}


def test_what_only_the_homes_owner_may_do_is_not_on_the_public_port(site: Site) -> None:
    assert set(guards_of(create_local_app(site.runtime))) == {"POST /commands/{name}"}
    assert not any("/commands" in route for route in guards_of(create_app(site.runtime)))
