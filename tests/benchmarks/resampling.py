"""Why figures and sigmoid are our own: `python -m tests.benchmarks.resampling` prints scikit-learn's time over ours."""

from collections.abc import Callable
from functools import partial
from timeit import repeat

import numpy as np
import typer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score

from training.evaluate import metrics
from training.fit.calibration import fit_sigmoid


def main() -> None:
    """500 rows of 300 sellers in 200 resamples, the best of three rounds."""
    random = np.random.default_rng(0)
    labels = (random.random(500) < 0.2).astype(np.int8)
    scores, sellers = random.random(500) + labels / 2, random.integers(0, 300, 500)
    weights = metrics.seller_bootstrap(sellers, times=200, seed=0)
    sigmoid, column = LogisticRegression(C=1_000, max_iter=1_000), scores[:, None]
    pairs: dict[str, tuple[Callable[..., object], Callable[..., object]]] = {
        "average precision": (metrics.average_precisions, average_precision_score),
        "ROC-AUC": (metrics.roc_aucs, roc_auc_score),
        "sigmoid": (
            lambda *_: [fit_sigmoid(scores, labels, row) for row in weights],
            lambda *_, sample_weight: sigmoid.fit(column, labels, sample_weight=sample_weight),
        ),
    }
    for name, (ours, theirs) in pairs.items():
        fast = min(repeat(partial(ours, labels, scores, weights), number=1, repeat=3))
        one_by_one = [partial(theirs, labels, scores, sample_weight=row) for row in weights]
        slow = min(sum(repeat(fit, number=1, repeat=1)[0] for fit in one_by_one) for _ in range(3))
        typer.echo(f"{name}: {slow / fast:.0f}x")


if __name__ == "__main__":
    main()
