import json
import math

import numpy as np
import pytest
from hypothesis import given

from features.compute import FEATURES, NAMES, compute, family_columns, input_fingerprint, matrix
from features.facts import Facts, facts_from_json
from features.fields import Windows
from features.message import as_json, from_json, message
from features.spec import Evidence, Family, Registry, Scale, either, fingerprint, log1p, recent_share, smoothed_share
from models.messages.english import in_english
from tests.fixtures import golden, strategies
from tests.fixtures.facts import FULL_ROW, bare_facts, facts_of, full_facts, some_facts
from tests.fixtures.strategies import PROPERTY

GOLDEN = golden.recorded_file()


def test_there_are_at_least_thirty_features() -> None:
    assert len(FEATURES) >= 30


def test_no_two_features_share_a_name() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("attribute", ["name", "meaning", "unit", "missing", "source"])
def test_every_feature_states_its(attribute: str) -> None:
    assert [feature.name for feature in FEATURES if not getattr(feature, attribute).strip()] == []


def test_every_feature_has_a_range() -> None:
    assert [feature.name for feature in FEATURES if not feature.low < feature.high < math.inf] == []


def test_every_feature_begins_with_its_family() -> None:
    assert [feature.name for feature in FEATURES if not feature.name.startswith(f"{feature.family.value}_")] == []


def test_no_feature_reads_who_the_seller_is() -> None:
    """Another seller, listing or marketplace with the same history is the same to the model (promise E5)."""
    listing = full_facts().listing
    other = full_facts(external_id="MP-2", seller={**FULL_ROW["seller"], "external_id": "somebody-else"}).listing
    assert np.array_equal(compute(facts_of(listing)).vector, compute(facts_of(other)).vector, equal_nan=True)


@PROPERTY
@given(strategies.facts())
def test_every_value_is_missing_or_within_its_range(facts: Facts) -> None:
    vector = compute(facts).vector
    outside = [
        (feature.name, feature_value)
        for feature, feature_value in zip(FEATURES, vector, strict=True)
        if not (math.isnan(feature_value) or feature.low <= feature_value <= feature.high)
    ]
    assert outside == []


@PROPERTY
@given(strategies.facts())
def test_every_known_value_has_a_message(facts: Facts) -> None:
    row = compute(facts)
    messages = [f.say(row.evidence, float(v)) for f, v in zip(FEATURES, row.vector, strict=True) if not math.isnan(v)]
    assert [from_json(json.loads(json.dumps(as_json(message)))) for message in messages if message] == [
        message for message in messages if message
    ]
    lines = [in_english(message) for message in messages if message is not None]
    assert [words for words in lines if not words.strip() or "nan" in words.split() or "None" in words.split()] == []


def test_what_is_not_known_is_missing_and_not_zero() -> None:
    vector = compute(bare_facts()).vector
    known = {name for name, feature_value in zip(NAMES, vector, strict=True) if not math.isnan(feature_value)}
    always = {feature.name for feature in FEATURES if feature.missing == "never"}
    # The price of the bare listing is known, if not its worth.
    assert known - always == {"price_is_placeholder", "price_same_on_marketplace"}


def test_what_is_always_known_has_a_value_even_of_nothing() -> None:
    vector = dict(zip(NAMES, compute(bare_facts()).vector, strict=True))
    assert [f.name for f in FEATURES if f.missing == "never" and math.isnan(vector[f.name])] == []


def test_a_full_listing_has_every_feature() -> None:
    assert [name for name, v in zip(NAMES, compute(full_facts()).vector, strict=True) if math.isnan(v)] == []


def test_a_row_of_a_matrix_is_the_vector_of_its_facts_bit_for_bit() -> None:
    rows = [some_facts(), full_facts(), bare_facts()]
    assert matrix(rows).tobytes() == b"".join(compute(facts).vector.tobytes() for facts in rows)


def test_the_matrix_of_nothing_has_the_columns() -> None:
    assert matrix([]).shape == (0, len(FEATURES))


def test_the_families_divide_the_columns() -> None:
    columns = np.concatenate([family_columns(family) for family in Family])
    assert sorted(columns) == list(range(len(FEATURES)))


FAMILIES_KNOWN = [
    (bare_facts(), 1, "only the price's shape"),
    (some_facts(seller=None, price=None, currency=None, product_type=None), 2, "a text makes text and brand known"),
    (full_facts(), 5, "everything"),
]


@pytest.mark.parametrize(("facts", "known", "_why"), FAMILIES_KNOWN)
def test_signal_families_are_known(facts: Facts, known: int, _why: str) -> None:
    assert compute(facts).families_known() == known


def test_the_recorded_vectors_are_of_this_fingerprint() -> None:
    assert GOLDEN["fingerprint"] == input_fingerprint(), (
        "The input fingerprint changed. If that was meant, run `python -m tests.fixtures.golden` and commit the file."
    )


