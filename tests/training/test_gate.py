from dataclasses import replace

import numpy as np
import pytest

from models.policies.learning import DEFAULT_GATES
from training.gates.gate import Gate, State, blocking_gates, combined_gate, judged_gate, unjudged_gate, was_compared
from training.gates.gates import GateEvidence, Incumbent, IncumbentComparison, all_gates, unjudged_gates

GOOD = judged_gate("brand Aurelle", True, -0.01, -0.03, "Recall 0.40 against 0.41.")
BAD = judged_gate("brand Lumo", False, -0.35, -0.03, "Recall 0.00 against 0.35.")
UNKNOWN = unjudged_gate("language de", "2 counterfeits.", blocks=False)


def slices_gate(*parts: Gate) -> Gate:
    return combined_gate("slices", parts, sentence="All is well.", nothing="None could be judged.")


def test_a_failed_gate_blocks_and_a_passed_gate_does_not() -> None:
    assert (BAD.state, BAD.passed, BAD.blocks) == (State.FAILED, False, True)
    assert (GOOD.state, GOOD.passed, GOOD.blocks) == (State.PASSED, True, False)


@pytest.mark.parametrize("blocks", [True, False])
def test_an_unjudged_gate_is_never_passed_and_blocks_if_told(blocks: bool) -> None:
    gate = unjudged_gate("golden_set", "None is frozen.", blocks=blocks)
    assert (gate.state, gate.passed, gate.blocks) == (State.NOT_JUDGED, False, blocks)


WHOLES = [
    ((GOOD, GOOD), State.PASSED, False, "All is well.", "all hold"),
    ((GOOD, UNKNOWN), State.PASSED, False, "All is well.", "one is not judged"),
    ((UNKNOWN,), State.NOT_JUDGED, False, "None could be judged.", "none is judged"),
    ((), State.NOT_JUDGED, False, "None could be judged.", "there is none"),
    ((GOOD, BAD, UNKNOWN), State.FAILED, True, "brand Lumo: Recall 0.00 against 0.35.", "one does not hold"),
]


@pytest.mark.parametrize(("parts", "state", "blocks", "sentence", "_why"), WHOLES)
def test_a_gate_of_parts(parts: tuple[Gate, ...], state: State, blocks: bool, sentence: str, _why: str) -> None:
    whole_gate = slices_gate(*parts)
    assert (whole_gate.state, whole_gate.blocks, whole_gate.sentence, whole_gate.parts) == (
        state,
        blocks,
        sentence,
        parts,
    )


def test_a_gate_of_parts_has_the_figure_and_the_bound_of_the_first_that_fails() -> None:
    assert (slices_gate(GOOD, BAD).figure, slices_gate(GOOD, BAD).bound) == (-0.35, -0.03)
    assert (slices_gate(GOOD).figure, slices_gate(GOOD).bound) == (None, None)


def test_a_gate_of_parts_names_all_failures_and_explains_the_first() -> None:
    whole_gate = slices_gate(BAD, GOOD, judged_gate("language de", False, -0.1, -0.03, "Recall 0.20 against 0.30."))
    assert (whole_gate.figure, whole_gate.sentence) == (-0.35, "brand Lumo, language de: Recall 0.00 against 0.35.")


def test_a_report_has_one_of_three_states_of_a_gate() -> None:
    assert [gate.as_json()["state"] for gate in (GOOD, BAD, UNKNOWN)] == ["passed", "failed", "not_judged"]


def test_blocking_gates_are_listed_with_figure_and_bound_by_part() -> None:
    gate_reports = [
        judged_gate("incumbents", False, -0.02, 0.0, "Worse.").as_json(),
        slices_gate(GOOD, BAD, UNKNOWN).as_json(),
        unjudged_gate("golden_set", "None is frozen.", blocks=True).as_json(),
        UNKNOWN.as_json(),
        GOOD.as_json(),
    ]
    assert list(blocking_gates(gate_reports)) == [
        {"name": "incumbents", "figure": -0.02, "bound": 0.0},
        {"name": "slices: brand Lumo", "figure": -0.35, "bound": -0.03},
        {"name": "golden set", "figure": None, "bound": None},
    ]


def test_reports_without_states_are_read() -> None:
    old = [{"name": "calibration", "passed": False, "sentence": "Off."}, {"name": "enough_to_judge", "passed": True}]
    assert list(blocking_gates(old)) == [{"name": "calibration", "figure": None, "bound": None}]


