import numpy as np
import pytest

from models.arrays import Floats, Labels
from models.routing import Thresholds
from training.evaluate.operating import (
    ANALYST_SHARE,
    choose_thresholds,
    operating_curve,
    operating_points,
    promise_in_words,
    promises,
)


def ranked_labels(*labels: int) -> tuple[Labels, Floats]:
    """Labels from the highest score down, with probabilities 0.99, 0.98 and so on."""
    return np.array(labels, dtype=np.int8), 0.99 - np.arange(len(labels)) / 100


def chosen_thresholds(labels: Labels, probabilities: Floats, weights: Floats | None = None) -> Thresholds:
    return choose_thresholds(labels, probabilities, np.ones(len(labels)) if weights is None else weights)


def test_without_rows_the_brand_threshold_is_the_highest() -> None:
    nothing = np.zeros(0)
    assert choose_thresholds(nothing.astype(np.int8), nothing, nothing).ask_brand_from == 0.9


def test_brands_are_asked_down_to_where_three_in_five_are_counterfeit() -> None:
    """Six of ten, then twelve of twenty, then twelve of twenty-one: the twentieth is the last."""
    labels, probabilities = ranked_labels(*[1, 1, 1, 0, 0] * 4, *[0] * 30)
    assert chosen_thresholds(labels, probabilities).ask_brand_from == pytest.approx(probabilities[19])


def test_fewer_than_ten_flagged_rows_do_not_set_a_threshold() -> None:
    labels, probabilities = ranked_labels(*[1] * 5, *[0] * 40)
    assert chosen_thresholds(labels, probabilities / 2).ask_brand_from == 0.9


BOUNDS = [(np.full(20, 0.95), 0.9, "never above 0.9"), (np.full(20, 0.1), 0.3, "never below 0.3")]


@pytest.mark.parametrize(("probabilities", "expected", "_why"), BOUNDS)
def test_the_threshold_of_brands_lies_within_bounds(probabilities: Floats, expected: float, _why: str) -> None:
    assert chosen_thresholds(np.ones(20, dtype=np.int8), probabilities).ask_brand_from == expected


def test_without_a_counterfeit_the_threshold_of_brands_is_the_highest() -> None:
    labels, probabilities = ranked_labels(*[0] * 30)
    assert chosen_thresholds(labels, probabilities).ask_brand_from == 0.9


def test_the_analyst_threshold_keeps_nine_counterfeits_in_ten() -> None:
    """Ten among a thousand: the ninth has rank 50, which is within the review capacity."""
    labels, probabilities = np.zeros(1_000, dtype=np.int8), np.linspace(0.6, 0.0, 1_000)
    labels[[0, 5, 10, 15, 20, 30, 35, 40, 49, 400]] = 1
    thresholds = chosen_thresholds(labels, np.maximum(probabilities, 0.001) + 0.2)
    assert thresholds.analyst_from == pytest.approx(probabilities[49] + 0.2)


def test_analysts_see_at_most_their_share() -> None:
    """Ten counterfeits evenly among a thousand: the ninth has rank 900, above the capacity of 120."""
    labels, probabilities = np.zeros(1_000, dtype=np.int8), np.linspace(0.6, 0.2, 1_000)
    labels[99::100] = 1
    assert (probabilities >= chosen_thresholds(labels, probabilities).analyst_from).mean() == pytest.approx(
        ANALYST_SHARE
    )


def test_analysts_see_nothing_below_a_twentieth() -> None:
    labels, probabilities = ranked_labels(*[1, 0, 0, 0, 0, 0, 0, 0, 0, 0] * 2)
    assert chosen_thresholds(labels, probabilities / 100).analyst_from == 0.05


def test_the_analyst_threshold_is_at_most_that_of_brands() -> None:
    labels, probabilities = ranked_labels(*[1, 1, 1, 0, 0] * 4)
    thresholds = chosen_thresholds(labels, probabilities)
    assert thresholds.analyst_from <= thresholds.ask_brand_from


