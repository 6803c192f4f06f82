"""A password reset link opens one account once; only a person with control over the whole account makes one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from models.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth, provisioning
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.passwords import change_password, reset_by_link
from serving.accounts.service.people import deactivate, reactivate
from serving.accounts.service.provisioning import NewPerson
from serving.accounts.service.reset_links import live_link, make_link, make_link_as_owner, make_link_for_colleague
from serving.accounts.store import accounts, origins, people
from serving.accounts.tables import reset_link
from serving.audit.store import audit
from serving.audit.tables import audit_payload
from serving.brands.service.mandates import NewMandate, grant_mandate
from serving.privacy.service.retention import erase_expired
from tests.fixtures.reporting import a_leader, a_rival, second_marketplace, with_brand_grant_at
from tests.fixtures.runtimes import PASSWORD, Site, invite

ANOTHER = "a better password"


def with_wall_clock(site: Site) -> Site:
    """Links expire by the wall clock, which this site's tests move."""
    return replace(site, runtime=replace(site.runtime, wall=site.clock))


@pytest.fixture
def timed_site(site: Site) -> Site:
    return with_wall_clock(site)


@pytest.fixture
def admin(timed_site: Site) -> Person:
    return invite(timed_site.runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)


def token_of(path: str) -> str:
    return path.removeprefix("/reset/")


def is_alive(site: Site, token: str) -> bool:
    with site.runtime.store.read() as connection:
        try:
            live_link(site.runtime, connection, token)
        except NotFound:
            return False
    return True


def use(site: Site, token: str, password: str = ANOTHER) -> None:
    reset_by_link(site.runtime, token, new_password=password, again=password)


def a_colleague(site: Site) -> Person:
    return invite(site.runtime, "ana@aurelle.example", "Ana Prieto", Role.BRAND, "Aurelle")


def test_who_forgot_their_password_chooses_another_once_and_is_signed_out_everywhere(any_site: Site) -> None:
    timed_site = with_wall_clock(any_site)
    runtime, person = timed_site.runtime, timed_site.analyst
    admin = invite(runtime, "ada@touchstone.example", "Ada Falk", Role.ADMIN)
    sessions = [auth.sign_in(runtime, person.email, PASSWORD).token for _ in range(2)]
    colleague = auth.sign_in(runtime, timed_site.second_analyst.email, PASSWORD).token
    token = token_of(make_link(runtime, admin, person.user_id))
    assert auth.session_of(runtime, sessions[0]), "a link by itself ends nothing"
    use(timed_site, token)
    for session_token in sessions:
        with pytest.raises(NotSignedIn):
            auth.session_of(runtime, session_token)
    assert auth.session_of(runtime, colleague)
    with pytest.raises(NotSignedIn):
        auth.sign_in(runtime, person.email, PASSWORD)
    assert auth.sign_in(runtime, person.email, ANOTHER)
    with pytest.raises(NotFound):
        use(timed_site, token, "yet another password")
    assert auth.sign_in(runtime, person.email, ANOTHER), "the second use changed nothing"


def test_who_made_a_link_and_that_it_was_used_is_audited_without_any_secret(timed_site: Site, admin: Person) -> None:
    token = token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id))
    auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    use(timed_site, token)
    with timed_site.runtime.store.read() as connection:
        reset_entry, link_entry, *_ = audit.of_subject(
            connection, {timed_site.marketplace_id}, timed_site.analyst.user_id, 9
        )
        payloads = " ".join(str(payload) for payload in connection.execute(select(audit_payload)))
        row = connection.execute(select(reset_link)).one()
        stored = str(row)
        hashed = people.password_hash_of(connection, timed_site.analyst.user_id)
    assert (link_entry.act, link_entry.actor) == ("reset_link.made", f"user:{admin.user_id}")
    assert (reset_entry.act, reset_entry.actor) == ("password.reset", f"user:{timed_site.analyst.user_id}")
    assert reset_entry.payload == {
        "link": link_entry.payload["link"],
        "made_by": admin.user_id,
        "as_root": False,
        "sessions_ended": 1,
    }
    assert row.used_at is not None
    assert row.ended_at is None, "it was used, and nobody ended it"
    assert auth.hash_token(token) in stored
    assert token not in stored
    assert not any(secret in payloads for secret in (token, auth.hash_token(token), ANOTHER, hashed))


def test_a_link_ends_after_a_day_when_another_is_made_and_when_the_password_is_changed(
    timed_site: Site, admin: Person
) -> None:
    runtime, person = timed_site.runtime, timed_site.analyst
    first = token_of(make_link(runtime, admin, person.user_id))
    colleagues = token_of(make_link(runtime, admin, timed_site.second_analyst.user_id))
    second = token_of(make_link(runtime, admin, person.user_id))
    assert [is_alive(timed_site, link_token) for link_token in (first, second, colleagues)] == [False, True, True]
    timed_site.clock.forward(hours=24, seconds=-1)
    assert is_alive(timed_site, second)
    timed_site.clock.forward(seconds=1)
    assert not is_alive(timed_site, second)
    third = token_of(make_link(runtime, admin, person.user_id))
    session = auth.sign_in(runtime, person.email, PASSWORD).token
    change_password(runtime, person, session, before=PASSWORD, new_password=ANOTHER)
    assert not is_alive(timed_site, third)


