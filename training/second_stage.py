"""The second stage of a training: the titles encoded, the reading fitted, and what it gains out of fold."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.facts import Facts
from models.second_stage import SecondStage
from training import metrics
from training.comparison import difference, figures_of
from training.encoders import encode, encoder_named, without_gaps
from training.fit import CounterfeitClassifier
from training.fit_second_stage import fit_second_stage

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

NO_ENCODER: Final = ""
_BOOTSTRAPS: Final = 1_000


class FittedStage(NamedTuple):
    """A second stage with its part of the report; both None without an encoder."""

    stage: SecondStage | None
    report: dict[str, Any] | None


def second_stage_of(
    name: str,
    model: CounterfeitClassifier,
    facts: Sequence[Facts],
    labels: Labels,
    *,
    groups: NDArray[np.intp],
    sample_weight: Floats,
    progress: Callable[[float], None] = lambda _share: None,
) -> FittedStage:
    """The second stage by the encoder of a name beside a classifier that was fitted on these rows.

    Raises EncoderRefused (the encoder is unknown, not installed, or not the pinned one).
    """
    if name == NO_ENCODER:
        return FittedStage(None, None)
    encoder = encoder_named(name)
    encoded = encode(encoder, [one.listing.title or "" for one in facts], threads=model.threads, progress=progress)
    stage, values = fit_second_stage(
        model, encoder.identity, without_gaps(encoded), labels, groups=groups, sample_weight=sample_weight
    )
    bootstrap = metrics.seller_bootstrap(groups, times=_BOOTSTRAPS, seed=0)
    report = {
        "package": name,
        "encoder": encoder.identity,
        "titles": len(facts),
        "failed": int(np.isnan(encoded).any(axis=1).sum()),
        "title_weight": stage.title_weight,
        "out_of_fold": figures_of(labels, [values], bootstrap),
        "gain": difference(labels, [(values, model.out_of_fold_)], bootstrap),
    }
    return FittedStage(stage, report)
