"""The outcomes of a brand's confirmations determine the effect of the next one, from the next request on."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from features.message import message
from models.case import CaseLane, CaseState
from models.errors import Forbidden
from models.labels import NoLabel
from models.messages.english import in_english
from models.outcomes import outcomes
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import LabelPolicy
from models.verdict import Judgement
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.audit.tables import audit_entry
from serving.cases.service.doubts import open_sampled_reviews
from serving.cases.service.review import VerdictOutcome
from serving.cases.service.undoing import undo_verdict
from serving.cases.store.cases import Case
from serving.learning.service.labelling import label_of
from serving.learning.store import verdict_history
from serving.scoring.store import histories
from serving.standing.policy import StandingPolicy
from serving.standing.rules.confirmations import Tally
from serving.standing.rules.standing import Level, Standing
from serving.standing.service import current_standing, standing_with_history, sweep_standings
from serving.standing.store import question_steps, standings
from serving.standing.tables import confirmation
from serving.takedowns.store import actions
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionEvent
from tests.fixtures.runtimes import Site, a_case, a_second_review, a_suspect_row, case_now, having, judge, open_cases
from tests.fixtures.tampering import drop_guards

SELLER = a_suspect_row()["seller"]["external_id"]
FAKE, REAL = Judgement.COUNTERFEIT, Judgement.GENUINE


def undo_window(site: Site) -> timedelta:
    return timedelta(seconds=site.runtime.policies[EnforcementPolicy].undo_window_seconds)


def standing_of(site: Site, *, after: timedelta | None = None) -> Standing:
    """The standing as it will be once all undo windows have closed, or after a time."""
    at = site.clock.now() + (undo_window(site) if after is None else after)
    with site.runtime.store.read() as connection:
        return current_standing(site.runtime, connection, site.marketplace_id, site.brand_id, at)


def settle(site: Site) -> None:
    """Let every undo window close, and record the standings."""
    site.clock.forward(seconds=undo_window(site).total_seconds())
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


def remove(site: Site, number: int) -> str:
    """Confirm a listing and send its removal; returns the listing's external id."""
    recorded = confirm(site, number)[1]
    assert recorded.action is not None
    site.clock.forward(seconds=180)
    assert site.write(actions.change, recorded.action, ActionEvent.SEND, {"sent_at": site.clock.now()})
    return recorded.action.external_id


def appeal(site: Site, external_id: str, judgement: Judgement = REAL) -> Case:
    """Appeal a removal, and have another analyst decide."""
    file_appeal(site.runtime, site.marketplace, Complaint(f"appeal-{external_id}", external_id, "They are genuine."))
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, judgement)
    return case


def lose(site: Site) -> None:
    """Overturn three removals."""
    for external_id in [remove(site, number) for number in (101, 102, 103)]:
        appeal(site, external_id)


def test_a_new_brand_removes_at_once(any_site: Site) -> None:
    _, recorded = confirm(any_site, 1)
    assert recorded.action is not None
    assert standing_of(any_site).level is Level.PROVISIONAL
    assert standing_of(any_site).overall.tally == Tally(accepted=1)
    assert history(any_site) == []


def test_only_answers_of_counterfeit_are_counted(any_site: Site) -> None:
    for number, judgement in enumerate((REAL, Judgement.GREY_MARKET, Judgement.CANNOT_TELL, Judgement.NEEDS_TEST_BUY)):
        judge(any_site, any_site.brand_person, asked_case(any_site, number), judgement)
    assert standing_of(any_site).overall.tally == Tally()


def test_an_undone_confirmation_is_not_counted(any_site: Site) -> None:
    case, _ = confirm(any_site, 1)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert standing_of(any_site).overall.tally == Tally()
    judge(any_site, any_site.brand_person, case_now(any_site, case), FAKE)
    assert standing_of(any_site).overall.tally == Tally(accepted=1)


def test_an_appeal_counts_once_it_is_upheld(any_site: Site) -> None:
    external_id = remove(any_site, 1)
    file_appeal(any_site.runtime, any_site.marketplace, Complaint("appeal-1", external_id, "They are genuine."))
    assert standing_of(any_site).overall.tally == Tally(accepted=1)
    (case,) = open_cases(any_site, CaseLane.APPEAL)
    judge(any_site, any_site.second_analyst, case, REAL)
    assert standing_of(any_site).overall.tally == Tally(overturned=1)
    settle(any_site)
    assert history(any_site) == [(Level.PROVISIONAL, True)]


def test_a_dismissed_appeal_does_not_count(any_site: Site) -> None:
    appeal(any_site, remove(any_site, 1), FAKE)
    assert standing_of(any_site).overall.tally == Tally(accepted=1)


