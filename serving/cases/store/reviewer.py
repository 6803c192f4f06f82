"""One reviewer's own answers, and other people's answers on the same listings."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, or_, select

from models.case import CaseLane
from models.verdict import Judgement, Side
from serving.appeals.tables import appeal, overturn
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import review_case, verdict
from serving.learning.store.second_reviews import answers_gold_item, is_gold_item
from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import same
from serving.takedowns.store.actions import join_contested
from serving.takedowns.tables import action

_MOST: Final = 5_000
Pair = tuple[Judgement, Judgement]


@dataclass(frozen=True, slots=True)
class DecisionTimes:
    """When a case was opened and when the reviewer decided it."""

    opened_at: datetime
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class OverturnedRemoval:
    """A removal by the reviewer that was overturned later."""

    case_id: str
    external_id: str
    title: str | None
    cause: str
    at: datetime


def decision_times(connection: Connection, user_id: str, since: datetime) -> list[DecisionTimes]:
    """A reviewer's answers since a moment that are not withdrawn, the oldest first."""
    query = (
        select(review_case.c.opened_at, verdict.c.known_at)
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(*_own(user_id, since), STANDS)
        .order_by(verdict.c.known_at)
    )
    return [DecisionTimes(*row) for row in connection.execute(query)]


def answer_times(connection: Connection, user_id: str, since: datetime) -> list[datetime]:
    """The times of a reviewer's answers since a moment, including undone answers."""
    return list(connection.execute(select(verdict.c.known_at).where(*_own(user_id, since))).scalars())


def with_second_reviews(connection: Connection, user_id: str, since: datetime) -> list[Pair]:
    """The reviewer's answers with a colleague's on the same version, where one of the two is a second review."""
    return _answer_pairs(connection, user_id, since, second_review=True)


def with_gold_items(connection: Connection, user_id: str, since: datetime) -> list[Pair]:
    """The reviewer's answers to gold items, each with its label."""
    query = (
        select(verdict.c.judgement, review_case.c.gold_item)
        .join(review_case, same(review_case, verdict, "case_id"))
        .where(*_own(user_id, since), STANDS, is_gold_item())
    )
    known = {1: Judgement.COUNTERFEIT, 0: Judgement.GENUINE}
    return [(Judgement(row.judgement), known[row.gold_item]) for row in connection.execute(query)]


def with_brands(connection: Connection, user_id: str, since: datetime) -> list[Pair]:
    """The reviewer's answers with the brand's later answer on the same version."""
    return _answer_pairs(connection, user_id, since, second_review=False)


def _answer_pairs(connection: Connection, user_id: str, since: datetime, *, second_review: bool) -> list[Pair]:
    unknown = ~answers_gold_item(verdict.c.case_id, verdict.c.marketplace_id)
    own = select(verdict).where(*_own(user_id, since), STANDS, unknown).subquery("own")
    theirs = [
        verdict.c.marketplace_id == own.c.marketplace_id,
        verdict.c.listing_id == own.c.listing_id,
        verdict.c.version_id == own.c.version_id,
        verdict.c.user_id != user_id,
        STANDS,
        unknown,
    ]
    if second_review:
        blind = CaseLane.SECOND_REVIEW.value
        theirs += [verdict.c.side == Side.ANALYST.value, or_(verdict.c.lane == blind, own.c.lane == blind)]
    else:
        theirs += [verdict.c.side == Side.BRAND.value, verdict.c.known_at > own.c.known_at]
    query = select(own.c.judgement, verdict.c.judgement.label("theirs")).where(*theirs).limit(_MOST)
    return [(Judgement(row.judgement), Judgement(row.theirs)) for row in connection.execute(query)]


def appeal_counts(connection: Connection, user_id: str, since: datetime) -> tuple[int, int]:
    """The dismissed and all decided appeals against removals by the reviewer's verdicts."""
    query = (
        select(appeal.c.state)
        .select_from(join_contested(appeal))
        .where(*_own(user_id, since), appeal.c.state.in_(["upheld", "dismissed"]))
    )
    states = list(connection.execute(query).scalars())
    return states.count("dismissed"), len(states)


def overturned_removals(connection: Connection, user_id: str, since: datetime, most: int) -> list[OverturnedRemoval]:
    """Removals by the reviewer's verdicts that were overturned, the latest first."""
    query = (
        select(
            verdict.c.case_id,
            listing.c.external_id,
            listing_version.c.content,
            overturn.c.cause,
            overturn.c.overturned_at,
        )
        .join(action, same(action, verdict, "verdict_id"))
        .join(overturn, same(overturn, action, "action_id"))
        .join(listing, same(listing, verdict, "listing_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(*_own(user_id, since), overturn.c.undone_at.is_(None))
        .order_by(overturn.c.overturned_at.desc(), overturn.c.overturn_id)
        .limit(most)
    )
    return [
        OverturnedRemoval(row.case_id, row.external_id, row.content.get("title"), row.cause, row.overturned_at)
        for row in connection.execute(query)
    ]


def _own(user_id: str, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return verdict.c.user_id == user_id, verdict.c.known_at >= since, verdict.c.side == Side.ANALYST.value
