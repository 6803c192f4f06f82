"""What others find of a brand's confirmations determines the effect of the next one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from features.message import message
from models.case import CaseLane, CaseState
from models.errors import Forbidden
from models.labels import NoLabel
from models.messages.english import in_english
from models.outcomes import outcomes
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import LabelPolicy
from models.verdict import Evidence, Judgement
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.counter_notices import answer_as_rights_holder, apply_deadlines, submit
from serving.audit.tables import audit_entry
from serving.cases.service.decision_context import Answer
from serving.cases.service.doubts import open_sampled_reviews
from serving.cases.service.review import VerdictOutcome, record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.learning.service.labelling import label_of
from serving.learning.store import verdict_history
from serving.scoring.store import histories
from serving.standing.policy import DEFAULT_STANDING
from serving.standing.rules.record import AuditTally, RemovalTally
from serving.standing.rules.standing import Level, Standing, change_news
from serving.standing.service import current_standing, standing_with_history, sweep_standings
from serving.standing.store import question_steps, standings
from serving.standing.tables import confirmation
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionEvent
from tests.fixtures.complaining import reinstatement_on_appeal
from tests.fixtures.reporting import a_marketplace_that_listens, on_sale, removal_by_brand, report
from tests.fixtures.runtimes import Site, a_case, a_second_review, a_suspect_row, case_now, having, judge, open_cases
from tests.fixtures.stepping_up import in_level
from tests.serving.appeals.service.test_counter_notices import counter_notice_of, make_removal
from tests.serving.sellers.service.test_contacts import a_contact, tell

SELLER = a_suspect_row()["seller"]["external_id"]
FAKE, REAL = Judgement.COUNTERFEIT, Judgement.GENUINE
UNDO = timedelta(seconds=EnforcementPolicy().undo_window_seconds)


def standing_of(site: Site, *, after: timedelta = UNDO) -> Standing:
    """The standing as it will be once all undo windows have closed, or after a time."""
    with site.runtime.store.read() as connection:
        return current_standing(site.runtime, connection, site.marketplace_id, site.brand_id, site.clock.now() + after)


def settle(site: Site) -> None:
    """Let every undo window close, and record the standings."""
    site.clock.forward(seconds=UNDO.total_seconds())
    sweep_standings(site.runtime)


def history(site: Site) -> list[tuple[Level, bool]]:
    """(level, warned), oldest first."""
    changes = site.read(standings.standing_changes, site.marketplace_id, site.brand_id, most=100)
    return [(change.level, change.warned) for change in reversed(changes)]


def asked_case(site: Site, number: int) -> Case:
    return a_case(site, CaseLane.ASK_BRAND, external_id=f"MP-{number}", title=f"Aurelle 1:1 replica {number}")


def confirm(site: Site, number: int) -> tuple[Case, VerdictOutcome]:
    """The brand confirms one of its listings as counterfeit."""
    case = asked_case(site, number)
    site.clock.forward(seconds=1)
    recorded = judge(site, site.brand_person, case, FAKE)
    site.clock.forward(seconds=1)
    return case, recorded


def removal_of(site: Site, number: int, **changes: object) -> StoredAction:
    """A removal that the brand confirmed and the marketplace acknowledged."""
    return make_removal(site, external_id=f"MP-{number}", title=f"Aurelle 1:1 replica {number}", **changes)


def overturn(site: Site, number: int, judgement: Judgement = REAL) -> Case:
    """Appeal a removal of a listing, and have another analyst decide."""
    removal = removal_of(site, number)
    complaint = Complaint(f"appeal-{number}", removal.external_id, "They are genuine.")
    file_appeal(site.runtime, site.marketplace, complaint)
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, judgement)
    return case


def lose(site: Site) -> None:
    """Overturn three removals."""
    for number in (101, 102, 103):
        overturn(site, number)


def audited(site: Site, number: int) -> Case:
    """The open audit of a confirmation that was drawn."""
    drawing = replace(site, runtime=replace(site.runtime, draw=lambda: 0.0))
    judge(drawing, site.brand_person, asked_case(site, number), FAKE)
    site.clock.forward(seconds=180)
    assert open_sampled_reviews(site.runtime) == 1
    (review,) = open_cases(site, CaseLane.SECOND_REVIEW)
    return review


def judge_from(site: Site, review: Case, judgement: Judgement, evidence: Evidence = Evidence.DOCUMENTS) -> None:
    answer = Answer(review.case_id, review.version_id, judgement, evidence=evidence)
    record_verdict(site.runtime, site.second_analyst, answer)


def test_a_confirmation_alone_counts_for_nothing(any_site: Site) -> None:
    _, recorded = confirm(any_site, 1)
    assert recorded.action is not None
    assert standing_of(any_site).level is Level.PROVISIONAL
    assert standing_of(any_site).overall.removals == RemovalTally()
    assert history(any_site) == []


def test_a_removal_counts_once_the_time_of_its_seller_has_run_out(any_site: Site) -> None:
    having(any_site, removal_of, 1)
    assert standing_of(any_site).overall.removals == RemovalTally(waiting=1)
    any_site.clock.forward(days=5)
    apply_deadlines(any_site.runtime)
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.removals.ended == 0
    assert standing_of(any_site).overall.removals == RemovalTally(stood=1)


def test_an_appeal_counts_once_it_is_upheld_and_can_no_longer_be_undone(any_site: Site) -> None:
    overturn(any_site, 1)
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.removals.overturned == 0
    assert standing_of(any_site).overall.removals.overturned == 1
    settle(any_site)
    assert history(any_site) == [(Level.PROVISIONAL, True)]


def test_a_dismissed_appeal_does_not_count_as_overturned(any_site: Site) -> None:
    overturn(any_site, 1, FAKE)
    assert standing_of(any_site).overall.removals == RemovalTally(stood=1)


def test_a_removal_stood_if_its_seller_appealed_at_once_and_lost(any_site: Site) -> None:
    with a_marketplace_that_listens(any_site):
        removal = removal_by_brand(any_site, "MP-1")
    reinstatement_on_appeal(any_site, removal, FAKE, hours=1)
    assert standing_of(any_site).overall.removals == RemovalTally(stood=1)


def test_an_undone_decision_on_an_appeal_does_not_count(any_site: Site) -> None:
    undo_verdict(any_site.runtime, any_site.second_analyst, overturn(any_site, 1).case_id)
    assert standing_of(any_site).overall.removals.overturned == 0
    settle(any_site)
    assert history(any_site) == []


def leave_unanswered(site: Site, number: int, seller: str, telephone: str) -> None:
    """A seller's counter-notice that the brand does not answer."""
    block = {**a_suspect_row()["seller"], "external_id": seller}
    tell(site, a_contact(seller, value=telephone))
    removal = removal_of(site, number, seller=block)
    submit(site.runtime, site.marketplace_id, removal.action_id, "No.")
    site.clock.forward(days=7)
    apply_deadlines(site.runtime)


