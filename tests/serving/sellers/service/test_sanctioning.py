from collections.abc import Iterator

import pytest
from sqlalchemy import select

from models.case import CaseLane
from models.errors import Conflict, Forbidden, Invalid, NotFound
from models.verdict import Judgement, ReasonCode
from serving.accounts.service import provisioning
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.audit.store import audit
from serving.audit.tables import audit_entry
from serving.cases.service.removal_approvals import record_vote as vote_on_removal
from serving.cases.service.undoing import undo_verdict
from serving.cases.tables import review_case
from serving.listings.tables import listing
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.sellers.rules.sanction import SanctionState
from serving.sellers.service import sanctioning
from serving.sellers.service.sanctioning import lift_sanction, record_vote, sweep_sanctions
from serving.sellers.store import seller_actions, strikes
from serving.takedowns.rules.approval import Decision
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind
from serving.webhooks.service.dead_letters import replay
from tests.fixtures.guests import an_invited_user
from tests.fixtures.receivers import Receiver, deliver
from tests.fixtures.reporting import a_marketplace_that_listens, carry_out_action
from tests.fixtures.runtimes import Site, a_case, having, judge, open_cases
from tests.fixtures.strikes import SELLER, WHY, a_strike, carry_out, sanction_states, sanctions_of, strikes_of
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.web.visits import visit_as


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_marketplace_that_listens(any_site) as marketplace:
        yield marketplace


def counting_strikes(site: Site, seller: str = SELLER) -> float:
    """The strikes that count now."""
    with site.runtime.store.read() as connection:
        return sanctioning.strikes_of(site.runtime, connection, site.marketplace_id, seller, site.clock.now()).total


def acts(site: Site, seller: str = SELLER) -> list[tuple[int, str, str]]:
    """(sequence, kind, state) of the actions on a seller."""
    actions = site.read(seller_actions.of_seller, site.marketplace_id, seller)
    return [(action.sequence, action.kind.value, action.state.value) for action in actions]


def send_all(site: Site, seller: str = SELLER) -> None:
    """Deliver all actions on a seller."""
    site.clock.forward(minutes=4)
    for action in site.read(seller_actions.of_seller, site.marketplace_id, seller):
        assert deliver(site.runtime, site.marketplace_id, action.action_id) == "acknowledged"


def test_strikes_climb_the_ladder_and_each_step_is_only_proposed(any_site: Site) -> None:
    a_strike(any_site, "MP-1")
    assert (counting_strikes(any_site), sanction_states(any_site)) == (1.0, [])
    a_strike(any_site, "MP-2")
    assert (counting_strikes(any_site), sanction_states(any_site)) == (2.0, [("restrict", "proposed")])
    a_strike(any_site, "MP-3")
    assert (counting_strikes(any_site), sanction_states(any_site)) == (
        3.0,
        [("restrict", "lapsed"), ("close", "proposed")],
    )
    assert acts(any_site) == [], "nothing is done before people agree"
    assert sanctions_of(any_site)[-1].reasons == [
        "3 strikes. From 3, people decide whether to close the account.",
        "3 strikes: 3 removals in 3 incidents.",
    ]


def test_removals_of_three_days_and_disputes_about_designs_propose_nothing(site: Site) -> None:
    for i in range(3):
        a_strike(site, f"MP-{i}", reason=ReasonCode.DESIGN)
    assert (counting_strikes(site), sanction_states(site)) == (0.0, [])


