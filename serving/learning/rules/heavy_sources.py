"""Reviewers who gave so many of the labels that their habits become the model's."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from serving.learning.policy import LabelSourcePolicy

_REVIEWER: Final = "user:"


class Among(StrEnum):
    """The labels that a share refers to."""

    ALL = "all"
    COUNTERFEIT = "counterfeit"
    GENUINE = "genuine"


@dataclass(frozen=True, slots=True)
class HeavySource:
    """A reviewer whose largest share is above the policy: `share` is of the labels that `among` names."""

    source: str
    among: Among
    share: float


def heavy_sources(
    labels: Mapping[str, int], counterfeit: Mapping[str, int], *, rows: int, positives: int, policy: LabelSourcePolicy
) -> tuple[HeavySource, ...]:
    """The reviewers above the policy's share of all labels or of one class, the largest share first.

    `labels` and `counterfeit` count the labels of each source among `rows` labels, `positives` of them counterfeit. A
    brand is no reviewer: it answers for its own goods alone, and training caps its weight.
    """
    found = []
    for source, number in labels.items():
        if source.startswith(_REVIEWER):
            fakes = counterfeit.get(source, 0)
            shares = {
                Among.ALL: _share(number, rows),
                Among.COUNTERFEIT: _share(fakes, positives),
                Among.GENUINE: _share(number - fakes, rows - positives),
            }
            among = max(shares, key=lambda one: shares[one])
            if shares[among] > policy.reviewer_share:
                found.append(HeavySource(source, among, shares[among]))
    return tuple(sorted(found, key=lambda one: (-one.share, one.source)))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
