"""A SQLite database as sorted text."""

import re
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection

from tests.equality.sql_text import constraints, is_column, items, one_line

_VERSIONS: Final = "alembic_version"
# Column properties that PRAGMA table_xinfo lacks.
_MORE: Final = re.compile(r"AUTOINCREMENT|COLLATE \w+|GENERATED .*|REFERENCES .*|\bUNIQUE\b(?! ?\()")


def sqlite_texts(connection: Connection) -> dict[str, str]:
    """Tables, full-text tables, indexes, triggers and views, and the rows that migrations insert."""
    texts_by_name: dict[str, str] = {}
    rows = []
    for _, name, kind, _, without_rowid, strict in _query_rows(connection, "PRAGMA table_list"):
        if name.startswith("sqlite_") or kind == "shadow":
            continue
        sql = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar_one()
        if kind == "table":
            head = f"table, without rowid {without_rowid}, strict {strict}"
            texts_by_name[f"table/{name}"] = "\n".join([head, *_table(connection, name, sql)])
        else:
            texts_by_name[f"{kind}/{name}"] = one_line(sql)
        if kind == "table" and name != _VERSIONS:
            rows += [f"{name} {tuple(row)!r}" for row in _query_rows(connection, f'SELECT * FROM "{name}"')]  # noqa: S608
    for kind in ("index", "trigger", "view"):
        query = "SELECT sql FROM sqlite_master WHERE type = ? AND sql IS NOT NULL"
        texts_by_name[kind] = "\n".join(sorted(one_line(row[0]) for row in connection.exec_driver_sql(query, (kind,))))
    pragmas = ("user_version", "application_id", "encoding")
    texts_by_name["pragmas"] = "\n".join(
        f"{name} {_query_rows(connection, f'PRAGMA {name}')[0][0]}" for name in pragmas
    )
    return texts_by_name | {"rows": "\n".join(sorted(rows))}


def _table(connection: Connection, name: str, sql: str) -> Iterator[str]:
    written = list(items(sql))
    more = {clause.split()[0]: ", ".join(_MORE.findall(clause)) for clause in written if is_column(clause)}
    columns = _query_rows(connection, f"PRAGMA table_xinfo('{name}')")
    yield from sorted(
        f"column {column} {kind.upper()} not null {not_null} default {default} key {key} hidden {hidden} {more[column]}"
        for _, column, kind, not_null, default, key, hidden in columns
    )
    yield from sorted(f"constraint {constraint}" for clause in written for constraint in constraints(clause))
    yield from sorted(clause for clause in written if clause.startswith("after: "))
    keys: dict[int, list[str]] = {}
    for number, part, table, column, other, *rules in _query_rows(connection, f"PRAGMA foreign_key_list('{name}')"):
        keys.setdefault(number, []).append(f"{part} {column} -> {table}.{other} {rules}")
    yield from sorted(f"refers {'; '.join(sorted(parts))}" for parts in keys.values())
    yield from sorted(_indexes(connection, name))


def _indexes(connection: Connection, name: str) -> Iterator[str]:
    """All indexes, including those of constraints, which SQLite names itself."""
    for _, index, unique, origin, partial in _query_rows(connection, f"PRAGMA index_list('{name}')"):
        parts = _query_rows(connection, f"PRAGMA index_xinfo('{index}')")
        columns = [f"{column} desc {desc} {coll}" for _, _, column, desc, coll, key in parts if key]
        shown = index if origin == "c" else "(made by a constraint)"
        yield f"index {shown} unique {unique} origin {origin} partial {partial}: {', '.join(columns)}"


def _query_rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(query).fetchall()]