def test_a_row_is_weighted_by_the_listings_that_it_represents() -> None:
    """Each genuine row represents ten, so even the top is not precise enough to ask a brand below 0.9."""
    labels, probabilities = ranked_labels(*[1, 1, 1, 0, 0] * 4, *[0] * 30)
    assert chosen_thresholds(labels, probabilities, np.where(labels, 1.0, 10.0)).ask_brand_from == 0.9


def test_figures_at_both_thresholds() -> None:
    """At 0.5: two flagged, one right, of three. At 0.2: four flagged, two right."""
    labels, probabilities = np.array([1, 0, 1, 0, 1], dtype=np.int8), np.array([0.9, 0.5, 0.4, 0.2, 0.1])
    assert operating_points(labels, probabilities, Thresholds(0.5, 0.2)) == {
        "ask_brand_from": {"threshold": 0.5, "flagged": 2, "precision": 0.5, "recall": pytest.approx(1 / 3)},
        "analyst_from": {"threshold": 0.2, "flagged": 4, "precision": 0.5, "recall": pytest.approx(2 / 3)},
    }


def test_a_precision_of_nothing_flagged_does_not_exist() -> None:
    points = operating_points(np.array([1], dtype=np.int8), np.array([0.1]), Thresholds(0.5, 0.2))
    assert (points["ask_brand_from"]["precision"], points["ask_brand_from"]["recall"]) == (None, 0)


def test_a_recall_without_counterfeits_does_not_exist() -> None:
    points = operating_points(np.array([0], dtype=np.int8), np.array([0.9]), Thresholds(0.5, 0.2))
    assert (points["ask_brand_from"]["precision"], points["ask_brand_from"]["recall"]) == (0, None)


def test_promises_are_made_or_declined() -> None:
    """150 flagged sellers, 15 of them wrongly: enough for .7 and .8; .9 leaves no margin for noise."""
    labels = np.array([1] * 135 + [0] * 115, dtype=np.int8)
    probabilities = np.array([0.75] * 150 + [0.1] * 100)
    all_promises = promises(labels, probabilities, np.array([f"seller {number}" for number in range(250)]))
    assert [(promise["precision"], promise["threshold"]) for promise in all_promises] == [
        (0.7, 0.75),
        (0.8, 0.75),
        (0.9, None),
    ]
    lines = [promise_in_words(promise) for promise in all_promises]
    assert lines[0].startswith(
        "Precision 0.7: promised from 0.750 in 90% of equally large sets of unseen sellers (up to"
    )
    assert lines[0].endswith("with recall 1.00.")
    assert lines[2].startswith("Precision 0.9: declined. At no threshold does precision reach 0.90")


def test_without_counterfeits_there_are_no_promises() -> None:
    assert promises(np.zeros(3, dtype=np.int8), np.array([0.1, 0.2, 0.3]), np.arange(3)) == []


def test_a_curve_weighs_rows_by_the_listings_that_they_represent() -> None:
    """At .5 one counterfeit of two listings and one genuine of six are flagged, of twelve listings in all."""
    labels = np.array([1, 0, 1, 0], dtype=np.int8)
    points = operating_curve(labels, np.array([0.9, 0.5, 0.3, 0.1]), np.array([2.0, 6.0, 3.0, 1.0]))
    at = {point["threshold"]: point for point in points}
    assert at[0.5] == {"threshold": 0.5, "flagged": 8 / 12, "precision": 2 / 8, "recall": 2 / 5}
    assert at[0.95] == {"threshold": 0.95, "flagged": 0.0, "precision": None, "recall": 0.0}
    assert len(points) == 99


def test_a_curve_without_counterfeits_has_no_recall() -> None:
    points = operating_curve(np.zeros(2, dtype=np.int8), np.array([0.9, 0.1]), np.ones(2))
    assert {point["recall"] for point in points} == {None}