def test_an_undone_decision_on_an_appeal_does_not_count(any_site: Site) -> None:
    undo_verdict(any_site.runtime, any_site.second_analyst, appeal(any_site, remove(any_site, 1)).case_id)
    assert standing_of(any_site).overall.tally == Tally(accepted=1)
    settle(any_site)
    assert history(any_site) == [], "it was undone before it counted"


def test_good_standing_is_lost_once_the_decision_that_broke_it_cannot_be_undone(any_site: Site) -> None:
    having(any_site, lose)
    assert history(any_site) == []
    settle(any_site)
    assert history(any_site) == [(Level.CAPPED, False)]
    strict = any_site.runtime.policies.changed(StandingPolicy(daily_cap=4))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=strict))
    assert confirm(site, 104)[1].action is not None  # The fourth of the day.
    case, recorded = confirm(site, 105)
    assert recorded.action is None
    assert recorded.consequence.reasons[-1] == message("verdict.analyst_decides")
    returned_case = case_now(site, case)
    assert (returned_case.lane, returned_case.state) == (CaseLane.ANALYST, CaseState.OPEN)
    site.clock.forward(days=1)
    assert confirm(site, 106)[1].action is not None


def suspend(site: Site) -> None:
    now = site.clock.now()
    row = {
        "marketplace_id": site.marketplace_id,
        "change_id": "std_1",
        "brand_id": site.brand_id,
        "level": Level.SUSPENDED.value,
        "warned": False,
        "since": now,
        "counts": {},
        "reasons": [],
        "policy_version": "test",
        "known_at": now,
    }
    site.write(standings.add_change, row)


def test_of_a_suspended_brand_an_analyst_decides(any_site: Site) -> None:
    suspend(any_site)
    for number, judgement, tally in (
        (1, FAKE, Tally(accepted=1)),
        (2, REAL, Tally(accepted=1, rejected=1)),
        (3, Judgement.GREY_MARKET, Tally(accepted=1, rejected=1)),
    ):
        case, recorded = confirm(any_site, number)
        assert recorded.action is None
        decided = judge(any_site, any_site.second_analyst, case_now(any_site, case), judgement)
        assert (decided.action is not None) is (judgement is FAKE)
        assert standing_of(any_site).overall.tally == tally


def test_an_undecided_confirmation_is_not_counted(any_site: Site) -> None:
    suspend(any_site)
    confirm(any_site, 1)
    assert standing_of(any_site).overall.tally == Tally()


def test_an_overturned_removal_by_an_analyst_counts_against_the_confirming_brand(any_site: Site) -> None:
    suspend(any_site)
    case, _ = confirm(any_site, 1)
    action = judge(any_site, any_site.analyst, case_now(any_site, case), FAKE).action
    assert action is not None
    any_site.clock.forward(seconds=180)
    assert any_site.write(actions.change, action, ActionEvent.SEND, {"sent_at": any_site.clock.now()})
    appeal(any_site, action.external_id)
    assert standing_of(any_site).overall.tally == Tally(overturned=1)


def test_good_standing_returns_after_three_months(any_site: Site) -> None:
    suspend(any_site)
    any_site.clock.forward(days=89)
    assert confirm(any_site, 1)[1].action is None
    any_site.clock.forward(days=1)
    assert confirm(any_site, 2)[1].action is not None
    assert history(any_site) == [(Level.SUSPENDED, False), (Level.PROVISIONAL, False)]


def test_a_suspended_brands_confirmation_alone_is_no_label_and_no_strike(site: Site) -> None:
    suspend(site)
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
    assert any("3 overturned (100.00%)" in in_english(reason) for reason in last.reasons)
    assert acts.count("standing.changed") == 1


def confirmations(site: Site) -> list[tuple[str, float, bool]]:
    query = select(confirmation.c.level, confirmation.c.audit_chance, confirmation.c.drawn)
    return [tuple(row) for row in site.rows(query.order_by(confirmation.c.known_at))]


@pytest.mark.parametrize(("draw", "drawn"), [(0.0999, True), (0.1, False)])
def test_a_tenth_of_the_removals_in_provisional_standing_is_sampled_with_its_probability(
    any_site: Site, draw: float, drawn: bool
) -> None:
    drawing = replace(any_site, runtime=replace(any_site.runtime, draw=lambda: draw))
    judge(drawing, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), FAKE)
    assert confirmations(any_site) == [("provisional", 0.1, drawn)]


