"""The preview of a report: what a person checks of each listing, the least certain first."""

import re
from itertools import pairwise

import pytest

from features.message import message
from serving.listings.service.intake import receive_rows
from serving.reports.rules.outcomes import Code, ListingResult, Outcome, is_doubtful, order_of_doubt
from tests.fixtures.factors import an_app
from tests.fixtures.reporting import on_sale
from tests.fixtures.runtimes import Site, a_row
from tests.serving.web.test_large_report_pages import typed_report
from tests.serving.web.visits import visit_as, words

_AT_ONCE = Outcome(ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE, ())
_HONEST = Outcome(ListingResult.SCHEDULED, Code.REMOVED_AT_ONCE, (message("report.honest_use", words=("fits",)),))


def _of_code(listing_result: ListingResult, code: Code) -> Outcome:
    return Outcome(listing_result, code, (message(f"report.{code.value}"),))


BY_DOUBT: list[tuple[Outcome, float | None, bool, str]] = [
    (_of_code(ListingResult.REFUSED, Code.OTHER_BRAND), 0.1, True, "a wrong line of the report"),
    (_of_code(ListingResult.REFUSED, Code.AUTHORISED_SELLER), None, True, "the brand's own list speaks for it"),
    (_of_code(ListingResult.CASE, Code.FOUND_GENUINE), 0.1, True, "somebody judged it genuine"),
    (_of_code(ListingResult.UNKNOWN, Code.NOT_KNOWN), None, True, "nobody here has seen it"),
    (_HONEST, 0.1, True, "goods that fit the brand's goods"),
    (_AT_ONCE, None, False, "the price says nothing"),
    (_AT_ONCE, 1.2, False, "as dear as the genuine goods"),
    (_AT_ONCE, 0.1, False, "a tenth of the price"),
    (_of_code(ListingResult.REFUSED, Code.ALREADY_REMOVED), 0.1, False, "nothing is done about it"),
]


def test_listings_are_sorted_by_doubt_and_the_doubtful_are_named() -> None:
    order = [order_of_doubt(outcome, price_share) for outcome, price_share, *_ in BY_DOUBT]
    assert all(first < second for first, second in pairwise(order)), order
    assert [is_doubtful(outcome) for outcome, *_ in BY_DOUBT] == [doubtful for *_, doubtful, _ in BY_DOUBT]


def test_the_preview_shows_price_seller_and_link_and_the_doubtful_listing_first(site: Site) -> None:
    names = on_sale(site, 2)
    other = a_row(external_id="OT-1", brand="Solenne", title="Solenne red satchel", link="https://shop.example/OT-1")
    receive_rows(site.runtime, site.marketplace, [other], source="test")
    page = visit_as(site, site.brand_person).post("/brand/reports/preview", typed_report(site, [*names, "OT-1"])).text
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', page.partition('aria-label="Results by listing"')[2], re.S)
    assert ["Check first" in row for row in rows] == [True, False, False]
    assert 'rel="noopener noreferrer nofollow" target="_blank" href="https://shop.example/OT-1"' in rows[0]
    assert "closet-RP-0" in words(rows[1]) + words(rows[2])
    assert all(re.search(r"€\d", words(row)) for row in rows)


@pytest.mark.parametrize("path", ["/brand/reports", "/brand/takedowns"])
def test_a_second_factor_is_offered_before_anything_is_typed(site: Site, path: str) -> None:
    visitor = visit_as(site, site.brand_person)
    assert "Add a second factor before you report." in words(visitor.get(path).text)
    an_app(site, site.brand_person)
    assert "Add a second factor" not in words(visit_as(site, site.brand_person).get(path).text)
