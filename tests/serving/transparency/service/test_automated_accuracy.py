import pytest

from models.routing import Lane
from serving.transparency.service.automated_accuracy import Routed, accuracy, accuracy_of
from tests.fixtures.runtimes import Site, a_case
from training.bands import ScoredListing


def listing(lane: Lane, probability: float, *, counterfeit: bool | None, chance: float = 1.0) -> Routed:
    return Routed(lane, ScoredListing(probability, chance, counterfeit, reviewed=counterfeit is not None))


def test_the_random_sample_represents_unreviewed_listings() -> None:
    flagged = [listing(Lane.ASK_BRAND, 0.9, counterfeit=one != 0) for one in range(10)]
    # A hundred passed listings, ten of them sampled at one in ten, one of those a counterfeit.
    drawn = [listing(Lane.AUDIT, 0.05, counterfeit=one == 0, chance=0.1) for one in range(10)]
    unseen = [listing(Lane.NO_ACTION, 0.05, counterfeit=None, chance=0.1) for _ in range(90)]
    thin = [listing(Lane.INSUFFICIENT_EVIDENCE, 0.3, counterfeit=True)]
    found = accuracy_of([*flagged, *drawn, *unseen, *thin])
    assert found.flagged.value == pytest.approx(0.9)
    assert found.flagged.rest.value == pytest.approx(0.1)
    assert found.passed_over.value == pytest.approx(0.1)
    assert found.passed_over.low < 0.1 < found.passed_over.high
    assert (found.flagged.judged, found.passed_over.judged) == (10, 10)
    assert sum(one.listings for one in found.bands) == 111


@pytest.mark.parametrize("probability", [0.02, 0.3, 0.97])
def test_a_listing_counts_where_its_lane_says_whatever_its_probability(probability: float) -> None:
    """Thresholds are stored with each model: what one sends to a person, another passes."""
    flagged = accuracy_of([listing(Lane.ANALYST, probability, counterfeit=True)])
    assert (flagged.flagged.judged, flagged.passed_over.judged) == (1, 0)
    passed = accuracy_of([listing(Lane.AUDIT, probability, counterfeit=False, chance=0.5)])
    assert (passed.flagged.judged, passed.passed_over.judged) == (0, 1)


def test_listings_scored_by_the_scorecard_are_excluded(site: Site) -> None:
    begins = site.clock.now()
    a_case(site)
    site.clock.forward(days=1)
    found = site.read(accuracy, site.here, begins, site.clock.now())
    assert found.flagged.value is None
    assert sum(one.listings for one in found.bands) == 0