def test_unanswered_counter_notices_of_linked_sellers_are_undefended_once(any_site: Site) -> None:
    in_level(any_site, Level.FULL)
    for number in range(4):
        telephone = "+86 138 0013 8000" if number < 3 else "+49 30 9018200"
        having(any_site, leave_unanswered, number, f"shop-{number}", telephone)
    removals = standing_of(any_site).overall.removals
    assert (removals.overturned, removals.undefended) == (0, 2)
    assert standing_of(any_site).level is Level.FULL


def test_three_strangers_whom_a_brand_leaves_unanswered_cost_its_level(any_site: Site) -> None:
    in_level(any_site, Level.FULL)
    for number in range(3):
        having(any_site, leave_unanswered, number, f"shop-{number}", f"+49 30 901820{number}")
    assert standing_of(any_site).level is Level.PROVISIONAL
    assert standing_of(any_site).good


def test_a_brand_that_concedes_is_overturned(any_site: Site) -> None:
    removal = having(any_site, removal_of, 1)
    submit(any_site.runtime, any_site.marketplace_id, removal.action_id, "I have the invoice.")
    notice = counter_notice_of(any_site, removal)
    concede = CounterNoticeEvent.CONCEDE
    answer_as_rights_holder(any_site.runtime, any_site.brand_person, notice.counter_notice_id, concede, "")
    removals = standing_of(any_site).overall.removals
    assert (removals.overturned, removals.undefended) == (1, 0)


