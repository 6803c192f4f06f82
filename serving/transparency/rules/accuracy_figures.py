"""The accuracy of automated means for transparency reports, by score band with intervals."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from serving.transparency.rules.transparency_figures import Figure, Part


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval, from `judged` listings; `value` is None without any."""

    value: float | None
    low: float
    high: float
    judged: int

    @property
    def rest(self) -> "Share":
        """The complement, 1 minus the share."""
        return Share(None if self.value is None else 1 - self.value, 1 - self.high, 1 - self.low, self.judged)


@dataclass(frozen=True, slots=True)
class BandOfScores:
    """The listings with a probability in [low, high): their number, and the share of counterfeits among all of them."""

    low: float
    high: float
    listings: int
    counterfeit: Share


@dataclass(frozen=True, slots=True)
class Accuracy:
    """The share of counterfeits by the random audit sample: in flagged listings, in passed listings, and by band."""

    flagged: Share
    passed_over: Share
    bands: tuple[BandOfScores, ...]


_NO_SAMPLE: Final = "No listing of the random audit sample has a mature label in this period."


def accuracy_figures(found: Accuracy) -> list[Figure]:
    """Error rates of automated means (Article 15(1)(e)) and the share of counterfeits by band, each with its interval.

    A flagged genuine listing is an error, and so is a counterfeit that the model passes without review. What counts is
    the lane of a listing's first score; a listing with too little evidence is no decision. The shares are of all
    listings, estimated from the random audit sample, and not of suspicious listings only.
    """
    return [
        *_of("error_rate_of_what_was_flagged", found.flagged.rest),
        *_of("error_rate_of_what_was_passed_over", found.passed_over),
        *_of_bands(found.bands),
    ]


def _of_bands(bands: Iterable[BandOfScores]) -> list[Figure]:
    figures: list[Figure] = []
    for band in bands:
        name = f"band_{band.low:.2f}_{band.high:.2f}"
        figures.append(Figure(Part.AUTOMATED_MEANS, f"{name}_listings", None, band.listings))
        figures += _of(f"{name}_counterfeit_share", band.counterfeit)
    return figures


def _of(name: str, share: Share) -> list[Figure]:
    none = _NO_SAMPLE if share.value is None else None
    judged = Figure(Part.AUTOMATED_MEANS, f"{name}_judged", None, share.judged)
    ends = (("", share.value), ("_low", share.low), ("_high", share.high))
    known = share.value is not None
    return [
        *(Figure(Part.AUTOMATED_MEANS, f"{name}{end}", None, value if known else None, none) for end, value in ends),
        judged,
    ]
