from collections.abc import Callable

import pytest

from models.verdict import Judgement, Side
from tests.fixtures.simulation import a_listing, a_small_market
from training.simulation.arms import ARMS, POISONED_SHARES, Attack, Poison, Poisoner, most_copied_brand
from training.simulation.market import Offered


def a_poisoner(attack: Attack, share: float = 1.0, *, answers: int = 100) -> Poisoner:
    return Poisoner(Poison(attack, share), "aurelle", answers)


ANSWERS: list[tuple[Offered, Side, Judgement | None, str]] = [
    (a_listing(), Side.BRAND, Judgement.GENUINE, "the brand's account calls its counterfeit genuine"),
    (a_listing(), Side.ANALYST, None, "analysts are not theirs"),
    (a_listing(brand_id="halvorn"), Side.BRAND, None, "another brand's account is not theirs"),
    (a_listing(counterfeit=False), Side.BRAND, None, "of genuine goods the truth is told"),
]


@pytest.mark.parametrize(("offered", "side", "expected", "_why"), ANSWERS)
def test_a_brand_that_clears_its_own_counterfeits(
    offered: Offered, side: Side, expected: Judgement | None, _why: str
) -> None:
    assert a_poisoner(Attack.CLEARED).instead(offered, side) is expected
    assert a_poisoner(Attack.ACCUSED).instead(offered, side) is None


def test_only_honest_listings_of_the_brand_are_accused() -> None:
    wanted = a_listing(counterfeit=False, kind="retail")
    others = [a_listing(), a_listing(counterfeit=False, brand_id="halvorn"), a_listing(counterfeit=False, brand_id="")]
    assert a_poisoner(Attack.ACCUSED).accused([*others, wanted]) == [wanted]
    assert a_poisoner(Attack.CLEARED).accused([*others, wanted]) == []


def _clears(poisoner: Poisoner) -> bool:
    return poisoner.instead(a_listing(), Side.BRAND) is not None


def _accuses(poisoner: Poisoner) -> bool:
    return bool(poisoner.accused([a_listing(counterfeit=False)]))


@pytest.mark.parametrize(
    ("attack", "acts"), [(Attack.CLEARED, _clears), (Attack.ACCUSED, _accuses), (Attack.REPORTED, _accuses)]
)
@pytest.mark.parametrize("share", POISONED_SHARES)
def test_at_most_the_share_of_all_answers_is_planted(
    attack: Attack, acts: Callable[[Poisoner], bool], share: float
) -> None:
    poisoner = a_poisoner(attack, share, answers=0)
    for _ in range(4_000):
        acts(poisoner)
        poisoner.answers += 1
        assert poisoner.planted <= share * poisoner.answers + 1
    assert poisoner.planted == pytest.approx(share * 4_000, abs=1)


def test_the_attacked_brand_takes_part_and_is_copied_most() -> None:
    market = a_small_market()
    copied = [o.truth.brand_id for o in market.listings if o.truth.counterfeit]
    found = most_copied_brand(market)
    assert found in market.taking_part
    assert copied.count(found) == max(copied.count(brand) for brand in market.taking_part)


def test_a_poisoned_arm_differs_from_its_twin_only_in_the_poison() -> None:
    for arm in ARMS.values():
        if arm.poison is not None:
            twin = ARMS[arm.twin or ""]
            assert (arm.retrains, arm.explores, arm.adapting) == (twin.retrains, twin.explores, twin.adapting)
            assert twin.poison is None
