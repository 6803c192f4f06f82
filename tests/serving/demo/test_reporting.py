from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from serving.demo.reporting import REPORTING_BRANDS, PlannedReport, planned_reports
from training.simulation.synthetic import Settings, World, build_world

_SEED: Final = 3


@pytest.fixture(scope="module")
def world() -> World:
    """The world of a small demo."""
    return build_world(Settings(listings=1_000, seed=_SEED, start=datetime(2026, 1, 1, tzinfo=UTC), days=60))


@pytest.fixture(scope="module")
def demo_reports(world: World) -> tuple[PlannedReport, ...]:
    """The reports of that demo."""
    return planned_reports(world, _taking_part(world), _SEED)


def _taking_part(world: World) -> list[str]:
    return [market_brand.brand.brand_id for market_brand in world.brands if market_brand.takes_part]


def test_the_reports_of_a_demo_depend_on_its_seed_alone(world: World, demo_reports: tuple[PlannedReport, ...]) -> None:
    assert planned_reports(world, set(_taking_part(world)), _SEED) == demo_reports
    assert planned_reports(world, _taking_part(world), _SEED + 1) != demo_reports


def test_some_reports_rest_on_a_test_buy_of_a_counterfeit_that_they_name(
    world: World, demo_reports: tuple[PlannedReport, ...]
) -> None:
    bought = [report for report in demo_reports if report.bought is not None]
    assert 0 < len(bought) < len(demo_reports)
    assert all(report.bought in report.listings and world.truth[report.bought or ""].counterfeit for report in bought)


def test_a_few_brands_report_listings_of_every_kind(world: World, demo_reports: tuple[PlannedReport, ...]) -> None:
    arrival = {str(sending.row.get("external_id")): sending.at for sending in reversed(world.sent)}
    assert len({report.brand_id for report in demo_reports}) == REPORTING_BRANDS
    own, unknown, others, again = 0, 0, 0, 0
    named: dict[str, set[str]] = {}
    for report in demo_reports:
        before = named.setdefault(report.brand_id, set())
        for name in report.listings:
            if world.truth[name].brand_id != report.brand_id:
                others += 1
            elif name in before:
                again += 1
            elif arrival[name] > report.at + timedelta(days=4):
                unknown += 1
            else:
                own += 1
            before.add(name)
    assert min(own, unknown, others, again) >= REPORTING_BRANDS, (own, unknown, others, again)
