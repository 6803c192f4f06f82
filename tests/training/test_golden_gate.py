from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from features.compute import compute
from models.bundle import Bundle, from_files
from models.calibration import Sigmoid
from models.policies.deciding import DEFAULT_SCORECARD
from models.policies.learning import DEFAULT_GATES
from models.routing import Thresholds
from models.scorecard import score_by_points
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.labelled import a_market, market_facts, snapshot_rows
from tests.fixtures.scorers import CALIBRATION, THRESHOLDS, a_bundle, bundle_files
from tests.training.test_golden import golden_item
from training.gates.gate import State
from training.gates.gates import Incumbent
from training.gates.golden import freeze, parse_golden
from training.gates.golden_gate import GoldenEvidence, golden_evidence, golden_gate
from training.gates.incumbent import IncumbentScorer
from training.gates.slice_gate import FigureComparison, SliceEvidence
from training.gates.upheld import UpheldEvidence, upheld_evidence, upheld_gate

DATA = a_market(120)
GOLDEN = parse_golden(*freeze([golden_item(row) for row in snapshot_rows(DATA)], NOW))
SAME = FigureComparison(0.5, 0.5, 0.0, -0.1)
WHOLE = SliceEvidence("all of it", 400, 60, 40, recall=SAME, rank=SAME, alarms=FigureComparison(0.01, 0.01, 0.0, -0.01))
EVIDENCE = GoldenEvidence("abcdef0123456789", 400, 60, Incumbent.CHAMPION, champion_saw=False, parts=(WHOLE,))
BETTER = FigureComparison(0.6, 0.5, -0.1, -0.2)
LOST = replace(WHOLE, recall=FigureComparison(0.2, 0.5, 0.3, 0.11))


def test_both_models_score_a_set_and_it_is_judged_as_a_whole() -> None:
    evidence = golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(None, 1), DEFAULT_GATES)
    assert (evidence.digest, evidence.items, evidence.positives) == (GOLDEN.digest, 120, int(DATA.labels.sum()))
    assert [part.name for part in evidence.parts] == ["all of it"]
    assert (evidence.parts[0].rows, evidence.parts[0].positives) == (120, int(DATA.labels.sum()))


def test_the_same_model_beside_itself_loses_nothing() -> None:
    evidence = golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(a_bundle(), 1), DEFAULT_GATES)
    (whole,) = evidence.parts
    assert [comparison.worse for comparison in (whole.recall, whole.rank, whole.alarms)] == [0, 0, 0]
    assert golden_gate(evidence, DEFAULT_GATES).passed


def test_the_candidate_is_judged_by_its_own_scores() -> None:
    (alone,) = golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(a_bundle(), 1), DEFAULT_GATES).parts
    (beside,) = golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(None, 1), DEFAULT_GATES).parts
    assert beside.rank.ours == alone.rank.ours
    assert beside.rank.theirs != alone.rank.theirs


def test_only_slices_of_enough_listings_are_judged_by_themselves() -> None:
    small = replace(DEFAULT_GATES, golden_slice_rows=60)
    names = [part.name for part in golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(None, 1), small).parts]
    assert names[0] == "all of it"
    assert {"language en", "language fr", "market EUR"} <= set(names)
    sizes = {"language en": 60, "language fr": 60}
    larger = replace(DEFAULT_GATES, golden_slice_rows=61)
    assert not sizes.keys() & {
        part.name for part in golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(None, 1), larger).parts
    }


def test_a_champion_from_before_the_freeze_is_reported() -> None:
    before, after = (
        replace(a_bundle(), references_as_of=at) for at in (NOW.replace(year=2020), NOW.replace(year=2040))
    )
    assert not golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(None, 1), DEFAULT_GATES).champion_saw
    saw = [
        golden_evidence(GOLDEN, a_bundle(), IncumbentScorer(champion, 1), DEFAULT_GATES).champion_saw
        for champion in (before, after)
    ]
    assert saw == [True, False]


