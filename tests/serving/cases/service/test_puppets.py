"""Attacks by a person who acts with accounts that they made or took over: each was seen to succeed."""

from contextlib import suppress

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from models.errors import Forbidden
from models.verdict import Judgement
from serving.accounts.rules.access import Person, Role
from serving.accounts.service.passwords import reset_by_link
from serving.accounts.service.reset_links import make_link_as_owner
from serving.accounts.tables import account_origin
from serving.brands.service.certification import vouch
from serving.cases.service.removal_approvals import record_vote
from serving.learning.service.promote import approve
from serving.takedowns.rules.approval import Decision
from tests.fixtures.puppets import ANOTHER_PASSWORD, invited_person, person_invited_by_lead, taken_over_account
from tests.fixtures.reporting import a_leader, action_states, confirm, questions
from tests.fixtures.runtimes import Site, judge
from tests.fixtures.runtimes import invite as added
from tests.fixtures.stepping_up import with_a_small_hour
from tests.serving.takedowns.service.test_pending_approval import CAP, WHY, a_burst
from tests.serving.web.reports import admit_model


@pytest.fixture
def site(site: Site) -> Site:
    return with_a_small_hour(site)


@pytest.fixture
def any_site(any_site: Site) -> Site:
    return with_a_small_hour(any_site)


