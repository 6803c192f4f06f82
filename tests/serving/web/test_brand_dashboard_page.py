from dataclasses import replace
from datetime import datetime

import pytest

from models.case import CaseLane
from models.labels import Label, NoLabel
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.accounts.rules.access import Permission
from serving.brands.service.brand_records import gather
from serving.learning.service import labelling
from serving.learning.service.labelling import label_of
from serving.learning.store.verdict_history import VerdictHistory
from serving.listings.service.intake import receive_rows
from serving.reports.service.withdrawing import withdraw
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from tests.fixtures.reporting import (
    a_marketplace_that_listens,
    a_rival,
    carry_out_action,
    on_sale,
    reinstate_on_appeal,
    removal_by_brand,
    report,
)
from tests.fixtures.runtimes import Site, a_case, a_row, judge, open_cases
from tests.serving.web.visits import visit_as, words

_PLACE = "/brand/dashboard"


def test_the_dashboard_says_what_answers_came_to_and_how_fast(site: Site) -> None:
    question = a_case(site, CaseLane.ASK_BRAND, external_id="MP-1")
    site.clock.forward(hours=3)
    judge(site, site.brand_person, question, Judgement.GENUINE)
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, "MP-2"))
    text = words(visit_as(site, site.brand_person).get(_PLACE).text)
    assert "2 in total" in text
    assert "Rejected The seller appealed and was right. The listing is reinstated. 1" in text
    assert "No removal requested The answer does not ask for a removal. 1" in text
    assert "Upheld: the listing is reinstated 1" in text
    assert "of 2 answers" in text
    assert "of 1 removal" in text


def test_a_question_is_timed_from_when_it_came_to_the_brand(any_site: Site) -> None:
    """Not from the opening of the analyst's case: the analyst's hours are not the brand's."""
    case = a_case(any_site)
    any_site.clock.forward(hours=10)
    judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(hours=2)
    judge(any_site, any_site.brand_person, case, Judgement.GENUINE)
    with any_site.runtime.store.read() as connection:
        dashboard = gather(any_site.runtime, connection, (any_site.marketplace_id, any_site.brand_id), 30)
    assert dashboard.record.figures.to_answer.hours == 2.0


def test_prevalence_is_told_from_what_was_drawn_and_is_unknown_without(any_site: Site) -> None:
    pair = (any_site.marketplace_id, any_site.brand_id)
    receive_rows(
        any_site.runtime, any_site.marketplace, [a_row(external_id=f"MP-{i}") for i in range(4)], source="test"
    )
    with any_site.runtime.store.read() as connection:
        before = gather(any_site.runtime, connection, pair, 30)
    assert before.whole.listings == 4
    assert before.whole.estimate.share is None
    drawing = replace(any_site.runtime, draw=lambda: 0.0)
    receive_rows(drawing, any_site.marketplace, [a_row(external_id="MP-9")], source="test")
    [drawn] = open_cases(any_site, CaseLane.AUDIT)
    judge(any_site, any_site.analyst, drawn, Judgement.GENUINE)
    any_site.clock.forward(days=25)
    with any_site.runtime.store.read() as connection:
        after = gather(any_site.runtime, connection, pair, 30)
    assert (after.whole.listings, after.whole.estimate.audited) == (5, 1)
    assert after.whole.estimate.share == 0
    assert after.whole.estimate.high > 0.2, "one draw says little"
    text = words(visit_as(any_site, any_site.brand_person).get(f"{_PLACE}?days=30").text)
    assert "By human review, an estimated 0.0% of 5 listings are counterfeit" in text
    assert "Cases sampled at random from otherwise unreviewed listings: 1." in text


def test_the_dashboard_labels_what_it_shows_and_not_the_whole_marketplace(
    any_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every verdict of the marketplace was read each time that anybody of a brand looked at the page."""
    labelled: list[str] = []

    def counting(version: VerdictHistory, as_of: datetime, policy: LabelPolicy) -> Label | NoLabel:
        labelled.append(version.verdicts[0].version_id)
        return label_of(version, as_of, policy)

    rival = a_rival(any_site)
    judge(any_site, any_site.analyst, a_case(any_site), Judgement.GENUINE)
    [rival_pair] = rival.brands(Permission.ANSWER_QUESTIONS)
    monkeypatch.setattr(labelling, "label_of", counting)
    with any_site.runtime.store.read() as connection:
        gather(any_site.runtime, connection, rival_pair, 30)
        assert labelled == []
        gather(any_site.runtime, connection, (any_site.marketplace_id, any_site.brand_id), 30)
    assert len(labelled) == 1


def test_a_period_is_chosen_and_anything_else_is_the_usual_one(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.GENUINE)
    site.clock.forward(days=45)
    visitor = visit_as(site, site.brand_person)
    for days, number in (("30", 0), ("90", 1), ("365", 1), ("all", 1), ("-1", 1)):
        assert f"{number} in total" in words(visitor.get(f"{_PLACE}?days={days}").text), days


def test_an_empty_dashboard_says_what_it_is_for(site: Site) -> None:
    text = words(visit_as(site, site.brand_person).get(_PLACE).text)
    assert "No answers in this period." in text
    assert "No listing of the brand arrived in this period." in text
    assert "none yet" in text


def test_the_account_manager_reads_the_same_figures(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.GENUINE)
    visitor = visit_as(site, site.account_manager)
    text = words(visitor.get(f"/brands/{site.brand_id}/dashboard").text)
    assert "Dashboard of Aurelle" in text
    assert "1 in total" in text
    assert visitor.get("/brands/brd_0/dashboard").status_code == 404


def test_a_dashboard_of_another_brand_is_not_there(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.GENUINE)
    visitor = visit_as(site, a_rival(site))
    assert "0 in total" in words(visitor.get(_PLACE).text)
    assert visitor.get(f"{_PLACE}?of={site.marketplace_id}.{site.brand_id}").status_code == 404
    assert visitor.get(f"/brands/{site.brand_id}/dashboard").status_code == 403


def test_the_dashboard_says_what_became_of_reported_listings_with_counts_and_period(site: Site) -> None:
    names = on_sale(site, 3)
    withdraw(site.runtime, site.brand_person, report(site, [*names, "XX-1", names[0]]).report.report_id, [3])
    with a_marketplace_that_listens(site):
        for name in (names[0], names[1]):
            carry_out_action(site, _removal_of(site, name))
    site.clock.forward(days=1)
    text = words(visit_as(site, site.brand_person).get(f"{_PLACE}?days=30").text)
    assert "Reported listings since" in text
    assert "5 in total" in text
    assert "removed without further correspondence 100%2 of 2 examined listings" in text
    assert "reported by brands 100%2 of 2 removals that stand" in text
    assert "Accepted: 2 Withdrawn: 1 Not examined: 1 In progress: 1" in text
    assert "Not examined Named twice in one report 1" in text
    assert "2 of 2" in text
    of_manager = visit_as(site, site.account_manager).get(f"/brands/{site.brand_id}/dashboard?days=30")
    assert "2 of 2 examined listings" in words(of_manager.text)
    assert "2 of 2 removals that stand" in words(visit_as(site, site.analyst).get("/operations").text)


def _removal_of(site: Site, name: str) -> StoredAction:
    return next(
        removal
        for removal in site.read(actions.latest, site.marketplace_id, kind=None, state=None, most=100)
        if removal.external_id == name
    )
