"""Policies of learning: labels, weights, doubts, gates and performance guarantees."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """Settings of `models.labels.label_from`. Weights are relative to a brand's answer on its own goods.

    A label that is wrong with chance e carries 1 - 2e of the signal of a right one (Natarajan et al. 2013), which is
    what the weights below approximate.
    """

    # The first round of the default counter-notice profile takes up to seven business days (`ALIBABA_LIKE` in
    # `serving.appeals.policy`); until it ends the seller may still be right. Ours.
    counterfeit_matures_days: int = 14
    # A week in which a second review or a complaint usually shows up; nobody has a deadline on 'genuine'.
    genuine_matures_days: int = 7
    # The goods were bought and examined: as good as the brand's word, and not open to a better picture.
    test_buy_weight: float = 1.0
    brand_weight: float = 1.0
    # Two people who err on one in ten and agree are both wrong once in eighty; of the same craft, rather more often.
    two_reviewers_weight: float = 0.9
    # Ten per cent or so of single analyst verdicts are wrong: .8 of the signal, and less where the listing is hard,
    # which is when they err. A weight of 0 would admit no label until a second reviewer agrees. Nearly
    # the whole random audit sample has one analyst's 'genuine' and would then give no label.
    one_reviewer_weight: float = 0.7
    # The weight of one reviewer's 'counterfeit' on a listing from the random audit sample. With 2 % counterfeits and 8
    # % mistakes, five of six such finds are mistakes; 0 waits for a second reviewer.
    lone_find_weight: float = 0.0
    # Genuine goods sold outside the channel look, by intent, like what is sought: half a genuine label.
    grey_market_weight: float = 0.5
    # A decision that stood up to an appeal, or fell by one, has been looked at by a second person who knew the stakes.
    appeal_weight: float = 1.0

    @property
    def matures(self) -> timedelta:
        """How long after the verdict a label of either value may teach: until both windows have closed."""
        return timedelta(days=max(self.counterfeit_matures_days, self.genuine_matures_days))


DEFAULT_LABELS: Final = LabelPolicy()


@dataclass(frozen=True, slots=True)
class WeightPolicy:
    """Settings of `training.weighting.training_weights`. Shares are of the weight of one class."""

    # A row drawn at one in thirty-three stands for 33, and its label may be wrong like any other. Capped, the unseen
    # are a little under-represented in fitting, and no single row outweighs a brand's whole answer sheet. Figures are
    # never capped (`training.weighting.stands_for`).
    most_weight: float = 10.0
    # One brand account, one reviewer or one seller holds at most this much of the counterfeit or of the genuine weight:
    # a fiftieth of the labels, were all of them planted, moves a model less than its gates can see.
    source_share: float = 0.02
    # And one source at most this much of the genuine weight of a slice, so that no brand clears its own goods alone.
    slice_share: float = 0.2
    # Few sources must hold more than their fiftieth, or none of them would count. None is held to less than three
    # times an equal part: with 150 sources and more that is the fiftieth, with ten 30 %, with three no cap at all.
    equal_parts: float = 3.0


DEFAULT_WEIGHTING: Final = WeightPolicy()


@dataclass(frozen=True, slots=True)
class SecondLookPolicy:
    """Settings of the second review after each training."""

    # About forty minutes of an analyst after each training; what does not fit comes back with the next, if it is still
    # in doubt.
    most_cases: int = 40
    # Doubts that a training reports. More than ten times what is looked at would only be a list.
    most_reported: int = 400
    # Nobody waits for it but the next training, so it may wait for a quiet day.
    due_within_days: int = 7
    # One answer of the desk in so many goes to a case whose answer is known: enough to see within months how somebody
    # judges, and two percent of their time. An inference of ours.
    known_answer_one_in: int = 50


DEFAULT_SECOND_REVIEW: Final = SecondLookPolicy()


@dataclass(frozen=True, slots=True)
class PromisePolicy:
    """Settings of `models.thresholds.promised`. ADR 14 compares them with others that were tried."""

    # A few sellers with hundreds of counterfeits carry a total, and the next set of sellers may hold none like them. On
    # simulated streams a cap of twenty found 1 % more, and missed more than 5 % at a target of .9.
    most_right_listings: float = 15.0
    # Accused sellers, times the square of what the target leaves to be wrong: 12 at .7, 25 at .8, 100 at .9. So grows
    # Hoeffding's inequality, which assumes nothing of the spread; a spread seen in fewer sellers is not to be trusted.
    fewest_sellers: float = 1.0
    # Each candidate flags so much more than the one before: finer steps only find more lucky dips.
    step: float = 1.08
    fewest_listings: int = 10


DEFAULT_PROMISE: Final = PromisePolicy()


@dataclass(frozen=True, slots=True)
class GatePolicy:
    """Settings of `training.gates`; shares are of 1, so a recall of .03 is three points.

    The false-alarm rates and the power that some of them buy were simulated: `python -m tests.training.slice_power`.
    """

    # Ten counterfeits move a recall by ten points each; below that no figure means anything.
    fewest_positives: int = 10
    # Listings cluster by seller: ten counterfeits of one seller are one observation.
    fewest_positive_sellers: int = 3
    # On the random slice rows weigh up to 33 times as much as others. The measure is the number of rows of equal weight
    # with the same information. With fewer than five counterfeits in that measure a single audit decides the
    # comparison.
    fewest_effective_positives: float = 5.0

    # Two hundredths are what resampling moves a calibration error of .05 on 500 rows; worse than the champion by more,
    # beyond doubt, or by five hundredths at face value, and routing thresholds mean something else.
    calibration_slack: float = 0.02
    calibration_most_slack: float = 0.05
    # A first model has nothing beside it; at .15 a threshold of .5 may mean .35.
    first_calibration_error: float = 0.15

    # A slice is gated from 50 rows on; recall is compared where one genuine listing in a hundred is flagged. Ours.
    slice_rows: int = 50
    false_alarms: float = 0.01
    slice_recall_loss: float = 0.03
    slice_confidence: float = 0.95
    # Recall at so few false alarms rests on a handful of counterfeits; the rank of all of them among genuine listings
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
    # False confirmations teach that a rival's honest listings are fakes; more of them flagged beyond doubt is no gain.
    slice_alarms_rise: float = 0.03

    # No regression on upheld appeals (ADR 16): the newly flagged listings may exceed the corrected ones by this
    # number. The champion is clear about a listing if two conditions hold. Its odds are below half of its own
    # threshold, and the candidate's odds are at least three times as high. Between honest models of two simulated years
    # odds rose up to 2.8 times where a listing crossed the threshold. Planted labels mostly raise them seven times.
    upheld_regressions: int = 0
    upheld_clear_share: float = 0.5
    upheld_odds_times: float = 3.0

    # A slice of the golden set is judged by itself from 200 listings on (ADR 17).
    golden_slice_rows: int = 200
    # Fewer say too little to be worth keeping away from training.
    golden_fewest: int = 50

    # ADR 18: what rewriting a listing may cost of recall, and by how many more of the honest listings written so may be
    # shown to somebody. They hold at face value from so many listings on that a handful cannot break them. A way that
    # costs 5 points breaks the bound by chance in 6.1 % of trainings with thirty counterfeits and in 1.1 % with a
    # hundred (binomial); there are 21 ways. Of two thousand honest listings ten are the bound, twice the standard error
    # where two in a hundred change sides by the way. Of fewer, only what is beyond doubt counts.
    replay_recall_loss: float = 0.10
    replay_alarms_rise: float = 0.005
    replay_counterfeits: int = 100
    replay_honest: int = 2_000
    # Beyond doubt for all together: 21 ways of counterfeits and six of honest listings are compared, and at 95 % for
    # each, one harmless way or another failed in a third of honest simulated trainings (Bonferroni: .05 / 27).
    replay_confidence: float = 0.998
    # Listings of each class that are rewritten, in every way that such people use.
    replay_most: int = 2_000

    # Interval of differences on the page, and how many resamples of whole sellers it takes.
    confidence: float = 0.95


DEFAULT_GATES: Final = GatePolicy()
