import numpy as np
import pytest
import scipy.sparse as sp

from features.text_kernel import COLUMNS, DESCRIPTION, TITLE, fields
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.scorers import a_text_model

LISTINGS = [
    a_listing(),
    a_listing(title="女包 奥蕾尔 高仿", description=None),
    a_listing(title=None, brand=None, product_type=None, description="Сумка"),
]


def test_a_score_is_the_row_of_the_matrix_times_the_weights() -> None:
    """The second method: a sparse matrix of counts over the root of their number, made from the plain definition."""
    model = a_text_model()
    for listing in LISTINGS:
        row = sp.lil_matrix((1, COLUMNS))
        for field, text in enumerate(fields([listing])):
            found = indices_plain(text, field)
            for index in found:
                row[0, index] += 1 / np.sqrt(len(found))
        expected = (row.tocsr() @ model.weights.astype(np.float64))[0] + model.intercept
        assert model.log_odds(listing) == pytest.approx(expected, abs=1e-5)


def test_a_listing_without_text_scores_the_intercept() -> None:
    listing = a_listing(title=None, description=None, brand=None, product_type=None)
    assert a_text_model().log_odds(listing) == a_text_model().intercept


def test_many_scores_are_those_of_each() -> None:
    assert a_text_model().many(LISTINGS).tolist() == [a_text_model().log_odds(one) for one in LISTINGS]


def test_the_pull_of_a_phrase_is_the_sum_of_its_runs_in_the_fields_that_have_it() -> None:
    model = a_text_model()
    title, description = (model.weights[indices_plain("mirror", field)].sum() for field in (TITLE, DESCRIPTION))
    assert model.pull("mirror", (TITLE,)) == pytest.approx(title, abs=1e-6)
    assert model.pull("mirror", (TITLE, DESCRIPTION)) == pytest.approx(title + description, abs=1e-6)
    assert model.pull("mirror", ()) == 0