GATES: list[tuple[GoldenEvidence | None, State, str, float | None, str]] = [
    (
        EVIDENCE,
        State.PASSED,
        (
            "Golden set abcdef012345, 400 listings, 60 counterfeit: recall 0.50 against 0.50, rank 0.50 against 0.50, "
            "genuine listings flagged 1.0% against 1.0%; 60 counterfeits of 40 sellers among 400 rows. 0 slices of 200 "
            "listings or more hold as well, beside the champion."
        ),
        0.0,
        "nothing is lost",
    ),
    (
        replace(EVIDENCE, parts=(LOST,), champion_saw=True),
        State.FAILED,
        (
            "Golden set abcdef012345, 400 listings, 60 counterfeit, beside the champion. all of it: recall 0.20 "
            "against 0.50 at 1% false alarms, worse by at least 0.11 beyond doubt; 60 counterfeits of 40 sellers among "
            "400 rows. The champion may have been trained on it, which flatters it."
        ),
        -0.3,
        "recall is lost",
    ),
    (
        replace(EVIDENCE, parts=(WHOLE, replace(LOST, name="brand Lumo", rows=220))),
        State.FAILED,
        (
            "Golden set abcdef012345, 400 listings, 60 counterfeit, beside the champion. brand Lumo: recall 0.20 "
            "against 0.50 at 1% false alarms, worse by at least 0.11 beyond doubt; 60 counterfeits of 40 sellers among "
            "220 rows."
        ),
        -0.3,
        "a slice is lost",
    ),
    (
        replace(EVIDENCE, positives=2, parts=(replace(WHOLE, positives=2),)),
        State.NOT_JUDGED,
        "Golden set abcdef012345, 400 listings, 2 counterfeit: at least 3 counterfeits are needed.",
        None,
        "too few counterfeits",
    ),
    (
        replace(EVIDENCE, parts=(WHOLE, replace(WHOLE, name="brand Lumo", rows=220, recall=BETTER))),
        State.PASSED,
        (
            "Golden set abcdef012345, 400 listings, 60 counterfeit: recall 0.50 against 0.50, rank 0.50 against 0.50, "
            "genuine listings flagged 1.0% against 1.0%; 60 counterfeits of 40 sellers among 400 rows. 1 slices of 200 "
            "listings or more hold as well, beside the champion."
        ),
        0.0,
        "a slice is better, and the figure is of the whole",
    ),
    (
        replace(EVIDENCE, positives=0, parts=()),
        State.NOT_JUDGED,
        "Golden set abcdef012345, 400 listings, 0 counterfeit: at least 3 counterfeits are needed.",
        None,
        "no counterfeit at all",
    ),
    (
        None,
        State.NOT_JUDGED,
        "No golden set is judged twice yet; one is frozen from 300 mature labels on.",
        None,
        "there is none",
    ),
]


@pytest.mark.parametrize(("evidence", "state", "sentence", "figure", "_why"), GATES)
def test_the_gate_reports_the_result_and_the_set(
    evidence: GoldenEvidence | None, state: State, sentence: str, figure: float | None, _why: str
) -> None:
    gate = golden_gate(evidence, DEFAULT_GATES)
    assert (gate.name, gate.state, gate.sentence) == ("golden_set", state, sentence)
    assert gate.blocks == (state is State.FAILED)
    assert gate.figure == (None if figure is None else pytest.approx(figure))
    assert gate.bound == (None if figure is None else -DEFAULT_GATES.slice_recall_loss)


SLACK: list[tuple[float, bool, str]] = [
    (0.03, True, "three points beyond doubt are the slack"),
    (0.0301, False, "more are not"),
]


@pytest.mark.parametrize(("at_least", "passes", "_why"), SLACK)
def test_three_points_of_recall_beyond_doubt_may_be_lost(at_least: float, passes: bool, _why: str) -> None:
    part = replace(WHOLE, recall=FigureComparison(0.4, 0.5, 0.1, at_least))
    assert golden_gate(replace(EVIDENCE, parts=(part,)), DEFAULT_GATES).passed is passes


UPHELD_DATA = a_market(24)
FACTS = market_facts(UPHELD_DATA)
SCORES = IncumbentScorer(a_bundle(), 1).scores([compute(facts) for facts in FACTS])
ROWS = [
    replace(row, evidence_level="appeal", label=int(i % 3 == 0)) if i < 12 else row
    for i, row in enumerate(snapshot_rows(UPHELD_DATA))
]
UPHELD = [i for i in range(12) if i % 3]
UPHELD_EVIDENCE = UpheldEvidence(
    listings=9, learnt=0, incumbent=Incumbent.CHAMPION, shown=(1, 2), regressed=(), mended=0
)


MILD = from_files(bundle_files(calibration=replace(CALIBRATION, curve=Sigmoid(1.7, -5.0), band=None)))


def at_line(line: float, *, as_of: int = 0, bundle: Bundle = MILD) -> Bundle:
    """A champion with a twelfth of the candidate's odds, this threshold, and this many days since its training."""
    line_at = Thresholds(max(0.6, line), line)
    return replace(bundle, thresholds=line_at, references_as_of=NOW - timedelta(days=as_of))


def candidate_at(line: float) -> Bundle:
    """The candidate with this threshold."""
    return at_line(line, bundle=a_bundle())


def evidence_of(shipped: Bundle, champion: Bundle | None) -> UpheldEvidence:
    return upheld_evidence(ROWS, FACTS, shipped, IncumbentScorer(champion, 1), DEFAULT_GATES)


def test_only_listings_that_are_genuine_by_an_appeal_are_scored() -> None:
    assert evidence_of(candidate_at(0.5), at_line(0.5)).listings == len(UPHELD) == 8


