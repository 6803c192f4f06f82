"""The value of settings on inner folds: that of the classifier's own fit, and no row tells its own score."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import cast

import numpy as np
import pytest

from serving.commands.evaluation import tuning_verdict
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import BRANDS, a_market, market_facts
from training.evaluate.material import FileMaterial, LabelledListings
from training.evaluate.splits import grouped_folds
from training.fit.forest import ForestSettings, forest_settings
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.simulation.synthetic import Settings, build_world, evaluation_set
from training.tuning.inner import Heard, InnerFolds
from training.tuning.nested import ALL_ROWS, Plan, TuningListener, TuningOutcome, summarise, tune
from training.tuning.search import SearchOutcome, TrialDone, search

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
    precision = rows().average_precision(SETTINGS, lambda fold, within: heard.append((fold, within)))
    assert DATA.labels.mean() < precision < 1
    assert [fold for fold, _ in heard] == [0, 1, 2]
    assert all(0 < within <= 1 for _, within in heard)
    assert precision == rows().average_precision(SETTINGS)


def test_other_settings_have_another_value() -> None:
    other = FitSettings(ForestSettings(rounds=5, leaves=2, learning_rate=0.02, rows_per_leaf=40))
    values = {rows().average_precision(settings) for settings in (SETTINGS, other, FitSettings(SETTINGS.forest, 0.3))}
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
    values = [inner_folds._values(SETTINGS, text, train, test) for inner_folds in (rows(), other)]
    assert np.array_equal(values[0], values[1])


# Nested cross-validation: the measured rows choose nothing, and an interruption keeps what was found.

NESTED_DATA = a_market(80)
MATERIAL = FileMaterial(NESTED_DATA, tuple(BRANDS.brands.values()), NOW, "bazaar")
PLAN = Plan(folds=2, trials=1, seed=0, threads=1)


@cache
def tuned_outcome() -> tuple[TuningOutcome, list[tuple[str, int, TrialDone]]]:
    trials: list[tuple[str, int, TrialDone]] = []
    return tune(MATERIAL, PLAN, TuningListener(trial=lambda *trial: trials.append(trial))), trials


def test_every_row_is_measured_by_both_settings_and_every_search_has_its_trials() -> None:
    tuning, trials = tuned_outcome()
    assert np.isfinite(tuning.default).all()
    assert np.isfinite(tuning.tuned).all()
    assert list(tuning.searches) == ["outer fold 1", "outer fold 2", ALL_ROWS]
    assert [(name, number, trial.number) for name, number, trial in trials] == [
        (name, number, trial) for number, name in enumerate(tuning.searches) for trial in range(2)
    ]
    assert tuning.settings == tuning.searches[ALL_ROWS].best
    assert not tuning.interrupted


def test_the_labels_of_a_measured_fold_choose_no_settings_for_it() -> None:
    """Two sellers of one fold exchange their labels, such that no fold changes: its search finds the same again."""
    folds = [test.tolist() for _, test in grouped_folds(NESTED_DATA.labels, NESTED_DATA.groups, folds=2, seed=0)]
    for seller in np.unique(NESTED_DATA.groups[folds[0]]):
        for other in np.unique(NESTED_DATA.groups[folds[0]]):
            labels = NESTED_DATA.labels.copy()
            labels[NESTED_DATA.groups == seller], labels[NESTED_DATA.groups == other] = (
                NESTED_DATA.labels[NESTED_DATA.groups == other],
                NESTED_DATA.labels[NESTED_DATA.groups == seller],
            )
            same = [test.tolist() for _, test in grouped_folds(labels, NESTED_DATA.groups, folds=2, seed=0)] == folds
            if same and not np.array_equal(labels, NESTED_DATA.labels):
                tuning = tune(replace(MATERIAL, labelled=replace(NESTED_DATA, labels=labels)), PLAN)
                assert tuning.searches["outer fold 1"] == tuned_outcome()[0].searches["outer fold 1"]
                assert tuning.searches["outer fold 2"] != tuned_outcome()[0].searches["outer fold 2"]
                assert np.array_equal(tuning.tuned[folds[0]], tuned_outcome()[0].tuned[folds[0]])
                return
    pytest.fail("no exchange leaves the folds as they are")


def test_an_interruption_keeps_the_folds_that_were_measured() -> None:
    def interrupts(_search: str, number: int, _trial: TrialDone) -> None:
        if number == 1:
            raise KeyboardInterrupt

    tuning = tune(MATERIAL, PLAN, TuningListener(trial=interrupts))
    assert tuning.interrupted
    assert list(tuning.searches) == ["outer fold 1"]
    assert tuning.settings is None
    summary = summarise(MATERIAL, PLAN, tuning)
    assert summary["interrupted"] is True
    assert 0 < summary["measured"] < 80
    assert summary["gain"]["ap"] == pytest.approx(summary["tuned"]["ap"] - summary["default"]["ap"])


def test_without_a_measured_fold_there_are_no_figures() -> None:
    figures = summarise(MATERIAL, PLAN, TuningOutcome({}, np.full(80, np.nan), np.full(80, np.nan), interrupted=True))
    assert (figures["measured"], figures["settings"], figures["searches"]) == (0, None, {})
    assert "gain" not in figures


def test_a_summary_has_the_searches_and_a_paired_difference() -> None:
    figures = summarise(MATERIAL, PLAN, tuned_outcome()[0])
    assert (figures["rows"], figures["measured"], figures["folds"], figures["inner_folds"]) == (80, 80, 2, 3)
    assert figures["searches"].keys() == {"outer fold 1", "outer fold 2", ALL_ROWS}
    assert figures["defaults"]["forest.leaves"] == 3
    low, high = figures["gain"]["ap_interval"]
    assert low <= figures["gain"]["ap"] <= high


def test_equal_values_are_no_gain() -> None:
    values = np.random.default_rng(0).random(80)
    same = TuningOutcome({ALL_ROWS: SearchOutcome(2, 0, 0.5, DEFAULT_SETTINGS, 0.5)}, values, values, interrupted=False)
    figures = summarise(MATERIAL, PLAN, same)
    assert (figures["gain"]["ap"], figures["gain"]["ap_interval"], figures["settings"]) == (0.0, (0.0, 0.0), {})


def test_time_ends_each_search_after_its_share() -> None:
    search_numbers: list[int] = []

    def enough(number: int) -> bool:
        search_numbers.append(number)
        return True

    tuning = tune(MATERIAL, PLAN, TuningListener(enough=enough))
    assert search_numbers == [0, 1, 2], "each search asks with its number"
    assert [(search_end.trials, search_end.best) for search_end in tuning.searches.values()] == [
        (0, DEFAULT_SETTINGS)
    ] * 3
    assert np.array_equal(tuning.tuned, tuning.default)


# Simulated: a search that has something to find improves the model on sellers that it has not seen.

HOPELESS = replace(forest_settings(0), rounds=2, leaves=2)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_from_hopeless_defaults_a_search_improves_the_model_beyond_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("training.tuning.inner", "training.fit.forest"):
        monkeypatch.setattr(f"{module}.forest_settings", lambda _positives: HOPELESS)
    settings = Settings(listings=6_000, seed=0, start=NOW)
    listings, labels = evaluation_set(settings, settings.listings)
    random = np.random.default_rng(0)
    fakes, others = np.flatnonzero(labels == 1), np.flatnonzero(labels == 0)
    row_numbers = np.sort(np.concatenate([fakes[:150], random.choice(others, 850, replace=False)]))
    labelled_rows = LabelledListings(tuple(listings[i] for i in row_numbers), labels[row_numbers].astype(np.int8))
    brands = tuple(market_brand.brand for market_brand in build_world(settings).brands)
    material = FileMaterial(labelled_rows, brands, NOW + timedelta(days=settings.days), "simulated")
    plan = Plan(folds=3, trials=6, seed=0, threads=2)
    figures = summarise(material, plan, tune(material, plan))
    print(figures["default"]["ap"], figures["tuned"]["ap"], tuning_verdict(figures))  # noqa: T201  # the figures
    assert figures["gain"]["ap_interval"][0] > 0
    assert tuning_verdict(figures).startswith("Tuning improves the model on unseen sellers: ")


# The search: the defaults come first, hopeless trials are pruned, and equal seeds find equal settings.


class Surface:
    """Inner folds whose average precision is a known function of the settings, the same in each of three folds."""

    def __init__(self, precision_of: Callable[[FitSettings], float]) -> None:
        self._value = precision_of
        self.tried_settings: list[FitSettings] = []

    def defaults(self) -> FitSettings:
        return FitSettings(forest_settings(0))

    def average_precision(self, settings: FitSettings, heard: Heard) -> float:
        self.tried_settings.append(settings)
        for fold in range(3):
            heard(fold, self._value(settings))
        return self._value(settings)


def leaves(settings: FitSettings) -> float:
    """Best at thirty leaves; the defaults have three."""
    assert settings.forest is not None
    return 1 - abs(math.log(settings.forest.leaves / 30)) / 10


def search_outcome(surface: Surface, trials: int = 20, seed: int = 0) -> tuple[SearchOutcome, list[TrialDone]]:
    done_trials: list[TrialDone] = []
    return search(cast(InnerFolds, surface), trials=trials, seed=seed, heard=done_trials.append), done_trials


def test_a_search_finds_better_settings_where_there_are_some() -> None:
    search_end, _ = search_outcome(Surface(leaves))
    assert search_end.best.forest is not None
    assert 22 <= search_end.best.forest.leaves <= 42
    assert search_end.best_value > search_end.default_value + 0.1


def test_the_defaults_are_tried_first_and_are_the_best_where_nothing_is_better() -> None:
    surface = Surface(lambda _settings: 0.5)
    search_end, done_trials = search_outcome(surface, trials=5)
    assert surface.tried_settings[0] == surface.defaults()
    assert (done_trials[0].number, done_trials[0].objective) == (0, 0.5)
    assert (search_end.best, search_end.best_value, search_end.default_value) == (DEFAULT_SETTINGS, 0.5, 0.5)


def test_every_trial_is_told_and_a_pruned_one_has_no_value() -> None:
    search_end, done_trials = search_outcome(Surface(leaves))
    assert [trial.number for trial in done_trials] == list(range(21))
    pruned = [trial for trial in done_trials if trial.objective is None]
    assert (search_end.trials, search_end.pruned) == (20, len(pruned))
    assert 3 <= len(pruned) < 20
    assert all(len(trial.after_each_fold) == 1 for trial in pruned), "the first fold was enough"
    assert all(trial.objective is not None for trial in done_trials[:4]), "nothing is pruned before there is a median"


def test_equal_seeds_give_equal_settings_and_others_do_not() -> None:
    (search_end, _), (same, _), (other, _) = (search_outcome(Surface(leaves), seed=seed) for seed in (0, 0, 1))
    assert search_end == same
    assert search_end.best != other.best


def test_a_search_without_time_has_tried_the_defaults_alone() -> None:
    surface = Surface(leaves)
    search_end = search(cast(InnerFolds, surface), trials=20, seed=0, enough=lambda: True)
    assert (search_end.trials, search_end.best, len(surface.tried_settings)) == (0, DEFAULT_SETTINGS, 1)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_a_search_proposes_can_be_read_from_a_file(seed: int) -> None:
    surface = Surface(leaves)
    search_outcome(surface, seed=seed)
    for settings in surface.tried_settings:
        assert FitSettings.of(settings.changed()) == settings
