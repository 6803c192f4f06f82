"""The one-time link of a first start."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select, update

from models.errors import NotFound
from serving.accounts.tables import setup_token
from serving.platform.database.store import add

SETUP_LINK_FILE: Final = "set-up-link.json"
SETUP_LINK_LASTS: Final = timedelta(days=1)


def add_setup_token(connection: Connection, token_hash: str, at: datetime) -> None:
    """The one-time link of a first start; it replaces an earlier unused one."""
    connection.execute(delete(setup_token))
    add(connection, setup_token, [{"token_hash": token_hash, "created_at": at}])


def use_setup_token(connection: Connection, token_hash: str, at: datetime) -> None:
    """Spend the one-time link.

    Raises NotFound (the set-up link is unknown, was already used, or is older than a day).
    """
    spent = connection.execute(update(setup_token).where(*_open_setup_conditions(token_hash, at)).values(used_at=at))
    if spent.rowcount != 1:
        raise NotFound("This set-up link is invalid, used or expired. Restart the service for a new one.")


def is_setup_open(connection: Connection, token_hash: str, at: datetime) -> bool:
    """Whether a set-up link can still be used."""
    return connection.execute(select(setup_token).where(*_open_setup_conditions(token_hash, at))).first() is not None


def _open_setup_conditions(token_hash: str, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        setup_token.c.token_hash == token_hash,
        setup_token.c.used_at.is_(None),
        setup_token.c.created_at > at - SETUP_LINK_LASTS,
    )
