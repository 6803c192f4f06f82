import copy
import dataclasses
import json
import math
from dataclasses import dataclass, field, replace
from decimal import Decimal
from inspect import get_annotations

import pytest
from hypothesis import given

from features.brands import Resolution
from features.facts import Facts, PriceFacts, Source, amount_text, facts_from_json, reference_keys
from features.fields import Windows
from features.history import NOTHING_RECORDED, EventCounts, History
from features.listing import Listing
from features.records import with_fast_init
from features.references import PriceMissing
from tests.fixtures import strategies
from tests.fixtures.facts import bare_facts, facts_of, full_facts, some_facts
from tests.fixtures.strategies import PROPERTY

SELLER = {"external_id": "s", "accepted": {"d7": 5, "d30": 20, "d90": 50}, "returned": {"d90": 4}}


def with_events(sales: Windows = Windows(), returns: Windows = Windows()) -> Facts:
    return some_facts(seller=SELLER, history=History(events=EventCounts(sales=sales, returns=returns)))


def test_computed_windows_win_over_supplied_ones() -> None:
    facts = with_events(sales=Windows(6.0, 21.0, 51.0))
    assert (facts.seller.sales, facts.seller.sales_source) == ((6, 21, 51), Source.COMPUTED)


def test_a_window_that_events_do_not_cover_is_filled_from_the_supplied_one() -> None:
    assert with_events(sales=Windows(6.0, 21.0, None)).seller.sales == (6, 21, 50)


def test_without_events_the_supplied_windows_hold() -> None:
    assert (with_events().seller.returns, with_events().seller.returns_source) == ((None, None, 4), Source.SUPPLIED)


def test_without_either_a_window_is_missing_and_not_zero() -> None:
    facts = some_facts()
    assert (facts.seller.sales, facts.seller.sales_source) == ((None, None, None), Source.MISSING)


def test_a_computed_zero_is_known() -> None:
    facts = with_events(sales=Windows(0.0, 0.0, 0.0))
    assert (facts.seller.sales, facts.seller.sales_source) == ((0, 0, 0), Source.COMPUTED)


DISAGREEMENTS = [
    (Windows(d90=50.0), Windows(), None, "they agree"),
    (Windows(d90=60.0), Windows(), None, "a fifth is within tolerance"),
    (
        Windows(d90=61.0),
        Windows(),
        "The seller profile reports 50 sales in 90 days; the event feed reports 61.",
        "more than a fifth",
    ),
    (Windows(), Windows(d90=7.0), None, "three are within tolerance"),
    (
        Windows(),
        Windows(d90=8.0),
        "The seller profile reports 4 returns in 90 days; the event feed reports 8.",
        "more than three returns",
    ),
    (Windows(d7=90.0), Windows(), None, "only 90 days are compared"),
]


@pytest.mark.parametrize(("sales", "returns", "remark", "_why"), DISAGREEMENTS)
def test_a_seller_block_and_events_that_differ_are_remarked(
    sales: Windows, returns: Windows, remark: str | None, _why: str
) -> None:
    assert with_events(sales, returns).seller.disagreement == remark


AUTHORISED = [
    ("Aurelle", ("brn_aurelle",), True, "for this brand"),
    ("Aurelle", ("brn_solenne",), False, "for another brand"),
    ("Aurelle", (), False, "for none"),
    (None, ("brn_aurelle",), False, "no one brand could be named"),
]


@pytest.mark.parametrize(("brand", "authorised_for", "expected", "_why"), AUTHORISED)
def test_a_seller_is_authorised(brand: str | None, authorised_for: tuple[str, ...], expected: bool, _why: str) -> None:
    history = History(authorised_for=authorised_for)
    assert some_facts(title="Grey tote", brand=brand, history=history).seller.authorised is expected


def test_a_price_is_compared_within_its_brand_and_category() -> None:
    reference = some_facts().price.brand_category
    assert reference is not None
    assert reference.n == 20


def test_a_price_without_a_category_is_compared_with_nothing() -> None:
    price = some_facts(product_type=None).price
    assert (price.brand_category, price.category) == (None, None)


def test_a_price_without_a_brand_is_compared_within_its_category_alone() -> None:
    price = some_facts(title="Grey tote", brand=None).price
    assert (price.brand_category, price.category is not None) == (None, True)


def test_a_price_without_a_rate_is_missing_with_its_reason() -> None:
    assert (bare_facts().price.log_price, bare_facts().price.missing) == (None, PriceMissing.NO_RATE)


def test_an_unregistered_brand_is_compared_under_its_folded_name() -> None:
    facts = some_facts(title="Grey tote", brand=" ÉTOILE ")
    assert reference_keys(facts.listing, facts.brand) == ("etoile", "bags")


