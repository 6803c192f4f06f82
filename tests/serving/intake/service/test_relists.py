from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from features.message import Message
from models.case import CaseLane
from models.routing import Lane
from serving.intake.service.intake import RowAnswer, receive
from serving.listings.store import scores
from serving.marketplaces.rules import AutomaticRule
from serving.operations.service.kill_switches import switch
from serving.takedowns.rules.statement import Undone, reinstatement_statement
from serving.takedowns.service.takedown import Cause, schedule
from serving.webhooks.rules.action import ActionKind
from tests.fixtures.delivering import deliver
from tests.fixtures.listings import a_row, a_suspect_row
from tests.fixtures.receivers import Receiver, a_receiver
from tests.fixtures.reviewing import open_cases
from tests.fixtures.runtimes import Site
from tests.serving.sellers.service.test_contacts import a_contact, tell
from tests.serving.takedowns.service.test_removal_checks import an_acknowledged_removal, register

BRAND = {"title": "Aurelle Colline tote in grained leather, grey", "brand": "Aurelle", "description": "Worn twice."}


@pytest.fixture
def receiver(any_site: Site) -> Iterator[Receiver]:
    with a_receiver() as found:
        register(any_site, found, None)
        yield found


def comes_in(site: Site, **changes: Any) -> RowAnswer:
    """A listing that the score routes to no action, outside the random sample."""
    site.clock.forward(seconds=1)
    quiet = replace(site.runtime, draw=lambda: 1.0)
    (answer,) = receive(quiet, site.marketplace, [a_row(**{"external_id": "MP-20", **BRAND, **changes})], source="test")
    return answer


def reason_of(site: Site) -> Message:
    """The first reason of the newest analyst's case."""
    case = max(open_cases(site, CaseLane.ANALYST), key=lambda one: one.case_id)
    with site.runtime.store.read() as connection:
        found: Message = scores.get(connection, site.here, case.score_id)["route_reasons"][0]
        return found


def test_who_comes_back_under_another_account_goes_to_an_analyst_who_is_told_of_the_removed_listing(
    any_site: Site, receiver: Receiver
) -> None:
    an_acknowledged_removal(any_site)  # MP-9 of lumo-trade-88.
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.ANALYST
    told = reason_of(any_site)
    assert (told.code, told.parameters["seller"]) == ("relist.linked_newcomer", "lumo-trade-88")
    assert told.parameters["listing"] == "MP-9"
    assert len(receiver.deliveries) == 1, "nothing is removed by itself"


def test_somebody_else_is_not_meant(any_site: Site, receiver: Receiver) -> None:
    an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("maison-brandt"))
    assert comes_in(any_site, seller={"external_id": "stranger"}).lane is Lane.NO_ACTION
    assert comes_in(any_site, external_id="MP-21", seller={"external_id": "maison-brandt"}).lane is Lane.NO_ACTION, (
        "the brand has authorised them"
    )
    known = {"external_id": "fresh", "age_days": 900}
    tell(any_site, a_contact("fresh"))
    assert comes_in(any_site, external_id="MP-22", seller=known).lane is Lane.NO_ACTION, "an account from long before"


def test_what_was_given_back_is_not_watched_for(any_site: Site, receiver: Receiver) -> None:
    removal = an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    cause = Cause(any_site.here, removal.listing_id, removal.verdict_id, "test")
    with any_site.runtime.store.write() as connection:
        statement = reinstatement_statement(Undone.APPEAL)
        back = schedule(any_site.runtime, connection, ActionKind.REINSTATE, cause, statement, any_site.clock.now())
    any_site.clock.forward(hours=1)
    deliver(any_site.runtime, any_site.here, back.action_id)
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.NO_ACTION


def test_the_watch_can_be_switched_off(any_site: Site, receiver: Receiver) -> None:
    an_acknowledged_removal(any_site)
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    rule = AutomaticRule.RELIST_WATCH
    switch(any_site.runtime, any_site.marketplace, rule, on=False, by="test", reason="It names the wrong people.")
    assert comes_in(any_site, seller={"external_id": "fresh"}).lane is Lane.NO_ACTION


def test_of_the_same_seller_in_the_same_words_an_analyst_is_told_which_listing_was_removed(
    any_site: Site, receiver: Receiver
) -> None:
    removal = an_acknowledged_removal(any_site)
    any_site.clock.forward(seconds=1)
    receive(any_site.runtime, any_site.marketplace, [a_suspect_row(external_id="MP-30")], source="test")
    assert removal.external_id == "MP-9"
    told = reason_of(any_site)
    assert (told.code, told.parameters["listing"], told.parameters["share"]) == ("relist.own_text", "MP-9", 1.0)


@pytest.mark.parametrize(("sold_on", "lane"), [(False, Lane.ANALYST), (True, Lane.NO_ACTION)], ids=["kept", "sold on"])
def test_a_batch_knows_who_sells_the_removed_listing_since_an_earlier_row(
    any_site: Site, receiver: Receiver, lane: Lane, *, sold_on: bool
) -> None:
    an_acknowledged_removal(any_site)  # MP-9 of lumo-trade-88.
    tell(any_site, a_contact("lumo-trade-88"), a_contact("fresh"))
    any_site.clock.forward(seconds=1)
    rows = [
        *([a_suspect_row(price="88.00", seller={"external_id": "another-shop"})] if sold_on else []),
        a_row(**{"external_id": "MP-20", **BRAND}),
        a_row(**{"external_id": "MP-20", **BRAND, "seller": {"external_id": "fresh"}}),
    ]
    quiet = replace(any_site.runtime, draw=lambda: 1.0)
    assert receive(quiet, any_site.marketplace, rows, source="test")[-1].lane is lane
