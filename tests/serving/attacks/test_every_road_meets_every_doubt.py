"""Every road that ends in a removal, walked against every doubt about its listing; nothing leaves on any of them.

The people who walk are those on whom the doubt came down: the brand, and the analyst who decided on the listing before.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import product

import pytest

from models.case import CaseLane
from models.errors import DomainError
from models.verdict import Judgement, ReasonCode
from serving.cases.rules.bulk_verdicts import NamedCase
from serving.cases.rules.test_buy import Examiner
from serving.cases.service.bulk_verdicts import BulkAnswer, decide_all
from serving.cases.service.test_buys import Finding, close
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.guards import CSRF_HEADER
from serving.listings.store import listings
from serving.notices.service.notice_complaints import complain
from serving.notices.service.notice_links import PLACE
from serving.reports.service.withdrawing import retract
from tests.fixtures.notifying import items_of, notify
from tests.fixtures.reporting import (
    a_draft,
    a_marketplace_that_listens,
    confirm_together,
    reinstate_on_appeal,
    removal_by_brand,
    report,
)
from tests.fixtures.runtimes import Site, a_case, case_now, having, judge
from tests.fixtures.submitting import submit_report
from tests.serving.attacks.test_roads_around_questions import (
    chosen_case,
    cleared_listing,
    invited_owner,
    removals,
    retracted_listing,
    rival_right,
    unbranded_listing,
)
from tests.serving.cases.service.test_test_buys import examined_test_buy
from tests.serving.web.visits import visit_as

pytestmark = pytest.mark.attack
FAKE = Judgement.COUNTERFEIT


def reinstated_listing(site: Site) -> str:
    """The seller won it back."""
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, "RE-1", brand="Aurelle"))
    return "RE-1"


def found_genuine_by_analyst(site: Site) -> str:
    """An analyst found this version genuine."""
    return cleared_listing(site, site.analyst)


def found_genuine_by_brand(site: Site) -> str:
    """The brand found this version genuine after the analyst's question."""
    return cleared_listing(site, site.brand_person)


def brand_unresolved(site: Site) -> str:
    """Nobody knows whose mark it bears."""
    return unbranded_listing(site)


def reported_in_doubt(site: Site) -> str:
    """The brand has reported it, and an analyst decides."""
    name = unbranded_listing(site)
    report(site, [name], "before")
    return name


def claimed_by_two(site: Site) -> str:
    """Two brands say that it bears their mark."""
    owner, name = invited_owner(site), reported_in_doubt(site)
    submit_report(site.runtime, owner, replace(a_draft(site, [name], "owner"), right_id=rival_right(site)))
    return name


def open_case(site: Site, name: str) -> Case:
    """The open case of a listing, which the analyst opens by choice where there is none."""
    with site.runtime.store.read() as connection:
        listing_id = listings.id_of(connection, site.marketplace_id, name) or ""
        waiting = cases.open_cases(connection, site.marketplace_id, [listing_id]).get(listing_id)
    return waiting or chosen_case(site, site.analyst, name)


def question(site: Site, name: str) -> Case:
    """The analyst who decided before asks the brand."""
    case = open_case(site, name)
    if case.lane is not CaseLane.ASK_BRAND:
        with suppress(DomainError):
            judge(site, site.analyst, case, FAKE)
    return case_now(site, case)


def answer(site: Site, name: str) -> None:
    judge(site, site.brand_person, question(site, name), FAKE)


def page(site: Site, name: str) -> None:
    case = question(site, name)
    visit_as(site, site.brand_person).answer(case.case_id, case.version_id, FAKE.value)


def api(site: Site, name: str) -> None:
    case = question(site, name)
    visitor = visit_as(site, site.brand_person)
    body = {"version_id": case.version_id, "judgement": FAKE.value}
    headers = {CSRF_HEADER: visitor.csrf_token, "idempotency-key": "road"}
    answered = visitor.client.post(f"/api/v1/cases/{case.case_id}/verdicts", json=body, headers=headers)
    assert answered.status_code in {201, 404, 409}, answered.text


def bulk_confirmation(site: Site, name: str) -> None:
    confirm_together(site, [question(site, name)])


def bulk(site: Site, name: str) -> None:
    case = open_case(site, name)
    items = (NamedCase(case.case_id, case.version_id),)
    decide_all(site.runtime, site.analyst, BulkAnswer(site.runtime.ids.new("blk"), FAKE, None, None, items))
    answer(site, name)


def brand_report(site: Site, name: str) -> None:
    report(site, [name], "again")


def notice(site: Site, name: str) -> None:
    notify(site, name)
    answer(site, name)


def complaint(site: Site, name: str) -> None:
    receipt = notify(site, name)
    with suppress(DomainError):
        judge(site, site.analyst, open_case(site, name), Judgement.GENUINE)
    assert items_of(site, receipt)
    with suppress(DomainError):
        complain(site.runtime, receipt.link.rpartition(PLACE)[2], 1, "Look again, please.")
    answer(site, name)


def test_buy(site: Site, name: str) -> None:
    finding = Finding(Examiner.BRAND, "Aurelle", FAKE, "Stitching.", ReasonCode.TRADEMARK_COUNTERFEIT)
    close(site.runtime, site.analyst, examined_test_buy(site, open_case(site, name)), finding)


test_buy.__test__ = False  # type: ignore[attr-defined]  # a road, and no test


def by_choice(site: Site, name: str) -> None:
    judge(site, site.analyst, open_case(site, name), FAKE)


def undo_retraction(site: Site, name: str) -> None:
    done = report(site, [name], "to retract")
    with suppress(DomainError):
        retract(site.runtime, site.brand_person, done.report.report_id, [1])
    case_id = done.outcomes[0].case_id or open_case(site, name).case_id
    with suppress(DomainError):
        undo_verdict(site.runtime, site.brand_person, case_id)
    answer(site, name)


DOUBTS = (
    reinstated_listing,
    found_genuine_by_analyst,
    found_genuine_by_brand,
    brand_unresolved,
    reported_in_doubt,
    claimed_by_two,
    retracted_listing,
)
ROADS = (
    answer,
    page,
    api,
    bulk_confirmation,
    bulk,
    brand_report,
    notice,
    complaint,
    test_buy,
    by_choice,
    undo_retraction,
)
QUICK = {
    (answer, brand_unresolved),
    (brand_report, found_genuine_by_analyst),
    (bulk, reinstated_listing),
    (api, claimed_by_two),
}
PAIRS = [
    pytest.param(road, doubt, id=f"{road.__name__} {doubt.__name__}", marks=() if quick else pytest.mark.soak)
    for road, doubt in product(ROADS, DOUBTS)
    for quick in [(road, doubt) in QUICK]
]


@pytest.mark.parametrize(("road", "doubt"), PAIRS)
def test_no_road_leads_past_a_doubt(
    site: Site, road: Callable[[Site, str], None], doubt: Callable[[Site], str]
) -> None:
    name = having(site, doubt)
    before = removals(site)
    with suppress(DomainError):
        road(site, name)
    assert removals(site) == before


@pytest.mark.parametrize("road", [answer, page, api, bulk_confirmation, brand_report])
def test_each_road_of_a_brand_removes_where_nothing_is_in_doubt(site: Site, road: Callable[[Site, str], None]) -> None:
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-9", brand="Aurelle")
    road(site, "MP-9")
    assert removals(site) == 1
