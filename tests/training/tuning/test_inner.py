"""The value of settings on inner folds: that of the classifier's own fit, and no row tells its own score."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.fixtures.labelled import a_market, market_facts
from training.fit_forest import ForestSettings
from training.fit_settings import FitSettings
from training.tuning.inner import InnerFolds

DATA = a_market(120)
FACTS = market_facts(DATA)
SETTINGS = FitSettings(ForestSettings(rounds=20, leaves=4, learning_rate=0.1, rows_per_leaf=5))


@cache
def rows() -> InnerFolds:
    return InnerFolds.of(FACTS, DATA.labels, DATA.groups, np.ones(120), folds=3, seed=0, threads=1)


def test_the_folds_have_no_seller_on_both_sides_and_cover_every_row() -> None:
    assert sorted(i for _, test in rows().folds for i in test.tolist()) == list(range(120))
    for train, test in rows().folds:
        assert not set(DATA.groups[train].tolist()) & set(DATA.groups[test].tolist())


def test_the_value_is_an_average_precision_and_each_finished_fold_is_heard() -> None:
    heard: list[tuple[int, float]] = []
    value = rows().average_precision(SETTINGS, lambda fold, within: heard.append((fold, within)))
    assert DATA.labels.mean() < value < 1
    assert [fold for fold, _ in heard] == [0, 1, 2]
    assert all(0 < within <= 1 for _, within in heard)
    assert value == rows().average_precision(SETTINGS)


def test_other_settings_have_another_value() -> None:
    other = FitSettings(ForestSettings(rounds=5, leaves=2, learning_rate=0.02, rows_per_leaf=40))
    values = {rows().average_precision(one) for one in (SETTINGS, other, FitSettings(SETTINGS.forest, 0.3))}
    assert len(values) == 3


def test_text_is_fitted_once_for_each_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = InnerFolds.of(FACTS, DATA.labels, DATA.groups, np.ones(120), folds=2, seed=0, threads=1)
    first = fresh.average_precision(SETTINGS)
    monkeypatch.setattr("training.tuning.inner.fit_text", lambda *_a, **_k: pytest.fail("fitted again"))
    assert fresh.average_precision(SETTINGS) == first


def test_what_a_search_hears_may_end_a_trial_after_a_fold() -> None:
    class _EnoughError(Exception):
        pass

    def heard(fold: int, _value: float) -> None:
        if fold == 1:
            raise _EnoughError

    with pytest.raises(_EnoughError):
        rows().average_precision(SETTINGS, heard)


def test_a_label_does_not_tell_the_score_of_its_own_fold() -> None:
    """Neither the calibration of the text nor the forest changes with the labels of the fold that is scored."""
    train, test = rows().folds[0]
    turned = DATA.labels.copy()
    turned[test] = 1 - turned[test]
    other = replace(rows(), labels=turned)
    text = rows()._text_of(10.0)
    values = [one._values(SETTINGS, text, train, test) for one in (rows(), other)]
    assert np.array_equal(values[0], values[1])
