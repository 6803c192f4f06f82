"""What other thresholds would give, as the model page answers it."""

from typing import Any

import numpy as np
import pytest

from serving.web.model.threshold_part import ThresholdPart, threshold_part
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import a_report, add_model
from tests.serving.web.visits import visit_as, words
from training.evaluate.operating import operating_curve

LABELS = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], dtype=np.int8)
PROBABILITIES = np.array([0.95, 0.85, 0.75, 0.55, 0.45, 0.35, 0.05, 0.05, 0.05, 0.05])


def with_a_curve() -> dict[str, Any]:
    """A report of ten listings: .6 flags three of them, two counterfeit; .2 flags six, three counterfeit."""
    return {**a_report(), "operating_curve": operating_curve(LABELS, PROBABILITIES, np.ones(10))}


def lanes(part: ThresholdPart | None) -> list[tuple[str, str, str, str]]:
    assert part is not None
    return [(lane.key, lane.load, lane.precision, lane.recall) for lane in part.lanes]


def test_the_models_own_thresholds_are_shown_first_and_the_lanes_add_up() -> None:
    part = threshold_part(with_a_curve(), {}, 200.0)
    assert lanes(part) == [
        ("ask", "60.0", "0.67", "0.67"),
        ("analyst", "60.0", "0.33", "0.33"),
        ("both", "120.0", "0.50", "1.00"),
    ]
    assert part is not None
    assert (part.ask, part.analyst, part.is_models_own, part.unit) == ("0.60", "0.20", True, "listings per day")


GIVEN = [
    ({"ask": "0.9", "analyst": "0.5"}, ("0.90", "0.50"), "moved"),
    ({"ask": "0.3", "analyst": "0.5"}, ("0.30", "0.30"), "the threshold of brands is the limit"),
    ({"ask": "1.5", "analyst": "nan"}, ("0.60", "0.20"), "no thresholds"),
    ({"ask": "-.4", "analyst": "1e-1"}, ("0.60", "0.20"), "no thresholds either"),
    ({"ask": "0", "analyst": ".01"}, ("0.60", "0.01"), "nothing before the point"),
]


@pytest.mark.parametrize(("query", "expected", "reason"), GIVEN, ids=[row[-1] for row in GIVEN])
def test_thresholds_are_taken_from_the_address_if_they_are_some(
    query: dict[str, str], expected: tuple[str, str], reason: str
) -> None:
    part = threshold_part(with_a_curve(), query, 200.0)
    assert part is not None
    assert (part.ask, part.analyst) == expected, reason


def test_where_nothing_is_flagged_there_is_no_precision() -> None:
    assert lanes(threshold_part(with_a_curve(), {"ask": "0.99"}, 200.0))[0] == ("ask", "0.0", "none", "0.00")


def test_without_live_listings_the_load_is_of_a_thousand() -> None:
    part = threshold_part(with_a_curve(), {}, None)
    assert part is not None
    assert (lanes(part)[0][1], part.unit) == ("300.0", "listings of 1,000")


def test_the_script_reads_a_point_for_each_hundredth() -> None:
    part = threshold_part(with_a_curve(), {}, 200.0)
    assert part is not None
    points = part.curve.split(";")
    assert len(points) == 99
    assert points[59] == "0.30000,0.20000,0.66667"
    assert len(part.table) == 19


def test_a_report_from_before_the_curve_has_no_such_part(site: Site) -> None:
    assert threshold_part(a_report(), {}, 200.0) is None
    add_model(site, "b" * 64, a_report())
    assert "Other thresholds" not in words(visit_as(site, site.data_scientist).get("/models").text)


def test_the_page_answers_for_the_thresholds_of_its_address(site: Site) -> None:
    add_model(site, "b" * 64, with_a_curve())
    text = words(visit_as(site, site.analyst).get("/models?ask=0.90&analyst=0.50").text)
    assert "Ask brand 100.0 1.00 0.33 Analyst review 300.0 0.67 0.67 Both together 400.0 0.75 1.00" in text
    assert "Load, listings of 1,000" in text
