"""An invitation is a link for one person, one role and one use; its stored form opens nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth, provisioning
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.inviting import accept, accept_as, details_by_token, invite, open_invitations, withdraw
from serving.accounts.service.people import deactivate
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts, origins
from serving.accounts.tables import account, invitation
from serving.audit.store import audit
from serving.privacy.service.retention import erase_expired
from tests.fixtures.factors import an_app
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.runtimes import invite as add

EMAIL = "nadia@touchstone.example"


@pytest.fixture
def timed_site(site: Site) -> Site:
    """Invitations expire by the wall clock, which this site's tests move."""
    return replace(site, runtime=replace(site.runtime, wall=site.clock))


@pytest.fixture
def admin(timed_site: Site) -> Person:
    return add(timed_site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def token_of(site: Site, admin: Person, role: Role = Role.ANALYST, brand: str | None = None, to: str = EMAIL) -> str:
    return invite(site.runtime, admin, to, Grant(role, site.marketplace_id, brand)).removeprefix("/join/")


def test_who_is_invited_joins_once_with_that_role_and_is_signed_in(timed_site: Site, admin: Person) -> None:
    runtime, token = timed_site.runtime, token_of(timed_site, admin)
    invitation = details_by_token(runtime, token)
    assert (invitation.marketplace, invitation.by) == ("Bazaar", "Ada Falk")
    session = auth.session_of(runtime, accept(runtime, token, name="Nadia Roy", password=PASSWORD).token)
    assert (session.person.name, session.person.email) == ("Nadia Roy", EMAIL)
    assert session.person.grants == (Grant(Role.ANALYST, timed_site.marketplace_id),)
    for again in (details_by_token, lambda *arguments: accept(*arguments, name="X", password=PASSWORD)):
        with pytest.raises(NotFound, match="no longer valid"):
            again(runtime, token)
    assert open_invitations(runtime, admin) == []
    with runtime.store.read() as connection:
        assert [
            event.act for event in audit.of_subject(connection, {timed_site.marketplace_id}, session.person.user_id, 9)
        ] == ["person.joined"]


def test_a_brands_person_is_invited_for_their_brand(timed_site: Site, admin: Person) -> None:
    token = token_of(timed_site, admin, Role.BRAND, timed_site.brand_id)
    assert details_by_token(timed_site.runtime, token).brand == "Aurelle"
    new_session = accept(timed_site.runtime, token, name="Nadia", password=PASSWORD)
    [grant] = auth.session_of(timed_site.runtime, new_session.token).person.grants
    assert (grant.role, grant.brand_id, grant.leads) == (Role.BRAND, timed_site.brand_id, False)


def test_only_a_digest_of_the_link_is_stored(timed_site: Site, admin: Person) -> None:
    token = token_of(timed_site, admin)
    with timed_site.runtime.store.read() as connection:
        row = connection.execute(select(invitation)).mappings().one()
    assert row["token_hash"] == auth.hash_token(token)
    assert token not in "".join(map(str, row.values()))


def test_a_link_ends_after_a_week_when_withdrawn_and_when_another_is_made(timed_site: Site, admin: Person) -> None:
    runtime = timed_site.runtime
    first = token_of(timed_site, admin)
    second = token_of(timed_site, admin)
    with pytest.raises(NotFound):
        details_by_token(runtime, first)
    [open_invitation] = open_invitations(runtime, admin)
    withdraw(runtime, admin, open_invitation.invitation.invitation_id)
    with pytest.raises(NotFound):
        details_by_token(runtime, second)
    with pytest.raises(NotFound):
        withdraw(runtime, admin, open_invitation.invitation.invitation_id)
    third = token_of(timed_site, admin)
    timed_site.clock.forward(days=7, seconds=-1)
    assert details_by_token(runtime, third)
    timed_site.clock.forward(seconds=1)
    with pytest.raises(NotFound):
        details_by_token(runtime, third)


@pytest.mark.parametrize("email", ["", "nobody", "a@b c", "@", "x" * 330 + "@touchstone.example"])
def test_what_is_no_address_is_refused(timed_site: Site, admin: Person, email: str) -> None:
    with pytest.raises(Invalid):
        token_of(timed_site, admin, to=email)
    assert open_invitations(timed_site.runtime, admin) == []


def test_nobody_is_invited_to_what_one_does_not_administer(timed_site: Site, admin: Person) -> None:
    provisioning.add_marketplace(timed_site.runtime, name="Elsewhere", base_currency="USD", by="test")
    new = NewPerson("eva@elsewhere.example", "Eva", Role.ADMIN, marketplace="Elsewhere", password=PASSWORD)
    user_id, _ = provisioning.add_person(timed_site.runtime, new, by="test")
    eva = timed_site.read(accounts.person, user_id)
    with pytest.raises(Forbidden):
        invite(timed_site.runtime, eva, EMAIL, Grant(Role.ANALYST, timed_site.marketplace_id))
    token_of(timed_site, admin)
    assert open_invitations(timed_site.runtime, eva) == []
    [open_invitation] = open_invitations(timed_site.runtime, admin)
    with pytest.raises(NotFound):
        withdraw(timed_site.runtime, eva, open_invitation.invitation.invitation_id)


def test_who_is_here_in_that_role_or_deactivated_is_named_at_once(timed_site: Site, admin: Person) -> None:
    with pytest.raises(Conflict, match="Ines Moreau has this role already"):
        token_of(timed_site, admin, to="INES@touchstone.example")
    deactivate(timed_site.runtime, admin, timed_site.analyst.user_id, successor=None)
    with pytest.raises(Conflict, match="Reactivate"):
        token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.analyst.email)
    with pytest.raises(Invalid, match="takes no part"):
        token_of(timed_site, admin, Role.BRAND, "brd_nowhere")


