import math

import pytest

from features.fields import Windows
from features.message import message
from features.spec import Evidence, Family, Registry, Scale, either, fingerprint, log1p, recent_share, smoothed_share

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


def _one(version: int) -> Registry:
    registry = Registry(Family.PRICE, source="s")

    @registry.feature(Scale("u", 0, 1), missing="never", side=either, say=lambda _e, _v: message("w"), version=version)
    def a_feature(_: Evidence) -> float:
        """What it means."""
        return 0.0

    return registry


def _fingerprint(registry: Registry, **tables: str | int) -> str:
    return fingerprint(registry.features, {"lexicon": "l", "fold_table": 1, **tables})


def test_a_feature_takes_its_name_and_meaning_from_its_function() -> None:
    (feature,) = _one(1).features
    assert (feature.name, feature.meaning) == ("a_feature", "What it means.")


CHANGES = [
    (_fingerprint(_one(2)), "a version step of a feature"),
    (_fingerprint(Registry(Family.PRICE)), "a feature less"),
    (_fingerprint(_one(1), lexicon="m"), "another lexicon"),
    (_fingerprint(_one(1), fold_table=2), "another version of a table"),
    (_fingerprint(_one(1), minhash=1), "a table more"),
]


@pytest.mark.parametrize(("changed", "_why"), CHANGES)
def test_the_fingerprint_changes_with(changed: str, _why: str) -> None:
    assert changed != _fingerprint(_one(1))


def test_the_fingerprint_changes_with_the_order_of_the_features() -> None:
    first, second = _one(1), _one(2)
    one, other = Registry(Family.PRICE), Registry(Family.PRICE)
    one.features = [*first.features, *second.features]
    other.features = [*second.features, *first.features]
    assert _fingerprint(one) != _fingerprint(other)


def test_equal_features_have_equal_fingerprints() -> None:
    assert _fingerprint(_one(1)) == _fingerprint(_one(1))
