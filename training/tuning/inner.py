"""The quality of settings on the inner folds: what a search maximises."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from models.arrays import Floats, Labels, Rows
from training.evaluate import metrics
from training.evaluate.splits import grouped_folds
from training.fit.forest import fit_forest, forest_settings
from training.fit.joining import fit_offset
from training.fit.settings import FitSettings
from training.fit.text import fit_text
from training.fit.text_matrix import TextMatrix

Heard = Callable[[int, float], None]


@dataclass(frozen=True, slots=True)
class InnerFolds:
    """Labelled rows in folds by seller, with all that does not depend on the settings.

    Text is fitted once for each cost and kept, because a search tries few costs with many forests.
    """

    labels: Labels
    groups: NDArray[np.intp]
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
        """The rows in so many folds. Raises ValueError (fewer sellers of a class than folds)."""
        split = tuple(grouped_folds(labels, groups, folds=folds, seed=seed))
        texts = TextMatrix.of([row.listing for row in facts])
        return cls(labels, groups, weights, matrix(facts), texts, split, seed, threads)

    def defaults(self) -> FitSettings:
        """The default settings for so many positives, each by its value."""
        return FitSettings(forest_settings(int(self.labels.sum())))

    def average_precision(self, settings: FitSettings, heard: Heard = lambda _fold, _value: None) -> float:
        """The average precision of out-of-fold values.

        `heard` gets the number of each finished fold with the mean average precision within the folds so far, by which
        a search ends early. It may raise.
        """
        text, within = self._text_of(settings.text_cost), []
        values = np.zeros(len(self.labels))
        for number, (train, test) in enumerate(self.folds):
            values[test] = self._values(settings, text, train, test)
            within.append(metrics.average_precision(self.labels[test], values[test]))
            heard(number, float(np.mean(within)))
        return metrics.average_precision(self.labels, values)

    def _text_of(self, cost: float) -> Floats:
        if cost not in self._text:
            text_scores = np.zeros(len(self.labels))
            for train, test in self.folds:
                text_scores[test] = fit_text(self.texts, train, self.labels, self.weights, cost=cost).many_rows(
                    self.texts, test
                )
            self._text[cost] = text_scores
        return self._text[cost]

    def _values(self, settings: FitSettings, text: Floats, train: Rows, test: Rows) -> Floats:
        """The values of a fold's rows; neither the offset nor the forest has seen their labels."""
        combiner, offset = fit_offset(text[train], self.labels[train], self.weights[train], self.groups[train])
        fitted = fit_forest(
            self.columns[train],
            self.labels[train],
            self.weights[train],
            settings=settings.forest or forest_settings(int(self.labels.sum())),
            names=NAMES,
            seed=self.seed,
            threads=self.threads,
            offset=offset,
        )
        return combiner.join_values(fitted.raw(self.columns[test]), text[test])