@pytest.mark.both_engines
def test_two_people_of_two_organisations_close_an_account_and_the_marketplace_is_told_once(
    any_site: Site, receiver: Receiver
) -> None:
    having(any_site, strikes_of, 3)
    (_, proposed), runtime = sanctions_of(any_site), any_site.runtime
    assert record_vote(runtime, any_site.analyst, proposed.sanction_id, agrees=True, reason=WHY) is (
        SanctionState.AGREED_BY_ONE
    )
    assert record_vote(runtime, any_site.second_analyst, proposed.sanction_id, agrees=True, reason=WHY) is (
        SanctionState.AGREED_BY_ONE
    ), "two of the review team are one organisation"
    assert acts(any_site) == []
    assert record_vote(runtime, any_site.account_manager, proposed.sanction_id, agrees=True, reason=WHY) is (
        SanctionState.CARRIED_OUT
    )
    assert acts(any_site) == [(1, "suspend", "scheduled")]
    with runtime.store.read() as connection:
        (action,) = seller_actions.of_seller(connection, any_site.marketplace_id, SELLER)
    assert deliver(runtime, any_site.marketplace_id, action.action_id) == "scheduled", "an undo window passes first"
    send_all(any_site)
    message = receiver.deliveries[-1]
    assert (message["type"], message["id"]) == ("seller.suspend", action.action_id)
    assert message["data"] == {
        "action": "suspend",
        "action_id": action.action_id,
        "seller_external_id": SELLER,
        "sequence": 1,
        "statement": dict(action.statement),
    }
    assert "No score was used" in action.statement["automated_means"]
    with runtime.store.read() as connection:
        audit_acts = list(connection.execute(select(audit_entry.c.act).order_by(audit_entry.c.sequence)).scalars())
        assert audit.check_chain(connection)[1] is None
    assert [act for act in audit_acts if act.startswith(("sanction.", "suspend."))] == [
        "sanction.proposed",
        "sanction.lapsed",
        "sanction.proposed",
        "sanction.agreed",
        "sanction.agreed",
        "sanction.agreed",
        "sanction.carried_out",
        "suspend.scheduled",
        "suspend.acknowledged",
    ]


def test_confirmers_and_people_without_a_role_or_a_reason_have_no_vote(site: Site) -> None:
    having(site, strikes_of, 2)
    (proposed,) = sanctions_of(site)
    assert site.read(strikes.confirmers, site.marketplace_id, SELLER) == {site.brand_person.user_id}
    for person in (site.brand_person, site.data_scientist):
        with pytest.raises(NotFound):
            record_vote(site.runtime, person, proposed.sanction_id, agrees=True, reason=WHY)
    with pytest.raises(Invalid, match="Give a reason"):
        record_vote(site.runtime, site.analyst, proposed.sanction_id, agrees=True, reason=" ")
    assert sanction_states(site) == [("restrict", "proposed")]


def test_an_analyst_who_confirmed_a_removal_does_not_decide(site: Site) -> None:
    for i in range(2):
        site.clock.forward(days=4)
        remove_by_analyst(site, f"MP-{i}")
    (proposed,) = sanctions_of(site, "closet")
    with pytest.raises(Forbidden, match="You confirmed a removal"):
        record_vote(site.runtime, site.analyst, proposed.sanction_id, agrees=True, reason=WHY)
    assert record_vote(site.runtime, site.second_analyst, proposed.sanction_id, agrees=True, reason=WHY) is (
        SanctionState.AGREED_BY_ONE
    )


def test_an_account_that_counts_as_a_confirmers_can_reject_but_not_agree(any_site: Site) -> None:
    having(any_site, strikes_of, 2)
    (proposed,), runtime = sanctions_of(any_site), any_site.runtime
    an_invited_user(any_site, any_site.brand_person, any_site.analyst)
    (seen,) = sanctioning.undecided_sanctions(runtime, any_site.analyst)
    assert (seen.no_vote, "You can reject it" in str(seen.no_agreement)) == (None, True)
    with pytest.raises(Forbidden, match="count as one person"):
        record_vote(runtime, any_site.analyst, proposed.sanction_id, agrees=True, reason=WHY)
    page = visit_as(any_site, any_site.analyst).get("/sellers").text
    assert "Can approve now: Lena Okafor, Tomás Rey." in page
    assert "touchstone person add EMAIL --name NAME --role analyst|account_manager" in page
    assert (">Approve sanction<" in page, ">Reject sanction<" in page) == (False, True)
    assert (
        record_vote(runtime, any_site.analyst, proposed.sanction_id, agrees=False, reason=WHY) is SanctionState.REFUSED
    )


def remove_by_analyst(site: Site, external_id: str) -> None:
    """Remove a listing of a brand that does not take part, on the first analyst's verdict."""
    title, seller = "Solenne tote 1:1 mirror quality", {"external_id": "closet", "age_days": 9}
    case = a_case(site, external_id=external_id, title=title, brand="Solenne", seller=seller)
    judge(site, site.analyst, case, Judgement.COUNTERFEIT)


