from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from features.fields import FieldError
from features.listing import Listing, check
from tests.fixtures.clocks import NOW
from training.adapters import cells
from training.adapters.formats import FORMATS, UnknownLayout
from training.adapters.native import columns_to_listings, to_listing


def listing(format_name: str, row: Mapping[str, object]) -> Listing:
    layout = FORMATS[format_name].layout_of(row)
    checked_row = check({"external_id": "row-1", **layout.to_listing(row, NOW)}, received_at=NOW)
    assert isinstance(checked_row, Listing), checked_row
    return checked_row


def rejection_of(format_name: str, row: Mapping[str, object]) -> FieldError:
    layout = FORMATS[format_name].layout_of(row)
    with pytest.raises(FieldError) as refusal:
        layout.to_listing(row, NOW)
    return refusal.value


LAYOUTS = [
    ("native", {"title"}, "to_listing", "one telling column is enough"),
    ("native", {"seller.age_days", "price", "x"}, "to_listing", "among others"),
    ("merchant-feed", {"id"}, "to_listing", "a feed"),
    ("ozon-ecup", {"name_rus"}, "to_listing", "the competition"),
    ("vestiaire", {"product_name", "seller_id"}, "as_listing", "listings"),
    ("vestiaire", {"Start_price_EU"}, "sale_to_listing", "sales"),
    ("wish", {"merchant_id"}, "to_listing", "products"),
    ("ebay", {"priceWithCurrency", "title"}, "perfume_to_listing", "perfumes"),
    ("ebay", {"Name", "price"}, "watch_to_listing", "watches"),
]


@pytest.mark.parametrize(("name", "columns", "reader", "_why"), LAYOUTS, ids=[f"{r[0]} {r[-1]}" for r in LAYOUTS])
def test_a_format_knows_its_layout_by_the_header(name: str, columns: set[str], reader: str, _why: str) -> None:
    to_listing: Callable[..., object] = FORMATS[name].layout_of(columns).to_listing
    assert getattr(to_listing, "__name__", "") == reader


@pytest.mark.parametrize("name", FORMATS)
def test_columns_of_no_layout_are_refused_with_those_that_would_do(name: str) -> None:
    telling = sorted(FORMATS[name].layouts[0].needs)[0]
    with pytest.raises(UnknownLayout, match=telling):
        FORMATS[name].layout_of(["nothing", "of", "the", "kind"])


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_says_what_it_is(name: str) -> None:
    assert FORMATS[name].remark.endswith(".")


# Ozon Tech E-CUP.

OZON: dict[str, Any] = {
    "ItemID": 77.0,
    "name_rus": "Сумка",
    "brand_name": None,
    "CommercialTypeName4": "Сумка",
    "PriceDiscounted": 100 * 8.006367567650246,  # ln 3000
    "item_time_alive": 12.7,
    "item_count_sales7": 1,
    "item_count_sales30": 2.0,
    "item_count_sales90": None,
    **{f"rating_{n}_count": n for n in range(1, 6)},
    "SellerID": "s-9",
    "seller_time_alive": -1.0,
    "GmvTotal7": 0,
    "GmvTotal30": 100 * 4.605170185988092,  # ln 100
}


def test_an_ozon_price_is_the_exponent_of_a_hundredth_in_roubles() -> None:
    ozon_listing = listing("ozon-ecup", OZON)
    assert (ozon_listing.price, ozon_listing.currency) == (Decimal("3000.00"), "RUB")


@pytest.mark.parametrize("cell", [None, 0, 0.0, "", float("nan")])
def test_an_empty_or_zero_ozon_price_is_missing(cell: object) -> None:
    assert listing("ozon-ecup", {**OZON, "PriceDiscounted": cell}).price is None


def test_an_ozon_turnover_of_zero_is_zero_and_not_the_log_of_one_rouble() -> None:
    assert listing("ozon-ecup", OZON).seller.gmv == (0.0, 100.0, None)


