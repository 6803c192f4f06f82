from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from features.compute import compute
from models.bundle import Bundle, from_files
from models.calibration import Sigmoid
from models.policies.learning import DEFAULT_GATES
from models.routing import Thresholds
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, market_facts, snapshot_rows
from tests.fixtures.scorers import CALIBRATION, a_bundle, bundle_files
from training.gate import State
from training.gates import Incumbent
from training.incumbent import InForce
from training.upheld import UpheldEvidence, upheld_evidence, upheld_gate

DATA = a_market(24)
FACTS = market_facts(DATA)
SCORES = InForce(a_bundle(), 1).scores([compute(one) for one in FACTS])
ROWS = [
    replace(row, evidence_level="appeal", label=int(i % 3 == 0)) if i < 12 else row
    for i, row in enumerate(snapshot_rows(DATA))
]
UPHELD = [i for i in range(12) if i % 3]
EVIDENCE = UpheldEvidence(listings=9, learnt=0, incumbent=Incumbent.CHAMPION, shown=(1, 2), regressed=(), mended=0)


MILD = from_files(bundle_files(calibration=replace(CALIBRATION, curve=Sigmoid(1.7, -5.0), band=None)))


def at_line(line: float, *, as_of: int = 0, bundle: Bundle = MILD) -> Bundle:
    """A champion with a twelfth of the candidate's odds, this threshold, and this many days since its training."""
    line_at = Thresholds(max(0.6, line), line)
    return replace(bundle, thresholds=line_at, references_as_of=NOW - timedelta(days=as_of))


def candidate_at(line: float) -> Bundle:
    """The candidate with this threshold."""
    return at_line(line, bundle=a_bundle())


def found(shipped: Bundle, champion: Bundle | None) -> UpheldEvidence:
    return upheld_evidence(ROWS, FACTS, shipped, InForce(champion, 1), DEFAULT_GATES)


def test_only_listings_that_are_genuine_by_an_appeal_are_scored() -> None:
    assert found(candidate_at(0.5), at_line(0.5)).listings == len(UPHELD) == 8


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
    evidence = found(candidate_at(ours), at_line(theirs))
    assert len(evidence.regressed) == regressed
    assert evidence.shown == ((8 if ours < 0.1 else 0), (8 if theirs < 0.1 else 0))


def test_a_listing_is_mended_where_the_champion_would_show_it_and_the_candidate_is_clear() -> None:
    turned = upheld_evidence(ROWS, FACTS, at_line(0.9), InForce(candidate_at(0.001), 1), DEFAULT_GATES)
    assert (turned.mended, turned.regressed) == (8, ())
    assert found(candidate_at(0.001), at_line(0.9)).mended == 0
    hidden_by_both = upheld_evidence(ROWS, FACTS, at_line(0.9), InForce(candidate_at(0.999), 1), DEFAULT_GATES)
    assert hidden_by_both.mended == 0


def test_a_clear_candidate_mends_listings_that_the_scorecard_would_show() -> None:
    loud = [
        replace(one, listing=replace(one.listing, title=f"{one.listing.title} 1:1 mirror")) if i % 2 else one
        for i, one in enumerate(FACTS)
    ]
    points = InForce(None, 1).scores([compute(loud[i]) for i in UPHELD])
    shown = int((points >= 20).sum())
    mended = upheld_evidence(ROWS, loud, candidate_at(0.999), InForce(None, 1), DEFAULT_GATES).mended
    assert mended == shown
    assert 0 < shown < len(UPHELD)


def test_a_listing_at_the_threshold_is_shown() -> None:
    score = float(SCORES[UPHELD[0]])
    exact = found(candidate_at(score), at_line(0.9))
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
    found = InForce(at_line(0.5), 1).is_clear(np.array([theirs]), np.array([ours]), DEFAULT_GATES)
    assert found.tolist() == [clear]


def test_the_scorecard_is_clear_below_half_of_its_points() -> None:
    points = np.array([20.0, 15.0, 10.0, 9.0, -5.0])
    found = InForce(None, 1).is_clear(points, np.full(5, 0.01), DEFAULT_GATES)
    assert found.tolist() == [False, False, False, True, True]


def test_without_a_champion_it_is_compared_with_the_scorecard() -> None:
    points = InForce(None, 1).scores([compute(FACTS[i]) for i in UPHELD])
    evidence = found(candidate_at(0.001), None)
    assert (evidence.incumbent, evidence.learnt) == (Incumbent.SCORECARD, 0)
    assert len(evidence.regressed) == int((points < 10).sum()) > 0
    assert evidence.shown[1] == int((points >= 20).sum())


def test_the_champion_may_know_labels_that_were_mature_at_its_training() -> None:
    assert found(candidate_at(0.5), at_line(0.5, as_of=1)).learnt == 0, "the labels are of today"
    assert found(candidate_at(0.5), at_line(0.5)).learnt == 8
    younger = [
        replace(row, matured_at=NOW + timedelta(days=1)) if i == UPHELD[3] else row for i, row in enumerate(ROWS)
    ]
    champion = InForce(at_line(0.5), 1)
    assert upheld_evidence(younger, FACTS, candidate_at(0.5), champion, DEFAULT_GATES).learnt == 7


GATES: list[tuple[UpheldEvidence, State, str, str]] = [
    (
        EVIDENCE,
        State.PASSED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 1 to a person, "
            "the champion 2; 0 although the champion is clear, 0 the other way round: 0 allowed."
        ),
        "no regression",
    ),
    (
        replace(EVIDENCE, learnt=7, shown=(3, 2), regressed=("ver_1",)),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 3 to a person, "
            "the champion 2; 1 (ver_1) although the champion is clear, 0 the other way round: 0 allowed. The champion "
            "was trained on 7 of them."
        ),
        "a single one is too many where none is mended",
    ),
    (
        replace(EVIDENCE, shown=(3, 3), regressed=("ver_1", "ver_2"), mended=2),
        State.PASSED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 3 to a person, "
            "the champion 3; 2 (ver_1, ver_2) although the champion is clear, 2 the other way round: 2 allowed."
        ),
        "as many are mended",
    ),
    (
        replace(EVIDENCE, shown=(4, 3), regressed=("ver_1", "ver_2", "ver_3"), mended=2),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 4 to a person, "
            "the champion 3; 3 (ver_1, ver_2, ver_3) although the champion is clear, 2 the other way round: 2 allowed."
        ),
        "one more is accused than mended",
    ),
    (
        replace(EVIDENCE, incumbent=Incumbent.SCORECARD, shown=(5, 0), regressed=("a", "b", "c", "d")),
        State.FAILED,
        (
            "9 listings were restored on appeal. The candidate, which was trained on them, would show 5 to a person, "
            "the starter scorecard 0; 4 (a, b, c) although the starter scorecard is clear, 0 the other way round: 0 "
            "allowed."
        ),
        "three are named",
    ),
    (
        replace(EVIDENCE, listings=0),
        State.NOT_JUDGED,
        "No removal has been overturned by an appeal yet.",
        "there is none",
    ),
]


@pytest.mark.parametrize(("evidence", "state", "sentence", "_why"), GATES)
def test_the_gate_reports_how_many_and_which(evidence: UpheldEvidence, state: State, sentence: str, _why: str) -> None:
    gate = upheld_gate(evidence, DEFAULT_GATES)
    assert (gate.name, gate.state, gate.sentence) == ("upheld_appeals", state, sentence)
    assert gate.blocks == (state is State.FAILED)
    judged = state is not State.NOT_JUDGED
    assert (gate.figure, gate.bound) == ((len(evidence.regressed), evidence.mended) if judged else (None, None))
