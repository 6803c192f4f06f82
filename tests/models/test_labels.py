from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.message import message
from models.labels import VALUES, WANTS_A_SECOND, AppealState, EvidenceLevel, GivenVerdict, Label, NoLabel, label_from
from models.policies.learning import DEFAULT_LABELS, LabelPolicy
from models.verdict import Evidence, Judgement, Side
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY

J, A, E = Judgement, AppealState, EvidenceLevel
LATER = NOW + timedelta(days=60)
DECIDED = NOW + timedelta(days=30)


def analyst(judgement: Judgement, user: str = "ines", *, hour: int = 0, **changes: Any) -> GivenVerdict:
    at = NOW + timedelta(hours=hour)
    return replace(GivenVerdict(f"ver_{user}_{hour}", judgement, Side.ANALYST, user, at, superseded=False), **changes)


def brand(judgement: Judgement, *, hour: int = 0, **changes: Any) -> GivenVerdict:
    at = NOW + timedelta(hours=hour)
    verdict = GivenVerdict(
        f"ver_brand_{hour}", judgement, Side.BRAND, "camille", at, superseded=False, brand_id="aurelle"
    )
    return replace(verdict, **changes)


def second_review(judgement: Judgement, user: str = "tomas", *, hour: int = 48) -> GivenVerdict:
    return analyst(judgement, user, hour=hour, second_review=True)


def verdict_of_test_buy(judgement: Judgement, user: str = "ines", *, hour: int = 96) -> GivenVerdict:
    return analyst(judgement, user, hour=hour, evidence=Evidence.TEST_BUY)


def label(
    *verdicts: GivenVerdict,
    appeal: AppealState = A.NONE,
    as_of: datetime = LATER,
    decided: datetime | None = None,
    by: GivenVerdict | None = None,
    policy: LabelPolicy = DEFAULT_LABELS,
) -> Label | NoLabel:
    return label_from(verdicts, appeal, as_of=as_of, policy=policy, appeal_decided_at=decided, appeal_verdict=by)


