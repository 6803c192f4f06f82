"""Settings of the fit that a person gives: read strictly, used in every fit of a training, and recorded."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.listing import Listing
from features.text_kernel import COLUMNS, listing_texts
from models.classifier import SCALES
from models.treetext import trees_of
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.labelled import a_market, market_facts
from tests.fixtures.strategies import QUICK, listings
from training.fit import text as module
from training.fit.classifier import CounterfeitClassifier
from training.fit.forest import forest_settings
from training.fit.listing_rows import ListingRows
from training.fit.settings import DEFAULT_SETTINGS, FitSettings, as_file, read_settings
from training.fit.text import FittedText, fit_text, most_epochs, row_cost
from training.fit.text_matrix import TextMatrix, dot
from training.runs.hyper_parameters import fixed_parameters, forest_parameters

DATA = a_market(80)
ROWS = ListingRows.of(market_facts(DATA))
SMALL = FitSettings(replace(forest_settings(0), rounds=20, leaves=2), 3.0)


def test_the_defaults_change_nothing_and_have_the_forest_of_the_positives() -> None:
    assert DEFAULT_SETTINGS.changed() == {}
    assert FitSettings.of({}) == DEFAULT_SETTINGS
    few, many = DEFAULT_SETTINGS.values(10), DEFAULT_SETTINGS.values(5_000)
    assert (few["forest.leaves"], many["forest.leaves"]) == (3, 31)
    assert few["text_cost"] == 10


@pytest.mark.parametrize(
    "settings", [SMALL, DEFAULT_SETTINGS, FitSettings(text_cost=1.0), FitSettings(forest_settings(5_000))]
)
def test_settings_come_back_from_their_file(tmp_path: Path, settings: FitSettings) -> None:
    (tmp_path / "s.json").write_text(as_file(settings))
    assert read_settings(tmp_path / "s.json") == settings


def forest(**changes: Any) -> dict[str, Any]:
    settings = {**FitSettings(forest_settings(0)).changed(), **changes}
    return {name: setting for name, setting in settings.items() if setting is not None}


REFUSED: list[tuple[str, str, str]] = [
    ('{"text_costs": 1}', "There is no setting text_costs; the known ones are forest.rounds, ", "an unknown name"),
    ('{"text_cost": "1"}', "text_cost must be a number.", "text"),
    ('{"text_cost": true}', "text_cost must be a number.", "a truth value"),
    ('{"text_cost": NaN}', "text_cost must be a number.", "not a number"),
    ('{"text_cost": 0}', "text_cost must be from 0.001 to 1e+06.", "no cost"),
    (json.dumps(forest(**{"forest.row_share": 1.1})), "forest.row_share must be from 0.01 to 1.", "a share above one"),
    (json.dumps(forest(**{"forest.leaves": 7.5})), "forest.leaves must be a whole number.", "half a leaf"),
    (json.dumps(forest(**{"forest.rounds": 10**9})), "forest.rounds must be from 1 to 5000.", "years of fitting"),
    (json.dumps(forest(**{"forest.l2": None})), "The settings of the forest lack l2; give all or none.", "a part"),
    ("[]", "The settings s.json are no JSON object.", "no object"),
    ("{", "The settings s.json cannot be read: ", "no JSON"),
    ("\ud800", "The settings s.json cannot be read: ", "no text"),
]


@pytest.mark.parametrize(("content", "sentence", "_why"), REFUSED)
def test_what_are_no_settings_is_refused(tmp_path: Path, content: str, sentence: str, _why: str) -> None:
    (tmp_path / "s.json").write_bytes(content.encode(errors="surrogatepass"))
    with pytest.raises(ValueError, match=re.escape(sentence)):
        read_settings(tmp_path / "s.json")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"The settings s\.json cannot be read"):
        read_settings(tmp_path / "s.json")


def test_a_fit_uses_the_settings_that_it_is_given() -> None:
    default, small = (
        CounterfeitClassifier(**settings.parameters()).fit(ROWS, DATA.labels, groups=DATA.groups).model_
        for settings in (FitSettings(SMALL.forest), SMALL)
    )
    trees = list(trees_of(small.learner.files()["forest.txt"].decode()))
    assert (len(trees), max(len(tree.leaves) for tree in trees)) == (20, 2)
    assert (default.text.weights != small.text.weights).any(), "another cost of the text"


def test_the_record_of_a_training_has_the_settings_that_were_used() -> None:
    parameters = {**fixed_parameters(0, SMALL), **forest_parameters(40, SMALL)}
    assert (parameters["forest.rounds"], parameters["forest.leaves"], parameters["text.cost"]) == (20, 2, 3.0)
    assert {**fixed_parameters(0), **forest_parameters(40)}["forest.rounds"] == 400


FIT_TEXT_DATA = a_market(120)
TEXTS = TextMatrix.of(FIT_TEXT_DATA.listings)
EVERY = np.arange(120)
ONES = np.ones(120)
WEIGHTS = np.where(EVERY % 3, 1.0, 0.25)


def fitted_text(weights: NDArray[np.float64] = ONES, texts: TextMatrix = TEXTS) -> FittedText:
    return fit_text(texts, EVERY[:80], FIT_TEXT_DATA.labels, weights)


def by_liblinear(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-odds of all rows by scikit-learn on the idf-weighted matrix, with a tight tolerance."""
    design = sp.csr_matrix((TEXTS.values, TEXTS.indices, TEXTS.starts), shape=(120, COLUMNS)).astype(np.float64)
    occurs = np.asarray((design[:80] > 0).sum(axis=0)).ravel()
    design = (design @ sp.diags(np.log(81 / (1 + occurs)) + 1)).tocsr()
    learner = LogisticRegression(C=row_cost(80), class_weight="balanced", solver="liblinear", tol=1e-5, max_iter=10_000)
    learner.fit(design[:80], FIT_TEXT_DATA.labels[:80], sample_weight=weights[:80])
    return np.asarray(learner.decision_function(design), dtype=np.float64)


