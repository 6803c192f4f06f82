from decimal import Decimal

import pytest
from scipy.stats import binom, binomtest

from serving.standing.rules.bounds import audits_needed, is_proven, proven_right_share, surely_above, surely_below

CONFIDENCE = Decimal("0.95")
NEEDED = [
    ("0.10", [29, 46, 61, 76]),
    ("0.05", [59, 93, 124, 153]),
    ("0.02", [149, 236, 313, 386]),
]


@pytest.mark.parametrize(("limit", "audits"), NEEDED)
def test_so_many_audits_prove_a_level_with_none_to_three_wrong(limit: str, audits: list[int]) -> None:
    assert [audits_needed(wrong, Decimal(limit), CONFIDENCE) for wrong in range(4)] == audits


def test_the_bound_is_that_of_clopper_and_pearson_as_scipy_computes_it() -> None:
    for limit in ("0.02", "0.05", "0.10"):
        for audited in range(1, 200):
            for wrong in range(min(audited, 12) + 1):
                chance = binom.cdf(wrong, audited, float(limit))
                if abs(chance - 0.05) > 1e-9:
                    assert is_proven(wrong, audited, Decimal(limit), CONFIDENCE) is bool(chance <= 0.05)


LOOKS = [("0.10", 0.11, 0.12), ("0.125", 0.04, 0.05), ("0.15", 0.01, 0.02)]


@pytest.mark.parametrize(("wrong_share", "low", "high"), LOOKS)
def test_the_chance_of_full_standing_over_all_looks_at_a_hundred_audits(
    wrong_share: str, low: float, high: float
) -> None:
    """A brand that is looked at after each audit. The bound of one look is 5 % at a share of 10 %."""
    share, chance_of_full = float(wrong_share), 0.0
    chances = {0: 1.0}  # By the number of wrong audits, of brands that have not risen.
    for audited in range(1, 101):
        following = dict.fromkeys(range(audited + 1), 0.0)
        for wrong, chance in chances.items():
            following[wrong] += chance * (1 - share)
            following[wrong + 1] += chance * share
        risen = [wrong for wrong in following if is_proven(wrong, audited, Decimal("0.10"), CONFIDENCE)]
        chance_of_full += sum(following.pop(wrong) for wrong in risen)
        chances = following
    assert low < chance_of_full < high


def test_the_proven_share_is_the_lower_end_of_the_one_sided_interval() -> None:
    for wrong, audited in [(0, 29), (1, 46), (3, 76), (2, 10), (5, 5), (0, 1), (40, 900)]:
        interval = binomtest(audited - wrong, audited, alternative="greater").proportion_ci(0.95, method="exact")
        proven = float(proven_right_share(wrong, audited, CONFIDENCE))
        assert 0 <= interval.low - proven < 0.001 + 1e-9


def test_the_ends_are_wilsons_to_the_last_digit() -> None:
    exact = Decimal("1.96")
    for n in range(1, 300):
        for part in {n, n - 1, n * 9 // 10, n * 4 // 5, n // 2, n // 20, 1, 0}:
            p, z = part / n, 1.96
            root = z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
            low, high = ((p + z * z / (2 * n) + end) / (1 + z * z / n) for end in (-root, root))
            for limit in ("0.05", "0.8", "0.9"):
                if min(abs(low - float(limit)), abs(high - float(limit))) > 1e-9:
                    assert surely_above(part, n, Decimal(limit), exact) is (low > float(limit))
                    assert surely_below(part, n, Decimal(limit), exact) is (high < float(limit))


def test_nothing_is_proven_and_nothing_broken_without_outcomes() -> None:
    assert not is_proven(0, 0, Decimal("0.10"), CONFIDENCE)
    assert not surely_above(0, 0, Decimal(0), Decimal("1.96"))
    assert not surely_below(0, 0, Decimal(1), Decimal("1.96"))
