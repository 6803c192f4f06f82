import re

import numpy as np
import pytest

from features.compute import NAMES
from models.errors import BundleRefused
from models.forest import Forest, export, splits_without_missing, without_settings
from tests.fixtures.scorers import a_booster, a_forest


def rows(n: int = 50) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    random = np.random.default_rng(9)
    matrix = random.standard_normal((n, len(NAMES)))
    matrix[random.random(matrix.shape) < 0.3] = np.nan
    return matrix


def test_a_forest_trained_without_missing_values_is_refused() -> None:
    """LightGBM would read NaN as zero in every split of such a column."""
    with pytest.raises(ValueError, match="read NaN as zero"):
        export(a_booster(NAMES, with_missing=False), NAMES)


def test_every_split_of_a_forest_trained_without_missing_values_is_counted() -> None:
    booster = a_booster(NAMES, with_missing=False)
    splits = sum(tree["num_leaves"] - 1 for tree in booster.dump_model()["tree_info"])
    assert splits_without_missing(booster.model_to_string()) == splits > 0


def test_a_single_split_that_reads_nan_as_zero_is_counted() -> None:
    text = a_forest().text
    line = next(line for line in text.splitlines() if line.startswith("decision_type=10"))
    assert splits_without_missing(text.replace(line, line.replace("10", "2", 1), 1)) == 1


def test_a_forest_of_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="not the feature set"):
        export(a_booster(NAMES), NAMES[::-1])


def test_the_settings_of_a_run_are_no_part_of_the_model() -> None:
    whole = a_booster(NAMES).model_to_string()
    assert "num_threads" in whole
    assert not re.search("num_threads|^parameters", without_settings(whole), re.MULTILINE)


def test_a_text_without_settings_stays_as_it_is() -> None:
    assert without_settings(a_forest().text) == a_forest().text


def test_raw_values_are_those_of_lightgbm() -> None:
    booster = a_booster(NAMES)
    assert np.array_equal(Forest(export(booster, NAMES)).raw(rows()), booster.predict(rows(), raw_score=True))


def test_contributions_sum_to_the_raw_value() -> None:
    parts = a_forest().contributions(rows())
    assert parts.shape == (50, len(NAMES) + 1)
    assert np.allclose(parts.sum(axis=1), a_forest().raw(rows()), rtol=0, atol=1e-9)


def test_threads_change_nothing() -> None:
    assert np.array_equal(a_forest().raw(rows(), threads=1), a_forest().raw(rows(), threads=2))


def test_missing_is_not_zero() -> None:
    known = np.zeros((1, len(NAMES)))
    missing = np.full((1, len(NAMES)), np.nan)
    assert a_forest().raw(known)[0] != a_forest().raw(missing)[0]


def test_a_text_that_is_no_forest_is_refused() -> None:
    with pytest.raises(BundleRefused, match="cannot be read"):
        Forest("no forest")
