from dataclasses import replace
from typing import Any

import pytest

from models.policies.learning import DEFAULT_GATES
from tests.training.slice_power import SETTINGS, refusals
from training.gates.gate import State
from training.gates.slice_gate import FigureComparison, SliceEvidence, slice_gate

NAN = float("nan")


def comparison_of(worse: float, at_least: float, theirs: float = 0.40) -> FigureComparison:
    return FigureComparison(theirs - worse, theirs, worse, at_least)


def a_slice(**changes: Any) -> SliceEvidence:
    usual = SliceEvidence(
        "brand Aurelle",
        rows=60,
        positives=12,
        positive_sellers=6,
        recall=comparison_of(0.01, -0.05),
        rank=comparison_of(0.005, -0.02, theirs=0.9),
        alarms=FigureComparison(0.02, 0.01, 0.01, -0.01),
    )
    return replace(usual, **changes)


SLICES: list[tuple[SliceEvidence, State, str]] = [
    (a_slice(), State.PASSED, "as good"),
    (
        a_slice(recall=comparison_of(0.35, 0.0301)),
        State.FAILED,
        "recall is lower by more than three points, for certain",
    ),
    (a_slice(recall=comparison_of(0.35, 0.03)), State.PASSED, "by three points for certain, which is the bound"),
    (a_slice(recall=comparison_of(-0.35, -0.4)), State.PASSED, "recall is higher"),
    (a_slice(rank=comparison_of(0.1, 0.0301, 0.9)), State.FAILED, "the rank is lower by more than three points"),
    (a_slice(rank=comparison_of(0.1, 0.03, 0.9)), State.PASSED, "by three points, which is the bound"),
    (a_slice(rank=comparison_of(0.2001, -0.1, 0.9)), State.FAILED, "the rank has collapsed, certain or not"),
    (a_slice(rank=comparison_of(0.2, -0.1, 0.9)), State.PASSED, "by twenty points, which is the bound"),
    (a_slice(alarms=FigureComparison(0.2, 0.01, 0.19, 0.0301)), State.FAILED, "honest listings are flagged"),
    (
        a_slice(alarms=FigureComparison(0.2, 0.01, 0.19, 0.03)),
        State.PASSED,
        "by three points more for certain: the bound",
    ),
    (a_slice(positives=5, recall=comparison_of(0.35, 0.1)), State.FAILED, "five counterfeits are enough for recall"),
    (a_slice(positives=4, recall=comparison_of(0.35, 0.1)), State.PASSED, "four are not"),
    (a_slice(positives=4, rank=comparison_of(0.1, 0.05, 0.9)), State.PASSED, "nor for an interval of the rank"),
    (a_slice(positive_sellers=3, recall=comparison_of(0.35, 0.1)), State.FAILED, "three sellers are enough"),
    (a_slice(positive_sellers=2, recall=comparison_of(0.35, 0.1)), State.PASSED, "two are not"),
    (a_slice(positive_sellers=2, rank=comparison_of(0.1, 0.05, 0.9)), State.PASSED, "nor for an interval of the rank"),
    (a_slice(positives=3, positive_sellers=1, rank=comparison_of(0.3, 0, 0.9)), State.FAILED, "one seller's collapse"),
    (a_slice(positives=2, rank=comparison_of(0.5, 0.4, 0.9)), State.NOT_JUDGED, "two counterfeits say nothing"),
    (a_slice(recall=comparison_of(NAN, NAN), rank=comparison_of(NAN, NAN)), State.PASSED, "no figure, no loss"),
]


@pytest.mark.parametrize(("evidence", "state", "_why"), SLICES)
def test_a_slice_is(evidence: SliceEvidence, state: State, _why: str) -> None:
    (part,) = slice_gate((evidence,), DEFAULT_GATES).parts
    assert (part.state, part.blocks) == (state, state is State.FAILED)


ROWS = [(50, State.FAILED, "fifty rows are gated"), (49, State.NOT_JUDGED, "fewer are not")]


@pytest.mark.parametrize(("rows", "state", "_why"), ROWS)
def test_a_slice_is_gated_from_fifty_rows_on(rows: int, state: State, _why: str) -> None:
    poisoned = a_slice(rows=rows, recall=comparison_of(0.345, 0.2), rank=comparison_of(0.4, 0.3, 0.9))
    assert slice_gate((poisoned,), DEFAULT_GATES).state is state


def test_one_failed_slice_blocks_the_candidate() -> None:
    lost = a_slice(name="language de", recall=comparison_of(0.345, 0.21, 0.345))
    gate = slice_gate((a_slice(), lost, a_slice(name="market EUR")), DEFAULT_GATES)
    assert (gate.state, gate.blocks, gate.figure, gate.bound) == (State.FAILED, True, -0.345, -0.03)
    assert gate.sentence == (
        "language de: recall 0.00 against 0.34 at 1% false alarms, worse by at least 0.21 beyond doubt; "
        "12 counterfeits of 6 sellers among 60 rows."
    )


