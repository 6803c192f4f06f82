"""Facts kept verbatim, and the scores and routes that were drawn from them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from features.facts import Facts, facts_from_json
from models.errors import NotFound
from models.score import Reason
from serving.db.store import add, insert_or_ignore
from serving.db.tables import facts, score


def add_facts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Facts, once per digest."""
    if rows:
        connection.execute(insert_or_ignore(connection, facts), list(rows))


def add_scores(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Scores with their routes."""
    add(connection, score, rows)


def facts_of(connection: Connection, marketplace_id: str, digest: str) -> Facts:
    """The facts of a digest.

    Raises
    ------
    NotFound
        There are none.
    """
    query = select(facts.c.body).where(facts.c.marketplace_id == marketplace_id, facts.c.digest == digest)
    body = connection.execute(query).scalar()
    if body is None:
        raise NotFound("There are no such facts.")
    return facts_from_json(body)


def get(connection: Connection, marketplace_id: str, score_id: str) -> dict[str, Any]:
    """One score as stored, reasons as `Reason`.

    Raises
    ------
    NotFound
        There is none.
    """
    query = select(score).where(score.c.marketplace_id == marketplace_id, score.c.score_id == score_id)
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such score.")
    row = dict(found._mapping)
    row["reasons"] = [Reason(*one) for one in row["reasons"]]
    return row


def routes(connection: Connection, marketplace_id: str) -> dict[str, int]:
    """How many scores went to each lane."""
    query = (
        select(score.c.lane, func.count().label("n"))
        .where(score.c.marketplace_id == marketplace_id)
        .group_by(score.c.lane)
    )
    return {row.lane: row.n for row in connection.execute(query)}
