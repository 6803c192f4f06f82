import math
from collections.abc import Sequence

import pytest

from features.message import message
from features.references import PriceReference, PriceSamples
from models.score import Reason
from serving.web import charts
from serving.web.bar_charts import age_box, bars
from serving.web.charts import ComparableReference
from serving.web.model import model_charts
from serving.web.series_charts import Gap, Layer, drift_grid, round_levels, sparkline, stacked_area
from tests.fixtures.facts import some_facts

REFERENCE = PriceReference(math.log(200.0), 0.1, 40)


def test_a_score_stands_on_its_bar_where_it_belongs_and_never_beyond() -> None:
    bar = charts.score_bar(0.5, [("ask", 0.35)], most=1.0, width=100)
    assert (bar.x, bar.notches[0].x) == (50.0, 35.0)
    assert charts.score_bar(140, [], most=100, width=100).x == 100.0
    assert charts.score_bar(-10, [], most=100, width=100).x == 0.0


def test_a_listing_at_the_median_is_drawn_on_it() -> None:
    chart = charts.price_chart(200.0, [ComparableReference("Bags", REFERENCE)], currency="EUR", claimed=None)
    assert chart.listing.x == chart.strips[0].x
    assert chart.label == "This listing €200. Bags, n = 40: median €200, typical range €172 to €232."


def test_the_axis_begins_at_zero_and_holds_everything() -> None:
    chart = charts.price_chart(900.0, [ComparableReference("Bags", REFERENCE)], currency="EUR", claimed=1500.0)
    assert [tick.text for tick in chart.ticks] == ["0", "€500", "€1,000", "€1,500"]
    assert chart.ticks[0].at == 8.0
    assert chart.claimed is not None
    assert chart.listing.x < chart.claimed.x <= 412.0


def test_words_that_would_stand_in_each_others_way_are_left_out() -> None:
    chart = charts.price_chart(100.0, [ComparableReference("Bags", REFERENCE)], currency="EUR", claimed=110.0)
    assert chart.claimed is not None
    assert chart.claimed.hidden
    far = charts.price_chart(20.0, [ComparableReference("Bags", REFERENCE)], currency="EUR", claimed=400.0)
    assert far.claimed is not None
    assert not far.claimed.hidden


def test_a_long_name_leaves_room_for_the_median() -> None:
    chart = charts.price_chart(100.0, [ComparableReference("x" * 400, REFERENCE)], currency="EUR", claimed=None)
    assert len(chart.strips[0].name) < 60


def test_a_row_without_price_or_reference_has_no_mark() -> None:
    assert charts.price_mark(some_facts(price=None, currency=None).price) is None


def test_reasons_share_one_scale_and_lean_to_their_side() -> None:
    up, small, down = charts.reason_bars(
        [
            Reason("a", message("item_ratings", n=1), 1.8),
            Reason("b", message("item_ratings", n=1), 0.9),
            Reason("c", message("item_ratings", n=1), -0.2),
        ],
        digits=2,
    )
    assert (up.weight, small.weight, down.weight) == ("+1.80", "+0.90", "−0.20")
    assert up.width == pytest.approx(2 * small.width)
    assert up.width == pytest.approx(9 * down.width)
    assert down.x + down.width == up.x == 40.0


def test_a_quotation_has_the_counts_behind_it() -> None:
    counts = {"counterfeit": 31, "counterfeits": 44, "genuine": 3, "genuines": 210}
    contrast = message("wording.contrast", phrase="mirror", of=message("wording.in_language"), **counts)
    [bar] = charts.reason_bars(
        [Reason("wording", message("wording", words=("mirror",), contrasts=(contrast,)), 1.0)], 2
    )
    assert bar.details == (
        "“mirror”: in 31 of 44 confirmed counterfeits and 3 of 210 genuine listings in this language.",
    )


def test_reasons_for_the_seller_alone_fit_too() -> None:
    [bar] = charts.reason_bars([Reason("a", message("item_ratings", n=1), -3.0)], digits=0)
    assert (bar.x, bar.width) == (0.0, 40.0)


def test_wilsons_interval_is_that_of_the_tables() -> None:
    # Newcombe 1998, table I: 15 of 148 is 0.0624 to 0.1605 with z = 1.96.
    assert model_charts.wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert model_charts.wilson(0, 20)[0] == 0.0
    assert model_charts.wilson(20, 20)[1] == pytest.approx(1.0)


def test_differences_share_one_scale_and_noise_does_not_fill_it() -> None:
    small, none = model_charts.difference_bars([(0.51, 0.5), (None, 0.5)])
    assert none is None
    assert small is not None
    assert small.text == "+0.010"
    assert small.width == pytest.approx(7.6)
    [worse] = model_charts.difference_bars([(0.2, 0.5)])
    assert worse is not None
    assert (worse.worse, worse.x + worse.width) == (True, 44.0)


