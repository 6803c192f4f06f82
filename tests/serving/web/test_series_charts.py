import pytest

from serving.web.bar_charts import age_box, bars
from serving.web.series_charts import Gap, Layer, drift_grid, round_levels, sparkline, stacked_area


def test_a_series_is_drawn_from_zero_up_and_ends_in_its_last_value() -> None:
    found = sparkline([0, 5, 10], "sales", width=104, height=24)
    assert found.lines == ("2.0,22.0 52.0,12.0 102.0,2.0",)
    assert (found.end, found.gaps, found.label) == ((102.0, 2.0), (), "sales")


def test_what_is_not_known_is_a_gap_from_the_last_known_step_to_the_next_and_no_zero() -> None:
    found = sparkline([4, None, None, 8, 8], "sales", width=84, height=24)
    assert found.lines == ("2.0,12.0 2.0,12.0", "62.0,2.0 82.0,2.0")
    assert found.gaps == (Gap(2.0, 60.0),)
    assert found.label == "sales; 2 of 5 unknown"


@pytest.mark.parametrize("values", [[None] * 4, [None], []])
def test_an_unknown_series_has_no_line_and_no_end(values: list[float | None]) -> None:
    found = sparkline(values, "sales")
    assert (found.lines, found.end) == ((), None)


def test_zero_is_drawn_and_is_not_unknown() -> None:
    found = sparkline([0, 0, 0], "sales")
    assert (len(found.lines), found.gaps, found.end) == (1, (), (118.0, 22.0))


def test_layers_stand_on_each_other() -> None:
    found = stacked_area([Layer("a", "f-ask", (10, 10)), Layer("b", "f-ana", (30, 10))], [(0, "Mon")], "Listings.")
    assert [area.surfaces for area in found.areas] == [
        ("40.0,143.5 740.0,143.5 740.0,186.0 40.0,186.0",),
        ("40.0,16.0 740.0,101.0 740.0,143.5 40.0,143.5",),
    ]
    assert [level.text for level in found.levels] == ["0", "10", "20", "30", "40"]
    assert [(tick.at, tick.text) for tick in found.ticks] == [(40.0, "Mon")]


def test_a_step_that_one_layer_does_not_know_is_known_by_none() -> None:
    layers = [Layer("a", "f-ask", (10, None, 10, 10)), Layer("b", "f-ana", (5, 5, 5, 5))]
    found = stacked_area(layers, [], "Listings.")
    assert [len(area.surfaces) for area in found.areas] == [2, 2]
    assert len(found.gaps) == 1
    assert found.label == "Listings. 1 of 4 steps are unknown."


@pytest.mark.parametrize("most", [0.0, 0.003, 0.9, 1, 3, 7, 99, 100, 101, 123_456])
def test_round_levels_reach_over_everything_in_few_steps(most: float) -> None:
    levels = round_levels(most)
    assert levels[0] == 0
    assert levels[-1] >= most
    assert 2 <= len(levels) <= 6


def test_an_age_box_says_what_is_late() -> None:
    assert not age_box(1, 2, 6, 11, 24).late
    late = age_box(12, 30, 70, 181, 168)
    assert late.late
    assert late.limit_x < late.oldest_x <= 230
    assert late.label == "Age: median 30 h, oldest 181 h, limit 168 h"


def test_a_bar_that_is_not_known_is_hatched_over_the_whole_height() -> None:
    known, unknown, marked = bars([17, None, 34], "Deliveries.", marked=(2,)).bars
    assert (known.height, known.known, known.marked) == (17.0, True, False)
    assert (unknown.height, unknown.known) == (34.0, False)
    assert marked.marked
    assert bars([1, None], "Deliveries.").label == "Deliveries. 1 of 2 unknown."


def test_a_grid_shades_by_bounds_and_leaves_unknown_fields_without_a_shade() -> None:
    found = drift_grid(
        [("price", (0.01, 0.1, None)), ("age", (0.05, 0.16, 0.3))],
        ("w1", "w2", "w3"),
        bounds=(0.05, 0.1, 0.15, 0.25),
        label="Drift.",
    )
    assert [[cell.tone for cell in row.cells] for row in found.rows] == [["h0", "h2", None], ["h1", "h3", "h4"]]
    assert found.rows[0].cells[2].says == "price, w3: unknown"
    assert [row.last for row in found.rows] == ["?", "0.30"]