@pytest.mark.parametrize("row", GOLDEN["rows"], ids=[row["case"] for row in GOLDEN["rows"]])
def test_outputs_change_only_with_a_version_step(row: dict[str, object]) -> None:
    vector = compute(facts_from_json(json.dumps(row["facts"]))).vector
    recorded = np.array(row["vector"], dtype=np.float64)
    same = np.isclose(vector, recorded, rtol=1e-12, atol=0, equal_nan=True)
    moved = {
        name: (float(was), float(now)) for name, was, now, s in zip(NAMES, recorded, vector, same, strict=True) if not s
    }
    assert moved == {}, (
        "The outputs of these features changed, and their version did not: a bundle that was trained on the old ones "
        "would be fed the new ones. Raise `version=` where they are defined, or put the computation back."
    )


def test_the_recorded_facts_are_those_of_the_fixture() -> None:
    assert {row["case"]: row["facts"] for row in GOLDEN["rows"]} == {
        name: json.loads(facts.to_json()) for name, facts in golden.golden_facts().items()
    }


@PROPERTY
@given(strategies.facts())
def test_a_feature_is_missing_without_what_it_needs(facts: Facts) -> None:
    """To leave those features out changes no value."""
    row = compute(facts)
    np.testing.assert_array_equal(row.vector, [feature.compute(row.evidence) for feature in FEATURES])


SHARES = [
    (0, 0, 0.05, "nothing seen: the prior"),
    (1, 1, 2 / 21, "one of one is far from certain: (1 + 0.05 x 20) / (1 + 20)"),
    (10, 180, 11 / 200, "(10 + 1) / (180 + 20)"),
    (5, 1, 2 / 21, "a part above the whole counts as the whole"),
]


@pytest.mark.parametrize(("part", "whole", "expected", "_why"), SHARES)
def test_a_share_is_pulled_towards_its_prior(part: float, whole: float, expected: float, _why: str) -> None:
    assert smoothed_share(part, whole, prior=0.05, strength=20) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize(("part", "whole"), [(None, 5), (5, None), (None, None)])
def test_a_share_of_unknown_counts_is_missing(part: float | None, whole: float | None) -> None:
    assert math.isnan(smoothed_share(part, whole, prior=0.05, strength=20))


RECENT = [
    (Windows(5.0, None, 10.0), 0.5, "half of it"),
    (Windows(0.0, None, 10.0), 0.0, "none of it"),
    (Windows(12.0, None, 10.0), 1.0, "counted at different moments"),
]


@pytest.mark.parametrize(("counts", "expected", "_why"), RECENT)
def test_the_recent_share_is(counts: Windows, expected: float, _why: str) -> None:
    assert recent_share(counts) == expected


@pytest.mark.parametrize("counts", [Windows(None, None, 10.0), Windows(5.0, None, None), Windows(0.0, 0.0, 0.0)])
def test_the_recent_share_of_nothing_is_missing(counts: Windows) -> None:
    assert math.isnan(recent_share(counts))


def test_the_log_of_an_unknown_count_is_missing_and_that_of_none_is_zero() -> None:
    assert math.isnan(log1p(None))
    assert log1p(0) == 0


def _registry_of_version(version: int) -> Registry:
    registry = Registry(Family.PRICE, source="s")

    @registry.feature(Scale("u", 0, 1), missing="never", side=either, say=lambda _e, _v: message("w"), version=version)
    def a_feature(_: Evidence) -> float:
        """What it means."""
        return 0.0

    return registry


def _fingerprint(registry: Registry, **tables: str | int) -> str:
    return fingerprint(registry.features, {"lexicon": "l", "fold_table": 1, **tables})


def test_a_feature_takes_its_name_and_meaning_from_its_function() -> None:
    (feature,) = _registry_of_version(1).features
    assert (feature.name, feature.meaning) == ("a_feature", "What it means.")


CHANGES = [
    (_fingerprint(_registry_of_version(2)), "a version step of a feature"),
    (_fingerprint(Registry(Family.PRICE)), "a feature less"),
    (_fingerprint(_registry_of_version(1), lexicon="m"), "another lexicon"),
    (_fingerprint(_registry_of_version(1), fold_table=2), "another version of a table"),
    (_fingerprint(_registry_of_version(1), minhash=1), "a table more"),
]


@pytest.mark.parametrize(("changed", "_why"), CHANGES)
def test_the_fingerprint_changes_with(changed: str, _why: str) -> None:
    assert changed != _fingerprint(_registry_of_version(1))


def test_the_fingerprint_changes_with_the_order_of_the_features() -> None:
    first, second = _registry_of_version(1), _registry_of_version(2)
    registry, other = Registry(Family.PRICE), Registry(Family.PRICE)
    registry.features = [*first.features, *second.features]
    other.features = [*second.features, *first.features]
    assert _fingerprint(registry) != _fingerprint(other)


def test_equal_features_have_equal_fingerprints() -> None:
    assert _fingerprint(_registry_of_version(1)) == _fingerprint(_registry_of_version(1))
