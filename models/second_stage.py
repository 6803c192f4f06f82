"""The second stage, for listings near the threshold: the classifier's value joined with what an encoder reads.

A pretrained multilingual encoder turns a title into numbers, in a process of its own and long after the first answer.
This module only weighs the numbers that it is given.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from models.arrays import Floats
from models.bundle_files import finite_number, finite_numbers, parse_share
from models.calibration import Calibration, calibration_from_dict, calibration_to_dict
from models.classifier import Contributions, StandardScale

FILE: Final = "second_stage.json"
_LONGEST_NAME: Final = 200
_MOST_NUMBERS: Final = 4_096
_PARTS: Final = frozenset({"encoder", "weights", "intercept", "first", "title", "title_weight", "calibration"})


@dataclass(frozen=True, slots=True)
class SecondStage:
    """A linear reading of an encoder's numbers, joined with the classifier's value, and calibrated on its own.

    `encoder` names the encoder, its version and its digest. `first` and `title` standardise the two values, each over
    the out-of-fold values of training; `title_weight` is the title's share of their sum.
    """

    encoder: str
    weights: Floats
    intercept: float
    first: StandardScale
    title: StandardScale
    title_weight: float
    calibration: Calibration

    def of_titles(self, encoded: Floats) -> Floats:
        """What the titles say, shape (n,), from the encoder's numbers of shape (n, d).

        A row of NaN, which stands for a title that the encoder failed on, says nothing.
        """
        title_scores = self.title.apply(encoded @ self.weights + self.intercept)
        return self.title_weight * np.nan_to_num(title_scores)

    def values(self, first: Floats, encoded: Floats) -> Floats:
        """The joined value, shape (n,), from the classifier's values and the encoder's numbers."""
        return (1 - self.title_weight) * self.first.apply(first) + self.of_titles(encoded)

    def log_odds(self, first: Floats, encoded: Floats) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        return self.calibration.log_odds(self.values(first, encoded))

    def contributions(self, parts: Contributions, encoded: Floats) -> tuple[Contributions, Floats]:
        """The parts of `log_odds`, exactly, and that of the title by the encoder, shape (n,).

        `parts` are those of the classifier's values (`Classifier.parts`).
        """
        scale = (1 - self.title_weight) / self.first.spread
        title = self.of_titles(encoded)
        joined = Contributions(scale * parts.features, scale * parts.text, scale * (parts.base - self.first.mean))
        moved = joined.features.sum(axis=1) + joined.text + title
        slopes = self.calibration.slopes(joined.base, joined.base + moved)
        base = self.calibration.log_odds(joined.base + moved) - slopes * moved
        calibrated = Contributions(slopes[:, None] * joined.features, slopes * joined.text, base)
        return calibrated, slopes * title

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return {
            "encoder": self.encoder,
            "weights": self.weights.tolist(),
            "intercept": self.intercept,
            "first": {"mean": self.first.mean, "spread": self.first.spread},
            "title": {"mean": self.title.mean, "spread": self.title.spread},
            "title_weight": self.title_weight,
            "calibration": calibration_to_dict(self.calibration),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "SecondStage":
        """The inverse of `to_dict`. Raises ValueError, TypeError, KeyError, AttributeError (it is none)."""
        name, weights = document["encoder"], document["weights"]
        if document.keys() != _PARTS or not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise ValueError
        if not isinstance(weights, list) or not 0 < len(weights) <= _MOST_NUMBERS:
            raise ValueError
        return cls(
            encoder=name,
            weights=np.array([finite_number(weight) for weight in weights]),
            intercept=finite_number(document["intercept"]),
            first=StandardScale(**finite_numbers(document["first"])),
            title=StandardScale(**finite_numbers(document["title"])),
            title_weight=parse_share(document["title_weight"]),
            calibration=calibration_from_dict(document["calibration"]),
        )