def test_a_sampled_removal_gets_a_second_review_after_its_undo_window(any_site: Site) -> None:
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
    assert judge(any_site, any_site.second_analyst, review, REAL).action is None
    assert standing_of(any_site).overall.tally == Tally(rejected=1, audited=1)
    settle(any_site)
    assert history(any_site) == [(Level.PROVISIONAL, True)]


def test_a_second_review_requested_by_a_training_serves_both_purposes(site: Site) -> None:
    drawing = replace(site.runtime, draw=lambda: 0.0)
    case = asked_case(site, 1)
    judge(replace(site, runtime=drawing), site.brand_person, case, FAKE)
    site.clock.forward(days=15)
    review = a_second_review(site, case, label=1, probability=0.02)
    assert open_sampled_reviews(site.runtime) == 0
    judge(site, site.second_analyst, review, FAKE)
    assert standing_of(site).overall.tally == Tally(accepted=1, audited=1, audited_right=1)


@pytest.mark.both_engines
def test_concurrent_confirmations_do_not_exceed_the_daily_cap(any_site: Site) -> None:
    having(any_site, lose)
    any_site.clock.forward(days=1)
    strict = any_site.runtime.policies.changed(StandingPolicy(daily_cap=3))
    site = replace(any_site, runtime=replace(any_site.runtime, policies=strict))
    cases = [asked_case(site, number) for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        decisions = list(pool.map(lambda case: judge(site, site.brand_person, case, FAKE), cases))
    assert sum(decision.action is not None for decision in decisions) == 3


def test_an_answer_counts_once_its_undo_window_has_closed(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, asked_case(any_site, 1), FAKE)
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.tally == Tally()
    assert standing_of(any_site, after=timedelta(seconds=180)).overall.tally == Tally(accepted=1)


def test_a_later_ruling_counts_once_its_undo_window_has_closed(any_site: Site) -> None:
    suspend(any_site)
    case, _ = confirm(any_site, 1)
    any_site.clock.forward(days=1)
    judge(any_site, any_site.second_analyst, case_now(any_site, case), REAL)
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.tally == Tally()
    assert standing_of(any_site, after=timedelta(seconds=180)).overall.tally == Tally(rejected=1)


def test_a_reinstatement_counts_once_its_undo_window_has_closed(any_site: Site) -> None:
    appeal(any_site, remove(any_site, 1))
    assert standing_of(any_site, after=timedelta(seconds=179)).overall.tally == Tally(accepted=1)
    assert standing_of(any_site, after=timedelta(seconds=180)).overall.tally == Tally(overturned=1)


def test_a_change_is_recorded_by_the_sweep_after_the_undo_window(any_site: Site) -> None:
    sweep_standings(any_site.runtime)
    external_ids = [remove(any_site, number) for number in (101, 102, 103)]
    settle(any_site)
    for external_id in external_ids:
        appeal(any_site, external_id)
    assert (sweep_standings(any_site.runtime), history(any_site)) == (0, [])
    any_site.clock.forward(seconds=180)
    assert (sweep_standings(any_site.runtime), history(any_site)) == (1, [(Level.CAPPED, False)])
    any_site.clock.forward(seconds=180)
    assert sweep_standings(any_site.runtime) == 0, "nothing was answered since"


def is_touched_since(site: Site, after: datetime) -> bool:
    touched_brands = site.read(question_steps.brands_touched, after, site.clock.now())
    assert touched_brands in ([], [(site.marketplace_id, site.brand_id)])
    return bool(touched_brands)


def test_an_answer_a_decision_and_an_action_each_call_for_a_count(any_site: Site) -> None:
    """An action without a verdict of its moment is a reinstatement after silence; its row is moved in time here."""
    suspend(any_site)
    moment = any_site.clock.now()
    case, _ = confirm(any_site, 1)
    assert is_touched_since(any_site, moment), "the brand answered"
    moment = any_site.clock.now()
    assert not is_touched_since(any_site, moment)
    any_site.clock.forward(seconds=1)
    judge(any_site, any_site.second_analyst, case_now(any_site, case), REAL)
    assert is_touched_since(any_site, moment), "an analyst decided, without an action"
    case, _ = confirm(any_site, 2)
    removal = judge(any_site, any_site.analyst, case_now(any_site, case), FAKE).action
    assert removal is not None
    moment = any_site.clock.now()
    any_site.clock.forward(seconds=1)
    assert not is_touched_since(any_site, moment)
    with any_site.runtime.store.write() as connection:
        drop_guards(connection, "action")
        of_it = action.c.action_id == removal.action_id
        connection.execute(update(action).where(of_it).values(created_at=any_site.clock.now()))
    assert is_touched_since(any_site, moment), "an action followed"


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
