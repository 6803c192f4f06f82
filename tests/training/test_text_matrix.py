import numpy as np
import pytest
from hypothesis import given

from features.listing import Listing
from features.text_kernel import COLUMNS, fields
from models.classifier import SCALES
from tests.features.plain import indices_plain
from tests.fixtures.facts import a_listing
from tests.fixtures.strategies import QUICK, listings
from training.text_matrix import TextMatrix, dot

BARE = a_listing(title=None, description=None, brand=None, product_type=None)


def rows_of(matrix: TextMatrix) -> list[dict[int, float]]:
    spans = zip(matrix.starts[:-1], matrix.starts[1:], strict=True)
    return [dict(zip(matrix.indices[a:b].tolist(), matrix.values[a:b].tolist(), strict=True)) for a, b in spans]


def defined(listing: Listing) -> dict[int, float]:
    """A row by definition: counts over the root of their number."""
    row: dict[int, float] = {}
    for field, text in enumerate(fields([listing])):
        found = indices_plain(text, field)
        for index in found:
            row[index] = row.get(index, 0.0) + SCALES[field] / np.sqrt(len(found))
    return row


@QUICK
@given(listings())
def test_a_row_holds_the_counts_over_the_root_of_their_number(listing: Listing) -> None:
    (row,) = rows_of(TextMatrix.of([listing]))
    assert row == pytest.approx(defined(listing), rel=1e-6)


def test_rows_come_in_the_order_of_the_listings_across_blocks() -> None:
    """Listings are packed by the hundred: there is more than one block, and an empty listing starts the second."""
    many = [a_listing(title=f"Tote {i} " * (1 + i % 4)) for i in range(600)]
    many[256] = BARE
    matrix = TextMatrix.of(many)
    assert matrix.starts[0] == 0
    assert rows_of(matrix) == [rows_of(TextMatrix.of([one]))[0] for one in many]


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
