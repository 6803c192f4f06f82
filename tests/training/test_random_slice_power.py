"""The gate of the random slice on simulated markets, by the rule in force."""

from tests.training.random_slice_power import CANDIDATES, passes

MARKETS = 150


def test_a_worse_candidate_rarely_passes_and_a_better_one_mostly_does() -> None:
    worse, better = (passes(CANDIDATES[name], 800, MARKETS)["trimmed"] for name in ("worse", "finds the hidden kind"))
    assert worse.passed <= 0.15
    assert better.passed >= 0.6


def test_trimming_judges_most_of_the_markets_that_a_single_draw_left_unjudged() -> None:
    found = passes(CANDIDATES["equal"], 800, MARKETS)
    assert found["untrimmed"].judged <= 0.7
    assert found["trimmed"].judged >= 0.95


def test_trimming_is_less_biased_towards_flagged_listings_than_a_fixed_cap() -> None:
    blind = passes(CANDIDATES["same on what is shown, blind to the hidden"], 2_400, MARKETS)
    assert blind["trimmed"].passed < blind["capped at ten"].passed
