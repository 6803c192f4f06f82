from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from models.case import CaseLane
from models.labels import VALUES, AppealState, GivenVerdict, Label, label_from
from models.outcomes import outcomes
from models.policies.learning import DEFAULT_LABELS
from models.verdict import Judgement, Side
from tests.fixtures.simulation import a_listing, a_small_market
from training.simulation.market import Offered
from training.simulation.people import Settled, settle

NOW = a_small_market().start
LATE = NOW + timedelta(days=60)


def settled(offered: Offered, lane: CaseLane = CaseLane.ASK_BRAND, *, takes_part: bool = True) -> Settled:
    return settle(offered, lane, NOW, brand_id="aurelle", brand_takes_part=takes_part, brand_name="Aurelle")


def standing(one: Settled, moment: datetime) -> bool | None:
    """The listing's outcome in its seller's history at that time."""
    found = outcomes(one.rulings("offer"), as_of=moment)
    return found[0].counterfeit if found else None


def many(lane: CaseLane = CaseLane.ASK_BRAND, *, takes_part: bool = True, **truth: object) -> list[Settled]:
    return [settled(a_listing(at=at, **truth), lane, takes_part=takes_part) for at in range(300)]


def test_a_listing_gets_the_same_answers_in_every_arm() -> None:
    assert settled(a_listing()) == settled(a_listing())


def test_brands_are_mostly_right() -> None:
    down = sum(one.is_down for one in many(counterfeit=True))
    wrongly = sum(one.is_down for one in many(counterfeit=False, kind="retail"))
    assert down / 300 > 0.75
    assert wrongly / 300 < 0.05


def test_an_analyst_in_doubt_asks_the_brand() -> None:
    asked = [one for one in many(CaseLane.ANALYST) if one.verdicts[0].judgement is Judgement.COUNTERFEIT]
    assert asked
    assert all(one.looks > 1 for one in asked)


def test_without_a_participating_brand_an_analyst_decides() -> None:
    found = many(CaseLane.ANALYST, takes_part=False)
    assert {verdict.side for one in found for verdict in one.verdicts} == {Side.ANALYST}
    assert all(one.looks == 1 for one in found)


def test_after_four_days_without_an_answer_an_analyst_decides() -> None:
    passed_on = [one for one in many() if one.verdicts[0].side is Side.ANALYST]
    assert 0.08 < len(passed_on) / 300 < 0.25
    assert all(one.verdicts[0].known_at >= NOW + timedelta(hours=96) for one in passed_on)


def test_an_unanswered_question_is_not_asked_again() -> None:
    for one in many():
        assert sum(verdict.side is Side.BRAND for verdict in one.verdicts) <= 1


def test_answers_are_in_order_and_delayed() -> None:
    for one in many(CaseLane.AUDIT):
        times = [NOW, *(verdict.known_at for verdict in one.verdicts)]
        assert times == sorted(times)
        assert times[1] > NOW


def unconfirmed_positives() -> list[Settled]:
    """A sampled listing with one verdict, which is counterfeit."""
    drawn = many(CaseLane.AUDIT, takes_part=False, counterfeit=False, kind="retail")
    return [one for one in drawn if one.verdicts[0].judgement is Judgement.COUNTERFEIT]


def test_an_unconfirmed_positive_of_a_sample_gets_a_second_review_a_week_later() -> None:
    assert unconfirmed_positives()
    for one in unconfirmed_positives():
        first, second = one.verdicts
        assert (first.drawn, first.second_review, second.drawn, second.second_review) == (True, False, False, True)
        assert second.known_at > first.known_at + timedelta(days=7)
        assert first.user_id != second.user_id
        assert one.looks == 2


def test_second_reviews_remove_most_mistakes_of_a_sample() -> None:
    taught = [
        label_from(one.verdicts, AppealState.NONE, as_of=LATE, policy=DEFAULT_LABELS) for one in unconfirmed_positives()
    ]  # fmt: skip
    fakes = [label for label in taught if isinstance(label, Label) and label.value]
    assert len(fakes) < len(taught) / 4


def test_a_second_review_does_not_affect_the_listing() -> None:
    for one in unconfirmed_positives():
        assert one.verdicts[1].known_at not in {ruling.known_at for ruling in one.rulings("offer")}
        assert one.rulings_given == one.verdicts[:1]


def test_flagged_listings_and_brand_verdicts_get_no_second_review() -> None:
    for one in (*many(CaseLane.ANALYST, takes_part=False), *many()):
        assert not any(verdict.second_review for verdict in one.verdicts)
    for one in many(CaseLane.AUDIT):
        by_brand = any(verdict.side is Side.BRAND and verdict.judgement in VALUES for verdict in one.verdicts)
        assert not (by_brand and one.verdicts[-1].second_review)


