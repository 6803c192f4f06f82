"""Why figures and sigmoid are our own: `python -m tests.benchmarks.resampling` prints scikit-learn's time over ours.

A report resamples sellers a thousand times, a calibration band two hundred times.
"""

import time
from collections.abc import Callable

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from training.evaluate import metrics
from training.fit.calibration import fit_sigmoid


def seconds(work: Callable[[], object]) -> float:
    """The least processor time of three rounds."""
    rounds = []
    for _ in range(3):
        began = time.process_time()
        work()
        rounds.append(time.process_time() - began)
    return min(rounds)


def main() -> None:
    """500 rows of 300 sellers in 200 resamples."""
    random = np.random.default_rng(0)
    labels = (random.random(500) < 0.2).astype(np.int8)
    scores, sellers = random.random(500) + labels / 2, random.integers(0, 300, 500)
    weights = metrics.seller_bootstrap(sellers, times=200, seed=0)
    sigmoid, column = LogisticRegression(C=1_000, max_iter=1_000), scores[:, None]
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "average precision": (
            lambda: metrics.average_precisions(labels, scores, weights),
            lambda: [average_precision_score(labels, scores, sample_weight=row) for row in weights],
        ),
        "ROC-AUC": (
            lambda: metrics.roc_aucs(labels, scores, weights),
            lambda: [roc_auc_score(labels, scores, sample_weight=row) for row in weights],
        ),
        "sigmoid": (
            lambda: [fit_sigmoid(scores, labels, row) for row in weights],
            lambda: [sigmoid.fit(column, labels, sample_weight=row) for row in weights],
        ),
    }
    for name, (ours, theirs) in pairs.items():
        typer.echo(f"{name}: {seconds(theirs) / seconds(ours):.0f}x")


if __name__ == "__main__":
    main()
