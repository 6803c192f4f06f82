from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.accounts.store import accounts
from serving.administration.service import provisioning
from serving.administration.service.provisioning import NewPerson
from serving.brands.service.brand_messages import write
from serving.operations.service.housekeeping import pass_on_unanswered
from serving.rights.rules.rights import RightKind
from serving.rights.service.claims import NewRight, claim_right
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.visits import visit_as, words


def test_the_most_urgent_brand_comes_first_with_its_answers_and_removals(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND, external_id="MP-1"), Judgement.COUNTERFEIT)
    a_case(site, CaseLane.ASK_BRAND, external_id="MP-2")
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "2 brands, 1 open question" in text
    assert "Aurelle none Provisional 1 4 d 1 1 counterfeit 1 0 0 0" in text
    assert "Solenne not participating none Provisional 0 no open questions 0 no answers yet 0 0 0 0" in text
    assert text.index("Aurelle") < text.index("Solenne")


def test_a_manager_without_brands_is_told_how_one_gets_them(site: Site) -> None:
    person = NewPerson("new@touchstone.example", "New Manager", Role.ACCOUNT_MANAGER, password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, person, by="test")
    text = words(visit_as(site, site.read(accounts.person, user_id)).get("/brands").text)
    assert "No brands assigned to you." in text
    assert "Aurelle" not in text


def test_an_overdue_question_is_counted(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(hours=98)
    assert "1 with overdue questions" in words(visit_as(site, site.account_manager).get("/brands").text)


def test_brands_stand_in_the_order_of_what_they_need_with_the_reason_in_words(site: Site) -> None:
    write(site.runtime, site.brand_person, (site.here, site.brand_id), "Good morning.")
    claim_right(site.runtime, NewRight("Solenne", RightKind.MARK, "Solenne", "EUIPO", "019", ("EU",)), by="test")
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "Solenne not participating 1 right to verify." in text
    assert "Aurelle 1 unread message." in text
    assert text.index("1 right to verify.") < text.index("1 unread message.")


def test_a_brand_that_let_questions_go_back_and_says_nothing_is_called_silent(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(days=5)
    pass_on_unanswered(site.runtime)
    text = words(visit_as(site, site.account_manager).get("/brands").text)
    assert "The brand has never answered; 1 question expired unanswered in 14 days." in text
