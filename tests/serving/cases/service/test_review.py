import pytest
from sqlalchemy import select

from features.message import message
from models.case import CaseLane, CaseState
from models.errors import Conflict, DomainError, Forbidden, NotFound
from models.verdict import Judgement
from serving.audit.tables import audit_entry
from serving.cases.service.case_access import lease
from serving.cases.service.decision_context import Answer
from serving.cases.service.review import record_verdict
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases, verdicts
from serving.listings.service.intake import receive_rows
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action as action_table
from serving.webhooks.rules.action import ActionKind, ActionState
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge, open_cases


def only_action(site: Site) -> StoredAction:
    with site.runtime.store.read() as connection:
        return actions.get(
            connection, site.marketplace_id, connection.execute(select(action_table.c.action_id)).scalar_one()
        )


def acts(site: Site) -> list[str]:
    with site.runtime.store.read() as connection:
        return list(connection.execute(select(audit_entry.c.act).order_by(audit_entry.c.sequence)).scalars())


def test_a_brands_counterfeit_schedules_the_removal_at_once(any_site: Site) -> None:
    recorded = judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    removal = only_action(any_site)
    assert recorded.action == removal
    assert (removal.kind, removal.state, removal.sequence) == (ActionKind.REMOVE, ActionState.SCHEDULED, 1)
    assert (removal.leaves_at - any_site.clock.now()).total_seconds() == 180


def test_verdict_action_and_audit_entries_commit_together(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    assert acts(any_site)[-3:] == ["verdict.recorded", "remove.scheduled", "removals.told"]


def test_an_analysts_counterfeit_of_a_brand_that_takes_part_becomes_its_question(any_site: Site) -> None:
    assert judge(any_site, any_site.analyst, a_case(any_site), Judgement.COUNTERFEIT).action is None
    assert [case.lane for case in open_cases(any_site)] == [CaseLane.ASK_BRAND]


def test_an_analysts_counterfeit_removes_where_the_brand_does_not_take_part(any_site: Site) -> None:
    case = a_case(any_site, brand="Solenne", title="Solenne serum 1:1 mirror quality replica")
    assert judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT).action is not None


@pytest.mark.parametrize("judgement", [Judgement.GENUINE, Judgement.GREY_MARKET, Judgement.LICENSED])
def test_what_is_not_counterfeit_stays_and_the_case_is_closed(any_site: Site, judgement: Judgement) -> None:
    assert judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), judgement).action is None
    assert open_cases(any_site) == []


def test_a_verdict_names_the_version_that_was_seen(any_site: Site) -> None:
    stale = Answer(a_case(any_site).case_id, "ver_other", Judgement.GENUINE)
    with pytest.raises(Conflict, match="changed since you loaded it"):
        record_verdict(any_site.runtime, any_site.analyst, stale)


def test_a_case_overtaken_by_a_new_version_cannot_be_decided(any_site: Site) -> None:
    case = a_case(any_site)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="50.00")], source="test")
    with pytest.raises(Conflict, match="A new case shows the current version"):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)


def test_a_decided_case_is_not_decided_again(any_site: Site) -> None:
    case = a_case(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    with pytest.raises(Conflict, match="decided already"):
        judge(any_site, any_site.second_analyst, case, Judgement.COUNTERFEIT)


@pytest.mark.both_engines
def test_a_case_leased_by_a_colleague_is_refused_until_the_lease_ends(any_site: Site) -> None:
    case = a_case(any_site)
    assert lease(any_site.runtime, any_site.analyst, case.case_id)
    assert not lease(any_site.runtime, any_site.second_analyst, case.case_id)
    with pytest.raises(Conflict, match="Somebody else is working"):
        judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    any_site.clock.forward(minutes=15)
    judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)


def test_a_brand_cannot_see_another_brands_case(any_site: Site) -> None:
    case = a_case(any_site, brand="Solenne", title="Solenne serum 1:1 mirror quality replica")
    with pytest.raises(NotFound):
        judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)


