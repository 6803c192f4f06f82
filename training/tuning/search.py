"""A search by optuna: the settings of a fit that are best on the inner folds of some rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from training.fit.forest import ForestSettings
from training.fit.settings import FitSettings
from training.tuning.inner import InnerFolds

if TYPE_CHECKING:
    from optuna.trial import Trial

_COSTS: Final = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # Few, because the text is fitted once for each.
_COMPLETE_FIRST: Final = 4  # Trials before the first is pruned: the default, and three to compare with.


@dataclass(frozen=True, slots=True)
class TrialDone:
    """One trial: its settings, the mean of the folds after each fold, and its value; None where it was pruned."""

    number: int
    settings: FitSettings
    after_each_fold: tuple[float, ...]
    objective: float | None


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The end of a search: its trials, the value of the defaults, and the best settings with theirs.

    `best` are the defaults themselves where no trial was better.
    """

    trials: int
    pruned: int
    default_value: float
    best: FitSettings
    best_value: float


def search(
    rows: InnerFolds,
    *,
    trials: int,
    seed: int,
    heard: Callable[[TrialDone], None] = lambda _trial: None,
    enough: Callable[[], bool] = lambda: False,
) -> SearchOutcome:
    """Try the default settings, then `trials` others, unless it is `enough` before.

    The tree-structured Parzen estimator (Bergstra and others 2011) proposes settings from those tried. A trial whose
    mean after a fold is below the median of the trials before it is pruned. Equal rows, seeds and numbers of trials
    give equal settings.
    """
    import optuna  # noqa: PLC0415  # half a second that no other part of training needs

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_COMPLETE_FIRST, n_warmup_steps=0),
    )
    defaults = rows.defaults()
    # The forest is given by its values, so that the number of positives does not matter.
    study.enqueue_trial(defaults.values(0))
    outcome = SearchOutcome(0, 0, float("nan"), FitSettings(), float("-inf"))
    for number in range(trials + 1):
        if number and enough():
            break
        trial = study.ask()
        settings = defaults if number == 0 else _propose_settings(trial)
        folds: list[float] = []

        def after_fold(fold: int, precision: float, trial: "Trial" = trial, folds: list[float] = folds) -> None:
            folds.append(precision)
            trial.report(precision, fold)
            if trial.should_prune():
                raise optuna.TrialPruned

        try:
            precision = rows.average_precision(settings, after_fold)
        except optuna.TrialPruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            outcome = _add_trial(outcome, number, None, settings)
            heard(TrialDone(number, settings, tuple(folds), None))
        else:
            study.tell(trial, precision)
            outcome = _add_trial(outcome, number, precision, settings)
            heard(TrialDone(number, settings, tuple(folds), precision))
    return outcome


def _add_trial(outcome: SearchOutcome, number: int, precision: float | None, settings: FitSettings) -> SearchOutcome:
    if number == 0:
        assert precision is not None, "nothing is pruned before the first trial has ended"
        return SearchOutcome(0, 0, precision, FitSettings(), precision)
    trials, pruned = outcome.trials + 1, outcome.pruned + (precision is None)
    better = precision is not None and precision > outcome.best_value
    best, best_value = (settings, precision) if better and precision is not None else (outcome.best, outcome.best_value)
    return SearchOutcome(trials, pruned, outcome.default_value, best, best_value)


def _propose_settings(trial: "Trial") -> FitSettings:
    forest = ForestSettings(
        rounds=trial.suggest_int("forest.rounds", 50, 600, log=True),
        leaves=trial.suggest_int("forest.leaves", 3, 63, log=True),
        learning_rate=trial.suggest_float("forest.learning_rate", 0.01, 0.2, log=True),
        rows_per_leaf=trial.suggest_int("forest.rows_per_leaf", 3, 100, log=True),
        column_share=trial.suggest_float("forest.column_share", 0.1, 1.0),
        row_share=trial.suggest_float("forest.row_share", 0.5, 1.0),
        l2=trial.suggest_float("forest.l2", 0.1, 100.0, log=True),
    )
    return FitSettings(forest, trial.suggest_categorical("text_cost", _COSTS))
