"""Second factors of an account: enrolled and removed after a fresh proof, reset by an administrator."""

import pytest
from sqlalchemy import select

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.service import auth
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.proving import Given, prove
from serving.accounts.service.second_step import complete, half_session_of
from serving.accounts.store import accounts, second_factors
from serving.accounts.tables import second_factor
from serving.administration.service.provisioning import add_marketplace
from serving.administration.service.second_factors import (
    add_passkey,
    begin_app,
    confirm_app,
    enrolment_options,
    new_recovery_codes,
    prove_password,
    remove,
    reset,
    reset_as_owner,
)
from serving.audit.tables import audit_entry
from serving.mail.tables import mail
from serving.webhooks.service import seal_under_new_key
from tests.fixtures.factors import Authenticator, an_app, by_its_clock, renewed, session_for, signed_in_with
from tests.fixtures.runtimes import PASSWORD, Site, invite


@pytest.fixture
def here(site: Site) -> Site:
    return by_its_clock(site)


@pytest.fixture
def admin(here: Site) -> Person:
    return invite(here.runtime, "nadia@touchstone.example", "Nadia Haddad", Role.ADMIN)


def acts(here: Site, start: str) -> list[str]:
    with here.runtime.store.read() as connection:
        query = select(audit_entry.c.act).where(audit_entry.c.act.startswith(start)).order_by(audit_entry.c.sequence)
        return list(connection.execute(query).scalars())


def factors(here: Site, person: Person) -> list[str]:
    with here.runtime.store.read() as connection:
        return [one.factor_id for one in second_factors.of_person(connection, person.user_id)]


def told(here: Site) -> list[str]:
    with here.runtime.store.read() as connection:
        found = connection.execute(select(mail.c.parameters).where(mail.c.kind == "second_factor")).scalars()
        return [one["what"] for one in found]


def test_an_app_is_enrolled_by_its_first_code_with_an_audit_entry_and_a_mail(here: Site) -> None:
    other = session_for(here, here.analyst)
    an_app(here, here.analyst)
    assert len(factors(here, here.analyst)) == 1
    assert acts(here, "second_factor") == ["second_factor.added"]
    assert told(here) == ["added"]
    with here.runtime.store.read() as connection:
        assert second_factors.codes_left(connection, here.analyst.user_id) == 10
    with pytest.raises(AssertionError):
        renewed(here, other)


def test_a_wrong_first_code_enrols_nothing_and_is_counted(here: Site) -> None:
    session = session_for(here, here.analyst)
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(here.runtime, session, "000000", "")
    begin_app(here.runtime, session)
    for _ in range(4):
        with pytest.raises(Invalid):
            confirm_app(here.runtime, session, "000000", "")
    assert factors(here, here.analyst) == []


def test_the_secret_of_an_app_is_sealed(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    assert app.secret.encode() not in here.runtime.home.database.read_bytes()


def test_after_two_new_keys_the_codes_of_an_app_still_count(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    seal_under_new_key(here.runtime)
    seal_under_new_key(here.runtime)
    assert signed_in_with(here, here.analyst, app)


@pytest.mark.attack
def test_a_session_without_a_fresh_proof_changes_no_factor(here: Site) -> None:
    session = session_for(here, here.analyst)
    here.clock.forward(minutes=10)
    for attempt in (
        lambda: begin_app(here.runtime, session),
        lambda: enrolment_options(here.runtime, session),
        lambda: add_passkey(here.runtime, session, "{}", ""),
        lambda: new_recovery_codes(here.runtime, session),
    ):
        with pytest.raises(Forbidden):
            attempt()
    prove_password(here.runtime, session, PASSWORD)
    begin_app(here.runtime, renewed(here, session))


@pytest.mark.attack
def test_where_there_is_a_factor_the_password_adds_no_other(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    here.clock.forward(minutes=10)
    with pytest.raises(Forbidden):
        prove_password(here.runtime, session, PASSWORD)
    with pytest.raises(Forbidden):
        begin_app(here.runtime, session)


def test_a_factor_is_removed_by_a_proof_of_it_and_of_no_other(here: Site) -> None:
    app, codes = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    key = Authenticator()
    add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session)), "Laptop")
    of_app, of_key = factors(here, here.analyst)
    with pytest.raises(Forbidden):
        remove(here.runtime, renewed(here, session), of_app)  # The proof of the passkey is the last one.
    prove(here.runtime, session, Given(codes[0]), recovery=True)
    for one in (of_app, of_key):
        with pytest.raises(Forbidden):
            remove(here.runtime, renewed(here, session), one)
    prove(here.runtime, session, Given(app.code(here)))
    remove(here.runtime, renewed(here, session), of_app)
    assert factors(here, here.analyst) == [of_key]
    assert told(here)[-1] == "removed"