def test_one_rejection_ends_a_proposal_and_only_another_strike_renews_it(any_site: Site) -> None:
    having(any_site, strikes_of, 2)
    (proposed,), runtime = sanctions_of(any_site), any_site.runtime
    record_vote(runtime, any_site.analyst, proposed.sanction_id, agrees=True, reason=WHY)
    state = record_vote(runtime, any_site.account_manager, proposed.sanction_id, agrees=False, reason="One shipment.")
    assert state is SanctionState.REFUSED
    with pytest.raises(Conflict, match="in the meantime"):
        record_vote(runtime, any_site.second_analyst, proposed.sanction_id, agrees=True, reason=WHY)
    assert acts(any_site) == []
    a_strike(any_site, "MP-50", reason=ReasonCode.DESIGN)
    assert sanction_states(any_site) == [("restrict", "refused")]
    a_strike(any_site, "MP-51", reason=ReasonCode.MARK_MISUSE)
    assert sanction_states(any_site) == [("restrict", "refused"), ("restrict", "proposed")]


def test_an_undecided_proposal_lapses_after_a_fortnight(any_site: Site) -> None:
    having(any_site, strikes_of, 2)
    any_site.clock.forward(days=13, hours=23)
    assert sweep_sanctions(any_site.runtime) == 0
    any_site.clock.forward(hours=2)
    assert sweep_sanctions(any_site.runtime) == 1
    assert sanction_states(any_site) == [("restrict", "lapsed")]
    assert sweep_sanctions(any_site.runtime) == 0
    a_strike(any_site, "MP-50")
    assert sanction_states(any_site)[-1] == ("close", "proposed")


def test_an_undone_verdict_voids_the_strike_and_ends_the_proposal(any_site: Site) -> None:
    having(any_site, strikes_of, 2)
    (case,) = [decided_case for decided_case in decided_cases(any_site) if decided_case[1] == f"{SELLER}-1"]
    undo_verdict(any_site.runtime, any_site.brand_person, case[0])
    assert (counting_strikes(any_site), sanction_states(any_site)) == (1.0, [("restrict", "lapsed")])


def decided_cases(site: Site) -> list[tuple[str, str]]:
    """(case, the marketplace's id of its listing) of the decided cases."""
    query = (
        select(review_case.c.case_id, listing.c.external_id)
        .join(listing, listing.c.listing_id == review_case.c.listing_id)
        .where(review_case.c.state == "decided")
    )
    return [(row.case_id, row.external_id) for row in site.rows(query)]


def test_a_pending_removal_strikes_after_its_approval_as_of_its_confirmation(any_site: Site) -> None:
    a_strike(any_site, "MP-1")
    rule = AutomaticRule.BRAND_REMOVALS
    switch_rule(any_site.runtime, any_site.marketplace, rule, on=False, by="test", reason="An account was taken over.")
    removal = a_strike(any_site, "MP-2")
    assert (counting_strikes(any_site), sanction_states(any_site)) == (1.0, [])
    any_site.clock.forward(days=30)
    vote_on_removal(any_site.runtime, any_site.analyst, removal.action_id, Decision.APPROVE, WHY)
    assert (counting_strikes(any_site), sanction_states(any_site)) == (2.0, [("restrict", "proposed")])
    hits = any_site.read(strikes.of_seller, any_site.marketplace_id, SELLER)
    assert [hit.at for hit in hits] == [hits[0].at, removal.created_at]


def an_upheld_appeal(site: Site, external_id: str) -> str:
    """Appeal a removal, and uphold the appeal by another analyst; returns the case's id."""
    file_appeal(site.runtime, site.marketplace, Complaint(f"appeal-{external_id}", external_id, "They are genuine."))
    (case,) = open_cases(site, CaseLane.APPEAL)
    judge(site, site.second_analyst, case, Judgement.GENUINE)
    return case.case_id


def test_an_overturn_takes_the_strike_and_opens_the_account_again_in_the_same_transaction(
    any_site: Site, receiver: Receiver
) -> None:
    removed = having(any_site, strikes_of, 3)
    carry_out_action(any_site, removed[-1])
    carry_out(any_site, sanctions_of(any_site)[-1].sanction_id)
    send_all(any_site)
    case_id = an_upheld_appeal(any_site, f"{SELLER}-2")
    assert counting_strikes(any_site) == 2.0
    lifted = sanctions_of(any_site)[-1]
    assert (lifted.state, lifted.ended_because) == (
        SanctionState.LIFTED,
        "Too few strikes remain. 2 strikes: 2 removals in 2 incidents.",
    )
    assert acts(any_site) == [(1, "suspend", "acknowledged"), (2, "restore", "scheduled")]
    # The analyst undoes the decision in the window: the strike counts again, and a sanction is proposed again.
    undo_verdict(any_site.runtime, any_site.second_analyst, case_id)
    assert counting_strikes(any_site) == 3.0
    assert sanction_states(any_site)[-1] == ("close", "proposed")


