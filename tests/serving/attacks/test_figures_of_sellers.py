"""A brand reads no seller's figures, and nothing about listings that are not its own."""

import pytest

from serving.listings.service.intake import receive_rows
from serving.reports.rules.outcomes import ListingResult
from tests.fixtures.reporting import a_rival, on_sale, report
from tests.fixtures.runtimes import Site, a_row
from tests.serving.web.visits import visit_as, words

pytestmark = pytest.mark.attack
LIMITS = "/brand/limits?listing="


def a_shop(site: Site, external_id: str) -> str:
    """A listing of the brand by a seller of 1,066,666 euros; returns its id."""
    seller = {"external_id": "big-shop", "age_days": 900, "accepted": {"d90": 4321}, "country": "FR"}
    row = a_row(external_id=external_id, title="Aurelle Colline tote in grained leather", seller=seller)
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    return external_id


def test_the_limits_tell_nothing_about_listings_that_are_not_the_brands(site: Site) -> None:
    a_shop(site, "MP-BIG")
    stranger = visit_as(site, a_rival(site))
    for address in (LIMITS, f"/api/v1{LIMITS}"):
        foreign, unknown = (stranger.client.get(f"{address}{name}") for name in ("MP-BIG", "MP-NOT-KNOWN"))
        assert (foreign.status_code, unknown.status_code) == (404, 404), address
        as_foreign, as_unknown = (page.text.replace(page.headers["x-request-id"], "") for page in (foreign, unknown))
        assert as_foreign.replace("MP-BIG", "") == as_unknown.replace("MP-NOT-KNOWN", "")


def test_no_reason_that_a_brand_reads_has_a_figure_of_a_seller(site: Site) -> None:
    brand, name = visit_as(site, site.brand_person), a_shop(site, "MP-BIG")
    on_sale(site, 11, seller="big-shop")
    done = report(site, [name, *(f"RP-{number}" for number in range(11))])
    assert done.counts[ListingResult.PENDING_APPROVAL] == 2
    read = [
        brand.get(f"{LIMITS}{name}"),
        brand.client.get(f"/api/v1{LIMITS}{name}"),
        brand.get(f"/brand/reports/{done.report.report_id}"),
        brand.client.get(f"/api/v1/brand/reports/{done.report.report_id}"),
        brand.client.get("/api/v1/pending-removals"),
    ]
    for answer in read:
        assert answer.status_code == 200, answer.url
        text = words(answer.text)
        assert not any(figure in text for figure in ("4,321", "4321", "1,066,666")), answer.url
    assert read[1].json()["holds"], "the brand still reads why its removal waits"


def test_how_many_of_a_sellers_listings_left_is_not_told(site: Site) -> None:
    names = on_sale(site, 4, seller="one-shop")
    report(site, names[:3])
    brand = visit_as(site, site.brand_person)
    assert brand.client.get(f"/api/v1{LIMITS}{names[3]}").json()["seller"] == {"limit": 10, "is_reached": False}
    assert "7 of 10" not in words(brand.get(f"{LIMITS}{names[3]}").text)
