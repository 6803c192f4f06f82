"""The search: the defaults come first, hopeless trials are pruned, and equal seeds find equal settings."""

import math
from collections.abc import Callable
from typing import cast

import pytest

from training.fit_forest import forest_settings
from training.fit_settings import DEFAULT_SETTINGS, FitSettings
from training.tuning.inner import Heard, InnerFolds
from training.tuning.search import Found, TrialDone, search


class Surface:
    """Inner folds whose average precision is a known function of the settings, the same in each of three folds."""

    def __init__(self, value: Callable[[FitSettings], float]) -> None:
        self._value = value
        self.asked: list[FitSettings] = []

    def defaults(self) -> FitSettings:
        return FitSettings(forest_settings(0))

    def average_precision(self, settings: FitSettings, heard: Heard) -> float:
        self.asked.append(settings)
        for fold in range(3):
            heard(fold, self._value(settings))
        return self._value(settings)


def leaves(settings: FitSettings) -> float:
    """Best at thirty leaves; the defaults have three."""
    assert settings.forest is not None
    return 1 - abs(math.log(settings.forest.leaves / 30)) / 10


def searched(surface: Surface, trials: int = 20, seed: int = 0) -> tuple[Found, list[TrialDone]]:
    told: list[TrialDone] = []
    return search(cast(InnerFolds, surface), trials=trials, seed=seed, heard=told.append), told


def test_a_search_finds_better_settings_where_there_are_some() -> None:
    found, _ = searched(Surface(leaves))
    assert found.best.forest is not None
    assert 22 <= found.best.forest.leaves <= 42
    assert found.best_value > found.default_value + 0.1


def test_the_defaults_are_tried_first_and_are_the_best_where_nothing_is_better() -> None:
    surface = Surface(lambda _settings: 0.5)
    found, told = searched(surface, trials=5)
    assert surface.asked[0] == surface.defaults()
    assert (told[0].number, told[0].value) == (0, 0.5)
    assert (found.best, found.best_value, found.default_value) == (DEFAULT_SETTINGS, 0.5, 0.5)


def test_every_trial_is_told_and_a_pruned_one_has_no_value() -> None:
    found, told = searched(Surface(leaves))
    assert [one.number for one in told] == list(range(21))
    pruned = [one for one in told if one.value is None]
    assert (found.trials, found.pruned) == (20, len(pruned))
    assert 3 <= len(pruned) < 20
    assert all(len(one.after_each_fold) == 1 for one in pruned), "the first fold was enough"
    assert all(one.value is not None for one in told[:4]), "nothing is pruned before there is a median"


def test_equal_seeds_give_equal_settings_and_others_do_not() -> None:
    (one, _), (same, _), (other, _) = (searched(Surface(leaves), seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert one.best != other.best


def test_a_search_without_time_has_tried_the_defaults_alone() -> None:
    surface = Surface(leaves)
    found = search(cast(InnerFolds, surface), trials=20, seed=0, enough=lambda: True)
    assert (found.trials, found.best, len(surface.asked)) == (0, DEFAULT_SETTINGS, 1)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_search_proposes_can_be_read_from_a_file(seed: int) -> None:
    surface = Surface(leaves)
    searched(surface, seed=seed)
    for one in surface.asked:
        assert FitSettings.of(one.changed()) == one
