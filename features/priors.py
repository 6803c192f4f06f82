"""Base-rate priors of a marketplace and their strength, which stabilise shares of few cases."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple, Self

# Below thirty sellers or ten cases, the stated constants are more reliable than the data.
_FEWEST_GROUPS: Final = 30
_FEWEST_CASES: Final = 10
# The most cases that count of one seller, so that the largest does not dominate.
_MOST_OF_ONE: Final = 500.0
# A prior weaker than two cases has no effect; one stronger than 500 hides the differences between sellers.
_WEAKEST, _STRONGEST = 2.0, 500.0
_MOST_GROUPS: Final = 1 << 40  # More sellers than there are people.


class Prior(NamedTuple):
    """A base-rate prior, worth `strength` cases; `groups` is the number of sellers or listings behind it."""

    mean: float
    strength: float
    groups: int = 0


# The base-rate priors before a marketplace has data of its own. About one item in twelve comes back in online retail;
# the prior has the weight of twenty sales.
RETURNS: Final = Prior(0.08, 20.0)
# Returned as not genuine is rare on an honest listing: one in two hundred.
FAKE_RETURNS: Final = Prior(0.005, 40.0)
# Above this share counterfeits themselves raise the base rate, so it is capped.
MOST_FAKE_RETURNS: Final = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """Base-rate priors of a marketplace as of a moment.

    The share of counterfeits among reviewed listings is left out, because reviews select suspicious listings.
    """

    seller_returns: Prior = RETURNS
    seller_fake_returns: Prior = FAKE_RETURNS
    item_returns: Prior = RETURNS
    item_fake_returns: Prior = FAKE_RETURNS

    def to_dict(self) -> dict[str, Any]:
        """The priors as plain values."""
        return {name: list(prior) for name, prior in asdict(self).items()}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Self:
        """The inverse of `to_dict`. Raises ValueError, TypeError (a value is not a prior)."""
        return cls(**{name: _parse_prior(*values) for name, values in document.items()})


def _parse_prior(mean: Any, strength: Any, groups: Any) -> Prior:
    if type(groups) is not int or not 0 <= groups < _MOST_GROUPS or not {type(mean), type(strength)} <= {int, float}:
        raise ValueError("a prior that is no number")
    prior = Prior(float(mean), float(strength), groups)
    if not 0 < prior.mean < 1 or not 0 < prior.strength < math.inf:
        raise ValueError("a prior that is no share")
    return prior


NO_PRIORS: Final = Priors()


def estimate_prior(cases: Iterable[tuple[float, float]], *, otherwise: Prior, most: float = 1.0) -> Prior:
    """The beta prior behind counts (part, whole) of many sellers or listings, fitted by moments.

    A part above its whole counts as the whole. `otherwise` is returned where there is too little data. The mean is
    capped at `most`.

    Source: Kleinman 1973, Proportions with extraneous variance, JASA 68; weights are the wholes.
    """
    groups = [_bound_counts(part, whole) for part, whole in cases if whole > 0]
    total = math.fsum(whole for _, whole in groups)
    cases_found = math.fsum(part for part, _ in groups)
    if len(groups) < _FEWEST_GROUPS or not _FEWEST_CASES <= cases_found < total:
        return otherwise
    mean = cases_found / total
    spread = math.fsum(whole * (part / whole - mean) ** 2 for part, whole in groups)
    chance = len(groups) - 1  # The value of spread over mean x (1 - mean) for equal shares.
    room = total - math.fsum(whole**2 for _, whole in groups) / total - chance
    excess = spread / (mean * (1 - mean)) - chance
    if room <= 0:
        return Prior(min(mean, most), otherwise.strength, len(groups))
    correlation = min(max(excess / room, 1 / (_STRONGEST + 1)), 1 / (_WEAKEST + 1))
    return Prior(min(mean, most), 1 / correlation - 1, len(groups))


def _bound_counts(part: float, whole: float) -> tuple[float, float]:
    bounded_whole = min(whole, _MOST_OF_ONE)
    return min(part, whole) * bounded_whole / whole, bounded_whole