def test_a_roc_curve_is_worked_out_of_precision_and_recall_and_never_falls() -> None:
    curve = {"recall": [0.5, 1.0, 0.4], "precision": [1.0, 0.5, 0.25]}
    chart = model_charts.roc_chart(curve, None, share=0.5, label="ROC")
    # By hand: half of the counterfeits without one genuine listing, all of them with all genuine ones flagged.
    assert chart.ours == "34.0,196.0 34.0,102.0 370.0,102.0 370.0,8.0 370.0,8.0"
    assert chart.theirs is None
    nothing = {"recall": [0.0], "precision": [0.0]}
    assert model_charts.roc_chart(nothing, None, share=0.0, label="").ours == "34.0,196.0 370.0,8.0"


def bags(log_prices: Sequence[float]) -> ComparableReference:
    """Bags with listings at these prices."""
    return ComparableReference("Bags", REFERENCE, PriceSamples(tuple(log_prices), len(log_prices)))


def test_listings_lie_as_dots_over_their_reference_and_stand_on_one_another() -> None:
    prices = [math.log(amount) for amount in (100.0, 200.0, 200.5, 201.0, 250.0)]
    (strip,) = charts.price_chart(150.0, [bags(prices)], currency="EUR", claimed=None).strips
    assert [dot.x for dot in strip.dots] == sorted(dot.x for dot in strip.dots)
    heap = [dot.y for dot in strip.dots if dot.x == strip.x]
    assert len(heap) == 3
    assert heap == sorted(heap, reverse=True)
    assert strip.beyond == 0


def test_a_price_far_away_presses_nothing_to_the_side_and_is_counted() -> None:
    near = charts.price_chart(150.0, [ComparableReference("Bags", REFERENCE)], currency="EUR", claimed=None)
    prices = [math.log(amount) for amount in (150.0, 1e6)]
    chart = charts.price_chart(150.0, [bags(prices)], currency="EUR", claimed=None)
    assert chart.listing == near.listing
    assert (len(chart.strips[0].dots), chart.strips[0].beyond) == (1, 1)


def test_a_heap_of_many_stays_inside_its_strip() -> None:
    prices = [math.log(200.0)] * 20
    (strip,) = charts.price_chart(150.0, [bags(prices)], currency="EUR", claimed=None).strips
    assert len({dot.x for dot in strip.dots}) == 1
    assert min(dot.y for dot in strip.dots) >= strip.y + 16


def test_a_series_is_drawn_from_zero_up_and_ends_in_its_last_value() -> None:
    chart = sparkline([0, 5, 10], "sales", width=104, height=24)
    assert chart.lines == ("2.0,22.0 52.0,12.0 102.0,2.0",)
    assert (chart.end, chart.gaps, chart.label) == ((102.0, 2.0), (), "sales")


def test_what_is_not_known_is_a_gap_from_the_last_known_step_to_the_next_and_no_zero() -> None:
    chart = sparkline([4, None, None, 8, 8], "sales", width=84, height=24)
    assert chart.lines == ("2.0,12.0 2.0,12.0", "62.0,2.0 82.0,2.0")
    assert chart.gaps == (Gap(2.0, 60.0),)
    assert chart.label == "sales; 2 of 5 unknown"


@pytest.mark.parametrize("values", [[None] * 4, [None], []])
def test_an_unknown_series_has_no_line_and_no_end(values: list[float | None]) -> None:
    chart = sparkline(values, "sales")
    assert (chart.lines, chart.end) == ((), None)


def test_zero_is_drawn_and_is_not_unknown() -> None:
    chart = sparkline([0, 0, 0], "sales")
    assert (len(chart.lines), chart.gaps, chart.end) == (1, (), (118.0, 22.0))


def test_layers_stand_on_each_other() -> None:
    chart = stacked_area([Layer("a", "f-ask", (10, 10)), Layer("b", "f-ana", (30, 10))], [(0, "Mon")], "Listings.")
    assert [area.surfaces for area in chart.areas] == [
        ("40.0,143.5 740.0,143.5 740.0,186.0 40.0,186.0",),
        ("40.0,16.0 740.0,101.0 740.0,143.5 40.0,143.5",),
    ]
    assert [level.text for level in chart.levels] == ["0", "10", "20", "30", "40"]
    assert [(tick.at, tick.text) for tick in chart.ticks] == [(40.0, "Mon")]


def test_a_step_that_one_layer_does_not_know_is_known_by_none() -> None:
    layers = [Layer("a", "f-ask", (10, None, 10, 10)), Layer("b", "f-ana", (5, 5, 5, 5))]
    chart = stacked_area(layers, [], "Listings.")
    assert [len(area.surfaces) for area in chart.areas] == [2, 2]
    assert len(chart.gaps) == 1
    assert chart.label == "Listings. 1 of 4 steps are unknown."


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
    grid = drift_grid(
        [("price", (0.01, 0.1, None)), ("age", (0.05, 0.16, 0.3))],
        ("w1", "w2", "w3"),
        bounds=(0.05, 0.1, 0.15, 0.25),
        label="Drift.",
    )
    assert [[cell.tone for cell in row.cells] for row in grid.rows] == [["h0", "h2", None], ["h1", "h3", "h4"]]
    assert grid.rows[0].cells[2].says == "price, w3: unknown"
    assert [row.last for row in grid.rows] == ["?", "0.30"]
