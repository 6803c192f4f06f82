"""Roads to a removal around the questions that a report or an analyst's decision has raised."""

import dataclasses
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from models.case import CaseLane
from models.errors import Conflict, DomainError, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.brands.rules.rights import RightKind
from serving.brands.service.authorised_sellers import change_list
from serving.brands.store import brands, rights
from serving.cases.service.case_access import claimed_case
from serving.cases.service.opening import open_by_choice
from serving.cases.service.undoing import undo_verdict
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.cases.tables import review_case, verdict
from serving.listings.service.intake import receive_rows
from serving.listings.store import listings
from serving.reports.rules.outcomes import Code, ListingResult
from serving.reports.service.withdrawing import retract
from serving.reports.store.reports import StoredOutcome
from serving.standing.rules.record import RemovalTally
from serving.standing.rules.standing import Level
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.tables import action
from tests.fixtures.complaining import end_answering_time
from tests.fixtures.reporting import (
    a_draft,
    a_marketplace_that_listens,
    a_rival,
    action_states,
    carry_out_action,
    confirm_together,
    on_sale,
    reinstate_on_appeal,
    removal_by_brand,
    report,
)
from tests.fixtures.runtimes import Site, a_case, a_row, case_now, having, invite, judge, open_cases, supply_rights
from tests.fixtures.stepping_up import in_level, standing_of
from tests.fixtures.strikes import SELLER, sanctions_of, strikes_of
from tests.fixtures.submitting import submit_report
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.sellers.service.test_sanctioning import PAYOUT

pytestmark = pytest.mark.attack
WAYS = ("bulk confirmation", "report")
FAKE, REAL = Judgement.COUNTERFEIT, Judgement.GENUINE


def unbranded_listing(site: Site, name: str = "NO-1") -> str:
    """A listing that names no brand."""
    row = a_row(external_id=name, brand=None, title=f"Leather tote, grey, {name}", description="Ships in two days.")
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    return name


def won_back_listing(site: Site, name: str = "RE-1") -> str:
    """A listing that the brand had removed and that its seller won back."""
    with a_marketplace_that_listens(site):
        reinstate_on_appeal(site, removal_by_brand(site, name))
    return name


def cleared_listing(site: Site, person: Person, name: str = "MP-9") -> str:
    """A listing that a person has found genuine."""
    lane = CaseLane.ANALYST if person == site.analyst else CaseLane.ASK_BRAND
    judge(site, person, a_case(site, lane, external_id=name, brand="Aurelle"), REAL)
    return name


def case_of(site: Site, outcome: StoredOutcome) -> Case:
    """The case of a reported listing."""
    return site.read(cases.get, site.marketplace_id, outcome.case_id or "")


def chosen_case(site: Site, person: Person, name: str) -> Case:
    """A case that an analyst opens by choice on a listing."""
    case_id = open_by_choice(site.runtime, person, site.read(listings.id_of, site.marketplace_id, name) or "")
    return site.read(cases.get, site.marketplace_id, case_id)


def try_act(act: Callable[[], object]) -> None:
    """Do what may be refused."""
    try:
        act()
    except DomainError:
        return


def removals(site: Site) -> int:
    """The removals on their way or carried out."""
    return sum(
        number for state, number in action_states(site).items() if state not in {"withdrawn", "pending_approval"}
    )


@pytest.mark.parametrize("listing", [unbranded_listing, won_back_listing])
@pytest.mark.parametrize("again", ["answer", *(pytest.param(way, marks=pytest.mark.soak) for way in WAYS)])
def test_a_report_in_doubt_is_not_answered_by_its_own_brand(
    site: Site, listing: Callable[[Site], str], again: str
) -> None:
    name = listing(site)
    (outcome,) = report(site, [name]).outcomes
    assert outcome.result is ListingResult.CASE
    before, case = removals(site), case_of(site, outcome)
    match again:
        case "answer":
            try_act(lambda: judge(site, site.brand_person, case, FAKE))
        case "bulk confirmation":
            try_act(lambda: confirm_together(site, [case]))
        case _:
            try_act(lambda: report(site, [name], "again"))
    assert removals(site) == before


def test_a_stranger_s_report_does_not_take_a_listing_from_its_owner(site: Site) -> None:
    owner, name = invited_owner(site), unbranded_listing(site)
    (outcome,) = report(site, [name]).outcomes
    assert case_of(site, outcome).brand_id is None
    draft = dataclasses.replace(a_draft(site, [name], "owner"), right_id=rival_right(site))
    (second,) = submit_report(site.runtime, owner, draft).outcomes
    assert (second.result, second.code) == (ListingResult.CASE, Code.BRAND_UNRESOLVED)
    (open_case,) = open_cases(site, CaseLane.ANALYST)
    assert (open_case.case_id, open_case.brand_id) == (outcome.case_id, None)


def invited_owner(site: Site) -> Person:
    """A certified person of a second participating brand, which has its rights on file."""
    having(site, a_rival)
    supply_rights(site.runtime, "Nordfjell")
    return invite(site.runtime, "vera@nordfjell.example", "Vera Nord", Role.BRAND, "Nordfjell")


