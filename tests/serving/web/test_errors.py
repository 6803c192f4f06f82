import pytest

from models.verdict import Judgement
from serving.web import errors
from serving.web.queue import case_queue
from tests.fixtures.runtimes import PASSWORD, Site, a_case, judge
from tests.serving.web.visits import a_visitor, visit_as, words

SENT = "<script>told('sent')</script>"


def test_an_address_of_nothing_is_a_page_with_a_way_on(site: Site) -> None:
    answer = visit_as(site, site.analyst).get(f"/nothing/{SENT}?q={SENT}")
    assert answer.status_code == 404
    text = words(answer.text)
    assert "Page not found There is nothing at this address. Nothing was changed. The address may be old" in text
    assert "Open home pageHelp 404" in text
    assert "told" not in answer.text
    assert "Ines Moreau" in answer.text, "the shell stays"


def test_a_visitor_gets_error_pages_too(site: Site) -> None:
    answer = a_visitor(site).get("/nothing")
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


def test_a_form_is_not_loaded_by_its_address(site: Site) -> None:
    answer = visit_as(site, site.analyst).get("/sign-out")
    assert answer.status_code == 405
    assert "This address does not accept this method." in words(answer.text)


def test_a_role_that_may_not_is_told_so(site: Site) -> None:
    text = words(visit_as(site, site.brand_person).get("/queue").text)
    assert "Access denied Your role does not include this page. Nothing was opened or changed." in text
    assert "An administrator of your marketplace assigns roles. Your roles: brand." in text


@pytest.mark.parametrize("status", [403, 404, 405, 409, 413, 422, 500])
def test_every_error_says_what_was_not_done_and_what_to_do_next(status: int) -> None:
    assert errors.TITLES[status]
    assert errors.NOT_DONE[status].endswith((".", "back."))
    assert errors.NEXT[status].endswith(".")


def test_a_form_that_is_too_large_says_how_large_one_may_be(site: Site) -> None:
    answer = visit_as(site, site.analyst).post("/settings", {"time_zone": "x" * 5_000_001})
    assert answer.status_code == 413
    text = words(answer.text)
    assert "Request too large" in text
    assert "None of your input was saved. Send less data at once. A form can have at most 5 MB." in text


def test_a_conflict_says_that_nothing_was_overwritten(site: Site) -> None:
    case = a_case(site)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    text = words(visit_as(site, site.analyst).answer(case.case_id, case.version_id, "counterfeit").text)
    assert "no other person's changes were overwritten. Refresh the page to see the current state." in text
    assert "Open case" in text


def test_an_unexpected_error_is_shown_with_its_incident_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr(case_queue, "queue_page", fail)
    visitor = a_visitor(site)
    visitor.post("/sign-in", {"email": site.analyst.email, "password": PASSWORD})
    answer = visitor.get("/queue")
    assert answer.status_code == 500
    assert "An error occurred on our side. Incident" in words(answer.text)
    assert "a request is saved completely or not at all. Try again in a minute." in words(answer.text)
    assert "secret" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_a_program_gets_json(site: Site, accept: str) -> None:
    assert a_visitor(site).client.get("/nothing", headers={"accept": accept}).json()["error"]["code"] == "not_found"


def test_the_api_answers_json_to_a_browser_too(site: Site) -> None:
    visitor = a_visitor(site)
    assert visitor.get("/api/v1/nothing").json()["error"]["code"] == "not_found"
    assert visitor.get("/api/v1/cases").json()["error"]["code"] == "not_signed_in"
