"""Doubtful labels with their second reviews, among them cases of known class, which measure the reviewers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from models.case import CaseLane, CaseState
from models.labels import VALUES
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Role
from serving.accounts.tables import account, role_grant
from serving.cases.tables import review_case, verdict
from serving.learning.tables import second_review
from serving.listings.tables import listing
from serving.platform.database.scope import inside, same
from serving.platform.database.store import add


def add_doubts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the doubts of one training; `case_id` is set where a second review was requested."""
    add(connection, second_review, rows)


def doubts_of_job(connection: Connection, marketplace_id: str, job_id: str) -> dict[str, str | None]:
    """The versions that a training doubted, each with its case if there is one."""
    query = select(second_review.c.version_id, second_review.c.case_id).where(
        inside(second_review, marketplace_id, job_id=job_id)
    )
    return {row.version_id: row.case_id for row in connection.execute(query)}


def versions_with_review(connection: Connection, marketplace_id: str, version_ids: Collection[str]) -> set[str]:
    """The versions among these with a second review, finished or waiting."""
    query = select(review_case.c.version_id).where(
        review_case.c.marketplace_id == marketplace_id,
        review_case.c.version_id.in_(version_ids),
        review_case.c.lane == CaseLane.SECOND_REVIEW.value,
    )
    return set(connection.execute(query).scalars())


def case_of(connection: Connection, marketplace_id: str, version_id: str) -> str | None:
    """The case of a version's second review; None where none was requested."""
    query = select(review_case.c.case_id).where(
        inside(review_case, marketplace_id, version_id=version_id, lane=CaseLane.SECOND_REVIEW.value),
        review_case.c.gold_item.is_(None),
    )
    case_id: str | None = connection.execute(query).scalar()
    return case_id


@dataclass(frozen=True, slots=True)
class SecondReviews:
    """Labels that the latest training doubted; second reviews requested in all, given, and contradicting the label."""

    doubted: int
    asked_for: int
    answered: int
    overturned: int


def review_counts(connection: Connection, marketplace_id: str) -> SecondReviews:
    in_marketplace = second_review.c.marketplace_id == marketplace_id
    doubted = select(func.count()).where(second_review.c.why == "doubted", _of_latest_training(marketplace_id))
    later = verdict.alias("later")
    standing = (
        select(verdict.c.case_id, verdict.c.judgement)
        .outerjoin(
            later,
            (later.c.marketplace_id == verdict.c.marketplace_id) & (later.c.supersedes_id == verdict.c.verdict_id),
        )
        .where(
            inside(verdict, marketplace_id, lane=CaseLane.SECOND_REVIEW.value),
            verdict.c.judgement != Judgement.WITHDRAWN.value,
            later.c.verdict_id.is_(None),
        )
        .subquery()
    )
    query = (
        select(second_review.c.label, standing.c.judgement)
        .select_from(second_review)
        .outerjoin(standing, standing.c.case_id == second_review.c.case_id)
        .where(in_marketplace, second_review.c.case_id.is_not(None))
    )
    looks = [(row.label, row.judgement) for row in connection.execute(query)]
    judged_labels = [(label, Judgement(judgement)) for label, judgement in looks if judgement is not None]
    overturned = sum(VALUES.get(judgement, label) != label for label, judgement in judged_labels)
    return SecondReviews(connection.execute(doubted).scalar_one(), len(looks), len(judged_labels), overturned)


def _of_latest_training(marketplace_id: str) -> ColumnElement[bool]:
    in_marketplace = second_review.c.marketplace_id == marketplace_id
    jobs = select(second_review.c.job_id).where(in_marketplace).order_by(second_review.c.found_at.desc())
    return in_marketplace & (second_review.c.job_id == jobs.limit(1).scalar_subquery())


@dataclass(frozen=True, slots=True)
class Suspect:
    """A doubtful label: the listing, its label, the prediction of a model that never saw it, and the result.

    `why` is doubted or alone; `case_id` is the second review where one was requested, `second_judgement` its answer.
    """

    external_id: str
    why: str
    label: int
    probability: float | None
    case_id: str | None
    second_judgement: Judgement | None


def suspects(connection: Connection, marketplace_id: str, most: int) -> list[Suspect]:
    """The labels that the latest training doubted, most doubtful first."""
    second_judgement = (
        select(verdict.c.judgement)
        .where(
            verdict.c.marketplace_id == marketplace_id,
            verdict.c.case_id == second_review.c.case_id,
            verdict.c.judgement != Judgement.WITHDRAWN.value,
        )
        .order_by(verdict.c.known_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(second_review, listing.c.external_id, second_judgement.label("second_judgement"))
        .join(listing, same(listing, second_review, "listing_id"))
        .where(_of_latest_training(marketplace_id))
        .order_by(second_review.c.doubt.desc(), second_review.c.version_id)
        .limit(most)
    )
    return [
        Suspect(
            row.external_id,
            row.why,
            row.label,
            row.probability,
            row.case_id,
            Judgement(row.second_judgement) if row.second_judgement else None,
        )
        for row in connection.execute(query)
    ]


def is_gold_item() -> ColumnElement[bool]:
    return review_case.c.gold_item.is_not(None)


def answers_gold_item(case_id: ColumnElement[str], marketplace_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the verdict's case is a gold item.

    A verdict on a gold item gives no label and has no effect on the listing.
    """
    known = select(review_case.c.case_id).where(inside(review_case, marketplace_id, case_id=case_id), is_gold_item())
    return known.exists()


def last_gold_item(connection: Connection, marketplace_id: str) -> tuple[datetime, CaseState] | None:
    """When the latest was opened, and its state; None where there was none."""
    query = (
        select(review_case.c.opened_at, review_case.c.state)
        .where(review_case.c.marketplace_id == marketplace_id, is_gold_item())
        .order_by(review_case.c.opened_at.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.opened_at, CaseState(row.state))


def gold_items_taken(connection: Connection, marketplace_id: str) -> set[str]:
    query = select(review_case.c.version_id).where(review_case.c.marketplace_id == marketplace_id, is_gold_item())
    return set(connection.execute(query).scalars())


def active_analysts(connection: Connection, marketplace_id: str) -> set[str]:
    query = (
        select(role_grant.c.user_id)
        .join(account, account.c.user_id == role_grant.c.user_id)
        .where(inside(role_grant, marketplace_id, role=Role.ANALYST.value), account.c.disabled_at.is_(None))
    )
    return set(connection.execute(query).scalars())


def gold_answers_since(connection: Connection, people: Collection[str], since: datetime, most: int) -> int:
    """The number of answers by these people since a moment, counted up to `most`."""
    answers = (
        select(verdict.c.verdict_id)
        .where(verdict.c.user_id.in_(sorted(people)), verdict.c.known_at > since, verdict.c.side == Side.ANALYST.value)
        .limit(most)
    )
    return int(connection.execute(select(func.count()).select_from(answers.subquery())).scalar_one())


def judges_of_listing(connection: Connection, marketplace_id: str, listing_id: str) -> set[str]:
    """The people who have judged a listing."""
    query = select(verdict.c.user_id).where(inside(verdict, marketplace_id, listing_id=listing_id))
    return set(connection.execute(query).scalars())
