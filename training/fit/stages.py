"""The stages of a training in their order, each with its part of the whole, so that progress never falls."""

from collections.abc import Callable
from typing import Final

Progress = Callable[[str, float], None]

READ: Final = "read"
# One for each of `training.evaluate.splits.TIME_FOLDS`, which the service would have to load a library to import.
FITS: Final = ("fit_1", "fit_2", "fit_3")
JUDGE: Final = "judge"
PEERS: Final = "peers"
GATES: Final = "gates"
FIT_ALL: Final = "fit_all"
# Only where an encoder is set.
ENCODE: Final = "encode"
REGISTER: Final = "register"
# The part of each stage in the whole, by the processor time of trainings on 540 and on 12,000 labels.
_PARTS: Final = {
    READ: 0.02, **dict.fromkeys(FITS, 0.22), JUDGE: 0.03, PEERS: 0.1, GATES: 0.1, FIT_ALL: 0.01, ENCODE: 0.04,
    REGISTER: 0.04,
}  # fmt: skip
STAGES: Final = tuple(_PARTS)
# The steps of a fit, as `training.fit.classifier` names them; the learner of the numbers has a name of its own.
_STEPS: Final = {"features": (0.0, 0.1), "text": (0.1, 0.4), "join": (0.9, 1.0)}
_LEARNER: Final = (0.4, 0.9)


def whole_progress(tell: Progress) -> Progress:
    """A listener for (stage, share of this stage) that passes on the share of the whole training.

    A stage that is left out counts as done. A stage or a share before the last one is not passed on.
    """
    last = (-1, 0.0)

    def heard(stage: str, share: float) -> None:
        nonlocal last
        position = (STAGES.index(stage), min(max(share, 0.0), 1.0))
        if position < last:
            return
        last = position
        before = sum(_PARTS[past_stage] for past_stage in STAGES[: position[0]])
        tell(stage, before + _PARTS[stage] * position[1])

    return heard


def fit_progress(stage: str, tell: Progress) -> Progress:
    """A listener for the steps of one fit, which together are this stage."""

    def heard(step: str, share: float) -> None:
        low, high = _STEPS.get(step, _LEARNER)
        tell(stage, low + (high - low) * share)

    return heard
