from models.verdict import Judgement
from serving.accounts.store.accounts import Session
from serving.web.queue.my_page import MyPage, my_page
from tests.fixtures.reviewing import a_case, a_second_review, judge
from tests.fixtures.runtimes import Site
from tests.serving.web.appeals import an_appeal
from tests.serving.web.visits import visit_as, words


def mine(site: Site) -> MyPage:
    return my_page(site.runtime, Session(site.analyst, "token"))


def test_agreement_with_second_reviews_and_brands_is_shown(any_site: Site) -> None:
    site = any_site
    for number, (text, looked) in enumerate(
        [(Judgement.GENUINE, Judgement.LICENSED), (Judgement.GENUINE, Judgement.COUNTERFEIT)]
    ):
        case = a_case(site, external_id=f"MP-{number}", title=f"Solenne purse mirror quality {number}", brand="Solenne")
        judge(site, site.analyst, case, text)
        site.clock.forward(days=15)
        judge(site, site.second_analyst, a_second_review(site, case, label=0), looked)
    asked = a_case(site, external_id="MP-8")
    judge(site, site.analyst, asked, Judgement.COUNTERFEIT)
    site.clock.forward(minutes=1)
    judge(site, site.brand_person, asked, Judgement.COUNTERFEIT)
    looks, _, brands, appeals = mine(site).agreements.values()
    assert (looks.agreed, looks.of, brands.agreed, brands.of, appeals.of) == (1, 2, 1, 1, 0)
    shown = words(visit_as(site, site.analyst).get("/queue/me").text)
    assert "Second reviews, by you and of your cases 1 of 2 50 % 9 to 91 %" in shown
    assert "Appeals that upheld your decision none yet unknown" in shown
    looks, *_ = my_page(site.runtime, Session(site.second_analyst, "token")).agreements.values()
    assert (looks.agreed, looks.of) == (1, 2), "a second review counts for both"


def test_a_decision_that_did_not_last_is_named_with_its_case(site: Site) -> None:
    judge(site, site.second_analyst, an_appeal(site, decided_by_analyst=True), Judgement.GENUINE)
    page = mine(site)
    [gone] = page.overturned
    assert gone.cause == "appeal"
    assert visit_as(site, site.analyst).get(f"/cases/{gone.case_id}").status_code == 200
    appeals = page.agreements["Appeals that upheld your decision"]
    assert (appeals.agreed, appeals.of) == (0, 1)
    assert my_page(site.runtime, Session(site.second_analyst, "token")).overturned == [], "not of who decided it"
    assert "Visible only to you" in words(visit_as(site, site.analyst).get("/queue/me").text)


def test_days_and_the_middle_time_are_counted(site: Site) -> None:
    first = a_case(site, external_id="MP-1")
    site.clock.forward(hours=1)
    judge(site, site.analyst, first, Judgement.GENUINE)
    site.clock.forward(days=1)
    second = a_case(site, external_id="MP-2")
    site.clock.forward(hours=3)
    judge(site, site.analyst, second, Judgement.GENUINE)
    page = mine(site)
    assert (page.decided, page.today, page.median) == (2, 1, 7_200)
    assert "0, 1, 1." in page.chart.label


def test_missing_figures_are_named_and_not_zeroed(site: Site) -> None:
    text = words(visit_as(site, site.analyst).get("/queue/me").text)
    assert "No decisions in this period." in text
    assert text.count("none yet") == 4
    assert "0 %" not in text


def test_a_pause_is_suggested_and_can_be_waved_away(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    for number in range(18):
        judge(site, site.analyst, a_case(site, external_id=f"MP-{number}"), Judgement.GENUINE)
        site.clock.forward(minutes=3)
    assert "You have reviewed cases for 54 min without a break." in words(visitor.get("/queue").text)
    assert visitor.post("/queue/pause-later").headers["location"] == "/queue"
    assert "without a pause" not in words(visitor.get("/queue").text)
    rested = visit_as(site, site.analyst)
    site.clock.forward(minutes=6)
    assert "without a pause" not in words(rested.get("/queue").text)
