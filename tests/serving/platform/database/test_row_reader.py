"""Rows become objects of frozen classes by the names of their columns."""

from dataclasses import dataclass, make_dataclass
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, create_engine, select

from serving.platform.database.row_reader import RowReader, row_of


class Colour(StrEnum):
    """A word that a column holds."""

    RED = "red"


class Shade(StrEnum):
    """Another word of the same column."""

    PALE = "pale"


@dataclass(frozen=True, slots=True)
class Ball:
    """A row of the table below; `tags` are stored as a list."""

    name: str
    colour: Colour | Shade
    lining: Colour | None
    tags: tuple[str, ...]


BALL = Ball("a", Colour.RED, None, ("x", "y"))
BALLS = RowReader(Ball, tags=tuple)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({"colour": "red"}, Colour.RED), ({"colour": "pale"}, Shade.PALE)],
    ids=["the first enum of a union", "the second enum of a union"],
)
def test_a_word_becomes_the_enum_that_the_class_names(changed: dict[str, Any], expected: StrEnum) -> None:
    ball = BALLS.of({"name": "a", "colour": "", "lining": "red", "tags": ["x"], "unread": 1, **changed})
    assert ball.colour is expected
    assert ball.lining is Colour.RED


@pytest.mark.parametrize("changed", [{"colour": None}, {"colour": "green"}, {"lining": "green"}])
def test_a_value_that_the_enum_lacks_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        BALLS.of({"name": "a", "colour": "red", "lining": None, "tags": [], **changed})


def test_an_object_is_stored_by_its_fields_and_read_again() -> None:
    assert BALLS.of({**row_of(BALL), "tags": list(BALL.tags)}) == BALL


def test_a_class_of_one_field_is_read_as_a_whole() -> None:
    single = make_dataclass("Single", [("name", str)])
    assert RowReader(single).of({"name": "abc"}) == single("abc")


def test_a_query_gives_all_objects_and_a_single_one_or_none(connection: Connection) -> None:
    assert [pebble.name for pebble in PEBBLES.all(connection, select(TABLE).order_by(TABLE.c.name))] == ["a", "b"]
    columns = PEBBLES.columns(TABLE)
    assert PEBBLES.single(connection, select(*columns).where(TABLE.c.name == "b")) == Pebble(name="b", weight=2)
    assert PEBBLES.single(connection, select(*columns).where(TABLE.c.name == "c")) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pebble:
    """Some columns of the table, given by name."""

    name: str
    weight: int


PEBBLES = RowReader(Pebble)
TABLE = Table("pebble", MetaData(), Column("weight", Integer), Column("name", String), Column("unread", Integer))


@pytest.fixture
def connection() -> Any:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        TABLE.create(connection)
        connection.execute(TABLE.insert(), [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}])
        yield connection
    engine.dispose()
