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
from serving.accounts.service.proving import FactorResponse, passkey_options, prove
from serving.accounts.service.provisioning import add_marketplace
from serving.accounts.service.second_factors import (
    add_passkey,
    begin_app,
    complete_sign_in,
    confirm_app,
    confirm_by_link,
    enrolment_options,
    half_session_of,
    new_recovery_codes,
    remove,
    reset,
    reset_as_owner,
)
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
from serving.audit.tables import audit_entry
from serving.mail.tables import mail
from serving.webhooks.service.signing_secrets import seal_under_new_key
from tests.fixtures.factors import (
    App,
    Authenticator,
    a_passkey,
    an_app,
    on_real_time,
    renewed_session,
    session_for,
    session_of_token,
    session_with_app,
    waiting_app,
)
from tests.fixtures.runtimes import PASSWORD, Site, invite

Act = Callable[[Site, Session, str], Any]


@pytest.fixture
def timed_site(site: Site) -> Site:
    return on_real_time(site)


@pytest.fixture
def admin(timed_site: Site) -> Person:
    return invite(timed_site.runtime, "nadia@touchstone.example", "Nadia Haddad", Role.ADMIN)


def acts(site: Site, start: str) -> list[str]:
    with site.runtime.store.read() as connection:
        query = select(audit_entry.c.act).where(audit_entry.c.act.startswith(start)).order_by(audit_entry.c.sequence)
        return list(connection.execute(query).scalars())


def factors(site: Site, person: Person) -> list[str]:
    return [factor.factor_id for factor in site.read(second_factors.of_person, person.user_id)]


def mailed_events(site: Site) -> list[str]:
    with site.runtime.store.read() as connection:
        mail_parameters = connection.execute(select(mail.c.parameters).where(mail.c.kind == "second_factor")).scalars()
        return [parameters["what"] for parameters in mail_parameters]


def test_an_app_is_enrolled_by_its_first_code_with_an_audit_entry_and_a_mail(timed_site: Site) -> None:
    other = session_for(timed_site, timed_site.analyst)
    an_app(timed_site, timed_site.analyst)
    assert len(factors(timed_site, timed_site.analyst)) == 1
    assert acts(timed_site, "second_factor") == ["second_factor.added"]
    assert mailed_events(timed_site) == ["waits", "added"]
    assert timed_site.read(second_factors.unused_code_count, timed_site.analyst.user_id) == 10
    with pytest.raises(AssertionError):
        renewed_session(timed_site, other)


def test_a_wrong_first_code_enrols_nothing_and_is_counted(timed_site: Site) -> None:
    session = session_for(timed_site, timed_site.analyst)
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(timed_site.runtime, session, "000000", "")
    begin_app(timed_site.runtime, session, PASSWORD)
    for _ in range(3):
        with pytest.raises(Invalid):
            confirm_app(timed_site.runtime, session, "000000", "")
    with pytest.raises(NotSignedIn):
        confirm_app(timed_site.runtime, session, "000000", "")
    assert factors(timed_site, timed_site.analyst) == []


