from models.case import CaseLane
from models.verdict import Judgement
from serving.cases.store import cases
from serving.intake.service.intake import receive
from serving.operations.service.housekeeping import pass_on_unanswered, refresh_references
from tests.fixtures.runtimes import Site, a_case, a_row, judge, open_cases


def test_a_question_goes_to_an_analyst_when_the_brand_has_not_answered_in_time(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(seconds=(case.due_at - any_site.clock.now()).total_seconds() - 1)
    assert pass_on_unanswered(any_site.runtime) == 0
    any_site.clock.forward(seconds=1)
    assert pass_on_unanswered(any_site.runtime) == 1
    (returned,) = open_cases(any_site)
    assert (returned.lane, returned.question_returned) == (CaseLane.ANALYST, True)
    assert returned.due_at > case.due_at
    assert "has not answered in time" in str(any_site.read(cases.timeline, any_site.here, case.case_id))


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
    receive(any_site.runtime, any_site.marketplace, rows, source="test")
    any_site.clock.forward(days=1)
    assert refresh_references(any_site.runtime) == 1
    assert refresh_references(any_site.runtime) == 0
    any_site.clock.forward(hours=6)
    assert refresh_references(any_site.runtime) == 1
