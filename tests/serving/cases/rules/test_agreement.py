import pytest

from models.verdict import Judgement
from serving.cases.rules.agreement import agreement, of_counts

C, G, L, M = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.LICENSED, Judgement.GREY_MARKET
N, T = Judgement.CANNOT_TELL, Judgement.NEEDS_TEST_BUY


@pytest.mark.parametrize(
    ("pairs", "expected", "why"),
    [
        ([], (0, 0), "nothing"),
        ([(C, C), (G, G)], (2, 2), "the same answer"),
        ([(G, L), (L, M), (M, G)], (3, 3), "the brand's own goods under three names"),
        ([(C, G), (M, C)], (0, 2), "one says counterfeit"),
        ([(N, C), (C, T), (N, N)], (0, 0), "neither answer is comparable"),
    ],
)
def test_answers_agree_where_they_say_the_same_of_counterfeit(
    pairs: list[tuple[Judgement, Judgement]], expected: tuple[int, int], why: str
) -> None:
    counts = agreement(pairs)
    assert (counts.agreed, counts.of) == expected, why


def test_the_interval_is_wilsons() -> None:
    """45 of 48: worked out by hand from the formula, and 0 of 10 from Wilson's paper's form z^2 / (n + z^2)."""
    interval = of_counts(45, 48)
    assert interval.low == pytest.approx(0.8316, abs=5e-4)
    assert interval.high == pytest.approx(0.9785, abs=5e-4)
    none = of_counts(0, 10)
    assert none.low == pytest.approx(0.0, abs=1e-12)
    assert none.high == pytest.approx(3.8415 / 13.8415, abs=1e-4)
    assert of_counts(0, 0).share is None
