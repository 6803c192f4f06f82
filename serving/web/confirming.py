"""Forms that make and end secrets: the proof that it is the owner of the account, days of validity, and ticks."""

from serving.accounts.rules.second_factors import FactorKind
from serving.accounts.service.proving import Given, check_password, prove
from serving.accounts.store import second_factors
from serving.accounts.store.accounts import Session
from serving.platform.runtime import Runtime
from serving.web.forms import Fields


def factor_kinds(runtime: Runtime, session: Session) -> frozenset[FactorKind]:
    """The kinds of second factor by which a person confirms a form; without any, by the password."""
    with runtime.store.read() as connection:
        return frozenset(factor.kind for factor in second_factors.of_person(connection, session.person.user_id))


def confirm(runtime: Runtime, session: Session, fields: Fields) -> None:
    """Prove by a form that the account's owner sends it. An earlier proof does not count: the session may be stolen.

    Raises Invalid, TooManyAttempts (the proof is wrong; too many were wrong before).
    """
    if session.has_factor:
        prove(runtime, session, given_by(fields), recovery=True)
    else:
        check_password(runtime, session.person, session.token_hash, fields.get("password", "")[:1_000])


def given_by(fields: Fields) -> Given:
    """What a form shows of a second factor."""
    return Given(fields.get("code", "")[:60], fields.get("credential", ""))


def days_of(fields: Fields) -> int | None:
    """The days of validity of a form, None where it names none; 0, which is refused, for what is no number."""
    days = fields.get("days", "").strip()
    return None if not days else int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0


def ticked_in(fields: Fields) -> frozenset[str]:
    """The ids of the secrets that a form ticks."""
    return frozenset(name.removeprefix("end.") for name in fields if name.startswith("end."))
