from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from features.compute import NAMES
from models.case import CaseLane
from models.labels import VALUES, AppealState, GivenVerdict, Label, label_from
from models.outcomes import outcomes
from models.policies.learning import DEFAULT_LABELS
from models.routing import Lane
from models.verdict import Judgement, Side
from tests.fixtures.simulation import a_listing, a_small_market
from tests.training.simulation.test_year import EXPLORATION, launched_year, played_year
from training.simulation.arms import ARMS, POISONED_SHARES, Attack, Poison, Poisoner, most_copied_brand
from training.simulation.learning import label_of, snapshot_of, train_and_promote, true_labels
from training.simulation.market import OfferedListing
from training.simulation.memory import Memory
from training.simulation.people import ListingAnswers, settle
from training.simulation.year import Year

NOW = a_small_market().start
LATE = NOW + timedelta(days=60)


def settled_listing(
    offered: OfferedListing, lane: CaseLane = CaseLane.ASK_BRAND, *, takes_part: bool = True
) -> ListingAnswers:
    return settle(offered, lane, NOW, brand_id="aurelle", brand_takes_part=takes_part, brand_name="Aurelle")


def outcome_at(case: ListingAnswers, moment: datetime) -> bool | None:
    """The listing's outcome in its seller's history at that time."""
    known_outcomes = outcomes(case.rulings("offer"), as_of=moment)
    return known_outcomes[0].counterfeit if known_outcomes else None


def many(lane: CaseLane = CaseLane.ASK_BRAND, *, takes_part: bool = True, **truth: object) -> list[ListingAnswers]:
    return [settled_listing(a_listing(at=at, **truth), lane, takes_part=takes_part) for at in range(300)]


def test_a_listing_gets_the_same_answers_in_every_arm() -> None:
    assert settled_listing(a_listing()) == settled_listing(a_listing())


def test_brands_are_mostly_right() -> None:
    down = sum(case.is_down for case in many(counterfeit=True))
    wrongly = sum(case.is_down for case in many(counterfeit=False, kind="retail"))
    assert down / 300 > 0.75
    assert wrongly / 300 < 0.05


def test_an_analyst_in_doubt_asks_the_brand() -> None:
    cases = [case for case in many(CaseLane.ANALYST) if case.verdicts[0].judgement is Judgement.COUNTERFEIT]
    assert cases
    assert all(case.looks > 1 for case in cases)


def test_without_a_participating_brand_an_analyst_decides() -> None:
    cases = many(CaseLane.ANALYST, takes_part=False)
    assert {verdict.side for case in cases for verdict in case.verdicts} == {Side.ANALYST}
    assert all(case.looks == 1 for case in cases)


def test_after_four_days_without_an_answer_an_analyst_decides() -> None:
    passed_on = [case for case in many() if case.verdicts[0].side is Side.ANALYST]
    assert 0.08 < len(passed_on) / 300 < 0.25
    assert all(case.verdicts[0].known_at >= NOW + timedelta(hours=96) for case in passed_on)


def test_an_unanswered_question_is_not_asked_again() -> None:
    for case in many():
        assert sum(verdict.side is Side.BRAND for verdict in case.verdicts) <= 1


def test_answers_are_in_order_and_delayed() -> None:
    for case in many(CaseLane.AUDIT):
        times = [NOW, *(verdict.known_at for verdict in case.verdicts)]
        assert times == sorted(times)
        assert times[1] > NOW


def unconfirmed_positives() -> list[ListingAnswers]:
    """A sampled listing with one verdict, which is counterfeit."""
    drawn = many(CaseLane.AUDIT, takes_part=False, counterfeit=False, kind="retail")
    return [case for case in drawn if case.verdicts[0].judgement is Judgement.COUNTERFEIT]


def test_an_unconfirmed_positive_of_a_sample_gets_a_second_review_a_week_later() -> None:
    assert unconfirmed_positives()
    for case in unconfirmed_positives():
        first, second = case.verdicts
        assert (first.drawn, first.second_review, second.drawn, second.second_review) == (True, False, False, True)
        assert second.known_at > first.known_at + timedelta(days=7)
        assert first.user_id != second.user_id
        assert case.looks == 2


