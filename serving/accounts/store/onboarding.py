"""The onboarding lists that a person has dismissed, by role."""

from datetime import datetime

from sqlalchemy import Connection, delete, select

from serving.accounts.rules.access import Role
from serving.accounts.tables import onboarding_seen
from serving.platform.database.store import insert_or_ignore


def seen(connection: Connection, user_id: str) -> frozenset[Role]:
    """The roles whose list a person has dismissed."""
    query = select(onboarding_seen.c.role).where(onboarding_seen.c.user_id == user_id)
    return frozenset(Role(role) for role in connection.execute(query).scalars())


def put_away(connection: Connection, user_id: str, role: Role, at: datetime) -> None:
    """Dismiss a role's list; a second call changes nothing."""
    connection.execute(
        insert_or_ignore(connection, onboarding_seen).values(user_id=user_id, role=role.value, seen_at=at)
    )


def show_again(connection: Connection, user_id: str, role: Role) -> None:
    """Show a role's list again."""
    connection.execute(
        delete(onboarding_seen).where(onboarding_seen.c.user_id == user_id, onboarding_seen.c.role == role.value)
    )
