"""Nested cross-validation: the measured rows choose nothing, and an interruption keeps what was found."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import BRANDS, a_market
from training.fit_settings import DEFAULT_SETTINGS
from training.material import FromFile
from training.splits import grouped_folds
from training.tuning.nested import ALL_ROWS, Plan, Told, Tuned, summarise, tune
from training.tuning.search import Found, TrialDone

DATA = a_market(80)
MATERIAL = FromFile(DATA, tuple(BRANDS.brands.values()), NOW, "bazaar")
PLAN = Plan(folds=2, trials=1, seed=0, threads=1)


@cache
def tuned() -> tuple[Tuned, list[tuple[str, int, TrialDone]]]:
    told: list[tuple[str, int, TrialDone]] = []
    return tune(MATERIAL, PLAN, Told(trial=lambda *found: told.append(found))), told


def test_every_row_is_measured_by_both_settings_and_every_search_has_its_trials() -> None:
    found, told = tuned()
    assert np.isfinite(found.default).all()
    assert np.isfinite(found.tuned).all()
    assert list(found.searches) == ["outer fold 1", "outer fold 2", ALL_ROWS]
    assert [(name, number, trial.number) for name, number, trial in told] == [
        (name, number, trial) for number, name in enumerate(found.searches) for trial in range(2)
    ]
    assert found.settings == found.searches[ALL_ROWS].best
    assert not found.interrupted


def test_the_labels_of_a_measured_fold_choose_no_settings_for_it() -> None:
    """Two sellers of one fold exchange their labels, such that no fold changes: its search finds the same again."""
    folds = [test.tolist() for _, test in grouped_folds(DATA.labels, DATA.groups, folds=2, seed=0)]
    for one in np.unique(DATA.groups[folds[0]]):
        for other in np.unique(DATA.groups[folds[0]]):
            labels = DATA.labels.copy()
            labels[DATA.groups == one], labels[DATA.groups == other] = (
                DATA.labels[DATA.groups == other],
                DATA.labels[DATA.groups == one],
            )
            same = [test.tolist() for _, test in grouped_folds(labels, DATA.groups, folds=2, seed=0)] == folds
            if same and not np.array_equal(labels, DATA.labels):
                found = tune(replace(MATERIAL, data=replace(DATA, labels=labels)), PLAN)
                assert found.searches["outer fold 1"] == tuned()[0].searches["outer fold 1"]
                assert found.searches["outer fold 2"] != tuned()[0].searches["outer fold 2"]
                assert np.array_equal(found.tuned[folds[0]], tuned()[0].tuned[folds[0]])
                return
    pytest.fail("no exchange leaves the folds as they are")


def test_an_interruption_keeps_the_folds_that_were_measured() -> None:
    def interrupts(_search: str, number: int, _trial: TrialDone) -> None:
        if number == 1:
            raise KeyboardInterrupt

    found = tune(MATERIAL, PLAN, Told(trial=interrupts))
    assert found.interrupted
    assert list(found.searches) == ["outer fold 1"]
    assert found.settings is None
    summary = summarise(MATERIAL, PLAN, found)
    assert summary["interrupted"] is True
    assert 0 < summary["measured"] < 80
    assert summary["gain"]["ap"] == pytest.approx(summary["tuned"]["ap"] - summary["default"]["ap"])


def test_without_a_measured_fold_there_are_no_figures() -> None:
    found = summarise(MATERIAL, PLAN, Tuned({}, np.full(80, np.nan), np.full(80, np.nan), interrupted=True))
    assert (found["measured"], found["settings"], found["searches"]) == (0, None, {})
    assert "gain" not in found


def test_a_summary_has_the_searches_and_a_paired_difference() -> None:
    found = summarise(MATERIAL, PLAN, tuned()[0])
    assert (found["rows"], found["measured"], found["folds"], found["inner_folds"]) == (80, 80, 2, 3)
    assert found["searches"].keys() == {"outer fold 1", "outer fold 2", ALL_ROWS}
    assert found["defaults"]["forest.leaves"] == 3
    low, high = found["gain"]["ap_interval"]
    assert low <= found["gain"]["ap"] <= high


def test_equal_values_are_no_gain() -> None:
    values = np.random.default_rng(0).random(80)
    same = Tuned({ALL_ROWS: Found(2, 0, 0.5, DEFAULT_SETTINGS, 0.5)}, values, values, interrupted=False)
    found = summarise(MATERIAL, PLAN, same)
    assert (found["gain"]["ap"], found["gain"]["ap_interval"], found["settings"]) == (0.0, (0.0, 0.0), {})


def test_time_ends_each_search_after_its_share() -> None:
    asked: list[int] = []

    def enough(number: int) -> bool:
        asked.append(number)
        return True

    found = tune(MATERIAL, PLAN, Told(enough=enough))
    assert asked == [0, 1, 2], "each search asks with its number"
    assert [(one.trials, one.best) for one in found.searches.values()] == [(0, DEFAULT_SETTINGS)] * 3
    assert np.array_equal(found.tuned, found.default)
