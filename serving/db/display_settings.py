"""How each person wants pages to be written."""

from datetime import datetime

from sqlalchemy import Connection, Row, insert, select, update

from serving.db.tables import display_setting
from serving.display import DEFAULT_DISPLAY, Density, Display, Language, Theme


def put(connection: Connection, user_id: str, display: Display, at: datetime) -> None:
    """Keep a person's choice; it replaces the one before."""
    values = {
        "time_zone": display.time_zone,
        "language": display.language.value,
        "density": display.density.value,
        "letter_keys": display.letter_keys,
        "theme": display.theme.value,
        "changed_at": at,
    }
    kept = update(display_setting).where(display_setting.c.user_id == user_id).values(values)
    if connection.execute(kept.returning(display_setting.c.user_id)).first() is None:
        connection.execute(insert(display_setting).values(user_id=user_id, **values))


def has_chosen(connection: Connection, user_id: str) -> bool:
    """Whether a person has chosen anything."""
    found = select(display_setting.c.user_id).where(display_setting.c.user_id == user_id)
    return connection.execute(found).first() is not None


def of_row(row: "Row[tuple[object, ...]]") -> Display:
    """The choice in a row that holds the table's columns; the defaults where it holds none."""
    if row.time_zone is None:
        return DEFAULT_DISPLAY
    return Display(row.time_zone, Language(row.language), Density(row.density), row.letter_keys, Theme(row.theme))