def test_good_standing_is_lost_once_the_decision_that_broke_it_cannot_be_undone(any_site: Site) -> None:
    having(any_site, lose)
    assert history(any_site) == []
    settle(any_site)
    assert history(any_site)[-1] == (Level.CAPPED, False)
    strict = any_site.runtime.policies.changed(replace(DEFAULT_STANDING, capped_daily=4))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=strict))
    assert confirm(site, 104)[1].action is not None  # The fourth of the day.
    case, recorded = confirm(site, 105)
    assert recorded.action is None
    assert recorded.consequence.reasons[-1] == message("verdict.analyst_decides")
    returned_case = case_now(site, case)
    assert (returned_case.lane, returned_case.state) == (CaseLane.ANALYST, CaseState.OPEN)
    site.clock.forward(days=1)
    assert confirm(site, 106)[1].action is not None


def test_of_a_suspended_brand_an_analyst_decides_and_nothing_is_audited(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    for number, judgement in ((1, FAKE), (2, REAL), (3, Judgement.GREY_MARKET)):
        case, recorded = confirm(any_site, number)
        assert recorded.action is None
        decided = judge(any_site, any_site.second_analyst, case_now(any_site, case), judgement)
        assert (decided.action is not None) is (judgement is FAKE)
    assert {chance for _, chance, _ in confirmations(any_site)} == {0.0}


def test_an_overturned_removal_by_an_analyst_counts_against_the_confirming_brand(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    case, _ = confirm(any_site, 1)
    removal = judge(any_site, any_site.analyst, case_now(any_site, case), FAKE).action
    assert removal is not None
    any_site.clock.forward(seconds=180)
    assert any_site.write(actions.change, removal, ActionEvent.SEND, {"sent_at": any_site.clock.now()})
    file_appeal(any_site.runtime, any_site.marketplace, Complaint("appeal-1", removal.external_id, "Genuine."))
    (appeal_case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, appeal_case, REAL)
    assert standing_of(any_site).overall.removals.overturned == 1


def test_good_standing_returns_after_three_months(any_site: Site) -> None:
    in_level(any_site, Level.SUSPENDED)
    any_site.clock.forward(days=89)
    assert confirm(any_site, 1)[1].action is None
    any_site.clock.forward(days=1)
    assert confirm(any_site, 2)[1].action is not None
    settle(any_site)
    assert history(any_site) == [(Level.SUSPENDED, False), (Level.PROVISIONAL, False)]


def test_what_was_confirmed_before_a_fall_leads_to_no_other(any_site: Site) -> None:
    having(any_site, lose)
    settle(any_site)
    assert standing_of(any_site).overall.removals == RemovalTally()
    assert standing_of(any_site, after=timedelta(days=91)).level is Level.PROVISIONAL


def test_a_suspended_brands_confirmation_alone_is_no_label_and_no_strike(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    case, _ = confirm(site, 1)
    judge(site, site.second_analyst, case_now(site, case), REAL)
    site.clock.forward(days=1)
    now = site.clock.now()
    with site.runtime.store.read() as connection:
        version = verdict_history.of_marketplace(connection, site.marketplace_id, now)[case.version_id]
        (rulings,) = histories.rulings(connection, site.marketplace_id, [SELLER]).values()
    label = label_of(version, now, site.runtime.policies[LabelPolicy])
    assert label == NoLabel(message("no_label.contradiction"))  # The brand's answer alone would otherwise decide.
    assert [outcome.counterfeit for outcome in outcomes(rulings, as_of=now)] == [False]


def test_a_level_that_changes_is_kept_with_counts_reasons_and_policy_and_in_the_audit_log(any_site: Site) -> None:
    having(any_site, lose)
    settle(any_site)
    with any_site.runtime.store.read() as connection:
        last = standings.last_change(connection, any_site.marketplace_id, any_site.brand_id)
        acts = list(connection.execute(select(audit_entry.c.act).order_by(audit_entry.c.sequence)).scalars())
    assert last is not None
    assert last.counts["overall"]["overturned"] == 3
    assert last.counts["trademark_counterfeit"] == last.counts["overall"]
    assert last.policy_version.startswith("StandingPolicy:")
    assert any("3 of 3 were overturned (100.0%)" in in_english(reason) for reason in last.reasons)
    assert acts.count("standing.changed") == 1


def confirmations(site: Site) -> list[tuple[str, float, bool]]:
    query = select(confirmation.c.level, confirmation.c.audit_chance, confirmation.c.drawn)
    return [tuple(row) for row in site.rows(query.order_by(confirmation.c.known_at))]


@pytest.mark.parametrize(("draw", "drawn"), [(0.0499, True), (0.05, False)])
def test_a_twentieth_is_audited_where_no_level_is_above_and_its_probability_is_kept(
    any_site: Site, draw: float, drawn: bool
) -> None:
    in_level(any_site, Level.SELF_SERVICE)
    drawing = replace(any_site, runtime=replace(any_site.runtime, draw=lambda: draw))
    judge(drawing, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), FAKE)
    assert confirmations(any_site) == [("self_service", 0.05, drawn)]


def test_a_new_brand_is_audited_until_the_marketplace_has_drawn_its_number(any_site: Site) -> None:
    policies = any_site.runtime.policies.changed(replace(DEFAULT_STANDING, audits_a_day=2))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=policies, draw=lambda: 0.5))
    for number in range(3):
        judge(site, site.brand_person, asked_case(site, number), FAKE)
    assert [(chance, drawn) for _, chance, drawn in confirmations(site)] == [(1.0, True), (1.0, True), (0.05, False)]


