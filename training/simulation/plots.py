"""Plots of a simulation; each title says that it is simulated."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure

from training.plots import GRID, INK
from training.simulation.arms import ARMS, Attack

# Okabe and Ito (2008): distinguishable with all common colour vision deficiencies. Lines also differ by marker.
_LOOKS: Final = {"no-retraining": ("#5f6a70", "o"), "flagged-only": ("#e69f00", "s"), "exploration": ("#0072b2", "D")}
_ATTACKS: Final = {
    Attack.CLEARED: ("#d55e00", "o"),
    Attack.ACCUSED: ("#009e73", "s"),
    Attack.REPORTED: ("#0072b2", "D"),
}
_ADAPTING: Final = "-adapting"
_DPI: Final = 130

Run = Mapping[str, Any]


def draw_plots(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the plots for which there are runs; returns the files."""
    runs = report["runs"]
    pictures = {
        "found": _draw_by_month(runs, "Counterfeits found per 100 reviews", _found_per_100),
        "recall": _draw_by_month(runs, "Share of all counterfeits found", _recall_by_month),
        "prevalence": _draw_prevalence(runs),
        "attacks": _draw_attacks(report["summary"]["arms"]),
        "promotions": _draw_promotions(runs),
    }
    paths = []
    for name, figure in pictures.items():
        if figure is not None:
            path = folder / f"{name}.png"
            figure.savefig(path, dpi=_DPI)
            paths.append(path)
    return paths


def _draw_by_month(runs: Sequence[Run], title: str, measure: Any) -> Figure | None:
    """One panel with static sellers and one with adapting sellers, if there are such arms."""
    panels = [
        [name for name in _LOOKS if _runs_of_arm(runs, name)],
        [f"{name}{_ADAPTING}" for name in _LOOKS if _runs_of_arm(runs, f"{name}{_ADAPTING}")],
    ]
    shown = [
        (names, label) for names, label in zip(panels, ("static sellers", "adapting sellers"), strict=True) if names
    ]
    if not shown:
        return None
    figure = Figure(figsize=(5.4 * len(shown), 3.9), layout="constrained")
    axes = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for ax, (names, label) in zip(axes, shown, strict=True):
        for name in names:
            colour, mark = _LOOKS[name.removesuffix(_ADAPTING)]
            points = measure(_runs_of_arm(runs, name))
            ax.plot(range(1, len(points) + 1), points, color=colour, marker=mark, markersize=4, linewidth=1.6)
            _label_end(ax, len(points), points[-1], name.removesuffix(_ADAPTING).replace("-", " "), colour)
        _style_axes(ax, f"{label}; {_seeds_text(runs)}")
        ax.set_ylim(bottom=0)
        ax.set_xlim(0.5, len(points) + 3.2)
        ax.set_xticks(range(1, len(points) + 1))
        ax.set_xlabel("month")
    figure.suptitle(f"Simulated: {title[0].lower()}{title[1:]}", fontsize=11, x=0.01, ha="left", color=INK)
    return figure


def _found_per_100(runs: Sequence[Run]) -> list[float]:
    return [100 * part / whole if whole else 0.0 for part, whole in _monthly_sums(runs, "found", "reviews")]


def _recall_by_month(runs: Sequence[Run]) -> list[float]:
    return [part / whole if whole else 0.0 for part, whole in _monthly_sums(runs, "found", "counterfeit")]


def _monthly_sums(runs: Sequence[Run], *names: str) -> list[tuple[int, ...]]:
    months = zip(*(run["months"] for run in runs), strict=True)
    return [tuple(sum(month[name] for month in same) for name in names) for same in months]


def _draw_prevalence(runs: Sequence[Run]) -> Figure | None:
    """Estimate and interval of each month beside the truth, one panel per seed, at most three."""
    explored = _runs_of_arm(runs, "exploration")[:3]
    if not explored:
        return None
    figure = Figure(figsize=(4.4 * len(explored), 3.6), layout="constrained")
    for ax, run in zip(figure.subplots(1, len(explored), sharey=True, squeeze=False)[0], explored, strict=True):
        months = [month["month"] for month in run["months"]]
        estimates = [month["prevalence"] for month in run["months"]]
        known = [
            (at, estimate) for at, estimate in zip(months, estimates, strict=True) if estimate["share"] is not None
        ]
        colour = _LOOKS["exploration"][0]
        for at, estimate in known:
            ax.plot([at, at], [100 * estimate["low"], 100 * estimate["high"]], color=colour, linewidth=5, alpha=0.25)
        ax.plot(
            [at for at, _ in known],
            [100 * estimate["share"] for _, estimate in known],
            "D",
            color=colour,
            markersize=4,
            label="estimate, with its 95 % interval",
        )
        ax.plot(
            months,
            [100 * estimate["truth"] for estimate in estimates],
            "_",
            color=INK,
            markersize=11,
            markeredgewidth=1.8,
            label="truth",
        )
        _style_axes(ax, f"seed {run['seed']}")
        ax.set_xticks(months)
        ax.set_xlabel("month")
    axes = figure.axes
    axes[0].set_ylabel("counterfeit listings, % of all")
    axes[0].set_ylim(bottom=0)
    axes[0].legend(frameon=False, fontsize=8, loc="upper right")
    title = "Simulated: prevalence estimated from the random slice, beside the truth"
    figure.suptitle(title, fontsize=11, x=0.01, ha="left", color=INK)
    return figure


