"""Cases go to the least loaded analyst on duty, new brands to the least loaded account manager."""

import pytest

from models.errors import Invalid
from serving.accounts.rules.access import Role
from serving.administration.service import provisioning
from serving.administration.service.provisioning import NewEnrolment
from serving.brands.store import brands
from serving.cases.policy import AssignmentPolicy
from serving.cases.store import assignments, cases
from serving.review.service.assignment import assign_cases, manager_for
from serving.review.service.case_access import lease
from tests.fixtures.runtimes import Site, a_case, invite
from tests.serving.web.visits import visit_as, words


def offered(site: Site) -> dict[str, str]:
    return site.read(assignments.standing, {site.here}, site.clock.now())


def some_cases(site: Site, many: int) -> list[str]:
    """Cases with the highest priority first."""
    return [a_case(site, external_id=f"MP-{n}", price=f"{900 - n}.00").case_id for n in range(many)]


def test_cases_are_assigned_in_turn_to_the_analysts_on_duty(any_site: Site) -> None:
    found = some_cases(any_site, 3)
    assert assign_cases(any_site.runtime) == 0  # Nobody is here.
    visit_as(any_site, any_site.analyst)
    visit_as(any_site, any_site.second_analyst)
    assert assign_cases(any_site.runtime) == 3
    shared = offered(any_site)
    assert set(shared) == set(found)
    assert sorted([*shared.values()].count(one.user_id) for one in (any_site.analyst, any_site.second_analyst)) == [
        1,
        2,
    ]
    assert assign_cases(any_site.runtime) == 0  # Each is assigned once.


def test_an_analyst_with_open_cases_is_assigned_fewer(any_site: Site) -> None:
    found = some_cases(any_site, 4)
    visit_as(any_site, any_site.analyst)
    visit_as(any_site, any_site.second_analyst)
    for case_id in found[:2]:
        lease(any_site.runtime, any_site.analyst, case_id)
    assign_cases(any_site.runtime)
    assert offered(any_site) == dict.fromkeys(found[2:], any_site.second_analyst.user_id)


def test_assignments_are_limited_per_analyst_and_expire(site: Site) -> None:
    some_cases(site, 7)
    visit_as(site, site.analyst)
    assert assign_cases(site.runtime) == site.runtime.policies[AssignmentPolicy].most_each == 5
    site.clock.forward(minutes=31)
    assert offered(site) == {}
    assert assign_cases(site.runtime) == 5


def test_an_assignment_leads_to_the_case_and_bars_nobody_from_it(site: Site) -> None:
    first, second, third = some_cases(site, 3)
    mine = visit_as(site, site.analyst)
    assign_cases(site.runtime)
    assert words(mine.get("/queue").text).count("assigned") == 3
    theirs = visit_as(site, site.second_analyst)
    assert "assigned" not in words(theirs.get("/queue").text)
    assert theirs.get(f"/cases/{second}").status_code == 200  # Opened all the same, and now theirs.
    fields = {"version_id": version_of(site, first), "judgement": "genuine"}
    assert mine.post(f"/cases/{first}/verdict", fields).headers["location"] == f"/cases/{third}"


def version_of(site: Site, case_id: str) -> str:
    return site.read(cases.get, site.here, case_id).version_id


def test_a_new_brand_goes_to_the_account_manager_with_the_fewest(any_site: Site) -> None:
    runtime = any_site.runtime
    nora = invite(runtime, "nora@touchstone.example", "Nora Beck", Role.ACCOUNT_MANAGER)
    for name in ("Corvane", "Delmare", "Estival"):
        provisioning.add_brand(runtime, name=name, aliases=[], gtin_prefixes=[], by="test")
        provisioning.enrol(runtime, NewEnrolment(name, None, True), by="test")
    with runtime.store.read() as connection:
        found = {one.name: one.account_manager_id for one in brands.enrolments(connection, any_site.here).values()}
    # Lena already manages two brands.
    assert (found["Corvane"], found["Delmare"]) == (nora.user_id, nora.user_id)
    assert found["Estival"] in {nora.user_id, any_site.account_manager.user_id}  # Equal by now.


def test_enrolling_again_without_a_name_keeps_the_account_manager(site: Site) -> None:
    invite(site.runtime, "nora@touchstone.example", "Nora Beck", Role.ACCOUNT_MANAGER)
    provisioning.enrol(site.runtime, NewEnrolment("Aurelle", None, True), by="test")
    assert site.read(brands.enrolments, site.here)[site.brand_id].account_manager_id == site.account_manager.user_id


def test_without_an_account_manager_a_brand_cannot_be_enrolled(site: Site) -> None:
    elsewhere = provisioning.add_marketplace(site.runtime, name="Elsewhere", base_currency="EUR", by="test")
    with site.runtime.store.read() as connection, pytest.raises(Invalid, match="has no account manager"):
        manager_for(connection, elsewhere.marketplace_id)
