"""The model's accuracy in a period, from the random audit sample and later labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.policies.learning import DEFAULT_LABELS
from models.prevalence import Estimate, SelectedListing, prevalence
from models.routing import Lane
from serving.learning.service.labelling import mature_labels
from serving.learning.store import monitoring
from serving.platform.clock import Window
from serving.transparency.rules.transparency_figures import Accuracy, BandOfScores, Share
from training.evaluate.bands import ScoredListing, precision_by_band

_A_MOMENT = timedelta(microseconds=1)
# A listing counts where its lane says, whatever the thresholds are today. One with too little evidence is no decision.
FLAGGED: Final = frozenset({Lane.ASK_BRAND, Lane.ANALYST})
PASSED: Final = frozenset({Lane.NO_ACTION, Lane.AUDIT})


@dataclass(frozen=True, slots=True)
class RoutedListing:
    """A scored listing, and the lane to which its first score sent it."""

    lane: Lane
    scored: ScoredListing


def accuracy_in_period(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> Accuracy:
    """The model's accuracy for listings first scored in [since, until), by the labels known at the end.

    Listings scored only by the scorecard have no probability and are excluded.
    """
    window = Window(since - _A_MOMENT, until - _A_MOMENT)
    labels = mature_labels(connection, marketplace_id, DEFAULT_LABELS, until)
    rows = [
        RoutedListing(
            row.lane,
            ScoredListing(row.probability, row.inclusion_probability, labels.get(row.version_id), row.reviewed),
        )
        for row in monitoring.first_scores(connection, marketplace_id, window)
        if row.probability is not None
    ]
    return accuracy_of(rows)


def accuracy_of(rows: Sequence[RoutedListing]) -> Accuracy:
    """The model's accuracy for these listings: in the lanes that it flags for people, and in those that it passes."""
    bands = precision_by_band([row.scored for row in rows])
    return Accuracy(
        _counterfeit_share([row.scored for row in rows if row.lane in FLAGGED]),
        _counterfeit_share([row.scored for row in rows if row.lane in PASSED]),
        tuple(BandOfScores(band.low, band.high, band.listings, _as_share(band.observed)) for band in bands),
    )


def _counterfeit_share(rows: Sequence[ScoredListing]) -> Share:
    due = [SelectedListing(listing.inclusion_probability, listing.counterfeit) for listing in rows if listing.reviewed]
    return _as_share(prevalence(due, listings=len(rows)))


def _as_share(estimate: Estimate) -> Share:
    return Share(estimate.share, estimate.low, estimate.high, estimate.reviewed)
