import pytest

from features.message import message
from models.case import CaseLane
from models.errors import Conflict, Forbidden, NotFound
from models.labels import AppealState
from models.verdict import Judgement
from serving.accounts.rules.access import Role
from serving.appeals.service.appeal import Complaint, file_appeal
from serving.appeals.service.seller_links import new_link, revoke_links, target_of
from serving.appeals.store import appeals
from serving.audit.store import audit
from serving.cases.service.case_access import lease
from serving.cases.service.undoing import undo_verdict
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.guests import an_invited_user
from tests.fixtures.links import AT_HOME, token_of
from tests.fixtures.receivers import Receiver, a_receiver, deliver
from tests.fixtures.runtimes import Site, a_case, having, invite, judge, open_cases
from tests.serving.appeals.service.test_counter_notices import CONCEDE, answer
from tests.serving.appeals.service.test_counter_notices import a_removal as an_acknowledged_removal
from tests.serving.web.visits import visit_as, words
from tests.serving.webhooks.service.test_delivery import register

COMPLAINT = Complaint("appeal-1", "MP-9", "These goods are genuine; I have the receipt.")


def remove(site: Site) -> None:
    """A listing that an analyst and its brand found counterfeit, and that was removed."""
    having(site, make_removal)


def make_removal(site: Site) -> None:
    action = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
    assert action is not None
    site.clock.forward(seconds=180)
    with a_receiver() as receiver:
        register(site, receiver)
        assert deliver(site.runtime, site.marketplace_id, action.action_id) == "acknowledged"


def the_appeal(site: Site) -> appeals.Appeal:
    (appeal,) = site.read(appeals.of_marketplace, site.marketplace_id)
    return appeal


def test_an_appeal_opens_a_case_on_the_version_that_was_removed(any_site: Site) -> None:
    remove(any_site)
    is_new = file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT).is_new
    (case,) = open_cases(any_site)
    assert (is_new, case.lane) == (True, CaseLane.APPEAL)


@pytest.mark.both_engines
def test_the_same_appeal_sent_again_is_the_same_appeal(any_site: Site) -> None:
    remove(any_site)
    first = file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    again = file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    assert (again.appeal_id, again.is_new) == (first.appeal_id, False)
    assert (first.message, again.message) == (message("appeal.admitted"), message("appeal.known.open"))


@pytest.mark.both_engines
def test_a_second_appeal_against_one_removal_is_refused(any_site: Site) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    with pytest.raises(Conflict, match="appeal against this removal already"):
        file_appeal(any_site.runtime, any_site.marketplace, Complaint("appeal-2", "MP-9", "Again."))


def test_there_is_nothing_to_appeal_against_before_a_removal_has_left(any_site: Site) -> None:
    judge(any_site, any_site.brand_person, a_case(any_site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    with pytest.raises(Conflict, match="not removed"):
        file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)


def test_an_unknown_listing_cannot_be_appealed(any_site: Site) -> None:
    with pytest.raises(NotFound):
        file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)


def test_who_decided_before_does_not_decide_the_appeal(any_site: Site) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (case,) = open_cases(any_site)
    with pytest.raises(Forbidden, match="somebody else must decide"):
        judge(any_site, any_site.analyst, case, Judgement.GENUINE)


@pytest.mark.parametrize("host", ["analyst", "brand"])
def test_an_account_that_counts_as_the_deciders_does_not_decide_the_appeal(any_site: Site, host: str) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (case,) = open_cases(any_site)
    pair = (any_site.brand_person, any_site.second_analyst)
    an_invited_user(any_site, *(pair if host == "analyst" else reversed(pair)))
    with pytest.raises(Forbidden, match=r"count as one person.* somebody else must decide the appeal"):
        judge(any_site, any_site.second_analyst, case, Judgement.GENUINE)
    assert lease(any_site.runtime, any_site.second_analyst, case.case_id) is None, "nor do they keep it from others"
    page = words(visit_as(any_site, any_site.second_analyst).get(f"/cases/{case.case_id}").text)
    assert "Your account and one that decided on this listing before count as one person" in page
    assert "Can decide now: nobody." in page
    assert "touchstone person add EMAIL --name NAME --role analyst" in page
    invite(any_site.runtime, "rui@touchstone.example", "Rui Alves", Role.ANALYST)
    page = words(visit_as(any_site, any_site.second_analyst).get(f"/cases/{case.case_id}").text)
    assert "Can decide now: Rui Alves." in page


def test_the_brand_does_not_decide_an_appeal_against_itself(any_site: Site) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (case,) = open_cases(any_site)
    with pytest.raises(NotFound):
        judge(any_site, any_site.brand_person, case, Judgement.COUNTERFEIT)


@pytest.mark.parametrize(
    ("judgement", "state", "reinstates", "why"),
    [
        (Judgement.COUNTERFEIT, AppealState.DISMISSED, False, "the second reviewer agrees"),
        (Judgement.GENUINE, AppealState.UPHELD, True, "the seller was right"),
        (Judgement.GREY_MARKET, AppealState.UPHELD, True, "grey market is no counterfeit"),
        (Judgement.CANNOT_TELL, AppealState.UPHELD, True, "the doubt is the seller's"),
    ],
)
def test_what_a_judgement_on_appeal_does(
    any_site: Site, judgement: Judgement, state: AppealState, reinstates: bool, why: str
) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (case,) = open_cases(any_site)
    recorded = judge(any_site, any_site.second_analyst, case, judgement)
    assert the_appeal(any_site).state is state, why
    assert (recorded.action is not None) is reinstates, why


