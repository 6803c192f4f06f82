"""Sign-in with passwords, sessions and keys, on both engines where the database decides."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient as Browser
from sqlalchemy import select, update

from models.errors import Forbidden, Invalid, NotFound
from serving.accounts.rules.access import Role, Scope, Secret
from serving.accounts.service import auth, provisioning
from serving.accounts.service.auth import NotSignedIn, hash_token, session_of, sign_in, sign_out
from serving.accounts.service.guessing import SignInSource
from serving.accounts.service.provisioning import NewPerson, add_person
from serving.accounts.service.signing import network_hash
from serving.accounts.store import service_accounts, setup_links
from serving.accounts.store.accounts import Session
from serving.accounts.tables import account, browser_session
from serving.guards import cookie_name, devices_cookie_name, signed_in
from serving.marketplaces.service.keys import key_of_header
from serving.marketplaces.tables import api_key
from tests.fixtures.clocks import TestClock
from tests.fixtures.runtimes import NOBODY, PASSWORD, THOROUGH, Site
from tests.fixtures.signing import a_tool

WRONG = "The e-mail or the password is wrong."


def with_wall_clock(site: Site, clock: TestClock) -> Site:
    """The site with a wall clock that a test moves; sessions end by the wall clock."""
    return replace(site, runtime=replace(site.runtime, wall=clock))


def disable(site: Site, email: str) -> None:
    site.execute(update(account).where(account.c.email == email).values(disabled_at=site.clock.now()))


def test_the_right_password_begins_a_session_of_that_person(any_site: Site) -> None:
    new_session = sign_in(any_site.runtime, any_site.analyst.email, PASSWORD)
    session = session_of(any_site.runtime, new_session.token)
    assert (session.person, session.csrf_token) == (any_site.analyst, new_session.csrf_token)


@pytest.mark.parametrize("email", ["INES@TOUCHSTONE.EXAMPLE", "  ines@touchstone.example "])
def test_an_address_is_the_same_however_it_is_typed(site: Site, email: str) -> None:
    assert session_of(site.runtime, sign_in(site.runtime, email, PASSWORD).token).person == site.analyst


REFUSED = [
    ("ines@touchstone.example", "wrong horse battery", "a wrong password"),
    ("ines@touchstone.example", PASSWORD.upper(), "another case"),
    ("ines@touchstone.example", PASSWORD + " ", "a blank more"),
    ("ines@touchstone.example", "", "none"),
    ("ines@touchstone.example", PASSWORD * 20, "longer than any that is hashed"),
    ("nobody@touchstone.example", PASSWORD, "an unknown address"),
    ("", PASSWORD, "no address"),
    ("%@touchstone.example", PASSWORD, "a pattern is an address like any other"),
]


def test_a_wrong_sign_in_fails_without_naming_the_wrong_part(any_site: Site) -> None:
    for email, password, why in REFUSED:
        with pytest.raises(NotSignedIn) as refused:
            sign_in(any_site.runtime, email, password)
        assert refused.value.sentence == WRONG, why


def test_the_hash_that_an_unknown_address_is_checked_against_lets_nobody_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_NOBODY", auth.hash_password(PASSWORD))
    with pytest.raises(NotSignedIn):
        sign_in(site.runtime, "nobody@touchstone.example", PASSWORD)


def test_a_disabled_account_is_out_at_once(site: Site) -> None:
    new_session = sign_in(site.runtime, site.analyst.email, PASSWORD)
    disable(site, site.analyst.email)
    with pytest.raises(NotSignedIn):
        session_of(site.runtime, new_session.token)
    with pytest.raises(NotSignedIn, match=WRONG):
        sign_in(site.runtime, site.analyst.email, PASSWORD)


def test_a_session_ends_after_its_hours(any_site: Site) -> None:
    wall = TestClock()
    there = with_wall_clock(any_site, wall)
    new_session = sign_in(there.runtime, there.analyst.email, PASSWORD)
    wall.forward(hours=there.runtime.settings.session_hours, seconds=-1)
    assert session_of(there.runtime, new_session.token).person == there.analyst
    wall.forward(seconds=1)
    with pytest.raises(NotSignedIn, match="Please sign in"):
        session_of(there.runtime, new_session.token)


def test_a_simulated_day_ends_no_session(site: Site) -> None:
    """The simulation moves the marketplace's clock; sessions follow the wall clock."""
    new_session = sign_in(site.runtime, site.analyst.email, PASSWORD)
    site.clock.forward(days=400)
    assert session_of(site.runtime, new_session.token).person == site.analyst


