"""Features that are tried before they are part of the product: functions in a Python file of the data scientist.

The file is run as the person who names it. It goes to the processes of the folds as text, so that all run the same.
"""

import inspect
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES
from features.facts import Facts
from features.reading import read_text
from features.spec import MISSING, Compute, Evidence
from training.evaluate import metrics
from training.evaluate.material import Material
from training.snapshots.soundness import leaks

_MODULE: Final = "tried_features"


@dataclass(frozen=True, slots=True)
class TriedFeature:
    """A function of `Evidence` that returns a number; None and NaN are missing."""

    name: str
    meaning: str
    compute: Compute

    def feature_value(self, e: Evidence) -> float:
        """The feature of one listing. Raises ValueError (the function failed, or returned no finite number)."""
        try:
            output = self.compute(e)
            figure = MISSING if output is None else float(output)
        except Exception as error:  # Code of the person at the command line may raise anything.
            raise ValueError(f"{self.name} failed on {_listing_name(e)}: {type(error).__name__}: {error}") from error
        if math.isinf(figure):
            raise ValueError(f"{self.name} of {_listing_name(e)} is infinite; give a finite number, or MISSING.")
        return figure


@dataclass(frozen=True, slots=True)
class TriedFile:
    """A Python file. Its functions with a public name and one argument are features, in the order of the file."""

    name: str
    source: str

    @classmethod
    def read(cls, path: Path) -> Self:
        """The file, which is not run. Raises ValueError (it cannot be read as text)."""
        try:
            return cls(path.name, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{path.name} cannot be read: {error}") from None

    def features(self) -> tuple[TriedFeature, ...]:
        """Run the file and return its features.

        Raises ValueError (the file does not run, has no feature, or has a function that cannot be one).
        """
        features = tuple(self._feature(function) for function in self._functions())
        if not features:
            raise ValueError(f"{self.name} has no feature; write a function of Evidence with a public name.")
        return features

    def _functions(self) -> list[FunctionType]:
        module = ModuleType(_MODULE)
        sys.modules[_MODULE] = module  # Dataclasses look their module up.
        try:
            exec(compile(self.source, self.name, "exec"), vars(module))  # noqa: S102  # the person named this file
        except Exception as error:  # As above.
            raise ValueError(f"{self.name} does not run: {type(error).__name__}: {error}") from error
        return [
            function
            for name, function in vars(module).items()
            if isinstance(function, FunctionType) and function.__module__ == _MODULE and not name.startswith("_")
        ]

    def _feature(self, function: FunctionType) -> TriedFeature:
        name = function.__name__
        if len(inspect.signature(function).parameters) != 1:
            raise ValueError(f"{self.name}: {name} must have one argument, the Evidence; begin a helper's name with _.")
        if name in NAMES:
            raise ValueError(f"{self.name}: there is a feature {name} already; name the new one otherwise.")
        if not name.isascii():
            raise ValueError(f"{self.name}: the name {name} must be ASCII.")
        return TriedFeature(name, (inspect.getdoc(function) or "").partition("\n")[0], function)


def tried_columns(features: Sequence[TriedFeature], facts: Sequence[Facts]) -> NDArray[np.float64]:
    """The features' values, shape (n, features). Raises ValueError (as `Tried.value`)."""
    columns = np.empty((len(facts), len(features)))
    if features:
        for row, listing_facts in enumerate(facts):
            e = Evidence(listing_facts, read_text(listing_facts.listing))
            columns[row] = [feature.feature_value(e) for feature in features]
    return columns


@dataclass(frozen=True, slots=True)
class SingleFeatureFigures:
    """A tried feature on its own: the share of listings that have it, and the ROC-AUC among these, NaN without both
    classes. `leak` is a sentence where it separates the classes so well that it may have been made from the label."""

    name: str
    meaning: str
    known: float
    roc_auc: float
    leak: str | None


def single_feature_figures(features: Sequence[TriedFeature], material: Material) -> list[SingleFeatureFigures]:
    """Each feature on its own, on all rows. Raises ValueError (as `Tried.value`)."""
    labels = material.labels
    facts, _ = material.facts((np.arange(len(labels)), np.arange(0)))
    columns = tried_columns(features, facts)
    leaking = {leak.feature: str(leak) for leak in leaks(columns, labels, [feature.name for feature in features])}
    measures = []
    for feature, values in zip(features, columns.T, strict=True):
        known = ~np.isnan(values)
        both = len(np.unique(labels[known])) > 1
        area = metrics.roc_auc(labels[known], values[known]) if both else math.nan
        measures.append(
            SingleFeatureFigures(feature.name, feature.meaning, float(known.mean()), area, leaking.get(feature.name))
        )
    return measures


def _listing_name(e: Evidence) -> str:
    return f"listing {e.facts.listing.external_id}"