def test_a_restriction_stays_in_force_when_the_closure_is_lifted(any_site: Site, receiver: Receiver) -> None:
    having(any_site, strikes_of, 2)
    carry_out(any_site, sanctions_of(any_site)[-1].sanction_id)
    send_all(any_site)
    a_strike(any_site, "MP-50")
    carry_out(any_site, sanctions_of(any_site)[-1].sanction_id)
    send_all(any_site)
    lift_sanction(
        any_site.runtime, any_site.account_manager, sanctions_of(any_site)[-1].sanction_id, "They bought from a fake."
    )
    send_all(any_site)
    assert acts(any_site) == [
        (1, "restrict", "acknowledged"),
        (2, "suspend", "acknowledged"),
        (3, "restrict", "acknowledged"),
    ]


def test_an_unsent_action_is_withdrawn_and_not_undone(any_site: Site) -> None:
    having(any_site, strikes_of, 2)
    (sanction,) = sanctions_of(any_site)
    carry_out(any_site, sanction.sanction_id)
    with pytest.raises(Invalid, match="Give a reason"):
        lift_sanction(any_site.runtime, any_site.analyst, sanction.sanction_id, " ")
    lift_sanction(any_site.runtime, any_site.analyst, sanction.sanction_id, "The wrong seller.")
    assert (acts(any_site), sanction_states(any_site)) == ([], [("restrict", "lifted")])
    with pytest.raises(Conflict, match="is lifted"):
        lift_sanction(any_site.runtime, any_site.analyst, sanction.sanction_id, "Again.")


def test_a_restriction_ends_with_the_strikes_that_carry_it(any_site: Site, receiver: Receiver) -> None:
    having(any_site, strikes_of, 2)
    carry_out(any_site, sanctions_of(any_site)[0].sanction_id)
    send_all(any_site)
    any_site.clock.forward(days=360)
    assert (sweep_sanctions(any_site.runtime), sanction_states(any_site)) == (0, [("restrict", "carried_out")])
    any_site.clock.forward(days=2)
    sweep_sanctions(any_site.runtime)
    assert (counting_strikes(any_site), sanction_states(any_site)) == (1.0, [("restrict", "lifted")])
    assert acts(any_site)[-1] == (2, "restore", "scheduled")


PAYOUT = {"kind": "payout", "value": "DE89370400440532013000"}


def two_more_accounts(site: Site) -> None:
    """Link two accounts: one by the seller's payout account, and one by a telephone number of that account."""
    tell(
        site,
        a_contact(SELLER, **PAYOUT),
        a_contact("lumo-two", **PAYOUT),
        a_contact("lumo-two"),
        a_contact("lumo-three"),
    )


PATHS = [
    ("lumo-two", "same payout account as lumo-two"),
    ("lumo-three", "same payout account as lumo-two, which has the same telephone number as lumo-three"),
]


def test_a_sanction_reaches_linked_accounts_as_proposals_of_their_own_with_the_path(
    any_site: Site, receiver: Receiver
) -> None:
    two_more_accounts(any_site)
    having(any_site, strikes_of, 3)
    proposed = sanctions_of(any_site)[-1]
    assert [(account["seller"], account["path"]) for account in proposed.linked] == PATHS, "the deciders see them"
    assert sanction_states(any_site, "lumo-two") == [], "nothing follows from a proposal"
    carry_out(any_site, proposed.sanction_id)
    for seller, path in PATHS:
        (reached,) = sanctions_of(any_site, seller)
        assert (reached.state, reached.path, reached.parent_id) == (SanctionState.PROPOSED, path, proposed.sanction_id)
        assert reached.reasons[0] == f"{SELLER} was sanctioned, and this account is linked: {path}."
        assert acts(any_site, seller) == [], "people decide about each"
    (two,), (three,) = sanctions_of(any_site, "lumo-two"), sanctions_of(any_site, "lumo-three")
    carry_out(any_site, two.sanction_id)
    send_all(any_site)
    send_all(any_site, "lumo-two")
    statement = receiver.deliveries[-1]["data"]["statement"]
    assert SELLER not in str(statement), "the seller is not told of others"
    assert sanction_states(any_site, "lumo-three") == [("close", "proposed")], (
        "a linked account's sanction spreads no further"
    )
    carry_out_action(any_site, removals(any_site)[-1])
    an_upheld_appeal(any_site, f"{SELLER}-2")
    assert sanction_states(any_site, "lumo-two") == [("close", "lifted")]
    assert sanction_states(any_site, "lumo-three") == [("close", "lapsed")]
    assert acts(any_site, "lumo-two")[-1] == (2, "restore", "scheduled")
    assert three.total == 0.0


