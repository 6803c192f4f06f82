"""The README's figures of the demo, as medians over seeds with their range: `python -m tests.demo.figures [SEEDS]`.

Each seed is one run of `touchstone demo --compare`, never the best of several; the rows are printed as Markdown. A
data directory of each seed stays in the folder that `--homes` names.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.demo.driving import play

_CANDIDATES: Final = ("first", "second")
# What a model replaces, and its own parts; it may lag behind none of them beyond chance.
INCUMBENTS: Final = ("scorecard", "best_signal", "without_text", "text_alone")


def main(seeds: int, homes: Path | None) -> None:
    """Play every seed and print the rows."""
    touchstone, runs = str(Path(sys.executable).with_name("touchstone")), list[dict[str, Any]]()
    for seed in range(seeds):
        with TemporaryDirectory() as folder:
            runs.append(play(touchstone, (homes or Path(folder)) / f"home{seed}", "--compare", "--seed", str(seed)))
        for name, model in zip(_CANDIDATES, runs[-1]["models"], strict=True):
            _say(f"seed {seed}, {name}: {model['average_precision']:.3f}, {_decision(model)}; behind {behind(model)}")
    _say(f"| `touchstone demo --no-serve --compare`, median of seeds 0 to {seeds - 1} (range) | |")
    for row in ("received", "quarantined", "removals", "withdrawn", "effects"):
        _say(f"| {row} | {_spread([run[row] for run in runs], '{:,.0f}')} |")
    for number, name in enumerate(_CANDIDATES):
        models = [run["models"][number] for run in runs]
        _say(f"| {name} candidate | {_spread([model['average_precision'] for model in models], '{:.3f}')} |")
        for rival in models[0]["rivals"]:
            precisions = [model["rivals"][rival]["average_precision"] for model in models]
            _say(f"| {name}: {rival.replace('_', ' ')} | {_spread(precisions, '{:.3f}')} |")
        _say(f"| {name}: promoted | {sum(not model['blocked_by'] for model in models)} of {seeds} |")
    within = sum(within_interval(run["models"][-1]) for run in runs)
    _say(f"| second: deciles whose share lies in the interval that the model states | {within} of {10 * seeds} |")
    near = sum(_near_share(run["models"][-1]) for run in runs)
    _say(f"| second: deciles whose probability lies in the interval of the share | {near} of {10 * seeds} |")


def behind(model: Mapping[str, Any]) -> list[str]:
    """The incumbents that a candidate lags behind beyond chance on sellers never sent."""
    return [rival for rival in INCUMBENTS if model["rivals"][rival]["lead"][1] < 0]


def within_interval(model: Mapping[str, Any]) -> int:
    """The deciles of all listings whose share of counterfeits lies within the interval that the model states."""
    return sum(low <= decile["share"] <= high for decile in model["deciles"] for low, high in [decile["interval"]])


def _near_share(model: Mapping[str, Any]) -> int:
    """The deciles whose mean probability lies within the interval of the share, which is narrow on so many listings."""
    deciles = ((decile["probability"], *decile["share_interval"]) for decile in model["deciles"])
    return sum(low <= probability <= high for probability, low, high in deciles)


def _decision(model: Mapping[str, Any]) -> str:
    return f"blocked by {', '.join(model['blocked_by'])}" if model["blocked_by"] else "promoted"


def _spread(values: list[float], form: str) -> str:
    middle, low, high = (form.format(number) for number in (median(values), min(values), max(values)))
    return f"{middle} ({low} to {high})"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the result of this module


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="?", default=5)
    parser.add_argument("--homes", type=Path)
    options = parser.parse_args()
    main(options.seeds, options.homes)
