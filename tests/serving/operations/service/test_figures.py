from typing import Any

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.service import provisioning
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.listings.service.intake import receive_rows
from serving.operations.service.figures import service_figures
from serving.operations.service.housekeeping import pass_on_unanswered, refresh_references
from tests.fixtures.receivers import a_receiver, deliver
from tests.fixtures.reporting import report
from tests.fixtures.runtimes import Site, a_case, a_row, having, judge, open_cases


@pytest.fixture
def played_site(site: Site) -> Site:
    """A site with a small history."""
    having(site, play)
    return site


def play(site: Site) -> None:
    """The history, step by step."""
    with a_receiver() as receiver:
        provisioning.register_webhook(
            site.runtime, url=receiver.url, allow_loopback=True, marketplace=None, secret=receiver.secret, by="test"
        )
        rows = [a_row(), a_row(external_id="MP-2"), a_row(external_id="MP-3", price="-1"), "no listing"]
        receive_rows(site.runtime, site.marketplace, rows, source="test")  # Two listings, two rows in quarantine.
        receive_rows(site.runtime, site.marketplace, [a_row()], source="test")  # A repeat, which counts nowhere.
        receive_rows(
            site.runtime, site.marketplace, [a_row(price="450.00")], source="test"
        )  # A second version of MP-1.

        removed = confirmed_removal(site, "MP-11")
        withdrawn = confirmed_removal(site, "MP-12")
        confirmed_removal(site, "MP-13")  # A scheduled removal.
        unheard = confirmed_removal(site, "MP-17")
        undo_verdict(site.runtime, site.brand_person, withdrawn.case_id)
        judge(site, site.analyst, a_case(site, external_id="MP-14"), Judgement.GENUINE)
        a_case(site, external_id="MP-15")  # Waits for an analyst.
        a_case(site, CaseLane.ASK_BRAND, external_id="MP-16")  # Waits for the brand.

        site.clock.forward(minutes=3)
        assert deliver(site.runtime, site.marketplace_id, removed.action_id) == "acknowledged"
        receiver.answer = lambda _number: 503
        assert (
            deliver(site.runtime, site.marketplace_id, unheard.action_id) == "failed"
        )  # It stays in delivery until it arrives.
        file_appeal(site.runtime, site.marketplace, Complaint("a-1", "MP-11", "These goods are genuine."))
        (appealed,) = open_cases(site, CaseLane.APPEAL)
        judge(site, site.second_analyst, appealed, Judgement.GENUINE)  # Upheld: a reinstatement is scheduled.
        report(site, ["MP-1", "MP-404", "MP-13", "MP-1", "MP-11"])


class ConfirmedRemoval:
    """A removal that the brand confirmed."""

    def __init__(self, case_id: str, action_id: str) -> None:
        self.case_id, self.action_id = case_id, action_id


def confirmed_removal(site: Site, external_id: str) -> ConfirmedRemoval:
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id)
    action = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert action is not None
    return ConfirmedRemoval(case.case_id, action.action_id)


def test_the_figures_are_those_counted_by_hand(any_site: Site) -> None:
    play(any_site)
    assert service_figures(any_site.runtime, any_site.marketplace) == {
        "listings": 9,  # MP-1, MP-2, MP-11 to MP-17.
        "versions": 10,
        "observations": 10,
        "quarantined": 2,
        "scored": 10,
        "routes": {"no_action": 3, "analyst": 7, "ask_brand": 0, "audit": 0, "insufficient_evidence": 0},
        # An analyst's on MP-11, 12, 13, 16 and 17, the brand's on all but MP-16; genuine are MP-14 and the appeal.
        # The brand's reports of MP-1 and MP-11 are two more.
        "verdicts": {"counterfeit": 11, "genuine": 2, "withdrawn": 1},
        "open_cases": {"analyst": 2, "ask_brand": 2},  # MP-15 and MP-11; MP-16 and MP-12, which the undo opened again.
        "removal_checks": {  # The marketplace has named no status address.
            "asked": 0,
            "gone": 0,
            "still_shown": 0,
            "unknown": 0,
            "given_back": 0,
            "median_seconds_to_removal": None,
        },
        "appeals": {"upheld": 1},
        "counter_notices": {},
        # MP-1; MP-404 was never sent; MP-13 is removed already, and MP-1 is named twice. MP-11 was reinstated before.
        "reports": {"items": 5, "scheduled": 1, "pending_approval": 0, "cases": 1, "unknown": 1, "refused": 2},
        "removals": {"withdrawn": 1, "pending_approval": 0, "scheduled": 2, "sent": 2, "acknowledged": 1},
        "reinstatements": {"scheduled": 1, "sent": 0, "acknowledged": 0},
        "pending": 4,
    }


def test_the_figures_add_up(played_site: Site) -> None:
    all_figures = service_figures(played_site.runtime, played_site.marketplace)
    assert all_figures["scored"] == all_figures["versions"] == sum(all_figures["routes"].values())
    removals, reinstatements = all_figures["removals"], all_figures["reinstatements"]
    sending = removals["sent"] - removals["acknowledged"] + reinstatements["sent"] - reinstatements["acknowledged"]
    assert all_figures["pending"] == removals["scheduled"] + reinstatements["scheduled"] + sending


def test_what_happens_in_one_marketplace_is_no_figure_of_another(played_site: Site) -> None:
    other = provisioning.add_marketplace(played_site.runtime, name="Elsewhere", base_currency="USD", by="test")

    def total(figure: Any) -> int:
        return sum(total(part) for part in figure.values()) if isinstance(figure, dict) else int(figure or 0)

    assert total(service_figures(played_site.runtime, other)) == 0
    assert total(service_figures(played_site.runtime, played_site.marketplace)) > 0


def test_a_question_goes_to_an_analyst_when_the_brand_has_not_answered_in_time(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(seconds=(case.due_at - any_site.clock.now()).total_seconds() - 1)
    assert pass_on_unanswered(any_site.runtime) == 0
    any_site.clock.forward(seconds=1)
    assert pass_on_unanswered(any_site.runtime) == 1
    (returned,) = open_cases(any_site)
    assert (returned.lane, returned.question_returned) == (CaseLane.ANALYST, True)
    assert returned.due_at > case.due_at
    assert "has not answered in time" in str(any_site.read(cases.timeline, any_site.marketplace_id, case.case_id))


def test_a_silent_brand_is_not_asked_again_so_that_a_case_has_an_end(any_site: Site) -> None:
    a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(days=30)
    pass_on_unanswered(any_site.runtime)
    (returned,) = open_cases(any_site)
    assert judge(any_site, any_site.analyst, returned, Judgement.COUNTERFEIT).action is not None
    assert open_cases(any_site) == []


def test_a_question_that_a_brand_is_answering_at_this_moment_is_left_to_it(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    any_site.clock.forward(days=30)
    assert pass_on_unanswered(any_site.runtime) == 0


def test_references_are_worked_out_once_in_six_hours(any_site: Site) -> None:
    rows = [a_row(external_id=f"MP-{i}", price=str(100 + i)) for i in range(40)]
    receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    any_site.clock.forward(days=1)
    assert refresh_references(any_site.runtime) == 1
    assert refresh_references(any_site.runtime) == 0
    any_site.clock.forward(hours=6)
    assert refresh_references(any_site.runtime) == 1
