from dataclasses import replace

import pytest
from scipy.stats import binomtest, poisson

from models.messages.english import in_english
from serving.scoring.policy import DEFAULT_BREAKER, BreakerPolicy
from serving.scoring.rules.breaker import Volume, _tail_probability, _upper_share, why_tripped

USUAL = Volume(2000, 100)  # 5 %, at most 6.04 % with 95 % confidence.

TABLE: list[tuple[Volume, Volume, bool, str]] = [
    (Volume(1000, 500), USUAL, True, "ten times the earlier share"),
    (Volume(1000, 50), USUAL, False, "as usual"),
    (Volume(1000, 100), USUAL, False, "twice as many happens in a campaign"),
    (Volume(1000, 181), USUAL, False, "just under three times the upper end of the interval (60.44)"),
    (Volume(1000, 182), USUAL, True, "just over three times"),
    (Volume(1000, 0), USUAL, False, "too few never open it"),
    (Volume(20, 19), USUAL, False, "nearly all, but too few"),
    (Volume(20, 20), USUAL, True, "twenty of twenty"),
    (Volume(1000, 500), Volume(199, 10), False, "too few to know the usual volume"),
    (Volume(1000, 500), Volume(200, 10), True, "200 listings are enough to know"),
    (Volume(1000, 500), Volume(2000, 0), True, "nothing was ever flagged before"),
    (Volume(100, 20), USUAL, False, "three times and more, but once in 100,000 days by chance"),
]


@pytest.mark.parametrize(("now", "usual", "opens", "why"), TABLE)
def test_the_breaker_opens(now: Volume, usual: Volume, opens: bool, why: str) -> None:
    assert (why_tripped(now, usual, DEFAULT_BREAKER) is not None) is opens, why


def test_the_reason_has_the_flagged_and_the_expected_number() -> None:
    reason = why_tripped(Volume(1000, 500), USUAL, DEFAULT_BREAKER)
    assert reason is not None
    assert in_english(reason) == (
        "500 of 1,000 listings were flagged in 24 hours (50%). The earlier share was 5.0%, so at most 60 were expected."
    )


@pytest.mark.parametrize(
    ("change", "opens"), [({"times": 9.0}, False), ({"chance": 0.0}, False), ({"fewest_flagged": 501}, False)]
)
def test_each_setting_counts(change: dict[str, float], opens: bool) -> None:
    policy: BreakerPolicy = replace(DEFAULT_BREAKER, **change)  # type: ignore[arg-type]  # names of the table above
    assert (why_tripped(Volume(1000, 500), USUAL, policy) is not None) is opens


@pytest.mark.parametrize(("scored", "flagged"), [(2000, 100), (20, 3), (5, 0), (7, 7)])
def test_the_upper_share_is_wilsons(scored: int, flagged: int) -> None:
    exact = binomtest(flagged, scored).proportion_ci(method="wilson").high
    assert _upper_share(Volume(scored, flagged)) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize(("count", "expected"), [(182, 60.45), (20, 1.2), (60, 20.0)])
def test_the_tail_is_poissons_to_within_a_few_per_cent_and_never_below_it(count: int, expected: float) -> None:
    exact = float(poisson.sf(count - 1, expected))
    assert exact <= _tail_probability(count, expected) <= 1.1 * exact


def test_in_the_far_tail_the_bound_is_sharp() -> None:
    assert _tail_probability(5, 1.0) == pytest.approx(float(poisson.sf(4, 1.0)), rel=0.01)