@pytest.fixture
def admin(any_site: Site) -> Person:
    return added(any_site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


@pytest.fixture
def site_admin(site: Site) -> Person:
    return added(site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def reset_as_owner(site: Site, whom: Person, *, root: bool = True) -> None:
    path = make_link_as_owner(site.runtime, whom.email, by="local", as_root=root)
    reset_by_link(site.runtime, path.removeprefix("/reset/"), new_password=ANOTHER_PASSWORD, again=ANOTHER_PASSWORD)


def certify(site: Site, person: Person) -> Person:
    with site.runtime.store.write() as connection:
        vouch(site.runtime, connection, person.user_id, by="test")
    return person


def approvals_suffice(site: Site, digest: str, *people: Person) -> bool:
    """Whether these approvals put a model in force; an approval that would not count is refused."""
    done = []
    for person in people:
        with suppress(Forbidden):
            done.append(approve(site.runtime, site.marketplace, digest=digest, by=f"user:{person.user_id}", reason="x"))
    return done[-1].in_force


def test_two_accounts_that_an_administrator_invited_put_no_model_in_force(any_site: Site, admin: Person) -> None:
    puppets = [invited_person(any_site, admin, name, Role.DATA_SCIENTIST) for name in ("one", "two")]
    assert not approvals_suffice(any_site, admit_model(any_site), *puppets)


def test_two_accounts_that_an_administrator_reset_put_no_model_in_force(any_site: Site, admin: Person) -> None:
    puppets = [
        taken_over_account(any_site, admin, person) for person in (any_site.data_scientist, any_site.second_scientist)
    ]
    assert not approvals_suffice(any_site, admit_model(any_site), *puppets)


def test_an_invited_account_of_an_invited_account_is_no_second_person(any_site: Site, admin: Person) -> None:
    third = invited_person(any_site, invited_person(any_site, admin, "two", Role.ADMIN), "three", Role.DATA_SCIENTIST)
    first = invited_person(any_site, admin, "one", Role.DATA_SCIENTIST)
    assert not approvals_suffice(any_site, admit_model(any_site), first, third)


@pytest.mark.parametrize("take", ["invite", "reset"])
def test_two_puppets_of_an_administrator_release_no_pending_removal(any_site: Site, admin: Person, take: str) -> None:
    action_id = a_burst(any_site)
    if take == "invite":
        analyst = invited_person(any_site, admin, "one", Role.ANALYST)
        manager = taken_over_account(any_site, admin, any_site.account_manager)
    else:
        analyst, manager = (
            taken_over_account(any_site, admin, user) for user in (any_site.analyst, any_site.account_manager)
        )
    for person in (analyst, manager):
        assert record_vote(any_site.runtime, person, action_id, Decision.APPROVE, WHY) is None
    assert action_states(any_site)["pending_approval"] == 1


def test_after_a_burst_an_invited_colleague_of_the_confirmer_is_no_other_organisation(any_site: Site) -> None:
    colleague = person_invited_by_lead(any_site, a_leader(any_site), "jo")
    action_id = a_burst(any_site)
    assert record_vote(any_site.runtime, any_site.analyst, action_id, Decision.APPROVE, WHY) is None
    with pytest.raises(Forbidden, match="count as one person"):
        record_vote(any_site.runtime, colleague, action_id, Decision.APPROVE, WHY)
    assert action_states(any_site)["pending_approval"] == 1


def test_guests_of_a_lead_do_not_double_the_cap_of_the_brand(any_site: Site) -> None:
    lead = a_leader(any_site)
    guest = certify(any_site, person_invited_by_lead(any_site, lead, "jo"))
    any_site.clock.forward(days=2)
    for case in questions(any_site, 2 * CAP):
        confirm(any_site, lead if action_states(any_site).total() < CAP else guest, case)
    assert action_states(any_site) == {"scheduled": CAP, "pending_approval": CAP}


def test_pending_removals_hold_nothing_of_the_next_hour(any_site: Site) -> None:
    cases = questions(any_site, 2 * CAP)
    for case in cases[: CAP + 1]:
        confirm(any_site, any_site.brand_person, case)
    any_site.clock.forward(hours=1, minutes=1)
    for case in cases[CAP + 1 :]:
        confirm(any_site, any_site.brand_person, case)
    assert action_states(any_site) == {"scheduled": 2 * CAP - 1, "pending_approval": 1}


def test_a_colleague_whom_the_lead_invited_confirms_after_a_day(site: Site) -> None:
    guest = certify(site, person_invited_by_lead(site, a_leader(site), "jo"))
    first, second = questions(site, 2)
    site.clock.forward(hours=23, minutes=59)
    with pytest.raises(Forbidden, match=r"Nothing was recorded\. A colleague with lead rights invited you, so you can"):
        confirm(site, guest, first)
    judge(site, guest, first, Judgement.GENUINE)
    site.clock.forward(minutes=1)
    assert confirm(site, guest, second).action is not None


def test_a_colleague_whom_an_administrator_invited_confirms_at_once(site: Site, site_admin: Person) -> None:
    guest = certify(site, invited_person(site, site_admin, "jo", Role.BRAND, site.brand_id))
    (case,) = questions(site, 1)
    assert confirm(site, guest, case).action is not None


def test_an_account_that_the_owner_founds_again_is_an_independent_approver(site: Site, site_admin: Person) -> None:
    """The link of the owner gives it a new password, which its inviter does not have."""
    first, second = (invited_person(site, site_admin, name, Role.DATA_SCIENTIST) for name in ("one", "two"))
    site.clock.forward(minutes=1)
    reset_as_owner(site, second)
    assert approvals_suffice(site, admit_model(site), first, second)


def test_a_link_of_the_owner_alone_makes_no_independent_approver(site: Site, site_admin: Person) -> None:
    first, second = (invited_person(site, site_admin, name, Role.DATA_SCIENTIST) for name in ("one", "two"))
    site.clock.forward(minutes=1)
    reset_as_owner(site, second, root=False)
    assert not approvals_suffice(site, admit_model(site), first, second)


@pytest.mark.both_engines
@pytest.mark.parametrize("take", ["invite", "reset"])
def test_the_history_of_an_account_is_append_only(any_site: Site, admin: Person, take: str) -> None:
    if take == "invite":
        invited_person(any_site, admin, "one", Role.ANALYST)
    else:
        taken_over_account(any_site, admin, any_site.analyst)
    for statement in (update(account_origin).values(made_by=None), delete(account_origin)):
        with pytest.raises(DBAPIError, match="append-only"), any_site.runtime.store.write() as connection:
            connection.execute(statement)
