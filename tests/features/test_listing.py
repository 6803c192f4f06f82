from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import example, given
from jsonschema import Draft202012Validator

from features import fields, money
from features.facts import facts_from_json
from features.listing import CONTENT_FIELDS, LISTING_FIELDS, OBSERVED_FIELDS, SELLER_FIELDS, Listing, Rejection, check
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import FULL_ROW, a_full_listing, a_listing, facts_of
from tests.fixtures.runtimes import a_row
from tests.fixtures.strategies import JSON_VALUES, PROPERTY, listings


def rejection_of(row: object) -> Rejection:
    rejection = check(row, received_at=NOW)
    assert isinstance(rejection, Rejection), rejection
    return rejection


def in_seller(**changes: Any) -> dict[str, Any]:
    return {"seller": {"external_id": "closet-mia", **changes}}


# change of an ordinary row -> code, field.
BAD_ROWS: list[tuple[dict[Any, Any], str, str | None, str]] = [
    ({"price": float("nan")}, "not_finite", "price", "NaN passes JSON readers and poisons every mean"),
    ({"price": float("inf")}, "not_finite", "price", "infinity"),
    ({"price": Decimal("sNaN")}, "not_finite", "price", "a signalling NaN raises on comparison"),
    ({"price": Decimal("1e999")}, "out_of_range", "price", "a finite decimal beyond float"),
    ({"price": 10**400}, "out_of_range", "price", "an integer beyond float"),
    ({"price": "1e999"}, "wrong_type", "price", "text amounts have no exponent"),
    ({"price": "-0.01"}, "negative", "price", "below zero"),
    ({"price": -1}, "negative", "price", "below zero as a number"),
    ({"price": "10000000000.01"}, "out_of_range", "price", "above the largest amount that 64 bits hold"),
    ({"price": True}, "wrong_type", "price", "a truth value is an int to Python"),
    ({"price": "19,90"}, "wrong_type", "price", "a decimal comma is ambiguous"),
    ({"price": "19.90 EUR"}, "wrong_type", "price", "an amount with its unit"),
    ({"price": "١٩"}, "wrong_type", "price", "digits of another script"),
    ({"price": "19.90\n"}, "wrong_type", "price", "$ would let a trailing newline pass"),
    ({"price": [19]}, "wrong_type", "price", "a list"),
    ({"list_price": "-5"}, "negative", "list_price", "the claimed price is an amount, too"),
    ({"currency": "eur"}, "bad_currency", "currency", "small letters"),
    ({"currency": "EURO"}, "bad_currency", "currency", "four letters"),
    ({"currency": "€"}, "bad_currency", "currency", "a sign"),
    ({"currency": "EUR\n"}, "bad_currency", "currency", "a trailing newline"),
    ({"currency": "ЕUR"}, "bad_currency", "currency", "a Cyrillic E"),
    ({"currency": 978}, "bad_currency", "currency", "the numeric code"),
    ({"currency": None}, "missing_field", "currency", "an amount without a unit is unusable"),
    ({"title": "\ud800"}, "bad_characters", "title", "half a surrogate pair cannot be stored as UTF-8"),
    ({"title": "a\0b"}, "bad_characters", "title", "PostgreSQL cannot store NUL"),
    ({"title": "a\ufffe"}, "bad_characters", "title", "a noncharacter"),
    ({"title": "a\ufdd0"}, "bad_characters", "title", "a noncharacter in the middle of the plane"),
    ({"title": "a\U0010ffff"}, "bad_characters", "title", "a noncharacter of the last plane"),
    ({"title": "x" * 1_001}, "too_long", "title", "one above the cap"),
    ({"description": "x" * 50_001}, "too_long", "description", "one above the cap"),
    ({"title": 5}, "wrong_type", "title", "a number is no text"),
    ({"title": {"en": "Bag"}}, "wrong_type", "title", "an object is no text"),
    ({"condition": "mint"}, "unknown_value", "condition", "not one of three words"),
    ({"condition": ["new"]}, "unknown_value", "condition", "a list of one"),
    ({"availability": "soon"}, "unknown_value", "availability", "not one of four words"),
    ({"occurred_at": "2026-03-03T09:00:01Z"}, "future_time", "occurred_at", "more than a day ahead"),
    ({"occurred_at": "2026-03-01T12:00:00"}, "naive_time", "occurred_at", "no offset"),
    ({"occurred_at": "2026-03-01"}, "naive_time", "occurred_at", "a date has no offset either"),
    ({"occurred_at": datetime(2026, 3, 1)}, "naive_time", "occurred_at", "no offset"),  # noqa: DTZ001
    ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "bad_time", "occurred_at", "outside the calendar in UTC"),
    ({"occurred_at": "9999-12-31T23:59:59-12:00"}, "bad_time", "occurred_at", "outside the calendar in UTC"),
    ({"occurred_at": "0001-01-01T00:00:00Z"}, "out_of_range", "occurred_at", "the default of many systems"),
    ({"occurred_at": "9999-12-31T00:00:00Z"}, "future_time", "occurred_at", "the other default"),
    ({"occurred_at": "yesterday"}, "bad_time", "occurred_at", "no time at all"),
    ({"occurred_at": "2026-03-01T12:00:00\ud800"}, "bad_time", "occurred_at", "half a surrogate pair in a time"),
    ({"occurred_at": 1_772_000_000}, "wrong_type", "occurred_at", "seconds of an epoch that is not said"),
    ({"age_days": 1.5}, "wrong_type", "age_days", "days are whole"),
    ({"age_days": -1}, "negative", "age_days", "below zero"),
    ({"age_days": 2**53 + 1}, "out_of_range", "age_days", "above the largest count, to which a float rounds it"),
    ({"age_days": True}, "wrong_type", "age_days", "a truth value is an int to Python"),
    ({"age_days": "12"}, "wrong_type", "age_days", "counts are numbers"),
    ({"age_days": float("inf")}, "not_finite", "age_days", "infinity"),
    ({"age_days": Decimal("sNaN")}, "not_finite", "age_days", "a signalling NaN raises on conversion"),
    ({"sales": 5}, "wrong_type", "sales", "a window without its length"),
    ({"sales": [1, 2, 3]}, "wrong_type", "sales", "windows have names"),
    ({"sales": {"d14": 1}}, "unknown_field", "sales.d14", "there is no such window"),
    ({"sales": {"d7\0\ud800": 1}}, "unknown_field", "sales.d7\\x00\\ud800", "a name that cannot be stored"),
    ({"sales": {"d7": {"d7": 1}}}, "wrong_type", "sales.d7", "a window in a window"),
    ({"sales": {"d7": -1}}, "negative", "sales.d7", "below zero"),
    ({"sales": {"d7": True}}, "wrong_type", "sales.d7", "a truth value in a window"),
    ({"rating_counts": [1, 2, 3]}, "wrong_type", "rating_counts", "five stars, five counts"),
    ({"rating_counts": [1, 2, 3, 4, -5]}, "negative", "rating_counts[4]", "one of them below zero"),
    ({"rating_counts": "12345"}, "wrong_type", "rating_counts", "text has a length, too"),
    ({"link": "javascript:alert(1)"}, "bad_url", "link", "only http and https"),
    ({"link": "https://"}, "bad_url", "link", "no host"),
    ({"link": "http://[1"}, "bad_url", "link", "a host that the parser refuses"),
    ({"image_link": ["https://a.example"] * 21}, "too_many", "image_link", "more than twenty"),
    ({"sells_in": ["DE"] * 251}, "too_many", "sells_in", "more than there are countries"),
    ({"sells_in": ["Germany"]}, "not_a_country", "sells_in", "a name is no code"),
    ({"sells_in": [49]}, "not_a_country", "sells_in", "a number is no code"),
    ({"sells_in": {"DE": True}}, "wrong_type", "sells_in", "an object is no list"),
    ({"image_link": [None]}, "wrong_type", "image_link", "null among addresses"),
    ({"image_link": {"1": "https://a.example"}}, "wrong_type", "image_link", "an object"),
    ({"external_id": None}, "missing_field", "external_id", "a listing without an id"),
    ({"external_id": "  "}, "missing_field", "external_id", "a blank id is none"),
    ({"external_id": 7}, "wrong_type", "external_id", "ids are text"),
    ({"prise": "10"}, "unknown_field", "prise", "a misspelt field"),
    ({"pri\0ce": "10"}, "unknown_field", "pri\\x00ce", "NUL in a name must not reach the database"),
    ({"\ud800": 1}, "unknown_field", "\\ud800", "half a surrogate pair in a name"),
    ({"x" * 10_000: 1}, "unknown_field", "x" * 60, "a name as long as a book"),
    ({7: 1}, "unknown_field", "7", "a name that is no text"),
    ({"title": None, "description": " ", "price": None}, "empty_listing", "", "nothing to judge"),
    ({"seller": "closet-mia"}, "wrong_type", "seller", "a seller is an object"),
    (in_seller(name="Mia"), "unknown_field", "seller.name", "names of people are not wanted"),
    (in_seller(rating=5.1), "out_of_range", "seller.rating", "above five stars"),
    (in_seller(rating=-0.1), "out_of_range", "seller.rating", "below none"),
    (in_seller(rating="5"), "wrong_type", "seller.rating", "ratings are numbers"),
    (in_seller(rating=float("nan")), "not_finite", "seller.rating", "NaN compares false with every bound"),
    (in_seller(age_days=10**400), "not_finite", "seller.age_days", "an integer beyond float"),
    (in_seller(gmv={"d7": "NaN"}), "wrong_type", "seller.gmv.d7", "NaN as text"),
    (in_seller(gmv={"d7": float("inf")}), "not_finite", "seller.gmv.d7", "an infinite turnover"),
    (in_seller(gmv={"d7": False}), "wrong_type", "seller.gmv.d7", "a truth value as an amount"),
]


