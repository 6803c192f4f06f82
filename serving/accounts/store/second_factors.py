"""Second factors, recovery codes, and what a passkey must sign."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from serving.accounts.rules.second_person import Factor, FactorKind
from serving.accounts.tables import factor_challenge, recovery_code, second_factor
from serving.platform.database.erasing import delete_some
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class StoredFactor:
    """A second factor with what its proofs are checked against; `enrolled_at` is None until it is confirmed."""

    factor_id: str
    user_id: str
    kind: FactorKind
    begun_at: datetime
    name: str = ""
    secret: str | None = None
    credential_id: str | None = None
    public_key: str | None = None
    last_count: int = 0
    enrolled_at: datetime | None = None
    used_at: datetime | None = None
    link_hash: str | None = None


def save_unconfirmed(connection: Connection, begun_factor: StoredFactor) -> None:
    """Add a factor in place of one that does not count yet."""
    drop_unconfirmed(connection, begun_factor.user_id)
    add(connection, second_factor, [row_of(begun_factor)])


def is_known(connection: Connection, credential_id: str) -> bool:
    query = select(second_factor.c.factor_id).where(second_factor.c.credential_id == credential_id)
    return connection.execute(query).first() is not None


def confirmed_factors(connection: Connection, user_id: str) -> list[StoredFactor]:
    """The confirmed factors of an account, the oldest first."""
    return [factor for factor in _factors_of(connection, user_id) if factor.enrolled_at is not None]


def of_person(connection: Connection, user_id: str) -> tuple[Factor, ...]:
    """The confirmed factors of an account, the oldest first, without their secrets."""
    return tuple(
        Factor(factor.factor_id, factor.kind, factor.name, factor.enrolled_at, factor.used_at)
        for factor in _factors_of(connection, user_id)
        if factor.enrolled_at is not None
    )


def unconfirmed_factor(connection: Connection, user_id: str) -> StoredFactor | None:
    """The factor of an account that does not count yet: it waits for its first code, or with a link for its owner."""
    return next((factor for factor in _factors_of(connection, user_id) if factor.enrolled_at is None), None)


def of_link(connection: Connection, link_hash: str, since: datetime) -> StoredFactor | None:
    """The factor that waits for its owner's link, if it was begun after a moment."""
    waits = second_factor.c.link_hash == link_hash, second_factor.c.enrolled_at.is_(None)
    return reader(StoredFactor).single(
        connection, select(second_factor).where(*waits, second_factor.c.begun_at > since)
    )


def _factors_of(connection: Connection, user_id: str) -> list[StoredFactor]:
    query = select(second_factor).where(second_factor.c.user_id == user_id)
    return reader(StoredFactor).all(connection, query.order_by(second_factor.c.begun_at))


def drop_unconfirmed(connection: Connection, user_id: str) -> None:
    """Delete a factor that does not count yet."""
    own = (second_factor.c.user_id == user_id, second_factor.c.enrolled_at.is_(None))
    connection.execute(delete(second_factor).where(*own))


def confirm(connection: Connection, factor_id: str, count: int, name: str, at: datetime, link_hash: str | None) -> bool:
    """Confirm a factor by its first proof, or let it wait for a link; False where it was so or dropped already."""
    own = second_factor.c.factor_id == factor_id, second_factor.c.enrolled_at.is_(None)
    changed = update(second_factor).where(*own, second_factor.c.link_hash.is_(None))
    enrolled_at = at if link_hash is None else None
    values = changed.values(enrolled_at=enrolled_at, used_at=at, last_count=count, name=name, link_hash=link_hash)
    return connection.execute(values).rowcount == 1


def activate(connection: Connection, factor_id: str, at: datetime) -> None:
    """Let a factor that waits for its owner count."""
    connection.execute(update(second_factor).where(second_factor.c.factor_id == factor_id).values(enrolled_at=at))