def test_ozon_days_are_cut_to_whole_ones_and_never_below_zero() -> None:
    ozon_listing = listing("ozon-ecup", OZON)
    assert (ozon_listing.age_days, ozon_listing.seller.age_days) == (12, 0)


def test_an_ozon_id_that_pandas_made_a_float_is_the_whole_number() -> None:
    assert listing("ozon-ecup", OZON).external_id == "77"


def test_ozon_ratings_are_known_only_together() -> None:
    ozon_listings = listing("ozon-ecup", OZON), listing("ozon-ecup", {**OZON, "rating_3_count": None})
    assert [ozon_listing.rating_counts for ozon_listing in ozon_listings] == [(1, 2, 3, 4, 5), None]


OZON_REFUSED = [
    ({"PriceDiscounted": 2_400.0}, "out_of_range", "more than ten billion roubles"),
    ({"PriceDiscounted": 10**400}, "out_of_range", "an integer beyond float"),
    ({"PriceDiscounted": "dear"}, "wrong_type", "words"),
    ({"item_time_alive": float("inf")}, "not_finite", "an infinite age, which has no whole part"),
    ({"seller_time_alive": "old"}, "wrong_type", "words for an age"),
    ({"GmvTotal30": 99_999.0}, "out_of_range", "a turnover beyond any"),
]


@pytest.mark.parametrize(("change", "code", "_why"), OZON_REFUSED)
def test_an_ozon_row_is_refused_by_its_column(change: dict[str, object], code: str, _why: str) -> None:
    refusal = rejection_of("ozon-ecup", {**OZON, **change})
    assert (refusal.code, refusal.field) == (code, next(iter(change)))


# The merchant feed.

FEED: dict[str, Any] = {
    "id": "1",
    "title": "Bag",
    "price": "1,500.00 EUR",
    "google_product_category": "Bags",
    "availability": "in stock",
    "condition": "New",
    "link": "https://shop.example/1",
    "image_link": "https://shop.example/1.jpg",
    "additional_image_link": "https://shop.example/2.jpg, https://shop.example/3.jpg",
}


def test_a_feed_item_reads() -> None:
    feed_listing = listing("merchant-feed", FEED)
    assert (feed_listing.price, feed_listing.currency, feed_listing.product_type) == (Decimal("1500.00"), "EUR", "Bags")
    assert (feed_listing.availability, feed_listing.condition) == ("in_stock", "new")
    assert feed_listing.image_link == tuple(f"https://shop.example/{n}.jpg" for n in (1, 2, 3))


def test_a_sale_price_is_the_price_and_the_price_is_the_list_price() -> None:
    feed_listing = listing("merchant-feed", {**FEED, "sale_price": "900 EUR"})
    assert (feed_listing.price, feed_listing.list_price) == (Decimal("900.00"), Decimal("1500.00"))


def test_a_sale_price_alone_is_the_price() -> None:
    feed_listing = listing("merchant-feed", {**FEED, "price": "", "sale_price": "900 eur"})
    assert (feed_listing.price, feed_listing.list_price, feed_listing.currency) == (Decimal("900.00"), None, "EUR")


def test_two_currencies_in_one_item_are_refused() -> None:
    assert rejection_of("merchant-feed", {**FEED, "sale_price": "900 USD"}).code == "bad_currency"


@pytest.mark.parametrize("price", ["15.00", "EUR 15.00", "15.00 €", "free"])
def test_a_feed_price_without_amount_and_currency_is_refused(price: str) -> None:
    assert rejection_of("merchant-feed", {**FEED, "price": price}).sentence == (
        "price must be an amount and a currency such as 15.00 EUR."
    )


# Vestiaire Collective, Wish, eBay.


