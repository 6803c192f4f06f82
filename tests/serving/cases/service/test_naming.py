"""The brand of a case: named before a removal, corrected with a reason, and what follows it."""

import ast
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

import serving
from models.case import CaseLane, CaseState
from models.errors import BrandNotNamed, Conflict, DomainError, Forbidden, Invalid, NotFound
from models.verdict import Judgement, ReasonCode, Side
from serving.accounts.rules.access import Person
from serving.accounts.service import provisioning
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.audit.tables import audit_entry, audit_payload
from serving.cases.rules.bulk_verdicts import BulkItemResult
from serving.cases.rules.case_brand import Naming
from serving.cases.service.case_access import lease, visible_case
from serving.cases.service.decision_context import Answer
from serving.cases.service.naming import name_brand
from serving.cases.service.opening import open_by_choice
from serving.cases.service.review import VerdictOutcome, record_verdict
from serving.cases.service.test_buys import close
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import case_brands, cases
from serving.cases.store.cases import Case
from serving.cases.tables import review_case
from serving.listings.service.intake import receive_rows
from serving.listings.tables import listing_version
from serving.takedowns.rules.public_statement import Source
from serving.takedowns.rules.statement import Discovery, ProtectedMark, removal_statement
from serving.takedowns.service.takedown import Cause, schedule
from serving.takedowns.tables import action as action_table
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.naming import VELA, WHY, a_brandless_case, another_brand, naming_of_brand, stored_case
from tests.fixtures.notifying import notify
from tests.fixtures.reporting import a_marketplace_that_listens, carry_out_action
from tests.fixtures.runtimes import Site, a_case, a_second_review, a_suspect_row, judge, open_cases
from tests.serving.cases.service.test_bulk_verdicts import bulk_answer_of, decide
from tests.serving.cases.service.test_test_buys import FAKE, examined_test_buy


def removals(site: Site) -> int:
    return site.count(action_table)


def judge_counterfeit(site: Site, case: Case, naming: Naming | None = None) -> VerdictOutcome:
    answer = Answer(case.case_id, case.version_id, Judgement.COUNTERFEIT, naming=naming)
    return record_verdict(site.runtime, site.analyst, answer)


def name(site: Site, case: Case, naming: Naming, person: Person | None = None) -> Case:
    return name_brand(site.runtime, person or site.analyst, case.case_id, naming)


def sees(site: Site, person: Person, case: Case) -> bool:
    with site.runtime.store.read() as connection:
        try:
            visible_case(connection, person, case.case_id)
        except NotFound:
            return False
    return True


def test_counterfeit_is_refused_until_the_brand_is_named(any_site: Site) -> None:
    case = a_brandless_case(any_site)
    with pytest.raises(BrandNotNamed):
        judge_counterfeit(any_site, case)
    assert (removals(any_site), stored_case(any_site, case).state) == (0, CaseState.OPEN)
    name(any_site, case, VELA)
    assert judge_counterfeit(any_site, case).action is not None


@pytest.mark.parametrize(
    ("naming", "expected"),
    [
        (VELA, "The decision protects the mark “Vela Nord”. Its owner is Vela Nordsee AG."),
        ("Solenne", "The decision protects the mark Solenne. Its owner is registered with the marketplace as Solenne."),
    ],
)
def test_the_seller_is_told_the_mark_and_the_owner_that_were_named(
    site: Site, naming: Naming | str, expected: str
) -> None:
    named = naming_of_brand(site, naming, None) if isinstance(naming, str) else naming
    recorded = judge_counterfeit(site, a_brandless_case(site), named)
    assert recorded.action is not None
    assert recorded.action.statement["right"] == expected


def test_a_named_brand_that_takes_part_is_asked_before_anything_is_removed(any_site: Site) -> None:
    case = a_brandless_case(any_site)
    assert judge_counterfeit(any_site, case, naming_of_brand(any_site, "Aurelle")).action is None
    assert stored_case(any_site, case).lane is CaseLane.ASK_BRAND
    assert sees(any_site, any_site.brand_person, case)
    assert judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT).action is not None


def test_a_refused_naming_records_no_verdict(site: Site) -> None:
    case = a_brandless_case(site)
    half = Naming.of(brand_id=None, mark="Vela", owner=None, reason=None)
    with pytest.raises(Invalid, match=r"Enter the owner of the mark\."):
        judge_counterfeit(site, case, half)
    assert stored_case(site, case) == case


