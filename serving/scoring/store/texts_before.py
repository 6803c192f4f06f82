"""The latest texts under a key up to a moment: as `texts_under_keys`, with scans that begin at the moment."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    String,
    bindparam,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from serving.cases.tables import verdict
from serving.listings.store.signatures import halves_of
from serving.listings.tables import judged_band, listing_version, observation, text_signature
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.types import IdOrder, UtcTime
from serving.scoring.store.texts_under_keys import JUDGED, MOST_PER_KEY, joined, with_key


@dataclass(frozen=True, slots=True)
class Before:
    """A key with the bins that it is made of, the last moment, and the digits of the first id that do not count."""

    key: int
    bins: bytes
    moment: datetime
    digits: str


def texts_before(connection: Connection, marketplace_id: str, band: int, wanted: Sequence[Before]) -> list[list[str]]:
    """The latest texts under each key of a band; the keys of judged texts are a band of their own."""
    keys = [one.key for one in wanted]
    if band != JUDGED:
        keys = halves_of(marketplace_id, np.array(keys, np.int64)).tolist()
    rows = [(at, key, one.moment, one.digits) for at, (key, one) in enumerate(zip(keys, wanted, strict=True))]
    values = {"here": marketplace_id, **_as_moments(connection, rows)}
    if band != JUDGED:
        values["bins"] = b"".join(one.bins for one in wanted)
    found: list[list[str]] = [[] for _ in wanted]
    for row in connection.execute(_up_to(band, connection.dialect.name), values):
        if row.text_id is not None:
            found[row.at].append(row.text_id)
    return found


def came_with(version: FromClause) -> ColumnElement[str]:
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


def _as_moments(connection: Connection, rows: Sequence[tuple[int, int, datetime, str]]) -> dict[str, Any]:
    if connection.dialect.name == "postgresql":
        values = zip(*((*row, row[-1]) for row in rows), strict=True)
        return {name: list(column) for (name, _), column in zip(_MOMENTS, values, strict=True)}
    stored, dialect = UtcTime().process_bind_param, connection.dialect
    return {"moments": json.dumps([(at, key, stored(when, dialect), to, to) for at, key, when, to in rows])}


def _moments(dialect: str) -> FromClause:
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


def _id_of(prefix: str, digits: ColumnElement[str]) -> ColumnElement[str]:
    return literal(f"{prefix}_", String()) + digits


@cache
def _up_to(band: int, dialect: str) -> Select[Any]:
    """As intake reads the latest texts of a key: an ordered scan, which here begins at the moment."""
    return _judged_up_to(dialect) if band == JUDGED else _texts_up_to(band, dialect)


def _texts_up_to(band: int, dialect: str) -> Select[Any]:
    wanted, inner, received = _moments(dialect), text_signature.alias("inner_text"), listing_version.alias("received")
    bins = bindparam("bins", type_=LargeBinary())
    latest = (
        _before(wanted, received, select(inner.c.version_id), inner.c.version_id)
        .where(with_key(inner, band, wanted.c.key, bins, wanted.c.at))
        # A text has its id before its observation, so that the scan of the index begins there.
        .where(inner.c.received < wanted.c.order)
        .order_by(inner.c.received.desc())
        .limit(MOST_PER_KEY)
        .correlate(wanted)
    )
    here = text_signature.c.marketplace_id == HERE
    return joined([wanted.c.at], wanted, latest, text_signature.c.version_id, here, dialect)


def _judged_up_to(dialect: str) -> Select[Any]:
    wanted, inner, received = _moments(dialect), judged_band.alias("inner_band"), listing_version.alias("received")
    judged = (
        select(verdict.c.verdict_id)
        .join(text_signature, same(text_signature, verdict, "version_id"))
        .where(
            inside(verdict, HERE, listing_id=received.c.listing_id),
            text_signature.c.text_id == inner.c.text_id,
            verdict.c.known_at <= wanted.c.moment,
            verdict.c.verdict_id < _id_of("vdt", wanted.c.digits),
        )
    )
    latest = (
        _before(wanted, received, select(inner.c.text_id), inner.c.text_id)
        .where(inner.c.marketplace_id == HERE, inner.c.band == wanted.c.key)
        .where(inner.c.text_id < _id_of("ver", wanted.c.digits))
        .where(judged.correlate(inner, received, wanted).exists())
        .order_by(inner.c.text_id.desc())
        .limit(MOST_PER_KEY)
        .correlate(wanted)
    )
    here = (judged_band.c.marketplace_id == HERE) & (judged_band.c.band == wanted.c.key)
    return joined([wanted.c.at], wanted, latest, judged_band.c.text_id, here, dialect)


def _before(
    wanted: FromClause, received: FromClause, texts: Select[tuple[str]], text_id: ColumnElement[str]
) -> Select[tuple[str]]:
    """Those of these texts that had come in by the moment, with the version that brought each."""
    before = (received.c.known_at <= wanted.c.moment) & (came_with(received) < _id_of("obs", wanted.c.digits))
    return texts.join(received, inside(received, HERE, version_id=text_id)).where(before)