LINES: list[tuple[float, float, int, str]] = [
    (0.001, 0.9, 8, "all are shown, and the champion is clear about all"),
    (0.001, 0.001, 0, "all are shown by both"),
    (0.9, 0.9, 0, "none is shown"),
    (0.9, 0.001, 0, "only the champion would show them"),
]


@pytest.mark.parametrize(("ours", "theirs", "regressed", "_why"), LINES)
def test_a_regression_is_shown_by_the_candidate_while_the_champion_is_clear(
    ours: float, theirs: float, regressed: int, _why: str
) -> None:
    evidence = evidence_of(candidate_at(ours), at_line(theirs))
    assert len(evidence.regressed) == regressed
    assert evidence.shown == ((8 if ours < 0.1 else 0), (8 if theirs < 0.1 else 0))


def test_a_listing_is_mended_where_the_champion_would_show_it_and_the_candidate_is_clear() -> None:
    turned = upheld_evidence(ROWS, FACTS, at_line(0.9), IncumbentScorer(candidate_at(0.001), 1), DEFAULT_GATES)
    assert (turned.mended, turned.regressed) == (8, ())
    assert evidence_of(candidate_at(0.001), at_line(0.9)).mended == 0
    hidden_by_both = upheld_evidence(ROWS, FACTS, at_line(0.9), IncumbentScorer(candidate_at(0.999), 1), DEFAULT_GATES)
    assert hidden_by_both.mended == 0


def test_a_clear_candidate_mends_listings_that_the_scorecard_would_show() -> None:
    loud = [
        replace(facts, listing=replace(facts.listing, title=f"{facts.listing.title} 1:1 mirror")) if i % 2 else facts
        for i, facts in enumerate(FACTS)
    ]
    points = IncumbentScorer(None, 1).scores([compute(loud[i]) for i in UPHELD])
    shown = int((points >= 20).sum())
    mended = upheld_evidence(ROWS, loud, candidate_at(0.999), IncumbentScorer(None, 1), DEFAULT_GATES).mended
    assert mended == shown
    assert 0 < shown < len(UPHELD)


def test_a_listing_at_the_threshold_is_shown() -> None:
    score = float(SCORES[UPHELD[0]])
    exact = evidence_of(candidate_at(score), at_line(0.9))
    assert exact.shown[0] == int((SCORES[UPHELD] >= score).sum())
    assert ROWS[UPHELD[0]].version_id in exact.regressed


CLEAR: list[tuple[float, float, bool, str]] = [
    (0.333, 0.61, True, "below half of the odds of a line of .5, and odds three times as high"),
    (0.334, 0.9, False, "odds just above half of the line's"),
    (0.5, 0.9, False, "on the line"),
    (0.3, 0.56, False, "odds 2.97 times as high: such is chance"),
    (0.3, 0.57, True, "odds 3.09 times as high"),
    (0.1, 0.24, False, "far below the line, and hardly moved"),
    (0.25, 0.5, True, "exactly three times as high"),
]


@pytest.mark.parametrize(("theirs", "ours", "clear", "_why"), CLEAR)
def test_a_champion_is_clear_well_below_its_threshold_and_far_below_the_candidate(
    theirs: float, ours: float, clear: bool, _why: str
) -> None:
    assert IncumbentScorer(at_line(0.5), 1).is_clear(np.array([theirs]), np.array([ours]), DEFAULT_GATES).tolist() == [
        clear
    ]


def test_the_scorecard_is_clear_below_half_of_its_points() -> None:
    points = np.array([20.0, 15.0, 10.0, 9.0, -5.0])
    clear_rows = IncumbentScorer(None, 1).is_clear(points, np.full(5, 0.01), DEFAULT_GATES)
    assert clear_rows.tolist() == [False, False, False, True, True]


def test_without_a_champion_it_is_compared_with_the_scorecard() -> None:
    points = IncumbentScorer(None, 1).scores([compute(FACTS[i]) for i in UPHELD])
    evidence = evidence_of(candidate_at(0.001), None)
    assert (evidence.incumbent, evidence.learnt) == (Incumbent.SCORECARD, 0)
    assert len(evidence.regressed) == int((points < 10).sum()) > 0
    assert evidence.shown[1] == int((points >= 20).sum())


def test_the_champion_may_know_labels_that_were_mature_at_its_training() -> None:
    assert evidence_of(candidate_at(0.5), at_line(0.5, as_of=1)).learnt == 0, "the labels are of today"
    assert evidence_of(candidate_at(0.5), at_line(0.5)).learnt == 8
    younger = [
        replace(row, matured_at=NOW + timedelta(days=1)) if i == UPHELD[3] else row for i, row in enumerate(ROWS)
    ]
    champion = IncumbentScorer(at_line(0.5), 1)
    assert upheld_evidence(younger, FACTS, candidate_at(0.5), champion, DEFAULT_GATES).learnt == 7


