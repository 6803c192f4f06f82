"""A series of decisions in one transaction: each reads only what no earlier one has read, and logs are written last.

Nothing is kept beyond the series. What a statement of it changes is read again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection, Insert, Table, Update, event

from serving.platform.database.fast.door import insert_rows, plans_kept

P = ParamSpec("P")
T = TypeVar("T")
_Read = Callable[Concatenate[Connection, P], T]
_SERIES: Final = "a series of decisions"


@dataclass(slots=True)
class _Series:
    """The answers of its reads, by the tables that they are from; what is written at its end; and what it noted."""

    answers: dict[Any, Any] = field(default_factory=dict)
    asked_of: dict[Table, set[Any]] = field(default_factory=lambda: defaultdict(set))
    rows: dict[Insert, list[Mapping[str, Any]]] = field(default_factory=dict)
    updates: dict[Update, Mapping[str, Any]] = field(default_factory=dict)
    notes: dict[type, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def answer_of(self, key: Any, tables: tuple[Table, ...], ask: Callable[[], Any]) -> Any:
        """The answer to a question that is from these tables, asked if it is not known."""
        if key not in self.answers:
            self.answers[key] = ask()
            for table in tables:
                self.asked_of[table].add(key)
        return self.answers[key]

    def forget(self, _connection: Connection, statement: Any, *_: Any) -> None:
        """Ask again for what is read from a table that a statement changes."""
        if getattr(statement, "is_dml", False):
            for key in self.asked_of.pop(statement.table, ()):
                self.answers.pop(key, None)


@contextmanager
def in_series(connection: Connection) -> Iterator[None]:
    """Keep within the block what is `read_once`, and insert at its end what is added by `insert_at_end`."""
    info, series = connection.info, _Series()
    info[_SERIES] = series
    event.listen(connection, "before_execute", series.forget)
    try:
        yield
        with plans_kept(connection) if series.rows else nullcontext():
            for statement, rows in series.rows.items():
                insert_rows(connection, statement, rows)
        for update, values in series.updates.items():
            connection.execute(update, values)
    finally:
        event.remove(connection, "before_execute", series.forget)
        del info[_SERIES]


@contextmanager
def undone_on_error(connection: Connection) -> Iterator[None]:
    """A savepoint: after an error nothing that the block wrote, or would have written at the end, is left."""
    series: _Series = connection.info.get(_SERIES) or _Series()
    lists: tuple[dict[Any, list[Any]], ...] = series.rows, series.notes
    lengths, updates = [{key: len(rows) for key, rows in kind.items()} for kind in lists], dict(series.updates)
    try:
        with connection.begin_nested():
            yield
    except BaseException:
        for kind, before in zip(lists, lengths, strict=True):
            for key, rows in kind.items():
                del rows[before.get(key, 0) :]
        series.updates = updates
        series.answers.clear()
        raise


def read_once(*tables: Table) -> Callable[[_Read[P, T]], _Read[P, T]]:
    """Ask once in a series, or again after it changed one of the tables that the read is from. Answers stay as read."""

    def keep(read: _Read[P, T]) -> _Read[P, T]:
        @wraps(read)
        def answer(connection: Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
            series: _Series | None = connection.info.get(_SERIES)
            if series is None:
                return read(connection, *args, **kwargs)
            key = (read, *(tuple(part) if isinstance(part, list | set) else part for part in args), *kwargs.items())
            known: T = series.answer_of(key, tables, lambda: read(connection, *args, **kwargs))
            return known

        return answer

    return keep


def notes_of(connection: Connection, kind: type[T]) -> list[T]:
    """What the series has noted of a kind; without a series, a list that nobody sees again."""
    series: _Series | None = connection.info.get(_SERIES)
    return [] if series is None else series.notes[kind]


def insert_at_end(connection: Connection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows at the end of the series, at once without one: no decision may read them."""
    series: _Series | None = connection.info.get(_SERIES)
    if series is None:
        insert_rows(connection, statement, rows)
    else:
        series.rows.setdefault(statement, []).extend(rows)


def update_at_end(connection: Connection, statement: Update, values: Mapping[str, Any]) -> None:
    """Execute an update, which replaces all that an earlier one set, at the end of the series."""
    series: _Series | None = connection.info.get(_SERIES)
    if series is None:
        connection.execute(statement, values)
    else:
        series.updates[statement] = values


def waiting_update(connection: Connection, statement: Update) -> Mapping[str, Any] | None:
    """The values of an update that waits for the end of the series."""
    series: _Series | None = connection.info.get(_SERIES)
    return None if series is None else series.updates.get(statement)
