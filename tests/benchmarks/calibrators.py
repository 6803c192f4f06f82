"""The best calibrator by number of labels, on real scores and labels, judged on later rows of other sellers.

`python -m tests.benchmarks.calibrators [DRAWS]` prints the table of ADR 12. It needs the real data
(TOUCHSTONE_DATASETS).
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.calibration import Method, logits
from training import metrics
from training.fit_calibration import Observed, fit_curve

Floats = NDArray[np.float64]

DATASETS: Final = Path(os.environ.get("TOUCHSTONE_DATASETS", "../shared/datasets"))
POSITIVES: Final = (20, 40, 80, 160, 300, 500, 700, 1_000)
DRAWS: Final = 40


def experiment(draws: int) -> Iterator[dict[str, object]]:
    """One row per draw, size, score column and method: log loss, Brier and calibration error on later unseen sellers.

    Sellers are in random order. A curve is fitted on the earlier 70 % of the rows of as many sellers as bring the
    required number of counterfeits. It is judged on the later 30 % of the rows of all other sellers.
    """
    stream = pd.read_parquet(DATASETS / "ozon_ecup" / "scored_stream_dev.parquet").sort_values("row_idx")
    labels, sellers = stream["resolution"].to_numpy(np.int8), stream["SellerID"].to_numpy()
    early = np.arange(len(stream)) < 0.7 * len(stream)
    columns = [str(name) for name in stream if str(name).startswith("p_")]
    values = {name: logits(stream[name].to_numpy(np.float64)) for name in columns}
    _, seller = np.unique(sellers, return_inverse=True)
    for draw in range(draws):
        place = np.random.default_rng(draw).permutation(seller.max() + 1)[seller]
        found = np.cumsum(np.bincount(place[early], labels[early], minlength=seller.max() + 1))
        for wanted in POSITIVES:
            if found[-1] < wanted + 100:
                continue
            mine = place <= np.searchsorted(found, wanted)
            fit, judge = early & mine, ~early & ~mine
            for name in columns:
                observed = Observed(values[name][fit], labels[fit], np.ones(int(fit.sum())), seller[fit])
                for method in Method:
                    heights = fit_curve(method, observed).log_odds(values[name][judge])
                    yield {"draw": draw, "positives": wanted, "sellers": _sellers_of_positives(observed), "score": name,
                           "method": method.value, **_losses(labels[judge], heights)}  # fmt: skip


def _sellers_of_positives(found: Observed) -> int:
    return len(np.unique(found.groups[found.labels == 1]))


def _losses(labels: NDArray[np.int8], heights: Floats) -> dict[str, float]:
    probabilities = 1 / (1 + np.exp(-heights))
    return {
        "log loss": float(np.mean(np.logaddexp(0, heights) - labels * heights)),
        "Brier": metrics.brier(labels, probabilities),
        "error": metrics.calibration_error(labels, probabilities),
    }


def main() -> None:
    """Print means by size and method, and how often each is better than the sigmoid."""
    found = pd.DataFrame(experiment(int(sys.argv[1]) if len(sys.argv) > 1 else DRAWS))
    print(f"median sellers of positives: {found.groupby('positives')['sellers'].median().to_dict()}")  # noqa: T201  # a report
    for measure in ("log loss", "Brier", "error"):
        each = found.pivot_table(index=["positives", "draw", "score"], columns="method", values=measure)
        table = each.groupby("positives").mean().round(4)
        for method in (Method.VENN_ABERS.value, Method.ISOTONIC.value):
            table[f"{method} better"] = (each[method] < each["sigmoid"]).groupby("positives").mean().round(2)
        print(f"\n{measure}\n{table.to_string()}")  # noqa: T201  # a report


if __name__ == "__main__":
    main()