def test_a_vestiaire_listing_reads() -> None:
    row = {
        "product_id": 8,
        "product_name": "Bag",
        "brand_name": "Aurelle",
        "product_category": "Bags",
        "price_usd": 120.5,
        "in_stock": "0",
        "warehouse_name": "Tourcoing",
        "seller_id": 5.0,
        "seller_country": "FR",
        "seller_num_products_listed": 3.0,
    }
    bag = listing("vestiaire", row)
    assert (bag.price, bag.currency, bag.condition) == (Decimal("120.50"), "USD", "used")
    assert (bag.availability, bag.seller.external_id, bag.seller.variety) == ("out_of_stock", "5", 3)


def test_a_vestiaire_sale_takes_its_title_from_four_columns_and_the_price_asked() -> None:
    row = {"Designer": "Aurelle", "Model": "Tote", "Color": " ", "Material": "Leather", "Start_price_EU": "90.00"}
    tote = listing("vestiaire", row)
    assert (tote.title, tote.price, tote.currency) == ("Aurelle Tote Leather", Decimal("90.00"), "EUR")


def test_a_vestiaire_sale_without_a_price_has_no_currency() -> None:
    sale = listing("vestiaire", {"Designer": "Aurelle", "Start_price_EU": None})
    assert (sale.price, sale.currency) == (None, None)


def test_a_wish_product_shows_the_title_that_buyers_saw() -> None:
    row: dict[str, object] = {
        "title": "Sac",
        "title_orig": "Bag",
        "price": "8.0",
        "retail_price": 25,
        "currency_buyer": "EUR",
        "merchant_id": "m1",
        "merchant_rating": 4.12,
        "merchant_rating_count": 568.0,
        **{f"rating_{star}_count": "2" for star in ("one", "two", "three", "four", "five")},
    }
    product = listing("wish", row)
    assert (product.title, product.price, product.list_price) == ("Sac", Decimal("8.00"), Decimal("25.00"))
    assert (product.rating_counts, product.seller.rating) == ((2, 2, 2, 2, 2), 4.12)


EBAY_PRICES = [
    ("US $24.99", Decimal("24.99"), "USD"),
    ("US $1,024.99/ea", Decimal("1024.99"), "USD"),
    ("C $5", Decimal("5.00"), "CAD"),
    ("AU $5.50", Decimal("5.50"), "AUD"),
    ("GBP 7.00", Decimal("7.00"), "GBP"),
    ("EUR 7.00", Decimal("7.00"), "EUR"),
]


@pytest.mark.parametrize(("cell", "price", "currency"), EBAY_PRICES)
def test_an_ebay_price_reads(cell: str, price: Decimal, currency: str) -> None:
    watch = listing("ebay", {"Name": "Watch", "price": cell})
    assert (watch.price, watch.currency) == (price, currency)


@pytest.mark.parametrize("cell", ["24.99", "$24.99", "US $24.99 to US $30.00", "US $"])
def test_an_ebay_price_of_another_form_is_refused(cell: str) -> None:
    assert rejection_of("ebay", {"Name": "Watch", "price": cell}).sentence == "price must read like US $24.99."


def test_an_ebay_watch_is_categorised_by_department_and_display() -> None:
    row = {"Name": "Watch", "Department": "Men", "Display": "Analog", "item_id": 5}
    assert listing("ebay", row).product_type == "Men Analog watch"


def test_an_ebay_perfume_reads() -> None:
    row = {
        "title": "Eau",
        "brand": "Solenne",
        "type": "Eau de Parfum",
        "priceWithCurrency": "US $30",
        "itemLocation": "x",
    }
    perfume = listing("ebay", row)
    assert (perfume.title, perfume.brand, perfume.product_type, perfume.ship_from) == (
        "Eau",
        "Solenne",
        "Eau de Parfum",
        "x",
    )


# Touchstone's own names.