@pytest.mark.parametrize(("change", "code", "field", "_why"), BAD_ROWS)
def test_a_bad_row_is_refused_with_its_code_and_field(change: dict[str, Any], code: str, field: str, _why: str) -> None:
    rejection = rejection_of({**a_row(), **change})
    assert (rejection.code, rejection.field) == (code, field)


def test_a_refusal_can_be_shown_and_stored_and_does_not_repeat_what_was_sent() -> None:
    for change, _, _, why in BAD_ROWS:
        rejection = rejection_of({**a_row(), **change})
        shown = f"{rejection.field}{rejection.sentence}"
        assert rejection.sentence.endswith("."), why
        assert "\0" not in shown, why
        assert len(shown.encode()) < 400, why


@pytest.mark.parametrize("row", [None, 5, "title", ["title"], b"{}"])
def test_what_is_no_object_is_refused(row: object) -> None:
    assert rejection_of(row).code == "wrong_type"


ACCEPTED_ROWS = [
    ({"price": "-0"}, "price", Decimal("0.00"), "minus zero is zero"),
    ({"price": "10000000000"}, "price", Decimal("10000000000.00"), "the largest amount"),
    ({"price": 19.9}, "price", Decimal("19.90"), "a float by its shortest writing, not its binary value"),
    ({"price": "19.995"}, "price", Decimal("20.00"), "half to even at the precision that is kept"),
    ({"price": "19.985"}, "price", Decimal("19.98"), "half to even downwards"),
    ({"price": "1500.4", "currency": "JPY"}, "price", Decimal("1500"), "a currency without minor units"),
    ({"price": "1.2345", "currency": "KWD"}, "price", Decimal("1.234"), "a currency with three places"),
    ({"currency": "XTS"}, "currency", "XTS", "a code without a rate is kept"),
    ({"title": "x" * 1_000}, "title", "x" * 1_000, "exactly the cap"),
    ({"title": " \u3000"}, "title", None, "blank is missing"),
    ({"title": " Bag "}, "title", " Bag ", "nothing is trimmed: what was sent is evidence"),
    ({"title": "\u202eBag"}, "title", "\u202eBag", "direction marks are evidence"),
    ({"occurred_at": "2026-03-03T09:00:00Z"}, "occurred_at", NOW + timedelta(days=1), "a day ahead: a clock's zone"),
    (
        {"occurred_at": "2026-03-01T12:00:00+05:30"},
        "occurred_at",
        datetime(2026, 3, 1, 6, 30, tzinfo=UTC),
        "converted to UTC",
    ),
    ({"age_days": 2**53}, "age_days", 2**53, "the largest count"),
    ({"age_days": 12.0}, "age_days", 12, "a whole float is whole"),
    ({"image_link": "https://a.example/1"}, "image_link", ("https://a.example/1",), "one address is a list of one"),
    ({"image_link": [" "]}, "image_link", None, "no address is none"),
    ({"link": " HTTPS://a.example/1 "}, "link", "HTTPS://a.example/1", "an address is trimmed"),
    ({"condition": None}, "condition", None, "null and absent mean the same"),
]


