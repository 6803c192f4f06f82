from dataclasses import replace

import pytest

from models.policies.learning import DEFAULT_GATES
from training.gates.gate import Gate, State, blocking_gates, combined_gate, judged_gate, unjudged_gate
from training.gates.gates import GateEvidence, Incumbent, all_gates, unjudged_gates

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
        judged_gate("random_slice", False, -0.02, 0.0, "Worse.").as_json(),
        slices_gate(GOOD, BAD, UNKNOWN).as_json(),
        unjudged_gate("golden_set", "None is frozen.", blocks=True).as_json(),
        UNKNOWN.as_json(),
        GOOD.as_json(),
    ]
    assert list(blocking_gates(gate_reports)) == [
        {"name": "random slice", "figure": -0.02, "bound": 0.0},
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


NAN = float("nan")
EVIDENCE = GateEvidence(
    rows=400,
    positives=40,
    positive_sellers=15,
    incumbent=Incumbent.CHAMPION,
    champion_learnt=0,
    average_precision=(0.80, 0.75),
    average_precision_interval=(-0.02, 0.12),
    effective_positives=12.0,
    most_weight=None,
    calibration_error=(0.05, 0.06),
    calibration_interval=(-0.03, 0.01),
    slices=(),
    replayed=(),
)
FIRST = replace(
    EVIDENCE, incumbent=Incumbent.SCORECARD, calibration_error=(0.05, None), calibration_interval=(NAN, NAN)
)


def gate(name: str, evidence: GateEvidence = EVIDENCE) -> Gate:
    return next(gate for gate in all_gates(evidence, DEFAULT_GATES) if gate.name == name)


def test_the_gates_have_this_order() -> None:
    assert [gate.name for gate in all_gates(EVIDENCE, DEFAULT_GATES)] == [
        "enough_to_judge", "random_slice", "calibration", "slices", "obfuscation",
    ]  # fmt: skip


ENOUGH: list[tuple[int, int, State, float, float, str]] = [
    (10, 3, State.PASSED, 10, 10, "just enough"),
    (9, 3, State.FAILED, 9, 10, "one counterfeit too few"),
    (0, 0, State.FAILED, 0, 10, "none"),
    (10, 2, State.FAILED, 2, 3, "of two sellers"),
    (9, 2, State.FAILED, 9, 10, "neither: the first is named"),
]


@pytest.mark.parametrize(("positives", "sellers", "state", "figure", "bound", "_why"), ENOUGH)
def test_ten_counterfeits_of_three_sellers_are_enough_to_judge_by(
    positives: int, sellers: int, state: State, figure: float, bound: float, _why: str
) -> None:
    gate_result = gate("enough_to_judge", replace(EVIDENCE, positives=positives, positive_sellers=sellers))
    assert (gate_result.state, gate_result.figure, gate_result.bound, gate_result.blocks) == (
        state,
        figure,
        bound,
        state is State.FAILED,
    )


RANDOM: list[tuple[float, float, float, State, bool, str]] = [
    (0.80, 0.75, 12.0, State.PASSED, False, "better"),
    (0.75, 0.75, 12.0, State.FAILED, True, "equal is not better"),
    (0.7499, 0.75, 12.0, State.FAILED, True, "a little worse"),
    (NAN, 0.75, 12.0, State.FAILED, True, "a figure that does not exist shows nothing"),
    (0.80, 0.75, 5.0, State.PASSED, False, "just enough counterfeits"),
    (0.80, 0.75, 4.99, State.NOT_JUDGED, True, "one audit would decide"),
    (0.10, 0.75, 0.0, State.NOT_JUDGED, True, "none at all"),
]


@pytest.mark.parametrize(("ours", "theirs", "effective", "state", "blocks", "_why"), RANDOM)
def test_a_candidate_must_be_better_on_the_random_slice(
    ours: float, theirs: float, effective: float, state: State, blocks: bool, _why: str
) -> None:
    evidence = replace(EVIDENCE, average_precision=(ours, theirs), effective_positives=effective)
    gate_result = gate("random_slice", evidence)
    assert (gate_result.state, gate_result.blocks) == (state, blocks)


CALIBRATIONS: list[tuple[float, float | None, tuple[float, float], bool, str]] = [
    (0.05, 0.06, (-0.03, 0.01), True, "better"),
    (0.11, 0.06, (-0.01, 0.11), True, "worse by five hundredths, and not for certain"),
    (0.1101, 0.06, (-0.01, 0.11), False, "worse by more"),
    (0.10, 0.06, (0.02, 0.06), True, "worse for certain, at least by as much as is allowed"),
    (0.10, 0.06, (0.0201, 0.06), False, "worse for certain by more than is allowed"),
    (0.15, None, (NAN, NAN), True, "the bound of a first model"),
    (0.1501, None, (NAN, NAN), False, "beyond it"),
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


SENTENCES = [
    (
        EVIDENCE,
        [
            "40 counterfeits of 15 sellers among 400 later listings of unseen sellers; at least 10 of 3 are needed.",
            (
                "Average precision 0.800 over all listings against 0.750 of the champion; difference between "
                "-0.020 and +0.120 at 95%."
            ),
            (
                "Calibration error 0.050 against the champion's 0.060; worse by -0.010, between -0.030 and +0.010 at "
                "95%, at most 0.050."
            ),
            "0 slices have 50 rows or more, and none has the 3 counterfeits that a judgement needs.",
            "There are too few held-out listings to measure the effect of a rewrite.",
        ],
    ),
    (
        FIRST,
        [
            "40 counterfeits of 15 sellers among 400 later listings of unseen sellers; at least 10 of 3 are needed.",
            (
                "Average precision 0.800 over all listings against 0.750 of the starter scorecard; difference between "
                "-0.020 and +0.120 at 95%."
            ),
            "Calibration error 0.050; at most 0.150 for a first model.",
            "0 slices have 50 rows or more, and none has the 3 counterfeits that a judgement needs.",
            "There are too few held-out listings to measure the effect of a rewrite.",
        ],
    ),
]


@pytest.mark.parametrize(("evidence", "sentences"), SENTENCES, ids=["beside a champion", "a first model"])
def test_every_gate_says_its_figure_and_its_bound(evidence: GateEvidence, sentences: list[str]) -> None:
    assert [gate.sentence for gate in all_gates(evidence, DEFAULT_GATES)] == sentences


@pytest.mark.parametrize("name", ["random_slice", "slices"])
def test_a_champion_that_learnt_one_of_the_rows_is_not_compared(name: str) -> None:
    gate_result = gate(name, replace(EVIDENCE, champion_learnt=1, average_precision=(0.99, NAN)))
    assert (gate_result.state, gate_result.blocks) == (State.NOT_JUDGED, True)
    assert gate_result.sentence == (
        "Not comparable: the champion may have learnt 1 of these 400 rows. A comparison needs 10 later counterfeits of "
        "3 unseen sellers."
    )


def test_a_candidate_without_a_comparable_champion_has_the_bound_of_a_first_model() -> None:
    evidence = replace(EVIDENCE, champion_learnt=400, calibration_error=(0.16, None), calibration_interval=(NAN, NAN))
    gate_result = gate("calibration", evidence)
    assert (gate_result.state, gate_result.bound) == (State.FAILED, 0.15)
    assert gate_result.sentence == "Calibration error 0.160; at most 0.150 without a comparable champion."


def test_too_few_effective_counterfeits_are_reported() -> None:
    gate_result = gate("random_slice", replace(EVIDENCE, effective_positives=2.31))
    assert gate_result.sentence == "The effective sample size of the random slice is 2.3 counterfeits; 5 are needed."
    assert (gate_result.figure, gate_result.bound) == (2.31, 5.0)


def test_trimmed_weights_are_reported() -> None:
    assert gate("random_slice", replace(EVIDENCE, most_weight=6.83)).sentence.startswith(
        "Average precision 0.800 over all listings, with weights of at most 6.8, against 0.750 of the champion;"
    )


FIGURES: list[tuple[str, GateEvidence, float, float, str]] = [
    ("random_slice", EVIDENCE, 0.05, 0.0, "by how much it is better than the champion"),
    ("calibration", EVIDENCE, -0.01, 0.05, "worse at face value, at most so much"),
    ("calibration", replace(EVIDENCE, calibration_error=(0.10, 0.06), calibration_interval=(0.03, 0.06)), 0.04, 0.02,
     "worse for certain, at most so much"),
    ("calibration", FIRST, 0.05, 0.15, "the error of a first model"),
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