SENTENCES = [
    (
        a_slice(rank=comparison_of(0.4, 0.3, 0.9)),
        (
            "its counterfeits score above a genuine listing with probability 0.50 against 0.90, 0.40 lower; "
            "12 counterfeits of 6 sellers among 60 rows."
        ),
    ),
    (
        a_slice(rank=comparison_of(0.1, 0.05, 0.9)),
        (
            "its counterfeits score above a genuine listing with probability 0.80 against 0.90, worse by at least "
            "0.05 beyond doubt; 12 counterfeits of 6 sellers among 60 rows."
        ),
    ),
    (
        a_slice(alarms=FigureComparison(0.72, 0.01, 0.71, 0.5)),
        (
            "72% of its genuine listings are flagged against 1%, worse by at least 0.50 beyond doubt; "
            "12 counterfeits of 6 sellers among 60 rows."
        ),
    ),
    (
        a_slice(),
        (
            "recall 0.39 against 0.40, rank 0.90 against 0.90, genuine listings flagged 2.0% against 1.0%; "
            "12 counterfeits of 6 sellers among 60 rows."
        ),
    ),
    (a_slice(positives=2), "2 counterfeits among 60 rows; 3 are needed."),
]


@pytest.mark.parametrize(("evidence", "sentence"), SENTENCES)
def test_a_slice_reports_its_figures(evidence: SliceEvidence, sentence: str) -> None:
    assert slice_gate((evidence,), DEFAULT_GATES).parts[0].sentence == sentence


def test_slices_that_could_not_be_judged_are_counted() -> None:
    assert slice_gate((a_slice(), a_slice(), a_slice(positives=1), a_slice(rows=10)), DEFAULT_GATES).sentence == (
        "None of 2 slices of 50 rows or more has lost recall, rank or precision beyond its bound; 1 have too few "
        "counterfeits to judge."
    )


FIGURES = [
    (a_slice(), -0.01, -0.03, "what holds has its recall"),
    (a_slice(recall=comparison_of(0.35, 0.1)), -0.35, -0.03, "a loss of recall"),
    (a_slice(rank=comparison_of(0.1, 0.05, 0.9)), -0.1, -0.03, "a loss of rank"),
    (
        a_slice(rank=comparison_of(0.4, 0.3, 0.9), recall=comparison_of(0.35, 0.1)),
        -0.4,
        -0.2,
        "a collapse, as the gravest",
    ),
    (a_slice(alarms=FigureComparison(0.72, 0.01, 0.71, 0.5)), 0.71, 0.03, "a rise of false alarms"),
    (a_slice(positives=2), None, None, "nothing where it was not judged"),
]


@pytest.mark.parametrize(("evidence", "figure", "bound", "_why"), FIGURES)
def test_a_slice_has_the_figure_and_the_bound_of(
    evidence: SliceEvidence, figure: float | None, bound: float | None, _why: str
) -> None:
    (part,) = slice_gate((evidence,), DEFAULT_GATES).parts
    assert (part.figure, part.bound) == (figure, bound)


# The gate of slices on simulated markets: it rarely refuses equal models and reliably refuses poisoned ones.

BY_NAME = {setting.name: setting for setting in SETTINGS}
SELDOM = [("equal models", 0.03), ("equal, 200 rows", 0.03), ("equal, shown by the champion", 0.03)]
SURELY = [
    ("poisoned", 0.85),
    ("poisoned, 200 rows", 0.97),
    ("half poisoned, 200 rows", 0.85),
    ("poisoned, shown by the champion", 0.9),
]


@pytest.mark.parametrize(("name", "most"), SELDOM[:1])
def test_equal_models_are_seldom_refused(name: str, most: float) -> None:
    assert refusals(BY_NAME[name], 15).slices <= most


@pytest.mark.parametrize(("name", "least"), SURELY[:1])
def test_a_poisoned_slice_is_refused(name: str, least: float) -> None:
    assert refusals(BY_NAME[name], 15).slices >= least


@pytest.mark.soak
@pytest.mark.parametrize(("name", "most"), SELDOM)
def test_equal_models_are_seldom_refused_in_two_hundred_markets(name: str, most: float) -> None:
    assert refusals(BY_NAME[name], 200, seed=1).slices <= most


@pytest.mark.soak
@pytest.mark.parametrize(("name", "least"), SURELY)
def test_a_poisoned_slice_is_refused_in_two_hundred_markets(name: str, least: float) -> None:
    assert refusals(BY_NAME[name], 200, seed=1).slices >= least