def test_a_flat_native_row_reads_as_the_nested_one() -> None:
    nested = {
        "external_id": "1",
        "title": "Bag",
        "price": "19.90",
        "currency": "EUR",
        "sales": {"d7": 1, "d90": 9},
        "rating_counts": [1, 0, 0, 0, 4],
        "image_link": ["https://a.example/1", "https://a.example/2"],
        "seller": {"external_id": "s", "age_days": 9, "gmv": {"d30": "12.50"}},
    }
    flat = {
        "external_id": "1",
        "title": "Bag",
        "price": "19.90",
        "currency": "EUR",
        "sales.d7": "1",
        "sales.d90": "9.0",
        "rating_counts.1": "1",
        "rating_counts.5": "4",
        "image_link": "https://a.example/1,https://a.example/2",
        "seller.external_id": "s",
        "seller.age_days": "9",
        "seller.gmv.d30": "12.50",
    }
    assert listing("native", flat) == listing("native", nested)


def test_a_column_of_a_flat_file_that_is_no_field_is_left_out() -> None:
    assert listing("native", {"title": "Bag", "our_remark": "x"}) == listing("native", {"title": "Bag"})


def test_the_label_of_a_nested_row_is_no_field_of_its_listing() -> None:
    row = {"title": "Bag", "label": 1, "seller": {"age_days": 3}}
    assert listing("native", row).seller.age_days == 3


def test_a_line_without_a_seller_may_hold_lists() -> None:
    row = {"title": "Bag", "rating_counts": [1, 0, 0, 0, 4], "image_link": ["https://a.example/1"]}
    bag = listing("native", row)
    assert (bag.rating_counts, bag.image_link) == ((1, 0, 0, 0, 4), ("https://a.example/1",))


# Columns of Parquet that are converted at once are read as cell by cell.

TYPED: Mapping[str, Any] = {
    "external_id": ["MP-1", "MP-2", None, " "],
    "title": ["Tote", "  ", None, " Tote, grey "],
    "gtin": [4006381333931.0, None, float("nan"), 12.5],
    "mpn": [17, None, 0, -1],
    "price": [5.8100000000000005, float("nan"), None, 10.0],
    "list_price": [Decimal("9.90"), None, None, Decimal("10.00")],
    "currency": ["EUR", "", None, "eur"],
    "age_days": [3, None, 0, -1],
    "comments_count": [1.0, 2.5, float("nan"), None],
    "image_link": ["https://a.example/1, https://a.example/2", None, "", "x"],
    "sales.d7": [1, None, 2, 3],
    "sales.d30": ["4", " ", None, "5"],
    "seller.external_id": ["closet-mia", None, "", "x"],
    "seller.gmv.d90": [Decimal("1.50"), None, None, Decimal("0")],
    "condition": pa.array(["new", None, "used", "broken"]).dictionary_encode(),
    "our_remark": ["x", None, "", "y"],
}
UNREADABLE: Mapping[str, Any] = {
    "external_id": ["MP-1", "MP-2", "MP-3"],
    "age_days": ["three", "3", ""],
    "comments_count": [float("inf"), 1.0, float("inf")],
}


def one_by_one(batch: pa.RecordBatch) -> list[Mapping[str, object] | None]:
    listings: list[Mapping[str, object] | None] = []
    for row in batch.to_pylist():
        try:
            listings.append(to_listing(row))
        except FieldError:
            listings.append(None)
    return listings


@pytest.mark.parametrize("columns", [TYPED, UNREADABLE, {"title": ["a", None]}], ids=["typed", "unreadable", "title"])
def test_columns_are_read_as_cells_are(columns: Mapping[str, Any]) -> None:
    batch = pa.record_batch(dict(columns))
    assert columns_to_listings(batch) == one_by_one(batch)


def test_each_column_is_read_alike_alone() -> None:
    for name, values in TYPED.items():
        batch = pa.record_batch({name: values, "title": ["a", "b", "c", "d"]} if name != "title" else {name: values})
        assert columns_to_listings(batch) == one_by_one(batch), name