def test_a_gate_as_json_has_its_state_and_whether_it_is_passed() -> None:
    assert slices_gate(BAD).as_json() == {
        "name": "slices",
        "state": "failed",
        "passed": False,
        "blocks": True,
        "figure": -0.35,
        "bound": -0.03,
        "sentence": "brand Lumo: Recall 0.00 against 0.35.",
        "parts": [
            {
                "name": "brand Lumo",
                "state": "failed",
                "passed": False,
                "blocks": True,
                "figure": -0.35,
                "bound": -0.03,
                "sentence": "Recall 0.00 against 0.35.",
                "parts": [],
            }
        ],
    }


COMPARED = [
    ("passed", "passed", "a", True, "compared with it"),
    ("passed", "failed", "a", True, "and found worse"),
    ("failed", "failed", "a", False, "on too few counterfeits nothing could be lucky"),
    ("passed", "not_judged", "a", False, "not comparable"),
    ("passed", "passed", "b", False, "with another champion"),
    ("passed", "passed", None, False, "with none"),
]


@pytest.mark.parametrize(("enough", "incumbents", "beside", "counts", "_why"), COMPARED)
def test_a_comparison_counts_as_a_look(
    enough: str, incumbents: str, beside: str | None, *, counts: bool, _why: str
) -> None:
    states = {"enough_to_judge": enough, "incumbents": incumbents}
    report = {"gates": [{"name": name, "state": state} for name, state in states.items()], "reference": {"digest": "a"}}
    assert was_compared(report, beside) is counts


NAN = float("nan")


def comparison(
    theirs: float,
    incumbent: Incumbent = Incumbent.CHAMPION,
    *,
    ours: float = 0.80,
    spread: float = 0.02,
    once: float = 0.0,
) -> IncumbentComparison:
    """An incumbent with this average precision; the resampled differences lie evenly around the difference."""
    return IncumbentComparison(incumbent, theirs, ours - theirs + np.linspace(-2, 2, 401) * spread, once)


EVIDENCE = GateEvidence(
    rows=400,
    positives=40,
    positive_sellers=15,
    champion_learnt=0,
    looks=1,
    average_precision=0.80,
    incumbents=(comparison(0.75),),
    rank=0.9,
    effective_positives=12.0,
    most_weight=None,
    calibration_error=(0.05, 0.06),
    calibration_interval=(-0.03, 0.01),
    slices=(),
    replayed=(),
)
FIRST = replace(
    EVIDENCE,
    incumbents=(comparison(0.75, Incumbent.SCORECARD),),
    calibration_error=(0.05, None),
    calibration_interval=(NAN, NAN),
)


def gate(name: str, evidence: GateEvidence = EVIDENCE) -> Gate:
    return next(gate for gate in all_gates(evidence, DEFAULT_GATES) if gate.name == name)


def test_the_gates_have_this_order() -> None:
    assert [gate.name for gate in all_gates(EVIDENCE, DEFAULT_GATES)] == [
        "enough_to_judge", "incumbents", "rank", "calibration", "slices", "obfuscation",
    ]  # fmt: skip


ENOUGH: list[tuple[int, int, State, float, float, str]] = [
    (30, 3, State.PASSED, 30, 30, "just enough"),
    (29, 3, State.FAILED, 29, 30, "one counterfeit too few"),
    (0, 0, State.FAILED, 0, 30, "none"),
    (30, 2, State.FAILED, 2, 3, "of two sellers"),
    (29, 2, State.FAILED, 29, 30, "neither: the first is named"),
]


@pytest.mark.parametrize(("positives", "sellers", "state", "figure", "bound", "_why"), ENOUGH)
def test_thirty_counterfeits_of_three_sellers_are_enough_to_judge_by(
    positives: int, sellers: int, state: State, figure: float, bound: float, _why: str
) -> None:
    gate_result = gate("enough_to_judge", replace(EVIDENCE, positives=positives, positive_sellers=sellers))
    assert (gate_result.state, gate_result.figure, gate_result.bound, gate_result.blocks) == (
        state,
        figure,
        bound,
        state is State.FAILED,
    )


