"""The display settings of each person."""

from datetime import datetime

from sqlalchemy import Connection, Row, update

from serving.accounts.tables import display_setting
from serving.platform.database.store import insert_or_ignore
from serving.platform.display import DEFAULT_DISPLAY, Density, Display, Theme
from serving.platform.languages import Language


def put(connection: Connection, user_id: str, display: Display, at: datetime) -> None:
    """Store a person's settings; they replace the previous ones."""
    if not begin(connection, user_id, display, at):
        kept = update(display_setting).where(display_setting.c.user_id == user_id)
        connection.execute(kept.values(_values(display, at)))


def begin(connection: Connection, user_id: str, display: Display, at: datetime) -> bool:
    """Store defaults until a person chooses; False, without a change, where settings exist."""
    new = insert_or_ignore(connection, display_setting).values(user_id=user_id, **_values(display, at))
    return connection.execute(new.returning(display_setting.c.user_id)).first() is not None


def _values(display: Display, at: datetime) -> dict[str, object]:
    return {
        "time_zone": display.time_zone,
        "language": display.language,
        "density": display.density.value,
        "letter_keys": display.letter_keys,
        "theme": display.theme.value,
        "changed_at": at,
    }


def of_row(row: "Row[tuple[object, ...]]") -> Display:
    """The settings in a row that holds the table's columns; the defaults where the row has none."""
    if row.time_zone is None:
        return DEFAULT_DISPLAY
    return Display(row.time_zone, Language(row.language), Density(row.density), row.letter_keys, Theme(row.theme))
