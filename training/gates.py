"""What a candidate must show before a person may promote it; each gate says its figure and its bound."""

from dataclasses import dataclass
from typing import Final

FEWEST_POSITIVES_JUDGED: Final = 10
CALIBRATION_SLACK: Final = 0.03


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition with what was found."""

    name: str
    passed: bool
    figure: float | None
    bound: float | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Figures of one model on the judged rows."""

    average_precision: float
    calibration_error: float


def gates(
    candidate: Judged | None,
    champion: Judged | None,
    *,
    difference_interval: tuple[float, float] | None,
    judged: int,
    judged_positives: int,
) -> tuple[Gate, ...]:
    """The gates of a candidate against the champion, or against chance where there is none yet.

    Small samples cannot show that a model is better, so the first gate asks that it has not been shown to be worse:
    the upper end of the 95 % interval of the difference, resampling sellers, lies at or above zero. With fewer than
    ten counterfeits to judge by, a person is told so and must accept it with a reason. Without a candidate (nothing
    could be judged) that is the only gate.
    """
    enough = Gate(
        "enough_to_judge",
        judged_positives >= FEWEST_POSITIVES_JUDGED,
        float(judged_positives),
        float(FEWEST_POSITIVES_JUDGED),
        f"{judged_positives} counterfeits among {judged} later listings of unseen sellers; "
        f"at least {FEWEST_POSITIVES_JUDGED} are needed.",
    )
    if candidate is None:
        return (enough,)
    precision = _precision_gate(candidate, champion, difference_interval, judged, judged_positives)
    return enough, precision, _calibration(candidate, champion)


def _precision_gate(
    candidate: Judged,
    champion: Judged | None,
    interval: tuple[float, float] | None,
    judged: int,
    judged_positives: int,
) -> Gate:
    found = candidate.average_precision
    if champion is None or interval is None:
        chance = judged_positives / judged if judged else 0.0
        return Gate(
            "average_precision",
            found > chance,
            found,
            chance,
            f"Average precision {found:.3f}; guessing gives {chance:.3f}, and there is no champion yet.",
        )
    return Gate(
        "average_precision",
        interval[1] >= 0,
        found - champion.average_precision,
        0.0,
        f"Average precision {found:.3f} against the champion's {champion.average_precision:.3f}; "
        f"difference between {interval[0]:+.3f} and {interval[1]:+.3f} at 95 %.",
    )


def _calibration(candidate: Judged, champion: Judged | None) -> Gate:
    found = candidate.calibration_error
    bound = 0.15 if champion is None else champion.calibration_error + CALIBRATION_SLACK
    against = "for a first model" if champion is None else f"the champion's {champion.calibration_error:.3f} and 0.03"
    return Gate(
        "calibration", found <= bound, found, bound, f"Calibration error {found:.3f}, at most {bound:.3f}: {against}."
    )