AGAINST: list[tuple[float, float, float, int, State, bool, str]] = [
    (0.80, 0.75, 0.02, 1, State.PASSED, False, "better"),
    (0.75, 0.75, 0.02, 1, State.PASSED, False, "equal is no worse"),
    (0.7499, 0.75, 0.02, 1, State.FAILED, True, "a little worse"),
    (NAN, 0.75, 0.02, 1, State.FAILED, True, "a figure that does not exist shows nothing"),
    (0.76, 0.75, 0.036, 1, State.PASSED, False, "the lower end of four fifths lies just above the bound"),
    (0.76, 0.75, 0.039, 1, State.FAILED, True, "and just below it"),
    (0.76, 0.75, 0.02, 2, State.FAILED, True, "the second comparison must be better beyond luck"),
    (0.80, 0.75, 0.02, 20, State.PASSED, False, "better beyond the luck of twenty"),
]


@pytest.mark.parametrize(("ours", "theirs", "spread", "looks", "state", "blocks", "_why"), AGAINST)
def test_a_candidate_is_no_worse_than_any_incumbent(
    ours: float, theirs: float, spread: float, looks: int, state: State, *, blocks: bool, _why: str
) -> None:
    for incumbent in Incumbent:
        others = tuple(comparison(0.1, other, ours=ours) for other in Incumbent if other is not incumbent)
        against = (*others, comparison(theirs, incumbent, ours=ours, spread=spread))
        gate_result = gate("incumbents", replace(EVIDENCE, average_precision=ours, incumbents=against, looks=looks))
        assert (gate_result.state, gate_result.blocks) == (state, blocks)


@pytest.mark.parametrize(("once", "passes"), [(-0.0499, True), (-0.05, False)])
def test_a_few_heavy_rows_make_no_candidate_better(once: float, *, passes: bool) -> None:
    against = (comparison(0.1, once=once),)
    assert gate("incumbents", replace(EVIDENCE, incumbents=against)).passed == passes


EFFECTIVE = [(5.0, State.PASSED, "just enough counterfeits"), (4.99, State.NOT_JUDGED, "one audit would decide")]


@pytest.mark.parametrize(("effective", "state", "_why"), EFFECTIVE)
def test_the_comparison_needs_effective_counterfeits(effective: float, state: State, _why: str) -> None:
    gate_result = gate("incumbents", replace(EVIDENCE, effective_positives=effective))
    assert (gate_result.state, gate_result.blocks) == (state, state is State.NOT_JUDGED)


@pytest.mark.parametrize(("rank", "passes"), [(0.6, True), (0.599, False), (NAN, False)])
def test_counterfeits_rank_above_genuine_listings(rank: float, passes: bool) -> None:
    assert (gate("rank", replace(EVIDENCE, rank=rank)).passed, gate("rank", FIRST).bound) == (passes, 0.6)


CALIBRATIONS: list[tuple[float, float | None, tuple[float, float], bool, str]] = [
    (0.05, 0.06, (-0.03, 0.01), True, "better"),
    (0.09, 0.04, (-0.01, 0.09), True, "worse by five hundredths, and not for certain"),
    (0.0901, 0.04, (-0.01, 0.09), False, "worse by more"),
    (0.08, 0.04, (0.02, 0.06), True, "worse for certain, at least by as much as is allowed"),
    (0.08, 0.04, (0.0201, 0.06), False, "worse for certain by more than is allowed"),
    (0.10, 0.09, (-0.01, 0.03), True, "the absolute bound"),
    (0.1001, 0.11, (-0.03, 0.01), False, "beyond it, although better than the champion"),
    (0.10, None, (NAN, NAN), True, "the bound of a first model"),
    (0.1001, None, (NAN, NAN), False, "beyond it"),
    (NAN, None, (NAN, NAN), False, "a first error that does not exist"),
    (NAN, 0.06, (NAN, NAN), False, "an error that does not exist"),
]


@pytest.mark.parametrize(("ours", "theirs", "interval", "passes", "_why"), CALIBRATIONS)
def test_calibration_is_no_worse(
    ours: float, theirs: float | None, interval: tuple[float, float], passes: bool, _why: str
) -> None:
    evidence = replace(EVIDENCE, calibration_error=(ours, theirs), calibration_interval=interval)
    gate_result = gate("calibration", evidence)
    assert (gate_result.passed, gate_result.blocks) == (passes, not passes)


def test_without_a_judgement_the_only_gate_blocks() -> None:
    (only_gate,) = unjudged_gates(40, 12, 4, DEFAULT_GATES)
    assert (only_gate.name, only_gate.state, only_gate.blocks) == ("enough_to_judge", State.NOT_JUDGED, True)


