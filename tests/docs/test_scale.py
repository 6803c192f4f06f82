"""docs/scale.md says what its unit costs and assumptions give."""

from dataclasses import replace

from tests.benchmarks import scale
from tests.benchmarks.scale import PAGE, VOLUMES, Needs, costs_of_page, needs

COSTS = costs_of_page(PAGE.read_text(encoding="utf-8"))


def test_the_table_is_computed_from_the_tables_above_it() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert scale.with_computed_table(page) == page, "run python -m tests.benchmarks.scale"


def test_every_unit_cost_was_measured() -> None:
    measured = [name for name in COSTS if name.endswith(("_ms", "_bytes"))]
    assert all(COSTS[name] > 0 for name in measured)


def test_a_volume_by_hand() -> None:
    costs = dict.fromkeys(COSTS, 0.0) | {
        "peak_over_mean": 2,
        "usable_share": 0.5,
        "intake_service_ms": 3,
        "intake_database_ms": 1,
        "listing_bytes": 1_000,
        "listing_log_bytes": 500,
        "share_to_people": 0.001,
        "decision_seconds": 36,
        "reviewer_hours": 5,
        "kept_days": 10,
        "copies": 2,
        "largest_database_cores": 16,
        "largest_log_megabytes": 1,
        "largest_database_terabytes": 10,
        "core_hour_price": 0.5,
        "gb_month_price": 0.1,
    }
    computed_needs = needs(86_400_000, costs)  # 1,000 a second.
    # 2,000 a second at the peak, of 3 ms and 1 ms, at half of each core; 864 GB; 86,400 decisions of 36 s.
    assert replace(computed_needs, bottleneck="", money_a_month=round(computed_needs.money_a_month, 2)) == Needs(
        listings_a_day=86_400_000,
        listings_a_second=2_000,
        service_cores=12,
        database_cores=4,
        database_servers=1,
        log_megabytes_a_second=1.0,
        terabytes=0.864,
        training_core_hours=0,
        reviewers=173,
        money_a_month=7_372.8,  # 20 cores for 720 hours at 0.5, and 1,728 GB at 0.1.
        bottleneck="",
    )
    assert computed_needs.bottleneck == "database log, 1.00 of one server"


def test_nothing_gets_cheaper_with_more_listings() -> None:
    all_needs = [needs(volume, COSTS) for volume in VOLUMES]
    for name in ("service_cores", "database_cores", "database_servers", "terabytes", "reviewers", "money_a_month"):
        values = [getattr(volume_needs, name) for volume_needs in all_needs]
        assert values == sorted(values), name