def test_sessions_that_ended_are_swept_out_by_the_next_one(site: Site) -> None:
    wall = TestClock()
    there = with_wall_clock(site, wall)
    for _ in range(3):
        sign_in(there.runtime, there.analyst.email, PASSWORD)
    wall.forward(days=2)
    sign_in(there.runtime, there.analyst.email, PASSWORD)
    assert there.count(browser_session) == 1


def test_the_device_of_a_session_is_known_from_its_second_sign_in_on_and_since_the_first(site: Site) -> None:
    wall = TestClock()
    there, first = with_wall_clock(site, wall), wall.now()
    new_session = sign_in(there.runtime, there.analyst.email, PASSWORD)
    assert session_of(there.runtime, new_session.token).person.secret == Secret(
        f"session:{hash_token(new_session.token)}"
    )
    for _ in range(2):
        wall.forward(days=3)
        new_session = sign_in(there.runtime, there.analyst.email, PASSWORD, SignInSource(devices=new_session.devices))
        secret = session_of(there.runtime, new_session.token).person.secret
        assert secret is not None
        assert secret.known_since == first.replace(microsecond=0)


def test_the_device_of_a_session_is_new_in_a_browser_without_the_mark(site: Site) -> None:
    app = FastAPI()
    app.state.runtime = site.runtime
    known = sign_in(site.runtime, site.analyst.email, PASSWORD)
    new_session = sign_in(site.runtime, site.analyst.email, PASSWORD, SignInSource(devices=known.devices))

    @app.get("/")
    def is_known(session: Annotated[Session, signed_in()]) -> bool:
        return session.person.secret is not None and session.person.secret.known_since is not None

    cookies = {cookie_name(site.runtime): new_session.token}
    for devices, expected in ((new_session.devices, True), ("", False), (known.devices, False)):
        cookies[devices_cookie_name(site.runtime)] = devices
        assert Browser(app, cookies=cookies).get("/").json() is expected


def test_a_signing_key_is_new_in_a_network_that_it_has_not_reported_from_in_28_days(site: Site) -> None:
    runtime, key_id = site.runtime, a_tool(site).key_id
    network, at, days = network_hash(runtime, "192.0.2.7") or "", site.clock.now(), timedelta(days=28)
    assert network == network_hash(runtime, "192.0.2.200") != network_hash(runtime, "192.0.3.7")
    assert network_hash(runtime, "2001:db8::1") == network_hash(runtime, "2001:db8:0:7::9")
    with runtime.store.write() as connection:
        assert not service_accounts.is_known_network(connection, key_id, network, at - days)
        service_accounts.keep_network(connection, key_id, network, at, days)
        assert service_accounts.is_known_network(connection, key_id, network, at)
        later = at + days + timedelta(seconds=1)
        assert not service_accounts.is_known_network(connection, key_id, network, later - days)
        service_accounts.keep_network(connection, key_id, "another", later, days)
        assert not service_accounts.is_known_network(connection, key_id, network, at), "forgotten"
        service_accounts.keep_network(connection, key_id, network, later, days)
        assert service_accounts.is_known_network(connection, key_id, network, later - days)