def test_a_mistake_changes_nothing_and_leaves_the_link(timed_site: Site, admin: Person) -> None:
    token = token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id))
    session = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token
    for password, again, why in (
        (ANOTHER, "a better passwort", "The two new passwords differ"),
        ("short", "short", "10 to 200 characters"),
        ("x" * 201, "x" * 201, "10 to 200 characters"),
    ):
        with pytest.raises(Invalid, match=why):
            reset_by_link(timed_site.runtime, token, new_password=password, again=again)
    assert auth.session_of(timed_site.runtime, session)
    assert auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    use(timed_site, token)


def test_the_link_of_a_deactivated_account_leads_nowhere_and_none_is_made(timed_site: Site, admin: Person) -> None:
    token = token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id))
    owners = token_of(make_link_as_owner(timed_site.runtime, timed_site.data_scientist.email, by="local"))
    assert is_alive(timed_site, owners)
    for person in (timed_site.analyst, timed_site.data_scientist):
        deactivate(timed_site.runtime, admin, person.user_id, successor=None)
    for dead in (token, owners):
        assert not is_alive(timed_site, dead)
        with pytest.raises(NotFound):
            use(timed_site, dead)
    with pytest.raises(Conflict, match="Reactivate"):
        make_link(timed_site.runtime, admin, timed_site.analyst.user_id)
    with pytest.raises(NotFound):
        make_link_as_owner(timed_site.runtime, timed_site.analyst.email, by="local")
    for person in (timed_site.analyst, timed_site.data_scientist):
        reactivate(timed_site.runtime, admin, person.user_id)
    assert [is_alive(timed_site, link_token) for link_token in (token, owners)] == [False, False], (
        "a return does not open them again"
    )
    use(timed_site, token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id)))


def test_a_link_ends_with_its_makers_rights(timed_site: Site, admin: Person) -> None:
    """The maker is deactivated, or the account now has access beyond the maker's control."""
    other = invite(timed_site.runtime, "bea@touchstone.example", "Bea Lind", Role.ADMIN)
    token = token_of(make_link(timed_site.runtime, other, timed_site.analyst.user_id))
    timed_site.write(people.disable, other.user_id, timed_site.clock.now())
    assert not is_alive(timed_site, token)
    token = token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id))
    souk = second_marketplace(timed_site)
    with timed_site.runtime.store.write() as connection:
        accounts.add_grants(connection, timed_site.analyst.user_id, [Grant(Role.ANALYST, souk)], timed_site.clock.now())
    with pytest.raises(NotFound):
        use(timed_site, token)


def test_an_administrator_makes_none_for_themselves_nor_for_who_works_where_they_have_no_say(
    timed_site: Site, admin: Person
) -> None:
    with pytest.raises(Conflict, match="for yourself"):
        make_link(timed_site.runtime, admin, admin.user_id)
    souk = second_marketplace(timed_site)
    eva = provisioning.add_person(
        timed_site.runtime,
        NewPerson("eva@souk.example", "Eva", Role.ADMIN, marketplace="Souk", password=PASSWORD),
        by="test",
    )[0]
    with pytest.raises(NotFound):
        make_link(timed_site.runtime, admin, eva)
    with_brand_grant_at(timed_site, timed_site.brand_person, souk)
    with pytest.raises(Forbidden, match="outside your control"):
        make_link(timed_site.runtime, admin, timed_site.brand_person.user_id)
    assert timed_site.rows(select(reset_link)) == []
    assert make_link_as_owner(timed_site.runtime, timed_site.brand_person.email.upper(), by="local")


def test_the_owner_makes_none_for_an_account_without_a_role_because_no_log_would_name_it(timed_site: Site) -> None:
    timed_site.write(people.remove_grants, timed_site.analyst.user_id, timed_site.analyst.grants)
    with pytest.raises(NotFound, match="no role any more"):
        make_link_as_owner(timed_site.runtime, timed_site.analyst.email, by="local")
    assert timed_site.rows(select(reset_link)) == []


def test_who_leads_a_brand_makes_one_for_a_colleague_who_does_not(timed_site: Site) -> None:
    leader, colleague, pair = (
        a_leader(timed_site),
        a_colleague(timed_site),
        (timed_site.marketplace_id, timed_site.brand_id),
    )
    use(timed_site, token_of(make_link_for_colleague(timed_site.runtime, leader, pair, colleague.user_id)))
    assert auth.sign_in(timed_site.runtime, colleague.email, ANOTHER)


def test_the_link_of_who_leads_ends_where_they_act_by_a_power_of_attorney(timed_site: Site) -> None:
    leader, colleague, pair = (
        a_leader(timed_site),
        a_colleague(timed_site),
        (timed_site.marketplace_id, timed_site.brand_id),
    )
    token = token_of(make_link_for_colleague(timed_site.runtime, leader, pair, colleague.user_id))
    assert is_alive(timed_site, token)
    become_an_agent(timed_site, leader)
    assert not is_alive(timed_site, token)


