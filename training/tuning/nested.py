"""Nested cross-validation by seller: inner folds choose the settings, outer folds measure them beside the defaults."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from models.arrays import Floats, Labels, Rows
from training.evaluate import metrics
from training.evaluate.comparison import difference, figures_of
from training.evaluate.material import Material
from training.evaluate.splits import grouped_folds
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.tuning.inner import InnerFolds
from training.tuning.search import SearchOutcome, TrialDone, search

INNER_FOLDS: Final = 3
BOOTSTRAPS: Final = 1_000
ALL_ROWS: Final = "all rows"


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a tuning: outer folds, trials of each search beside the defaults, and the seed of everything."""

    folds: int
    trials: int
    seed: int
    threads: int

    @property
    def searches(self) -> int:
        """A search for each outer fold, and one on all rows."""
        return self.folds + 1


@dataclass(frozen=True, slots=True)
class TuningListener:
    """Hears each trial with its search, and says whether a search must end; its number is below `Plan.searches`."""

    trial: Callable[[str, int, TrialDone], None] = lambda _search, _number, _trial: None
    enough: Callable[[int], bool] = lambda _number: False


@dataclass(frozen=True, slots=True)
class TuningOutcome:
    """The searches that ended, by name, and the values of the measured rows by both settings, shape (n,), else NaN."""

    searches: dict[str, SearchOutcome]
    default: Floats
    tuned: Floats
    interrupted: bool

    @property
    def settings(self) -> FitSettings | None:
        """The settings that the search on all rows found; None where it did not end."""
        outcome = self.searches.get(ALL_ROWS)
        return None if outcome is None else outcome.best


def tune(material: Material, plan: Plan, listener: TuningListener = TuningListener()) -> TuningOutcome:
    """Search in the training rows of each outer fold, and measure the best settings on its test rows.

    An interruption ends the tuning; what was found before it stays.

    Raises ValueError (too few sellers of a class for the folds).
    """
    labels = material.labels
    every = np.arange(len(labels))
    outer = list(grouped_folds(labels, material.groups, folds=plan.folds, seed=plan.seed))
    tuning = TuningOutcome({}, np.full(len(labels), np.nan), np.full(len(labels), np.nan), interrupted=False)
    try:
        for number, (train, test) in enumerate(outer):
            name = f"outer fold {number + 1}"
            facts, test_facts = material.facts((train, test))
            best = _search_fold(_inner_folds(material, train, facts, plan), plan, listener, number, name)
            rows = _OuterFold(facts, labels[train], material.groups[train], material.weights[train], plan)
            default = rows.values(DEFAULT_SETTINGS, test_facts)
            tuned = default if best.best == DEFAULT_SETTINGS else rows.values(best.best, test_facts)
            tuning.default[test], tuning.tuned[test] = default, tuned
            tuning.searches[name] = best
        facts, _ = material.facts((every, every[:0]))
        inner = _inner_folds(material, every, facts, plan)
        tuning.searches[ALL_ROWS] = _search_fold(inner, plan, listener, plan.folds, ALL_ROWS)
    except KeyboardInterrupt:
        return TuningOutcome(tuning.searches, tuning.default, tuning.tuned, interrupted=True)
    return tuning


def _inner_folds(material: Material, rows: Rows, facts: list[Facts], plan: Plan) -> InnerFolds:
    return InnerFolds.of(
        facts,
        material.labels[rows],
        material.groups[rows],
        material.weights[rows],
        folds=INNER_FOLDS,
        seed=plan.seed,
        threads=plan.threads,
    )


def _search_fold(rows: InnerFolds, plan: Plan, listener: TuningListener, number: int, name: str) -> SearchOutcome:
    return search(
        rows,
        trials=plan.trials,
        seed=plan.seed * plan.searches + number,
        heard=lambda trial: listener.trial(name, number, trial),
        enough=lambda: listener.enough(number),
    )


@dataclass(frozen=True, slots=True)
class _OuterFold:
    """The training rows of an outer fold."""

    facts: list[Facts]
    labels: Labels
    groups: NDArray[np.intp]
    weights: Floats
    plan: Plan

    def values(self, settings: FitSettings, tested: list[Facts]) -> Floats:
        """The log-odds of the test rows by the classifier of these settings."""
        model = CounterfeitClassifier(seed=self.plan.seed, threads=self.plan.threads, **settings.parameters())
        model.fit(ListingRows.of(self.facts), self.labels, groups=self.groups, sample_weight=self.weights)
        return model.decision_function(ListingRows.of(tested))


def summarise(material: Material, plan: Plan, tuned: TuningOutcome) -> dict[str, Any]:
    """The figures of a tuning: the searches, and both settings on the outer folds that were measured.

    An interval resamples whole sellers; `gain` is the tuned less the default settings on the same resamples.
    """
    measured = np.flatnonzero(~np.isnan(tuned.default))
    settings = tuned.settings
    summary: dict[str, Any] = {
        "rows": len(material.labels),
        "positives": int(material.labels.sum()),
        "sellers": len(np.unique(material.groups)),
        "folds": plan.folds,
        "inner_folds": INNER_FOLDS,
        "trials": plan.trials,
        "seed": plan.seed,
        "interrupted": tuned.interrupted,
        "measured": len(measured),
        "defaults": DEFAULT_SETTINGS.values(int(material.labels.sum())),
        "searches": {name: _search_as_json(outcome) for name, outcome in tuned.searches.items()},
        "settings": None if settings is None else settings.changed(),
    }
    labels = material.labels[measured]
    if len(np.unique(labels)) < 2:
        return summary
    bootstrap = metrics.seller_bootstrap(material.groups[measured], times=BOOTSTRAPS, seed=0)
    default, best = tuned.default[measured], tuned.tuned[measured]
    return {
        **summary,
        "measured_positives": int(labels.sum()),
        "default": figures_of(labels, [default], bootstrap),
        "tuned": figures_of(labels, [best], bootstrap),
        "gain": difference(labels, [(best, default)], bootstrap),
    }


def _search_as_json(outcome: SearchOutcome) -> dict[str, Any]:
    return {
        "trials": outcome.trials,
        "pruned": outcome.pruned,
        "default_ap": outcome.default_value,
        "best_ap": outcome.best_value,
        "settings": outcome.best.changed(),
    }
