from itertools import pairwise

import pytest

from models.errors import Forbidden, Invalid
from models.routing import Lane
from serving.scoring.rules.trial import Cell, TrialRow, check_share, compare, does_challenger_decide, missing_approvals

SELLERS = [f"seller-{i}" for i in range(4_000)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_it_decides_about_the_requested_share_of_sellers(share: float) -> None:
    decided = sum(does_challenger_decide("tri_1", seller, share) for seller in SELLERS)
    assert decided / len(SELLERS) == pytest.approx(share, abs=0.025)  # Three standard errors at a half.


def test_a_seller_stays_decided_about_when_the_share_grows() -> None:
    decided = [
        {seller for seller in SELLERS if does_challenger_decide("tri_1", seller, share)}
        for share in (0.1, 0.11, 0.5, 0.99)
    ]
    assert decided == sorted(decided, key=len)
    assert all(before < after for before, after in pairwise(decided))


def test_another_trial_decides_about_other_sellers() -> None:
    both = sum(
        does_challenger_decide("tri_1", seller, 0.5) and does_challenger_decide("tri_2", seller, 0.5)
        for seller in SELLERS
    )
    assert both / len(SELLERS) == pytest.approx(0.25, abs=0.025)


NOBODY: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("share", "approved_by", "needed", "refused", "_why"),
    [
        (0.0, NOBODY, 2, None, "a shadow trial needs no approval"),
        (0.1, frozenset({"user:b"}), 2, None, "one has approved, another starts it"),
        (0.1, NOBODY, 2, Forbidden, "nobody else has approved"),
        (0.1, frozenset({"user:a"}), 2, Forbidden, "the approver also starts it, and is one person"),
        (0.1, NOBODY, 1, None, "a marketplace with one data scientist"),
        (1.0, frozenset({"user:b"}), 2, Invalid, "all sellers would be a promotion"),
        (-0.1, frozenset({"user:b"}), 2, Invalid, "not a share"),
    ],
)
def test_a_share_takes_as_many_people_as_a_promotion(
    share: float, approved_by: frozenset[str], needed: int, refused: type[Exception] | None, _why: str
) -> None:
    if refused is None:
        check_share(share, by="user:a", approved_by=approved_by, needed=needed)
    else:
        with pytest.raises(refused):
            check_share(share, by="user:a", approved_by=approved_by, needed=needed)


def test_a_comparison_counts_flagged_listings_by_model_and_label() -> None:
    comparison = compare(
        [
            TrialRow(Lane.ANALYST, Lane.ASK_BRAND, True),
            TrialRow(Lane.ANALYST, Lane.NO_ACTION, False),
            TrialRow(Lane.NO_ACTION, Lane.ANALYST, None),
            TrialRow(Lane.AUDIT, Lane.AUDIT, True),
            TrialRow(Lane.INSUFFICIENT_EVIDENCE, Lane.NO_ACTION, None),
        ]
    )
    assert (comparison.both, comparison.only_champion) == (Cell(1, 1, 0), Cell(1, 0, 1))
    assert (comparison.only_challenger, comparison.neither) == (Cell(1, 0, 0), Cell(2, 1, 0))
    assert comparison.listings == 5


@pytest.mark.parametrize(
    ("approved_by", "needed", "missing"),
    [((), 2, 1), (("user:ada",), 2, 1), (("user:wei",), 2, 0), (("user:wei", "user:mara"), 2, 0), ((), 1, 0)],
)
def test_the_starter_counts_once_among_the_approvals(approved_by: tuple[str, ...], needed: int, missing: int) -> None:
    assert missing_approvals(by="user:ada", approved_by=frozenset(approved_by), needed=needed) == missing