FIRST_SENTENCE = (
    "40 counterfeits of 15 sellers among 400 later listings of unseen sellers; at least 30 of 3 are needed."
)
LAST_SENTENCES = [
    "0 slices have 50 rows or more, and none has the 3 counterfeits that a judgement needs.",
    "There are too few held-out listings to measure the effect of a rewrite.",
]
RANK_SENTENCE = "A counterfeit scores above a genuine listing with probability 0.900, over all listings; at least 0.60."
SENTENCES = [
    (
        EVIDENCE,
        [
            FIRST_SENTENCE,
            "Average precision 0.800 over all listings, no worse than the champion; comparison 1 with this champion.",
            RANK_SENTENCE,
            (
                "Calibration error 0.050 over all listings, at most 0.100; against the champion's 0.060 worse by "
                "-0.010, between -0.030 and +0.010 at 95%, at most 0.050."
            ),
            *LAST_SENTENCES,
        ],
    ),
    (
        FIRST,
        [
            FIRST_SENTENCE,
            (
                "Average precision 0.800 over all listings, no worse than the starter scorecard; comparison 1 with "
                "this champion."
            ),
            RANK_SENTENCE,
            "Calibration error 0.050 over all listings, at most 0.100.",
            *LAST_SENTENCES,
        ],
    ),
]


@pytest.mark.parametrize(("evidence", "sentences"), SENTENCES, ids=["beside a champion", "a first model"])
def test_every_gate_says_its_figure_and_its_bound(evidence: GateEvidence, sentences: list[str]) -> None:
    assert [gate.sentence for gate in all_gates(evidence, DEFAULT_GATES)] == sentences


@pytest.mark.parametrize("name", ["incumbents", "slices"])
def test_a_champion_that_learnt_one_of_the_rows_is_not_compared(name: str) -> None:
    evidence = replace(EVIDENCE, champion_learnt=1, incumbents=(comparison(0.2, Incumbent.SCORECARD),))
    gate_result = gate(name, evidence)
    assert (gate_result.state, gate_result.blocks) == (State.NOT_JUDGED, True)
    assert gate_result.sentence == (
        "Not comparable: the champion may have learnt 1 of these 400 rows. A comparison needs 30 later counterfeits of "
        "3 unseen sellers."
    )


def test_too_few_effective_counterfeits_are_reported() -> None:
    gate_result = gate("incumbents", replace(EVIDENCE, effective_positives=2.31))
    assert gate_result.sentence == "The effective sample size of the counterfeits is 2.3; 5 are needed."
    assert (gate_result.figure, gate_result.bound) == (2.31, 5.0)


def test_trimmed_weights_are_reported() -> None:
    assert gate("incumbents", replace(EVIDENCE, most_weight=6.83)).sentence.startswith(
        "Average precision 0.800 over all listings, with weights of at most 6.8, no worse than the champion;"
    )


def test_a_part_says_what_it_compares() -> None:
    (part,) = gate("incumbents", replace(EVIDENCE, looks=3)).parts
    assert part.sentence == (
        "Average precision 0.800 over all listings against 0.750 of the champion; difference between +0.018 and +0.082 "
        "at 80%, above -0.05, and +0.014 beyond the luck of comparison 3, at least 0. Where every row counts once it "
        "is +0.000, above -0.05."
    )


FIGURES: list[tuple[str, GateEvidence, float, float, str]] = [
    ("calibration", EVIDENCE, -0.01, 0.05, "worse at face value, at most so much"),
    ("calibration", replace(EVIDENCE, calibration_error=(0.10, 0.06), calibration_interval=(0.03, 0.06)), 0.04, 0.02,
     "worse for certain, at most so much"),
    ("calibration", FIRST, 0.05, 0.1, "the error of a first model"),
    ("rank", EVIDENCE, 0.9, 0.6, "the rank of its counterfeits"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "evidence", "figure", "bound", "_why"), FIGURES)
def test_a_gate_has_a_figure_and_a_bound(
    name: str, evidence: GateEvidence, figure: float, bound: float, _why: str
) -> None:
    gate_result = gate(name, evidence)
    assert gate_result.figure == pytest.approx(figure)
    assert gate_result.bound == bound


def test_a_certain_loss_is_reported() -> None:
    evidence = replace(EVIDENCE, calibration_error=(0.10, 0.06), calibration_interval=(0.03, 0.06))
    assert gate("calibration", evidence).sentence.endswith("at 95%, at most 0.020 beyond doubt.")