def test_the_same_brand_with_a_verdict_is_no_correction(site: Site) -> None:
    """A tool that sends the brand with each verdict repeats itself after a lost answer."""
    assert (
        judge_counterfeit(site, name(site, a_brandless_case(site), VELA), replace(VELA, reason=None)).action is not None
    )


@pytest.mark.parametrize("judgement", [answer for answer in Judgement if answer not in {"counterfeit", "withdrawn"}])
def test_every_other_answer_needs_no_brand(site: Site, judgement: Judgement) -> None:
    assert judge(site, site.analyst, a_brandless_case(site), judgement).action is None


def test_a_correction_is_kept_with_who_when_from_to_and_why(any_site: Site) -> None:
    case = a_case(any_site)
    name(any_site, case, naming_of_brand(any_site, "Solenne"))
    any_site.clock.forward(minutes=1)
    name(any_site, case, VELA, any_site.second_analyst)
    with any_site.runtime.store.read() as connection:
        first, second = case_brands.of_case(connection, any_site.marketplace_id, case.case_id)
        acts = connection.execute(
            select(audit_entry.c.act, audit_entry.c.actor, audit_payload.c.payload)
            .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
            .where(audit_entry.c.act.startswith("brand.corrected"))
            .order_by(audit_entry.c.sequence)
        ).all()
    assert (first.name_before, first.name, first.user_name, first.reason) == ("Aurelle", "Solenne", "Ines Moreau", WHY)
    assert (second.name_before, second.brand, second.user_name) == ("Solenne", VELA.brand, "Tomás Rey")
    assert first.known_at < second.known_at
    assert [record.actor for record in acts] == [
        f"user:{record.user_id}" for record in (any_site.analyst, any_site.second_analyst)
    ]
    assert all(WHY in act.payload and case.case_id in act.payload for act in acts)


def test_the_history_of_the_case_tells_a_naming_and_a_correction(site: Site) -> None:
    case = a_brandless_case(site)
    name(site, case, VELA)
    name(site, case, naming_of_brand(site, "Solenne"))
    history = [event["what"] for event in site.read(cases.timeline, site.marketplace_id, case.case_id)]
    assert history[-2:] == ["Named the brand: Vela Nord.", f"Corrected the brand from Vela Nord to Solenne. {WHY}"]


@pytest.mark.both_engines
def test_a_question_to_one_brand_becomes_the_other_brand_s(any_site: Site) -> None:
    other = another_brand(any_site)
    case = a_case(any_site, CaseLane.ASK_BRAND)
    any_site.clock.forward(hours=90)
    corrected = name(any_site, case, naming_of_brand(any_site, "Marea"))
    assert (corrected.lane, corrected.brand_id) == (CaseLane.ASK_BRAND, other.brand_id)
    assert (corrected.due_at - any_site.clock.now()).total_seconds() == 96 * 3600
    assert (sees(any_site, any_site.brand_person, case), sees(any_site, other.person, case)) == (False, True)
    with pytest.raises(NotFound):
        judge(any_site, any_site.brand_person, corrected, Judgement.COUNTERFEIT)


@pytest.mark.parametrize("naming", ["Solenne", VELA])
def test_a_question_whose_new_brand_cannot_be_asked_goes_to_an_analyst(site: Site, naming: Naming | str) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    named = naming_of_brand(site, naming) if isinstance(naming, str) else naming
    corrected = name(site, case, named)
    assert (corrected.lane, corrected.state) == (CaseLane.ANALYST, CaseState.OPEN)
    assert (corrected.due_at - site.clock.now()).total_seconds() == 24 * 3600
    assert not sees(site, site.brand_person, case)
    assert judge_counterfeit(site, corrected).action is not None


def test_the_answer_of_the_brand_before_opens_the_case_to_neither_brand(site: Site) -> None:
    other = another_brand(site)
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.CANNOT_TELL)
    assert name(site, case, naming_of_brand(site, "Marea")).lane is CaseLane.ANALYST
    assert (sees(site, site.brand_person, case), sees(site, other.person, case)) == (False, False)