def test_second_reviews_remove_most_mistakes_of_a_sample() -> None:
    taught = [
        label_from(case.verdicts, AppealState.NONE, as_of=LATE, policy=DEFAULT_LABELS)
        for case in unconfirmed_positives()
    ]
    fakes = [label for label in taught if isinstance(label, Label) and label.target]
    assert len(fakes) < len(taught) / 4


def test_a_second_review_does_not_affect_the_listing() -> None:
    for case in unconfirmed_positives():
        assert case.verdicts[1].known_at not in {ruling.known_at for ruling in case.rulings("offer")}
        assert case.rulings_given == case.verdicts[:1]


def test_flagged_listings_and_brand_verdicts_get_no_second_review() -> None:
    for case in (*many(CaseLane.ANALYST, takes_part=False), *many()):
        assert not any(verdict.second_review for verdict in case.verdicts)
    for case in many(CaseLane.AUDIT):
        by_brand = any(verdict.side is Side.BRAND and verdict.judgement in VALUES for verdict in case.verdicts)
        assert not (by_brand and case.verdicts[-1].second_review)


def test_honest_sellers_appeal_more_often_and_win() -> None:
    honest = [
        case for case in many(CaseLane.ANALYST, takes_part=False, counterfeit=False, kind="retail") if case.removed_at
    ]
    fakers = [case for case in many(CaseLane.ANALYST, takes_part=False) if case.removed_at]
    appealed = [sum(case.appealed_at is not None for case in cases) / len(cases) for cases in (honest, fakers)]
    assert appealed[0] > 2 * appealed[1]
    assert sum(case.is_down for case in honest if case.appealed_at) < len(honest) / 4


REMOVED = next(case for case in many() if case.removed_at and case.appealed_at is None)
APPEALED_AT = NOW + timedelta(days=10)


def an_appeal(judgement: Judgement) -> ListingAnswers:
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


@pytest.mark.parametrize(("case", "days", "state", "outcome", "_why"), STATES)
def test_an_appeal_is_known_when_it_is_filed_and_decided(
    case: ListingAnswers, days: int, state: AppealState, outcome: bool, _why: str
) -> None:
    moment = NOW + timedelta(days=days)
    assert case.appeal(moment) is state
    moment += timedelta(seconds=1)  # A seller history contains verdicts before its time, not at it.
    assert outcome_at(case, moment) is outcome


def test_no_verdict_is_known_before_its_time() -> None:
    known_at = REMOVED.verdicts[-1].known_at
    assert outcome_at(REMOVED, known_at) is None
    assert outcome_at(REMOVED, known_at + timedelta(seconds=1)) is True


def test_an_overturned_removal_becomes_a_label_of_genuine_goods() -> None:
    case = an_appeal(Judgement.GENUINE)
    assert case.decision is not None
    label = label_from(
        case.verdicts,
        case.appeal(LATE),
        as_of=LATE,
        policy=DEFAULT_LABELS,
        appeal_decided_at=case.decision.known_at,
        appeal_verdict=case.decision,
    )
    assert isinstance(label, Label)
    assert (label.target, case.is_down) == (0, False)


def test_a_planted_answer_takes_the_place_of_the_honest_one() -> None:
    text = settle(
        a_listing(), CaseLane.ASK_BRAND, NOW, brand_id="aurelle", brand_takes_part=True, brand_name="Aurelle",
        instead=lambda _offered, side: Judgement.GENUINE if side is Side.BRAND else None,
    )  # fmt: skip
    assert [verdict.judgement for verdict in text.verdicts] == [Judgement.GENUINE]
    assert text.removed_at is None


def unresolved_listings(taking_part: frozenset[str], **truth: object) -> list[ListingAnswers]:
    """Listings that name no brand, found counterfeit by an analyst first."""
    cases = [
        settle(
            a_listing(at=at, **truth), CaseLane.ANALYST, NOW,
            brand_id=None, brand_takes_part=False, brand_name=None, taking_part=taking_part,
        )
        for at in range(100)
    ]  # fmt: skip
    return [case for case in cases if case.verdicts[0].judgement is Judgement.COUNTERFEIT]


def test_an_analyst_names_the_brand_of_a_counterfeit_and_it_is_asked() -> None:
    cases = unresolved_listings(frozenset({"aurelle"}))
    assert cases
    assert all(case.looks > 1 for case in cases)
    assert {v.brand_id for case in cases for v in case.verdicts if v.side is Side.BRAND} == {"aurelle"}