@pytest.mark.parametrize(("change", "field", "expected", "_why"), ACCEPTED_ROWS)
def test_an_unusual_row_is_accepted_as(change: dict[str, Any], field: str, expected: object, _why: str) -> None:
    assert getattr(a_listing(**change), field) == expected


def test_null_means_absent_in_every_field() -> None:
    everything = dict.fromkeys((field.name for field in LISTING_FIELDS), None)
    assert check({**everything, "external_id": "MP-1", "title": "Bag"}, received_at=NOW) == Listing(
        external_id="MP-1", title="Bag"
    )


def test_a_window_left_out_is_unknown_and_not_zero() -> None:
    assert a_listing(sales={"d30": 4}).sales == (None, 4.0, None)


def test_a_bad_second_field_is_refused_even_where_the_first_is_fine() -> None:
    assert rejection_of(a_row(mpn="\0")).field == "mpn"


@PROPERTY
@given(JSON_VALUES)
def test_any_value_is_a_listing_or_a_refusal_with_a_code(row: object) -> None:
    outcome = check(row, received_at=NOW)
    assert isinstance(outcome, Listing) or (outcome.code and outcome.sentence.endswith("."))


@PROPERTY
@given(st.dictionaries(st.sampled_from([*(field.name for field in LISTING_FIELDS), "seller"]), JSON_VALUES, max_size=6))
def test_any_value_in_a_field_is_accepted_or_refused_by_name(row: dict[str, object]) -> None:
    outcome = check({"external_id": "MP-1", "title": "Bag", **row}, received_at=NOW)
    assert isinstance(outcome, Listing) or outcome.field.split(".")[0].split("[")[0] in {*row, "", "currency"}