def _draw_attacks(arms: Mapping[str, Any]) -> Figure | None:
    """Recall lost on the attacked brand, by share of planted answers; hollow where a gate blocked a candidate."""
    effects = [(ARMS[name], arm["attack"]) for name, arm in arms.items() if "attack" in arm]
    if not effects:
        return None
    figure = Figure(figsize=(6.4, 3.9), layout="constrained")
    ax = figure.subplots()
    shares = sorted({arm.poison.share for arm, _ in effects if arm.poison})
    for number, attack in enumerate(Attack):
        colour, mark = _ATTACKS[attack]
        ours = [
            (shares.index(arm.poison.share), effect)
            for arm, effect in effects
            if arm.poison and arm.poison.attack is attack
        ]
        for at, effect in ours:
            x = at + 0.2 * (number - 1)
            losses = [100 * loss for loss in effect["slice_recall_lost_by_seed"]]
            ax.plot([x] * len(losses), losses, mark, color=colour, markersize=3.5, alpha=0.45)
            if effect["slice_recall_lost"] is not None:
                face = "white" if effect["blocked_by"] else colour
                ax.plot(x, 100 * effect["slice_recall_lost"], mark, color=colour, markerfacecolor=face, markersize=9)
        ax.plot([], [], mark, color=colour, label=_WORDS[attack])
    ax.axhline(5, color=INK, linewidth=1, linestyle="--")
    ax.annotate("at most 5 points", (len(shares) - 0.5, 5), ha="right", va="bottom", fontsize=8, color=INK)
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_xticks(range(len(shares)), [f"{100 * share:g} %" for share in shares])
    ax.set_xlabel("planted share of all answers")
    ax.set_ylabel("points of recall lost")
    _style_axes(ax, "large: mean over seeds, small: each seed; hollow: a gate blocked candidates")
    ax.legend(frameon=False, fontsize=8, loc="upper left")
    title = "Simulated: recall lost on the attacked brand, beside the same year without the attack"
    figure.suptitle(title, fontsize=11, x=0.01, ha="left", color=INK)
    return figure


_WORDS: Final = {
    Attack.CLEARED: "a brand clears its own counterfeits",
    Attack.ACCUSED: "honest sellers are accused",
    Attack.REPORTED: "a brand reports honest sellers",
}


def _draw_promotions(runs: Sequence[Run]) -> Figure | None:
    """The share of seeds in which each month's candidate was promoted, for each arm that retrains."""
    names = [name for name in ARMS if ARMS[name].retrains and _runs_of_arm(runs, name)]
    if not names:
        return None
    figure = Figure(figsize=(7.2, 0.9 + 0.34 * len(names)), layout="constrained")
    ax = figure.subplots()
    months = sorted({training["month"] for run in runs for training in run["trainings"]})
    for row, name in enumerate(names):
        ours = _runs_of_arm(runs, name)
        for month in months:
            tried = [t["promoted"] for run in ours for t in run["trainings"] if t["month"] == month]
            share = sum(tried) / len(tried) if tried else 0.0
            ax.plot(month, row, "o", markersize=11, color="#ffffff", markeredgecolor=GRID)
            ax.plot(month, row, "o", markersize=11 * share**0.5, color=_LOOKS["exploration"][0])
    ax.set_yticks(range(len(names)), [name.replace("-", " ") for name in names], fontsize=8)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xticks(months)
    ax.set_xlabel("month after which the candidate was trained")
    _style_axes(ax, f"area: share of seeds in which no gate blocked it; {_seeds_text(runs)}")
    figure.suptitle("Simulated: candidates that were promoted", fontsize=11, x=0.01, ha="left", color=INK)
    return figure


def _runs_of_arm(runs: Sequence[Run], name: str) -> list[Run]:
    return [run for run in runs if run["arm"] == name]


def _seeds_text(runs: Sequence[Run]) -> str:
    seed_count = len({run["seed"] for run in runs})
    return f"{seed_count} seed{'s' if seed_count > 1 else ''}"


def _style_axes(ax: Any, title: str) -> None:
    ax.set_title(title, fontsize=9, loc="left", color=INK)
    ax.grid(color=GRID, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=8)


def _label_end(ax: Any, x: float, y: float, words: str, colour: str) -> None:
    ax.annotate(words, (x, y), xytext=(6, 0), textcoords="offset points", va="center", fontsize=8, color=colour)
