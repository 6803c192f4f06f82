import pytest

from training.evaluate.bands import EDGES, ScoredListing, precision_by_band


def scored_listing(probability: float, is_counterfeit: bool | None = None, *, chance: float = 1.0) -> ScoredListing:
    """A reviewed listing; without an answer and with a probability below one, a listing that was not sampled."""
    return ScoredListing(probability, chance, is_counterfeit, reviewed=chance == 1.0 or is_counterfeit is not None)


def test_a_band_compares_prediction_and_observation() -> None:
    rows = [
        scored_listing(0.7, True),
        scored_listing(0.7, True),
        scored_listing(0.75, True),
        scored_listing(0.65, False),
    ]
    (band,) = (band for band in precision_by_band(rows) if band.listings)
    assert (band.low, band.high, band.listings) == (0.6, 0.8, 4)
    assert band.predicted == pytest.approx(0.7)
    assert band.observed.share == pytest.approx(0.75)


def test_sampled_listings_represent_the_unreviewed_ones_of_their_band() -> None:
    looked_at = [scored_listing(0.01, True, chance=0.1), scored_listing(0.01, False, chance=0.1)]
    (band,) = (
        band for band in precision_by_band([*looked_at, *[scored_listing(0.01, chance=0.1)] * 18]) if band.listings
    )
    assert band.observed.share == pytest.approx(0.5)
    assert band.observed.audited == 2
    assert band.observed.high > 0.9  # Two sampled listings are few.


def test_a_missing_answer_is_not_a_genuine_listing() -> None:
    (band,) = (band for band in precision_by_band([scored_listing(0.9, True), scored_listing(0.9)]) if band.listings)
    assert band.observed.share == pytest.approx(1.0)
    assert band.observed.low < 1.0


def test_every_probability_has_one_band_its_edges_included() -> None:
    bands = precision_by_band([scored_listing(edge, False) for edge in EDGES])
    assert [band.listings for band in bands] == [1] * 7 + [2]  # 1 lies in the last band, which begins at .8.


def test_a_band_without_listings_has_no_estimate() -> None:
    empty = precision_by_band([])[0]
    assert (empty.predicted, empty.observed.share) == (None, None)
