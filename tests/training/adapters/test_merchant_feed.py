"""Forty rows of a merchant feed, each with what must become of it (Google's product data specification)."""

import csv
import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from features.fields import FieldError
from features.listing import Listing, Rejection, check
from tests.fixtures.clocks import NOW
from training import dataset
from training.adapters import files
from training.adapters.files import UnreadableFile, read_rows
from training.adapters.merchant_feed import to_listing
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


@pytest.mark.parametrize("expected", EXPECTED, ids=[f"{row['row']} {row['code'] or row['price']}" for row in EXPECTED])
def test_a_row_of_the_golden_feed(rows: dict[str, CheckedRow], expected: dict[str, str]) -> None:
    listing = rows[expected["row"]].listing
    if expected["code"]:
        assert isinstance(listing, Rejection), listing
        assert (listing.code, listing.field) == (expected["code"], expected["field"])
        return
    assert isinstance(listing, Listing), listing
    assert listing.external_id == expected["external_id"]
    assert (listing.price, listing.currency) == (Decimal(expected["price"]), expected["currency"])
    assert listing.list_price == (Decimal(expected["list_price"]) if expected["list_price"] else None)
    assert len(listing.image_link or ()) == int(expected["images"])


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
    assert [rejection.code for rejection in others if isinstance(rejection, Rejection)] == [
        "missing_field",
        "missing_field",
    ]


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


ROWS: list[tuple[dict[str, str], str, object, str]] = [
    ({"price": "1.500 EUR"}, "code", "ambiguous_amount", "a point that divides thousands in half of Europe"),
    ({"price": "0,500 EUR"}, "code", "ambiguous_amount", "no thousand begins with zero"),
    ({"price": "1,500 KWD"}, "code", "ambiguous_amount", "a currency with three decimals"),
    ({"price": "1.500 KWD"}, "price", Decimal("1.500"), "the point of a currency with three decimals"),
    ({"price": "0.500 EUR"}, "price", Decimal("0.50"), "a thousand would begin with zero"),
    ({"price": "1.500.000 EUR"}, "price", Decimal(1_500_000), "two points divide thousands"),
    ({"price": "15.00 XYZ"}, "code", "bad_currency", "no code of ISO 4217"),
    ({"price": "15.00 HRK"}, "currency", "HRK", "a currency of the time of older rows"),
    ({"price": "20.00 EUR", "sale_price": "25.00 EUR"}, "price", Decimal(20), "a sale price above the price is none"),
    ({"price": "9.00 EUR", "sale_price": "10.00 EUR"}, "price", Decimal(9), "compared as numbers, not as text"),
    ({"price": "20.00 EUR", "sale_price": "20.00 EUR"}, "list_price", None, "nothing is reduced"),
    ({"condition": "https://schema.org/UsedCondition"}, "condition", "used", "an address"),
    ({"condition": "as good as new"}, "condition", None, "unknown, and no reason to refuse the row"),
    ({"availability": "In-Stock"}, "availability", "in_stock", "another spelling"),
    ({"availability": "auf Lager"}, "availability", None, "unknown"),
    ({"title": " ", "structured_title": 'trained_algorithmic_media:"Tote: grey"'}, "title", "Tote: grey", "an origin"),
    ({"title": " ", "structured_title": ':"Tote"'}, "title", "Tote", "no origin"),
    ({"structured_title": "Other"}, "title", "Tote", "the title itself counts"),
    ({"structured_description": "default:Grey"}, "description", "Grey", "a description likewise"),
]


@pytest.mark.parametrize(("row", "field", "expected", "_why"), ROWS, ids=[str(row[0]) for row in ROWS])
def test_an_item_is_read_by_the_specification(row: dict[str, str], field: str, expected: object, _why: str) -> None:
    try:
        listing = check(to_listing({"id": "F-1", "title": "Tote", **row}, NOW), received_at=NOW)
    except FieldError as refused:
        listing = Rejection(refused.code, refused.field, refused.sentence)
    assert getattr(listing, field) == expected


@pytest.mark.parametrize("name", ["feed.xml", "feed.xml.gz"])
def test_structured_titles_and_columns_of_later_items_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    content = (
        b'<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>X-1</g:id><g:structured_title>'
        b"<g:digital_source_type>trained_algorithmic_media</g:digital_source_type><g:content>Tote</g:content>"
        b"</g:structured_title><g:colour>grey</g:colour></item>"
        b"<item><g:id>X-2</g:id><title>Hat</title><g:colour>red</g:colour><g:pric>9.00 EUR</g:pric></item>"
        b"</channel></rss>"
    )
    path, unknown = tmp_path / name, list[str]()
    path.write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    rows = list(read_listings(path, "merchant-feed", received_at=NOW, unused=unknown.extend))
    assert [getattr(row.listing, "title", row.listing) for row in rows] == ["Tote", "Hat"]
    assert unknown == ["colour", "pric (nearest field: price)"]
    monkeypatch.setattr(dataset, "MOST_COLUMNS", 3)  # The first item has as many.
    unknown.clear()
    list(read_listings(path, "merchant-feed", received_at=NOW, unused=unknown.extend))
    assert unknown == ["colour"]


def test_a_compressed_file_that_is_none_or_ends_early_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv.gz"
    whole = gzip.compress(FEED.read_bytes())
    for content in (b"id\ttitle\n", whole[:-20], whole[:20] + b"\xff" * 40 + whole[60:]):
        path.write_bytes(content)
        with pytest.raises(UnreadableFile, match=r"feed\.tsv\.gz: not a readable gzip file"):
            list(read_rows(path))
    path.write_bytes(whole)
    assert len(list(read_rows(path))) == 40


@pytest.mark.parametrize("name", ["a.csv.gz", "a.ndjson.gz"])
def test_a_line_without_an_end_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE", 1_000)
    (tmp_path / name).write_bytes(gzip.compress(b"id\n" + b"x" * 5_000 + b"\n"))
    assert max(len(str(row.cells)) for row in read_rows(tmp_path / name)) < 1_100
