"""MLflow's database names the folder of each artifact by its whole address, so it must follow a moved folder.

The child that has it follow a moved data directory: `python -m training.registry.relocating …`.
"""

import argparse
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Final

from training.child import add_registry_options, end_with_parent, exit_now, send_message

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
        if not (earlier := _earlier_folders(connection, own)):
            return []
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            for before, (table, column) in product(earlier, _ADDRESSES):
                connection.execute(
                    f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608  # names above
                    f"WHERE {column} = ? OR substr({column}, 1, ?) = ?",
                    (own, len(before) + 1, before, len(before) + 1, f"{before}/"),
                )
            for before in earlier:  # The source of a data set is JSON, and the snapshots lie beside MLflow's folder.
                homes = (f'"{place.rsplit("/", 2)[0]}/' for place in (before, own))
                connection.execute("UPDATE datasets SET dataset_source = replace(dataset_source, ?, ?)", tuple(homes))
    return earlier


def _earlier_folders(connection: sqlite3.Connection, own: str) -> list[str]:
    """The folders of another data directory; an experiment that an operator keeps elsewhere is not one of them."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'experiments'").fetchone() is None:
        return []
    query, ending = "SELECT DISTINCT artifact_location FROM experiments ORDER BY 1", own.rsplit("/", 2)[1:]
    places = [place for (place,) in connection.execute(query) if place and place.startswith("file:") and place != own]
    return [place for place in places if place.rsplit("/", 2)[1:] == ending]


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite the addresses of artifacts; returns 0."""
    parser = argparse.ArgumentParser(prog="training.registry.relocating")
    add_registry_options(parser)
    options = parser.parse_args(arguments)
    end_with_parent()
    send_message({"event": "done", "earlier": relocate(options.tracking_uri, options.artifacts)})
    return 0


if __name__ == "__main__":
    exit_now(main())