@PROPERTY
@given(st.dictionaries(st.sampled_from([field.name for field in SELLER_FIELDS]), JSON_VALUES, max_size=6))
def test_any_value_in_the_seller_block_is_accepted_or_refused(seller: dict[str, object]) -> None:
    outcome = check({"external_id": "MP-1", "title": "Bag", "seller": seller}, received_at=NOW)
    assert isinstance(outcome, Listing) or outcome.field.startswith("seller.")


@PROPERTY
@given(listings())
def test_a_listing_comes_back_whole_from_its_facts(listing: Listing) -> None:
    assert facts_from_json(facts_of(listing).to_json()).listing == listing


OTHER_CONTENT = {
    "title": "Another title",
    "description": "Another description.",
    "brand": "Solenne",
    "product_type": "Wallets",
    "price": "488.99",
    "list_price": "979.00",
    "currency": "USD",
    "gtin": "3760121234578",
    "mpn": "AU-COL-8",
    "condition": "new",
    "link": "https://bazaar.example/offers/2",
    "image_link": ["https://bazaar.example/pictures/2.jpg"],
    "language": "fr",
    "ship_from": "CN",
}


def versions(changes: Mapping[str, Any]) -> dict[str, bool]:
    """Whether each change alone makes another version of the full listing."""
    before = a_full_listing().content_hash
    return {name: a_full_listing(**{name: field_value}).content_hash != before for name, field_value in changes.items()}


