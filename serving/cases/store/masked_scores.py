"""First answers on cases with a masked score, sampled at random, and on the others of the same population."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, select, tuple_

from models.verdict import Judgement, Side
from serving.cases.rules.masked_score import Answers
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import same

_EARLIER: Final = verdict.alias("earlier")
_LATER_THAN_ANOTHER: Final = (
    select(_EARLIER.c.verdict_id)
    .where(
        same(_EARLIER, verdict, "case_id"),
        tuple_(_EARLIER.c.known_at, _EARLIER.c.verdict_id) < tuple_(verdict.c.known_at, verdict.c.verdict_id),
    )
    .exists()
)


def first_answer_counts(connection: Connection, marketplace_id: str, since: datetime) -> tuple[Answers, Answers]:
    """First answers of a marketplace without the score and with it, on cases with a positive sampling probability.

    Only the first answer counts: later answers, or a new answer after an undo, may know the score.
    """
    return _count_answers(connection, verdict.c.marketplace_id == marketplace_id, since)


def first_answer_counts_of(connection: Connection, user_id: str, since: datetime) -> tuple[Answers, Answers]:
    """As `first_answers`, for one reviewer at all marketplaces; cases that somebody answered before are left out."""
    return _count_answers(connection, verdict.c.user_id == user_id, since)


def _count_answers(connection: Connection, whose: ColumnElement[bool], since: datetime) -> tuple[Answers, Answers]:
    accused = func.sum(case((verdict.c.judgement == Judgement.COUNTERFEIT.value, 1), else_=0))
    query = (
        select(review_case.c.score_masked, func.count().label("number"), accused.label("counterfeit"))
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(
            whose,
            verdict.c.side == Side.ANALYST.value,
            verdict.c.known_at >= since,
            review_case.c.masked_share > 0,
            ~_LATER_THAN_ANOTHER,
        )
        .group_by(review_case.c.score_masked)
    )
    by_masking = {bool(row.score_masked): Answers(row.number, row.counterfeit) for row in connection.execute(query)}
    return by_masking.get(True, Answers()), by_masking.get(False, Answers())
