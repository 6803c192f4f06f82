"""The model's accuracy in a period, from the random audit sample and later labels."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.policies.deciding import DEFAULT_ROUTING
from models.policies.learning import DEFAULT_LABELS
from models.prevalence import Due, Estimate, prevalence
from serving.learning.service.labelling import mature_labels
from serving.learning.store import monitoring
from serving.platform.database.window import Window
from serving.transparency.rules.accuracy_figures import Accuracy, BandOfScores, Share
from training.bands import ScoredListing, precision_by_band

_A_MOMENT = timedelta(microseconds=1)


def accuracy(connection: Connection, marketplace_id: str, since: datetime, until: datetime) -> Accuracy:
    """The model's accuracy for listings first scored in [since, until), by the labels known at the end.

    Listings scored only by the scorecard have no probability and are excluded.
    """
    window = Window(since - _A_MOMENT, until - _A_MOMENT)
    labels = mature_labels(connection, marketplace_id, DEFAULT_LABELS, until)
    rows = [
        ScoredListing(row.probability, row.inclusion_probability, labels.get(row.version_id), row.reviewed)
        for row in monitoring.first_scores(connection, marketplace_id, window)
        if row.probability is not None
    ]
    return accuracy_of(rows)


def accuracy_of(rows: Sequence[ScoredListing]) -> Accuracy:
    """The model's accuracy for these listings, flagged and passed by the thresholds of the routing policy."""
    flagged = [one for one in rows if one.probability >= DEFAULT_ROUTING.ask_brand_from]
    passed_over = [one for one in rows if one.probability < DEFAULT_ROUTING.analyst_from]
    bands = precision_by_band(rows)
    return Accuracy(
        _counterfeit(flagged),
        _counterfeit(passed_over),
        tuple(BandOfScores(one.low, one.high, one.listings, _share(one.found)) for one in bands),
    )


def _counterfeit(rows: Sequence[ScoredListing]) -> Share:
    due = [Due(one.inclusion_probability, one.counterfeit) for one in rows if one.reviewed]
    return _share(prevalence(due, listings=len(rows)))


def _share(found: Estimate) -> Share:
    return Share(found.value, found.low, found.high, found.reviewed)