def test_signing_out_ends_that_session_and_no_other(site: Site) -> None:
    new_session, other = (sign_in(site.runtime, site.analyst.email, PASSWORD) for _ in range(2))
    sign_out(site.runtime, new_session.token)
    with pytest.raises(NotSignedIn):
        session_of(site.runtime, new_session.token)
    assert session_of(site.runtime, other.token).person == site.analyst


def test_what_is_no_token_is_no_session(site: Site) -> None:
    new_session = sign_in(site.runtime, site.analyst.email, PASSWORD)
    for token in (
        None,
        "",
        "guessed",
        new_session.csrf_token,
        hash_token(new_session.token),
        new_session.token[:-1],
        new_session.token + "=",
    ):
        with pytest.raises(NotSignedIn):
            session_of(site.runtime, token)


@pytest.mark.parametrize("length", [0, 9, 201])
def test_a_password_is_long_enough_and_short_enough_to_hash(length: int) -> None:
    with pytest.raises(Invalid, match="10 to 200 characters"):
        auth.hash_password("x" * length)


def test_a_password_is_kept_as_argon2id_with_owasps_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    """19 MiB, two passes, one lane, a salt of its own: OWASP's Password Storage Cheat Sheet."""
    monkeypatch.setattr(auth, "_HASHER", THOROUGH)
    password_hash, other_hash = auth.hash_password(PASSWORD), auth.hash_password(PASSWORD)
    for hashed in (password_hash, NOBODY):  # An unknown address is checked against a hash of as much work.
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert password_hash != other_hash


def test_no_secret_can_be_read_from_the_database_file(site: Site) -> None:
    new_session = sign_in(site.runtime, site.analyst.email, PASSWORD)
    setup = auth.new_setup_token(site.runtime)
    key = provisioning.add_key(site.runtime, name="second", scopes=[Scope.SCORE], marketplace=None, by="test")
    files = [path.read_bytes() for path in site.runtime.home.root.glob("touchstone.sqlite*")]
    assert any(new_session.csrf_token.encode() in content for content in files), (
        "the file that is looked into is the one"
    )
    for secret in (PASSWORD, new_session.token, setup, key.rpartition(".")[2], site.key.rpartition(".")[2]):
        assert not any(secret.encode() in content for content in files)


def bearer(key: str) -> str:
    return f"Bearer {key}"


def test_a_key_is_accepted_for_its_scopes(any_site: Site) -> None:
    active_key = key_of_header(any_site.runtime, bearer(any_site.key), Scope.INTAKE)
    assert (active_key.key.marketplace_id, active_key.key.scopes) == (
        any_site.marketplace_id,
        frozenset({Scope.INTAKE, Scope.SCORE}),
    )


@pytest.mark.parametrize("scope", [Scope.BACKFILL, Scope.CLOCK])
def test_a_key_of_another_scope_is_told_which_one_it_lacks(site: Site, scope: Scope) -> None:
    with pytest.raises(Forbidden, match=f"lacks the scope {scope.value}"):
        key_of_header(site.runtime, bearer(site.key), scope)


def test_what_is_no_key_is_refused_and_not_told_why(site: Site) -> None:
    mark, key_id, secret = site.key.split(".")
    other = provisioning.add_key(site.runtime, name="other", scopes=[Scope.INTAKE], marketplace=None, by="test")
    headers = {
        "none": None,
        "empty": "",
        "no scheme": site.key,
        "another scheme": f"Basic {site.key}",
        "nothing after the scheme": "Bearer ",
        "another mark": bearer(f"sk.{key_id}.{secret}"),
        "no secret": bearer(f"{mark}.{key_id}"),
        "an empty secret": bearer(f"{mark}.{key_id}."),
        "an empty secret of an unknown key": bearer(f"{mark}.."),
        "a wrong secret": bearer(f"{mark}.{key_id}.{secret[:-1]}"),
        "a secret and more": bearer(f"{site.key}.x"),
        "the stored hash": bearer(f"{mark}.{key_id}.{hash_token(secret)}"),
        "an unknown id": bearer(f"{mark}.key_00000000000000000000000000.{secret}"),
        "another key's secret": bearer(f"{mark}.{key_id}.{other.rpartition('.')[2]}"),
    }
    sentences = {why: refusal(site, header) for why, header in headers.items()}
    assert sentences == dict.fromkeys(headers, "An API key is needed: Authorization: Bearer tsk.…")