def test_the_secret_of_an_app_is_sealed(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    assert app.secret.encode() not in timed_site.runtime.home.database.read_bytes()


def test_after_two_new_keys_the_codes_of_an_app_still_count(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    seal_under_new_key(timed_site.runtime)
    seal_under_new_key(timed_site.runtime)
    assert session_with_app(timed_site, timed_site.analyst, app)


ACTS: Final = {
    "begin an app": lambda site, session, password: begin_app(site.runtime, session, password),
    "ask for a passkey": lambda site, session, password: enrolment_options(site.runtime, session, password),
    "make codes": lambda site, session, password: new_recovery_codes(site.runtime, session, password),
    "remove": lambda site, session, password: remove(site.runtime, session, factors(site, site.analyst)[0], password),
}


@pytest.mark.attack
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS.keys())
def test_each_change_needs_the_password_and_a_proof_of_the_last_ten_minutes(timed_site: Site, act: Act) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    with pytest.raises(Invalid, match="current password"):
        act(timed_site, session, "wrong horse battery")
    late = session_with_app(timed_site, timed_site.analyst, app)
    timed_site.clock.forward(minutes=10)
    with pytest.raises(Forbidden):
        act(timed_site, late, PASSWORD)
    prove(timed_site.runtime, late, FactorResponse(app.code(timed_site)))
    act(timed_site, renewed_session(timed_site, late), PASSWORD)


@pytest.mark.attack
def test_what_was_begun_by_the_password_is_confirmed_by_no_late_session(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    begun = App(one_time_codes.secret_of(timed_site.runtime, begin_app(timed_site.runtime, session, PASSWORD)))
    options = enrolment_options(timed_site.runtime, session, PASSWORD)
    timed_site.clock.forward(minutes=10)
    with pytest.raises(Forbidden):
        confirm_app(timed_site.runtime, session, begun.code(timed_site), "")
    with pytest.raises(Forbidden):
        add_passkey(timed_site.runtime, session, Authenticator().create(options), "")


def test_a_first_factor_counts_by_its_link_once_and_every_session_ends(timed_site: Site) -> None:
    session, (_, link) = session_for(timed_site, timed_site.analyst), waiting_app(timed_site, timed_site.analyst)
    assert factors(timed_site, timed_site.analyst) == []
    assert len(confirm_by_link(timed_site.runtime, link)) == 10
    assert len(factors(timed_site, timed_site.analyst)) == 1
    with pytest.raises(AssertionError):
        renewed_session(timed_site, session)
    with pytest.raises(NotFound):
        confirm_by_link(timed_site.runtime, link)


@pytest.mark.parametrize("kind", FactorKind)
def test_a_factor_that_waits_for_its_owner_is_confirmed_by_no_further_code(timed_site: Site, kind: FactorKind) -> None:
    app, _ = waiting_app(timed_site, timed_site.analyst)
    session = session_for(timed_site, timed_site.analyst)
    if kind is FactorKind.PASSKEY:
        options = enrolment_options(timed_site.runtime, session, PASSWORD)
        add_passkey(timed_site.runtime, session, Authenticator().create(options), "")
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(timed_site.runtime, session, app.code(timed_site), "")


@pytest.mark.attack
@pytest.mark.parametrize("end", ["a day", "a new password", "another factor", "deactivation"])
def test_the_link_of_a_first_factor_ends_with(timed_site: Site, admin: Person, end: str) -> None:
    _, link = waiting_app(timed_site, timed_site.analyst)
    if end == "a day":
        timed_site.clock.forward(hours=24)
    elif end == "a new password":
        token = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token
        change_password(
            timed_site.runtime, timed_site.analyst, token, before=PASSWORD, new_password="a better password of mine"
        )
    elif end == "another factor":
        waiting_app(timed_site, timed_site.analyst)
    else:
        deactivate(timed_site.runtime, admin, timed_site.analyst.user_id, successor=None)
    with pytest.raises(NotFound):
        confirm_by_link(timed_site.runtime, link)
    assert factors(timed_site, timed_site.analyst) == []


def test_a_factor_is_removed_by_a_proof_of_it_and_of_no_other(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    key = Authenticator()
    add_passkey(
        timed_site.runtime, session, key.create(enrolment_options(timed_site.runtime, session, PASSWORD)), "Laptop"
    )
    of_app, of_key = factors(timed_site, timed_site.analyst)
    with pytest.raises(Forbidden):
        remove(
            timed_site.runtime, renewed_session(timed_site, session), of_app, PASSWORD
        )  # The proof of the passkey is the last one.
    prove(timed_site.runtime, session, FactorResponse(codes[0]), recovery=True)
    for factor_id in (of_app, of_key):
        with pytest.raises(Forbidden):
            remove(timed_site.runtime, renewed_session(timed_site, session), factor_id, PASSWORD)
    prove(timed_site.runtime, session, FactorResponse(app.code(timed_site)))
    remove(timed_site.runtime, renewed_session(timed_site, session), of_app, PASSWORD)
    assert factors(timed_site, timed_site.analyst) == [of_key]
    assert mailed_events(timed_site)[-1] == "removed"


def test_with_the_last_factor_the_recovery_codes_end_and_the_password_signs_in(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    remove(
        timed_site.runtime,
        session_with_app(timed_site, timed_site.analyst, app),
        factors(timed_site, timed_site.analyst)[0],
        PASSWORD,
    )
    assert not auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).half
    assert timed_site.read(second_factors.unused_code_count, timed_site.analyst.user_id) == 0


def test_new_recovery_codes_end_the_earlier_ones(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    half = half_session_of(
        timed_site.runtime, auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token
    )
    by_code = session_of_token(
        timed_site.runtime, complete_sign_in(timed_site.runtime, half, FactorResponse(codes[1])).token
    )
    with pytest.raises(Forbidden, match="app or passkey"):
        new_recovery_codes(timed_site.runtime, by_code, PASSWORD)
    new = new_recovery_codes(timed_site.runtime, session_with_app(timed_site, timed_site.analyst, app), PASSWORD)
    waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    with pytest.raises(Invalid):
        complete_sign_in(
            timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(codes[0])
        )
    assert complete_sign_in(
        timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(new[0])
    )


def test_a_passkey_of_one_account_is_not_enrolled_for_another(timed_site: Site) -> None:
    key = Authenticator()
    a_passkey(timed_site, timed_site.analyst, key)
    session = session_for(timed_site, timed_site.second_analyst)
    credential = key.create(enrolment_options(timed_site.runtime, session, PASSWORD))
    with pytest.raises(Conflict):
        add_passkey(timed_site.runtime, session, credential, "")


def test_an_administrator_resets_a_factor_with_an_audit_entry_a_mail_and_the_end_of_the_sessions(
    timed_site: Site, admin: Person
) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    assert reset(timed_site.runtime, session_for(timed_site, admin), timed_site.analyst.user_id, PASSWORD) == 1
    assert factors(timed_site, timed_site.analyst) == []
    assert acts(timed_site, "second_factor")[-1] == "second_factor.reset"
    assert mailed_events(timed_site)[-1] == "reset"
    with pytest.raises(AssertionError):
        renewed_session(timed_site, session)
    with pytest.raises(Conflict):
        reset(timed_site.runtime, session_for(timed_site, admin), timed_site.analyst.user_id, PASSWORD)


def test_an_administrator_resets_neither_their_own_factor_nor_a_strangers(timed_site: Site, admin: Person) -> None:
    app, _ = an_app(timed_site, admin)
    with pytest.raises(Forbidden):
        reset(timed_site.runtime, session_with_app(timed_site, admin, app), admin.user_id, PASSWORD)
    with pytest.raises(NotFound):
        reset(timed_site.runtime, session_for(timed_site, timed_site.analyst), admin.user_id, PASSWORD)
    souk = add_marketplace(timed_site.runtime, name="Souk", base_currency="EUR", by="local")
    an_app(timed_site, timed_site.analyst)
    with timed_site.runtime.store.write() as connection:
        grant = Grant(Role.ANALYST, souk.marketplace_id)
        accounts.add_grants(connection, timed_site.analyst.user_id, [grant], timed_site.clock.now())
    with pytest.raises(Forbidden, match="at another marketplace"):
        reset(timed_site.runtime, session_with_app(timed_site, admin, app), timed_site.analyst.user_id, PASSWORD)


@pytest.mark.attack
def test_a_cookie_of_an_administrator_resets_no_factor_without_the_password(timed_site: Site, admin: Person) -> None:
    an_app(timed_site, timed_site.analyst)
    with pytest.raises(Invalid):
        reset(timed_site.runtime, session_for(timed_site, admin), timed_site.analyst.user_id, "wrong horse battery")
    assert len(factors(timed_site, timed_site.analyst)) == 1


def test_the_operator_resets_the_factor_of_the_only_administrator(timed_site: Site, admin: Person) -> None:
    an_app(timed_site, admin)
    assert reset_as_owner(timed_site.runtime, admin.email, by="local") == 1
    assert factors(timed_site, admin) == []
    assert acts(timed_site, "second_factor")[-1] == "second_factor.reset"
    with pytest.raises(Conflict):
        reset_as_owner(timed_site.runtime, admin.email, by="local")


def test_an_account_has_at_most_six_factors(timed_site: Site) -> None:
    session = a_passkey(timed_site, timed_site.analyst, Authenticator())
    for number in range(5):
        key = Authenticator(credential_id=f"key {number}".encode())
        add_passkey(
            timed_site.runtime, session, key.create(enrolment_options(timed_site.runtime, session, PASSWORD)), ""
        )
        session = renewed_session(timed_site, session)
    with pytest.raises(Conflict, match="as many"):
        enrolment_options(timed_site.runtime, session, PASSWORD)
    assert len(factors(timed_site, timed_site.analyst)) == 6


def test_a_factor_that_is_gone_is_not_removed_again(timed_site: Site) -> None:
    app, _ = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    (factor_id,) = factors(timed_site, timed_site.analyst)
    remove(timed_site.runtime, session, factor_id, PASSWORD)
    with pytest.raises(NotFound, match="You have no such factor"):
        remove(timed_site.runtime, session, factor_id, PASSWORD)
    assert acts(timed_site, "second_factor").count("second_factor.removed") == 1


def test_an_app_that_was_replaced_while_its_code_was_read_is_not_confirmed(
    timed_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = session_for(timed_site, timed_site.analyst)
    begin_app(timed_site.runtime, session, PASSWORD)
    monkeypatch.setattr(
        one_time_codes, "matching_step", lambda *_: begin_app(timed_site.runtime, session, PASSWORD) and 1
    )
    with pytest.raises(NotFound, match="Begin again"):
        confirm_app(timed_site.runtime, session, "000000", "")
    assert mailed_events(timed_site) == []


def test_a_passkey_needs_a_challenge_and_an_answer_of_a_usual_length(timed_site: Site) -> None:
    session, key = session_for(timed_site, timed_site.analyst), Authenticator()
    options = enrolment_options(timed_site.runtime, session, PASSWORD)
    with pytest.raises(Invalid, match="not accepted"):
        add_passkey(timed_site.runtime, session, key.create(options) + " " * LONGEST_CREDENTIAL, "")
    with pytest.raises(Invalid, match="not accepted"):
        add_passkey(timed_site.runtime, session, key.create(options), "")  # The first answer used the challenge up.
    session = a_passkey(timed_site, timed_site.analyst, key)
    answer = key.get(passkey_options(timed_site.runtime, session, "test"))
    with pytest.raises(Invalid):
        prove(timed_site.runtime, session, FactorResponse(credential=answer + " " * LONGEST_CREDENTIAL), "test")