def test_a_brand_sees_a_case_of_its_own_only_once_it_is_asked(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ANALYST)
    with pytest.raises(NotFound):
        judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)


def test_undo_in_the_window_withdraws_the_removal_and_opens_the_case_again(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=179)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert only_action(any_site).state is ActionState.WITHDRAWN
    (again,) = open_cases(any_site)
    assert (again.case_id, again.lane, again.state) == (case.case_id, CaseLane.ASK_BRAND, CaseState.OPEN)


def test_undo_appends_a_verdict_that_supersedes_the_first(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    recorded = judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    withdrawal_id = undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert any_site.read(verdicts.get, any_site.marketplace_id, recorded.verdict_id).superseded_by == withdrawal_id


def test_after_the_window_undo_is_refused_and_the_removal_stands(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    any_site.clock.forward(seconds=180)
    with pytest.raises(Conflict, match="window has closed"):
        undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    assert only_action(any_site).state is ActionState.SCHEDULED


def test_nobody_undoes_a_colleagues_verdict(any_site: Site) -> None:
    case = a_case(any_site)
    judge(any_site, any_site.analyst, case, Judgement.GENUINE)
    with pytest.raises(Forbidden, match="Ines Moreau gave the last verdict"):
        undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)


def test_undoing_a_question_to_the_brand_brings_it_back_to_the_analyst(any_site: Site) -> None:
    undo_verdict(any_site.runtime, any_site.analyst, a_case(any_site, CaseLane.ASK_BRAND).case_id)
    assert [case.lane for case in open_cases(any_site)] == [CaseLane.ANALYST]


def test_a_confirmation_may_be_given_again_after_an_undo(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    (again,) = open_cases(any_site)
    recorded = judge(any_site, any_site.brand_person, again, Judgement.COUNTERFEIT)
    assert recorded.action is not None
    assert recorded.action.sequence == 2


def test_at_most_one_removal_of_a_listing_is_open(any_site: Site) -> None:
    first = judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="70.00")], source="test")
    (second,) = open_cases(any_site)
    judge(any_site, any_site.analyst, second, Judgement.COUNTERFEIT)
    (question,) = open_cases(any_site)
    attached = judge(any_site, any_site.brand_person, question, Judgement.COUNTERFEIT)
    assert first.action is not None
    assert attached.action is not None
    assert attached.action.action_id == first.action.action_id


def test_a_statement_of_reasons_exists_from_the_confirmation_and_names_no_person(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    text = " ".join(only_action(any_site).statement.values())
    assert "The marketplace asked the rights holder Aurelle about this listing" in text
    assert "Camille" not in text
    assert "six months" in text


def test_a_refused_verdict_leaves_no_trace(any_site: Site) -> None:
    case = a_case(any_site)
    before = acts(any_site)
    with pytest.raises(DomainError):
        judge(any_site, any_site.analyst, case, Judgement.WITHDRAWN)
    assert acts(any_site) == before
    assert any_site.read(cases.get, any_site.marketplace_id, case.case_id).state is CaseState.OPEN


def test_an_analyst_decides_alone_where_the_brand_cannot_tell(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.CANNOT_TELL)
    (returned,) = open_cases(any_site, CaseLane.ANALYST)
    recorded = judge(any_site, any_site.analyst, returned, Judgement.COUNTERFEIT)
    assert recorded.action is not None
    assert recorded.consequence.reasons == (message("verdict.no_brand_to_ask"),)


def test_a_brand_that_undoes_its_doubt_is_asked_again(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.brand_person, case, Judgement.CANNOT_TELL)
    undo_verdict(any_site.runtime, any_site.brand_person, case.case_id)
    (again,) = open_cases(any_site, CaseLane.ASK_BRAND)
    assert not again.question_returned


def test_an_analyst_who_cannot_tell_leaves_the_question_with_the_brand(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    judge(any_site, any_site.second_analyst, case, Judgement.CANNOT_TELL)
    assert [open_case.case_id for open_case in open_cases(any_site, CaseLane.ASK_BRAND)] == [case.case_id]
