"""What verdicts are worth to training, and when."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """Settings of `models.labels.label_from`. Weights are relative to a brand's answer on its own goods.

    A label that is wrong with chance e carries 1 - 2e of the signal of a right one (Natarajan et al. 2013), which is
    what the weights below approximate.
    """

    # The counter-notice window; until it closes the seller may still be right (Capabilities C.12b).
    counterfeit_matures_days: int = 14
    # A week in which a second look or a complaint usually shows up; nobody has a deadline on 'genuine'.
    genuine_matures_days: int = 7
    # The goods were bought and examined: as good as the brand's word, and not open to a better picture.
    test_buy_weight: float = 1.0
    brand_weight: float = 1.0
    # Two people who err on one in ten and agree are both wrong once in eighty; of the same craft, rather more often.
    two_reviewers_weight: float = 0.9
    # Ten per cent or so of single analyst verdicts are wrong: .8 of the signal, and less where the offer is hard,
    # which is when they err. 0 would let no label in until a second reviewer agrees (Capabilities C.12a), and nearly
    # the whole audit slice, which one analyst finds genuine, would then teach nothing.
    one_reviewer_weight: float = 0.7
    # What one reviewer's 'counterfeit' on an offer is worth that was only drawn. With 2 % counterfeits and 8 %
    # mistakes, five of six such finds are mistakes; 0 waits for a second reviewer.
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
