from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from models.labels import AppealState, EvidenceLevel, GivenVerdict, Label, NoLabel, label_from
from models.policies.labels import DEFAULT_LABELS
from models.verdict import Judgement, Side
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY

J, A, E = Judgement, AppealState, EvidenceLevel
LATER = NOW + timedelta(days=60)
DECIDED = NOW + timedelta(days=30)


def analyst(judgement: Judgement, user: str = "ines", *, hour: int = 0, superseded: bool = False) -> GivenVerdict:
    at = NOW + timedelta(hours=hour)
    return GivenVerdict(f"ver_{user}_{hour}", judgement, Side.ANALYST, user, at, superseded)


def brand(judgement: Judgement, *, hour: int = 0, superseded: bool = False) -> GivenVerdict:
    at = NOW + timedelta(hours=hour)
    return GivenVerdict(f"ver_brand_{hour}", judgement, Side.BRAND, "camille", at, superseded)


def label(
    *verdicts: GivenVerdict, appeal: AppealState = A.NONE, as_of: datetime = LATER, decided: datetime | None = None
) -> Label | NoLabel:
    return label_from(verdicts, appeal, as_of=as_of, policy=DEFAULT_LABELS, appeal_decided_at=decided)


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
    ([analyst(J.COUNTERFEIT), brand(J.GENUINE)], 0, 1.0, E.BRAND, "the brand beats an analyst"),
    ([brand(J.GENUINE), analyst(J.COUNTERFEIT, hour=9)], 0, 1.0, E.BRAND, "the brand beats a later analyst"),
    ([brand(J.GENUINE), brand(J.COUNTERFEIT, hour=1)], 1, 1.0, E.BRAND, "the brand's latest word"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas"), brand(J.COUNTERFEIT)],
        1,
        1.0,
        E.BRAND,
        "the brand settles what analysts dispute",
    ),
    ([analyst(J.COUNTERFEIT), brand(J.CANNOT_TELL)], 1, 0.7, E.ONE_REVIEWER, "'cannot tell' is no answer"),
    ([brand(J.COUNTERFEIT, superseded=True), brand(J.GENUINE, hour=1)], 0, 1.0, E.BRAND, "an undo never happened"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas", superseded=True)],
        1,
        0.7,
        E.ONE_REVIEWER,
        "a contradiction that was taken back",
    ),
]


@pytest.mark.parametrize(("verdicts", "value", "weight", "level", "_why"), LABELS, ids=[row[-1] for row in LABELS])
def test_verdicts_mean(
    verdicts: list[GivenVerdict], value: int, weight: float, level: EvidenceLevel, _why: str
) -> None:
    found = label(*verdicts)
    assert isinstance(found, Label)
    assert (found.value, round(found.weight, 9), found.evidence_level) == (value, weight, level)


NO_LABELS = [
    ([], A.NONE, "no verdict stands", "nobody has said anything"),
    ([analyst(J.GENUINE, superseded=True)], A.NONE, "no verdict stands", "everything was taken back"),
    ([analyst(J.CANNOT_TELL)], A.NONE, "nobody could tell", "'cannot tell' is no answer"),
    ([brand(J.NEEDS_TEST_BUY)], A.NONE, "nobody could tell", "nor is 'needs a test buy'"),
    ([analyst(J.WITHDRAWN)], A.NONE, "nobody could tell", "nor is what an undo records"),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GENUINE, "tomas")],
        A.NONE,
        "reviewers contradict each other",
        "analysts differ",
    ),
    (
        [analyst(J.COUNTERFEIT), analyst(J.GREY_MARKET, "tomas")],
        A.NONE,
        "reviewers contradict each other",
        "grey market is genuine goods",
    ),
    ([brand(J.COUNTERFEIT)], A.OPEN, "an appeal is open", "half of the outcomes would be wrong"),
]


@pytest.mark.parametrize(("verdicts", "appeal", "reason", "_why"), NO_LABELS, ids=[row[-1] for row in NO_LABELS])
def test_verdicts_teach_nothing(verdicts: list[GivenVerdict], appeal: AppealState, reason: str, _why: str) -> None:
    assert label(*verdicts, appeal=appeal) == NoLabel(reason)


APPEALS = [
    ([brand(J.COUNTERFEIT)], A.UPHELD, 0, "an upheld appeal makes it genuine whatever the brand said"),
    ([], A.UPHELD, 0, "an upheld appeal needs no standing verdict"),
    ([brand(J.COUNTERFEIT)], A.DISMISSED, 1, "a dismissed one confirms the brand"),
    ([analyst(J.COUNTERFEIT)], A.DISMISSED, 1, "or the analyst, at full weight"),
]


