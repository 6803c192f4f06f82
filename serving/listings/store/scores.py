"""Facts, stored verbatim, and the scores and routes computed from them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, func, literal_column, select

from features.facts import Facts, facts_from_json
from features.message import from_json
from models.errors import require
from models.score import reason_from_json
from serving.listings.tables import facts, score
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.scope import HERE, inside
from serving.platform.database.series import read_once
from serving.platform.database.store import add, add_or_ignore

_BATCH: Final = 1_000


def add_facts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert facts, once per digest."""
    add_or_ignore(connection, facts, rows)


def first_reasons(
    connection: Connection, marketplace_id: str, versions: Collection[str], *, since: datetime, most: int
) -> Iterator[Mapping[str, Any]]:
    """Reasons and route reasons of the first score since a moment of each of these versions, of the latest `most`."""
    first: list[str] = []
    ordered = sorted(versions)
    for start in range(0, len(ordered), _BATCH):
        query = (
            select(func.min(score.c.score_id))
            .where(
                score.c.marketplace_id == marketplace_id,
                score.c.version_id.in_(ordered[start : start + _BATCH]),
                score.c.scored_at >= since,
            )
            .group_by(score.c.version_id)
        )
        first += connection.execute(query).scalars()
    score_ids = sorted(first)[-most:]
    for start in range(0, len(score_ids), _BATCH):
        text = select(score.c.version_id, score.c.reasons, score.c.route_reasons).where(
            score.c.marketplace_id == marketplace_id, score.c.score_id.in_(score_ids[start : start + _BATCH])
        )
        yield from (dict(row) for row in connection.execute(text).mappings())


def flagged_counts(
    connection: Connection, marketplace_id: str, scorer: str, thresholds: Sequence[float], since: datetime
) -> tuple[int, ...]:
    """How many first answers of a model since a moment reach each of these probabilities, and how many there are."""
    sums = [func.sum(case((score.c.probability >= threshold, 1), else_=0)) for threshold in thresholds]
    query = select(func.count(), *sums).where(
        score.c.marketplace_id == marketplace_id,
        score.c.scored_at >= since,
        score.c.scorer == scorer,
        score.c.encoder.is_(None),
    )
    total, *counts = connection.execute(query).one()
    return (*(int(count or 0) for count in counts), int(total))


def add_scores(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    add(connection, score, rows)


# Built once, because every decision asks several times.
_SCORE: Final = KeyedQuery(select(score).where(inside(score, HERE, score_id=bindparam("of_score"))))
_NEWEST: Final = KeyedQuery(
    select(score.c.score_id)
    .where(inside(score, HERE, version_id=bindparam("version")))
    .order_by(score.c.scored_at.desc(), score.c.score_id.desc())
    .limit(literal_column("1"))
)
_FACTS: Final = KeyedQuery(select(facts.c.body).where(inside(facts, HERE, digest=bindparam("of_digest"))))
_SCORED_FACTS: Final = KeyedQuery(
    select(facts.c.body)
    .join(score, and_(score.c.marketplace_id == facts.c.marketplace_id, score.c.facts_digest == facts.c.digest))
    .where(inside(score, HERE, score_id=bindparam("of_score")))
)


@read_once(facts)
def facts_of(connection: Connection, marketplace_id: str, digest: str) -> Facts:
    """The facts of a digest. Raises NotFound (there are none)."""
    rows = _FACTS.rows(connection, {"here": marketplace_id, "of_digest": digest})
    return facts_from_json(require(rows or None, "There are no such facts.")[0].body)


@read_once(facts, score)
def scored_facts(connection: Connection, marketplace_id: str, score_id: str) -> Facts:
    """The facts that a score is of, in one statement. Raises NotFound (there is no such score)."""
    rows = _SCORED_FACTS.rows(connection, {"here": marketplace_id, "of_score": score_id})
    return facts_from_json(require(rows or None, "There is no such score.")[0].body)


@read_once(score)
def get(connection: Connection, marketplace_id: str, score_id: str) -> dict[str, Any]:
    """One score as stored, reasons as `Reason`, evidence and route reasons as `Message`.

    Raises NotFound (there is none).
    """
    stored = _SCORE.rows(connection, {"here": marketplace_id, "of_score": score_id})
    row: dict[str, Any] = require(stored or None, "There is no such score.")[0]._asdict()
    row["reasons"] = [reason_from_json(reason) for reason in row["reasons"]]
    row["evidence"] = [from_json(message) for message in row["evidence"]]
    row["route_reasons"] = [from_json(message) for message in row["route_reasons"]]
    return row


def latest_of_version(connection: Connection, marketplace_id: str, version_id: str) -> dict[str, Any]:
    """The newest score of a version, as `get` gives it; every version that was taken in has one.

    Raises NotFound (there is no such version).
    """
    newest = _NEWEST.rows(connection, {"here": marketplace_id, "version": version_id})
    return get(connection, marketplace_id, newest[0].score_id if newest else "")


def lane_counts(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """How many scores went to each lane."""
    query = select(score.c.lane, func.count().label("n")).where(inside(score, marketplace_id)).group_by(score.c.lane)
    return {row.lane: row.n for row in connection.execute(query)}