def test_a_named_brand_that_does_not_take_part_is_not_asked() -> None:
    for truth in ({"brand_id": "aurelle"}, {"brand_id": "", "counterfeit": False}):
        cases = unresolved_listings(frozenset(), **truth)
        assert cases
        assert all((case.looks, case.removed_at is None) == (1, False) for case in cases)


MARKET = a_small_market()
CONFIRMED = NAMES.index("seller_confirmed_counterfeits")
COPY = NAMES.index("likeness_counterfeits")


def text(offered: OfferedListing, judgement: Judgement) -> ListingAnswers:
    return settle(
        offered, CaseLane.ASK_BRAND, offered.at, brand_id=None, brand_takes_part=True, brand_name="Aurelle",
        instead=lambda _offered, _side: judgement,
    )  # fmt: skip


def is_never_appealed(offered: OfferedListing) -> bool:
    """Whether nobody appeals a removal of the listing, which could otherwise be overturned."""
    return text(offered, Judgement.COUNTERFEIT).decision is None


def of_one_seller() -> tuple[str, list[OfferedListing]]:
    """A seller with three listings, and these; a removal of the first one stands."""
    for listing in filter(is_never_appealed, MARKET.listings):
        listings = [other for other in MARKET.listings if other.seller == listing.seller]
        if listing.seller is not None and len(listings) > 2 and listings[0] is listing:
            return listing.seller, listings[:3]
    raise AssertionError("The market has no such seller.")


SELLER, (FIRST, SECOND, _) = of_one_seller()


def test_a_listing_of_an_unknown_seller_has_its_own_features() -> None:
    assert Memory().arrived(FIRST) is FIRST.computed


def test_a_verdict_about_a_seller_counts_once_it_is_known() -> None:
    memory = Memory()
    memory.judged(FIRST, text(FIRST, Judgement.COUNTERFEIT))
    before = memory.arrived(replace(SECOND, at=FIRST.at - timedelta(days=1)))
    later = memory.arrived(replace(SECOND, at=FIRST.at + timedelta(days=30)))
    assert before.vector[CONFIRMED] == 0
    assert later.vector[CONFIRMED] == np.log1p(1)
    assert later.facts.seller.outcomes is not None
    assert later.facts.seller.outcomes.counterfeit == 1


def test_a_copy_of_a_confirmed_counterfeit_is_recognised() -> None:
    memory = Memory()
    others = (o for o in MARKET.listings if o.signature is not None and o.seller not in {None, SELLER})
    original = next(filter(is_never_appealed, others))
    memory.arrived(original)
    memory.judged(original, text(original, Judgement.COUNTERFEIT))
    listing = replace(original.computed.facts.listing, external_id="copy", seller=FIRST.computed.facts.listing.seller)
    facts = replace(original.computed.facts, listing=listing)
    computed = replace(original.computed, evidence=replace(original.computed.evidence, facts=facts))
    copied = replace(original, external_id="copy", at=original.at + timedelta(days=40), computed=computed)
    assert memory.arrived(copied).vector[COPY] == np.log1p(1)


def test_a_copied_memory_is_independent() -> None:
    memory = Memory()
    other = memory.copy()
    other.judged(FIRST, text(FIRST, Judgement.COUNTERFEIT))
    late = replace(SECOND, at=FIRST.at + timedelta(days=30))
    assert memory.arrived(late).vector[CONFIRMED] == 0
    assert other.arrived(late).vector[CONFIRMED] > 0


@pytest.fixture(scope="module")
def year() -> Year:
    """Two months; the first has a random model."""
    return played_year(launched_year().fork(EXPLORATION), 1)


def test_only_mature_labels_are_used(year: Year) -> None:
    rows = snapshot_of(year).rows
    assert rows
    assert all(row.matured_at <= year.now for row in rows)
    assert len(snapshot_of(replace(year, now=year.now + timedelta(days=60))).rows) > len(rows)


def test_facts_are_those_that_were_scored(year: Year) -> None:
    facts = {case.offered.external_id: case.arrival.computed.facts for case in year.cases}
    snapshot = snapshot_of(year)
    for row, read in zip(snapshot.rows, snapshot.facts(), strict=True):
        assert read == facts[row.listing_id]


