import numpy as np
import pytest

from tests.fixtures.facts import a_full_listing, a_listing
from tests.fixtures.labelled import a_market
from training import baselines, metrics

DATA = a_market(160)
TRAIN, TEST = np.arange(100), np.arange(100, 160)


def scores() -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    columns = baselines.raw_numbers(DATA.listings)
    texts = [f"{text} no {17 * i % 97}" for i, text in enumerate(baselines.all_text(DATA.listings))]  # Rare n-grams.
    numbers = baselines.fit_predict_numbers(columns[TRAIN], DATA.labels[TRAIN], columns[TEST])
    text = baselines.fit_predict_char_text([texts[i] for i in TRAIN], DATA.labels[TRAIN], [texts[i] for i in TEST])
    return dict(zip(baselines.NAMES, (numbers, text, baselines.rank_average(numbers, text)), strict=True))


# Every evaluation is compared with these, so they must not change.
PINNED = {"numbers": (0.735066, 0.5726), "char_text": (0.892833, 0.5933), "rank_average": (0.889898, 30.5)}


@pytest.mark.parametrize("name", PINNED)
def test_a_baseline_is_what_it_was(name: str) -> None:
    """Average precision to six digits, and mean score to four, because ranks alone do not show every setting."""
    found = scores()[name]
    precision = metrics.average_precision(DATA.labels[TEST], found)
    assert (round(precision, 6), round(float(found.mean()), 4)) == PINNED[name]


def test_threads_do_not_change_the_numbers() -> None:
    columns = baselines.raw_numbers(DATA.listings)
    one, two = (
        baselines.fit_predict_numbers(columns[TRAIN], DATA.labels[TRAIN], columns[TEST], threads=threads)
        for threads in (1, 2)
    )
    assert np.array_equal(one, two)


def test_raw_numbers_are_the_numbers_as_sent() -> None:
    (row,) = baselines.raw_numbers([a_full_listing()]).tolist()
    assert row == [
        *(489.0, 12.0, 7.0, 4.0, 0.0, 900.0, 4.7, 310.0, 25.0, 90.0),
        *(1.0, 0.0, 2.0, 5.0, 12.0),
        *(1.0, 4.0, 9.0, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0),
        *(300.0, 1500.0, 6000.0, 3.0, 12.0, 38.0, 3.0, 12.0, 40.0),
        *(0.0, 1.0, 4.0, 0.0, 90.0, 400.0),
    ]


def test_absent_values_are_missing_and_not_zero() -> None:
    (row,) = baselines.raw_numbers([a_listing(seller=None, price=None)])
    assert np.isnan(row).all()


def test_all_text_is_brand_title_description_and_category() -> None:
    listing = a_listing(title="Tote", description=None)
    assert baselines.all_text([listing]) == ["Aurelle Tote  Bags"]


def test_a_rank_average_weighs_text_twice_and_shares_ties() -> None:
    """Ranks of the numbers 1, 2.5, 2.5; of the text 3, 2, 1."""
    found = baselines.rank_average(np.array([0.1, 0.5, 0.5]), np.array([0.9, 0.8, 0.7]))
    assert found.tolist() == [(1 + 6) / 3, (2.5 + 4) / 3, (2.5 + 2) / 3]