def test_honest_sellers_appeal_more_often_and_win() -> None:
    honest = [
        one for one in many(CaseLane.ANALYST, takes_part=False, counterfeit=False, kind="retail") if one.removed_at
    ]
    fakers = [one for one in many(CaseLane.ANALYST, takes_part=False) if one.removed_at]
    appealed = [sum(one.appealed_at is not None for one in some) / len(some) for some in (honest, fakers)]
    assert appealed[0] > 2 * appealed[1]
    assert sum(one.is_down for one in honest if one.appealed_at) < len(honest) / 4


REMOVED = next(one for one in many() if one.removed_at and one.appealed_at is None)
APPEALED_AT = NOW + timedelta(days=10)


def an_appeal(judgement: Judgement) -> Settled:
    decision = GivenVerdict(
        "x/appeal", judgement, Side.ANALYST, "analyst-3", APPEALED_AT + timedelta(days=2), superseded=False
    )
    return replace(REMOVED, appealed_at=APPEALED_AT, decision=decision)


STATES = [
    (an_appeal(Judgement.GENUINE), 9, AppealState.NONE, True, "not yet filed"),
    (an_appeal(Judgement.GENUINE), 11, AppealState.OPEN, True, "filed, not yet decided"),
    (an_appeal(Judgement.GENUINE), 12, AppealState.UPHELD, False, "the seller was right"),
    (an_appeal(Judgement.CANNOT_TELL), 12, AppealState.UPHELD, False, "the doubt is the seller's"),
    (an_appeal(Judgement.COUNTERFEIT), 12, AppealState.DISMISSED, True, "the removal stands"),
]


@pytest.mark.parametrize(("one", "days", "state", "outcome", "_why"), STATES)
def test_an_appeal_is_known_when_it_is_filed_and_decided(
    one: Settled, days: int, state: AppealState, outcome: bool, _why: str
) -> None:
    moment = NOW + timedelta(days=days)
    assert one.appeal(moment) is state
    moment += timedelta(seconds=1)  # A seller history contains verdicts before its time, not at it.
    assert standing(one, moment) is outcome


def test_no_verdict_is_known_before_its_time() -> None:
    known_at = REMOVED.verdicts[-1].known_at
    assert standing(REMOVED, known_at) is None
    assert standing(REMOVED, known_at + timedelta(seconds=1)) is True


def test_an_overturned_removal_becomes_a_label_of_genuine_goods() -> None:
    one = an_appeal(Judgement.GENUINE)
    assert one.decision is not None
    label = label_from(
        one.verdicts,
        one.appeal(LATE),
        as_of=LATE,
        policy=DEFAULT_LABELS,
        appeal_decided_at=one.decision.known_at,
        appeal_verdict=one.decision,
    )
    assert isinstance(label, Label)
    assert (label.value, one.is_down) == (0, False)


def test_a_planted_answer_takes_the_place_of_the_honest_one() -> None:
    text = settle(
        a_listing(), CaseLane.ASK_BRAND, NOW, brand_id="aurelle", brand_takes_part=True, brand_name="Aurelle",
        instead=lambda _offered, side: Judgement.GENUINE if side is Side.BRAND else None,
    )  # fmt: skip
    assert [verdict.judgement for verdict in text.verdicts] == [Judgement.GENUINE]
    assert text.removed_at is None


def unresolved(taking_part: frozenset[str], **truth: object) -> list[Settled]:
    """Listings that name no brand, found counterfeit by an analyst first."""
    found = [
        settle(
            a_listing(at=at, **truth), CaseLane.ANALYST, NOW,
            brand_id=None, brand_takes_part=False, brand_name=None, taking_part=taking_part,
        )
        for at in range(100)
    ]  # fmt: skip
    return [one for one in found if one.verdicts[0].judgement is Judgement.COUNTERFEIT]


def test_an_analyst_names_the_brand_of_a_counterfeit_and_it_is_asked() -> None:
    found = unresolved(frozenset({"aurelle"}))
    assert found
    assert all(one.looks > 1 for one in found)
    assert {v.brand_id for one in found for v in one.verdicts if v.side is Side.BRAND} == {"aurelle"}


def test_a_named_brand_that_does_not_take_part_is_not_asked() -> None:
    for truth in ({"brand_id": "aurelle"}, {"brand_id": "", "counterfeit": False}):
        found = unresolved(frozenset(), **truth)
        assert found
        assert all((one.looks, one.removed_at is None) == (1, False) for one in found)
