from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.listing import Listing
from features.text_kernel import COLUMNS
from tests.fixtures.labelled import a_market
from training import fit_text as module
from training.fit_text import FittedText, cost_of, epochs_of, fit_text
from training.text_matrix import TextMatrix

DATA = a_market(120)
TEXTS = TextMatrix.of(DATA.listings)
EVERY = np.arange(120)
ONES = np.ones(120)
WEIGHTS = np.where(EVERY % 3, 1.0, 0.25)


def fitted(weights: NDArray[np.float64] = ONES, texts: TextMatrix = TEXTS) -> FittedText:
    return fit_text(texts, EVERY[:80], DATA.labels, weights)


def by_liblinear(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of all rows by scikit-learn on the idf-weighted matrix, with a tight tolerance."""
    design = sp.csr_matrix((TEXTS.values, TEXTS.indices, TEXTS.starts), shape=(120, COLUMNS)).astype(np.float64)
    occurs = np.asarray((design[:80] > 0).sum(axis=0)).ravel()
    design = (design @ sp.diags(np.log(81 / (1 + occurs)) + 1)).tocsr()
    learner = LogisticRegression(C=cost_of(80), class_weight="balanced", solver="liblinear", tol=1e-5, max_iter=10_000)
    learner.fit(design[:80], DATA.labels[:80], sample_weight=weights[:80])
    return np.asarray(learner.decision_function(design), dtype=np.float64)


@pytest.mark.parametrize(
    "weights", [pytest.param(ONES, id="equal", marks=pytest.mark.soak), pytest.param(WEIGHTS, id="weighted")]
)
def test_at_convergence_it_is_the_model_of_liblinear(weights: NDArray[np.float64]) -> None:
    assert fitted(weights).many_rows(TEXTS, EVERY) == pytest.approx(by_liblinear(weights), abs=0.03)


def test_a_row_of_weight_zero_teaches_nothing() -> None:
    """Its words count in the document frequencies, as in scikit-learn; its label has no effect."""
    weights = np.where(EVERY == 3, 0.0, 1.0)
    flipped = np.where(EVERY == 3, 1 - DATA.labels, DATA.labels).astype(np.int8)
    one, two = (fit_text(TEXTS, EVERY[:80], labels, weights) for labels in (DATA.labels, flipped))
    assert np.array_equal(one.weights, two.weights)


def test_the_model_scores_as_the_matrix_that_it_was_fitted_on() -> None:
    found = fitted()
    assert found.model.many(DATA.listings) == pytest.approx(found.many_rows(TEXTS, EVERY), abs=1e-5)


def test_no_text_of_a_test_row_moves_the_weights() -> None:
    other = TextMatrix.of([*DATA.listings[:80], *map(_retitled, DATA.listings[80:])])
    assert np.array_equal(fitted(texts=other).weights, fitted().weights)


def _retitled(listing: Listing) -> Listing:
    return replace(listing, title="Something else", description=None)


def test_a_column_without_rows_has_weight_zero() -> None:
    unseen = np.setdiff1d(np.arange(COLUMNS), TEXTS.indices[: TEXTS.starts[80]])
    assert not fitted().weights[unseen].any()


COSTS = [(1, 10.0), (500, 10.0), (501, 10 * 500 / 501), (20_000, 0.25)]


@pytest.mark.parametrize(("rows", "cost"), COSTS)
def test_beyond_five_hundred_rows_the_total_cost_is_constant(rows: int, cost: float) -> None:
    assert cost_of(rows) == pytest.approx(cost)


EPOCHS = [(1, 100), (700, 100), (701, 99), (10_000, 7), (20_000, 5), (1_000_000, 5)]


@pytest.mark.parametrize(("rows", "epochs"), EPOCHS)
def test_small_data_are_solved_and_large_ones_get_five_epochs(rows: int, epochs: int) -> None:
    assert epochs_of(rows) == epochs


MULTIPLIERS = [
    (0.0, 0.0, 1.0, 1.0, "a fresh row"),
    (-3.0, 0.0, 10.0, 40.0, "on the wrong side, where the first step would overshoot"),
    (8.0, 0.5, 1.0, 30.0, "far on the right side: almost nothing is left of it"),
    (0.2, 9.9, 10.0, 0.5, "nearly at its bound"),
    (-500.0, 0.0, 100.0, 1.0, "hopeless: at its bound"),
]


@pytest.mark.parametrize(("margin", "before", "cost", "square", "_why"), MULTIPLIERS)
def test_a_step_is_optimal_for_its_row(margin: float, before: float, cost: float, square: float, _why: str) -> None:
    """At the optimum the multiplier is cost / (1 + exp(margin)), for the margin with this multiplier."""
    found = module._multiplier(margin, before, cost, square)
    reached = margin + square * (found - before)
    assert 0 <= found <= cost
    assert found == pytest.approx(cost / (1 + np.exp(reached)), rel=1e-6, abs=1e-9)
