"""Evidence on the case page: shown with its digest, given out as files that no browser runs, to analysts alone."""

import json

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.takedowns.store import evidence
from serving.takedowns.store.evidence import Taken
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.visits import visit_as, words


@pytest.fixture
def taken(site: Site) -> Taken:
    """Of a removal."""
    return a_removal(site)


def a_removal(site: Site, **changes: object) -> Taken:
    case = a_case(site, CaseLane.ASK_BRAND, **changes)
    judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    [found] = site.read(evidence.of_listing, site.here, case.listing_id)
    return found


def address(taken: Taken, what: str) -> str:
    return f"/cases/{taken.case_id}/evidence/{taken.evidence_id}/{what}"


def test_a_case_without_a_removal_shows_no_evidence(site: Site) -> None:
    case = a_case(site)
    assert "SHA-256" not in visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text


def test_a_removed_listing_shows_its_evidence_with_the_digest(site: Site, taken: Taken) -> None:
    page = visit_as(site, site.analyst).get(f"/cases/{taken.case_id}").text
    assert f"Taken 09:00 SHA-256 {taken.snapshot.digest}" in words(page)
    assert address(taken, "page") in page


@pytest.mark.parametrize(("what", "kind"), [("page", "text/html; charset=utf-8"), ("data", "application/json")])
def test_a_file_is_an_attachment_that_no_browser_guesses_at_or_runs(
    site: Site, taken: Taken, what: str, kind: str
) -> None:
    answer = visit_as(site, site.analyst).get(address(taken, what))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{taken.evidence_id}.')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["cache-control"] == "no-store"


def test_the_data_is_the_snapshot(site: Site, taken: Taken) -> None:
    read = json.loads(visit_as(site, site.analyst).get(address(taken, "data")).text)
    assert read["digest"] == taken.snapshot.digest


@pytest.mark.parametrize("what", ["page", "data"])
def test_neither_the_brand_nor_another_role_gets_a_file(site: Site, taken: Taken, what: str) -> None:
    found = {
        role: visit_as(site, getattr(site, role)).get(address(taken, what)).status_code
        for role in ("brand_person", "account_manager", "data_scientist")
    }
    assert set(found.values()) == {403}


def test_evidence_of_another_listing_is_not_found_under_this_case(site: Site, taken: Taken) -> None:
    other = a_removal(site, external_id="MP-77")
    mixed = f"/cases/{taken.case_id}/evidence/{other.evidence_id}/data"
    assert visit_as(site, site.analyst).get(mixed).status_code == 404
    assert visit_as(site, site.analyst).get(f"/cases/{taken.case_id}/evidence/../data").status_code == 404


def test_an_erased_page_is_marked_as_erased(site: Site, taken: Taken) -> None:
    with site.runtime.store.write() as connection:
        connection.exec_driver_sql("UPDATE evidence_part SET body = NULL, salt = NULL WHERE part = 'page'")
    visitor = visit_as(site, site.analyst)
    page = visitor.get(f"/cases/{taken.case_id}").text
    assert "Erased: page. The digests stay." in words(page)
    assert address(taken, "page") not in page
    assert visitor.get(address(taken, "page")).status_code == 404
