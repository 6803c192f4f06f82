"""Attacks by an analyst's stolen session, and by an administrator with invited analysts: each was seen to succeed."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.intake.service.intake import receive
from serving.listings.store import listings
from serving.review.service.decision_context import Answer
from serving.review.service.opening import open_by_choice
from serving.review.service.review import record_verdict
from serving.takedowns.policy import DEFAULT_BURSTS
from serving.views import queues
from serving.views.queues import QueueFilter
from tests.fixtures.bursts import states
from tests.fixtures.listings import a_row
from tests.fixtures.naming import VELA
from tests.fixtures.puppets import invited
from tests.fixtures.reviewing import judge
from tests.fixtures.runtimes import Site
from tests.fixtures.runtimes import invite as added

CAP = DEFAULT_BURSTS.per_user


def received(site: Site, many: int, *, draw: float) -> list[Case]:
    """Ordinary listings of a brand that does not take part, and the cases that the random audit sample drew of them."""
    block = {"title": "Solenne tote in grained leather, grey", "brand": "Solenne"}
    rows = [a_row(external_id=f"MP-{i}", seller={"external_id": f"shop-{i}"}, **block) for i in range(many)]
    receive(replace(site.runtime, draw=lambda: draw), site.marketplace, rows, source="test")
    with site.runtime.store.read() as connection:
        drawn = queues.queue(connection, QueueFilter(frozenset({site.here})), most=10_000)
        return [cases.get(connection, site.here, row["case_id"]) for row in drawn]


def chosen(site: Site, person: Person, many: int) -> list[str]:
    """Cases that a person opens on listings that nobody had flagged."""
    assert not received(site, many, draw=0.999)
    with site.runtime.store.read() as connection:
        known = [listings.id_of(connection, site.here, f"MP-{i}") for i in range(many)]
    return [open_by_choice(site.runtime, person, listing_id) for listing_id in known if listing_id is not None]


def puppets_of(site: Site, role: Role = Role.ANALYST) -> list[Person]:
    """Three analysts whom one administrator invited, and whose accounts they opened themselves."""
    admin = added(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    return [invited(site, admin, name, role) for name in ("one", "two", "three")]


def confirmed(site: Site, people: Sequence[Person], found: Sequence[Case]) -> None:
    """Each person in turn confirms one of these cases."""
    for number, case in enumerate(found):
        judge(site, people[number % len(people)], case, Judgement.COUNTERFEIT)


@pytest.mark.attack
def test_nothing_that_an_analyst_opened_by_choice_leaves_on_their_own_confirmation(any_site: Site) -> None:
    """With a typed mark and owner, as the session of one analyst could do it all day."""
    for case_id in chosen(any_site, any_site.analyst, 4):
        with any_site.runtime.store.read() as connection:
            case = cases.get(connection, any_site.here, case_id)
        answer = Answer(case_id, case.version_id, Judgement.COUNTERFEIT, naming=VELA)
        record_verdict(any_site.runtime, any_site.analyst, answer)
        any_site.clock.forward(hours=2)
    assert states(any_site) == {"held": 4}


@pytest.mark.attack
def test_nothing_leaves_on_the_first_day_of_three_invited_analysts(site: Site) -> None:
    found = received(site, 6, draw=0.0)
    puppets = puppets_of(site)
    confirmed(site, puppets, found[:3])
    site.clock.forward(hours=23, minutes=59)
    confirmed(site, puppets, found[3:])
    assert states(site) == {"held": 6}


@pytest.mark.attack
def test_three_analysts_of_one_administrator_share_a_cap_and_its_alarm(site: Site) -> None:
    found = received(site, CAP + 5, draw=0.0)
    puppets = puppets_of(site)
    site.clock.forward(days=2)
    confirmed(site, puppets, found[: CAP + 2])
    site.clock.forward(hours=1, minutes=1)
    confirmed(site, puppets, found[CAP + 2 :])
    assert states(site) == {"scheduled": CAP, "held": 5}
