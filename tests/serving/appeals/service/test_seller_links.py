"""The seller's link on both engines: sent with the removal, for one page, with an end, and revocable."""

import pytest

from models.case import CaseLane
from models.errors import NotFound
from models.verdict import Judgement
from serving.appeals.service.seller_links import follow, new_link, revoke_links
from serving.audit.store import audit
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.delivering import deliver
from tests.fixtures.links import AT_HOME, token_of
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reviewing import a_case, judge
from tests.fixtures.runtimes import Site
from tests.serving.appeals.service.test_counter_notices import CONCEDE, answer
from tests.serving.appeals.service.test_counter_notices import a_removal as an_acknowledged_removal
from tests.serving.delivery.service.test_delivery import register


def removed(site: Site, receiver: Receiver, external_id: str = "MP-9") -> tuple[StoredAction, str]:
    """A removal that the marketplace was told of, and the token that came with it."""
    case = a_case(site, CaseLane.ASK_BRAND, external_id=external_id)
    made = judge(site, site.brand_person, case, Judgement.COUNTERFEIT).action
    assert made is not None
    site.clock.forward(seconds=180)
    assert deliver(site.runtime, site.here, made.action_id) == "acknowledged"
    return made, token_of(receiver.deliveries[-1]["data"]["seller_link"])


def leads_to(site: Site, token: str) -> str | None:
    try:
        with site.runtime.store.read() as connection:
            return follow(site.runtime, connection, token).removal.action_id
    except NotFound:
        return None


def test_the_link_goes_out_with_the_statement_and_leads_to_its_removal_alone(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        first, token = removed(any_site, receiver)
        second, other = removed(any_site, receiver, "MP-10")
    assert (leads_to(any_site, token), leads_to(any_site, other)) == (first.action_id, second.action_id)


def test_a_message_sent_again_carries_the_same_link(site: Site) -> None:
    with a_receiver() as receiver:
        receiver.answer = lambda number: 500 if number == 0 else 204
        register(site, receiver)
        made = judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT).action
        assert made is not None
        site.clock.forward(seconds=180)
        assert deliver(site.runtime, site.here, made.action_id) == "failed"
        site.clock.forward(hours=1)
        assert deliver(site.runtime, site.here, made.action_id) == "acknowledged"
        first, second = (one["data"]["seller_link"] for one in receiver.deliveries)
    assert first == second
    assert first.startswith(f"{AT_HOME}/seller/act_")


def test_a_reinstatement_has_no_link(site: Site) -> None:
    removal = an_acknowledged_removal(site)
    answer(site, removal, CONCEDE)
    site.clock.forward(seconds=180)
    with a_receiver() as receiver:
        register(site, receiver)
        done = site.read(actions.of_listing, site.here, removal.listing_id)
        (made,) = (one for one in done if one.kind is ActionKind.REINSTATE)
        deliver(site.runtime, site.here, made.action_id)
        assert "seller_link" not in receiver.deliveries[-1]["data"]


def test_the_link_holds_as_long_as_an_appeal_is_open(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        made, token = removed(any_site, receiver)
    any_site.clock.forward(days=184)
    assert leads_to(any_site, token) == made.action_id
    any_site.clock.forward(days=17)
    assert leads_to(any_site, token) is None


def test_a_new_link_ends_the_one_before_and_a_revoked_one_stays_so(any_site: Site) -> None:
    with a_receiver() as receiver:
        register(any_site, receiver)
        made, first = removed(any_site, receiver)
    second = token_of(new_link(any_site.runtime, any_site.here, made.action_id))
    assert (leads_to(any_site, first), leads_to(any_site, second)) == (None, made.action_id)
    assert revoke_links(any_site.runtime, any_site.here, made.action_id) == 1
    assert revoke_links(any_site.runtime, any_site.here, made.action_id) == 0
    assert leads_to(any_site, second) is None
    assert any_site.read(audit.check)[1] is None


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
        _, token = removed(site, receiver)
    assert leads_to(site, change(token)) is None, why


def test_the_signature_of_one_link_opens_no_other(site: Site) -> None:
    with a_receiver() as receiver:
        register(site, receiver)
        first, token = removed(site, receiver)
        second, _ = removed(site, receiver, "MP-10")
    assert leads_to(site, token.replace(first.action_id, second.action_id)) is None


def test_there_is_no_link_to_what_is_no_removal_of_this_marketplace(site: Site) -> None:
    removal = an_acknowledged_removal(site)
    with pytest.raises(NotFound):
        new_link(site.runtime, "mkt_another", removal.action_id)
    with pytest.raises(NotFound):
        revoke_links(site.runtime, site.here, "act_none")
