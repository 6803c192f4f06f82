"""Forty rows of a merchant feed, each with what must become of it (Google's product data specification)."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from features.listing import Listing, Rejection
from tests.fixtures.clocks import NOW
from training.dataset import CheckedRow, read_listings

FEED = Path(__file__).with_name("merchant_feed.tsv")
with FEED.with_name("merchant_feed_expected.tsv").open(encoding="utf-8", newline="") as _stream:
    EXPECTED = list(csv.DictReader(_stream, delimiter="\t"))
XML = (
    '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    "<item><g:id>X-1</g:id><title>Tote</title><g:price>15,00 EUR</g:price></item>"
    "<item><g:id></g:id><title>Tote</title><g:price>15.00 EUR</g:price></item>"
    "<item><title>Tote</title><g:price>15.00 EUR</g:price></item>"
    "</channel></rss>"
)


@pytest.fixture(scope="module")
def rows() -> dict[str, CheckedRow]:
    return {str(row.number): row for row in read_listings(FEED, "merchant-feed", received_at=NOW)}


@pytest.mark.parametrize("expected", EXPECTED, ids=[f"{one['row']} {one['code'] or one['price']}" for one in EXPECTED])
def test_a_row_of_the_golden_feed(rows: dict[str, CheckedRow], expected: dict[str, str]) -> None:
    found = rows[expected["row"]].listing
    if expected["code"]:
        assert isinstance(found, Rejection), found
        assert (found.code, found.field) == (expected["code"], expected["field"])
        return
    assert isinstance(found, Listing), found
    assert found.external_id == expected["external_id"]
    assert (found.price, found.currency) == (Decimal(expected["price"]), expected["currency"])
    assert found.list_price == (Decimal(expected["list_price"]) if expected["list_price"] else None)
    assert len(found.image_link or ()) == int(expected["images"])


def test_the_golden_feed_has_forty_rows(rows: dict[str, CheckedRow]) -> None:
    assert (len(rows), len(EXPECTED)) == (40, 40)


def test_columns_that_are_not_used_are_named_once() -> None:
    named: list[str] = []
    assert len([*read_listings(FEED, "merchant-feed", received_at=NOW, unused=named.extend)]) == 40
    assert named == ["shipping label", "color"]


def test_an_item_of_xml_without_its_id_is_quarantined_where_others_have_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(XML, encoding="utf-8")
    first, *others = (row.listing for row in read_listings(path, "merchant-feed", received_at=NOW))
    assert isinstance(first, Listing)
    assert (first.external_id, first.price) == ("X-1", Decimal("15.00"))
    assert [one.code for one in others if isinstance(one, Rejection)] == ["missing_field", "missing_field"]


def test_only_a_file_without_the_column_derives_ids(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    path.write_text("title\tprice\nTote\t15.00 EUR\n", encoding="utf-8")
    (row,) = read_listings(path, "merchant-feed", received_at=NOW)
    assert (row.external_id or "").startswith("row-")


def test_two_headers_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv"
    path.write_text("id\ttitle\tsale price\tsale_price\n1\tTote\t9 EUR\t8 EUR\n", encoding="utf-8")
    (row,) = read_listings(path, "merchant-feed", received_at=NOW)
    assert isinstance(row.listing, Rejection)
    assert row.listing.code == "duplicate_key"