def test_samples_keep_their_probability_and_flagged_listings_have_one(year: Year) -> None:
    for row in snapshot_of(year).rows:
        assert (row.lane == Lane.AUDIT.value) == (row.inclusion_probability < 1)


def test_an_arm_without_exploration_ignores_samples(year: Year) -> None:
    flagged_only = snapshot_of(year.fork(ARMS["flagged-only"])).rows
    explored = snapshot_of(year).rows
    assert {row.listing_id for row in explored if row.lane != Lane.AUDIT.value} == {
        row.listing_id for row in flagged_only
    }
    assert len(flagged_only) < len(explored)


def test_an_unreviewed_listing_has_no_label(year: Year) -> None:
    released = [case for case in year.cases if case.settled is None]
    assert released
    assert not any(isinstance(label_of(case, year.now + timedelta(days=90)), Label) for case in released)


def test_a_training_is_kept_with_its_result(year: Year) -> None:
    year = year.fork(EXPLORATION)
    before = year.champion
    train_and_promote(year, 2)
    (training,) = year.trainings
    assert (training.month, training.rows) == (2, len(snapshot_of(year).rows))
    assert training.positives == sum(row.label for row in snapshot_of(year).rows)
    assert training.promoted == (not training.refused_by)
    assert (year.champion is not before) == training.promoted == (2 in year.champions)


def test_too_few_labels_are_refused_with_a_reason() -> None:
    year = played_year(Year(launched_year().market, EXPLORATION, launched_year().market.start, 0.05), 1)
    train_and_promote(year, 1)
    assert "are needed to train" in year.trainings[0].refused_by["snapshot"]
    assert year.champion is None


def test_the_true_labels_cover_every_listing_whether_reviewed_or_not(year: Year) -> None:
    true_rows = true_labels(year)
    assert true_rows.facts == [case.arrival.computed.facts for case in year.cases]
    assert true_rows.labels.tolist() == [case.offered.truth.counterfeit for case in year.cases]
    sellers = [case.offered.seller for case in year.cases]
    assert len(set(true_rows.groups.tolist())) == len(set(sellers))
    assert len(set(zip(sellers, true_rows.groups.tolist(), strict=True))) == len(set(sellers))


def a_poisoner(attack: Attack, share: float = 1.0, *, answers: int = 100) -> Poisoner:
    return Poisoner(Poison(attack, share), "aurelle", answers)


ANSWERS: list[tuple[OfferedListing, Side, Judgement | None, str]] = [
    (a_listing(), Side.BRAND, Judgement.GENUINE, "the brand's account calls its counterfeit genuine"),
    (a_listing(), Side.ANALYST, None, "analysts are not theirs"),
    (a_listing(brand_id="halvorn"), Side.BRAND, None, "another brand's account is not theirs"),
    (a_listing(counterfeit=False), Side.BRAND, None, "of genuine goods the truth is told"),
]


@pytest.mark.parametrize(("offered", "side", "expected", "_why"), ANSWERS)
def test_a_brand_that_clears_its_own_counterfeits(
    offered: OfferedListing, side: Side, expected: Judgement | None, _why: str
) -> None:
    assert a_poisoner(Attack.CLEARED).instead(offered, side) is expected
    assert a_poisoner(Attack.ACCUSED).instead(offered, side) is None


def test_only_honest_listings_of_the_brand_are_accused() -> None:
    honest_listing = a_listing(counterfeit=False, kind="retail")
    others = [a_listing(), a_listing(counterfeit=False, brand_id="halvorn"), a_listing(counterfeit=False, brand_id="")]
    assert a_poisoner(Attack.ACCUSED).accused([*others, honest_listing]) == [honest_listing]
    assert a_poisoner(Attack.CLEARED).accused([*others, honest_listing]) == []


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
    brand = most_copied_brand(market)
    assert brand in market.taking_part
    assert copied.count(brand) == max(copied.count(brand) for brand in market.taking_part)


def test_a_poisoned_arm_differs_from_its_twin_only_in_the_poison() -> None:
    for arm in ARMS.values():
        if arm.poison is not None:
            twin = ARMS[arm.twin or ""]
            assert (arm.retrains, arm.explores, arm.adapting) == (twin.retrains, twin.explores, twin.adapting)
            assert twin.poison is None