LABELS = [
    ([brand(J.COUNTERFEIT)], 1, 1.0, E.BRAND, "the brand can authenticate its goods"),
    ([brand(J.GENUINE)], 0, 1.0, E.BRAND, "the brand says genuine"),
    ([brand(J.LICENSED)], 0, 1.0, E.BRAND, "licensed goods are genuine"),
    ([brand(J.GREY_MARKET)], 0, 0.5, E.BRAND, "grey market: half a genuine label"),
    ([analyst(J.COUNTERFEIT)], 1, 0.7, E.ONE_REVIEWER, "one analyst"),
    ([analyst(J.GREY_MARKET)], 0, 0.35, E.ONE_REVIEWER, "half of an analyst's weight"),
    ([analyst(J.GENUINE), analyst(J.GENUINE, "tomas")], 0, 0.9, E.TWO_REVIEWERS, "two analysts agree"),
    ([analyst(J.GENUINE), analyst(J.LICENSED, "tomas")], 0, 0.9, E.TWO_REVIEWERS, "two words for the same"),
    ([analyst(J.GENUINE), analyst(J.GENUINE, hour=5)], 0, 0.7, E.ONE_REVIEWER, "one analyst twice is one"),
    ([analyst(J.COUNTERFEIT), analyst(J.GENUINE, hour=5)], 0, 0.7, E.ONE_REVIEWER, "one vote each: the latest"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, hour=5), analyst(J.GENUINE, "tomas")],
        0,
        0.9,
        E.TWO_REVIEWERS,
        "a reviewer who changed their mind agrees with the other",
    ),
    (
        [analyst(J.GREY_MARKET), analyst(J.GENUINE, "tomas", hour=1)],
        0,
        0.45,
        E.TWO_REVIEWERS,
        "grey market if either says so",
    ),
    ([analyst(J.COUNTERFEIT), brand(J.GENUINE)], 0, 1.0, E.BRAND, "the brand beats an analyst"),
    ([brand(J.GENUINE), analyst(J.COUNTERFEIT, hour=9)], 0, 1.0, E.BRAND, "the brand beats a later analyst"),
    ([brand(J.GENUINE), brand(J.COUNTERFEIT, hour=1)], 1, 1.0, E.BRAND, "the brand's latest answer"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas"), brand(J.COUNTERFEIT)],
        1,
        1.0,
        E.BRAND,
        "the brand settles what analysts dispute",
    ),
    ([analyst(J.COUNTERFEIT), brand(J.CANNOT_TELL)], 1, 0.7, E.ONE_REVIEWER, "'cannot tell' is no answer"),
    ([brand(J.GENUINE), analyst(J.GREY_MARKET)], 0, 1.0, E.BRAND, "an analyst's 'grey market' beside the brand"),
    ([brand(J.COUNTERFEIT, superseded=True), brand(J.GENUINE, hour=1)], 0, 1.0, E.BRAND, "an undo never happened"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas", superseded=True)],
        1,
        0.7,
        E.ONE_REVIEWER,
        "a withdrawn contradiction",
    ),
    ([verdict_of_test_buy(J.COUNTERFEIT)], 1, 1.0, E.TEST_BUY, "the goods were examined"),
    ([verdict_of_test_buy(J.GREY_MARKET)], 0, 0.5, E.TEST_BUY, "bought goods can be grey market too"),
    (
        [brand(J.GENUINE), verdict_of_test_buy(J.COUNTERFEIT)],
        1,
        1.0,
        E.TEST_BUY,
        "a test buy outweighs the brand's earlier answer",
    ),
    ([verdict_of_test_buy(J.COUNTERFEIT), brand(J.GENUINE, hour=200)], 1, 1.0, E.TEST_BUY, "and its later one"),
    (
        [brand(J.COUNTERFEIT), verdict_of_test_buy(J.CANNOT_TELL)],
        1,
        1.0,
        E.BRAND,
        "a test buy that settled nothing is none",
    ),
    (
        [verdict_of_test_buy(J.COUNTERFEIT), verdict_of_test_buy(J.GENUINE, "tomas", hour=120)],
        1,
        1.0,
        E.TEST_BUY,
        "who mixes stock sells fakes",
    ),
    (
        [verdict_of_test_buy(J.GENUINE), verdict_of_test_buy(J.COUNTERFEIT, "tomas", hour=120)],
        1,
        1.0,
        E.TEST_BUY,
        "in either order",
    ),
    (
        [verdict_of_test_buy(J.COUNTERFEIT), second_review(J.GENUINE, hour=200)],
        1,
        1.0,
        E.TEST_BUY,
        "no review of the listing outweighs it",
    ),
    (
        [analyst(J.COUNTERFEIT), second_review(J.COUNTERFEIT)],
        1,
        0.9,
        E.TWO_REVIEWERS,
        "a second review that agrees is a second reviewer",
    ),
    ([brand(J.GENUINE), second_review(J.LICENSED)], 0, 1.0, E.BRAND, "a second review that agrees with the brand"),
    ([brand(J.GENUINE), second_review(J.CANNOT_TELL)], 0, 1.0, E.BRAND, "a second review that cannot tell"),
    (
        [analyst(J.GENUINE), second_review(J.COUNTERFEIT), brand(J.GENUINE, hour=72)],
        0,
        1.0,
        E.BRAND,
        "the brand answers after the second review",
    ),
    (
        [brand(J.GENUINE, suspended=True), analyst(J.COUNTERFEIT)],
        1,
        0.7,
        E.ONE_REVIEWER,
        "others carry it without them",
    ),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas", suspended=True)],
        1,
        0.7,
        E.ONE_REVIEWER,
        "a contradiction of somebody suspended",
    ),
]


@pytest.mark.parametrize(("verdicts", "label_value", "weight", "level", "_why"), LABELS)
def test_verdicts_mean(
    verdicts: list[GivenVerdict], label_value: int, weight: float, level: EvidenceLevel, _why: str
) -> None:
    outcome = label(*verdicts)
    assert isinstance(outcome, Label)
    assert (outcome.target, round(outcome.weight, 9), outcome.evidence_level) == (label_value, weight, level)


