from dataclasses import replace

import pytest

from models.policies.learning import DEFAULT_GATES
from tests.fixtures.clocks import NOW
from tests.fixtures.labelled import a_market, snapshot_rows
from tests.fixtures.scorers import a_bundle
from tests.training.test_golden import item
from training.gate import State
from training.gates import Incumbent
from training.golden import freeze, thawed
from training.golden_gate import GoldenEvidence, golden_evidence, golden_gate
from training.incumbent import InForce
from training.slice_gate import Compared, SliceEvidence

DATA = a_market(120)
GOLDEN = thawed(*freeze([item(row) for row in snapshot_rows(DATA)], NOW))
SAME = Compared(0.5, 0.5, 0.0, -0.1)
WHOLE = SliceEvidence("all of it", 400, 60, 40, recall=SAME, rank=SAME, alarms=Compared(0.01, 0.01, 0.0, -0.01))
EVIDENCE = GoldenEvidence("abcdef0123456789", 400, 60, Incumbent.CHAMPION, champion_saw=False, parts=(WHOLE,))
BETTER = Compared(0.6, 0.5, -0.1, -0.2)
LOST = replace(WHOLE, recall=Compared(0.2, 0.5, 0.3, 0.11))


def test_both_models_score_a_set_and_it_is_judged_as_a_whole() -> None:
    found = golden_evidence(GOLDEN, a_bundle(), InForce(None, 1), DEFAULT_GATES)
    assert (found.digest, found.items, found.positives) == (GOLDEN.digest, 120, int(DATA.labels.sum()))
    assert [part.name for part in found.parts] == ["all of it"]
    assert (found.parts[0].rows, found.parts[0].positives) == (120, int(DATA.labels.sum()))


def test_the_same_model_beside_itself_loses_nothing() -> None:
    found = golden_evidence(GOLDEN, a_bundle(), InForce(a_bundle(), 1), DEFAULT_GATES)
    (whole,) = found.parts
    assert [one.worse for one in (whole.recall, whole.rank, whole.alarms)] == [0, 0, 0]
    assert golden_gate(found, DEFAULT_GATES).passed


def test_the_candidate_is_judged_by_its_own_scores() -> None:
    (alone,) = golden_evidence(GOLDEN, a_bundle(), InForce(a_bundle(), 1), DEFAULT_GATES).parts
    (beside,) = golden_evidence(GOLDEN, a_bundle(), InForce(None, 1), DEFAULT_GATES).parts
    assert beside.rank.ours == alone.rank.ours
    assert beside.rank.theirs != alone.rank.theirs


def test_only_slices_of_enough_listings_are_judged_by_themselves() -> None:
    small = replace(DEFAULT_GATES, golden_slice_rows=60)
    names = [part.name for part in golden_evidence(GOLDEN, a_bundle(), InForce(None, 1), small).parts]
    assert names[0] == "all of it"
    assert {"language en", "language fr", "market EUR"} <= set(names)
    sizes = {"language en": 60, "language fr": 60}
    larger = replace(DEFAULT_GATES, golden_slice_rows=61)
    assert not sizes.keys() & {one.name for one in golden_evidence(GOLDEN, a_bundle(), InForce(None, 1), larger).parts}


def test_a_champion_from_before_the_freeze_is_reported() -> None:
    before, after = (
        replace(a_bundle(), references_as_of=at) for at in (NOW.replace(year=2020), NOW.replace(year=2040))
    )
    assert not golden_evidence(GOLDEN, a_bundle(), InForce(None, 1), DEFAULT_GATES).champion_saw
    saw = [golden_evidence(GOLDEN, a_bundle(), InForce(one, 1), DEFAULT_GATES).champion_saw for one in (before, after)]
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
        "No golden set is frozen; `touchstone model golden --freeze` makes one.",
        None,
        "there is none",
    ),
]


@pytest.mark.parametrize(("found", "state", "sentence", "figure", "_why"), GATES)
def test_the_gate_reports_the_result_and_the_set(
    found: GoldenEvidence | None, state: State, sentence: str, figure: float | None, _why: str
) -> None:
    gate = golden_gate(found, DEFAULT_GATES)
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
    part = replace(WHOLE, recall=Compared(0.4, 0.5, 0.1, at_least))
    assert golden_gate(replace(EVIDENCE, parts=(part,)), DEFAULT_GATES).passed is passes