def record_use(connection: Connection, factor_id: str, count: int, at: datetime, *, rises: bool) -> bool:
    """Record a use of a factor; with `rises` only where the count is above the last one. False where it is not.

    Of two uses of one code at a time the second changes nothing.
    """
    changed = update(second_factor).where(second_factor.c.factor_id == factor_id)
    if rises:
        changed = changed.where(second_factor.c.last_count < count)
    return connection.execute(changed.values(last_count=count, used_at=at)).rowcount == 1


def remove(connection: Connection, user_id: str, factor_id: str) -> bool:
    """Delete one factor of an account; False where there is none."""
    own = (second_factor.c.user_id == user_id, second_factor.c.factor_id == factor_id)
    return connection.execute(delete(second_factor).where(*own)).rowcount == 1


def remove_all(connection: Connection, user_id: str) -> int:
    """Delete every factor and every recovery code of an account; returns the number of confirmed factors."""
    factor_count = len(confirmed_factors(connection, user_id))
    connection.execute(delete(second_factor).where(second_factor.c.user_id == user_id))
    connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    return factor_count


def replace_codes(connection: Connection, user_id: str, hashes: Sequence[str], at: datetime) -> None:
    connection.execute(delete(recovery_code).where(recovery_code.c.user_id == user_id))
    add(
        connection, recovery_code, [{"user_id": user_id, "code_hash": code_hash, "made_at": at} for code_hash in hashes]
    )


def use_code(connection: Connection, user_id: str, code_hash: str, at: datetime) -> bool:
    """Use a recovery code up; False where it is unknown or was used."""
    changed = (
        update(recovery_code)
        .where(
            recovery_code.c.user_id == user_id,
            recovery_code.c.code_hash == code_hash,
            recovery_code.c.used_at.is_(None),
        )
        .values(used_at=at)
    )
    return connection.execute(changed).rowcount == 1


def unused_code_count(connection: Connection, user_id: str) -> int:
    """The number of recovery codes that are not used."""
    query = select(func.count()).where(recovery_code.c.user_id == user_id, recovery_code.c.used_at.is_(None))
    return connection.execute(query.select_from(recovery_code)).scalar_one()


def save_challenge(connection: Connection, token_hash: str, purpose: str, challenge: str, until: datetime) -> None:
    """Store what a passkey must sign in a session for a purpose, in place of an earlier one."""
    own = (factor_challenge.c.token_hash == token_hash, factor_challenge.c.purpose == purpose)
    connection.execute(delete(factor_challenge).where(*own))
    row = {"token_hash": token_hash, "purpose": purpose, "challenge": challenge, "expires_at": until}
    add(connection, factor_challenge, [row])


def take_challenge(connection: Connection, token_hash: str, purpose: str, at: datetime) -> str | None:
    """What a passkey must sign; it is deleted. None where there is none that still holds."""
    own = (factor_challenge.c.token_hash == token_hash, factor_challenge.c.purpose == purpose)
    gone = delete(factor_challenge).where(*own).returning(factor_challenge.c.challenge, factor_challenge.c.expires_at)
    challenge_row = connection.execute(gone).one_or_none()
    return None if challenge_row is None or challenge_row.expires_at <= at else str(challenge_row.challenge)


def forget_challenges(connection: Connection, before: datetime, most: int) -> int:
    """Delete challenges that expired before a moment; at most `most`. Returns how many."""
    ended = (factor_challenge.c.expires_at <= before,)
    return delete_some(connection, factor_challenge, factor_challenge.c.token_hash, ended, most)


def seal_again(connection: Connection, change: Callable[[str], str]) -> int:
    """Seal every secret again; returns how many changed."""
    query = select(second_factor.c.factor_id, second_factor.c.secret).where(second_factor.c.secret.is_not(None))
    changed = 0
    for row in connection.execute(query.with_for_update()).all():
        sealed = change(row.secret)
        if sealed != row.secret:
            own = update(second_factor).where(second_factor.c.factor_id == row.factor_id)
            changed += connection.execute(own.values(secret=sealed)).rowcount
    return changed
