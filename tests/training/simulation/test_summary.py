from typing import Any

import pytest

from training.simulation.summary import summary

ESTIMATE = {"share": 0.05, "low": 0.04, "high": 0.08, "truth": 0.05, "covered": True}


def a_month(number: int, **changes: Any) -> dict[str, Any]:
    month = {
        "month": number,
        "listings": 100,
        "counterfeit": 10,
        "reviews": 20,
        "found": 4,
        "wrongly_removed": 1,
        "prevalence": ESTIMATE,
        "flagged_recall": ESTIMATE,
        "slice_recall": 0.8,
    }
    return {**month, **changes}


def a_training(month: int, *refused_by: str) -> dict[str, Any]:
    return {"month": month, "promoted": not refused_by, "refused_by": dict.fromkeys(refused_by, "It is worse.")}


def a_run(arm: str, *, seed: int = 1, trainings: tuple[dict[str, Any], ...] = (), **late: Any) -> dict[str, Any]:
    """Four months; the last two differ."""
    months = [a_month(1), a_month(2), a_month(3, **late), a_month(4, **late)]
    return {"arm": arm, "seed": seed, "planted_answers": 3, "months": months, "trainings": list(trainings)}


def arm(name: str, *runs: dict[str, Any]) -> dict[str, Any]:
    figures: dict[str, Any] = summary(runs)["arms"][name]
    return figures


def claims(*runs: dict[str, Any]) -> list[tuple[float | None, bool]]:
    return [(claim["figure"], claim["holds"]) for claim in summary(runs)["claims"]]


def test_only_the_second_half_counts_and_seeds_are_summed() -> None:
    figures = arm("exploration", a_run("exploration", found=6), a_run("exploration", seed=2, found=8))
    assert (figures["reviews"], figures["found"], figures["wrongly_removed"]) == (80, 28, 4)
    assert figures["found_per_100_reviews"] == pytest.approx(35.0)
    assert figures["recall"] == pytest.approx(28 / 40)


def test_refusals_are_counted_by_gate() -> None:
    tried = (a_training(1), a_training(2, "calibration"), a_training(3, "calibration", "slices"))
    figures = arm("flagged-only", a_run("flagged-only", trainings=tried))
    assert (figures["trained"], figures["promoted"]) == (3, 1)
    assert figures["refused_by"] == {"calibration": 2, "slices": 1}


def test_months_without_an_estimate_are_not_covered_and_not_missed() -> None:
    nothing_drawn = {**ESTIMATE, "share": None, "covered": None}
    missed = {**ESTIMATE, "low": 0.06, "covered": False}
    run = a_run("exploration", prevalence=missed)
    run["months"][0]["prevalence"] = nothing_drawn
    covered = arm("exploration", run)["prevalence"]
    assert (covered["months"], covered["covered"]) == (3, pytest.approx(1 / 3))
    assert covered["width"] == pytest.approx((0.04 + 0.02 + 0.02) / 3)


FOUND = [
    (4, 5, True, "exactly a quarter more"),
    (4, 4, False, "equal"),
    (5, 6, False, "a fifth more"),
    (0, 5, False, "the first model found nothing: no ratio"),
]


@pytest.mark.parametrize(("theirs", "ours", "holds", "_why"), FOUND)
def test_the_claim_of_a_quarter_more_per_review(theirs: int, ours: int, holds: bool, _why: str) -> None:
    assert claims(a_run("no-retraining", found=theirs), a_run("exploration", found=ours))[0][1] is holds


@pytest.mark.parametrize(("theirs", "ours", "holds"), [(6, 7, True), (6, 6, False), (7, 6, False)])
def test_the_claim_of_more_recall(theirs: int, ours: int, holds: bool) -> None:
    assert claims(a_run("flagged-only", found=theirs), a_run("exploration", found=ours))[0][1] is holds


def test_the_claim_of_an_honest_interval() -> None:
    missed = {**ESTIMATE, "covered": False}
    assert claims(a_run("exploration")) == [(1.0, True)]
    assert claims(a_run("exploration", prevalence=missed)) == [(0.5, False)]


ATTACKED = [
    (0.76, (), (), True, 0.04, "four points lost, nothing blocked"),
    (0.74, (), (), False, 0.06, "six points lost, nothing blocked"),
    (0.74, ("slices",), (), True, 0.06, "six points lost, and a gate held a candidate back"),
    (0.74, ("slices",), ("calibration",), False, 0.06, "the twin's was refused too: that was not the attack"),
    (0.85, (), (), True, -0.05, "better by chance"),
]


@pytest.mark.parametrize(("recall", "refused", "twin_refused", "holds", "lost", "_why"), ATTACKED)
def test_the_claim_that_an_attack_is_blocked_or_does_little(
    recall: float, refused: tuple[str, ...], twin_refused: tuple[str, ...], holds: bool, lost: float, _why: str
) -> None:
    attacked = a_run("cleared-1", slice_recall=recall, trainings=(a_training(3, *refused),))
    twin = a_run("exploration", trainings=(a_training(3, *twin_refused),))
    figures = summary([twin, attacked])
    assert figures["arms"]["cleared-1"]["attack"]["slice_recall_lost"] == pytest.approx(lost)
    assert figures["claims"][-1]["holds"] is holds


def test_blocked_attacks_are_counted_by_gate() -> None:
    tried = (a_training(3, "slices"), a_training(4, "slices", "calibration"), a_training(5, "calibration"))
    twin = a_run("exploration", trainings=(a_training(3), a_training(4), a_training(5, "calibration")))
    attack = summary([twin, a_run("cleared-1", trainings=tried)])["arms"]["cleared-1"]["attack"]
    assert attack["blocked_by"] == {"slices": 2, "calibration": 1}


def test_an_attack_without_its_twin_claims_nothing() -> None:
    assert summary([a_run("cleared-1")])["claims"] == []
