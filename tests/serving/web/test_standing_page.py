import re

from models.case import CaseLane
from models.verdict import Judgement
from serving.standing.policy import StandingPolicy
from serving.standing.rules.standing import Level
from serving.standing.service import sweep_standings
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.reporting import a_marketplace_that_listens, a_rival, reinstate_on_appeal, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, having, judge
from tests.fixtures.stepping_up import in_level
from tests.serving.web.visits import visit_as, words

_PLACE = "/brand/standing"


def a_removal_that_stood(site: Site) -> None:
    """A removal that stands at the end of the time in which its seller can answer."""
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-1")
    end_answering_time(site)
    site.clock.forward(minutes=3)


def lose(site: Site) -> None:
    """Four removals that were overturned end good-faith standing."""
    with a_marketplace_that_listens(site):
        for number in range(4):
            reinstate_on_appeal(site, removal_by_brand(site, f"MP-{number}"))
            site.clock.forward(hours=1)


def test_the_page_says_what_the_next_confirmation_does_and_what_would_change_it(site: Site) -> None:
    having(site, a_removal_that_stood)
    text = words(visit_as(site, site.brand_person).get(_PLACE).text)
    assert (
        "It removes the listing at once. The brand has provisional standing, and 20 of its confirmations a day" in text
    )
    assert "Trademark counterfeit 0 of 0 – 0 0 of 1 0.0% 0 0" in text
    assert "29 more audits that find you right would lead to full standing." in text
    assert "3 more overturned removals would end good-faith standing." in text
    assert "Your standing has not changed yet." in text


def test_every_level_is_explained_by_the_policy_in_force(site: Site) -> None:
    policy = site.runtime.policies[StandingPolicy]
    text = words(visit_as(site, site.brand_person).get(_PLACE).text)
    for word in ("Self-service", "Signed volume", "Full", "Provisionalyours", "Daily limit", "Suspended"):
        assert word in text
    assert f"{policy.provisional_daily} confirmations a day remove at once; an analyst decides the rest. Every" in text
    assert f"{policy.capped_daily} confirmations a day remove at once; an analyst decides the rest. No brand" in text
    assert f"Good standing can return after {policy.reentry_days} days." in text
    assert "No outcomes are counted yet." in text


def test_a_change_stands_with_its_counts_and_can_be_taken_along(site: Site) -> None:
    having(site, lose)
    sweep_standings(site.runtime)
    visitor = visit_as(site, site.brand_person)
    text = words(visitor.get(_PLACE).text)
    assert "Daily limit" in text
    lost = "Lost on 2 Mar: Removals whose answering time ran out in 90 days: 4 of 4 were overturned (100.0%)."
    assert lost in text, "since the fall nothing is counted"
    assert "0 audits right, 0 wrong; 0 removals stood, 4 overturned." in text
    assert Level.CAPPED.value in visitor.get(f"{_PLACE}.csv").text


def test_a_standing_of_another_brand_is_not_there(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    visitor, ours = visit_as(site, a_rival(site)), f"{site.marketplace_id}.{site.brand_id}"
    assert "No outcomes are counted yet." in words(visitor.get(_PLACE).text)
    for path in (_PLACE, f"{_PLACE}.csv"):
        assert visitor.get(f"{path}?of={ours}").status_code == 404


def test_the_badge_and_the_chart_always_end_on_one_level(site: Site) -> None:
    """Days later outcomes stop counting, and nobody has answered meanwhile."""
    having(site, lose)
    sweep_standings(site.runtime)
    visitor = visit_as(site, site.brand_person)
    levels = []
    for days in (0, 40, 60):
        site.clock.forward(days=days)
        page = visitor.get(_PLACE).text
        (badge,) = re.findall(r'<h1>Standing</h1><span class="bg [^"]*">([^<]+)<', page)
        (label,) = re.findall(r'aria-label="(Provisional[^"]*)"', page)
        assert re.sub(r" from .*", "", label.split("; ")[-1]) == badge, label
        levels.append(badge)
    assert levels == ["Daily limit", "Daily limit", "Provisional"]


def test_a_brand_sees_its_standing_the_counts_behind_it_and_what_would_change_it(site: Site) -> None:
    having(site, a_removal_that_stood)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your standing Provisional Provisional standing: 20 confirmations a day remove at once" in text
    assert (
        "Audits right, 365 days Overturned, 90 days Seller can still answer Trademark counterfeit 0 of 0 0 of 1 0"
        in text
    )
    assert "29 more audits that find you right would lead to full standing." in text
    assert "3 more overturned removals would end good-faith standing." in text
    assert "Change history" not in text


def test_a_suspended_brand_is_told_why_until_when_and_what_its_answer_does(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    site.clock.forward(days=2)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your standing Suspended Good-faith standing is suspended: an analyst decides every confirmation." in text
    assert "Good-faith standing can return from 31 May 2026." in text
    assert "Change history Suspended" in text
    effects = text[text.index("Effects of your answers") :]
    assert "Counterfeit" in effects[: effects.index("An analyst decides. Nothing is removed until then.")]
    assert "The marketplace is asked to remove" not in effects


def test_an_account_manager_sees_the_standing_of_each_brand_with_its_history(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    manager = visit_as(site, site.account_manager)
    text = words(manager.get("/brands").text)
    assert "Aurelle Good-faith standing is lost (suspended). Suspended" in text
    assert "none Provisional" in text[text.index("Solenne") :]
    text = words(manager.get(f"/brands/{site.brand_id}").text)
    assert "Standing Suspended Good-faith standing is suspended" in text
    assert "Change history Suspended" in text
