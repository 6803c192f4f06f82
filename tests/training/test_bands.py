import pytest

from training.bands import EDGES, ScoredListing, precision_by_band


def scored(probability: float, found: bool | None = None, *, chance: float = 1.0) -> ScoredListing:
    """A reviewed listing, or one that was not drawn where its chance is below one and it has no answer."""
    return ScoredListing(probability, chance, found, reviewed=chance == 1.0 or found is not None)


def test_a_band_compares_what_was_said_with_what_came_out() -> None:
    rows = [scored(0.7, True), scored(0.7, True), scored(0.75, True), scored(0.65, False)]
    (band,) = (one for one in precision_by_band(rows) if one.listings)
    assert (band.low, band.high, band.listings) == (0.6, 0.8, 4)
    assert band.predicted == pytest.approx(0.7)
    assert band.found.value == pytest.approx(0.75)


def test_drawn_listings_speak_for_those_of_their_band_that_nobody_looked_at() -> None:
    looked_at = [scored(0.01, True, chance=0.1), scored(0.01, False, chance=0.1)]
    (band,) = (one for one in precision_by_band([*looked_at, *[scored(0.01, chance=0.1)] * 18]) if one.listings)
    assert band.found.value == pytest.approx(0.5)
    assert band.found.audited == 2
    assert band.found.high > 0.9  # Two draws say little.


def test_an_answer_that_is_not_in_yet_is_no_genuine_listing() -> None:
    (band,) = (one for one in precision_by_band([scored(0.9, True), scored(0.9)]) if one.listings)
    assert band.found.value == pytest.approx(1.0)
    assert band.found.low < 1.0


def test_every_probability_has_one_band_its_edges_included() -> None:
    bands = precision_by_band([scored(edge, False) for edge in EDGES])
    assert [band.listings for band in bands] == [1] * 7 + [2]  # 1 lies in the last band, which begins at .8.


def test_a_band_without_listings_says_nothing() -> None:
    empty = precision_by_band([])[0]
    assert (empty.predicted, empty.found.value) == (None, None)