def test_a_linked_accounts_sanction_spreads_no_further(site: Site) -> None:
    two_more_accounts(site)
    mailbox = {"kind": "email", "value": "four@lumo.example"}
    tell(site, a_contact("lumo-three", **mailbox), a_contact("lumo-four", **mailbox))
    having(site, strikes_of, 3)
    carry_out(site, sanctions_of(site)[-1].sanction_id)
    (two,) = sanctions_of(site, "lumo-two")
    assert [account["seller"] for account in two.linked if account["spared_because"] is None] == [
        SELLER,
        "lumo-three",
        "lumo-four",
    ]
    carry_out(site, two.sanction_id)
    assert sanction_states(site, "lumo-four") == []


def removals(site: Site) -> list[StoredAction]:
    return site.read(actions.latest, site.marketplace_id, kind=ActionKind.REMOVE, state=None, most=1)


def test_authorised_sellers_and_large_components_are_spared(any_site: Site) -> None:
    tell(any_site, a_contact(SELLER, **PAYOUT), a_contact("maison-brandt", **PAYOUT), a_contact(SELLER))
    tell(any_site, *(a_contact(f"parcel-{i}") for i in range(9)))
    tell(any_site, *(a_contact(f"parcel-{i}", kind="address", value=f"Hafenstrasse {i}") for i in range(9)))
    having(any_site, strikes_of, 2)
    (proposed,) = sanctions_of(any_site)
    assert {account["spared_because"] for account in proposed.linked if account["seller"] == "maison-brandt"} == {
        "Authorised by a brand or on the allow list."
    }
    assert len(proposed.linked) == 10
    tell(any_site, a_contact("parcel-0", kind="email", value="x@parcel.example"))
    tell(any_site, a_contact("depot", kind="email", value="x@parcel.example"))
    a_strike(any_site, "MP-50")
    crowded = sanctions_of(any_site)[-1]
    assert len(crowded.linked) == 11
    assert all("rarely belong to one person" in account["spared_because"] for account in crowded.linked)
    carry_out(any_site, crowded.sanction_id)
    assert sanction_states(any_site, "parcel-0") == []


def test_an_action_on_a_seller_is_retried_and_a_dead_letter_is_replayed(any_site: Site, receiver: Receiver) -> None:
    having(any_site, strikes_of, 2)
    carry_out(any_site, sanctions_of(any_site)[0].sanction_id)
    receiver.answer = lambda _number: 503
    (action,) = any_site.read(seller_actions.of_seller, any_site.marketplace_id, SELLER)
    any_site.clock.forward(minutes=4)
    assert deliver(any_site.runtime, any_site.marketplace_id, action.action_id) == "failed"
    any_site.clock.forward(days=8)
    assert deliver(any_site.runtime, any_site.marketplace_id, action.action_id) == "dead"
    receiver.answer = lambda _number: 204
    assert replay(any_site.runtime, any_site.marketplace, None, by="test") == [action.action_id]
    assert deliver(any_site.runtime, any_site.marketplace_id, action.action_id) == "acknowledged"


def test_people_of_another_marketplace_do_not_see_it(site: Site) -> None:
    having(site, strikes_of, 2)
    (proposed,) = sanctions_of(site)
    provisioning.add_marketplace(site.runtime, name="souk", base_currency="EUR", by="test")
    assert sanctioning.undecided_sanctions(site.runtime, site.data_scientist) == []
    (seen,) = sanctioning.undecided_sanctions(site.runtime, site.analyst)
    assert (seen.sanction.sanction_id, seen.count.total, seen.no_vote) == (proposed.sanction_id, 2.0, None)