NO_LABELS = [
    ([], A.NONE, "no_verdict", "nobody has said anything"),
    ([analyst(J.GENUINE, superseded=True)], A.NONE, "no_verdict", "every verdict was withdrawn"),
    ([analyst(J.CANNOT_TELL)], A.NONE, "unclear", "'cannot tell' is no answer"),
    ([brand(J.NEEDS_TEST_BUY)], A.NONE, "unclear", "nor is 'needs a test buy'"),
    ([analyst(J.WITHDRAWN)], A.NONE, "unclear", "nor is what an undo records"),
    ([analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas")], A.NONE, "contradiction", "analysts differ"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GREY_MARKET, "tomas")],
        A.NONE,
        "contradiction",
        "grey market is genuine goods",
    ),
    (
        [analyst(J.GENUINE), analyst(J.COUNTERFEIT, "tomas"), analyst(J.COUNTERFEIT, "uma")],
        A.NONE,
        "contradiction",
        "two against one is no consensus",
    ),
    ([analyst(J.GENUINE), second_review(J.COUNTERFEIT)], A.NONE, "contradiction", "a second review that differs"),
    ([brand(J.GENUINE), second_review(J.COUNTERFEIT)], A.NONE, "against_brand", "a brand that clears its own fakes"),
    ([brand(J.COUNTERFEIT), second_review(J.GREY_MARKET)], A.NONE, "against_brand", "a brand that buries a rival"),
    (
        [brand(J.GENUINE), second_review(J.COUNTERFEIT), second_review(J.COUNTERFEIT, "uma", hour=50)],
        A.NONE,
        "against_brand",
        "two analysts do not overrule the rights holder",
    ),
    ([brand(J.COUNTERFEIT)], A.OPEN, "open_appeal", "half of the outcomes would be wrong"),
    ([verdict_of_test_buy(J.COUNTERFEIT)], A.OPEN, "open_appeal", "also against a test buy"),
    ([brand(J.COUNTERFEIT, suspended=True)], A.NONE, "suspended", "its only source is not trusted"),
    (
        [brand(J.COUNTERFEIT, suspended=True), analyst(J.CANNOT_TELL)],
        A.NONE,
        "unclear",
        "the other source has no answer",
    ),
]


def test_only_a_test_buy_teaches_after_an_unanswered_counter_notice() -> None:
    """Silence judged nothing; goods that were bought and examined were judged."""
    assert label(brand(J.COUNTERFEIT), analyst(J.COUNTERFEIT), appeal=A.UNANSWERED) == NoLabel(
        message("no_label.unanswered")
    )
    bought = label(brand(J.COUNTERFEIT), verdict_of_test_buy(J.COUNTERFEIT), appeal=A.UNANSWERED)
    assert isinstance(bought, Label)
    assert (bought.target, bought.evidence_level) == (1, EvidenceLevel.TEST_BUY)


@pytest.mark.parametrize(("verdicts", "appeal", "reason", "_why"), NO_LABELS)
def test_verdicts_teach_nothing(verdicts: list[GivenVerdict], appeal: AppealState, reason: str, _why: str) -> None:
    assert label(*verdicts, appeal=appeal) == NoLabel(message(f"no_label.{reason}"))


JUDGE = analyst(J.GENUINE, "uma", hour=30 * 24)
APPEALS = [
    ([brand(J.COUNTERFEIT)], A.UPHELD, 0, "an upheld appeal makes it genuine whatever the brand said"),
    ([], A.UPHELD, 0, "an upheld appeal needs no standing verdict"),
    ([verdict_of_test_buy(J.COUNTERFEIT)], A.UPHELD, 0, "it supersedes an earlier test buy"),
    ([brand(J.GREY_MARKET)], A.UPHELD, 0, "its weight is its own, not that of what it overturned"),
    ([brand(J.COUNTERFEIT), second_review(J.COUNTERFEIT)], A.UPHELD, 0, "and every second review"),
    ([brand(J.COUNTERFEIT)], A.DISMISSED, 1, "a dismissed one confirms the brand"),
    ([analyst(J.COUNTERFEIT)], A.DISMISSED, 1, "or the analyst, at full weight"),
    ([verdict_of_test_buy(J.COUNTERFEIT)], A.DISMISSED, 1, "or the test buy"),
]


@pytest.mark.parametrize(("verdicts", "appeal", "label_value", "_why"), APPEALS)
def test_a_decided_appeal_is_the_strongest_label(
    verdicts: list[GivenVerdict], appeal: AppealState, label_value: int, _why: str
) -> None:
    outcome = label(*verdicts, appeal=appeal, decided=DECIDED, by=JUDGE)
    contested = tuple(verdict.verdict_id for verdict in verdicts)
    carriers = (*verdicts, JUDGE) if label_value else (JUDGE,)
    sources = tuple(verdict.source for verdict in carriers)
    assert outcome == Label(label_value, 1.0, E.APPEAL, DECIDED, (*contested, JUDGE.verdict_id), sources)


AFTER = 30 * 24 + 1
BESIDE_APPEALS = [
    (
        [verdict_of_test_buy(J.COUNTERFEIT, hour=AFTER)],
        A.UPHELD,
        1,
        E.TEST_BUY,
        "goods that were bought after it say more",
    ),
    ([brand(J.COUNTERFEIT, hour=AFTER)], A.UPHELD, 0, E.APPEAL, "a brand that insists does not"),
    ([second_review(J.COUNTERFEIT, hour=AFTER)], A.UPHELD, 0, E.APPEAL, "nor does a second review"),
    ([brand(J.GENUINE)], A.DISMISSED, 0, E.BRAND, "a dismissed appeal against what is now genuine says nothing"),
    ([analyst(J.GREY_MARKET)], A.DISMISSED, 0, E.ONE_REVIEWER, "nor of grey market"),
    (
        [brand(J.COUNTERFEIT), verdict_of_test_buy(J.GENUINE)],
        A.DISMISSED,
        0,
        E.TEST_BUY,
        "the goods were genuine all the same",
    ),
    ([brand(J.COUNTERFEIT), second_review(J.GENUINE)], A.DISMISSED, 1, E.APPEAL, "who judged the appeal settled it"),
]


@pytest.mark.parametrize(("verdicts", "appeal", "label_value", "level", "_why"), BESIDE_APPEALS)
def test_beside_a_decided_appeal(
    verdicts: list[GivenVerdict], appeal: AppealState, label_value: int, level: EvidenceLevel, _why: str
) -> None:
    outcome = label(*verdicts, appeal=appeal, decided=DECIDED, by=JUDGE)
    assert isinstance(outcome, Label)
    assert (outcome.target, outcome.evidence_level) == (label_value, level)


def test_a_dismissed_appeal_does_not_shield_a_brand_that_clears_its_goods() -> None:
    outcome = label(brand(J.GENUINE), second_review(J.COUNTERFEIT), appeal=A.DISMISSED, decided=DECIDED, by=JUDGE)
    assert outcome == NoLabel(message("no_label.against_brand"))


@pytest.mark.parametrize("appeal", [A.UPHELD, A.DISMISSED])
def test_an_appeal_decided_by_somebody_suspended_teaches_nothing(appeal: AppealState) -> None:
    outcome = label(brand(J.COUNTERFEIT), appeal=appeal, decided=DECIDED, by=replace(JUDGE, suspended=True))
    assert outcome == NoLabel(message("no_label.suspended_on_appeal"))


@pytest.mark.parametrize("appeal", [A.UPHELD, A.DISMISSED])
def test_an_appeal_decided_after_the_moment_is_not_known_at_it(appeal: AppealState) -> None:
    as_of = DECIDED - timedelta(seconds=1)
    assert label(brand(J.COUNTERFEIT), appeal=appeal, decided=DECIDED, as_of=as_of) == NoLabel(
        message("no_label.not_mature")
    )


AT_ITS_MOMENT = 30 * 24


def test_a_test_buy_of_the_moment_of_an_upheld_appeal_is_superseded_by_it() -> None:
    outcome = label(verdict_of_test_buy(J.COUNTERFEIT, hour=AT_ITS_MOMENT), appeal=A.UPHELD, decided=DECIDED, by=JUDGE)
    assert isinstance(outcome, Label)
    assert (outcome.target, outcome.evidence_level) == (0, E.APPEAL)


def test_an_upheld_appeal_supersedes_earlier_verdicts() -> None:
    verdicts = (brand(J.COUNTERFEIT), brand(J.COUNTERFEIT, hour=AT_ITS_MOMENT), brand(J.COUNTERFEIT, hour=AFTER))
    outcome = label(*verdicts, appeal=A.UPHELD, decided=DECIDED, by=JUDGE)
    assert isinstance(outcome, Label)
    assert outcome.provenance == ("ver_brand_0", f"ver_brand_{AT_ITS_MOMENT}", JUDGE.verdict_id)
    assert outcome.matured_at == DECIDED + timedelta(days=14)


def test_who_is_suspended_and_decided_no_appeal_takes_no_label_away() -> None:
    assert isinstance(label(brand(J.COUNTERFEIT), by=replace(JUDGE, suspended=True)), Label)


def test_a_dismissed_appeal_without_its_date_confirms_nothing() -> None:
    outcome = label(analyst(J.COUNTERFEIT), appeal=A.DISMISSED)
    assert isinstance(outcome, Label)
    assert (outcome.weight, outcome.evidence_level) == (0.7, E.ONE_REVIEWER)


def test_an_upheld_appeal_without_its_date_makes_no_counterfeit() -> None:
    assert label(brand(J.COUNTERFEIT), appeal=A.UPHELD) == NoLabel(message("no_label.not_mature"))


@pytest.mark.parametrize("judgement", [J.COUNTERFEIT, J.GENUINE, J.LICENSED, J.GREY_MARKET])
@pytest.mark.parametrize("given_by", [brand, analyst])
def test_either_value_teaches_when_both_windows_have_closed_to_the_second(
    given_by: Callable[[Judgement], GivenVerdict], judgement: Judgement
) -> None:
    """Genuine labels are final after 7 days; if they entered then, the latest week would look safe."""
    mature = NOW + timedelta(days=14)
    assert isinstance(label(given_by(judgement), as_of=mature), Label)
    assert label(given_by(judgement), as_of=mature - timedelta(seconds=1)) == NoLabel(message("no_label.not_mature"))


@pytest.mark.parametrize(("counterfeit", "genuine"), [(14, 7), (7, 14)])
def test_the_later_of_both_windows_counts(counterfeit: int, genuine: int) -> None:
    policy = LabelPolicy(counterfeit_matures_days=counterfeit, genuine_matures_days=genuine)
    outcomes = [label(brand(judgement), policy=policy) for judgement in (J.COUNTERFEIT, J.GENUINE)]
    assert [outcome.matured_at for outcome in outcomes if isinstance(outcome, Label)] == [NOW + timedelta(days=14)] * 2


@pytest.mark.parametrize("appeal", [A.UPHELD, A.DISMISSED])
def test_a_quick_appeal_does_not_bring_a_row_in_before_its_contemporaries(appeal: AppealState) -> None:
    outcome = label(brand(J.COUNTERFEIT), appeal=appeal, decided=NOW + timedelta(days=3))
    assert isinstance(outcome, Label)
    assert outcome.matured_at == NOW + timedelta(days=14)


def test_maturity_counts_from_the_last_deciding_verdict() -> None:
    outcome = label(analyst(J.GENUINE), analyst(J.GENUINE, "tomas", hour=24))
    assert isinstance(outcome, Label)
    assert outcome.matured_at == NOW + timedelta(days=15)


def test_a_verdict_after_the_moment_is_not_known_at_it() -> None:
    both = (analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas", hour=24 * 20))
    assert label(*both) == NoLabel(message("no_label.contradiction"))
    outcome = label(*both, as_of=NOW + timedelta(days=15))
    assert isinstance(outcome, Label)
    assert (outcome.target, outcome.evidence_level) == (1, E.ONE_REVIEWER)


def test_a_verdict_at_the_moment_is_known_at_it() -> None:
    both = (analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas", hour=24 * 20))
    assert label(*both, as_of=NOW + timedelta(days=20)) == NoLabel(message("no_label.contradiction"))


FINDS = [
    ([analyst(J.COUNTERFEIT, drawn=True)], None, "nobody had suspected it: most such finds are mistakes"),
    ([analyst(J.COUNTERFEIT)], (1, 0.7), "it was suspected"),
    ([analyst(J.GENUINE, drawn=True)], (0, 0.7), "most of the sample is of this kind and needs no second"),
    ([analyst(J.COUNTERFEIT, drawn=True), second_review(J.COUNTERFEIT)], (1, 0.9), "a second agrees"),
    ([brand(J.COUNTERFEIT, drawn=True)], (1, 1.0), "the brand knows its goods, however the listing came to it"),
    ([verdict_of_test_buy(J.COUNTERFEIT), analyst(J.COUNTERFEIT, drawn=True)], (1, 1.0), "so do the goods themselves"),
]


@pytest.mark.parametrize(("verdicts", "expected", "_why"), FINDS)
def test_an_unconfirmed_positive_waits_for_a_second_reviewer(
    verdicts: list[GivenVerdict], expected: tuple[int, float] | None, _why: str
) -> None:
    outcome = label(*verdicts)
    if expected is None:
        assert outcome is WANTS_A_SECOND
    else:
        assert isinstance(outcome, Label)
        assert (outcome.target, outcome.weight) == expected


def test_the_levels_are_kept_in_snapshots_under_these_names_the_strongest_first() -> None:
    assert list(EvidenceLevel) == ["appeal", "test_buy", "brand", "two_reviewers", "one_reviewer"]


def test_a_lone_reviewer_of_no_weight_waits_for_a_second() -> None:
    strict = LabelPolicy(one_reviewer_weight=0)
    assert label(analyst(J.COUNTERFEIT), policy=strict) == NoLabel(message("no_label.second_review"))
    assert isinstance(label(analyst(J.COUNTERFEIT), analyst(J.COUNTERFEIT, "tomas"), policy=strict), Label)


PROVENANCES = [
    ([analyst(J.GENUINE), analyst(J.GENUINE, "tomas", hour=1)], ("ver_ines_0", "ver_tomas_1"), "all that agree"),
    ([analyst(J.COUNTERFEIT), brand(J.GENUINE, hour=2)], ("ver_brand_2",), "only the brand's"),
    ([brand(J.GENUINE, hour=1), brand(J.GENUINE)], ("ver_brand_1",), "only its latest, whatever the order"),
    ([analyst(J.GENUINE), analyst(J.CANNOT_TELL, "tomas", hour=1)], ("ver_ines_0",), "no non-answers"),
    ([analyst(J.GENUINE), analyst(J.GENUINE, hour=5)], ("ver_ines_5",), "only the latest of each reviewer"),
    ([brand(J.GENUINE), verdict_of_test_buy(J.COUNTERFEIT)], ("ver_ines_96",), "only the test buy"),
    (
        [verdict_of_test_buy(J.GENUINE), verdict_of_test_buy(J.COUNTERFEIT, "tomas", hour=120)],
        ("ver_tomas_120",),
        "of several test buys those that found fakes",
    ),
]


@pytest.mark.parametrize(("verdicts", "provenance", "_why"), PROVENANCES)
def test_a_label_names_the_verdicts_that_it_rests_on(
    verdicts: list[GivenVerdict], provenance: tuple[str, ...], _why: str
) -> None:
    outcome = label(*verdicts)
    assert isinstance(outcome, Label)
    assert outcome.provenance == provenance


def test_the_latest_verdict_is_the_last_by_time_not_by_name() -> None:
    verdicts = (brand(J.GENUINE, verdict_id="ver_z"), brand(J.COUNTERFEIT, hour=1, verdict_id="ver_a"))
    outcome = label(*verdicts)
    assert isinstance(outcome, Label)
    assert (outcome.target, outcome.provenance) == (1, ("ver_a",))


SOURCES = [
    ([brand(J.GENUINE)], ("brand:aurelle",), "the brand answers for its people"),
    ([brand(J.GENUINE, brand_id=None)], ("user:camille",), "a person where no brand is named"),
    ([analyst(J.GENUINE), analyst(J.GENUINE, "tomas")], ("user:ines", "user:tomas"), "both who agree"),
    ([analyst(J.GENUINE, brand_id="aurelle")], ("user:ines",), "an analyst answers for themselves"),
    ([verdict_of_test_buy(J.COUNTERFEIT), verdict_of_test_buy(J.COUNTERFEIT, hour=100)], ("user:ines",), "each once"),
]


@pytest.mark.parametrize(("verdicts", "sources", "_why"), SOURCES)
def test_a_label_names_those_who_answer_for_it(
    verdicts: list[GivenVerdict], sources: tuple[str, ...], _why: str
) -> None:
    outcome = label(*verdicts)
    assert isinstance(outcome, Label)
    assert outcome.sources == sources


VERDICTS = st.lists(
    st.builds(
        GivenVerdict,
        verdict_id=st.integers(0, 9**9).map(lambda n: f"ver_{n}"),
        judgement=st.sampled_from(Judgement),
        side=st.sampled_from(Side),
        user_id=st.sampled_from(["ines", "tomas", "camille"]),
        known_at=st.integers(0, 30).map(lambda days: NOW + timedelta(days=days)),
        superseded=st.booleans(),
        brand_id=st.just("aurelle"),
        evidence=st.sampled_from(Evidence),
        second_review=st.booleans(),
        suspended=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda verdict: verdict.verdict_id,
)


@PROPERTY
@given(
    VERDICTS.flatmap(lambda verdicts: st.tuples(st.just(verdicts), st.permutations(verdicts))),
    st.sampled_from(AppealState),
)
def test_the_order_in_which_verdicts_are_read_changes_nothing(
    both: tuple[list[GivenVerdict], list[GivenVerdict]], appeal: AppealState
) -> None:
    outcomes = [label(*verdicts, appeal=appeal, decided=DECIDED) for verdicts in both]
    assert outcomes[0] == outcomes[1]


@PROPERTY
@given(VERDICTS, st.sampled_from(AppealState))
def test_a_label_has_a_weight_of_at_most_one_and_is_never_from_the_future(
    verdicts: list[GivenVerdict], appeal: AppealState
) -> None:
    outcome = label(*verdicts, appeal=appeal, decided=DECIDED)
    assert isinstance(outcome, NoLabel) or (0 < outcome.weight <= 1 and outcome.matured_at <= LATER)


@PROPERTY
@given(VERDICTS)
def test_no_open_appeal_ever_becomes_a_label(verdicts: list[GivenVerdict]) -> None:
    assert isinstance(label(*verdicts, appeal=A.OPEN), NoLabel)


@PROPERTY
@given(VERDICTS, st.sampled_from(AppealState))
def test_nothing_is_counterfeit_that_nobody_trusted_called_so(
    verdicts: list[GivenVerdict], appeal: AppealState
) -> None:
    outcome = label(*verdicts, appeal=appeal, decided=DECIDED)
    judgements = {verdict.judgement for verdict in verdicts if not verdict.superseded and not verdict.suspended}
    assert isinstance(outcome, NoLabel) or outcome.target == 0 or J.COUNTERFEIT in judgements


@PROPERTY
@given(VERDICTS, st.sampled_from([A.NONE, A.DISMISSED]))
def test_a_label_rests_on_trusted_verdicts_that_stand_and_agree(
    verdicts: list[GivenVerdict], appeal: AppealState
) -> None:
    outcome = label(*verdicts, appeal=appeal, decided=DECIDED)
    if isinstance(outcome, Label):
        carriers = [verdict for verdict in verdicts if verdict.verdict_id in outcome.provenance]
        assert len(carriers) == len(outcome.provenance) > 0
        assert {VALUES[verdict.judgement] for verdict in carriers} == {outcome.target}
        assert not any(verdict.superseded or verdict.suspended for verdict in carriers)


@PROPERTY
@given(VERDICTS, st.sampled_from(AppealState), st.integers(0, 60))
def test_later_verdicts_do_not_change_what_was_known_before(
    verdicts: list[GivenVerdict], appeal: AppealState, day: int
) -> None:
    as_of = NOW + timedelta(days=day)
    known = [verdict for verdict in verdicts if verdict.known_at <= as_of]
    both = [label(*subset, appeal=appeal, decided=DECIDED, as_of=as_of) for subset in (verdicts, known)]
    assert both[0] == both[1]