def test_undoing_the_decision_opens_the_appeal_again_and_stops_the_reinstatement(any_site: Site) -> None:
    remove(any_site)
    file_appeal(any_site.runtime, any_site.marketplace, COMPLAINT)
    (case,) = open_cases(any_site)
    reinstatement = judge(any_site, any_site.second_analyst, case, Judgement.GENUINE).action
    undo_verdict(any_site.runtime, any_site.second_analyst, case.case_id)
    assert the_appeal(any_site).state is AppealState.OPEN
    with any_site.runtime.store.read() as connection:
        assert reinstatement is not None
        assert actions.get(connection, any_site.marketplace_id, reinstatement.action_id).state.value == "withdrawn"


# The seller's link on both engines: sent with the removal, for one page, with an end, and revocable.


def removal_with_token(site: Site, receiver: Receiver, external_id: str = "MP-9") -> tuple[StoredAction, str]:
    """A removal that the marketplace was told of, and the token that came with it."""
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id)
    removal = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert removal is not None
    site.clock.forward(seconds=180)
    assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "acknowledged"
    return removal, token_of(receiver.deliveries[-1]["data"]["seller_link"])


def leads_to(site: Site, token: str) -> str | None:
    try:
        with site.runtime.store.read() as connection:
            return target_of(site.runtime, connection, token).removal.action_id
    except NotFound:
        return None


def test_the_link_goes_out_with_the_statement_and_leads_to_its_removal_alone(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        first, token = removal_with_token(any_site, receiver)
        second, other = removal_with_token(any_site, receiver, "MP-10")
    assert (leads_to(any_site, token), leads_to(any_site, other)) == (first.action_id, second.action_id)


def test_a_message_sent_again_carries_the_same_link(site: Site) -> None:
    with a_receiver() as receiver:
        receiver.answer = lambda number: 500 if number == 0 else 204
        register(site, receiver)
        removal = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert removal is not None
        site.clock.forward(seconds=180)
        assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "failed"
        site.clock.forward(hours=1)
        assert deliver(site.runtime, site.marketplace_id, removal.action_id) == "acknowledged"
        first, second = (delivery["data"]["seller_link"] for delivery in receiver.deliveries)
    assert first == second
    assert first.startswith(f"{AT_HOME}/seller/act_")


def test_a_reinstatement_has_no_link(site: Site) -> None:
    removal = an_acknowledged_removal(site)
    answer(site, removal, CONCEDE)
    site.clock.forward(seconds=180)
    with a_receiver() as receiver:
        register(site, receiver)
        done = site.read(actions.of_listing, site.marketplace_id, removal.listing_id)
        (reinstatement,) = (action for action in done if action.kind is ActionKind.REINSTATE)
        deliver(site.runtime, site.marketplace_id, reinstatement.action_id)
        assert "seller_link" not in receiver.deliveries[-1]["data"]


def test_the_link_holds_as_long_as_an_appeal_is_open(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        removal, token = removal_with_token(any_site, receiver)
    any_site.clock.forward(days=184)
    assert leads_to(any_site, token) == removal.action_id
    any_site.clock.forward(days=17)
    assert leads_to(any_site, token) is None


def test_a_new_link_ends_the_one_before_and_a_revoked_one_stays_so(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        removal, first = removal_with_token(any_site, receiver)
    second = token_of(new_link(any_site.runtime, any_site.marketplace_id, removal.action_id))
    assert (leads_to(any_site, first), leads_to(any_site, second)) == (None, removal.action_id)
    assert revoke_links(any_site.runtime, any_site.marketplace_id, removal.action_id) == 1
    assert revoke_links(any_site.runtime, any_site.marketplace_id, removal.action_id) == 0
    assert leads_to(any_site, second) is None
    assert any_site.read(audit.check_chain)[1] is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"), "another signature"),
        (lambda token: token.replace(".1.", ".2."), "a link that was never made"),
        (lambda token: token.rpartition(".")[0], "no signature"),
        (lambda token: token + "A", "something behind it"),
        (lambda token: token.upper(), "in capitals"),
        (lambda _token: "", "nothing"),
        (lambda token: "act_" + "0" * 26 + token[30:], "another removal"),
    ],
)
def test_a_guessed_link_leads_nowhere(site: Site, change: object, why: str) -> None:
    assert callable(change)
    with a_receiver() as receiver:
        register(site, receiver)
        _, token = removal_with_token(site, receiver)
    assert leads_to(site, change(token)) is None, why


def test_the_signature_of_one_link_opens_no_other(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        first, token = removal_with_token(site, receiver)
        second, _ = removal_with_token(site, receiver, "MP-10")
    assert leads_to(site, token.replace(first.action_id, second.action_id)) is None


def test_there_is_no_link_to_what_is_no_removal_of_this_marketplace(site: Site) -> None:
    removal = an_acknowledged_removal(site)
    with pytest.raises(NotFound):
        new_link(site.runtime, "mkt_another", removal.action_id)
    with pytest.raises(NotFound):
        revoke_links(site.runtime, site.marketplace_id, "act_none")
