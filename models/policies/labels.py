"""What verdicts are worth to training, and when."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """Settings of `models.labels.label_from`. Weights are relative to a brand's answer on its own goods."""

    # The counter-notice window; until it closes the seller may still be right (Capabilities C.12b).
    counterfeit_matures_days: int = 14
    # A week in which a second look or a complaint usually shows up; nobody has a deadline on 'genuine'.
    genuine_matures_days: int = 7
    brand_weight: float = 1.0
    # A second person agreed, of the same craft but not of the same desk.
    two_reviewers_weight: float = 0.9
    # Ten per cent or so of single analyst verdicts are wrong; they count, for less.
    one_reviewer_weight: float = 0.7
    # Genuine goods sold outside the channel look, by intent, like what is sought: half a genuine label.
    grey_market_weight: float = 0.5
    # A decision that stood up to an appeal, or fell by one, has been looked at by a second person who knew the stakes.
    appeal_weight: float = 1.0


DEFAULT_LABELS: Final = LabelPolicy()
