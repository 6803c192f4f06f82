import pytest

from models.case import CaseLane
from serving.app import create_app
from serving.guards import guards_of
from tests.browser.every_page import FILES, PAGES, PARTS
from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import a_visitor, visit_as

# Who may load which page: a cell is the status that the role gets.
TABLE = [
    ("/queue", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/queue/me", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/queue/new", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/search", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/queue/filters", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/notes", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/cases/bulk", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/undo", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/brand", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/done", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/removals", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/kill-switches", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/pending-removals", {"analyst": 200, "brand_person": 403, "account_manager": 200, "data_scientist": 403}),
    ("/brand/indicators", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/service-accounts", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/people", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/prices", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/dashboard", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/standing", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/standing.csv", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/rights", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/rights.csv", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/sellers", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/sellers.csv", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/messages", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/prices.csv", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/certification", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brand/takedowns", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/counter-notices", {"analyst": 403, "brand_person": 200, "account_manager": 403, "data_scientist": 403}),
    ("/brands", {"analyst": 403, "brand_person": 403, "account_manager": 200, "data_scientist": 403}),
    ("/sellers", {"analyst": 200, "brand_person": 403, "account_manager": 200, "data_scientist": 403}),
    ("/people", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/keys", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/help", {"analyst": 200, "brand_person": 200, "account_manager": 200, "data_scientist": 200}),
    ("/settings", {"analyst": 200, "brand_person": 200, "account_manager": 200, "data_scientist": 200}),
    ("/models", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/operations/audit", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/operations/audit.csv", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    (
        "/operations/audit/followed",
        {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403},
    ),
    ("/operations/deliveries", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/operations/jobs", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/operations/mail", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/operations/quarantine", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/operations/webhook", {"analyst": 403, "brand_person": 403, "account_manager": 403, "data_scientist": 403}),
    ("/operations", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/models/live", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/models/labels", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/models/snapshots", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/models/runs", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
    ("/models/training", {"analyst": 200, "brand_person": 403, "account_manager": 403, "data_scientist": 200}),
]


def test_a_page_is_for_its_role_alone(site: Site) -> None:
    visitors = {role: visit_as(site, getattr(site, role)) for role in TABLE[0][1]}
    statuses = [(path, {role: who.get(path).status_code for role, who in visitors.items()}) for path, _ in TABLE]
    assert statuses == TABLE


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("/models/train", "analyst"),
        ("/models/promote", "analyst"),
        ("/models/withdraw", "analyst"),
        ("/models/rollback", "analyst"),
        ("/models/train", "brand_person"),
    ],
)
def test_seeing_models_is_not_deciding_on_them(site: Site, path: str, role: str) -> None:
    assert visit_as(site, getattr(site, role)).post(path).status_code == 403


def test_a_case_is_for_those_who_review_or_were_asked(site: Site) -> None:
    case = a_case(site)
    statuses = {
        role: visit_as(site, getattr(site, role)).get(f"/cases/{case.case_id}").status_code
        for role in ("analyst", "brand_person", "account_manager", "data_scientist")
    }
    assert statuses == {"analyst": 200, "brand_person": 404, "account_manager": 403, "data_scientist": 403}


def test_a_brand_that_was_asked_is_led_to_its_own_queue(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    answer = visit_as(site, site.brand_person).get(f"/cases/{case.case_id}")
    assert answer.headers["location"] == f"/brand#{case.case_id}"


def test_nobody_sees_a_page_without_a_session(site: Site) -> None:
    visitor = a_visitor(site)
    assert {path: visitor.get(path).status_code for path, _ in TABLE} == {path: 303 for path, _ in TABLE}


def test_a_part_that_is_asked_for_again_reloads_its_page_when_the_session_has_ended(site: Site) -> None:
    answer = a_visitor(site).get("/brand/removals", **{"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")


def test_every_route_says_who_may_use_it_and_few_are_public(site: Site) -> None:
    public = {route for route, guard in guards_of(create_app(site.runtime)).items() if guard.startswith("public")}
    assert public == {
        "GET /livez",
        "HEAD /livez",
        "GET /healthz",
        "HEAD /healthz",
        "GET /readyz",
        "HEAD /readyz",
        "POST /api/v1/session",
        "GET /sign-in",
        "POST /sign-in",
        "GET /setup/{token}",
        "POST /setup/{token}",
        "GET /join/{token}",
        "POST /join/{token}",
        "GET /reset/{token}",
        "POST /reset/{token}",
        "GET /seller/{token}",
        "POST /seller/{token}",
        "POST /seller/{token}/documents",
        "POST /notice/{token}/documents",
        "POST /api/v1/notices",
        "GET /notice",
        "POST /notice",
        "GET /notice/{token}",
        "POST /notice/{token}",
        "GET /confirm-factor/{link}",
        "POST /confirm-factor/{link}",
        "GET /stop-removals/{token}",
        "POST /stop-removals/{token}",
        "GET /stop-report/{token}",
        "POST /stop-report/{token}",
        "POST /stop-report/{token}/approve",
        "POST /stop-report/{token}/release",
        "GET /mail/unsubscribe/{token}",
        "POST /mail/unsubscribe/{token}",
        "GET /notice/confirm/{token}",
        "POST /notice/confirm/{token}",
    }


def test_every_page_is_on_the_list_that_browsers_look_through(site: Site) -> None:
    """A page that is added is looked at in both themes and has its picture taken, or says that it is none."""
    shown = {
        path
        for methods, _, path in (route.partition(" ") for route in guards_of(create_app(site.runtime)))
        if "GET" in methods and not path.startswith(("/api/", "/livez", "/healthz", "/readyz"))
    }
    assert {page.route for page in PAGES} == shown - PARTS - FILES
    assert shown >= PARTS | FILES
    assert len({page.name for page in PAGES}) == len(PAGES)


def test_the_contract_of_the_api_names_no_page(site: Site) -> None:
    paths = create_app(site.runtime).openapi()["paths"]
    assert paths
    assert all(path.startswith("/api/") or path in {"/livez", "/healthz", "/readyz"} for path in paths)


@pytest.mark.parametrize("token", ["", "guessed"])
@pytest.mark.parametrize(
    "path", ["/models/train", "/models/promote", "/models/withdraw", "/models/rollback", "/sign-out"]
)
def test_a_form_without_the_sessions_token_is_refused(site: Site, path: str, token: str) -> None:
    visitor = visit_as(site, site.data_scientist)
    visitor.csrf_token = token
    assert visitor.post(path).status_code == 403


def test_a_form_that_another_site_sends_is_refused_though_it_has_the_token(site: Site) -> None:
    case = a_case(site)
    visitor = visit_as(site, site.analyst)
    fields = {"version_id": case.version_id, "judgement": "genuine"}
    answer = visitor.post(f"/cases/{case.case_id}/verdict", fields, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
