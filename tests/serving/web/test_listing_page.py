"""The page of a listing without an open case, from search to a case."""

from models.case import CaseLane
from models.verdict import Judgement
from serving.cases.service.naming import name_brand
from serving.listings.service.intake import receive_rows
from tests.fixtures.naming import VELA
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge, open_cases
from tests.serving.cases.service.test_deferring import passed_listing
from tests.serving.cases.service.test_masked_scores import with_masking
from tests.serving.web.visits import visit_as, words


def test_a_passed_listing_is_opened_from_the_search_and_a_case_on_it_from_its_page(site: Site) -> None:
    listing_id = passed_listing(site)
    visitor = visit_as(site, site.analyst)
    assert f'href="/listings/{listing_id}"' in visitor.get("/search?q=MP-1").text
    page = words(visitor.get(f"/listings/{listing_id}").text)
    for phrase in ("Aurelle Colline tote in grained leather, grey", "no open case", "€489", "closet-mia"):
        assert phrase in page
    opened = visitor.post(f"/listings/{listing_id}/case").headers["location"]
    assert "Opened by an analyst. No route had sent this listing to a person." in words(visitor.get(opened).text)
    assert visitor.get(f"/listings/{listing_id}").headers["location"] == opened


def test_a_listing_whose_case_masks_the_score_shows_it_on_no_other_page(site: Site) -> None:
    case = a_case(with_masking(site))
    answer = visit_as(site, site.analyst).get(f"/listings/{case.listing_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{case.case_id}")


def test_brands_and_strangers_see_no_listing_page(site: Site) -> None:
    listing_id = passed_listing(site)
    assert visit_as(site, site.brand_person).get(f"/listings/{listing_id}").status_code == 403
    assert visit_as(site, site.brand_person).post(f"/listings/{listing_id}/case").status_code == 403
    analyst = visit_as(site, site.analyst)
    for wrong in ("lst_" + "0" * 26, a_case(site, CaseLane.ANALYST).case_id, "x"):
        assert analyst.get(f"/listings/{wrong}").status_code == 404
        assert analyst.post(f"/listings/{wrong}/case").status_code == 404


def test_a_brand_that_a_person_named_is_told_as_such(site: Site) -> None:
    case, visitor = a_case(site), visit_as(site, site.analyst)
    name_brand(site.runtime, site.analyst, case.case_id, VELA)
    site.clock.forward(minutes=1)
    receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="3.00")], source="test")
    [following] = open_cases(site)
    text = words(visitor.get(f"/cases/{following.case_id}").text)
    assert "A reviewer named it on an earlier case. Not registered here. Owner: Vela Nordsee AG." in text
    judge(site, site.analyst, following, Judgement.GENUINE)
    assert "Vela Nord (named by a reviewer)" in words(visitor.get(f"/listings/{case.listing_id}").text)