def test_a_brand_that_returned_the_question_is_not_asked_again_after_two_corrections(site: Site) -> None:
    another_brand(site)
    case = a_case(site, CaseLane.ASK_BRAND)
    judge(site, site.brand_person, case, Judgement.CANNOT_TELL)
    assert stored_case(site, case).question_returned
    assert not name(site, case, naming_of_brand(site, "Marea")).question_returned
    assert name(site, case, naming_of_brand(site, "Aurelle")).question_returned
    assert judge_counterfeit(site, case).action is not None


def test_a_colleague_who_works_on_the_case_is_not_overtaken(any_site: Site) -> None:
    case = a_brandless_case(any_site)
    assert lease(any_site.runtime, any_site.second_analyst, case.case_id)
    with pytest.raises(Conflict, match="Somebody else is working on this case"):
        name(any_site, case, VELA)


@pytest.mark.both_engines
def test_of_two_corrections_at_once_one_is_told_of_the_other(any_site: Site) -> None:
    case = a_case(any_site)
    start = threading.Barrier(2)

    def correct(pair: tuple[Person, str]) -> str:
        start.wait()
        try:
            name(any_site, case, naming_of_brand(any_site, pair[1]), pair[0])
        except DomainError as refused:
            return refused.code
        return "named"

    another_brand(any_site)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(correct, ((any_site.analyst, "Marea"), (any_site.second_analyst, "Solenne"))))
    namings = any_site.read(case_brands.of_case, any_site.marketplace_id, case.case_id)
    # One after the other is a chain of two corrections; at once, the second is refused.
    assert outcomes.count("named") == len(namings)
    assert set(outcomes) <= {"named", "conflict"}
    assert stored_case(any_site, case).brand == namings[-1].brand
    assert [naming.before for naming in namings] == [case.brand, *(naming.brand for naming in namings[:-1])]


@pytest.mark.parametrize("closed", ["decided", "stale"])
def test_a_closed_case_keeps_its_brand(site: Site, closed: str) -> None:
    case = a_case(site)
    if closed == "decided":
        judge(site, site.analyst, case, Judgement.GENUINE)
    else:
        receive_rows(site.runtime, site.marketplace, [a_suspect_row(price="3.00")], source="test")
    with pytest.raises(Conflict):
        name(site, case, VELA)


def test_a_brand_s_person_names_no_brand(site: Site) -> None:
    case = a_case(site, CaseLane.ASK_BRAND)
    with pytest.raises(Forbidden, match="Only analysts name the brand"):
        name(site, case, VELA, site.brand_person)


def test_a_brand_of_another_marketplace_does_not_exist_here(site: Site) -> None:
    elsewhere = provisioning.add_brand(site.runtime, name="Ferne", aliases=[], gtin_prefixes=[], by="test")
    naming = Naming.of(brand_id=elsewhere.brand_id, mark=None, owner=None, reason=WHY)
    with pytest.raises(NotFound, match="No brand with this id is enrolled here"):
        name(site, a_case(site), naming)


@pytest.mark.parametrize("mark", ["Aurelle", "aurelle", "AURELLE®", "A u r e l l e", "Aure11e", "奥蕾尔"])
def test_a_registered_brand_is_not_passed_over_by_typing_its_name(site: Site, mark: str) -> None:
    naming = Naming.of(brand_id=None, mark=mark, owner="Somebody Ltd", reason=WHY)
    with pytest.raises(Invalid, match="Aurelle is a registered brand"):
        name(site, a_brandless_case(site), naming)


def test_the_corrected_brand_is_what_later_readers_of_the_version_see(site: Site) -> None:
    case = a_case(site)
    query = select(listing_version.c.brand_id).where(listing_version.c.version_id == case.version_id)
    for naming in (naming_of_brand(site, "Solenne"), VELA):
        name(site, case, naming)
        assert site.scalar(query) == naming.brand.brand_id


