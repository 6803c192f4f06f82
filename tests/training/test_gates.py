import pytest

from training.gates import Gate, Judged, gates

GOOD, CHAMPION = Judged(0.8, 0.05), Judged(0.75, 0.06)
Interval = tuple[float, float]


def passed(
    candidate: Judged | None = GOOD,
    champion: Judged | None = CHAMPION,
    interval: Interval | None = (-0.02, 0.12),
    positives: int = 40,
) -> dict[str, bool]:
    found = gates(candidate, champion, difference_interval=interval, judged=400, judged_positives=positives)
    return {gate.name: gate.passed for gate in found}


ENOUGH = [(9, False), (10, True), (0, False)]


@pytest.mark.parametrize(("positives", "enough"), ENOUGH)
def test_ten_counterfeits_are_enough_to_judge_by(positives: int, enough: bool) -> None:
    assert passed(positives=positives)["enough_to_judge"] is enough


PRECISIONS: list[tuple[Judged, Judged | None, Interval | None, bool, str]] = [
    (GOOD, CHAMPION, (-0.02, 0.12), True, "not shown to be worse"),
    (GOOD, CHAMPION, (-0.2, 0.0), True, "the upper end at zero"),
    (GOOD, CHAMPION, (-0.2, -0.001), False, "shown to be worse"),
    (GOOD, CHAMPION, (float("nan"), float("nan")), False, "a difference that does not exist shows nothing"),
    (Judged(0.11, 0.05), None, None, True, "better than guessing"),
    (Judged(0.10, 0.05), None, None, False, "no better than guessing: 40 of 400"),
]


@pytest.mark.parametrize(
    ("candidate", "champion", "interval", "passes", "_why"), PRECISIONS, ids=[row[-1] for row in PRECISIONS]
)
def test_the_gate_of_precision(
    candidate: Judged, champion: Judged | None, interval: Interval | None, passes: bool, _why: str
) -> None:
    assert passed(candidate, champion, interval)["average_precision"] is passes


CALIBRATIONS: list[tuple[float, Judged | None, bool, str]] = [
    (0.0899, CHAMPION, True, "within three hundredths of the champion's"),
    (0.0901, CHAMPION, False, "beyond them"),
    (0.15, None, True, "the bound of a first model"),
    (0.151, None, False, "beyond it"),
    (float("nan"), None, False, "an error that does not exist"),
]


@pytest.mark.parametrize(("error", "champion", "passes", "_why"), CALIBRATIONS, ids=[row[-1] for row in CALIBRATIONS])
def test_the_gate_of_calibration(error: float, champion: Judged | None, passes: bool, _why: str) -> None:
    assert passed(Judged(0.8, error), champion)["calibration"] is passes


def test_without_a_candidate_a_person_is_told_only_that_there_is_too_little() -> None:
    assert passed(candidate=None, positives=3) == {"enough_to_judge": False}


def test_every_gate_says_its_figure_and_its_bound() -> None:
    found = gates(GOOD, CHAMPION, difference_interval=(-0.02, 0.12), judged=400, judged_positives=40)
    assert [gate.sentence for gate in found] == [
        "40 counterfeits among 400 later listings of unseen sellers; at least 10 are needed.",
        "Average precision 0.800 against the champion's 0.750; difference between -0.020 and +0.120 at 95 %.",
        "Calibration error 0.050, at most 0.090: the champion's 0.060 and 0.03.",
    ]


def test_a_first_model_is_compared_with_guessing() -> None:
    found = gates(GOOD, None, difference_interval=None, judged=400, judged_positives=40)
    assert [gate.sentence for gate in found[1:]] == [
        "Average precision 0.800; guessing gives 0.100, and there is no champion yet.",
        "Calibration error 0.050, at most 0.150: for a first model.",
    ]


def test_with_nothing_to_judge_guessing_gives_nothing() -> None:
    found = gates(GOOD, None, difference_interval=None, judged=0, judged_positives=0)
    assert found[1] == Gate("average_precision", True, 0.8, 0.0, found[1].sentence)
