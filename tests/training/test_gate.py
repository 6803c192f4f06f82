import pytest

from training.gate import Gate, State, blocking, judged, made_of, not_judged

GOOD = judged("brand Aurelle", True, -0.01, -0.03, "Recall 0.40 against 0.41.")
BAD = judged("brand Lumo", False, -0.35, -0.03, "Recall 0.00 against 0.35.")
UNKNOWN = not_judged("language de", "2 counterfeits.", blocks=False)


def whole(*parts: Gate) -> Gate:
    return made_of("slices", parts, sentence="All is well.", nothing="None could be judged.")


def test_a_failed_gate_blocks_and_a_passed_gate_does_not() -> None:
    assert (BAD.state, BAD.passed, BAD.blocks) == (State.FAILED, False, True)
    assert (GOOD.state, GOOD.passed, GOOD.blocks) == (State.PASSED, True, False)


@pytest.mark.parametrize("blocks", [True, False])
def test_an_unjudged_gate_is_never_passed_and_blocks_if_told(blocks: bool) -> None:
    gate = not_judged("golden_set", "None is frozen.", blocks=blocks)
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
    found = whole(*parts)
    assert (found.state, found.blocks, found.sentence, found.parts) == (state, blocks, sentence, parts)


def test_a_gate_of_parts_has_the_figure_and_the_bound_of_the_first_that_fails() -> None:
    assert (whole(GOOD, BAD).figure, whole(GOOD, BAD).bound) == (-0.35, -0.03)
    assert (whole(GOOD).figure, whole(GOOD).bound) == (None, None)


def test_a_gate_of_parts_names_all_failures_and_explains_the_first() -> None:
    found = whole(BAD, GOOD, judged("language de", False, -0.1, -0.03, "Recall 0.20 against 0.30."))
    assert (found.figure, found.sentence) == (-0.35, "brand Lumo, language de: Recall 0.00 against 0.35.")


def test_a_report_has_one_of_three_states_of_a_gate() -> None:
    assert [one.as_json()["state"] for one in (GOOD, BAD, UNKNOWN)] == ["passed", "failed", "not_judged"]


def test_blocking_gates_are_listed_with_figure_and_bound_by_part() -> None:
    found = [
        judged("random_slice", False, -0.02, 0.0, "Worse.").as_json(),
        whole(GOOD, BAD, UNKNOWN).as_json(),
        not_judged("golden_set", "None is frozen.", blocks=True).as_json(),
        UNKNOWN.as_json(),
        GOOD.as_json(),
    ]
    assert list(blocking(found)) == [
        {"name": "random slice", "figure": -0.02, "bound": 0.0},
        {"name": "slices: brand Lumo", "figure": -0.35, "bound": -0.03},
        {"name": "golden set", "figure": None, "bound": None},
    ]


def test_reports_without_states_are_read() -> None:
    old = [{"name": "calibration", "passed": False, "sentence": "Off."}, {"name": "enough_to_judge", "passed": True}]
    assert list(blocking(old)) == [{"name": "calibration", "figure": None, "bound": None}]


def test_a_gate_as_json_has_its_state_and_whether_it_is_passed() -> None:
    assert whole(BAD).as_json() == {
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
