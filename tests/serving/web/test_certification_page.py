from datetime import timedelta
from zoneinfo import ZoneInfo

from models.case import CaseLane
from serving.brands.rules.certification import questions
from tests.fixtures.runtimes import Site, a_case
from tests.serving.brands.service.test_certification import a_new_user
from tests.serving.web.visits import visit_as, words

PATH = "/brand/certification"
RIGHT = {f"q:{question.key}": str(question.right) for question in questions()}


def test_a_new_user_is_led_to_the_certification_reads_why_an_answer_was_wrong_and_then_confirms(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    new_user = visit_as(site, a_new_user(site))
    assert "Answer the certification questions" in words(new_user.get("/brand").text)
    refused = new_user.answer(case.case_id, case.version_id, "counterfeit")
    assert refused.status_code == 403
    assert "Answer the certification questions" in words(refused.text)
    page = new_user.get(PATH).text
    assert page.count('type="radio"') == sum(len(question.options) for question in questions())
    assert "checked" not in page
    for question in questions():
        assert question.because not in words(page)  # Nothing tells which answer is right.
    assert new_user.post(PATH, {**RIGHT, "q:price": "0"}).headers["location"] == PATH
    assert "a price is a reason for review" in words(new_user.get(PATH).text).lower()
    new_user.post("/settings", {"time_zone": "Asia/Kolkata"})
    early = new_user.post(PATH, RIGHT)
    again = (site.clock.now() + timedelta(minutes=10)).astimezone(ZoneInfo("Asia/Kolkata"))
    assert early.status_code == 409
    assert f"you can try again at {again:%H:%M} IST." in words(early.text)
    site.clock.forward(minutes=11)
    assert new_user.post(PATH, RIGHT).headers["location"] == "/brand"
    assert "You can confirm from now on" in words(new_user.get("/brand").text)
    assert new_user.answer(case.case_id, case.version_id, "counterfeit").status_code == 303


def test_a_form_that_leaves_a_question_out_is_refused_and_keeps_nothing(site: Site) -> None:
    new_user = visit_as(site, a_new_user(site))
    assert new_user.post(PATH, {"q:price": "1", "q:evidence": "x"}).status_code == 422
    assert new_user.post(PATH, RIGHT).status_code == 303
