"""MLflow's database names the folder of each artifact by its whole address, so it must follow a moved folder."""

import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Final

_SCHEME: Final = "sqlite:///"
_ADDRESSES: Final = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)


def relocate(tracking_uri: str, artifacts: Path) -> list[str]:
    """Have the database of a moved or copied folder name its own artifacts; returns the folders that it named before.

    One transaction. A server stays as it is.
    """
    database, own = Path(tracking_uri.removeprefix(_SCHEME)), artifacts.absolute().as_uri()
    if not tracking_uri.startswith(_SCHEME) or not database.is_file():
        return []
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        if not (earlier := _earlier(connection, own)):
            return []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for before, (table, column) in product(earlier, _ADDRESSES):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608  # names above
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (own, len(before) + 1, before, len(before) + 1, f"{before}/"),
                )
    return earlier


def _earlier(connection: sqlite3.Connection, own: str) -> list[str]:
    """The folders of another data directory; an experiment that an operator keeps elsewhere is not one of them."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone() is None:
        return []
    query, ending = "SELECT DISTINCT artifact_location FROM experiments ORDER BY 1", own.rsplit("/", 2)[1:]
    places = [place for (place,) in connection.execute(query) if place and place.startswith("file:") and place != own]
    return [place for place in places if place.rsplit("/", 2)[1:] == ending]
