"""A brand's own reports in the records and reports of the Digital Services Act."""

from datetime import datetime
from typing import Any

from models.case import CaseLane
from models.verdict import Judgement
from serving.reports.service.withdrawing import retract, withdraw
from serving.standing.rules.standing import Level
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.transparency.service.transparency_tables import TableName
from tests.fixtures.reporting import a_marketplace_that_listens, carry_out_action, on_sale, removal_by_brand, report
from tests.fixtures.runtimes import Site, having, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.serving.transparency.service.test_transparency_tables import read


def play(site: Site) -> None:
    """Eight reported listings: two removed, one with an analyst, one that stays, one of each other end."""
    names = on_sale(site, 5)
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
        first = report(site, [*names[:3], "XX-404", names[0]])
        withdraw(site.runtime, site.brand_person, first.report.report_id, [3])
        for name in names[:2]:
            carry_out_action(site, _action_on(site, name))
        retract(site.runtime, site.brand_person, first.report.report_id, [2])
        in_level(site, Level.SUSPENDED)
        report(site, names[3:], key="second")
        genuine_case, _ = sorted(open_cases(site, CaseLane.ANALYST), key=lambda case: case.case_id)
        site.clock.forward(hours=6)
        judge(site, site.analyst, genuine_case, Judgement.GENUINE)


def _action_on(site: Site, name: str) -> StoredAction:
    removals = site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=100)
    return next(removal for removal in removals if removal.external_id == name)


def aggregates(site: Site, since: datetime) -> dict[tuple[str, str], Any]:
    rows = read(site, TableName.AGGREGATES, since)
    return {(row["part"], row["indicator"]): row["value"] for row in rows if row["category"] is None}


def test_reports_of_brands_are_notices_and_not_own_initiative(any_site: Site) -> None:
    begins = any_site.clock.now()
    having(any_site, play)
    figures = aggregates(any_site, begins)
    # The removals: MP-1, on a question of ours, and two on reports.
    assert figures["own_initiative", "removals"] == 1
    assert figures["own_initiative", "removals_found_by_automated_means"] == 1
    notices = {indicator: figure for (part, indicator), figure in figures.items() if part == "notices"}
    # Six reported listings; the one that was withdrawn in the undo window is no notice.
    assert notices == {
        "offers_notified": 6,
        "offers_notified_by_trusted_flaggers": 0,
        "removed_on_the_basis_of_the_law": 2,
        "removed_on_the_basis_of_terms": 0,
        "no_action": 1,
        "invalid": 0,
        "waiting": 2,
        "processed_by_automated_means_alone": 1,
        "median_hours_to_decision": 0,
    }


def test_a_retraction_is_no_misuse_of_notices(site: Site) -> None:
    begins = site.clock.now()
    names = on_sale(site, 2)
    with a_marketplace_that_listens(site):
        done = report(site, names)
        for name in names:
            carry_out_action(site, _action_on(site, name))
    site.clock.forward(days=1)
    retract(site.runtime, site.brand_person, done.report.report_id, [1])
    assert [row for row in read(site, TableName.ARTICLE_23, begins) if row["subject_kind"] == "notifier"] == []
