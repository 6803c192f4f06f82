"""The runs of all seeds, combined per arm, and the results for each claim about the loop."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from training.simulation.arms import ARMS, Arm

# In the second half of the year the first model is outdated, and later training has had time to take effect.
_MORE_FOUND: Final = 1.25
_COVERED: Final = 0.93
_MOST_LOST: Final = 0.05

Run = Mapping[str, Any]


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Figures per arm over the second half of the year and all seeds, in the order of the arms, and the claims."""
    names = [name for name in ARMS if any(run["arm"] == name for run in runs)]
    of_arm = {name: [run for run in runs if run["arm"] == name] for name in names}
    arms = {name: _arm_figures(of_arm[name], of_arm.get(ARMS[name].twin or "", [])) for name in names}
    return {"arms": arms, "claims": [claim for claim in _claims(arms) if claim is not None]}


def late_months(run: Run) -> list[Mapping[str, Any]]:
    """The months of the second half."""
    months = run["months"]
    return list(months[len(months) // 2 :])


def _arm_figures(runs: Sequence[Run], twins: Sequence[Run]) -> dict[str, Any]:
    months = [month for run in runs for month in late_months(run)]
    total = {
        name: sum(month[name] for month in months) for name in ("reviews", "counterfeit", "found", "wrongly_removed")
    }
    trainings = [training for run in runs for training in run["trainings"]]
    figures = {
        **total,
        "found_per_100_reviews": _share_or_none(100 * total["found"], total["reviews"]),
        "recall": _share_or_none(total["found"], total["counterfeit"]),
        "prevalence": _interval_coverage([month["prevalence"] for run in runs for month in run["months"]]),
        "flagged_recall": _interval_coverage([month["flagged_recall"] for run in runs for month in run["months"]]),
        "trained": len(trainings),
        "promoted": sum(training["promoted"] for training in trainings),
        "refused_by": dict(Counter(name for training in trainings for name in training["refused_by"])),
    }
    return {**figures, "attack": _attack_figures(runs, twins)} if twins else figures


def _interval_coverage(estimates: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The share of estimated months whose interval contains the truth, and the mean width of the intervals."""
    known = [estimate for estimate in estimates if estimate["covered"] is not None]
    covered = sum(estimate["covered"] for estimate in known)
    width = sum(estimate["high"] - estimate["low"] for estimate in known)
    return {
        "months": len(known),
        "covered": _share_or_none(covered, len(known)),
        "width": _share_or_none(width, len(known)),
    }


def _attack_figures(runs: Sequence[Run], twins: Sequence[Run]) -> dict[str, Any]:
    """The effect of the attack against the same arm without it: lost recall on the attacked brand, blocked candidates.

    A candidate counts as blocked if the gates refuse it but promote the same month's candidate without the attack.
    """
    by_seed = {twin["seed"]: twin for twin in twins}
    pairs = [(run, by_seed[run["seed"]]) for run in runs if run["seed"] in by_seed]
    losses = [loss for run, twin in pairs if (loss := _lost_recall(run, twin)) is not None]
    blocked: Counter[str] = Counter()
    for run, twin in pairs:
        promoted = {training["month"] for training in twin["trainings"] if training["promoted"]}
        for training in run["trainings"]:
            if training["month"] in promoted:
                blocked.update(list(training["refused_by"]))
    return {
        "planted_answers": sum(run["planted_answers"] for run in runs),
        "slice_recall_lost": _share_or_none(sum(losses), len(losses)),
        "slice_recall_lost_by_seed": losses,
        "blocked_by": dict(blocked),
    }


def _lost_recall(run: Run, twin: Run) -> float | None:
    """The champions' mean loss of recall on the attacked brand against the twin's, over the second half of the year."""
    pairs = zip(late_months(run), late_months(twin), strict=True)
    known = [
        theirs["slice_recall"] - ours["slice_recall"]
        for ours, theirs in pairs
        if ours["slice_recall"] is not None and theirs["slice_recall"] is not None
    ]
    return _share_or_none(sum(known), len(known))


def _claims(arms: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any] | None]:
    return [
        _more_found_claim(arms),
        _more_recall_claim(arms),
        _honest_interval_claim(arms),
        *(_withstood_claim(ARMS[name], arm["attack"]) for name, arm in arms.items() if "attack" in arm),
    ]


def _more_found_claim(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    if "exploration" not in arms or "no-retraining" not in arms:
        return None
    ours, theirs = (arms[name]["found_per_100_reviews"] for name in ("exploration", "no-retraining"))
    figure = _share_or_none(ours or 0.0, theirs or 0.0)
    claim = "Retraining with exploration finds more per 100 reviews than the first model alone"
    return _make_claim(claim, figure, _MORE_FOUND, holds=figure is not None and figure >= _MORE_FOUND)


def _more_recall_claim(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    if "exploration" not in arms or "flagged-only" not in arms:
        return None
    figure, bound = (arms[name]["recall"] for name in ("exploration", "flagged-only"))
    claim = "Retraining with exploration finds more of all counterfeits than retraining on what is flagged"
    return _make_claim(claim, figure, bound, holds=figure is not None and bound is not None and figure > bound)


def _honest_interval_claim(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    if "exploration" not in arms:
        return None
    figure = arms["exploration"]["prevalence"]["covered"]
    claim = "The 95 % interval of the prevalence contains the truth in this share of months"
    return _make_claim(claim, figure, _COVERED, holds=figure is not None and figure >= _COVERED)


def _withstood_claim(arm: Arm, attack: Mapping[str, Any]) -> dict[str, Any]:
    figure = attack["slice_recall_lost"]
    claim = f"{arm.name}: recall lost on the attacked brand, or blocked by a gate"
    holds = bool(attack["blocked_by"]) or (figure is not None and figure <= _MOST_LOST)
    return _make_claim(claim, figure, _MOST_LOST, holds=holds)


def _make_claim(claim: str, figure: float | None, bound: float | None, *, holds: bool) -> dict[str, Any]:
    return {"claim": claim, "figure": figure, "bound": bound, "holds": holds}


def _share_or_none(part: float, whole: float) -> float | None:
    return part / whole if whole else None
