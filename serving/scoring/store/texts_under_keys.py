"""The latest texts under each key of some signatures: an ordered scan of at most `MOST_PER_KEY` entries for each key.

Judged texts have a row for each key. Others have their sixteen keys in their own row, so that each band of keys has an
index and a part of the query of its own.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import chain, islice
from typing import Any, Final

import numpy as np
import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    CompoundSelect,
    Connection,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    String,
    TextClause,
    bindparam,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from features.minhash import BANDS, Signature, band_keys
from serving.cases.tables import verdict
from serving.listings.store.signatures import BINS_BYTES, bins_of, halves_of
from serving.listings.tables import TEXT_BANDS, judged_band, listing_version, observation, text_signature
from serving.platform.database.fast.door import PlainQuery, plans_kept
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.types import IdOrder, UtcTime

MOST_PER_KEY: Final = 16
JUDGED: Final = BANDS  # Judged texts, as if they were a band of their own.
_POSTGRESQL: Final = "postgresql"

Under = dict[int, list[str]]


def latest_under_keys(
    connection: Connection, marketplace_id: str, signatures: Sequence[Signature]
) -> tuple[Under, Under]:
    """The latest judged texts and the latest texts under each key of these; ids are in the order of receipt."""
    texts_by_key: tuple[Under, Under] = defaultdict(list), defaultdict(list)
    if not signatures:
        return texts_by_key
    keys, values = key_parameters(marketplace_id, signatures)
    with plans_kept(connection):
        rows = _LATEST.rows(connection, values)
    for number, at, text_id in rows:
        texts_by_key[0 if number == JUDGED else 1][keys[number][at]].append(text_id)
    return texts_by_key


def key_parameters(marketplace_id: str, signatures: Sequence[Signature]) -> tuple[list[list[int]], dict[str, Any]]:
    """The different keys of each band, those of judged texts last, and the values of `select_latest` for them."""
    bins: list[dict[int, bytes]] = [{} for _ in range(BANDS)]
    for signature in signatures:
        for of_band, key, made_of in zip(bins, band_keys(signature).tolist(), bins_of(signature), strict=True):
            of_band[key] = made_of
    keys = [list(of_band) for of_band in bins]
    every = list(chain.from_iterable(keys))
    keys.append(sorted(set(every)))
    halves = iter(halves_of(marketplace_id, np.array(every, np.int64)).tolist())
    values: dict[str, Any] = {"here": marketplace_id, _parameter_name("listed", JUDGED): _integer_list(keys[JUDGED])}
    for of_band, listed_name, bins_name in zip(bins, _LISTED_NAMES, _BINS_NAMES, strict=True):
        values[listed_name] = _integer_list(list(islice(halves, len(of_band))))
        values[bins_name] = b"".join(of_band.values())
    return keys, values


def _parameter_name(name: str, number: int) -> str:
    return f"{name}_{number}"


_LISTED_NAMES: Final = [_parameter_name("listed", number) for number in range(BANDS)]
_BINS_NAMES: Final = [_parameter_name("bins", number) for number in range(BANDS)]


def _integer_list(values: Sequence[int]) -> str:
    """A list of integers, which both engines read faster than the driver makes one of them."""
    return orjson.dumps(values).decode()


def select_latest(dialect: str) -> CompoundSelect[Any] | TextClause:
    """All parts in one query, because a query costs more than its rows."""
    if dialect != _POSTGRESQL:
        bands = (_IN_SQLITE.format(number=i, band=band, first=i * BINS_BYTES + 1) for i, band in enumerate(TEXT_BANDS))
        return text(" UNION ALL ".join((*bands, _JUDGED_IN_SQLITE)))
    return union_all(*map(_select_latest_of_band, range(BANDS)), _select_latest_judged())


# SQLite has no LATERAL, and a correlated IN bounds the same scan. CROSS JOIN keeps the list in the first place, as an
# outer join does, and returns no row for a key without texts; most keys have none.
_IN_SQLITE: Final = f"""SELECT {{number}}, wanted.key, found.version_id
FROM json_each(:listed_{{number}}) AS wanted CROSS JOIN text_signature AS found
WHERE found.marketplace_id = :here AND found.version_id IN (
    SELECT version_id FROM text_signature
    WHERE {{band}} = wanted.value AND marketplace_id = :here AND substr(signature, {{first}}, {BINS_BYTES})
        = substr(:bins_{{number}}, wanted.key * {BINS_BYTES} + 1, {BINS_BYTES})
    ORDER BY received DESC LIMIT {MOST_PER_KEY}
)"""  # noqa: S608  # names of columns
_JUDGED_IN_SQLITE: Final = f"""SELECT {JUDGED}, wanted.key, found.text_id
FROM json_each(:listed_{JUDGED}) AS wanted CROSS JOIN judged_band AS found
WHERE found.marketplace_id = :here AND found.band = wanted.value AND found.text_id IN (
    SELECT text_id FROM judged_band WHERE marketplace_id = :here AND band = wanted.value
    ORDER BY text_id DESC LIMIT {MOST_PER_KEY}
)"""  # noqa: S608  # as above
_LATEST: Final = PlainQuery(select_latest)


def _select_latest_judged() -> Select[Any]:
    keys, place = _numbered_values(JUDGED, BigInteger())
    inner = judged_band.alias("inner_band")
    latest = select(inner.c.text_id).where(inner.c.marketplace_id == HERE, inner.c.band == keys.c.value)
    latest = latest.order_by(inner.c.text_id.desc()).limit(_integer_literal(MOST_PER_KEY)).correlate(keys)
    of_band = (judged_band.c.marketplace_id == HERE) & (judged_band.c.band == keys.c.value)
    return join_latest(
        [_integer_literal(JUDGED).label("number"), place], keys, latest, judged_band.c.text_id, of_band, _POSTGRESQL
    )


def _select_latest_of_band(number: int) -> Select[Any]:
    keys, place = _numbered_values(number, Integer())
    inner = text_signature.alias("inner_text")
    latest = select(inner.c.version_id).where(
        with_key(inner, number, keys.c.value, bindparam(_parameter_name("bins", number), type_=LargeBinary()), place)
    )
    latest = latest.order_by(inner.c.received.desc()).limit(_integer_literal(MOST_PER_KEY)).correlate(keys)
    in_marketplace = text_signature.c.marketplace_id == HERE
    return join_latest(
        [_integer_literal(number).label("number"), place],
        keys,
        latest,
        text_signature.c.version_id,
        in_marketplace,
        _POSTGRESQL,
    )


def with_key(
    texts: FromClause, number: int, half: ColumnElement[int], bins: ColumnElement[Any], place: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether a text has a key of this band. `bins` are those of all wanted keys; this key's are at `place`.

    The marketplace is part of the half, so that the scan of the index meets no texts of others.
    """
    own = func.substr(texts.c.signature, _integer_literal(number * BINS_BYTES + 1), _integer_literal(BINS_BYTES))
    theirs = func.substr(bins, place * _integer_literal(BINS_BYTES) + _integer_literal(1), _integer_literal(BINS_BYTES))
    return (texts.c[TEXT_BANDS[number]] == half) & (texts.c.marketplace_id == HERE) & (own == theirs)


