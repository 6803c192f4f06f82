"""The latest texts under each key of some signatures: an ordered scan of at most `MOST_PER_KEY` entries for each key.

Judged texts have a row for each key. Others have their sixteen keys in their own row, so that each band of keys has an
index and a part of the query of its own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self

import numpy as np
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
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from features.minhash import BANDS, Signature, band_keys
from serving.listings.store.signatures import BINS_BYTES, bins_of, halves_of
from serving.listings.tables import TEXT_BANDS, judged_band, text_signature
from serving.platform.database.planning import plans_kept
from serving.platform.database.scope import HERE

MOST_PER_KEY: Final = 16
JUDGED: Final = BANDS  # Judged texts, as if they were a band of their own.

Under = dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class BandKeys:
    """Different keys of one band with what the table has of each: half of the key, and the bins that it is made of."""

    keys: Sequence[int]
    halves: Sequence[int]
    bins: bytes

    @classmethod
    def of(cls, marketplace_id: str, bins: dict[int, bytes]) -> Self:
        """Those with these bins, by key."""
        keys = np.fromiter(bins, np.int64, len(bins))
        return cls(list(bins), halves_of(marketplace_id, keys).tolist(), b"".join(bins.values()))


def under(connection: Connection, marketplace_id: str, signatures: Sequence[Signature]) -> tuple[Under, Under]:
    """The latest judged texts and the latest texts under each key of these; ids are in the order of receipt."""
    found: tuple[Under, Under] = defaultdict(list), defaultdict(list)
    if not signatures:
        return found
    bins: list[dict[int, bytes]] = [{} for _ in range(BANDS)]
    for signature in signatures:
        for of_band, key, made_of in zip(bins, band_keys(signature).tolist(), bins_of(signature), strict=True):
            of_band[key] = made_of
    bands = [BandKeys.of(marketplace_id, of_band) for of_band in bins]
    every = sorted({key for band in bands for key in band.keys})
    values: dict[str, Any] = {"here": marketplace_id, _named("listed", JUDGED): _list(every)}
    for number, band in enumerate(bands):
        values |= {_named("listed", number): _list(band.halves), _named("bins", number): band.bins}
    keys = [*(band.keys for band in bands), every]
    with plans_kept(connection):
        rows = connection.execute(_latest_of_all(connection.dialect.name), values).all()
    for number, at, text_id in rows:
        if text_id is not None:
            found[0 if number == JUDGED else 1][keys[number][at]].append(text_id)
    return found


def _named(name: str, number: int) -> str:
    return f"{name}_{number}"


def _list(values: Sequence[int]) -> str:
    """A list of integers, which both engines read faster than the driver makes one of them."""
    return f"[{','.join(map(str, values))}]"


@cache
def _latest_of_all(dialect: str) -> CompoundSelect[Any]:
    """All parts in one query, because a query costs more than its rows."""
    return union_all(*(_latest(number, dialect) for number in range(BANDS)), _latest_judged(dialect))


def _latest_judged(dialect: str) -> Select[Any]:
    wanted, place = _listed(JUDGED, BigInteger(), dialect)
    inner = judged_band.alias("inner_band")
    latest = select(inner.c.text_id).where(inner.c.marketplace_id == HERE, inner.c.band == wanted.c.value)
    latest = latest.order_by(inner.c.text_id.desc()).limit(_number(MOST_PER_KEY)).correlate(wanted)
    here = (judged_band.c.marketplace_id == HERE) & (judged_band.c.band == wanted.c.value)
    return joined([_number(JUDGED).label("number"), place], wanted, latest, judged_band.c.text_id, here, dialect)


def _latest(number: int, dialect: str) -> Select[Any]:
    wanted, place = _listed(number, Integer(), dialect)
    inner = text_signature.alias("inner_text")
    latest = select(inner.c.version_id).where(
        with_key(inner, number, wanted.c.value, bindparam(_named("bins", number), type_=LargeBinary()), place)
    )
    latest = latest.order_by(inner.c.received.desc()).limit(_number(MOST_PER_KEY)).correlate(wanted)
    here = text_signature.c.marketplace_id == HERE
    return joined([_number(number).label("number"), place], wanted, latest, text_signature.c.version_id, here, dialect)


def with_key(
    texts: FromClause, number: int, half: ColumnElement[int], bins: ColumnElement[Any], place: ColumnElement[int]
) -> ColumnElement[bool]:
    """Whether a text has a key of this band. `bins` are those of all wanted keys; this key's are at `place`.

    The marketplace is part of the half, so that the scan of the index meets no texts of others.
    """
    own = func.substr(texts.c.signature, _number(number * BINS_BYTES + 1), _number(BINS_BYTES))
    theirs = func.substr(bins, place * _number(BINS_BYTES) + _number(1), _number(BINS_BYTES))
    return (texts.c[TEXT_BANDS[number]] == half) & (texts.c.marketplace_id == HERE) & (own == theirs)


def joined(
    columns: Sequence[ColumnElement[Any]],
    wanted: FromClause,
    latest: Select[Any],
    text_id: Column[str],
    here: ColumnElement[bool],
    dialect: str,
) -> Select[Any]:
    """Each wanted row with its latest texts: by LATERAL on PostgreSQL, which SQLite lacks.

    On SQLite a correlated IN bounds the same scan; PostgreSQL would compute it again for each entry. A row without
    texts has one null, because every join to a list is an outer join.
    """
    if dialect == "postgresql":
        side = latest.lateral("latest")
        return select(*columns, side.c[text_id.name].label("text_id")).select_from(wanted.join(side, true()))
    found = wanted.outerjoin(text_id.table, here & text_id.in_(latest))
    return select(*columns, text_id.label("text_id")).select_from(found)


def _number(number: int) -> ColumnElement[int]:
    return literal_column(str(number), Integer())


def _listed(number: int, kind: Integer, dialect: str) -> tuple[FromClause, ColumnElement[int]]:
    """The values of one parameter as a table, and the place of each in it, from zero."""
    values, name = bindparam(_named("listed", number), type_=String()), f"wanted_{number}"
    if dialect == "postgresql":
        array = cast(func.translate(values, literal_column("'[]'"), literal_column("'{}'")), ARRAY(kind))
        rows = func.unnest(array).table_valued(column("value", kind), with_ordinality="place", name=name)
        wanted = rows.render_derived()
        return wanted, (cast(wanted.c.place, Integer) - _number(1)).label("place")
    listed = func.json_each(values).table_valued(column("key", Integer()), column("value", kind), name=name)
    return listed, listed.c.key.label("place")
