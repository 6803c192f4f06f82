"""How much a labelled row, and whoever stands behind many of them, may count in fitting a model."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class WeightPolicy:
    """Settings of `training.weighting.training_weights`. Shares are of the weight of one class."""

    # A row drawn at one in thirty-three stands for 33, and its label may be wrong like any other. Capped, the unseen
    # are a little under-represented in fitting, and no single row outweighs a brand's whole answer sheet. Figures are
    # never capped (`training.weighting.stands_for`).
    most_weight: float = 10.0
    # One brand account, one reviewer or one seller holds at most this much of the counterfeit or of the genuine weight
    # (Promises E2): a fiftieth of the labels, were all of them planted, moves a model less than its gates can see.
    source_share: float = 0.02
    # And one source at most this much of the genuine weight of a slice (Promises E2), so that no brand clears its own
    # goods alone.
    slice_share: float = 0.2
    # Few sources must hold more than their fiftieth, or none of them would count. None is held to less than three
    # times an equal part: with 150 sources and more that is the fiftieth, with ten 30 %, with three no cap at all.
    equal_parts: float = 3.0


DEFAULT_WEIGHTING: Final = WeightPolicy()
