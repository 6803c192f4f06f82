from models.case import CaseLane
from models.verdict import Judgement
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.standing.test_service import suspend
from tests.serving.web.visits import visit_as, words


def test_a_brand_sees_its_standing_the_counts_behind_it_and_what_would_change_it(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(seconds=180)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your standing Provisional Provisional standing: a confirmation removes the listing at once" in text
    assert "Reason, last 90 days Accepted Rejected Overturned Trademark counterfeit 1 0 0" in text
    assert "15 more accepted outcomes would lead to full standing." in text
    assert "3 more overturned outcomes would end good-faith standing." in text
    assert "Change history" not in text


def test_a_suspended_brand_is_told_why_until_when_and_what_its_answer_does(site: Site) -> None:
    suspend(site)
    site.clock.forward(days=2)
    text = words(visit_as(site, site.brand_person).get("/brand").text)
    assert "Your standing Suspended Good-faith standing is suspended: an analyst decides every confirmation." in text
    assert "Good-faith standing can return from 31 May 2026, if the shares meet the limits then." in text
    assert "Change history Suspended" in text
    effects = text[text.index("Effects of your answers") :]
    assert "Counterfeit" in effects[: effects.index("An analyst decides. Nothing is removed until then.")]
    assert "The marketplace is asked to remove" not in effects


def test_an_account_manager_sees_the_standing_of_each_brand_with_its_history(site: Site) -> None:
    suspend(site)
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "Aurelle Suspended" in text
    assert "Standing of Aurelle Suspended Good-faith standing is suspended" in text
    assert "Standing of Solenne Provisional" in text
