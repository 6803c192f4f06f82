"""Aliases that corrections propose: when, to whom, who may accept them, and what an alias changes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from features.brands import BrandRegister, Method
from features.references import PriceReference
from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement
from serving.accounts.rules.access import Person
from serving.accounts.service import provisioning
from serving.accounts.service.provisioning import NewEnrolment
from serving.audit.tables import audit_entry, audit_payload
from serving.brands.rules.alias_proposals import ProposalState, Support
from serving.brands.service.alias_decisions import ProposedAlias, decide_alias, proposals_of
from serving.brands.service.reminding import remind
from serving.brands.store import brand_attention, brands
from serving.cases.service.naming import undo_naming
from serving.cases.store import cases
from serving.cases.tables import review_case
from serving.learning.service.labelling import snapshot_content
from serving.listings.service.intake import receive_rows
from serving.operations.service.housekeeping import pass_on_unanswered
from serving.standing.policy import ReminderPolicy, StandingPolicy
from serving.standing.rules.reminders import QuestionStep, due_windows
from serving.standing.store import question_steps
from serving.standing.tables import question_step
from tests.fixtures.aliases import (
    VEREL,
    corrected_case,
    mark_as_invited,
    proposals,
    three_corrected_cases,
    with_analyst_grant,
)
from tests.fixtures.naming import VELA
from tests.fixtures.runtimes import Site, a_case, a_suspect_row, judge, open_cases

ACCEPTED, DISMISSED, REMOVED = ProposalState.ACCEPTED, ProposalState.DISMISSED, ProposalState.REMOVED


def decide(site: Site, state: ProposalState, person: Person | None = None, *, nth: int = -1) -> None:
    decide_alias(site.runtime, person or site.account_manager, site.pair, proposals(site)[nth].proposal_id, state)


def seen_proposals(site: Site, person: Person | None = None) -> list[ProposedAlias]:
    with site.runtime.store.read() as connection:
        return proposals_of(site.runtime, connection, person or site.account_manager, site.pair, site.clock.now())


def resolution_of(site: Site, external_id: str, **changes: Any) -> tuple[str | None, Method | None]:
    """What the evidence of a new listing resolves."""
    row = a_suspect_row(external_id=external_id, title="Grey tote 1:1 mirror quality", **changes)
    receive_rows(site.runtime, site.marketplace, [row], source="test")
    with site.runtime.store.read() as connection:
        register = BrandRegister(brands.enrolled_brands(connection, site.marketplace_id, site.clock.now()))
    resolution = register.resolve(title=row["title"], declared=row.get("brand"), gtin=None)
    return resolution.name, resolution.method


@pytest.mark.both_engines
def test_corrections_of_several_listings_propose_their_spelling(any_site: Site) -> None:
    corrected_case(any_site, 0)
    corrected_case(any_site, 1, by=any_site.second_analyst)
    assert proposals(any_site) == []
    last = corrected_case(any_site, 2)
    [proposal] = proposals(any_site)
    [proposed_alias] = seen_proposals(any_site)
    assert (proposal.spelling, proposal.state) == ("maison verel", ProposalState.PROPOSED)
    assert (proposed_alias.now, proposed_alias.refused) == (Support(listings=3, sellers=3, people=2, others=0), None)
    assert proposed_alias.examples[-1] == last.case_id
    corrected_case(any_site, 3)
    assert len(proposals(any_site)) == 1


def test_a_misspelt_name_in_titles_is_proposed_too(site: Site) -> None:
    for number in range(3):
        corrected_case(site, number, brand=None, title=f"Aurele tote {number}, 1:1 mirror quality")
    assert [proposal.spelling for proposal in proposals(site)] == ["aurele"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"seller": "one-seller"}, "a seller's own spelling is no name in trade"),
        ({"spelling": "No brand"}, "it names nobody"),
        ({"spelling": "Leather bags", "product_type": "Leather bags"}, "words of the category"),
        ({"spelling": "Solenne"}, "the name of another registered brand"),
        ({"spelling": "Aure11e"}, "the name with digits for letters"),
        ({"spelling": "x" * 61}, "longer than a name"),
        ({"to": VELA}, "a mark that is not registered has no aliases here"),
    ],
)
def test_no_alias_is_proposed(site: Site, changes: dict[str, Any], reason: str) -> None:
    for number in range(4):
        corrected_case(site, number, **changes)
    assert proposals(site) == [], reason


def test_a_spelling_that_is_as_often_another_mark_is_not_proposed(site: Site) -> None:
    corrected_case(site, 9, to=VELA)
    three_corrected_cases(site)
    assert proposals(site) == []


@pytest.mark.both_engines
def test_an_accepted_alias_resolves_listings_from_then_on_and_not_before(any_site: Site) -> None:
    three_corrected_cases(any_site)
    assert resolution_of(any_site, "MP-30", brand=VEREL) == (None, None)
    before = any_site.clock.now()
    any_site.clock.forward(minutes=1)
    decide(any_site, ACCEPTED)
    any_site.clock.forward(minutes=1)
    assert resolution_of(any_site, "MP-31", brand=VEREL) == ("Aurelle", Method.ALIAS)
    registers = [
        snapshot_content(any_site.runtime, any_site.marketplace_id, at)[1].brands
        for at in (before, any_site.clock.now())
    ]
    aliases = [register.brands[any_site.brand_id].aliases for register in registers]
    assert ["maison verel" in brand_aliases for brand_aliases in aliases] == [False, True]


def test_an_alias_is_one_of_its_marketplace_alone(site: Site) -> None:
    three_corrected_cases(site)
    decide(site, ACCEPTED)
    assert "maison verel" not in site.read(brands.by_name, "Aurelle").aliases


def test_a_removed_alias_resolves_nothing_any_more(site: Site) -> None:
    three_corrected_cases(site)
    decide(site, ACCEPTED)
    between = site.clock.now() + timedelta(seconds=30)
    site.clock.forward(minutes=1)
    decide(site, REMOVED)
    assert resolution_of(site, "MP-31", brand=VEREL) == (None, None)
    with site.runtime.store.read() as connection:
        then = {brand.name: brand.aliases for brand in brands.enrolled_brands(connection, site.marketplace_id, between)}
    assert "maison verel" in then["Aurelle"]


def test_a_dismissed_alias_is_proposed_again_when_its_support_has_doubled(site: Site) -> None:
    three_corrected_cases(site)
    decide(site, DISMISSED)
    corrected_case(site, 3)
    corrected_case(site, 4)
    assert len(proposals(site)) == 1
    corrected_case(site, 5)
    assert [proposal.state for proposal in proposals(site)] == [DISMISSED, ProposalState.PROPOSED]


def test_undone_and_replaced_corrections_no_longer_support_an_alias(site: Site) -> None:
    first, *_ = three_corrected_cases(site)
    undo_naming(site.runtime, site.analyst, first.case_id)
    [proposed_alias] = seen_proposals(site)
    assert proposed_alias.now.listings == 2
    with pytest.raises(Forbidden, match="An alias needs at least 3 corrected listings"):
        decide(site, ACCEPTED)
    decide(site, DISMISSED)


def test_a_spelling_that_another_brand_has_by_now_is_not_accepted(site: Site) -> None:
    three_corrected_cases(site)
    provisioning.add_brand(site.runtime, name="Maison-Verel", aliases=[VEREL], gtin_prefixes=[], by="test")
    enrolment = NewEnrolment("Maison-Verel", site.account_manager.email, takes_part=False)
    provisioning.enrol(site.runtime, enrolment, by="test")
    with pytest.raises(Forbidden, match="in use by a registered brand"):
        decide(site, ACCEPTED)


def test_a_decision_is_recorded_with_who_and_when(any_site: Site) -> None:
    three_corrected_cases(any_site)
    decide(any_site, ACCEPTED)
    decide(any_site, REMOVED)
    query = (
        select(audit_entry.c.act, audit_entry.c.actor, audit_payload.c.payload)
        .join(audit_payload, audit_payload.c.sequence == audit_entry.c.sequence)
        .where(audit_entry.c.act.startswith("alias."))
        .order_by(audit_entry.c.sequence)
    )
    audit_rows = any_site.rows(query)
    by = f"user:{any_site.account_manager.user_id}"
    assert [(row.act, row.actor) for row in audit_rows] == [
        ("alias.proposed", "service"),
        ("alias.accepted", by),
        ("alias.removed", by),
    ]
    assert all(json.loads(row.payload)["spelling"] == "maison verel" for row in audit_rows)
    [proposal] = proposals(any_site)
    assert (proposal.decided_by, proposal.removed_by) == ("Lena Okafor", "Lena Okafor")


def test_only_the_account_manager_of_the_brand_decides_and_once(site: Site) -> None:
    three_corrected_cases(site)
    for person in (site.analyst, site.second_analyst, site.brand_person):
        with pytest.raises(NotFound):
            decide(site, ACCEPTED, person)
    with pytest.raises(Invalid):
        decide(site, ProposalState.PROPOSED)
    with pytest.raises(Conflict, match="decided meanwhile"):
        decide(site, REMOVED)
    decide(site, DISMISSED)
    with pytest.raises(Conflict, match="decided meanwhile"):
        decide(site, ACCEPTED)


# ---- attacks


@pytest.mark.attack
def test_an_account_manager_does_not_accept_what_their_own_corrections_produced(site: Site) -> None:
    manager = with_analyst_grant(site, site.account_manager)
    three_corrected_cases(site, by=manager)
    with pytest.raises(Forbidden, match="corrected by people other than you"):
        decide(site, ACCEPTED, manager)
    corrected_case(site, 3, by=site.analyst)
    corrected_case(site, 4, by=site.second_analyst)
    with pytest.raises(Forbidden):
        decide(site, ACCEPTED, manager)
    corrected_case(site, 5, by=site.second_analyst)
    decide(site, ACCEPTED, manager)


@pytest.mark.attack
def test_accounts_that_the_account_manager_invited_do_not_count_as_other_people(site: Site) -> None:
    mark_as_invited(site, site.analyst, site.account_manager)
    mark_as_invited(site, site.second_analyst, site.account_manager)
    corrected_case(site, 0)
    corrected_case(site, 1, by=site.second_analyst)
    corrected_case(site, 2)
    with pytest.raises(Forbidden, match="accounts that you invited"):
        decide(site, ACCEPTED)


@pytest.mark.attack
def test_one_analyst_moves_no_listing_beyond_those_that_they_corrected(any_site: Site) -> None:
    """However many listings one account corrects, another listing with the spelling resolves as before."""
    before = resolution_of(any_site, "MP-39", brand=VEREL)
    for number in range(6):
        corrected_case(any_site, number)
    assert resolution_of(any_site, "MP-40", brand=VEREL) == before == (None, None)
    assert {case.brand.brand_id for case in open_cases(any_site) if case.brand.brand_id} == {any_site.brand_id}
    assert len([case for case in open_cases(any_site) if case.brand.brand_id]) == 6


@pytest.mark.attack
@pytest.mark.both_engines
def test_one_analyst_moves_no_price_that_the_brand_s_listings_are_compared_with(any_site: Site) -> None:
    """Cheap listings that are corrected to the brand, and sent again with facts of it, do not enter its prices."""
    rows = [a_suspect_row(external_id=f"MP-A{n}", product_type="Bags", price=f"{500 + n}.00") for n in range(6)]
    receive_rows(any_site.runtime, any_site.marketplace, rows, source="test")
    any_site.clock.forward(minutes=1)

    def compared_with() -> PriceReference | None:
        prices = snapshot_content(any_site.runtime, any_site.marketplace_id, any_site.clock.now())[1].prices
        return prices.find(any_site.brand_id, "bags")

    before = compared_with()
    goods: dict[str, Any] = {"product_type": "Bags", "brand": VEREL, "title": "Tote, 1:1 mirror quality"}
    cases = [corrected_case(any_site, number, **goods, price="5.00") for number in range(6)]
    cheaper = [
        a_suspect_row(external_id=f"MP-V{n}", **goods, price="4.00", seller={"external_id": f"seller-{n}"})
        for n in range(6)
    ]
    receive_rows(any_site.runtime, any_site.marketplace, cheaper, source="test")
    [sent] = [case for case in open_cases(any_site) if case.listing_id == cases[0].listing_id]
    any_site.clock.forward(minutes=1)
    assert (sent.brand.brand_id, before is not None) == (any_site.brand_id, True)
    assert compared_with() == before


@pytest.mark.attack
def test_a_seller_s_text_alone_proposes_nothing(site: Site) -> None:
    for number in range(6):
        a_case(
            site,
            external_id=f"MP-T{number}",
            brand="Aurele",
            title=f"Aurele Maison Verel tote {number}, 1:1 mirror quality",
            seller={"external_id": f"farm-{number}"},
        )
    assert proposals(site) == []


@pytest.mark.attack
@pytest.mark.both_engines
@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; drop table brand; --", "'; drop table brand; --"),
        ("Verel\u202ekcart", None),
        ("{{ 7 * 7 }}", None),
        ("\u200b\u200b\u200b", None),
    ],
)
def test_a_hostile_spelling_is_kept_as_plain_text_or_not_at_all(
    any_site: Site, spelling: str, expected: str | None
) -> None:
    three_corrected_cases(any_site, spelling=spelling)
    assert [proposal.spelling for proposal in proposals(any_site) if proposal.spelling == expected] == (
        [expected] if expected else []
    )
    assert all(proposal.spelling.isprintable() for proposal in proposals(any_site))


# A question gets a reminder, an escalation and its release, each once; the silence stays on record.


def steps(site: Site) -> list[tuple[str, str | None]]:
    """The recorded messages and their recipients."""
    with site.runtime.store.read() as connection:
        query = select(question_step.c.step, question_step.c.account_manager_id).order_by(question_step.c.taken_at)
        return [(row.step, row.account_manager_id) for row in connection.execute(query)]


@pytest.mark.both_engines
def test_a_brand_is_reminded_its_manager_told_and_the_question_released_each_once(any_site: Site) -> None:
    case = a_case(any_site, CaseLane.ASK_BRAND)
    runtime, pair = any_site.runtime, (any_site.marketplace_id, any_site.brand_id)
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
        text = str(cases.timeline(connection, any_site.marketplace_id, case.case_id))
        since = any_site.clock.now() - timedelta(days=runtime.policies[StandingPolicy].window_days)
        assert brand_attention.unanswered_counts(connection, [pair], since) == {pair: 1}
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
        assert brand_attention.unanswered_counts(connection, [site.pair], site.clock.now() - window) == {}
        since = site.clock.now() - timedelta(days=365)
        assert brand_attention.unanswered_counts(connection, [site.pair], since) == {site.pair: 1}


def test_questions_that_nobody_can_be_told_of_hold_no_other_up(any_site: Site) -> None:
    cases = [a_case(any_site, CaseLane.ASK_BRAND, external_id=f"MP-{number}") for number in range(2)]
    first, second = sorted(case.case_id for case in cases)
    elsewhere = provisioning.add_brand(any_site.runtime, name="Gone", aliases=[], gtin_prefixes=[], by="test")
    with any_site.runtime.store.write() as connection:
        no_longer_enrolled = update(review_case).where(review_case.c.case_id == first)
        connection.execute(no_longer_enrolled.values(brand_id=elsewhere.brand_id))
    any_site.clock.forward(hours=48)
    after, until = due_windows(any_site.clock.now(), any_site.runtime.policies[ReminderPolicy])[QuestionStep.REMINDED]
    due_questions = any_site.read(question_steps.untaken_questions, QuestionStep.REMINDED, after, until, most=1)
    assert due_questions == [(any_site.marketplace_id, second)]