def test_facts_are_written_in_a_fixed_order_with_amounts_as_text_and_times_in_utc() -> None:
    document = json.loads(full_facts().to_json())
    assert list(document) == [
        "schema",
        "marketplace",
        "as_of",
        "listing",
        "version",
        "brand",
        "price",
        "seller",
        "near_duplicates",
        "indicators",
        "naming",
        "priors",
        "correction",
    ]
    assert (document["as_of"], document["listing"]["price"]) == ("2026-03-02T09:00:00Z", "489.00")


def test_the_digest_of_literal_facts_does_not_move_by_itself() -> None:
    """The digest identifies facts for years; another serialisation of the same facts would change it."""
    assert full_facts().digest == "442c9c97539e2eb17af766e2af7d239a5bf7a73d7d00e4014030bbb14d25325e"


def test_an_unknown_value_is_null_and_not_left_out() -> None:
    assert json.loads(bare_facts().to_json())["listing"]["title"] is None


@PROPERTY
@given(strategies.facts())
def test_facts_come_back_from_json_equal_and_with_the_same_digest(facts: Facts) -> None:
    again = facts_from_json(facts.to_json())
    assert (again, again.to_json(), again.digest) == (facts, facts.to_json(), facts.digest)


def test_different_facts_have_different_digests() -> None:
    assert some_facts().digest != some_facts(price="488.99").digest


REFUSED_TEXTS = [
    (some_facts().to_json().replace(b'"schema":1', b'"schema":7'), "of schema 7", "another schema"),
    (b"{}", "missing required field", "nothing in it"),
    (b"[]", "Expected", "no object"),
    (b"\xff", "malformed", "no text"),
    (some_facts().to_json().replace(b'"489.00"', b'"much"'), "price", "an amount that is none"),
]


@pytest.mark.parametrize(("text", "sentence", "_why"), REFUSED_TEXTS)
def test_what_is_no_facts_of_this_schema_is_refused(text: bytes, sentence: str, _why: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        facts_from_json(text)


def test_nothing_recorded_is_unknown_and_not_zero() -> None:
    seller = facts_of(some_facts().listing, history=NOTHING_RECORDED).seller
    assert (seller.known_days, seller.listings_30d, seller.outcomes) == (None, None, None)


def test_the_price_of_the_version_before_comes_from_the_history() -> None:
    history = replace(NOTHING_RECORDED, previous_log_price=math.log(600))
    assert some_facts(history=history).price.previous_log_price == math.log(600)


AMOUNTS = [("1890.00", "1,890 EUR"), ("19.90", "19.90 EUR"), ("0.00", "0 EUR"), ("1234567.05", "1,234,567.05 EUR")]


@pytest.mark.parametrize(("amount", "text"), AMOUNTS)
def test_an_amount_reads(amount: str, text: str) -> None:
    assert amount_text(Decimal(amount), "EUR") == text


@dataclass(frozen=True, slots=True)
class Plain:
    word: str
    number: int = 3


@with_fast_init
@dataclass(frozen=True, slots=True)
class Quick:
    word: str
    number: int = 3


def test_a_quickly_made_object_is_what_a_frozen_dataclass_is() -> None:
    quick = Quick("a", number=4)
    assert (quick, hash(quick), repr(quick)) == (Quick("a", 4), hash(Quick("a", 4)), "Quick(word='a', number=4)")
    assert (type(quick), dataclasses.asdict(quick)) == (Quick, dataclasses.asdict(Plain("a", 4)))
    assert dataclasses.replace(quick, word="b") == Quick("b", 4)
    assert get_annotations(Quick.__init__) == get_annotations(Plain.__init__)


@pytest.mark.parametrize("change", ["word", "other"])
def test_a_quickly_made_object_cannot_be_changed(change: str) -> None:
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError)):
        setattr(Quick("a"), change, "b")


@pytest.mark.parametrize("arguments", [{}, {"word": "a", "other": 1}])
def test_a_quickly_made_object_is_made_of_its_fields_alone(arguments: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Quick(**arguments)  # type: ignore[arg-type]  # which is refused


def test_facts_are_copied_whole() -> None:
    facts = full_facts()
    assert copy.deepcopy(facts) == facts
    assert {type(part) for part in (facts, facts.listing, facts.price, facts.brand)} == {
        Facts,
        Listing,
        PriceFacts,
        Resolution,
    }


def test_a_field_that_the_constructor_would_make_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Made:
        words: list[str] = field(default_factory=list)

    with pytest.raises(TypeError):
        with_fast_init(Made)