@pytest.mark.parametrize(
    "weights", [pytest.param(ONES, id="equal", marks=pytest.mark.soak), pytest.param(WEIGHTS, id="weighted")]
)
def test_at_convergence_it_is_the_model_of_liblinear(weights: NDArray[np.float64]) -> None:
    assert fitted_text(weights).many_rows(TEXTS, EVERY) == pytest.approx(by_liblinear(weights), abs=0.03)


def test_a_row_of_weight_zero_teaches_nothing() -> None:
    """Its words count in the document frequencies, as in scikit-learn; its label has no effect."""
    weights = np.where(EVERY == 3, 0.0, 1.0)
    flipped = np.where(EVERY == 3, 1 - FIT_TEXT_DATA.labels, FIT_TEXT_DATA.labels).astype(np.int8)
    text_model, two = (fit_text(TEXTS, EVERY[:80], labels, weights) for labels in (FIT_TEXT_DATA.labels, flipped))
    assert np.array_equal(text_model.weights, two.weights)


def test_the_model_scores_as_the_matrix_that_it_was_fitted_on() -> None:
    text_fit = fitted_text()
    assert text_fit.model.many(FIT_TEXT_DATA.listings) == pytest.approx(text_fit.many_rows(TEXTS, EVERY), abs=1e-5)


def test_no_text_of_a_test_row_moves_the_weights() -> None:
    other = TextMatrix.of([*FIT_TEXT_DATA.listings[:80], *map(_without_text, FIT_TEXT_DATA.listings[80:])])
    assert np.array_equal(fitted_text(texts=other).weights, fitted_text().weights)


def _without_text(listing: Listing) -> Listing:
    return replace(listing, title="Something else", description=None)


def test_a_column_without_rows_has_weight_zero() -> None:
    unseen = np.setdiff1d(np.arange(COLUMNS), TEXTS.indices[: TEXTS.starts[80]])
    assert not fitted_text().weights[unseen].any()


