import hypothesis.strategies as st
from hypothesis import given
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
