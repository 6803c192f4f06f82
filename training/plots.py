"""Plots for the MLflow run; the pages draw their own from the same figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

_CHAMPION, _CHALLENGER, _GRID = "#5f6a70", "#0a6078", "#e1e5e6"


def draw(report: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write the precision-recall and reliability plots of a report; returns the files."""
    judged = report["judged"].get("curves")
    curves = judged or {"out of fold": report["curves"]}
    where = "later listings of unseen sellers" if judged else "out-of-fold, all labelled listings"
    return [_precision_recall(curves, where, folder), _reliability(curves, where, folder)]


def _precision_recall(curves: Mapping[str, Any], where: str, folder: Path) -> Path:
    figure, axes = _axes("Precision and recall", where)
    for name, curve in curves.items():
        axes.plot(curve["recall"], curve["precision"], label=name, color=_colour(name), linewidth=1.8)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False)
    return _save(figure, folder / "precision_recall.png")


def _reliability(curves: Mapping[str, Any], where: str, folder: Path) -> Path:
    figure, axes = _axes("Reliability", where)
    axes.plot([0, 1], [0, 1], color=_CHAMPION, linewidth=1, linestyle="--")
    for name, curve in curves.items():
        points = curve["reliability"]
        axes.plot([p[0] for p in points], [p[1] for p in points], "o-", label=name, color=_colour(name), linewidth=1.2)
    axes.set(xlabel="mean probability", ylabel="observed share", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(frameon=False)
    return _save(figure, folder / "reliability.png")


def _axes(title: str, where: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.set_title(f"{title}\n{where}", fontsize=10, loc="left")
    axes.grid(color=_GRID)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _colour(name: str) -> str:
    return _CHAMPION if name == "champion" else _CHALLENGER


def _save(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=130)
    return path
