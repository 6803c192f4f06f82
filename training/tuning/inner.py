"""The quality of settings on the inner folds: what a search maximises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.compute import matrix
from features.facts import Facts
from models.classifier import Join
from training import metrics
from training.fit_forest import MASK_SHARE, fit_forest, forest_settings
from training.fit_join import fit_combiner, join_of
from training.fit_settings import FitSettings
from training.fit_text import fit_text
from training.learners import Setup
from training.splits import Rows, grouped_folds
from training.text_matrix import TextMatrix

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Heard = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class InnerFolds:
    """Labelled rows in folds by seller, with all that does not depend on the settings.

    Text is fitted once for each cost and kept, because a search tries few costs with many forests.
    """

    labels: Labels
    weights: Floats
    columns: Floats
    texts: TextMatrix
    folds: tuple[tuple[Rows, Rows], ...]
    seed: int
    threads: int
    _text: dict[float, Floats] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        facts: Sequence[Facts],
        labels: Labels,
        groups: NDArray[np.intp],
        weights: Floats,
        *,
        folds: int,
        seed: int,
        threads: int,
    ) -> Self:
        """The rows in so many folds.

        Raises
        ------
        ValueError
            Fewer sellers of a class than folds.
        """
        split = tuple(grouped_folds(labels, groups, folds=folds, seed=seed))
        texts = TextMatrix.of([one.listing for one in facts])
        return cls(labels, weights, matrix(facts), texts, split, seed, threads)

    @property
    def join(self) -> Join:
        """How text and numbers are combined for so many positives."""
        return join_of(int(self.labels.sum()))

    def defaults(self) -> FitSettings:
        """The default settings for so many positives, each by its value."""
        return FitSettings(forest_settings(int(self.labels.sum())))

    def average_precision(self, settings: FitSettings, heard: Heard = lambda _fold, _value: None) -> float:
        """The average precision of out-of-fold values.

        `heard` gets the number of each finished fold with the mean average precision within the folds so far, by which
        a search ends early. It may raise.
        """
        text = self._text_of(settings.text_cost)
        columns = np.column_stack([self.columns, text]) if self.join is Join.STACK else self.columns
        numbers, within = np.zeros(len(self.labels)), []
        for number, (train, test) in enumerate(self.folds):
            numbers[test] = self._forest(columns, settings, train, test)
            within.append(self._within(numbers, text, test))
            heard(number, float(np.mean(within)))
        return metrics.average_precision(self.labels, self._joined(numbers, text, settings))

    def _text_of(self, cost: float) -> Floats:
        if cost not in self._text:
            found = np.zeros(len(self.labels))
            for train, test in self.folds:
                found[test] = fit_text(self.texts, train, self.labels, self.weights, cost=cost).many_rows(
                    self.texts, test
                )
            self._text[cost] = found
        return self._text[cost]

    def _forest(self, columns: Floats, settings: FitSettings, train: Rows, test: Rows) -> Floats:
        positives = int(self.labels.sum())
        setup = Setup(self.join, positives, self.seed, self.threads, MASK_SHARE, forest=settings.forest)
        fitted = fit_forest(
            columns[train],
            self.labels[train],
            self.weights[train],
            settings=setup.forest or forest_settings(positives),
            names=setup.columns,
            seed=self.seed,
            threads=self.threads,
        )
        return fitted.raw(columns[test])

    def _within(self, numbers: Floats, text: Floats, test: Rows) -> float:
        """The average precision in one fold, of a sum of equal weights: the weight is not known yet."""
        if self.join is Join.STACK:
            return metrics.average_precision(self.labels[test], numbers[test])
        joined = sum((one[test] - one[test].mean()) / max(float(one[test].std()), 1e-9) for one in (numbers, text))
        return metrics.average_precision(self.labels[test], np.asarray(joined))

    def _joined(self, numbers: Floats, text: Floats, settings: FitSettings) -> Floats:
        """The joined values. The weight of each fold is fitted on the others: on its own rows no prior always wins."""
        found = np.empty(len(numbers))
        for train, test in self.folds:
            combiner = fit_combiner(
                self.join,
                numbers[train],
                text[train],
                self.labels[train],
                self.weights[train],
                prior=settings.text_weight_prior,
                strength=settings.text_weight_prior_positives,
            )
            found[test] = combiner.join_values(numbers[test], text[test])
        return found
