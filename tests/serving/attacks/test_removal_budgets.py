"""Drills of a day and of a week: what a patient thief gets out with one secret, and with two, at any pace.

Small sizes; the full ones are marked `soak`.
"""

import pytest
from sqlalchemy import select

from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.cases.rules.case_brand import Naming
from serving.cases.store import cases
from serving.listings.store import listings
from serving.review.service.decision_context import Answer
from serving.review.service.opening import open_by_choice
from serving.review.service.review import record_verdict
from serving.takedowns.tables import action
from tests.fixtures.reporting import on_sale, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import confirmed_report, in_full_standing

pytestmark = pytest.mark.attack
A_DAY, A_WEEK = 40, 120
HOURS = [pytest.param(3, id="3 hours"), pytest.param(24, marks=pytest.mark.soak, id="24 hours")]


def left(site: Site) -> int:
    """The number of removals that leave without anybody's approval, sooner or later."""
    with site.runtime.store.read() as connection:
        states = connection.execute(select(action.c.state).where(action.c.kind == "remove")).scalars().all()
    return sum(state not in {"held", "withdrawn"} for state in states)


def remove_by_choice(site: Site, person: Person, name: str) -> None:
    """Open a case on a listing that nobody flagged, under a typed mark and owner, and confirm it."""
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.here, name)
    case_id = open_by_choice(site.runtime, person, listing_id or "")
    with site.runtime.store.read() as connection:
        case = cases.get(connection, site.here, case_id)
    naming = Naming.of(brand_id=None, mark="Vela Nord", owner="Vela AG", reason="The label is of another mark.")
    record_verdict(site.runtime, person, Answer(case_id, case.version_id, Judgement.COUNTERFEIT, naming=naming))


@pytest.mark.parametrize("hours", HOURS)
def test_a_stolen_brand_session_at_the_permitted_pace_gets_at_most_its_day_out(site: Site, hours: int) -> None:
    names = on_sale(site, 20 * hours)
    for hour in range(hours):
        report(site, names[20 * hour : 20 * hour + 20], f"hour {hour}")
        site.clock.forward(hours=1)
    assert left(site) <= A_DAY


@pytest.mark.parametrize("hours", HOURS)
def test_a_stolen_analyst_session_gets_at_most_its_day_of_chosen_listings_out(site: Site, hours: int) -> None:
    for number, name in enumerate(on_sale(site, 20 * hours)):
        if number and not number % 20:
            site.clock.forward(hours=1)
        remove_by_choice(site, site.analyst, name)
    assert left(site) <= A_DAY


@pytest.mark.soak
def test_of_a_stolen_second_factor_the_day_is_in_place_of_the_budget(site: Site) -> None:
    here = in_full_standing(site)
    confirmed_report(here, 300)
    here.clock.forward(minutes=2)
    report(here, on_sale(here, 20, 1_000), "on top")
    assert left(here) <= 300