def test_one_report_draws_no_more_audits_than_the_marketplace_has_left(any_site: Site) -> None:
    policies = any_site.runtime.policies.changed(replace(DEFAULT_STANDING, audits_a_day=2))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=policies, draw=lambda: 0.5))
    report(site, on_sale(site, 4))
    assert sorted(drawn for _, _, drawn in confirmations(site)) == [False, False, True, True]


def test_an_audit_is_opened_after_the_undo_window_and_counts_as_judged(any_site: Site) -> None:
    drawing = replace(any_site.runtime, draw=lambda: 0.0)
    case, other = asked_case(any_site, 1), asked_case(any_site, 2)
    for question in (case, other):
        judge(replace(any_site, runtime=drawing), any_site.brand_person, question, FAKE)
    undo_verdict(any_site.runtime, any_site.brand_person, other.case_id)
    assert open_sampled_reviews(any_site.runtime) == 0
    any_site.clock.forward(seconds=180)
    assert [open_sampled_reviews(any_site.runtime), open_sampled_reviews(any_site.runtime)] == [1, 0]
    (review,) = open_cases(any_site, CaseLane.SECOND_REVIEW)
    assert review.version_id == case.version_id
    with pytest.raises(Forbidden, match="somebody else must give the second review"):
        judge(any_site, any_site.analyst, review, REAL)  # She asked the brand.
    judge_from(any_site, review, REAL)
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.audits == AuditTally()
    assert standing_of(any_site).overall.audits == AuditTally(wrong=1)
    settle(any_site)
    assert history(any_site) == [(Level.PROVISIONAL, True)]


AUDITED = [
    (FAKE, Evidence.DOCUMENTS, AuditTally(right=1)),
    (FAKE, Evidence.SELLER_ANSWER, AuditTally(right=1)),
    (FAKE, Evidence.LISTING, AuditTally(undecided=1)),
    (Judgement.CANNOT_TELL, Evidence.DOCUMENTS, AuditTally(undecided=1)),
]


