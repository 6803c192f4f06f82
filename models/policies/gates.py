"""What a candidate must show before people may let it score."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Settings of `training.gates`; shares are of 1, so a recall of .03 is three points.

    The false-alarm rates and the power that some of them buy were simulated: `python -m tests.training.slice_power`.
    """

    # Ten counterfeits move a recall by ten points each; below that no figure means anything.
    fewest_positives: int = 10
    # Listings cluster by seller: ten counterfeits of one seller are one observation.
    fewest_positive_sellers: int = 3
    # On the random slice rows weigh up to 33 times as much as others. What counts is how many rows of equal weight
    # would say as much; with fewer than five counterfeits in that measure a single audit decides the comparison.
    fewest_effective_positives: float = 5.0

    # Two hundredths are what resampling moves a calibration error of .05 on 500 rows; worse than the champion by more,
    # beyond doubt, or by five hundredths at face value, and routing thresholds mean something else.
    calibration_slack: float = 0.02
    calibration_most_slack: float = 0.05
    # A first model has nothing beside it; at .15 a threshold of .5 may mean .35.
    first_calibration_error: float = 0.15

    # PROMISES E3: a slice is gated from 50 rows on; recall is compared where one genuine offer in a hundred is flagged.
    slice_rows: int = 50
    false_alarms: float = 0.01
    slice_recall_loss: float = 0.03
    slice_confidence: float = 0.95
    # Recall at so few false alarms rests on a handful of counterfeits; the rank of all of them among genuine offers
    # sees a poisoned slice where recall cannot. It is looked at in every slice, so it has to be more certain.
    slice_rank_loss: float = 0.03
    slice_rank_confidence: float = 0.99
    # Intervals over fewer sellers are too short to be believed.
    slice_positives: int = 5
    slice_positive_sellers: int = 3
    # A fall this deep needs no interval: it is what remains where one seller holds a slice's counterfeits.
    slice_rank_collapse: float = 0.20
    collapse_positives: int = 3
    # In a slice of 50 rows one that stands for 33 would decide alone; ten is what it may count in training as well.
    slice_most_weight: float = 10.0
    # False confirmations teach that a rival's honest offers are fakes; more of them flagged beyond doubt is no gain.
    slice_alarms_rise: float = 0.03

    # PROMISES E3: no regression on upheld appeals: so many offers may be accused anew beyond those that are mended. The
    # champion counts as clear about an offer where its odds are below half of its own line and the candidate's at least
    # three times as high. Between honest models of two simulated years odds rose up to 2.8 times where an offer changed
    # sides; planted labels mostly raise them seven times.
    upheld_regressions: int = 0
    upheld_clear_share: float = 0.5
    upheld_odds_times: float = 3.0

    # PROMISES E4: a slice of the golden set is judged by itself from 200 offers on.
    golden_slice_rows: int = 200
    # Fewer say too little to be worth keeping away from training.
    golden_fewest: int = 50

    # PROMISES E9: what rewriting an offer may cost of recall, and by how many more of the honest offers written so may
    # be shown to somebody. They hold at face value from so many offers on that a handful cannot break them. A way that
    # costs 5 points breaks the bound by chance in 6.1 % of trainings with thirty counterfeits and in 1.1 % with a
    # hundred (binomial); there are 21 ways. Of two thousand honest offers ten are the bound, twice the standard error
    # where two in a hundred change sides by the way. Of fewer, only what is beyond doubt counts.
    replay_recall_loss: float = 0.10
    replay_alarms_rise: float = 0.005
    replay_counterfeits: int = 100
    replay_honest: int = 2_000
    # Beyond doubt for all together: 21 ways of counterfeits and six of honest offers are compared, and at 95 % for
    # each, one harmless way or another failed in a third of honest simulated trainings (Bonferroni: .05 / 27).
    replay_confidence: float = 0.998
    # Offers of each class that are rewritten, in every way that such people use.
    replay_most: int = 2_000

    # Interval of differences on the page, and how many resamples of whole sellers it takes.
    confidence: float = 0.95


DEFAULT_GATES: Final = GatePolicy()
