from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from hypothesis import example, given
from jsonschema import Draft202012Validator

from features import fields
from features.listing import LISTING_FIELDS, SELLER_FIELDS
from tests.fixtures.facts import FULL_ROW
from tests.fixtures.strategies import PROPERTY


def test_every_field_says_what_it_means() -> None:
    assert all(field.meaning.endswith((".", "?")) for field in (*LISTING_FIELDS, *SELLER_FIELDS))


def test_the_published_schema_of_each_field_accepts_a_full_row() -> None:
    found = {**FULL_ROW, **{f"seller.{name}": value for name, value in FULL_ROW["seller"].items()}}
    schemas = {field.name: field.schema for field in LISTING_FIELDS}
    schemas |= {f"seller.{field.name}": field.schema for field in SELLER_FIELDS}
    assert [name for name in schemas if not Draft202012Validator(schemas[name]).is_valid(found[name])] == []


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
    one = fields.amount("sales", "Sold.") if of_amounts else fields.count("sales", "Sold.")
    alone = {key: outcome(one.read, value) for key, value in row.items() if value is not None}
    if "d8" in row or any(isinstance(found, fields.Rejected) for found in alone.values()):
        assert isinstance(together, fields.Rejected)
    else:
        assert together == fields.Windows(**{key: float(found) for key, found in alone.items()})
        assert {type(found) for found in together} <= {float, type(None)}


def outcome(read: fields.Reader, value: object) -> Any:
    """What a reader gives, or its refusal."""
    try:
        return read("sales", value)
    except fields.Rejected as refused:
        return refused


def test_text_is_refused_for_the_characters_that_cannot_be_stored() -> None:
    """By every code point; the quick look at the bytes decides no other way than the characters themselves."""
    for code in range(0x110000):
        text = f"é{chr(code)}"
        assert fields._is_unstorable(text) == bool(fields._UNSTORABLE.search(text))
