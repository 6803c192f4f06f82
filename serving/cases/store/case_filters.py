"""The open cases in the order of the queue, by a scan of one index; the fields of filters, and facets.

SQLite knows how many values a column is expected to have (ADR 60), but not how often each occurs. It may choose an
index of marketplace and lane that matches almost everything and must sort it (450 ms for fifty rows of 100,000, against
0.1 ms by the ordered scan). A plus before a column stops SQLite from using an index on it. PostgreSQL counts values.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.score import Score
from serving.brands.tables import brand
from serving.cases.tables import review_case
from serving.listings.tables import listing_version, score

# Written as a literal, because a partial index serves only a query with this condition as a literal.
IS_OPEN: Final[ColumnElement[bool]] = review_case.c.state == literal_column("'open'")


class _UnindexedColumn(FunctionElement[Any]):
    inherit_cache = True


@compiles(_UnindexedColumn)
def _compile_plain(element: _UnindexedColumn, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_UnindexedColumn, "sqlite")
def _compile_unindexed(element: _UnindexedColumn, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


def _without_index(column: Any) -> _UnindexedColumn:
    scanned_column = _UnindexedColumn(column)
    scanned_column.type = column.type
    return scanned_column


# The columns of `review_case` without the use of their indexes.
SCANNED: Final = SimpleNamespace(**{column.name: _without_index(column) for column in review_case.c})


# Built once, because every intake may execute them.
_VERSIONS: Final = select(
    listing_version.c.version_id, listing_version.c.seller_external_id, listing_version.c.content
).where(
    listing_version.c.marketplace_id.in_(bindparam("marketplace_id", expanding=True)),
    listing_version.c.version_id.in_(bindparam("version_id", expanding=True)),
)
_SCORES: Final = select(score.c.score_id, score.c.value, score.c.probability).where(
    score.c.marketplace_id.in_(bindparam("marketplace_id", expanding=True)),
    score.c.score_id.in_(bindparam("score_id", expanding=True)),
)


def filter_fields(seller: str | None, language: str | None, score: Score) -> dict[str, Any]:
    """The fields of a case on a version of this seller in this language, with this score."""
    return _filter_fields(seller, language, score.probability, score.value)


def has_filters(row: Mapping[str, Any]) -> bool:
    """Whether a row has its fields already, so that nothing is read for it."""
    return "chance" in row


def with_filters(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows of new cases with their fields, which are read for those that lack them."""
    lacking = [row for row in rows if not has_filters(row)]
    read = _read(connection, lacking) if lacking else {}
    return [{"relisted": False, "gold_item": None, **read.get(row["case_id"], {}), **row} for row in rows]


def _read(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    parameters = {name: sorted({row[name] for row in rows}) for name in ("marketplace_id", "version_id", "score_id")}
    listings = {row.version_id: row for row in connection.execute(_VERSIONS, parameters)}
    scores = {row.score_id: row for row in connection.execute(_SCORES, parameters)}
    fields = {}
    for row in rows:
        version, scored = listings[row["version_id"]], scores[row["score_id"]]
        language = version.content.get("language")
        fields[row["case_id"]] = _filter_fields(version.seller_external_id, language, scored.probability, scored.value)
    return fields


def _filter_fields(
    seller: str | None, language: str | None, probability: float | None, score_value: float
) -> dict[str, Any]:
    return {
        "seller_external_id": seller,
        "language": language,
        "chance": probability,
        "points": score_value if probability is None else None,
    }


@dataclass(frozen=True, slots=True)
class Facet:
    """A value with the number of open cases that have it; `value` is None for the cases without one."""

    value: str | None
    name: str | None
    number: int


def facets_of_brands(connection: Connection, marketplaces: Collection[str]) -> list[Facet]:
    """The brands of open cases, by name; the cases without one come last."""
    counted = (
        select(review_case.c.brand_id, func.count().label("n"))
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), IS_OPEN)
        .group_by(review_case.c.brand_id)
        .subquery()
    )
    query = select(counted.c.brand_id, brand.c.name, counted.c.n).outerjoin(
        brand, brand.c.brand_id == counted.c.brand_id
    )
    facets = [Facet(*row) for row in connection.execute(query)]
    return sorted(facets, key=lambda facet: (facet.name is None, (facet.name or "").casefold()))


def facets_of_languages(connection: Connection, marketplaces: Collection[str]) -> list[Facet]:
    """The languages of open cases, the most frequent first; the cases without one come last."""
    query = (
        select(review_case.c.language, func.count().label("n"))
        .where(review_case.c.marketplace_id.in_(sorted(marketplaces)), IS_OPEN)
        .group_by(review_case.c.language)
    )
    facets = [Facet(row.language, row.language, row.n) for row in connection.execute(query)]
    return sorted(facets, key=lambda facet: (facet.value is None, -facet.number, facet.value or ""))
