"""Plots for the MLflow run, and the look of every plot; the pages draw their own from the same figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

INK, QUIET, GRID = "#22292c", "#5f6a70", "#e1e5e6"
# Okabe and Ito (2008): distinguishable with all common colour vision deficiencies.
GENUINE, COUNTERFEIT = "#0072b2", "#d55e00"
PALETTE: Final = (GENUINE, COUNTERFEIT, "#009e73", "#e69f00", "#cc79a7", "#56b4e9")
# For `matplotlib.rcParams` of a notebook.
STYLE: Final[Mapping[str, Any]] = {
    "figure.dpi": 96, "figure.constrained_layout.use": True, "axes.axisbelow": True, "axes.edgecolor": QUIET,
    "axes.grid": True, "axes.labelcolor": INK, "axes.labelsize": 9, "axes.prop_cycle": cycler(color=PALETTE),
    "axes.spines.right": False, "axes.spines.top": False, "axes.titlecolor": INK, "axes.titlelocation": "left",
    "axes.titlesize": 10, "figure.titlesize": 11, "grid.color": GRID, "legend.fontsize": 8, "legend.frameon": False,
    "lines.linewidth": 1.8, "xtick.color": QUIET, "xtick.labelcolor": INK, "xtick.labelsize": 8, "ytick.color": QUIET,
    "ytick.labelcolor": INK, "ytick.labelsize": 8,
}  # fmt: skip
_CHAMPION, _CHALLENGER = QUIET, "#0a6078"


def draw_plots(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the precision-recall and reliability plots of a report; returns the files."""
    judged = report["judged"].get("curves")
    curves = judged or {"out of fold": report["curves"]}
    where = "later listings of unseen sellers" if judged else "out-of-fold, all labelled listings"
    return [_draw_precision_recall(curves, where, folder), _draw_reliability(curves, where, folder)]


def _draw_precision_recall(curves: Mapping[str, Any], where: str, folder: Path) -> Path:
    figure, axes = _new_axes("Precision and recall", where)
    for name, curve in curves.items():
        axes.plot(curve["recall"], curve["precision"], label=name, color=_colour(name), linewidth=1.8)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False)
    return _save(figure, folder / "precision_recall.png")


def _draw_reliability(curves: Mapping[str, Any], where: str, folder: Path) -> Path:
    figure, axes = _new_axes("Reliability", where)
    axes.plot([0, 1], [0, 1], color=_CHAMPION, linewidth=1, linestyle="--")
    for name, curve in curves.items():
        points = curve["reliability"]
        axes.plot([p[0] for p in points], [p[1] for p in points], "o-", label=name, color=_colour(name), linewidth=1.2)
    axes.set(xlabel="mean probability", ylabel="observed share", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False)
    return _save(figure, folder / "reliability.png")


def _new_axes(title: str, where: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(f"{title}\n{where}", fontsize=10, loc="left")
    axes.grid(color=GRID)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _colour(name: str) -> str:
    return _CHAMPION if name == "champion" else _CHALLENGER


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=130)
    return path