def test_who_has_an_account_takes_the_role_on_with_its_password(timed_site: Site, admin: Person) -> None:
    runtime = timed_site.runtime
    token = token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.analyst.email)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(runtime, token, name="Somebody Else", password="not the password")
    an_app(timed_site, timed_site.second_analyst)
    theirs = token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.second_analyst.email)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(runtime, theirs, name="Half", password=PASSWORD)
    person = auth.session_of(runtime, accept(runtime, token, name="Somebody Else", password=PASSWORD).token).person
    assert person.name == "Ines Moreau", "an account keeps its name"
    with runtime.store.read() as connection:
        assert origins.roots(connection)[person.user_id] == {person.user_id}, "it was here before"
    assert {grant.role for grant in person.grants} == {Role.ANALYST, Role.DATA_SCIENTIST}


def test_who_is_signed_in_with_the_address_takes_the_role_on(timed_site: Site, admin: Person) -> None:
    runtime = timed_site.runtime
    token = token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.analyst.email)
    with pytest.raises(NotFound, match="for another address"):
        accept_as(runtime, timed_site.account_manager, token)
    accept_as(runtime, timed_site.analyst, token)
    with runtime.store.read() as connection:
        roles = {grant.role for grant in accounts.person(connection, timed_site.analyst.user_id).grants}
    assert roles == {Role.ANALYST, Role.DATA_SCIENTIST}
    with pytest.raises(NotFound, match="no longer valid"):
        accept_as(runtime, timed_site.analyst, token)


def test_a_deactivated_account_is_not_made_anew(timed_site: Site, admin: Person) -> None:
    token = token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.analyst.email)
    deactivate(timed_site.runtime, admin, timed_site.analyst.user_id, successor=None)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(timed_site.runtime, token, name="Ines", password=PASSWORD)


@pytest.mark.parametrize("with_account", [True, False])
def test_a_mistake_leaves_the_link_as_it_was_and_says_the_same_with_and_without_an_account(
    timed_site: Site, admin: Person, *, with_account: bool
) -> None:
    runtime = timed_site.runtime
    token = token_of(timed_site, admin, Role.DATA_SCIENTIST, to=timed_site.analyst.email if with_account else EMAIL)
    for name, password, text in (
        ("", PASSWORD, "A person has a name of at most 200"),
        ("Nadia", "short", "A password must have 10 to 200"),
        ("x" * 201, PASSWORD, "A person has a name of at most 200"),
    ):
        with pytest.raises(Invalid, match=text):
            accept(runtime, token, name=name, password=password)
    with runtime.store.read() as connection:
        assert connection.execute(select(account.c.user_id).where(account.c.email == EMAIL)).first() is None
    assert accept(runtime, token, name="Nadia", password=PASSWORD)


def test_who_was_invited_is_forgotten_with_the_sessions(timed_site: Site, admin: Person) -> None:
    token_of(timed_site, admin)
    timed_site.clock.forward(days=7 + 29)
    erase_expired(timed_site.runtime)
    assert len(timed_site.rows(select(invitation))) == 1
    timed_site.clock.forward(days=2)
    erase_expired(timed_site.runtime)
    assert timed_site.rows(select(invitation)) == []


def test_the_inviter_is_kept_with_the_account(timed_site: Site, admin: Person) -> None:
    runtime = timed_site.runtime
    person = auth.session_of(
        runtime, accept(runtime, token_of(timed_site, admin), name="Nadia", password=PASSWORD).token
    ).person
    with runtime.store.read() as connection:
        assert origins.roots(connection)[person.user_id] == {admin.user_id}
