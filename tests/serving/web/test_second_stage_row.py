"""The second score on the model page: a gain is named as one only where the interval over sellers leaves zero out."""

from typing import Any

import pytest

from serving.web.model.model_report import second_stage_of
from tests.fixtures.runtimes import Site
from tests.serving.web.reports import SECOND_STAGE, a_report, add_model
from tests.serving.web.visits import visit_as, words


def report_with_stage(low: float | None, high: float | None, **changes: Any) -> dict[str, Any]:
    gain = {"ap": 0.026, "ap_interval": [low, high]}
    return {**a_report(), "second_stage": {**SECOND_STAGE, "gain": gain, **changes}}


@pytest.mark.parametrize(
    ("low", "high", "gains", "says"),
    [
        (0.001, 0.064, True, "It sorts better than the first answers"),
        (0.0, 0.064, False, "It does not sort better than the first answers beyond chance"),
        (-0.02, 0.064, False, "It does not sort better than the first answers beyond chance"),
        (-0.2, -0.01, False, "It sorts worse than the first answers"),
        (None, None, False, "cannot be estimated"),
    ],
)
def test_a_gain_is_claimed_only_beyond_chance(low: float | None, high: float | None, gains: bool, says: str) -> None:
    second_stage = second_stage_of(report_with_stage(low, high))
    assert second_stage is not None
    assert second_stage.gains is gains
    assert says in second_stage.says


def test_titles_that_it_could_not_read_are_named() -> None:
    second_stage = second_stage_of(report_with_stage(0.001, 0.064, failed=3))
    assert second_stage is not None
    assert second_stage.titles == "400 titles, 3 of them unreadable"


@pytest.mark.parametrize("report", [a_report(), {**a_report(), "second_stage": None}])
def test_a_model_without_an_encoder_has_none(report: dict[str, Any]) -> None:
    assert second_stage_of(report) is None


def test_the_page_of_a_model_shows_it(site: Site) -> None:
    add_model(site, "b" * 64, report_with_stage(-0.02, 0.064))
    shown = words(visit_as(site, site.data_scientist).get(f"/models?digest={'b' * 64}").text)
    assert "It does not sort better than the first answers beyond chance" in shown
    assert "Difference in average precision +0.026 (−0.020 to +0.064); with it 0.551." in shown
