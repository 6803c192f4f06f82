from dataclasses import replace

import pytest

from models.case import CaseLane
from models.verdict import Judgement
from serving.intake.service.intake import receive
from serving.sellers.policy import SellerRiskPolicy
from serving.sellers.service.seller_risk import refresh
from serving.web.case.seller_card import risk_part
from tests.fixtures.listings import a_row, a_suspect_row
from tests.fixtures.reviewing import a_second_review, judge, open_cases
from tests.fixtures.runtimes import Site
from tests.serving.web.appeals import an_appeal
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import visit_as, words

TOLD = ("riskier", "risk beside", "expected counterfeit", "percentile", "of 2 sellers")
SELLER = "lumo-trade-88"


def compared(site: Site) -> Site:
    """A site on which two sellers of two listings each were compared; one listing of the suspect one waits at the
    brand.
    """
    policies = site.runtime.policies.changed(SellerRiskPolicy(fewest_offers=2, fewest_sellers=2))
    site = replace(site, runtime=replace(site.runtime, policies=policies))
    put_champion_in_force(site)
    rows = [a_suspect_row(external_id=f"MP-{i}") for i in (1, 2)] + [a_row(external_id=f"H-{i}") for i in (1, 2)]
    receive(site.runtime, site.marketplace, rows, source="test")
    site.clock.forward(seconds=1)
    case = next(one for one in open_cases(site, CaseLane.ANALYST) if one.brand_id == site.brand_id)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)
    site.clock.forward(seconds=1)
    assert refresh(site.runtime, site.marketplace)
    return site


def test_an_analyst_sees_where_the_seller_stands_and_the_counts_behind_it(site: Site) -> None:
    site = compared(site)
    (case,) = open_cases(site, CaseLane.ASK_BRAND)
    other = next(one for one in open_cases(site, CaseLane.ANALYST) if one.listing_id != case.listing_id)
    answer = visit_as(site, site.analyst).get(f"/cases/{other.case_id}")
    page = words(answer.text)
    assert "Risk relative to other sellers" in page
    assert "% of 2 sellers." in page
    assert "2 listings in 30 days: " in page
    assert 'aria-label="Percentile ' in answer.text
    assert "no rule or model uses it" in page


@pytest.mark.parametrize("path", ["/brand", "/brand/done", "/brand/removals"])
def test_a_brand_is_told_nothing_of_it(site: Site, path: str) -> None:
    site = compared(site)
    visitor = visit_as(site, site.brand_person)
    if path != "/brand":
        (case,) = open_cases(site, CaseLane.ASK_BRAND)
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)
    page = words(visitor.get(path).text).casefold()
    for told in TOLD:
        assert told not in page


def test_an_account_manager_is_told_nothing_of_it(site: Site) -> None:
    site = compared(site)
    page = words(visit_as(site, site.account_manager).get("/brands").text).casefold()
    for told in TOLD:
        assert told not in page


def test_the_seller_is_told_nothing_of_it(site: Site) -> None:
    """What a seller hears is the statement of reasons in the action."""
    site = compared(site)
    (case,) = open_cases(site, CaseLane.ASK_BRAND)
    action = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert action is not None
    for told in TOLD:
        assert told not in str(action.statement).casefold()


def test_who_judges_blind_is_not_shown_what_others_found(site: Site) -> None:
    """The counts hold the first answer to the very listing."""
    site = compared(site)
    case = next(one for one in open_cases(site, CaseLane.ANALYST))
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=20)
    assert refresh(site.runtime, site.marketplace)
    look = a_second_review(site, case, label=0)
    answer = visit_as(site, site.second_analyst).get(f"/cases/{look.case_id}")
    assert "Risk relative to other sellers" not in answer.text


def test_on_appeal_it_is_not_shown(site: Site) -> None:
    appealed = an_appeal(site)
    answer = visit_as(site, site.second_analyst).get(f"/cases/{appealed.case_id}")
    assert answer.status_code == 200
    assert "Risk relative to other sellers" not in answer.text


def test_too_few_listings_have_no_bar_and_say_so(site: Site) -> None:
    put_champion_in_force(site)
    receive(site.runtime, site.marketplace, [a_suspect_row()], source="test")
    site.clock.forward(seconds=1)
    refresh(site.runtime, site.marketplace)
    with site.runtime.store.read() as connection:
        found = risk_part(site.runtime, connection, site.here, SELLER)
    assert (found.as_of, found.bar) == (site.clock.now(), None)
    assert found.standing == "Too few listings to compare with other sellers."
    assert found.counts[0].startswith("1 listing in 30 days: ")


def test_a_listing_that_names_no_seller_has_an_unknown_risk(site: Site) -> None:
    with site.runtime.store.read() as connection:
        found = risk_part(site.runtime, connection, site.here, None)
    assert (found.standing, found.bar, found.as_of, found.counts) == (
        "Unknown: the listing names no seller.",
        None,
        None,
        (),
    )