@pytest.mark.parametrize(("verdicts", "appeal", "value", "_why"), APPEALS, ids=[row[-1] for row in APPEALS])
def test_a_decided_appeal_is_the_strongest_label(
    verdicts: list[GivenVerdict], appeal: AppealState, value: int, _why: str
) -> None:
    found = label(*verdicts, appeal=appeal, decided=DECIDED)
    expected = Label(value, 1.0, E.APPEAL, DECIDED, tuple(verdict.verdict_id for verdict in verdicts))
    assert found == expected


def test_a_dismissed_appeal_against_a_verdict_that_is_now_genuine_says_nothing_of_its_own() -> None:
    found = label(brand(J.GENUINE), appeal=A.DISMISSED, decided=DECIDED)
    assert isinstance(found, Label)
    assert (found.value, found.evidence_level) == (0, E.BRAND)


@pytest.mark.parametrize("appeal", [A.UPHELD, A.DISMISSED])
def test_an_appeal_decided_after_the_moment_is_not_known_at_it(appeal: AppealState) -> None:
    as_of = DECIDED - timedelta(seconds=1)
    assert label(brand(J.COUNTERFEIT), appeal=appeal, decided=DECIDED, as_of=as_of) == NoLabel("not mature yet")


def test_an_upheld_appeal_without_its_date_makes_no_counterfeit() -> None:
    assert label(brand(J.COUNTERFEIT), appeal=A.UPHELD) == NoLabel("not mature yet")


MATURITIES = [(J.COUNTERFEIT, 14), (J.GENUINE, 7), (J.LICENSED, 7), (J.GREY_MARKET, 7)]


@pytest.mark.parametrize(("judgement", "days"), MATURITIES)
def test_a_label_is_mature_to_the_second(judgement: Judgement, days: int) -> None:
    mature = NOW + timedelta(days=days)
    assert isinstance(label(brand(judgement), as_of=mature), Label)
    assert label(brand(judgement), as_of=mature - timedelta(seconds=1)) == NoLabel("not mature yet")


def test_maturity_counts_from_the_last_deciding_verdict() -> None:
    found = label(analyst(J.GENUINE), analyst(J.GENUINE, "tomas", hour=24))
    assert isinstance(found, Label)
    assert found.matured_at == NOW + timedelta(days=8)


PROVENANCES = [
    ([analyst(J.GENUINE), analyst(J.GENUINE, "tomas", hour=1)], ("ver_ines_0", "ver_tomas_1"), "all that agree"),
    ([analyst(J.COUNTERFEIT), brand(J.GENUINE, hour=2)], ("ver_brand_2",), "only the brand's"),
    ([brand(J.GENUINE, hour=1), brand(J.GENUINE)], ("ver_brand_1",), "only its latest, whatever the order"),
    ([analyst(J.GENUINE), analyst(J.CANNOT_TELL, "tomas", hour=1)], ("ver_ines_0",), "no non-answers"),
]


@pytest.mark.parametrize(("verdicts", "provenance", "_why"), PROVENANCES, ids=[row[-1] for row in PROVENANCES])
def test_a_label_names_the_verdicts_that_it_rests_on(
    verdicts: list[GivenVerdict], provenance: tuple[str, ...], _why: str
) -> None:
    found = label(*verdicts)
    assert isinstance(found, Label)
    assert found.provenance == provenance


VERDICTS = st.lists(
    st.builds(
        GivenVerdict,
        verdict_id=st.integers(0, 9**9).map(lambda n: f"ver_{n}"),
        judgement=st.sampled_from(Judgement),
        side=st.sampled_from(Side),
        user_id=st.sampled_from(["ines", "tomas", "camille"]),
        known_at=st.integers(0, 30).map(lambda days: NOW + timedelta(days=days)),
        superseded=st.booleans(),
    ),
    max_size=5,
    unique_by=lambda verdict: verdict.verdict_id,
)


@PROPERTY
@given(VERDICTS.flatmap(lambda verdicts: st.tuples(st.just(verdicts), st.permutations(verdicts))))
def test_the_order_in_which_verdicts_are_read_changes_nothing(
    both: tuple[list[GivenVerdict], list[GivenVerdict]],
) -> None:
    assert label(*both[0]) == label(*both[1])


@PROPERTY
@given(VERDICTS, st.sampled_from(AppealState))
def test_a_label_has_a_weight_of_at_most_one_and_is_never_from_the_future(
    verdicts: list[GivenVerdict], appeal: AppealState
) -> None:
    found = label(*verdicts, appeal=appeal, decided=DECIDED)
    assert isinstance(found, NoLabel) or (0 < found.weight <= 1 and found.matured_at <= LATER)


@PROPERTY
@given(VERDICTS)
def test_no_open_appeal_ever_becomes_a_label(verdicts: list[GivenVerdict]) -> None:
    assert isinstance(label(*verdicts, appeal=A.OPEN), NoLabel)
