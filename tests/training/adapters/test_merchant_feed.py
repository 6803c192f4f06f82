"""Forty rows of a merchant feed, each with what must become of it (Google's product data specification)."""

import csv
import gzip
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from features.fields import Rejected
from features.listing import Listing, Rejection, check
from tests.fixtures.clocks import NOW
from training.adapters import files
from training.adapters.files import Unreadable, read_rows
from training.adapters.merchant_feed import column_named, to_listing
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


AMOUNTS = [
    ("1.500 EUR", "ambiguous_amount", "a point that divides thousands in half of Europe"),
    ("12.345 USD", "ambiguous_amount", "as the above"),
    ("0,500 EUR", "ambiguous_amount", "no thousand begins with zero"),
    ("1,500 KWD", "ambiguous_amount", "a currency with three decimals"),
    ("1.500 KWD", "1.500", "the point of a currency with three decimals"),
    ("0.500 EUR", "0.500", "no thousand begins with zero"),
    ("1500.000 EUR", "1500.000", "a thousand would be divided twice"),
    ("1,500.000 EUR", "1500.000", "the comma divides thousands"),
    ("1.500.000 EUR", "1500000", "two points divide thousands"),
    ("15.00 XYZ", "bad_currency", "no code of ISO 4217"),
    ("15.00 HRK", "15.00", "a currency of the time of older rows"),
]


def listing_of(row: Mapping[str, str]) -> Listing | str:
    """The listing of a feed item; the code where it is refused."""
    try:
        listing = check(to_listing({"id": "F-1", "title": "Tote", **row}, NOW), received_at=NOW)
    except Rejected as refused:
        return refused.code
    return listing.code if isinstance(listing, Rejection) else listing


@pytest.mark.parametrize(("written", "expected", "_why"), AMOUNTS, ids=[row[0] for row in AMOUNTS])
def test_an_amount_is_read_only_where_it_has_one_meaning(written: str, expected: str, _why: str) -> None:
    listing = listing_of({"price": written})
    assert (listing if isinstance(listing, str) else listing.price) == (
        expected if expected[0].isalpha() else Decimal(expected)
    )


SALES = [
    ("20.00 EUR", "15.00 EUR", "15.00", "20.00", "a sale"),
    ("20.00 EUR", "25.00 EUR", "20.00", None, "a sale price above the price is none"),
    ("20.00 EUR", "20.00 EUR", "20.00", None, "nothing is reduced"),
    ("9.00 EUR", "10.00 EUR", "9.00", None, "compared as numbers, not as text"),
]


@pytest.mark.parametrize(("price", "sale", "paid", "before", "_why"), SALES, ids=[row[-1] for row in SALES])
def test_a_sale_price_counts_only_below_the_price(
    price: str, sale: str, paid: str, before: str | None, _why: str
) -> None:
    listing = listing_of({"price": price, "sale_price": sale})
    assert isinstance(listing, Listing)
    assert (listing.price, listing.list_price) == (Decimal(paid), before and Decimal(before))


SPELLINGS = [
    ("condition", "New", "new"),
    ("condition", "https://schema.org/UsedCondition", "used"),
    ("condition", "as good as new", None),
    ("availability", "In-Stock", "in_stock"),
    ("availability", "http://schema.org/OutOfStock", "out_of_stock"),
    ("availability", "pre-order", "preorder"),
    ("availability", "auf Lager", None),
]


@pytest.mark.parametrize(("field", "written", "expected"), SPELLINGS, ids=[row[1] for row in SPELLINGS])
def test_a_condition_or_availability_in_another_spelling_is_read_or_unknown(
    field: str, written: str, expected: str | None
) -> None:
    assert getattr(listing_of({field: written}), field) == expected


STRUCTURED = [
    ('trained_algorithmic_media:"Tote: grey"', "Tote: grey"),
    (':"Tote"', "Tote"),
    ("default:Tote", "Tote"),
    ('"Tote"', "Tote"),
    ("Tote: grey", "Tote: grey"),
]


@pytest.mark.parametrize(("cell", "title"), STRUCTURED)
def test_a_structured_title_is_the_title_where_there_is_no_other(cell: str, title: str) -> None:
    for name in ("title", "description"):
        structured = {"title": " ", f"structured_{name}": cell}
        assert getattr(listing_of(structured), name) == title
    listing = listing_of({"title": "Own", "structured_title": cell})
    assert isinstance(listing, Listing)
    assert listing.title == "Own"
    assert column_named("Structured title(digital source type:content)") == "structured_title"


@pytest.mark.parametrize("name", ["feed.xml", "feed.xml.gz"])
def test_a_feed_says_its_structured_titles_and_the_columns_of_later_items(tmp_path: Path, name: str) -> None:
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


def test_a_compressed_file_that_is_none_or_ends_early_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.tsv.gz"
    whole = gzip.compress(FEED.read_bytes())
    for content in (b"id\ttitle\n", whole[:-20], whole[:20] + b"\xff" * 40 + whole[60:]):
        path.write_bytes(content)
        with pytest.raises(Unreadable, match=r"feed\.tsv\.gz: not a readable gzip file"):
            list(read_rows(path))
    path.write_bytes(whole)
    assert len(list(read_rows(path))) == 40


@pytest.mark.parametrize("name", ["a.csv.gz", "a.ndjson.gz"])
def test_a_line_without_an_end_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(files, "LONGEST_LINE", 1_000)
    (tmp_path / name).write_bytes(gzip.compress(b"id\n" + b"x" * 5_000 + b"\n"))
    assert max(len(str(row.cells)) for row in read_rows(tmp_path / name)) < 1_100
