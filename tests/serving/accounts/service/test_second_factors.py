"""Second factors of an account: enrolled and removed after a fresh proof, reset by an administrator."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from sqlalchemy import select

from models.errors import Conflict, Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Grant, Person, Role
from serving.accounts.rules.second_person import FactorKind
from serving.accounts.service import auth, one_time_codes
from serving.accounts.service.auth import NotSignedIn
from serving.accounts.service.passkeys import LONGEST_CREDENTIAL
from serving.accounts.service.passwords import change_password
from serving.accounts.service.people import deactivate
from serving.accounts.service.proving import Given, passkey_options, prove
from serving.accounts.service.provisioning import add_marketplace
from serving.accounts.service.second_factors import (
    add_passkey,
    begin_app,
    confirm_app,
    confirm_by_link,
    enrolment_options,
    new_recovery_codes,
    remove,
    reset,
    reset_as_owner,
)
from serving.accounts.service.second_step import complete, half_session_of
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
from serving.audit.tables import audit_entry
from serving.mail.tables import mail
from serving.webhooks.service.signing_secrets import seal_under_new_key
from tests.fixtures.factors import (
    App,
    Authenticator,
    a_passkey,
    again,
    an_app,
    by_its_clock,
    renewed,
    session_for,
    signed_in_with,
    waiting_app,
)
from tests.fixtures.runtimes import PASSWORD, Site, invite

Act = Callable[[Site, Session, str], Any]


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
    return [one.factor_id for one in here.read(second_factors.of_person, person.user_id)]


def told(here: Site) -> list[str]:
    with here.runtime.store.read() as connection:
        found = connection.execute(select(mail.c.parameters).where(mail.c.kind == "second_factor")).scalars()
        return [one["what"] for one in found]


def test_an_app_is_enrolled_by_its_first_code_with_an_audit_entry_and_a_mail(here: Site) -> None:
    other = session_for(here, here.analyst)
    an_app(here, here.analyst)
    assert len(factors(here, here.analyst)) == 1
    assert acts(here, "second_factor") == ["second_factor.added"]
    assert told(here) == ["waits", "added"]
    assert here.read(second_factors.codes_left, here.analyst.user_id) == 10
    with pytest.raises(AssertionError):
        renewed(here, other)


def test_a_wrong_first_code_enrols_nothing_and_is_counted(here: Site) -> None:
    session = session_for(here, here.analyst)
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(here.runtime, session, "000000", "")
    begin_app(here.runtime, session, PASSWORD)
    for _ in range(3):
        with pytest.raises(Invalid):
            confirm_app(here.runtime, session, "000000", "")
    with pytest.raises(NotSignedIn):
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


ACTS: Final = {
    "begin an app": lambda here, session, password: begin_app(here.runtime, session, password),
    "ask for a passkey": lambda here, session, password: enrolment_options(here.runtime, session, password),
    "make codes": lambda here, session, password: new_recovery_codes(here.runtime, session, password),
    "remove": lambda here, session, password: remove(here.runtime, session, factors(here, here.analyst)[0], password),
}


@pytest.mark.attack
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_each_change_needs_the_password_and_a_proof_of_the_last_ten_minutes(here: Site, act: Act) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    with pytest.raises(Invalid, match="current password"):
        act(here, session, "wrong horse battery")
    late = signed_in_with(here, here.analyst, app)
    here.clock.forward(minutes=10)
    with pytest.raises(Forbidden):
        act(here, late, PASSWORD)
    prove(here.runtime, late, Given(app.code(here)))
    act(here, renewed(here, late), PASSWORD)


@pytest.mark.attack
def test_what_was_begun_by_the_password_is_confirmed_by_no_late_session(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    begun = App(one_time_codes.secret_of(here.runtime, begin_app(here.runtime, session, PASSWORD)))
    options = enrolment_options(here.runtime, session, PASSWORD)
    here.clock.forward(minutes=10)
    with pytest.raises(Forbidden):
        confirm_app(here.runtime, session, begun.code(here), "")
    with pytest.raises(Forbidden):
        add_passkey(here.runtime, session, Authenticator().create(options), "")


def test_a_first_factor_counts_by_its_link_once_and_every_session_ends(here: Site) -> None:
    session, (_, link) = session_for(here, here.analyst), waiting_app(here, here.analyst)
    assert factors(here, here.analyst) == []
    assert len(confirm_by_link(here.runtime, link)) == 10
    assert len(factors(here, here.analyst)) == 1
    with pytest.raises(AssertionError):
        renewed(here, session)
    with pytest.raises(NotFound):
        confirm_by_link(here.runtime, link)


@pytest.mark.parametrize("kind", FactorKind)
def test_a_factor_that_waits_for_its_owner_is_confirmed_by_no_further_code(here: Site, kind: FactorKind) -> None:
    app, _ = waiting_app(here, here.analyst)
    session = session_for(here, here.analyst)
    if kind is FactorKind.PASSKEY:
        options = enrolment_options(here.runtime, session, PASSWORD)
        add_passkey(here.runtime, session, Authenticator().create(options), "")
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(here.runtime, session, app.code(here), "")


@pytest.mark.attack
@pytest.mark.parametrize("end", ["a day", "a new password", "another factor", "deactivation"])
def test_the_link_of_a_first_factor_ends_with(here: Site, admin: Person, end: str) -> None:
    _, link = waiting_app(here, here.analyst)
    if end == "a day":
        here.clock.forward(hours=24)
    elif end == "a new password":
        token = auth.sign_in(here.runtime, here.analyst.email, PASSWORD).token
        change_password(here.runtime, here.analyst, token, before=PASSWORD, wanted="a better password of mine")
    elif end == "another factor":
        waiting_app(here, here.analyst)
    else:
        deactivate(here.runtime, admin, here.analyst.user_id, successor=None)
    with pytest.raises(NotFound):
        confirm_by_link(here.runtime, link)
    assert factors(here, here.analyst) == []


def test_a_factor_is_removed_by_a_proof_of_it_and_of_no_other(here: Site) -> None:
    app, codes = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    key = Authenticator()
    add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session, PASSWORD)), "Laptop")
    of_app, of_key = factors(here, here.analyst)
    with pytest.raises(Forbidden):
        remove(here.runtime, renewed(here, session), of_app, PASSWORD)  # The proof of the passkey is the last one.
    prove(here.runtime, session, Given(codes[0]), recovery=True)
    for one in (of_app, of_key):
        with pytest.raises(Forbidden):
            remove(here.runtime, renewed(here, session), one, PASSWORD)
    prove(here.runtime, session, Given(app.code(here)))
    remove(here.runtime, renewed(here, session), of_app, PASSWORD)
    assert factors(here, here.analyst) == [of_key]
    assert told(here)[-1] == "removed"


def test_with_the_last_factor_the_recovery_codes_end_and_the_password_signs_in(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    remove(here.runtime, signed_in_with(here, here.analyst, app), factors(here, here.analyst)[0], PASSWORD)
    assert not auth.sign_in(here.runtime, here.analyst.email, PASSWORD).half
    assert here.read(second_factors.codes_left, here.analyst.user_id) == 0


def test_new_recovery_codes_end_the_earlier_ones(here: Site) -> None:
    app, codes = an_app(here, here.analyst)
    half = half_session_of(here.runtime, auth.sign_in(here.runtime, here.analyst.email, PASSWORD).token)
    by_code = again(here.runtime, complete(here.runtime, half, Given(codes[1])).token)
    with pytest.raises(Forbidden, match="app or passkey"):
        new_recovery_codes(here.runtime, by_code, PASSWORD)
    new = new_recovery_codes(here.runtime, signed_in_with(here, here.analyst, app), PASSWORD)
    waiting = auth.sign_in(here.runtime, here.analyst.email, PASSWORD)
    with pytest.raises(Invalid):
        complete(here.runtime, half_session_of(here.runtime, waiting.token), Given(codes[0]))
    assert complete(here.runtime, half_session_of(here.runtime, waiting.token), Given(new[0]))


def test_a_passkey_of_one_account_is_not_enrolled_for_another(here: Site) -> None:
    key = Authenticator()
    a_passkey(here, here.analyst, key)
    session = session_for(here, here.second_analyst)
    credential = key.create(enrolment_options(here.runtime, session, PASSWORD))
    with pytest.raises(Conflict):
        add_passkey(here.runtime, session, credential, "")


def test_an_administrator_resets_a_factor_with_an_audit_entry_a_mail_and_the_end_of_the_sessions(
    here: Site, admin: Person
) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    assert reset(here.runtime, session_for(here, admin), here.analyst.user_id, PASSWORD) == 1
    assert factors(here, here.analyst) == []
    assert acts(here, "second_factor")[-1] == "second_factor.reset"
    assert told(here)[-1] == "reset"
    with pytest.raises(AssertionError):
        renewed(here, session)
    with pytest.raises(Conflict):
        reset(here.runtime, session_for(here, admin), here.analyst.user_id, PASSWORD)


def test_an_administrator_resets_neither_their_own_factor_nor_a_strangers(here: Site, admin: Person) -> None:
    app, _ = an_app(here, admin)
    with pytest.raises(Forbidden):
        reset(here.runtime, signed_in_with(here, admin, app), admin.user_id, PASSWORD)
    with pytest.raises(NotFound):
        reset(here.runtime, session_for(here, here.analyst), admin.user_id, PASSWORD)
    souk = add_marketplace(here.runtime, name="Souk", base_currency="EUR", by="local")
    an_app(here, here.analyst)
    with here.runtime.store.write() as connection:
        grant = Grant(Role.ANALYST, souk.marketplace_id)
        accounts.add_grants(connection, here.analyst.user_id, [grant], here.clock.now())
    with pytest.raises(Forbidden, match="at another marketplace"):
        reset(here.runtime, signed_in_with(here, admin, app), here.analyst.user_id, PASSWORD)


@pytest.mark.attack
def test_a_cookie_of_an_administrator_resets_no_factor_without_the_password(here: Site, admin: Person) -> None:
    an_app(here, here.analyst)
    with pytest.raises(Invalid):
        reset(here.runtime, session_for(here, admin), here.analyst.user_id, "wrong horse battery")
    assert len(factors(here, here.analyst)) == 1


def test_the_operator_resets_the_factor_of_the_only_administrator(here: Site, admin: Person) -> None:
    an_app(here, admin)
    assert reset_as_owner(here.runtime, admin.email, by="local") == 1
    assert factors(here, admin) == []
    assert acts(here, "second_factor")[-1] == "second_factor.reset"
    with pytest.raises(Conflict):
        reset_as_owner(here.runtime, admin.email, by="local")


def test_an_account_has_at_most_six_factors(here: Site) -> None:
    session = a_passkey(here, here.analyst, Authenticator())
    for number in range(5):
        key = Authenticator(credential_id=f"key {number}".encode())
        add_passkey(here.runtime, session, key.create(enrolment_options(here.runtime, session, PASSWORD)), "")
        session = renewed(here, session)
    with pytest.raises(Conflict, match="as many"):
        enrolment_options(here.runtime, session, PASSWORD)
    assert len(factors(here, here.analyst)) == 6


def test_a_factor_that_is_gone_is_not_removed_again(here: Site) -> None:
    app, _ = an_app(here, here.analyst)
    session = signed_in_with(here, here.analyst, app)
    (factor_id,) = factors(here, here.analyst)
    remove(here.runtime, session, factor_id, PASSWORD)
    with pytest.raises(NotFound, match="You have no such factor"):
        remove(here.runtime, session, factor_id, PASSWORD)
    assert acts(here, "second_factor").count("second_factor.removed") == 1


def test_an_app_that_was_replaced_while_its_code_was_read_is_not_confirmed(
    here: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_for(here, here.analyst)
    begin_app(here.runtime, session, PASSWORD)
    monkeypatch.setattr(one_time_codes, "step_of", lambda *_: begin_app(here.runtime, session, PASSWORD) and 1)
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(here.runtime, session, "000000", "")
    assert told(here) == []


def test_a_passkey_needs_a_challenge_and_an_answer_of_a_usual_length(here: Site) -> None:
    session, key = session_for(here, here.analyst), Authenticator()
    options = enrolment_options(here.runtime, session, PASSWORD)
    with pytest.raises(Invalid, match="not accepted"):
        add_passkey(here.runtime, session, key.create(options) + " " * LONGEST_CREDENTIAL, "")
    with pytest.raises(Invalid, match="not accepted"):
        add_passkey(here.runtime, session, key.create(options), "")  # The first answer used the challenge up.
    session = a_passkey(here, here.analyst, key)
    answer = key.get(passkey_options(here.runtime, session, "test"))
    with pytest.raises(Invalid):
        prove(here.runtime, session, Given(credential=answer + " " * LONGEST_CREDENTIAL), "test")
