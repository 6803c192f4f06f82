"""Who made an account, or reset its password: kept for good, because they may have had access to it."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from serving.accounts.rules.second_person import Origin, OriginKind, Roots, roots_of
from serving.accounts.tables import account_origin
from serving.platform.database.series import read_once
from serving.platform.database.store import add


def add_origin(connection: Connection, origin_id: str, user_id: str, origin: Origin) -> None:
    """Append an event to the history of an account."""
    row = {"origin_id": origin_id, "user_id": user_id, "making": origin.making.value, "made_by": origin.made_by}
    add(connection, account_origin, [{**row, "known_at": origin.at}])


def history(connection: Connection, user_id: str) -> list[Origin]:
    own = select(account_origin).where(account_origin.c.user_id == user_id)
    return [Origin(OriginKind(row.making), row.made_by, row.known_at) for row in connection.execute(own)]


@read_once(account_origin)
def roots(connection: Connection) -> Roots:
    """The roots of every account as of now."""
    events: dict[str, list[Origin]] = {}
    for row in connection.execute(select(account_origin)):
        events.setdefault(row.user_id, []).append(Origin(OriginKind(row.making), row.made_by, row.known_at))
    return roots_of(events)


def last_handover_at(connection: Connection, user_id: str) -> datetime | None:
    """When an account last came into somebody's hands: made, or its password reset by a link; None without one."""
    query = select(func.max(account_origin.c.known_at)).where(account_origin.c.user_id == user_id)
    at: datetime | None = connection.execute(query).scalar()
    return at
