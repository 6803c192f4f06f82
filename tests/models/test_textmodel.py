import numpy as np
import pytest
import scipy.sparse as sp

from features.text_kernel import COLUMNS, DESCRIPTION, HEADING, heading
from models.textmodel import TextModel
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.scorers import a_text_model

LISTINGS = [
    a_listing(),
    a_listing(title="女包 奥蕾尔 高仿", description=None),
    a_listing(title=None, brand=None, product_type=None, description="Сумка"),
]


def weighing(**words: float) -> TextModel:
    """A model in which only these words, as runs of the heading, have a weight."""
    weights = np.zeros(COLUMNS, dtype=np.float32)
    for word, weight in words.items():
        weights[indices_plain(word, HEADING)] = weight
    return TextModel(weights, 0.0)


def test_a_score_is_the_row_of_the_matrix_times_the_weights() -> None:
    """The second method: a sparse matrix of counts over the root of their number, made from the plain definition."""
    model = a_text_model()
    for listing in LISTINGS:
        row = sp.lil_matrix((1, COLUMNS))
        for field, text in ((HEADING, heading(listing)), (DESCRIPTION, listing.description or "")):
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


def test_the_loudest_words_for_counterfeit_come_first() -> None:
    model = weighing(mirror=2.0, quality=1.0, genuine=-3.0)
    listing = a_listing(title="Genuine quality, mirror!", description=None)
    assert model.telling_words(listing) == ("mirror", "quality")


def test_no_more_words_are_told_than_asked_for() -> None:
    model = weighing(one=1.0, two=2.0, three=3.0)
    assert model.telling_words(a_listing(title="one two three", description=None), most=1) == ("three",)


def test_a_word_counts_in_the_field_where_it_stands() -> None:
    assert weighing(mirror=2.0).telling_words(a_listing(title="Bag", description="mirror")) == ()


UNTOLD = ["5", "x", "m" * 41, "!!"]


@pytest.mark.parametrize("word", UNTOLD)
def test_what_is_no_word_is_not_told(word: str) -> None:
    assert weighing(**{word: 5.0}).telling_words(a_listing(title=f"Bag {word}", description=None)) == ()