COSTS = [(1, 10.0), (500, 10.0), (501, 10 * 500 / 501), (20_000, 0.25)]


@pytest.mark.parametrize(("rows", "cost"), COSTS)
def test_beyond_five_hundred_rows_the_total_cost_is_constant(rows: int, cost: float) -> None:
    assert row_cost(rows) == pytest.approx(cost)


EPOCHS = [(1, 100), (700, 100), (701, 99), (10_000, 7), (20_000, 5), (1_000_000, 5)]


@pytest.mark.parametrize(("rows", "epochs"), EPOCHS)
def test_small_data_are_solved_and_large_ones_get_five_epochs(rows: int, epochs: int) -> None:
    assert most_epochs(rows) == epochs


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
    multiplier = module._multiplier(margin, before, cost, square)
    reached = margin + square * (multiplier - before)
    assert 0 <= multiplier <= cost
    assert multiplier == pytest.approx(cost / (1 + np.exp(reached)), rel=1e-6, abs=1e-9)


BARE = a_listing(title=None, description=None, brand=None, product_type=None)


def rows_of(matrix: TextMatrix) -> list[dict[int, float]]:
    spans = zip(matrix.starts[:-1], matrix.starts[1:], strict=True)
    return [dict(zip(matrix.indices[a:b].tolist(), matrix.values[a:b].tolist(), strict=True)) for a, b in spans]


def defined_row(listing: Listing) -> dict[int, float]:
    """A row by definition: counts over the root of their number."""
    row: dict[int, float] = {}
    for field, text in enumerate(listing_texts([listing])):
        indices = indices_plain(text, field)
        for index in indices:
            row[index] = row.get(index, 0.0) + SCALES[field] / np.sqrt(len(indices))
    return row


@QUICK
@given(listings())
def test_a_row_holds_the_counts_over_the_root_of_their_number(listing: Listing) -> None:
    (row,) = rows_of(TextMatrix.of([listing]))
    assert row == pytest.approx(defined_row(listing), rel=1e-6)


def test_rows_come_in_the_order_of_the_listings_across_blocks() -> None:
    """Listings are packed by the hundred: there is more than one block, and an empty listing starts the second."""
    many = [a_listing(title=f"Tote {i} " * (1 + i % 4)) for i in range(600)]
    many[256] = BARE
    matrix = TextMatrix.of(many)
    assert matrix.starts[0] == 0
    assert rows_of(matrix) == [rows_of(TextMatrix.of([listing]))[0] for listing in many]


def test_a_column_occurs_once_in_a_row() -> None:
    matrix = TextMatrix.of([a_listing(title="bag bag bag bag")])
    assert len(set(matrix.indices.tolist())) == len(matrix.indices)


@pytest.mark.parametrize("many", [[], [BARE], [BARE, BARE]])
def test_listings_without_text_have_empty_rows(many: list[Listing]) -> None:
    matrix = TextMatrix.of(many)
    assert (len(matrix.indices), matrix.starts.tolist()) == (0, [0] * (len(many) + 1))


@pytest.mark.parametrize("size", range(9))
def test_a_row_times_weights_is_their_sum_of_products(size: int) -> None:
    random = np.random.default_rng(size)
    columns = random.permutation(COLUMNS)[:size].astype(np.int32)
    values, weights = random.random(size).astype(np.float32), random.random(COLUMNS).astype(np.float32)
    assert dot(columns, values, weights) == pytest.approx(float(values.astype(np.float64) @ weights[columns]), abs=1e-6)


def test_some_rows_times_weights_are_those_rows() -> None:
    matrix = TextMatrix.of([a_listing(title=title) for title in ("Tote", "Wallet", "Belt")])
    weights = np.random.default_rng(0).random(COLUMNS).astype(np.float32)
    every = matrix.times(weights, np.arange(3))
    assert matrix.times(weights, np.array([2, 0])).tolist() == [every[2], every[0]]