@pytest.mark.parametrize(("judgement", "evidence", "tally"), AUDITED)
def test_an_audit_counts_by_what_it_was_judged_from(
    site: Site, judgement: Judgement, evidence: Evidence, tally: AuditTally
) -> None:
    judge_from(site, having(site, audited, 1), judgement, evidence)
    assert standing_of(site).overall.audits == tally


def test_a_second_review_requested_by_a_training_serves_both_purposes(site: Site) -> None:
    drawing = replace(site.runtime, draw=lambda: 0.0)
    case = asked_case(site, 1)
    judge(replace(site, runtime=drawing), site.brand_person, case, FAKE)
    site.clock.forward(days=15)
    review = a_second_review(site, case, label=1, probability=0.02)
    assert open_sampled_reviews(site.runtime) == 0
    judge_from(site, review, FAKE)
    assert standing_of(site).overall.audits == AuditTally(right=1)


def test_a_brand_does_not_state_what_its_answer_rests_on(site: Site) -> None:
    case = asked_case(site, 1)
    answer = Answer(case.case_id, case.version_id, FAKE, evidence=Evidence.DOCUMENTS)
    with pytest.raises(Forbidden, match="Only an analyst can state what an answer rests on"):
        record_verdict(site.runtime, site.brand_person, answer)


@pytest.mark.both_engines
def test_concurrent_confirmations_do_not_exceed_the_daily_limit(any_site: Site) -> None:
    in_level(any_site, Level.CAPPED)
    strict = any_site.runtime.policies.changed(replace(DEFAULT_STANDING, capped_daily=3))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=strict))
    cases = [asked_case(site, number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        decisions = list(pool.map(lambda case: judge(site, site.brand_person, case, FAKE), cases))
    assert sum(decision.action is not None for decision in decisions) == 3


def test_an_audit_and_a_reversal_each_call_for_a_count(any_site: Site) -> None:
    def is_touched_since(moment: datetime) -> bool:
        touched_brands = any_site.read(question_steps.brands_touched, moment, any_site.clock.now())
        assert touched_brands in ([], [(any_site.marketplace_id, any_site.brand_id)])
        return bool(touched_brands)

    begun = any_site.clock.now()
    review = audited(any_site, 1)
    assert not is_touched_since(begun), "the brand confirmed, which counts for nothing"
    judge_from(any_site, review, FAKE)
    assert is_touched_since(begun), "an audit was decided"
    any_site.clock.forward(seconds=1)
    later = any_site.clock.now()
    overturn(any_site, 2)
    assert is_touched_since(later), "a removal was reversed"


def test_a_change_by_time_alone_is_recorded_once_a_day(any_site: Site) -> None:
    having(any_site, lose)
    settle(any_site)
    any_site.clock.forward(days=91)
    assert sweep_standings(any_site.runtime) >= 1
    assert history(any_site)[-1] == (Level.PROVISIONAL, False)


def test_the_newest_change_always_has_the_level_of_the_standing(any_site: Site) -> None:
    having(any_site, lose)
    any_site.clock.forward(seconds=180)
    for days in (0, 1, 91):
        any_site.clock.forward(days=days)
        with any_site.runtime.store.read() as connection:
            pair, now = (any_site.marketplace_id, any_site.brand_id), any_site.clock.now()
            standing, changes = standing_with_history(any_site.runtime, connection, *pair, now, most=1)
        assert (changes[0].level, changes[0].warned) == (standing.level, standing.warned), days
        assert len(changes) == 1
        sweep_standings(any_site.runtime)


def test_what_an_account_manager_is_told_of_a_change() -> None:
    full, capped = Level.FULL, Level.CAPPED
    changes = ((capped, full, False), (full, capped, True), (full, full, True), (full, full, False))
    news = [change_news(before, after, warned=warned) for before, after, warned in changes]
    assert news == ["standing_gained", "standing_lost", "standing_warned", None]
