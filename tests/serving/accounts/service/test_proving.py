"""Second factors: each proof counts once, and wrong ones are counted as wrong passwords are."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from webauthn.helpers import bytes_to_base64url

from models.errors import DomainError, Invalid
from serving.accounts.policy import DEFAULT_GUESSING
from serving.accounts.rules.second_person import FactorKind, Proof
from serving.accounts.service import auth
from serving.accounts.service.auth import NewSession, NotSignedIn, session_of
from serving.accounts.service.guessing import SignInSource, TooManyAttempts
from serving.accounts.service.known_devices import device_of
from serving.accounts.service.proving import FactorResponse, check_password, passkey_options, prove
from serving.accounts.service.second_factors import (
    SIGN_IN,
    add_passkey,
    complete_sign_in,
    enrolment_options,
    half_session_of,
)
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
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
)
from tests.fixtures.runtimes import PASSWORD, Site


@pytest.fixture
def timed_site(site: Site) -> Site:
    return on_real_time(site)


@pytest.fixture
def app(timed_site: Site) -> App:
    return an_app(timed_site, timed_site.analyst)[0]


@pytest.fixture
def session(timed_site: Site, app: App) -> Session:
    return session_with_app(timed_site, timed_site.analyst, app)


def test_with_a_factor_the_password_alone_opens_nothing(timed_site: Site, app: App) -> None:
    waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    assert waiting.half
    with pytest.raises(NotSignedIn):
        session_of(timed_site.runtime, waiting.token)
    whole = complete_sign_in(
        timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(app.code(timed_site))
    )
    assert session_of(timed_site.runtime, whole.token).person == timed_site.analyst
    with pytest.raises(NotSignedIn):
        complete_sign_in(
            timed_site.runtime,
            half_session_of(timed_site.runtime, waiting.token),
            FactorResponse(app.code(timed_site, 1)),
        )


def test_a_session_that_waits_ends_after_ten_minutes(timed_site: Site, app: App) -> None:
    waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    timed_site.clock.forward(minutes=10)
    with pytest.raises(NotSignedIn):
        complete_sign_in(
            timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(app.code(timed_site))
        )


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)], ids=str)
def test_a_code_of_the_step_before_or_after_counts(timed_site: Site, app: App, steps: int, right: bool) -> None:
    timed_site.clock.forward(minutes=2)
    waiting = session_of_token(
        timed_site.runtime, auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token
    )
    if right:
        assert prove(timed_site.runtime, waiting, FactorResponse(app.code(timed_site, steps)))[1] is FactorKind.TOTP
    else:
        with pytest.raises(Invalid):
            prove(timed_site.runtime, waiting, FactorResponse(app.code(timed_site, steps)))


@pytest.mark.attack
def test_a_replayed_code_is_refused_within_its_window_and_so_is_an_earlier_one(
    timed_site: Site, app: App, session: Session
) -> None:
    code, before = app.code(timed_site), app.code(timed_site, -1)
    prove(timed_site.runtime, session, FactorResponse(code))
    for used in (code, before):
        with pytest.raises(Invalid):
            prove(timed_site.runtime, session, FactorResponse(used))


@pytest.mark.attack
@pytest.mark.both_engines
def test_of_eight_uses_of_a_code_at_a_time_one_counts(any_site: Site) -> None:
    timed_site = on_real_time(any_site)
    app, _ = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    proof = FactorResponse(app.code(timed_site))

    def prove_once(_: int) -> bool:
        try:
            return bool(prove(timed_site.runtime, session, proof))
        except DomainError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(prove_once, range(8))) == 1


@pytest.mark.attack
def test_the_fifth_wrong_proof_ends_its_session_and_no_other(timed_site: Site, app: App, session: Session) -> None:
    other = session_with_app(timed_site, timed_site.analyst, app)
    for _ in range(3):
        with pytest.raises(Invalid):
            prove(timed_site.runtime, session, FactorResponse("000000"))
    with pytest.raises(Invalid):
        check_password(timed_site.runtime, session.person, session.token_hash, "wrong horse battery")
    with pytest.raises(NotSignedIn, match="Too many wrong"):
        prove(timed_site.runtime, session, FactorResponse("000000"))
    with pytest.raises(TooManyAttempts):
        prove(timed_site.runtime, session, FactorResponse(app.code(timed_site)))
    with pytest.raises(AssertionError):
        renewed_session(timed_site, session)
    assert prove(timed_site.runtime, other, FactorResponse(app.code(timed_site)))


@pytest.mark.attack
def test_codes_in_new_browsers_are_few_and_leave_known_browsers_and_recovery_codes_alone(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)

    def step(code: str, devices: str = "") -> NewSession:
        waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD, SignInSource(None, devices))
        assert bool(waiting.devices) == bool(devices), "the password alone makes no browser known"
        return complete_sign_in(
            timed_site.runtime,
            half_session_of(timed_site.runtime, waiting.token),
            FactorResponse(code),
            SignInSource(None, devices),
        )

    known = step(app.code(timed_site)).devices
    timed_site.clock.forward(seconds=30)
    for _ in range(DEFAULT_GUESSING.codes.burst):
        with pytest.raises(Invalid):
            step("0 0 0     0 0 0")
    with pytest.raises(TooManyAttempts, match="recovery code"):
        step(app.code(timed_site))
    assert step(app.code(timed_site), known)
    assert step(codes[0])


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("", id="nothing"),
        pytest.param("12345", id="too short"),
        pytest.param("１２３４５６", id="digits of another script"),
        pytest.param("1" * 60, id="too long"),
        pytest.param("\ud800" * 6, id="half a character"),
    ],
)
def test_what_is_no_code_is_wrong(timed_site: Site, session: Session, typed: str) -> None:
    with pytest.raises(Invalid):
        prove(timed_site.runtime, session, FactorResponse(typed), recovery=True)


def test_a_code_may_be_typed_in_groups(timed_site: Site, app: App, session: Session) -> None:
    code = app.code(timed_site)
    assert prove(timed_site.runtime, session, FactorResponse(f" {code[:3]} {code[3:]} "))


def test_each_recovery_code_signs_in_once(timed_site: Site) -> None:
    _, codes = an_app(timed_site, timed_site.analyst)
    assert len(set(codes)) == 10
    waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    whole = complete_sign_in(
        timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(codes[3].upper())
    )
    assert session_of_token(timed_site.runtime, whole.token).proof == Proof(None, timed_site.clock.now())
    waiting = auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD)
    with pytest.raises(Invalid):
        complete_sign_in(
            timed_site.runtime, half_session_of(timed_site.runtime, waiting.token), FactorResponse(codes[3])
        )
    assert timed_site.read(second_factors.unused_code_count, timed_site.analyst.user_id) == 9


def test_a_recovery_code_proves_nothing_where_a_factor_is_asked_for(timed_site: Site) -> None:
    app, codes = an_app(timed_site, timed_site.analyst)
    session = session_with_app(timed_site, timed_site.analyst, app)
    with pytest.raises(Invalid):
        prove(timed_site.runtime, session, FactorResponse(codes[0]))


def test_recovery_codes_are_stored_as_hashes_only(timed_site: Site) -> None:
    _, codes = an_app(timed_site, timed_site.analyst)
    stored = (timed_site.runtime.home.database).read_bytes()
    assert not [code for code in codes if code.replace("-", "").encode() in stored or code.encode() in stored]


def test_a_passkey_signs_in(timed_site: Site) -> None:
    assert a_passkey(timed_site, timed_site.analyst, Authenticator()).proof is not None


def _replayed_answer(site: Site, session: Session, key: Authenticator) -> str:
    credential = key.get(passkey_options(site.runtime, session))
    prove(site.runtime, session, FactorResponse(credential=credential))
    return credential


def _foreign_answer(site: Site, session: Session, key: Authenticator) -> str:
    return key.get(passkey_options(site.runtime, replace(session, token_hash="0" * 64)))


def _copied_key_answer(site: Site, session: Session, key: Authenticator) -> str:
    key.count = 5
    prove(site.runtime, session, FactorResponse(credential=key.get(passkey_options(site.runtime, session))))
    key.count = 3
    return key.get(passkey_options(site.runtime, session))


def _expired_answer(site: Site, session: Session, key: Authenticator) -> str:
    credential = key.get(passkey_options(site.runtime, session))
    site.clock.forward(minutes=5)
    return credential


def _with(**changes: object) -> Callable[[Site, Session, Authenticator], str]:
    def passkey_response(site: Site, session: Session, key: Authenticator) -> str:
        return replace(key, **changes).get(passkey_options(site.runtime, session))  # type: ignore[arg-type]

    return passkey_response


@pytest.mark.attack
@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(_replayed_answer, id="an answer is sent again"),
        pytest.param(_foreign_answer, id="the challenge is another session's"),
        pytest.param(lambda site, session, key: key.get(passkey_options(site.runtime, session, "report:rpt_1")),
                     id="the challenge is for another purpose"),
        pytest.param(_copied_key_answer, id="the counter of a copied key falls"),
        pytest.param(_expired_answer, id="the challenge is older than five minutes"),
        pytest.param(_with(origin="https://touchstone.example.evil.example"), id="another page asked"),
        pytest.param(_with(rp_id="evil.example"), id="it was made for another service"),
        pytest.param(_with(verifies=False), id="nobody was verified"),
        pytest.param(_with(key=Authenticator().key), id="another key signed"),
        pytest.param(_with(credential_id=b"unknown"), id="the passkey is not enrolled"),
        pytest.param(lambda *_: "{}", id="it is no credential"),
        pytest.param(lambda *_: "x" * 20_000, id="it is too long"),
    ],
)  # fmt: skip
def test_a_passkey_is_refused_where(timed_site: Site, forge: Callable[[Site, Session, Authenticator], str]) -> None:
    key = Authenticator()
    session = a_passkey(timed_site, timed_site.analyst, key)
    credential = forge(timed_site, session, key)
    with pytest.raises(Invalid):
        prove(timed_site.runtime, session, FactorResponse(credential=credential))


def test_a_key_that_does_not_count_proves_itself_each_time(timed_site: Site) -> None:
    key = Authenticator(counts=False)
    session = a_passkey(timed_site, timed_site.analyst, key)
    for _ in range(2):
        assert prove(
            timed_site.runtime,
            session,
            FactorResponse(credential=key.get(passkey_options(timed_site.runtime, session))),
        )


@pytest.mark.attack
@pytest.mark.parametrize(
    "changes",
    [{"verifies": False}, {"origin": "https://evil.example"}, {"rp_id": "evil.example"}],
    ids=["nobody was verified", "another page", "another service"],
)
def test_a_passkey_is_not_enrolled_where(timed_site: Site, changes: dict[str, object]) -> None:
    session = session_for(timed_site, timed_site.analyst)
    options = enrolment_options(timed_site.runtime, session, PASSWORD)
    with pytest.raises(Invalid):
        add_passkey(timed_site.runtime, session, Authenticator(**changes).create(options), "")  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="Add it again"):
        add_passkey(timed_site.runtime, session, Authenticator().create(options), "used up by the first answer")


def deep(part: str, credential: str) -> str:
    """The answer of an authenticator with one part that is nested too deeply."""
    if part == "whole":
        return "[" * 5_000
    answer = json.loads(credential)
    text = b"\x81" * 5_000 if part == "attestationObject" else b"[" * 5_000
    answer["response"][part] = bytes_to_base64url(text)
    return json.dumps(answer)


@pytest.mark.parametrize("part", ["whole", "clientDataJSON", "attestationObject"])
def test_a_new_passkey_that_is_nested_too_deeply_is_refused(timed_site: Site, part: str) -> None:
    session = session_for(timed_site, timed_site.analyst)
    credential = Authenticator().create(enrolment_options(timed_site.runtime, session, PASSWORD))
    with pytest.raises(Invalid, match="The passkey was not accepted"):
        add_passkey(timed_site.runtime, session, deep(part, credential), "Laptop")


@pytest.mark.parametrize("part", ["whole", "clientDataJSON"])
def test_a_proof_by_passkey_that_is_nested_too_deeply_is_refused(timed_site: Site, part: str) -> None:
    key = Authenticator()
    a_passkey(timed_site, timed_site.analyst, key)
    half = half_session_of(
        timed_site.runtime, auth.sign_in(timed_site.runtime, timed_site.analyst.email, PASSWORD).token
    )
    credential = key.get(passkey_options(timed_site.runtime, half, SIGN_IN))
    with pytest.raises(Invalid):
        complete_sign_in(timed_site.runtime, half, FactorResponse(credential=deep(part, credential)))


# The mark of a browser by which an account is known.


@pytest.mark.parametrize("token", ["n.x.s", "n.²2.s", "n.1234567890123.s", "n.1.é"])
def test_a_malformed_mark_is_no_error_and_no_known_browser(site: Site, token: str) -> None:
    account = site.read(accounts.credentials, site.analyst.email)
    assert account is not None
    assert device_of(site.runtime, account, token, site.clock.now()) is None
