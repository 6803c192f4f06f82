from datetime import timedelta
from zoneinfo import ZoneInfo

from models.case import CaseLane
from serving.brands.rules import questions
from tests.fixtures.reviewing import a_case
from tests.fixtures.runtimes import Site
from tests.serving.brands.service.test_certification import a_newcomer
from tests.serving.web.visits import visit_as, words

PATH = "/brand/briefing"
RIGHT = {f"q:{one.key}": str(one.right) for one in questions()}


def test_a_newcomer_is_led_to_the_briefing_reads_why_an_answer_was_wrong_and_then_confirms(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    newcomer = visit_as(site, a_newcomer(site))
    assert "Answer the certification questions" in words(newcomer.get("/brand").text)
    refused = newcomer.answer(case.case_id, case.version_id, "counterfeit")
    assert refused.status_code == 403
    assert "Answer the certification questions" in words(refused.text)
    page = newcomer.get(PATH).text
    assert page.count('type="radio"') == sum(len(one.options) for one in questions())
    assert "checked" not in page
    for one in questions():
        assert one.because not in words(page)  # Nothing tells which answer is right.
    wrong = newcomer.post(PATH, {**RIGHT, "q:price": "0"})
    assert wrong.headers["location"] == PATH
    assert "a price is a reason to look" in words(newcomer.get(PATH).text).lower()
    newcomer.post("/settings", {"time_zone": "Asia/Kolkata"})
    early = newcomer.post(PATH, RIGHT)
    again = (site.clock.now() + timedelta(minutes=10)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert early.status_code == 409
    assert f"you can try again at {again:%H:%M} IST." in words(early.text)
    site.clock.forward(minutes=11)
    done = newcomer.post(PATH, RIGHT)
    assert done.headers["location"] == "/brand"
    assert "You may confirm from now on" in words(newcomer.get("/brand").text)
    assert newcomer.answer(case.case_id, case.version_id, "counterfeit").status_code == 303


def test_a_form_that_leaves_a_question_out_is_refused_and_keeps_nothing(site: Site) -> None:
    newcomer = visit_as(site, a_newcomer(site))
    assert newcomer.post(PATH, {"q:price": "1", "q:evidence": "x"}).status_code == 422
    assert newcomer.post(PATH, RIGHT).status_code == 303