def test_with_the_last_factor_the_recovery_codes_end_and_the_password_signs_in(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    remove(here.runtime, session, factors(here, here.analyst)[0])
    assert not auth.sign_in(here.runtime, here.analyst.email, PASSWORD).half
    with here.runtime.store.read() as connection:
        assert second_factors.codes_left(connection, here.analyst.user_id) == 0


def test_new_recovery_codes_end_the_earlier_ones(here: Site) -> None:
    app, codes = an_app(here, here.analyst)
    by_password = session_for(here, here.second_analyst)
    with pytest.raises(Forbidden, match="app or passkey"):
        new_recovery_codes(here.runtime, by_password)
    new = new_recovery_codes(here.runtime, signed_in_with(here, here.analyst, app))
    waiting = auth.sign_in(here.runtime, here.analyst.email, PASSWORD)
    with pytest.raises(Invalid):
        complete(here.runtime, half_session_of(here.runtime, waiting.token), Given(codes[0]))
    assert complete(here.runtime, half_session_of(here.runtime, waiting.token), Given(new[0]))


def test_a_passkey_of_one_account_is_not_enrolled_for_another(here: Site) -> None:
    key = Authenticator()
    for person, refused in ((here.analyst, False), (here.second_analyst, True)):
        session = session_for(here, person)
        credential = key.create(enrolment_options(here.runtime, session))
        if refused:
            with pytest.raises(Conflict):
                add_passkey(here.runtime, session, credential, "")
        else:
            add_passkey(here.runtime, session, credential, "")


def test_an_administrator_resets_a_factor_with_an_audit_entry_a_mail_and_the_end_of_the_sessions(
    here: Site, admin: Person
) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    assert reset(here.runtime, admin, here.analyst.user_id) == 1
    assert factors(here, here.analyst) == []
    assert acts(here, "second_factor")[-1] == "second_factor.reset"
    assert told(here)[-1] == "reset"
    with pytest.raises(AssertionError):
        renewed(here, session)
    with pytest.raises(Conflict):
        reset(here.runtime, admin, here.analyst.user_id)


def test_an_administrator_resets_neither_their_own_factor_nor_a_strangers(here: Site, admin: Person) -> None:
    an_app(here, admin)
    with pytest.raises(Forbidden):
        reset(here.runtime, admin, admin.user_id)
    with pytest.raises(NotFound):
        reset(here.runtime, here.analyst, admin.user_id)
    souk = add_marketplace(here.runtime, name="Souk", base_currency="EUR", by="local")
    an_app(here, here.analyst)
    with here.runtime.store.write() as connection:
        grant = Grant(Role.ANALYST, souk.marketplace_id)
        accounts.add_grants(connection, here.analyst.user_id, [grant], here.clock.now())
    with pytest.raises(Forbidden, match="at another marketplace"):
        reset(here.runtime, admin, here.analyst.user_id)


def test_the_operator_resets_the_factor_of_the_only_administrator(here: Site, admin: Person) -> None:
    an_app(here, admin)
    assert reset_as_owner(here.runtime, admin.email, by="local") == 1
    assert factors(here, admin) == []
    assert acts(here, "second_factor")[-1] == "second_factor.reset"
    with pytest.raises(Conflict):
        reset_as_owner(here.runtime, admin.email, by="local")


def test_a_wrong_password_confirms_nothing(here: Site) -> None:
    session = session_for(here, here.analyst)
    with pytest.raises(Invalid):
        prove_password(here.runtime, session, "wrong horse battery")
    with pytest.raises(NotSignedIn):
        auth.session_of(here.runtime, "no token")


def test_an_account_has_at_most_six_factors(here: Site) -> None:
    session = session_for(here, here.analyst)
    for number in range(6):
        key = Authenticator(credential_id=f"key {number}".encode())
        add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session)), "")
        session = renewed(here, session)
    with pytest.raises(Conflict, match="as many"):
        enrolment_options(here.runtime, session)
    with here.runtime.store.read() as connection:
        assert len(connection.execute(select(second_factor.c.factor_id)).all()) == 6
