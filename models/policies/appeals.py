"""How long a decision can be appealed against, and when an appellant who is never right is slowed down."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AppealPolicy:
    """Settings of `models.appeals`."""

    # Digital Services Act, Article 20(1): at least six months from being informed, for sellers and notifiers alike.
    open_months: int = 6
    # Article 23(2) covers those who frequently complain without ground; a record is looked at over the year in which a
    # strike counts.
    record_days: int = 365
    # Article 23(3) asks for the number and the proportion. Ten dismissed is a number that an honest seller hit by a
    # wrong sweep stays under, whose appeals are upheld; nine of ten is 'frequent' by any reading (inferred).
    frivolous_from: int = 10
    frivolous_share: float = 0.9


DEFAULT_APPEALS: Final = AppealPolicy()
