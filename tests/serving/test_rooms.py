"""Rooms own their tables: each is declared in one room, and only that room's store writes it."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Table

from serving.platform.database.schema import metadata
from serving.schema import TABLE_MODULES
from tests.serving.writes import ROOT, Tree, Write, sources

DECLARED: Final = 140
OWNERS: Final = [
    (f"{module.__name__}.{name}", table)
    for module in TABLE_MODULES
    for name, table in vars(module).items()
    if isinstance(table, Table)
]
TABLES: Final = frozenset(name for name, _ in OWNERS)
# They write the table that a store hands them: what they are handed is what the guard reads. SQLite's own table of
# statistics is nobody's.
HANDED: Final = frozenset(
    {
        *(f"serving.platform.database.{name}" for name in ("erasing", "expected", "fast.copied_inserts", "store")),
        "serving.webhooks.store.outbox",
    }
)
# Stores that are not called so: platform has no rooms within, and keeps the clock and what its
# processes have in common beside the engines.
STORES: Final = frozenset({"serving.platform.database.clocks", "serving.platform.database.common_secrets"})


@cache
def serving() -> Tree:
    """The shipped modules."""
    return Tree(sources("serving"), TABLES)


def room_of(dotted: str) -> str:
    """The room that a module or a table lies in."""
    return dotted.split(".")[1]


def is_store(module: str) -> bool:
    """Whether a module is a room's store, or a part of it."""
    return "store" in module.split(".")[2:4] or module in STORES


def is_trespass(write: Write) -> bool:
    """Whether something writes a table that is not its own, or one that the source does not name."""
    if write.table is None:
        return write.module not in HANDED
    return room_of(write.module) != room_of(write.table) or not is_store(write.module)


def test_every_table_belongs_to_one_room() -> None:
    assert len(metadata.tables) == DECLARED, "say so here and in the migration: docs/decisions/0040"
    assert Counter(table.name for _, table in OWNERS) == Counter(list(metadata.tables))


def test_the_schema_knows_the_tables_of_every_room() -> None:
    files = {Path(str(module.__file__)) for module in TABLE_MODULES}
    declaring = {
        path for path in (ROOT / "serving").rglob("tables.py") if "database.schema import" in path.read_text("utf-8")
    }
    assert files == declaring


def test_only_a_rooms_store_writes_its_tables() -> None:
    trespasses = [
        f"{write.module}:{write.line} writes {write.table or 'an unnamed table'}"
        for write in serving().writes
        if is_trespass(write)
    ]
    assert trespasses == [], "put the statement into the store of the room that owns the table"


def test_every_table_is_written_by_something() -> None:
    """A table that nothing seems to write is one whose writes the guard does not see."""
    assert {write.table for write in serving().writes} - {None} == TABLES


_HEAD = "from serving.b.tables import kept\nfrom sqlalchemy import insert, select, update\n"


@pytest.mark.parametrize(
    "source",
    [
        "def f(c):\n    c.execute(update(kept).values(x=1))",
        "def f(c):\n    c.execute(kept.delete())",
        "def f(c, dialect):\n    c.execute(dialect.insert(kept))",
        "def f(c):\n    table = kept\n    c.execute(update(table))",
        "def f(c):\n    for table, state in ((kept, 1),):\n        c.execute(update(table))",
        "def f(c, table):\n    c.execute(update(table))",
        "def f(c):\n    c.execute('DELETE FROM kept')",
        "import sqlalchemy as sa\ndef f(c):\n    c.execute(sa.insert(kept))",
        "from serving.platform.database.store import add as put\ndef f(c):\n    put(c, kept, [])",
        "from serving.platform.database.erasing import Place\nPLACES = (Place(kept, {}, (), kept.c.x),)",
        "from serving.b import tables\ndef f(c):\n    c.execute(update(tables.kept))",
        "from serving.c.store import kept as ours\ndef f(c):\n    c.execute(update(ours))",
    ],
)
def test_a_write_into_another_room_is_found(source: str) -> None:
    tree = Tree(
        {"serving.a.store": f"{_HEAD}{source}", "serving.c.store": "from serving.b.tables import kept"},
        frozenset({"serving.b.tables.kept"}),
    )
    assert [is_trespass(write) for write in tree.writes] == [True]


def test_reads_and_a_stores_own_writes_are_none() -> None:
    reads = f"{_HEAD}from serving.a.tables import own\ndef f(c):\n    c.execute(select(kept).where(kept.c.x == 1))\n"
    own = "def g(c):\n    c.execute(update(own).where(own.c.x.in_(select(kept.c.x))))"
    tree = Tree({"serving.a.store": reads + own}, frozenset({"serving.a.tables.own", "serving.b.tables.kept"}))
    assert [(write.owner, is_trespass(write)) for write in tree.writes] == [("serving.a.store.g", False)]


def test_what_calls_a_writer_writes() -> None:
    store = f"{_HEAD}def put(c):\n    c.execute(insert(kept))\ndef get(c):\n    return c.execute(select(kept))"
    reader = "from serving.b import store\ndef shown(c):\n    return store.get(c)\ndef changed(c):\n    store.put(c)"
    tree = Tree({"serving.b.store": store, "serving.pages.v": reader}, frozenset({"serving.b.tables.kept"}))
    assert tree.writing() == {"serving.b.store.put", "serving.pages.v.changed"}
