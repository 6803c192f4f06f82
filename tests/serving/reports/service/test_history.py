"""What became of each listing of a report, on its page and as a file."""

import csv
from io import StringIO

from models.case import CaseLane
from models.verdict import Judgement
from serving.reports.service.history import OBJECTED
from serving.reports.service.withdrawing import withdraw
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from tests.fixtures.reporting import (
    a_marketplace_that_listens,
    a_rival,
    carry_out_action,
    dismiss_appeal,
    on_sale,
    reinstate_on_appeal,
    report,
)
from tests.fixtures.runtimes import Site, judge, open_cases
from tests.serving.attacks.test_roads_around_questions import unbranded_listing, won_back_listing
from tests.serving.web.visits import visit_as, words


def a_report_with_a_history(site: Site) -> str:
    """Five listings: reinstated, objected in vain, withdrawn, judged to stay, and pending on an analyst's verdict."""
    names = [*on_sale(site, 3), unbranded_listing(site), won_back_listing(site)]
    sent = report(site, names).report
    withdraw(site.runtime, site.brand_person, sent.report_id, [3])
    (stays,) = [case for case in open_cases(site, CaseLane.ANALYST) if case.brand_id is None]
    (goes,) = [case for case in open_cases(site, CaseLane.ANALYST) if case.brand_id == site.brand_id]
    judge(site, site.analyst, stays, Judgement.GENUINE)
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, carry_out_action(site, removal_of(site, names[0])))
        dismiss_appeal(site, carry_out_action(site, removal_of(site, names[1])))
        judge(site, site.analyst, goes, Judgement.COUNTERFEIT)
    return sent.report_id


def removal_of(site: Site, name: str) -> StoredAction:
    latest = site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=20)
    return next(action for action in latest if action.external_id == name)


def test_each_listing_of_a_report_has_its_events_in_order(any_site: Site) -> None:
    report_id = a_report_with_a_history(any_site)
    visitor = visit_as(any_site, any_site.brand_person)
    answer = visitor.get(f"/brand/reports/{report_id}/history.csv")
    rows = list(csv.DictReader(StringIO(answer.content.decode("utf-8-sig"))))
    by_number: dict[str, list[str]] = {}
    for row in rows:
        by_number.setdefault(row["number"], []).append(row["event"])
    assert by_number == {
        "1": ["scheduled", "removed", OBJECTED, "reinstated"],
        "2": ["scheduled", "removed", OBJECTED, "removed"],
        "3": ["scheduled", "withdrawn"],
        "4": ["with_analyst", "rejected"],
        "5": ["with_analyst", "pending_approval"],
    }
    moments = [(row["number"], row["at"]) for row in rows]
    assert moments == sorted(moments)
    assert [row["reason"] for row in rows if row["event"] == "reinstated"] == ["Upheld: the listing is reinstated"]
    page = words(visitor.get(f"/brand/reports/{report_id}").text)
    assert "Seller objected" in page
    assert "4 events" in page
    sent = words(visitor.get("/brand/reports").text).partition("Your reports")[2]
    assert "Accepted: 1 Rejected: 1 Overturned: 1 Withdrawn: 1 In progress: 1 5 listings" in sent


def test_a_history_is_its_own_brand_s(site: Site) -> None:
    report_id = report(site, on_sale(site, 1)).report.report_id
    assert visit_as(site, a_rival(site)).get(f"/brand/reports/{report_id}/history.csv").status_code == 404
