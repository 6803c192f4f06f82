"""Password reset links; only the link's hash is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from features.phrase import Phrase
from models.errors import NotFound, require
from serving.accounts.tables import account, reset_link
from serving.platform.database.row_reader import reader, row_of
from serving.platform.database.store import add

DEAD: Final = Phrase("This link is invalid or has expired. Ask the person who created it for a new one.")


@dataclass(frozen=True, slots=True)
class ResetLink:
    """The right to set a new password until a moment; `made_by` is None where the operator made it.

    `as_root` is set where its use makes the account a root (`serving.accounts.rules.second_person`).
    """

    link_id: str
    user_id: str
    made_by: str | None
    made_at: datetime
    expires_at: datetime
    as_root: bool = False


def save(connection: Connection, link: ResetLink, token_hash: str) -> None:
    """A new link. The earlier ones end first, so that a person has at most one valid link."""
    end(connection, link.user_id, link.made_at)
    add(connection, reset_link, [{**row_of(link), "token_hash": token_hash}])


def of_token(connection: Connection, token_hash: str, at: datetime) -> ResetLink:
    """The link behind a token.

    Raises NotFound (it is wrong, used, ended or expired, or its account is deactivated. The error does not give the
    reason).
    """
    return require(_valid_link(connection, reset_link.c.token_hash == token_hash, at), DEAD)


def of_person(connection: Connection, user_id: str, at: datetime) -> ResetLink | None:
    """The valid link of a person, if there is one."""
    return _valid_link(connection, reset_link.c.user_id == user_id, at)


def mark_used(connection: Connection, link_id: str, at: datetime) -> None:
    """Mark a link as used. Raises NotFound (another request used it first, or it was ended)."""
    spent = update(reset_link).where(reset_link.c.link_id == link_id, *_unused_conditions(at)).values(used_at=at)
    if connection.execute(spent.returning(reset_link.c.link_id)).one_or_none() is None:
        raise NotFound(DEAD)


def end(connection: Connection, user_id: str, at: datetime) -> None:
    """Invalidate the unused links of a person."""
    connection.execute(
        update(reset_link).where(reset_link.c.user_id == user_id, *_unused_conditions(at)).values(ended_at=at)
    )


def end_made_by(connection: Connection, user_id: str, at: datetime) -> None:
    """Invalidate the unused links that a person has made for others."""
    connection.execute(
        update(reset_link).where(reset_link.c.made_by == user_id, *_unused_conditions(at)).values(ended_at=at)
    )


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete links that expired before a moment; returns how many. The maker of a used one stays on record apart."""
    few = select(reset_link.c.link_id).where(reset_link.c.expires_at <= before)
    gone = delete(reset_link).where(reset_link.c.link_id.in_(few.limit(most))).returning(reset_link.c.link_id)
    return len(connection.execute(gone).all())


def _unused_conditions(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return reset_link.c.used_at.is_(None), reset_link.c.ended_at.is_(None), reset_link.c.expires_at > at


def _valid_link(connection: Connection, which: ColumnElement[bool], at: datetime) -> ResetLink | None:
    query = (
        select(reset_link)
        .join(account, account.c.user_id == reset_link.c.user_id)
        .where(which, account.c.disabled_at.is_(None), *_unused_conditions(at))
    )
    return reader(ResetLink).single(connection, query)