def join_latest(
    columns: Sequence[ColumnElement[Any]],
    key_rows: FromClause,
    latest: Select[Any],
    text_id: Column[str],
    condition: ColumnElement[bool],
    dialect: str,
) -> Select[Any]:
    """Each wanted row with its latest texts: by LATERAL on PostgreSQL, which SQLite lacks.

    On SQLite a correlated IN bounds the same scan; PostgreSQL would compute it again for each entry. A row without
    texts has one null, because every join to a list is an outer join.
    """
    if dialect == _POSTGRESQL:
        side = latest.lateral("latest")
        return select(*columns, side.c[text_id.name].label("text_id")).select_from(key_rows.join(side, true()))
    source = key_rows.outerjoin(text_id.table, condition & text_id.in_(latest))
    return select(*columns, text_id.label("text_id")).select_from(source)


def _integer_literal(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())


def _numbered_values(number: int, kind: Integer) -> tuple[FromClause, ColumnElement[int]]:
    """The values of one parameter as a table, and the place of each in it, from zero."""
    values, name = bindparam(_parameter_name("listed", number), type_=String()), f"wanted_{number}"
    array = cast(func.translate(values, literal_column("'[]'"), literal_column("'{}'")), ARRAY(kind))
    rows = func.unnest(array).table_valued(column("value", kind), with_ordinality="place", name=name)
    value_list = rows.render_derived()
    return value_list, (cast(value_list.c.place, Integer) - _integer_literal(1)).label("place")


@dataclass(frozen=True, slots=True)
class KeyMoment:
    """A key with the bins that it is made of, the last moment, and the digits of the first id that do not count."""

    key: int
    bins: bytes
    moment: datetime
    digits: str


def texts_before(
    connection: Connection, marketplace_id: str, band: int, lookups: Sequence[KeyMoment]
) -> list[list[str]]:
    """The latest texts under each key of a band; the keys of judged texts are a band of their own."""
    keys = [before.key for before in lookups]
    if band != JUDGED:
        keys = halves_of(marketplace_id, np.array(keys, np.int64)).tolist()
    rows = [(at, key, lookup.moment, lookup.digits) for at, (key, lookup) in enumerate(zip(keys, lookups, strict=True))]
    values = {"here": marketplace_id, **_moment_parameters(connection, rows)}
    if band != JUDGED:
        values["bins"] = b"".join(before.bins for before in lookups)
    text_ids: list[list[str]] = [[] for _ in lookups]
    for row in connection.execute(_select_up_to(band, connection.dialect.name), values):
        if row.text_id is not None:
            text_ids[row.at].append(row.text_id)
    return text_ids