@pytest.mark.parametrize("column", ["seller", "label", "rating_counts.3"])
def test_columns_that_belong_together_are_read_row_by_row(column: str) -> None:
    assert columns_to_listings(pa.record_batch({"title": ["a"], column: [1]})) is None


def test_nested_and_doubled_columns_are_read_row_by_row() -> None:
    assert columns_to_listings(pa.record_batch({"title": ["a"], "sales": [{"d7": 1}]})) is None
    doubled = pa.RecordBatch.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["title", "title"])
    assert columns_to_listings(doubled) is None


MISSING = [None, float("nan"), "", "  ", "\u3000"]


@pytest.mark.parametrize("cell", MISSING, ids=repr)
@pytest.mark.parametrize("read", [cells.text, cells.number, cells.amount], ids=["text", "number", "amount"])
def test_a_blank_cell_is_missing(read: object, cell: object) -> None:
    assert callable(read)
    assert read({"x": cell}, "x") is None


def test_an_absent_column_is_missing() -> None:
    assert cells.text({}, "x") is None


TEXTS = [("a", "a"), (12, "12"), (12.0, "12"), (12.5, "12.5"), (Decimal("1.50"), "1.50"), (True, "True")]


@pytest.mark.parametrize(("cell", "expected"), TEXTS)
def test_a_cell_reads_as_text(cell: object, expected: str) -> None:
    assert cells.text({"x": cell}, "x") == expected


NUMBERS = [("12", 12.0), (" 12.0 ", 12.0), (12, 12), (12.5, 12.5), ("1e3", 1000.0), (Decimal("1.5"), 1.5), (0, 0)]


@pytest.mark.parametrize(("cell", "expected"), NUMBERS)
def test_a_cell_reads_as_a_number(cell: object, expected: float) -> None:
    assert cells.number({"x": cell}, "x") == expected


NO_NUMBERS = [
    ("many", "wrong_type"),
    ("12,5", "wrong_type"),
    (True, "wrong_type"),
    ([1], "wrong_type"),
    ("inf", "not_finite"),
    ("1e999", "not_finite"),
    (float("inf"), "not_finite"),
    (float("-inf"), "not_finite"),
]


@pytest.mark.parametrize(("cell", "code"), NO_NUMBERS, ids=[repr(row[0]) for row in NO_NUMBERS])
def test_a_cell_that_is_no_number_is_refused_by_its_column(cell: object, code: str) -> None:
    with pytest.raises(FieldError) as refused:
        cells.number({"x": cell}, "x")
    assert (refused.value.code, refused.value.field) == (code, "x")


AMOUNTS = [
    ("0.10", "0.10", "an amount is exact"),
    ("5.8100000000000005", "5.81", "the noise of a double written out"),
    (4.8100000000000005, "4.81", "the same as a float"),
    ("123456789012.345", "123456789012.345", "fifteen digits are kept"),
    ("12345678901234567", "1.23456789012346E+16", "no amount has so many digits; the door refuses it by its size"),
]


@pytest.mark.parametrize(("cell", "expected", "reason"), AMOUNTS, ids=[row[2] for row in AMOUNTS])
def test_an_amount_reads_as_the_intended_decimal(cell: object, expected: str, reason: str) -> None:
    assert str(cells.amount({"x": cell}, "x")) == expected, reason


def test_a_cell_that_is_no_amount_is_refused_by_its_column() -> None:
    with pytest.raises(FieldError, match="x must be a decimal number"):
        cells.amount({"x": "19,90"}, "x")


def test_windows_are_three_columns() -> None:
    assert cells.windows({"n7": "1", "n90": 9}, "n") == {"d7": 1.0, "d30": None, "d90": 9}


def test_missing_values_and_empty_objects_are_left_out() -> None:
    assert cells.without_missing({"a": None, "b": {"c": None}, "d": 0, "e": {"f": 1, "g": None}}) == {
        "d": 0,
        "e": {"f": 1},
    }