def rival_right(site: Site) -> str:
    """A mark of the rival."""
    with site.runtime.store.read() as connection:
        rival_id = brands.by_name(connection, "Nordfjell").brand_id
        on_file = rights.rights_of(connection, (site.marketplace_id, rival_id))
    return next(stored.right.right_id for stored in on_file if stored.right.kind is RightKind.MARK)


def test_an_analyst_s_genuine_binds_the_brand(site: Site) -> None:
    assert [outcome.result for outcome in report(site, [cleared_listing(site, site.analyst)]).outcomes] == [
        ListingResult.CASE
    ]
    assert removals(site) == 0


def test_the_brand_s_own_genuine_binds_its_colleagues(site: Site) -> None:
    name = cleared_listing(site, site.brand_person)
    colleague = invite(site.runtime, "noor@aurelle.example", "Noor Said", Role.BRAND, "Aurelle")
    try_act(lambda: report(site, [name], person=colleague))
    try_act(lambda: report(site, [name], "second"))
    assert removals(site) == 0


def test_an_analyst_who_found_a_listing_genuine_does_not_remove_it_alone(site: Site) -> None:
    row = a_row(external_id="SO-1", brand="Solenne", title="Solenne tote in grained leather, grey")
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    judge(site, site.analyst, chosen_case(site, site.analyst, "SO-1"), REAL)
    judge(site, site.analyst, chosen_case(site, site.analyst, "SO-1"), FAKE)
    assert removals(site) == 0


def test_a_question_on_a_listing_that_was_won_back_needs_another_analyst(site: Site) -> None:
    name = won_back_listing(site)
    before = removals(site)
    judge(site, site.analyst, chosen_case(site, site.analyst, name), FAKE)
    for question in open_cases(site, CaseLane.ASK_BRAND):
        judge(site, site.brand_person, question, FAKE)
    assert removals(site) == before


def test_one_question_answered_often_counts_once(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    case = a_case(site, CaseLane.ASK_BRAND)
    for _ in range(6):
        try_act(lambda: judge(site, site.brand_person, case_now(site, case), FAKE))
        site.clock.forward(minutes=4)
    with a_marketplace_that_listens(site):
        carry_out_action(site, judge(site, site.analyst, case_now(site, case), FAKE).action)
    end_answering_time(site)
    assert standing_of(site).overall.removals == RemovalTally(stood=1)


def retracted_listing(site: Site) -> str:
    """A listing that the brand had removed and then found genuine."""
    done = report(site, having(site, on_sale, 1))
    action_id = site.scalar(select(action.c.action_id))
    with a_marketplace_that_listens(site):
        carry_out_action(site, stored_action(site, action_id))
    retract(site.runtime, site.brand_person, done.report.report_id, [1])
    return "RP-0"


def test_a_retraction_cannot_be_undone_to_remove_the_listing_again(site: Site) -> None:
    retracted_listing(site)
    case_id = site.scalar(select(review_case.c.case_id))
    before = removals(site)
    with pytest.raises(Conflict, match="retraction"):
        undo_verdict(site.runtime, site.brand_person, case_id)
    try_act(lambda: report(site, ["RP-0"], "again"))
    assert removals(site) == before


def stored_action(site: Site, action_id: str) -> StoredAction:
    """The action as stored."""
    return site.read(actions.get, site.marketplace_id, action_id)


def test_an_authorisation_of_one_brand_spares_nobody_of_another_brand_s_strikes(site: Site) -> None:
    having(site, a_rival)
    rival_id = site.read(brands.by_name, "Nordfjell").brand_id
    change_list(site.runtime, (site.marketplace_id, rival_id), ["lumo-two"], by="user:somebody")
    tell(site, a_contact(SELLER, **PAYOUT), a_contact("lumo-two", **PAYOUT))
    having(site, strikes_of, 2)
    (proposed,) = sanctions_of(site)
    assert {linked["spared_because"] for linked in proposed.linked} == {None}


def test_a_brand_does_not_authorise_a_seller_of_its_confirmed_counterfeits_alone(site: Site) -> None:
    having(site, strikes_of, 1)
    try_act(lambda: change_list(site.runtime, site.pair, [SELLER], by=f"user:{site.brand_person.user_id}"))
    a_case(site, CaseLane.ANALYST, external_id="MP-77", brand="Aurelle", seller={"external_id": SELLER})


def test_a_brand_whose_statement_is_recorded_is_told_that_an_analyst_decides(site: Site) -> None:
    case = case_of(site, report(site, [won_back_listing(site)]).outcomes[0])
    with pytest.raises(Conflict, match="recorded"):
        judge(site, site.brand_person, case, FAKE)


def test_nobody_claims_the_case_of_another_brand(site: Site) -> None:
    owner, case = invited_owner(site), a_case(site, brand="Aurelle")
    (rival_id,) = {grant.brand_id for grant in owner.grants}
    with site.runtime.store.read() as connection, pytest.raises(NotFound):
        claimed_case(connection, owner, case.case_id, rival_id or "")


def test_the_database_keeps_one_first_verdict_of_a_brand_on_a_case(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), FAKE)
    with site.runtime.store.write() as connection:
        row = connection.execute(select(verdict).where(verdict.c.side == "brand")).mappings().one()
        with pytest.raises(IntegrityError):
            connection.execute(insert(verdict).values({**row, "verdict_id": "vdt_second"}))
