"""Invitations to roles, each with a one-time link; only the link's hash is stored."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, delete, select, update

from models.errors import NotFound, require
from serving.accounts.rules.access import Grant, Role
from serving.accounts.tables import invitation
from serving.platform.database.row_reader import row_of
from serving.platform.database.scope import inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class Invitation:
    """An invitation by an inviter to one role, valid until a moment."""

    invitation_id: str
    email: str
    grant: Grant
    invited_by: str
    invited_at: datetime
    expires_at: datetime


def save(connection: Connection, new_invitation: Invitation, token_hash: str) -> None:
    row = {**row_of(new_invitation), **row_of(new_invitation.grant), "token_hash": token_hash}
    del row["grant"]
    add(connection, invitation, [row])


def open_invitations(connection: Connection, marketplaces: Collection[str], at: datetime) -> list[Invitation]:
    """The invitations that can still be accepted, the latest first."""
    query = select(invitation).where(invitation.c.marketplace_id.in_(marketplaces), *_open_conditions(at))
    return [_invitation(row) for row in connection.execute(query.order_by(invitation.c.invitation_id.desc()))]


def of_token(connection: Connection, token_hash: str, at: datetime) -> Invitation:
    """The invitation behind a link.

    Raises NotFound (the link is wrong, was used or withdrawn, or has expired. The error does not give the reason).
    """
    row = require(
        connection.execute(
            select(invitation).where(invitation.c.token_hash == token_hash, *_open_conditions(at))
        ).one_or_none(),
        "This invitation is no longer valid. Ask the person who sent it for another.",
    )
    return _invitation(row)


def mark_used(connection: Connection, open_invitation: Invitation, user_id: str, at: datetime) -> None:
    """Mark an invitation as used. Raises NotFound (another request used it first, or it was withdrawn)."""
    spent = update(invitation).where(
        inside(invitation, open_invitation.grant.marketplace_id, invitation_id=open_invitation.invitation_id),
        *_open_conditions(at),
    )
    if connection.execute(spent.values(used_at=at, user_id=user_id)).rowcount != 1:
        raise NotFound("This invitation is no longer valid. Ask the person who sent it for another.")


def withdraw(connection: Connection, marketplaces: Collection[str], invitation_id: str, at: datetime) -> Invitation:
    """Invalidate an invitation's link; returns the invitation.

    Raises NotFound (there is no such open invitation here).
    """
    clauses = (
        invitation.c.marketplace_id.in_(marketplaces),
        invitation.c.invitation_id == invitation_id,
        *_open_conditions(at),
    )
    row = connection.execute(select(invitation).where(*clauses)).one_or_none()
    if row is None:
        raise NotFound("This invitation does not exist or is no longer open.")
    connection.execute(update(invitation).where(*clauses).values(withdrawn_at=at))
    return _invitation(row)


def withdraw_earlier(connection: Connection, email: str, grant: Grant, at: datetime) -> None:
    """Invalidate earlier invitations of the same address to the same role."""
    connection.execute(
        update(invitation)
        .where(
            inside(invitation, grant.marketplace_id, email=email, role=grant.role.value),
            invitation.c.brand_id.is_not_distinct_from(grant.brand_id),
            *_open_conditions(at),
        )
        .values(withdrawn_at=at)
    )


def withdraw_by_inviter(connection: Connection, marketplaces: Collection[str], invited_by: str, at: datetime) -> None:
    """Invalidate the open invitations by a person who can no longer grant these roles."""
    connection.execute(
        update(invitation)
        .where(
            invitation.c.marketplace_id.in_(marketplaces), invitation.c.invited_by == invited_by, *_open_conditions(at)
        )
        .values(withdrawn_at=at)
    )


def forget(connection: Connection, before: datetime, most: int) -> int:
    """Delete invitations that expired before a moment, used or not; returns how many."""
    few = select(invitation.c.token_hash).where(invitation.c.expires_at <= before).limit(most)
    gone = delete(invitation).where(invitation.c.token_hash.in_(few)).returning(invitation.c.token_hash)
    return len(connection.execute(gone).all())


def _open_conditions(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return invitation.c.used_at.is_(None), invitation.c.withdrawn_at.is_(None), invitation.c.expires_at > at


def _invitation(row: "Row[tuple[object, ...]]") -> Invitation:
    grant = Grant(Role(row.role), row.marketplace_id, row.brand_id, row.leads)
    return Invitation(row.invitation_id, row.email, grant, row.invited_by, row.invited_at, row.expires_at)