def first_observation(version: FromClause) -> ColumnElement[str]:
    first = select(func.min(observation.c.observation_id))
    first = first.where(same(observation, version, "listing_id", "known_at", "version_id"))
    return first.correlate(version).scalar_subquery().label("observation_id")


_MOMENTS: Final = (
    ("at", Integer()),
    ("key", BigInteger()),
    ("moment", UtcTime()),
    ("digits", String()),
    ("order", IdOrder()),
)


def _moment_parameters(connection: Connection, rows: Sequence[tuple[int, int, datetime, str]]) -> dict[str, Any]:
    if connection.dialect.name == "postgresql":
        values = zip(*((*row, row[-1]) for row in rows), strict=True)
        return {name: list(column) for (name, _), column in zip(_MOMENTS, values, strict=True)}
    stored, dialect = UtcTime().process_bind_param, connection.dialect
    return {"moments": json.dumps([(at, key, stored(when, dialect), to, to) for at, key, when, to in rows])}


def _moments_table(dialect: str) -> FromClause:
    """Rows of a number, a key, a moment and an id, from parameters."""
    if dialect == "postgresql":
        arrays = [cast(bindparam(name, type_=ARRAY(kind)), ARRAY(kind)) for name, kind in _MOMENTS]
        columns = [column(name, kind) for name, kind in _MOMENTS]
        return func.unnest(*arrays).table_valued(*columns, name="wanted").render_derived()
    rows = func.json_each(bindparam("moments", type_=String())).table_valued(column("value", String()), name="row")
    parts = [
        func.json_extract(rows.c.value, f"$[{at}]", type_=kind).label(name) for at, (name, kind) in enumerate(_MOMENTS)
    ]
    return select(*parts).subquery("wanted")


def _id_expression(prefix: str, digits: ColumnElement[str]) -> ColumnElement[str]:
    return literal(f"{prefix}_", String()) + digits


@cache
def _select_up_to(band: int, dialect: str) -> Select[Any]:
    """As intake reads the latest texts of a key: an ordered scan, which here begins at the moment."""
    return _select_judged_up_to(dialect) if band == JUDGED else _select_texts_up_to(band, dialect)


def _select_texts_up_to(band: int, dialect: str) -> Select[Any]:
    moments, inner, received = (
        _moments_table(dialect),
        text_signature.alias("inner_text"),
        listing_version.alias("received"),
    )
    bins = bindparam("bins", type_=LargeBinary())
    latest = (
        _received_before(moments, received, select(inner.c.version_id), inner.c.version_id)
        .where(with_key(inner, band, moments.c.key, bins, moments.c.at))
        # A text has its id before its observation, so that the scan of the index begins there.
        .where(inner.c.received < moments.c.order)
        .order_by(inner.c.received.desc())
        .limit(MOST_PER_KEY)
        .correlate(moments)
    )
    in_marketplace = text_signature.c.marketplace_id == HERE
    return join_latest([moments.c.at], moments, latest, text_signature.c.version_id, in_marketplace, dialect)


def _select_judged_up_to(dialect: str) -> Select[Any]:
    moments, inner, received = (
        _moments_table(dialect),
        judged_band.alias("inner_band"),
        listing_version.alias("received"),
    )
    judged = (
        select(verdict.c.verdict_id)
        .join(text_signature, same(text_signature, verdict, "version_id"))
        .where(
            inside(verdict, HERE, listing_id=received.c.listing_id),
            text_signature.c.text_id == inner.c.text_id,
            verdict.c.known_at <= moments.c.moment,
            verdict.c.verdict_id < _id_expression("vdt", moments.c.digits),
        )
    )
    latest = (
        _received_before(moments, received, select(inner.c.text_id), inner.c.text_id)
        .where(inner.c.marketplace_id == HERE, inner.c.band == moments.c.key)
        .where(inner.c.text_id < _id_expression("ver", moments.c.digits))
        .where(judged.correlate(inner, received, moments).exists())
        .order_by(inner.c.text_id.desc())
        .limit(MOST_PER_KEY)
        .correlate(moments)
    )
    of_band = (judged_band.c.marketplace_id == HERE) & (judged_band.c.band == moments.c.key)
    return join_latest([moments.c.at], moments, latest, judged_band.c.text_id, of_band, dialect)


def _received_before(
    moments: FromClause, received: FromClause, texts: Select[tuple[str]], text_id: ColumnElement[str]
) -> Select[tuple[str]]:
    """Those of these texts that had come in by the moment, with the version that brought each."""
    before = (received.c.known_at <= moments.c.moment) & (
        first_observation(received) < _id_expression("obs", moments.c.digits)
    )
    return texts.join(received, inside(received, HERE, version_id=text_id)).where(before)