@pytest.mark.both_engines
def test_an_edit_by_the_seller_does_not_undo_the_correction(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    name(any_site, case, VELA)
    receive_rows(any_site.runtime, any_site.marketplace, [a_suspect_row(price="3.00")], source="test")
    [following] = open_cases(any_site)
    assert following.follows_case_id == case.case_id
    assert (following.brand, following.lane) == (VELA.brand, CaseLane.ANALYST)
    assert not sees(any_site, any_site.brand_person, following)


def test_an_edit_that_names_another_brand_is_resolved_again(site: Site) -> None:
    name(site, a_case(site), VELA)
    row = a_suspect_row(title="Solenne tote 1:1 mirror quality, real leather", brand="Solenne")
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    [following] = open_cases(site)
    assert following.brand == naming_of_brand(site, "Solenne").brand


def test_a_notice_about_a_listing_that_was_named_opens_its_case_under_that_brand(site: Site) -> None:
    judge(site, site.analyst, name(site, a_brandless_case(site), VELA), Judgement.GENUINE)
    site.clock.forward(days=1)
    notify(site, "MP-9")
    [opened] = open_cases(site)
    assert opened.brand == VELA.brand


def test_a_case_that_an_analyst_opens_on_a_named_listing_has_that_brand(site: Site) -> None:
    case = name(site, a_brandless_case(site), VELA)
    judge(site, site.analyst, case, Judgement.GENUINE)
    opened = open_by_choice(site.runtime, site.analyst, case.listing_id)
    assert stored_case(site, replace(case, case_id=opened)).brand == VELA.brand


def test_a_verdict_before_the_correction_cannot_be_undone_any_more(site: Site) -> None:
    """Undone, the case would wait in the lane of a question whose brand it no longer has."""
    case = a_case(site, CaseLane.ASK_BRAND)
    judge_counterfeit(site, stored_case(site, case))
    site.clock.forward(seconds=1)
    name(site, case, VELA)
    with pytest.raises(Conflict, match="The brand of this case was corrected after the verdict"):
        undo_verdict(site.runtime, site.analyst, case.case_id)
    assert stored_case(site, case).lane is CaseLane.ANALYST


def test_an_undone_removal_keeps_the_brand_that_was_named_with_it(site: Site) -> None:
    case = a_brandless_case(site)
    judge_counterfeit(site, case, VELA)
    undo_verdict(site.runtime, site.analyst, case.case_id)
    assert (stored_case(site, case).state, stored_case(site, case).brand) == (CaseState.OPEN, VELA.brand)


# ---- the other ways to a removal


def unresolved_case(site: Site, case: Case) -> Case:
    """The case with its brand taken away, as a fault elsewhere would leave it."""
    with site.runtime.store.write() as connection:
        gone = update(review_case).where(review_case.c.case_id == case.case_id)
        connection.execute(gone.values(brand_id=None, mark=None, mark_owner=None))
    return stored_case(site, case)


def test_a_test_buy_of_goods_without_a_brand_is_closed_once_the_brand_is_named(site: Site) -> None:
    case = a_brandless_case(site)
    test_buy_id = examined_test_buy(site, case)
    with pytest.raises(BrandNotNamed):
        close(site.runtime, site.analyst, test_buy_id, FAKE)
    assert removals(site) == 0
    name(site, case, VELA)
    assert close(site.runtime, site.analyst, test_buy_id, FAKE).action is not None


def test_a_notified_listing_without_a_brand_is_not_removed(site: Site) -> None:
    judge(site, site.analyst, a_brandless_case(site), Judgement.GENUINE)
    site.clock.forward(days=1)
    notify(site, "MP-9")
    [opened] = open_cases(site)
    with pytest.raises(BrandNotNamed):
        judge_counterfeit(site, opened)
    assert removals(site) == 0


def test_a_bulk_answer_records_the_named_cases_and_gives_the_others_their_reason(any_site: Site) -> None:
    named = a_case(any_site, external_id="MP-1", title="Solenne serum 1:1 mirror quality replica", brand="Solenne")
    brandless = a_brandless_case(any_site, external_id="MP-2")
    typed = name(any_site, a_brandless_case(any_site, external_id="MP-3"), VELA)
    bulk_answer = bulk_answer_of(any_site, [named, brandless, typed], Judgement.COUNTERFEIT)
    items = {line.case_id: line for line in decide(any_site, bulk_answer)}
    assert items[brandless.case_id].outcome is BulkItemResult.REFUSED
    assert items[brandless.case_id].reason == str(BrandNotNamed().phrase)
    assert [items[case.case_id].outcome for case in (named, typed)] == [BulkItemResult.RECORDED] * 2
    assert removals(any_site) == 2


def test_a_second_review_needs_no_brand_and_removes_nothing(site: Site) -> None:
    case = a_brandless_case(site)
    judge(site, site.analyst, case, Judgement.GENUINE)
    site.clock.forward(days=15)
    look = a_second_review(site, case, label=0)
    assert judge(site, site.second_analyst, look, Judgement.COUNTERFEIT).action is None
    assert removals(site) == 0


def test_an_appeal_keeps_the_brand_that_the_seller_was_told_of(site: Site) -> None:
    with a_marketplace_that_listens(site):
        carry_out_action(site, judge_counterfeit(site, a_brandless_case(site), VELA).action)
    file_appeal(site.runtime, site.marketplace, Complaint("appeal-1", "MP-9", "These goods are genuine."))
    [appeal] = open_cases(site, CaseLane.APPEAL)
    assert appeal.brand == VELA.brand
    with pytest.raises(Invalid, match="If the brand is wrong, uphold the appeal"):
        name(site, appeal, naming_of_brand(site, "Solenne"), site.second_analyst)
    with pytest.raises(BrandNotNamed):
        judge(site, site.second_analyst, unresolved_case(site, appeal), Judgement.COUNTERFEIT)


def test_the_person_who_decided_the_removal_does_not_name_the_brand_of_its_appeal(site: Site) -> None:
    with a_marketplace_that_listens(site):
        carry_out_action(site, judge_counterfeit(site, a_brandless_case(site), VELA).action)
    file_appeal(site.runtime, site.marketplace, Complaint("appeal-1", "MP-9", "These goods are genuine."))
    [appeal] = open_cases(site, CaseLane.APPEAL)
    with pytest.raises(Forbidden, match="somebody else must name its brand"):
        name(site, unresolved_case(site, appeal), VELA)


@pytest.mark.parametrize("missing", ["case", "statement"])
def test_no_removal_is_made_without_a_brand_whoever_asks(any_site: Site, missing: str) -> None:
    """The last guard, for a way to a removal that nobody has thought of: brandless in the case, or in the statement."""
    case = a_case(any_site, brand="Solenne", title="Solenne serum 1:1 mirror quality replica")
    recorded = judge(any_site, any_site.analyst, case, Judgement.COUNTERFEIT)
    undo_verdict(any_site.runtime, any_site.analyst, case.case_id)
    statement = removal_statement(
        owned=ProtectedMark("Solenne"),
        reason_code=ReasonCode.DESIGN,
        side=Side.ANALYST,
        discovery=Discovery.AUTOMATED,
        bought=False,
        aided=True,
        examined=False,
        source=Source.VOLUNTARY,
        sold_in=(),
    )
    if missing == "case":
        unresolved_case(any_site, case)
    else:
        statement = replace(statement, right=None)
    cause = Cause(any_site.marketplace_id, case.listing_id, recorded.verdict_id, "test")
    before = removals(any_site)
    with any_site.runtime.store.write() as connection, pytest.raises(BrandNotNamed):
        schedule(any_site.runtime, connection, ActionKind.REMOVE, cause, statement, any_site.clock.now())
    assert removals(any_site) == before


def _callers(function_name: str) -> list[str]:
    """The functions of the service that call a function of this name, by file."""
    root = Path(serving.__path__[0])
    callers = []
    for path in sorted(root.rglob("*.py")):
        text = path.read_text("utf-8")
        for function in ast.walk(ast.parse(text if f"{function_name}(" in text else "")):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                called = {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
                callers += [f"{path.relative_to(root).as_posix()}:{function.name}"] * (function_name in called)
    return callers


def test_an_action_is_stored_in_one_place_alone() -> None:
    """So that its guard holds for every removal: approval, appeal, test buy, notice and kill switch alike."""
    assert _callers("actions.add_action") == ["takedowns/service/takedown.py:schedule"]


@pytest.mark.parametrize("lane", CaseLane)
def test_no_lane_leads_to_a_removal_without_a_brand(site: Site, lane: CaseLane) -> None:
    case = a_brandless_case(site)
    site.execute(update(review_case).where(review_case.c.case_id == case.case_id).values(lane=lane.value))
    with contextlib.suppress(BrandNotNamed):
        judge(site, site.analyst, stored_case(site, case), Judgement.COUNTERFEIT)
    assert removals(site) == 0
