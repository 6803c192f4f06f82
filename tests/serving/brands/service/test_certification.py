"""Only certified users confirm for a brand, and a new brand begins within limits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts
from serving.audit.tables import audit_entry
from serving.brands.rules.attention import Need
from serving.brands.rules.certification import NotCertified, questions
from serving.brands.service.certification import AttemptTooSoon, gate_of, submit_answers
from serving.brands.service.managed_brands import attention_of_brands
from serving.brands.tables import certification_attempt
from serving.cases.tables import verdict
from serving.reports.tables import report
from serving.standing.policy import StandingPolicy
from tests.fixtures.reporting import action_states, confirm, confirm_together
from tests.fixtures.reporting import questions as open_questions
from tests.fixtures.runtimes import PASSWORD, Site, a_case, judge, open_cases

RIGHT = {question.key: question.right for question in questions()}
WRONG = {**RIGHT, "price": 0}


def a_new_user(site: Site) -> Person:
    """A colleague of the brand without certification."""
    new = NewPerson("noor@aurelle.example", "Noor Haddad", Role.BRAND, brand="Aurelle", password=PASSWORD)
    user_id, _ = provisioning.add_person(site.runtime, new, by="test")
    return site.read(accounts.person, user_id)


def test_a_user_without_certification_can_answer_but_not_confirm(any_site: Site) -> None:
    new_user, runtime = a_new_user(any_site), any_site.runtime
    first = a_case(any_site, CaseLane.ASK_BRAND)
    before = any_site.count(verdict)
    with pytest.raises(NotCertified, match=r"Nothing was recorded\. Answer the certification questions"):
        judge(any_site, new_user, first, Judgement.COUNTERFEIT)
    with pytest.raises(NotCertified):
        confirm_together(any_site, [first], new_user)
    assert (any_site.count(verdict), any_site.count(report)) == (before, 0)
    judge(any_site, new_user, first, Judgement.CANNOT_TELL)
    second = a_case(any_site, CaseLane.ASK_BRAND, external_id="MP-77")
    assert submit_answers(runtime, new_user, RIGHT).passed
    assert judge(any_site, new_user, second, Judgement.COUNTERFEIT).action is not None


def test_wrong_answers_are_kept_and_can_be_tried_again_after_they_were_read(any_site: Site) -> None:
    new_user, runtime = a_new_user(any_site), any_site.runtime
    assert submit_answers(runtime, new_user, WRONG).wrong == ("price",)
    again_at = any_site.clock.now() + timedelta(minutes=10)
    any_site.clock.forward(seconds=90)
    with pytest.raises(AttemptTooSoon, match="you can try again in 9 minutes") as early:
        submit_answers(runtime, new_user, RIGHT)
    assert early.value.again_at == again_at
    any_site.clock.forward(minutes=8)
    with pytest.raises(AttemptTooSoon, match=r"in 1 minute\."):
        submit_answers(runtime, new_user, RIGHT)
    any_site.clock.forward(seconds=30)
    assert submit_answers(runtime, new_user, RIGHT).passed
    with runtime.store.read() as connection:
        mine = certification_attempt.c.user_id == new_user.user_id
        attempts = connection.execute(
            select(certification_attempt.c.passed).where(mine).order_by(certification_attempt.c.known_at)
        )
        assert list(attempts.scalars()) == [False, True]
        acts = connection.execute(select(audit_entry.c.act).where(audit_entry.c.act.like("certification.%")))
        assert set(acts.scalars()) >= {"certification.failed", "certification.passed"}


def test_a_certification_expires_after_a_year(site: Site) -> None:
    site.clock.forward(days=340)
    with site.runtime.store.read() as connection:
        assert gate_of(site.runtime, connection, site.brand_person, site.clock.now()).warned
    site.clock.forward(days=25)
    case = a_case(site, CaseLane.ASK_BRAND)
    with pytest.raises(NotCertified, match="Your certification expired on"):
        judge(site, site.brand_person, case, Judgement.COUNTERFEIT)


def test_of_a_new_brand_so_many_a_day_leave_and_an_analyst_decides_the_rest(any_site: Site) -> None:
    policies = any_site.runtime.policies.changed(StandingPolicy(provisional_daily=10))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=policies))
    for case in open_questions(site, 12):
        recorded = confirm(site, site.brand_person, case)
    assert action_states(site) == {"scheduled": 10}
    assert len(open_cases(site, CaseLane.ANALYST)) == 2
    assert "effect.provisional.used" in {reason.code for reason in recorded.consequence.reasons}


def test_a_manager_is_told_of_a_brand_of_which_nobody_is_certified(site: Site) -> None:
    for certified in (True, False):
        with site.runtime.store.read() as connection:
            of_brands = attention_of_brands(
                site.runtime, connection, site.account_manager, [site.pair], site.clock.now()
            )
        assert (Need.INVITED in {reason.need for reason in of_brands[site.pair]}) is not certified
        site.execute(certification_attempt.delete())