def become_an_agent(site: Site, person: Person) -> None:
    """A user with lead rights acts by a power of attorney, as was possible before the two excluded each other."""
    pair, until = (site.marketplace_id, site.brand_id), site.clock.now() + timedelta(days=100)
    for leads in (False, True):
        site.write(accounts.set_lead, person.user_id, pair, leads=leads)
        if not leads:
            grant_mandate(site.runtime, NewMandate("Aurelle", person.email, "Agency", ("EU",), until), by="test")


def test_who_leads_a_brand_makes_none_for_anybody_else(timed_site: Site) -> None:
    leader, colleague, pair = (
        a_leader(timed_site),
        a_colleague(timed_site),
        (timed_site.marketplace_id, timed_site.brand_id),
    )
    rival = a_rival(timed_site)
    other = invite(timed_site.runtime, "bo@aurelle.example", "Bo Lind", Role.BRAND, "Aurelle")
    agent = invite(timed_site.runtime, "agent@aurelle.example", "Al Gent", Role.BRAND, "Aurelle")
    with timed_site.runtime.store.write() as connection:
        for lead in (other, agent):
            accounts.set_lead(connection, lead.user_id, pair, leads=True)
        agent_now = accounts.person(connection, agent.user_id)
    refused: list[tuple[Person, tuple[str, str], str, type[DomainError], str]] = [
        (leader, pair, leader.user_id, Conflict, "themselves"),
        (leader, pair, other.user_id, Forbidden, "who leads too"),
        (leader, pair, rival.user_id, NotFound, "somebody of another brand"),
        (leader, pair, timed_site.analyst.user_id, NotFound, "one of the staff"),
        (
            leader,
            (timed_site.marketplace_id, rival.grants[0].brand_id or ""),
            rival.user_id,
            NotFound,
            "another brand's",
        ),
        (colleague, pair, agent.user_id, Forbidden, "who does not lead"),
        (rival, pair, colleague.user_id, NotFound, "who leads another brand"),
    ]
    for by, where, user_id, error, why in refused:
        with pytest.raises(error):
            pytest.fail(f"{why}: {make_link_for_colleague(timed_site.runtime, by, where, user_id)}")
    become_an_agent(timed_site, agent)
    with pytest.raises(Forbidden, match="power of attorney"):
        make_link_for_colleague(timed_site.runtime, agent_now, pair, colleague.user_id)
    with_brand_grant_at(timed_site, colleague, second_marketplace(timed_site))
    with pytest.raises(Forbidden, match="outside your control"):
        make_link_for_colleague(timed_site.runtime, leader, pair, colleague.user_id)


def test_links_are_forgotten_with_the_sessions(timed_site: Site, admin: Person) -> None:
    use(timed_site, token_of(make_link(timed_site.runtime, admin, timed_site.analyst.user_id)))
    make_link(timed_site.runtime, admin, timed_site.second_analyst.user_id)
    timed_site.clock.forward(days=30)
    erase_expired(timed_site.runtime)
    assert len(timed_site.rows(select(reset_link))) == 2
    timed_site.clock.forward(days=2)
    erase_expired(timed_site.runtime)
    with timed_site.runtime.store.read() as connection:
        assert connection.execute(select(reset_link)).all() == []
        roots = origins.roots(connection)[timed_site.analyst.user_id]
    assert roots == {timed_site.analyst.user_id, admin.user_id}, "whose hands an account was in stays known"


def test_whoever_made_a_link_that_was_used_counts_as_one_with_the_account(any_site: Site) -> None:
    """The maker saw the link before the account's owner did."""
    timed_site = with_wall_clock(any_site)
    runtime, analyst = timed_site.runtime, timed_site.analyst.user_id
    ada, bea = (invite(runtime, f"{name}@touchstone.example", name, Role.ADMIN) for name in ("ada", "bea"))
    token = token_of(make_link(runtime, ada, analyst))
    owners = token_of(make_link_as_owner(runtime, timed_site.second_analyst.email, by="local"))

    def roots(user_id: str) -> frozenset[str]:
        with runtime.store.read() as connection:
            return origins.roots(connection)[user_id]

    assert roots(analyst) == {analyst}, "a link that was not used opened nothing"
    use(timed_site, token)
    use(timed_site, owners)
    assert roots(analyst) == {analyst, ada.user_id}
    assert roots(timed_site.second_analyst.user_id) == {timed_site.second_analyst.user_id}
    use(timed_site, token_of(make_link(runtime, bea, analyst)))
    assert roots(analyst) == {analyst, ada.user_id, bea.user_id}
    timed_site.clock.forward(days=90)
    erase_expired(runtime)
    assert roots(analyst) == {analyst, ada.user_id, bea.user_id}, "kept after the links are deleted"
    root_link = token_of(make_link_as_owner(runtime, timed_site.analyst.email, by="local", as_root=True))
    assert roots(analyst) == {analyst, ada.user_id, bea.user_id}, "until the owner's link is used"
    use(timed_site, root_link)
    assert roots(analyst) == {analyst}
