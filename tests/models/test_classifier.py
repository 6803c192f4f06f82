import numpy as np
import pytest
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from features.listing import Listing
from models.calibration import Calibration
from models.classifier import TEXT_COLUMN, Join, learner_columns
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import BENT, CALIBRATION, a_classifier, a_forest, a_text_model

FACTS = [some_facts(), full_facts(), bare_facts(), suspect_facts()]


def rows(facts: list[Facts]) -> tuple[NDArray[np.float64], list[Listing]]:
    return matrix(facts), [one.listing for one in facts]


def test_a_sum_is_of_standardised_parts_calibrated() -> None:
    """By the fixture's numbers: 1.7 x (0.4 x (forest + 0.2) / 1.3 + 0.6 x (text - 0.1) / 0.7) - 2.5."""
    numbers, listings = rows(FACTS)
    forest, text = a_forest().raw(numbers), a_text_model().many(listings)
    expected = 1.7 * (0.4 * (forest + 0.2) / 1.3 + 0.6 * (text - 0.1) / 0.7) - 2.5
    assert a_classifier(Join.SUM).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


def test_with_an_offset_both_log_odds_add_up() -> None:
    """By the fixture's numbers: 1.7 x ((forest + 0.2) / 1.3 + 0.6 x (text - 0.1) / 0.7) - 2.5."""
    numbers, listings = rows(FACTS)
    forest, text = a_forest().raw(numbers), a_text_model().many(listings)
    expected = 1.7 * ((forest + 0.2) / 1.3 + 0.6 * (text - 0.1) / 0.7) - 2.5
    assert a_classifier(Join.OFFSET).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


def test_in_a_stack_the_text_is_the_forest_s_last_column() -> None:
    numbers, listings = rows(FACTS)
    columns = np.column_stack([numbers, a_text_model().many(listings)])
    expected = 1.7 * a_forest(Join.STACK).raw(columns) - 2.5
    assert a_classifier(Join.STACK).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("calibration", [CALIBRATION, BENT], ids=["sigmoid", "curve"])
@pytest.mark.parametrize("join", Join)
def test_contributions_and_base_sum_to_the_log_odds(join: Join, calibration: Calibration) -> None:
    numbers, listings = rows(FACTS)
    model = a_classifier(join, calibration)
    parts = model.contributions(numbers, listings)
    assert parts.features.shape == (len(FACTS), len(NAMES))
    total = parts.features.sum(axis=1) + parts.text + parts.base
    assert total == pytest.approx(model.log_odds(numbers, listings), abs=1e-9)


def test_a_curve_scales_all_parts_of_a_listing_alike() -> None:
    """So a reason that weighs twice another weighs twice as much however the curve bends."""
    numbers, listings = rows(FACTS)
    straight, bent = (a_classifier(Join.SUM, one).contributions(numbers, listings) for one in (CALIBRATION, BENT))
    for i in range(len(FACTS)):
        line, curve = (np.append(parts.features[i], parts.text[i]) for parts in (straight, bent))
        scale = curve[line != 0] / line[line != 0]
        assert scale == pytest.approx(np.full(len(scale), scale[0]))
        assert scale[0] > 0


def test_the_base_of_a_curve_is_its_value_for_a_listing_without_contributions() -> None:
    """Where the line from base to value starts: at the curve's own height over the base value."""
    numbers, listings = rows(FACTS)
    straight, bent = (a_classifier(Join.SUM, one).contributions(numbers, listings) for one in (CALIBRATION, BENT))
    base_values = (straight.base + 2.5) / 1.7
    assert bent.base == pytest.approx(BENT.log_odds(base_values), abs=1e-9)


@pytest.mark.parametrize("join", Join)
def test_a_row_of_which_nothing_is_known_has_a_score(join: Join) -> None:
    nothing = np.full((1, len(NAMES)), np.nan)
    assert np.isfinite(a_classifier(join).log_odds(nothing, [Listing(external_id="MP-0", title="x")])).all()


@pytest.mark.parametrize("join", Join)
def test_a_row_scores_alone_as_it_does_among_others(join: Join) -> None:
    classifier, (together, listings) = a_classifier(join), rows(FACTS)
    alone = [classifier.one(*row).log_odds for row in zip(together, listings, strict=True)]
    assert classifier.log_odds(together, listings).tolist() == alone


def test_a_sum_has_the_feature_set_and_a_stack_one_column_more() -> None:
    assert (learner_columns(Join.SUM), learner_columns(Join.STACK)) == (NAMES, (*NAMES, TEXT_COLUMN))
