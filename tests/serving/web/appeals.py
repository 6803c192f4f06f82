"""Short ways to an appeal, and to the case on which it is decided."""

from datetime import timedelta

from models.case import CaseLane
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.cases.store.cases import Case
from tests.fixtures.receivers import deliver
from tests.fixtures.runtimes import Site, a_case, judge, open_cases

STATEMENT = "I bought it in the shop in Paris.\n<b>Please</b> look again."


def an_appeal(site: Site, *, decided_by_analyst: bool = False) -> Case:
    """An open appeal's case; the removal was confirmed by the brand, or by an analyst where no brand takes part."""
    if decided_by_analyst:
        case = a_case(site, title="So1enne tote 1:1 mirror quality")
        recorded = judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    else:
        case = a_case(site, CaseLane.ASK_BRAND)
        recorded = judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    assert recorded.action is not None
    site.clock.forward(seconds=timedelta(minutes=4).total_seconds())
    deliver(site.runtime, site.here, recorded.action.action_id)
    file_appeal(site.runtime, site.marketplace, Complaint("A-1", recorded.action.external_id, STATEMENT))
    [found] = open_cases(site, CaseLane.APPEAL)
    return found
