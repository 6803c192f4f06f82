"""The agreement rate of a reviewer and another judge on the same listings, with its confidence interval."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from models.labels import VALUES
from models.verdict import Judgement

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreeing answers among the comparable ones, with Wilson's 95 % interval; None without comparable answers."""

    agreed: int
    of: int
    low: float | None
    high: float | None

    @property
    def share(self) -> float | None:
        """The agreement rate, from 0 to 1; None without comparable answers."""
        return self.agreed / self.of if self.of else None


def agreement(pairs: Iterable[tuple[Judgement, Judgement]]) -> Agreement:
    """The agreement of pairs of answers on whether a listing is counterfeit.

    Genuine, licensed and grey market count as one answer, because the goods are the brand's. 'Cannot tell' and 'needs a
    test buy' are not compared.

    >>> share = agreement([(Judgement.GENUINE, Judgement.LICENSED), (Judgement.GENUINE, Judgement.COUNTERFEIT)])
    >>> share.agreed, share.of
    (1, 2)
    """
    compared = [VALUES[answer] == VALUES[other] for answer, other in pairs if answer in VALUES and other in VALUES]
    return of_counts(sum(compared), len(compared))


def of_counts(agreed: int, of: int) -> Agreement:
    """The agreement from counts of answers.

    Source of the interval: E. B. Wilson, JASA 22 (1927) 209-212.
    """
    if not of:
        return Agreement(0, 0, None, None)
    share, square = agreed / of, _Z * _Z
    middle = share + square / (2 * of)
    reach = _Z * sqrt(share * (1 - share) / of + square / (4 * of * of))
    return Agreement(agreed, of, (middle - reach) / (1 + square / of), (middle + reach) / (1 + square / of))