UPHELD_GATES: list[tuple[UpheldEvidence, State, str, str]] = [
    (
        UPHELD_EVIDENCE,
        State.PASSED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 1 to a person, "
            "the champion 2; 0 although the champion is clear, 0 the other way round: 0 allowed."
        ),
        "no regression",
    ),
    (
        replace(UPHELD_EVIDENCE, learnt=7, shown=(3, 2), regressed=("ver_1",)),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 3 to a person, "
            "the champion 2; 1 (ver_1) although the champion is clear, 0 the other way round: 0 allowed. The champion "
            "was trained on 7 of them."
        ),
        "a single one is too many where none is mended",
    ),
    (
        replace(UPHELD_EVIDENCE, shown=(3, 3), regressed=("ver_1", "ver_2"), mended=2),
        State.PASSED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 3 to a person, "
            "the champion 3; 2 (ver_1, ver_2) although the champion is clear, 2 the other way round: 2 allowed."
        ),
        "as many are mended",
    ),
    (
        replace(UPHELD_EVIDENCE, shown=(4, 3), regressed=("ver_1", "ver_2", "ver_3"), mended=2),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 4 to a person, "
            "the champion 3; 3 (ver_1, ver_2, ver_3) although the champion is clear, 2 the other way round: 2 allowed."
        ),
        "one more is accused than mended",
    ),
    (
        replace(UPHELD_EVIDENCE, incumbent=Incumbent.SCORECARD, shown=(5, 0), regressed=("a", "b", "c", "d")),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 5 to a person, "
            "the starter scorecard 0; 4 (a, b, c) although the starter scorecard is clear, 0 the other way round: 0 "
            "allowed."
        ),
        "three are named",
    ),
    (
        replace(UPHELD_EVIDENCE, listings=0),
        State.NOT_JUDGED,
        "No removal has been overturned by an appeal yet.",
        "there is none",
    ),
]


@pytest.mark.parametrize(("evidence", "state", "sentence", "_why"), UPHELD_GATES)
def test_the_gate_reports_how_many_and_which(evidence: UpheldEvidence, state: State, sentence: str, _why: str) -> None:
    gate = upheld_gate(evidence, DEFAULT_GATES)
    assert (gate.name, gate.state, gate.sentence) == ("upheld_appeals", state, sentence)
    assert gate.blocks == (state is State.FAILED)
    judged = state is not State.NOT_JUDGED
    assert (gate.figure, gate.bound) == ((len(evidence.regressed), evidence.mended) if judged else (None, None))


INCUMBENT_ROWS = [compute(facts) for facts in (some_facts(), full_facts(), bare_facts(), suspect_facts())]


def test_a_champion_scores_by_probability_and_shows_from_its_own_threshold() -> None:
    incumbent = IncumbentScorer(a_bundle(), 1)
    assert incumbent.scores(INCUMBENT_ROWS).tolist() == [
        score.probability for score in a_bundle().score_many(INCUMBENT_ROWS)
    ]
    assert (incumbent.name, incumbent.shown_from) == (Incumbent.CHAMPION, THRESHOLDS.analyst_from)


def test_without_a_champion_the_starter_scorecard_scores_by_points() -> None:
    incumbent = IncumbentScorer(None, 1)
    points = [score_by_points(row, policy=DEFAULT_SCORECARD, fingerprint="").value for row in INCUMBENT_ROWS]
    assert incumbent.scores(INCUMBENT_ROWS).tolist() == points
    assert points[-1] > max(points[:-1]), "the suspect one stands out"
    assert (incumbent.name, incumbent.shown_from) == (Incumbent.SCORECARD, 20.0)


TRAINED: list[tuple[datetime | None, bool, str]] = [
    (None, True, "a champion that does not say when"),
    (NOW - timedelta(days=1), True, "before"),
    (NOW, True, "at that very moment"),
    (NOW + timedelta(days=1), False, "after"),
]


@pytest.mark.parametrize(("as_of", "was", "_why"), TRAINED)
def test_a_champion_was_trained_by_a_time(as_of: datetime | None, was: bool, _why: str) -> None:
    assert IncumbentScorer(replace(a_bundle(), references_as_of=as_of), 1).was_trained_by(NOW) is was


def test_a_scorecard_was_never_trained() -> None:
    assert not IncumbentScorer(None, 1).was_trained_by(NOW)
    assert not IncumbentScorer(None, 1).knew(NOW)


@pytest.mark.parametrize(("days", "knew"), [(-1, True), (0, True), (1, False)])
def test_a_champion_knew_labels_that_were_mature_at_its_training(days: int, knew: bool) -> None:
    assert IncumbentScorer(replace(a_bundle(), references_as_of=NOW), 1).knew(NOW + timedelta(days=days)) is knew
