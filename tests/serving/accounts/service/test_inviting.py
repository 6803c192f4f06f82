"""An invitation is a link for one person, one role and one use; its stored form opens nothing."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth, provisioning
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.inviting import accept, accept_as, asked_by, invite, open_invitations, withdraw
from serving.accounts.service.people import deactivate
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.store import accounts, origins
from serving.accounts.tables import account, invitation
from serving.audit.store import audit
from serving.privacy.service.retention import erase_what_is_past_its_time
from tests.fixtures.factors import an_app
from tests.fixtures.runtimes import PASSWORD, Site
from tests.fixtures.runtimes import invite as add

EMAIL = "nadia@touchstone.example"


@pytest.fixture
def here(site: Site) -> Site:
    """Invitations expire by the wall clock, which this site's tests move."""
    return replace(site, runtime=replace(site.runtime, wall=site.clock))


@pytest.fixture
def admin(here: Site) -> Person:
    return add(here.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def token_of(site: Site, admin: Person, role: Role = Role.ANALYST, brand: str | None = None, to: str = EMAIL) -> str:
    return invite(site.runtime, admin, to, Grant(role, site.here, brand)).removeprefix("/join/")


def test_who_is_invited_joins_once_with_that_role_and_is_signed_in(here: Site, admin: Person) -> None:
    runtime, token = here.runtime, token_of(here, admin)
    asked = asked_by(runtime, token)
    assert (asked.marketplace, asked.by) == ("Bazaar", "Ada Falk")
    session = auth.session_of(runtime, accept(runtime, token, name="Nadia Roy", password=PASSWORD).token)
    assert (session.person.name, session.person.email) == ("Nadia Roy", EMAIL)
    assert session.person.grants == (Grant(Role.ANALYST, here.here),)
    for again in (asked_by, lambda *given: accept(*given, name="X", password=PASSWORD)):
        with pytest.raises(NotFound, match="no longer valid"):
            again(runtime, token)
    assert open_invitations(runtime, admin) == []
    with runtime.store.read() as connection:
        assert [one.act for one in audit.of_subject(connection, {here.here}, session.person.user_id, 9)] == [
            "person.joined"
        ]


def test_a_brands_person_is_invited_for_their_brand(here: Site, admin: Person) -> None:
    token = token_of(here, admin, Role.BRAND, here.brand_id)
    assert asked_by(here.runtime, token).brand == "Aurelle"
    made = accept(here.runtime, token, name="Nadia", password=PASSWORD)
    [grant] = auth.session_of(here.runtime, made.token).person.grants
    assert (grant.role, grant.brand_id, grant.leads) == (Role.BRAND, here.brand_id, False)


def test_only_a_digest_of_the_link_is_stored(here: Site, admin: Person) -> None:
    token = token_of(here, admin)
    with here.runtime.store.read() as connection:
        row = connection.execute(select(invitation)).mappings().one()
    assert row["token_hash"] == auth.hash_token(token)
    assert token not in "".join(map(str, row.values()))


def test_a_link_ends_after_a_week_when_withdrawn_and_when_another_is_made(here: Site, admin: Person) -> None:
    runtime = here.runtime
    first = token_of(here, admin)
    second = token_of(here, admin)
    with pytest.raises(NotFound):
        asked_by(runtime, first)
    [one] = open_invitations(runtime, admin)
    withdraw(runtime, admin, one.invitation.invitation_id)
    with pytest.raises(NotFound):
        asked_by(runtime, second)
    with pytest.raises(NotFound):
        withdraw(runtime, admin, one.invitation.invitation_id)
    third = token_of(here, admin)
    here.clock.forward(days=7, seconds=-1)
    assert asked_by(runtime, third)
    here.clock.forward(seconds=1)
    with pytest.raises(NotFound):
        asked_by(runtime, third)


@pytest.mark.parametrize("email", ["", "nobody", "a@b c", "@", "x" * 330 + "@touchstone.example"])
def test_what_is_no_address_is_refused(here: Site, admin: Person, email: str) -> None:
    with pytest.raises(Invalid):
        token_of(here, admin, to=email)
    assert open_invitations(here.runtime, admin) == []


def test_nobody_is_invited_to_what_one_does_not_administer(here: Site, admin: Person) -> None:
    provisioning.add_marketplace(here.runtime, name="Elsewhere", base_currency="USD", by="test")
    new = NewPerson("eva@elsewhere.example", "Eva", Role.ADMIN, marketplace="Elsewhere", password=PASSWORD)
    user_id, _ = provisioning.add_person(here.runtime, new, by="test")
    eva = here.read(accounts.person, user_id)
    with pytest.raises(Forbidden):
        invite(here.runtime, eva, EMAIL, Grant(Role.ANALYST, here.here))
    token_of(here, admin)
    assert open_invitations(here.runtime, eva) == []
    [one] = open_invitations(here.runtime, admin)
    with pytest.raises(NotFound):
        withdraw(here.runtime, eva, one.invitation.invitation_id)


def test_who_is_here_in_that_role_or_deactivated_is_named_at_once(here: Site, admin: Person) -> None:
    with pytest.raises(Conflict, match="Ines Moreau has this role already"):
        token_of(here, admin, to="INES@touchstone.example")
    deactivate(here.runtime, admin, here.analyst.user_id, successor=None)
    with pytest.raises(Conflict, match="Reactivate"):
        token_of(here, admin, Role.DATA_SCIENTIST, to=here.analyst.email)
    with pytest.raises(Invalid, match="takes no part"):
        token_of(here, admin, Role.BRAND, "brd_nowhere")


def test_who_has_an_account_takes_the_role_on_with_its_password(here: Site, admin: Person) -> None:
    runtime = here.runtime
    token = token_of(here, admin, Role.DATA_SCIENTIST, to=here.analyst.email)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(runtime, token, name="Somebody Else", password="not the password")
    an_app(here, here.second_analyst)
    theirs = token_of(here, admin, Role.DATA_SCIENTIST, to=here.second_analyst.email)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(runtime, theirs, name="Half", password=PASSWORD)
    person = auth.session_of(runtime, accept(runtime, token, name="Somebody Else", password=PASSWORD).token).person
    assert person.name == "Ines Moreau", "an account keeps its name"
    with runtime.store.read() as connection:
        assert origins.roots(connection)[person.user_id] == {person.user_id}, "it was here before"
    assert {one.role for one in person.grants} == {Role.ANALYST, Role.DATA_SCIENTIST}


def test_who_is_signed_in_with_the_address_takes_the_role_on(here: Site, admin: Person) -> None:
    runtime = here.runtime
    token = token_of(here, admin, Role.DATA_SCIENTIST, to=here.analyst.email)
    with pytest.raises(NotFound, match="for another address"):
        accept_as(runtime, here.account_manager, token)
    accept_as(runtime, here.analyst, token)
    with runtime.store.read() as connection:
        roles = {one.role for one in accounts.person(connection, here.analyst.user_id).grants}
    assert roles == {Role.ANALYST, Role.DATA_SCIENTIST}
    with pytest.raises(NotFound, match="no longer valid"):
        accept_as(runtime, here.analyst, token)


def test_a_deactivated_account_is_not_made_anew(here: Site, admin: Person) -> None:
    token = token_of(here, admin, Role.DATA_SCIENTIST, to=here.analyst.email)
    deactivate(here.runtime, admin, here.analyst.user_id, successor=None)
    with pytest.raises(NotSignedIn, match="sign in first"):
        accept(here.runtime, token, name="Ines", password=PASSWORD)


@pytest.mark.parametrize("with_account", [True, False])
def test_a_mistake_leaves_the_link_as_it_was_and_says_the_same_with_and_without_an_account(
    here: Site, admin: Person, *, with_account: bool
) -> None:
    runtime = here.runtime
    token = token_of(here, admin, Role.DATA_SCIENTIST, to=here.analyst.email if with_account else EMAIL)
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


def test_who_was_invited_is_forgotten_with_the_sessions(here: Site, admin: Person) -> None:
    token_of(here, admin)
    here.clock.forward(days=7 + 29)
    erase_what_is_past_its_time(here.runtime)
    assert len(here.rows(select(invitation))) == 1
    here.clock.forward(days=2)
    erase_what_is_past_its_time(here.runtime)
    assert here.rows(select(invitation)) == []


def test_the_inviter_is_kept_with_the_account(here: Site, admin: Person) -> None:
    runtime = here.runtime
    person = auth.session_of(
        runtime, accept(runtime, token_of(here, admin), name="Nadia", password=PASSWORD).token
    ).person
    with runtime.store.read() as connection:
        assert origins.roots(connection)[person.user_id] == {admin.user_id}