def refusal(site: Site, header: str | None) -> str:
    try:
        key_of_header(site.runtime, header, Scope.INTAKE)
    except NotSignedIn as refused:
        return refused.sentence
    return "let in"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_written_in_any_case(site: Site, scheme: str) -> None:
    assert (
        key_of_header(site.runtime, f"{scheme} {site.key}", Scope.INTAKE).marketplace.marketplace_id
        == site.marketplace_id
    )


def test_a_revoked_key_is_refused_and_the_one_that_replaces_it_is_not(any_site: Site) -> None:
    other = provisioning.add_key(any_site.runtime, name="next", scopes=[Scope.INTAKE], marketplace=None, by="test")
    revoke(any_site)
    with pytest.raises(NotSignedIn):
        key_of_header(any_site.runtime, bearer(any_site.key), Scope.INTAKE)
    assert (
        key_of_header(any_site.runtime, bearer(other), Scope.INTAKE).marketplace.marketplace_id
        == any_site.marketplace_id
    )


def revoke(site: Site) -> None:
    key_id = site.key.split(".")[1]
    site.execute(update(api_key).where(api_key.c.key_id == key_id).values(revoked_at=site.clock.now()))


def test_a_new_setup_link_replaces_the_one_before(site: Site) -> None:
    first, second = auth.new_setup_token(site.runtime), auth.new_setup_token(site.runtime)
    with site.runtime.store.write() as connection:
        with pytest.raises(NotFound, match="used or expired"):
            setup_links.use_setup_token(connection, hash_token(first), site.clock.now())
        setup_links.use_setup_token(connection, hash_token(second), site.clock.now())
        with pytest.raises(NotFound, match="used or expired"):
            setup_links.use_setup_token(connection, hash_token(second), site.clock.now())


@pytest.mark.attack
def test_a_setup_link_is_open_for_a_day_and_until_the_first_account(any_site: Site) -> None:
    def is_open(token: str, later: timedelta = timedelta(0)) -> bool:
        return any_site.read(setup_links.is_setup_open, hash_token(token), any_site.runtime.wall.now() + later)

    token = auth.new_setup_token(any_site.runtime)
    assert (is_open(token), is_open("other")) == (True, False)
    assert (is_open(token, timedelta(hours=23)), is_open(token, timedelta(hours=24))) == (True, False)
    with any_site.runtime.store.write() as connection, pytest.raises(NotFound, match="used or expired"):
        setup_links.use_setup_token(connection, hash_token(token), any_site.runtime.wall.now() + timedelta(days=1))
    new_person = NewPerson("first@touchstone.example", "First", Role.ADMIN, any_site.marketplace.name)
    add_person(any_site.runtime, new_person, by="test")
    assert not is_open(token), "an account by command ends it too"


def test_a_key_says_its_marketplace_and_nobody_can_guess_its_secret(site: Site) -> None:
    mark, key_id, secret = site.key.split(".")
    assert (mark, key_id[:4]) == ("tsk", "key_")
    assert len(secret) == 43, "256 bits in base64"


def test_the_setting_says_how_long_a_session_lasts(site: Site) -> None:
    wall = TestClock()
    settings = site.runtime.settings.model_copy(update={"session_hours": 1})
    runtime = replace(site.runtime, wall=wall, settings=settings)
    new_session = sign_in(runtime, site.analyst.email, PASSWORD)
    with runtime.store.read() as connection:
        query = select(browser_session.c.expires_at).where(
            browser_session.c.token_hash == hash_token(new_session.token)
        )
        assert connection.execute(query).scalar_one() == wall.now() + timedelta(hours=1)