def test_a_change_that_a_buyer_sees_is_another_version() -> None:
    changes = {field.name: OTHER_CONTENT[field.name] for field in CONTENT_FIELDS}
    assert versions(changes) == dict.fromkeys(changes, True)


def test_leaving_out_what_a_buyer_sees_is_another_version() -> None:
    names = [field.name for field in CONTENT_FIELDS if field.name not in {"price", "currency"}]
    assert versions(dict.fromkeys(names)) == dict.fromkeys(names, True)


def test_another_seller_is_another_version() -> None:
    assert a_full_listing(seller={"external_id": "x"}).content_hash != a_full_listing().content_hash


def test_a_counter_is_no_new_version() -> None:
    names = [*(field.name for field in OBSERVED_FIELDS), "occurred_at"]
    assert versions(dict.fromkeys(names)) == dict.fromkeys(names, False)


def test_a_figure_of_the_seller_is_no_new_version() -> None:
    """Left out one at a time."""
    for name in [field.name for field in SELLER_FIELDS if field.name != "external_id"]:
        seller = {key: figure for key, figure in FULL_ROW["seller"].items() if key != name}
        assert versions({"seller": seller}) == {"seller": False}, name


def test_the_same_price_written_otherwise_is_the_same_version() -> None:
    assert a_listing(price="489").content_hash == a_listing(price=489.0).content_hash


def test_all_unknown_fields_are_named_at_once_with_the_nearest_field() -> None:
    rejection = rejection_of({**a_row(), "Titel": "Bag", "prise": "10", "our_remark": "x", "empty": None})
    near = "Titel (nearest field: title), prise (nearest field: price)"
    assert (rejection.field, rejection.sentence) == ("Titel", f"{near}, our_remark are not fields of a listing.")
    many = rejection_of({**a_row(), **{f"x{i}": 1 for i in range(500)}})
    assert many.sentence.endswith("x9 and 490 more are not fields of a listing.")
    assert "agedays (nearest field: age_days), ratng (nearest" in rejection_of(in_seller(agedays=3, ratng=4)).sentence


def test_every_field_says_what_it_means() -> None:
    assert all(field.meaning.endswith((".", "?")) for field in (*LISTING_FIELDS, *SELLER_FIELDS))


def test_the_published_schema_of_each_field_accepts_a_full_row() -> None:
    row = {**FULL_ROW, **{f"seller.{name}": field_value for name, field_value in FULL_ROW["seller"].items()}}
    schemas = {field.name: field.schema for field in LISTING_FIELDS}
    schemas |= {f"seller.{field.name}": field.schema for field in SELLER_FIELDS}
    assert [name for name in schemas if not Draft202012Validator(schemas[name]).is_valid(row[name])] == []


def test_the_published_schema_of_each_field_refuses_a_truth_value() -> None:
    fields = [*LISTING_FIELDS, *SELLER_FIELDS]
    assert [field.name for field in fields if Draft202012Validator(field.schema).is_valid(True)] == []


@PROPERTY
@given(st.from_regex(fields._PLAIN_URL, fullmatch=True))
def test_a_plain_address_is_one_that_the_standard_library_reads(address: str) -> None:
    assert fields._http_url("link", address) == address


THREE = ("d7", "d30", "d90")
COUNTS = [0, -1, 7, 2**53, 2**53 + 1, 2.0, 2.5, True, None, "3", Decimal(4)]
AMOUNTS = ["0", "12.50", "007.1", "9999999999.999", "10000000000", "10000000000.01", "-0", "-1", "1 2", "", "1e3", "٣"]


