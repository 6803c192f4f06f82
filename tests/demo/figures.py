"""The README's figures of the demo, as medians over seeds with their range: `python -m tests.demo.figures [SEEDS]`.

Each seed is one run of `touchstone demo --compare`, never the best of several; the rows are printed as Markdown.
"""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.demo.driving import play

_OF_MODELS: Final = ("average_precision", "forest_alone", "fair_peer", "best_signal_average_precision")


def main(seeds: int) -> None:
    """Play every seed and print the rows."""
    touchstone, runs = str(Path(sys.executable).with_name("touchstone")), list[dict[str, Any]]()
    for seed in range(seeds):
        with TemporaryDirectory() as folder:
            runs.append(play(touchstone, Path(folder) / "home", "--compare", "--seed", str(seed)))
        _say(f"seed {seed}: {[round(runs[-1][name]['average_precision'], 3) for name in ('before', 'after')]}")
    _say(f"| `touchstone demo --no-serve --compare`, median of seeds 0 to {seeds - 1} (range) | |")
    for name in ("received", "quarantined", "removals", "withdrawn", "effects"):
        _say(f"| {name} | {_spread([run[name] for run in runs], '{:,.0f}')} |")
    for name, model in (("first model", "before"), ("retrained", "after")):
        for figure in _OF_MODELS:
            values = [run[model][figure] for run in runs]
            _say(f"| {name}: {figure.replace('_', ' ')} | {_spread(values, '{:.3f}')} |")
    better = sum(run["after"]["average_precision"] > run["before"]["average_precision"] for run in runs)
    _say(f"| seeds in which the retrained model is better | {better} of {seeds} |")


def _spread(values: list[float], form: str) -> str:
    middle, low, high = (form.format(number) for number in (median(values), min(values), max(values)))
    return f"{middle} ({low} to {high})"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the result of this module


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
