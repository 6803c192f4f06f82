"""What a report does for a brand of each standing, to the end."""

from collections import Counter

from sqlalchemy import select

from models.case import CaseLane
from models.verdict import Judgement
from serving.audit.tables import audit_entry
from serving.cases.service.doubts import open_sampled_reviews
from serving.cases.tables import review_case
from serving.reports.rules.outcomes import ListingResult
from serving.standing.rules.standing import Level
from serving.standing.tables import confirmation, question_step
from serving.takedowns.tables import action
from tests.fixtures.reporting import action_states, on_sale, report
from tests.fixtures.runtimes import Site, having, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.serving.reports.service.test_submitting import rows
from tests.serving.reports.service.test_withdrawing import carry_out_all, pass_undo_window


def questions(site: Site) -> int:
    """The steps of questions, and the open ones."""
    return len(rows(site, select(question_step))) + len(open_cases(site, CaseLane.ASK_BRAND))


def test_full_standing_removes_twenty_pasted_addresses_without_a_case_or_a_question(any_site: Site) -> None:
    in_level(any_site, Level.FULL)
    done = report(any_site, [f"https://bazaar.example/item/{name}" for name in on_sale(any_site, 20)])
    assert done.counts[ListingResult.SCHEDULED] == 20
    assert (len(open_cases(any_site)), questions(any_site)) == (0, 0)
    carry_out_all(any_site)
    assert action_states(any_site) == {"acknowledged": 20}
    removals = rows(any_site, select(action.c.action_id, action.c.statement, action.c.verdict_id))
    verdicts = {outcome.verdict_id for outcome in done.outcomes}
    own = [removal for removal in removals if removal.verdict_id in verdicts]
    assert (len(own), len(verdicts)) == (20, 20)
    assert all(removal.statement["decision"] and removal.statement["source"] for removal in own)
    acts = rows(any_site, select(audit_entry.c.subject, audit_entry.c.act))
    counted = Counter(map(tuple, acts))
    for removal in own:
        assert {act: counted[removal.action_id, f"remove.{act}"] for act in ("scheduled", "acknowledged")} == {
            "scheduled": 1,
            "acknowledged": 1,
        }
    assert counted[done.report.report_id, "report.received"] == 1
    assert {row.level for row in rows(any_site, select(confirmation.c.level))} == {"full"}


def test_provisional_standing_removes_twenty_a_day_and_audits_a_sample_blind(any_site: Site) -> None:
    done = report(any_site, having(any_site, on_sale, 25))
    assert (done.counts[ListingResult.SCHEDULED], done.counts[ListingResult.CASE]) == (20, 5)
    any_site.clock.forward(days=1)
    report(any_site, on_sale(any_site, 20, 500), "next day")
    sampled = select(confirmation.c.level, confirmation.c.audit_chance, confirmation.c.drawn)
    counted = Counter(map(tuple, rows(any_site, sampled)))
    drawn = counted.pop(("provisional", 0.056, True), 0)
    assert drawn <= 5  # By the binomial distribution in 99.9 % of all seeds; this seed is fixed.
    assert counted == {
        ("provisional", 1.0, True): 20,
        ("provisional", 0.0, False): 5,
        ("provisional", 0.056, False): 20 - drawn,
    }
    pass_undo_window(any_site)
    assert open_sampled_reviews(any_site.runtime) == 20 + drawn
    assert Counter(case.lane for case in open_cases(any_site)) == {
        CaseLane.SECOND_REVIEW: 20 + drawn,
        CaseLane.ANALYST: 5,
    }


def test_suspended_standing_leaves_the_decision_to_an_analyst_who_asks_nobody(any_site: Site) -> None:
    """Intake has drawn some of the fifty for the random sample, and the report answers these cases."""
    in_level(any_site, Level.SUSPENDED)
    before = len(rows(any_site, select(action)))
    questions_before = questions(any_site)
    done = report(any_site, on_sale(any_site, 50))
    assert done.counts[ListingResult.CASE] == 50
    named = {outcome.case_id for outcome in done.outcomes}
    opened = rows(any_site, select(review_case.c.case_id).where(review_case.c.report_id == done.report.report_id))
    assert 0 < len(named - {row.case_id for row in opened}) < 10
    waiting = [case for case in open_cases(any_site, CaseLane.ANALYST) if case.case_id in named]
    assert len(waiting) == 50
    for case in waiting:
        assert judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT).action is not None
    assert len(rows(any_site, select(action))) == before + 50
    assert questions(any_site) == questions_before
    assert not named & {case.case_id for case in open_cases(any_site)}