@PROPERTY
@given(
    st.booleans(),
    st.lists(st.sampled_from([*COUNTS, *AMOUNTS]), min_size=3, max_size=3) | st.lists(st.sampled_from(AMOUNTS[:5])),
    st.sampled_from([THREE, ("d30", "d90", "d7"), ("d7", "d30"), ("d7", "d30", "d8")]),
)
@example(True, ["10000000000.01", "1", "1"], THREE)
@example(False, [2**53 + 1, 1, 1], THREE)
@example(False, [1, -1, 1], THREE)
def test_three_values_of_a_window_are_read_as_each_alone(
    of_amounts: bool, values: list[Any], keys: tuple[str, ...]
) -> None:
    """The way of three plain values accepts what the readers of single values accept, with the same result."""
    row = dict(zip(keys, values, strict=False))
    together = outcome(fields.windows("sales", "Sold.", of_amounts=of_amounts).read, row)
    field = fields.amount("sales", "Sold.") if of_amounts else fields.count("sales", "Sold.")
    alone = {key: outcome(field.read, number) for key, number in row.items() if number is not None}
    if "d8" in row or any(isinstance(reading, fields.FieldError) for reading in alone.values()):
        assert isinstance(together, fields.FieldError)
    else:
        assert together == fields.Windows(**{key: float(number) for key, number in alone.items()})
        assert {type(number) for number in together} <= {float, type(None)}


def outcome(read: fields.Reader, raw: object) -> Any:
    """What a reader gives, or its refusal."""
    try:
        return read("sales", raw)
    except fields.FieldError as refused:
        return refused


def test_text_is_refused_for_the_characters_that_cannot_be_stored() -> None:
    """By every code point; the quick look at the bytes decides no other way than the characters themselves."""
    for code in range(0x110000):
        text = f"é{chr(code)}"
        assert fields._is_unstorable(text) == bool(fields._UNSTORABLE.search(text))


EXPONENTS = [
    ("EUR", 2, "most currencies"),
    ("JPY", 0, "no minor unit"),
    ("KRW", 0, "no minor unit"),
    ("KWD", 3, "a thousandth"),
    ("CLF", 4, "the one with four"),
    ("XTS", 2, "a code that the table does not name"),
]


@pytest.mark.parametrize(("code", "exponent", "_why"), EXPONENTS, ids=[row[0] for row in EXPONENTS])
def test_a_currency_has_the_minor_units_of_iso_4217(code: str, exponent: int, _why: str) -> None:
    assert money.exponent(code) == exponent


ROUNDINGS = [
    ("0.005", "EUR", 0, "half goes to even"),
    ("0.015", "EUR", 2, "half goes to even, here upwards"),
    ("2.5", "JPY", 2, "whole units"),
    ("10000000000", "CLF", 10**14, "the largest amount in the finest currency"),
]


@pytest.mark.parametrize(("amount", "code", "minor", "_why"), ROUNDINGS)
def test_an_amount_rounds_to_minor_units(amount: str, code: str, minor: int, _why: str) -> None:
    assert money.to_minor(Decimal(amount), code) == minor


@PROPERTY
@given(st.integers(0, 10**14), st.sampled_from([row[0] for row in EXPONENTS]))
def test_minor_units_come_back_unchanged(minor: int, code: str) -> None:
    assert money.to_minor(money.from_minor(minor, code), code) == minor


@PROPERTY
@given(st.decimals(0, money.MAX_AMOUNT, places=12), st.sampled_from([row[0] for row in EXPONENTS]))
def test_the_minor_units_of_any_accepted_amount_fit_a_signed_64_bit_column(amount: Decimal, code: str) -> None:
    assert money.to_minor(amount, code) < 2**63


@PROPERTY
@given(st.decimals(0, money.MAX_AMOUNT, places=12), st.sampled_from([row[0] for row in EXPONENTS]))
def test_rounding_twice_changes_nothing(amount: Decimal, code: str) -> None:
    once = money.round_amount(amount, code)
    assert str(money.round_amount(once, code)) == str(once)
