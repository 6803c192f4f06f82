"""A question gets a reminder, an escalation and its release, each once; the silence stays on record."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from models.case import CaseLane
from models.verdict import Judgement
from serving.account_management.service.reminding import remind
from serving.administration.service import provisioning
from serving.cases.store import cases
from serving.cases.tables import review_case
from serving.operations.service.housekeeping import pass_on_unanswered
from serving.standing.policy import ReminderPolicy, StandingPolicy
from serving.standing.rules.reminders import QuestionStep, due_windows
from serving.standing.store import question_steps
from serving.standing.tables import question_step
from tests.fixtures.runtimes import Site, a_case, judge


def steps(site: Site) -> list[tuple[str, str | None]]:
    """The recorded messages and their recipients."""
    with site.runtime.store.read() as connection:
        query = select(question_step.c.step, question_step.c.account_manager_id).order_by(question_step.c.taken_at)
        return [(row.step, row.account_manager_id) for row in connection.execute(query)]


@pytest.mark.both_engines
def test_a_brand_is_reminded_its_manager_told_and_the_question_released_each_once(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    runtime, pair = any_site.runtime, (any_site.here, any_site.brand_id)
    assert remind(runtime) == 0
    any_site.clock.forward(hours=48)
    assert [remind(runtime), remind(runtime)] == [1, 0]
    any_site.clock.forward(hours=24)
    assert [remind(runtime), remind(runtime)] == [1, 0]
    with runtime.store.read() as connection:
        assert question_steps.waiting_for_manager(connection, [pair]) == {pair: 1}
    any_site.clock.forward(hours=24)
    assert [remind(runtime), pass_on_unanswered(runtime), pass_on_unanswered(runtime)] == [0, 1, 0]
    manager = any_site.account_manager.user_id
    assert steps(any_site) == [("reminded", None), ("escalated", manager), ("unanswered", None)]
    with runtime.store.read() as connection:
        assert question_steps.waiting_for_manager(connection, [pair]) == {}
        text = str(cases.timeline(connection, any_site.here, case.case_id))
        since = any_site.clock.now() - timedelta(days=runtime.policies[StandingPolicy].window_days)
        assert question_steps.unanswered(connection, *pair, since) == 1
    assert "The brand is reminded." in text
    assert "account manager is told" in text
    assert text.count("has not answered in time") == 1


def test_an_answered_question_is_nobodys_to_be_reminded_of(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.GENUINE)
    site.clock.forward(hours=72)
    assert remind(site.runtime) == 0


def test_a_silence_of_three_months_ago_is_forgotten(site: Site) -> None:
    a_case(site, CaseLane.ASK_BRAND)
    site.clock.forward(days=5)
    pass_on_unanswered(site.runtime)
    site.clock.forward(days=site.runtime.policies[StandingPolicy].window_days + 1)
    with site.runtime.store.read() as connection:
        window = timedelta(days=site.runtime.policies[StandingPolicy].window_days)
        assert question_steps.unanswered(connection, site.here, site.brand_id, site.clock.now() - window) == 0
        since = site.clock.now() - timedelta(days=365)
        assert question_steps.unanswered(connection, site.here, site.brand_id, since) == 1


def test_questions_that_nobody_can_be_told_of_hold_no_other_up(any_site: Site) -> None:
    cases = [a_case(any_site, CaseLane.ASK_BRAND, external_id=f"MP-{number}") for number in range(2)]
    first, second = sorted(case.case_id for case in cases)
    elsewhere = provisioning.add_brand(any_site.runtime, name="Gone", aliases=[], gtin_prefixes=[], by="test")
    with any_site.runtime.store.write() as connection:
        no_longer_enrolled = update(review_case).where(review_case.c.case_id == first)
        connection.execute(no_longer_enrolled.values(brand_id=elsewhere.brand_id))
    any_site.clock.forward(hours=48)
    after, until = due_windows(any_site.clock.now(), any_site.runtime.policies[ReminderPolicy])[QuestionStep.REMINDED]
    wanted = any_site.read(question_steps.untaken, QuestionStep.REMINDED, after, until, most=1)
    assert wanted == [(any_site.here, second)]
