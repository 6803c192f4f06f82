"""The display settings of each person, and the onboarding lists that they have dismissed."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, delete, select, update

from serving.accounts.rules.access import Role
from serving.accounts.tables import display_setting, onboarding_seen
from serving.platform.database.row_reader import row_of
from serving.platform.database.series import read_once
from serving.platform.database.store import insert_or_ignore
from serving.platform.display import DEFAULT_DISPLAY, Density, Display, Theme
from serving.platform.languages import Language


def save(connection: Connection, user_id: str, display: Display, at: datetime) -> None:
    """Store a person's settings; they replace the previous ones."""
    if not save_initial(connection, user_id, display, at):
        setting_update = update(display_setting).where(display_setting.c.user_id == user_id)
        connection.execute(setting_update.values(_column_values(display, at)))


def save_initial(connection: Connection, user_id: str, display: Display, at: datetime) -> bool:
    """Store defaults until a person chooses; False, without a change, where settings exist."""
    new = insert_or_ignore(connection, display_setting).values(user_id=user_id, **_column_values(display, at))
    return connection.execute(new.returning(display_setting.c.user_id)).first() is not None


def _column_values(display: Display, at: datetime) -> dict[str, object]:
    return {**row_of(display), "changed_at": at}


@read_once(display_setting)
def zones_of(connection: Connection, user_ids: Collection[str]) -> list[ZoneInfo]:
    """The time zone of each of these people."""
    query = select(display_setting.c.user_id, display_setting.c.time_zone).where(
        display_setting.c.user_id.in_(user_ids)
    )
    chosen = {row.user_id: row.time_zone for row in connection.execute(query)}
    return [ZoneInfo(chosen.get(user_id, DEFAULT_DISPLAY.time_zone)) for user_id in user_ids]


def of_row(row: "Row[tuple[object, ...]]") -> Display:
    """The settings in a row that holds the table's columns; the defaults where the row has none."""
    if row.time_zone is None:
        return DEFAULT_DISPLAY
    chosen = Density(row.density), row.letter_keys, Theme(row.theme), row.hidden_columns
    return Display(row.time_zone, Language(row.language), *chosen)


def dismissed_lists(connection: Connection, user_id: str) -> frozenset[Role]:
    """The roles whose list a person has dismissed."""
    query = select(onboarding_seen.c.role).where(onboarding_seen.c.user_id == user_id)
    return frozenset(Role(role) for role in connection.execute(query).scalars())


def dismiss_list(connection: Connection, user_id: str, role: Role, at: datetime) -> None:
    """Dismiss a role's list; a second call changes nothing."""
    connection.execute(
        insert_or_ignore(connection, onboarding_seen).values(user_id=user_id, role=role.value, seen_at=at)
    )


def restore_list(connection: Connection, user_id: str, role: Role) -> None:
    connection.execute(
        delete(onboarding_seen).where(onboarding_seen.c.user_id == user_id, onboarding_seen.c.role == role.value)
    )
