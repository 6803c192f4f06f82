"""Snapshots, training jobs, models and promotions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, case, or_, select, tuple_, update

from models.case import BLIND_LANES
from models.errors import Conflict, NotFound, require
from serving.cases.store import chosen
from serving.cases.tables import review_case, verdict
from serving.learning.tables import model, promotion, snapshot, training_job
from serving.listings.tables import facts, listing_version, score
from serving.notices.store import notices
from serving.platform.database.pages import page
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import columns, inside, same
from serving.platform.database.store import add, insert_or_ignore

_UNDER_WAY: Final = ("waiting", "running")
_BLIND: Final = [lane.value for lane in BLIND_LANES]


@dataclass(frozen=True, slots=True)
class Job:
    """A training job as stored; `cause` is None where somebody requested it."""

    marketplace_id: str
    job_id: str
    state: str
    progress: Mapping[str, Any]
    snapshot_id: str | None
    digest: str | None
    error: str | None
    requested_by: str
    cause: Mapping[str, Any] | None
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model with the figures of its report."""

    digest: str
    fingerprint: str
    job_id: str
    report: Mapping[str, Any]
    mlflow_run_id: str | None
    mlflow_version: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Promotion:
    """One change of the champion."""

    promotion_id: str
    digest: str
    kind: str
    promoted_by: str
    note: str
    promoted_at: datetime


def scored_reviewed_versions(
    connection: Connection, marketplace_id: str, as_of: datetime
) -> Iterator[Mapping[str, Any]]:
    """For each version judged by a moment: facts, inclusion probability, and lane of the score in its first case.

    A version first reviewed because of a notice or because a person chose it was not part of the random sampling: it
    represents itself alone.
    """
    certain = or_(
        score.c.version_id.in_(notices.reviewed_for_a_notice(marketplace_id, as_of)),
        score.c.version_id.in_(chosen.versions_opened_by_choice(marketplace_id, as_of)),
    )
    earlier = review_case.alias("earlier")
    seen_before = (
        select(earlier.c.case_id)
        .where(
            same(earlier, review_case, "version_id"),
            earlier.c.lane.not_in(_BLIND),
            tuple_(earlier.c.opened_at, earlier.c.case_id) < tuple_(review_case.c.opened_at, review_case.c.case_id),
        )
        .exists()
    )
    first = (
        select(review_case.c.version_id, review_case.c.score_id)
        .where(
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.lane.not_in(_BLIND),
            review_case.c.opened_at <= as_of,
            ~seen_before,
            review_case.c.version_id.in_(
                select(verdict.c.version_id).where(
                    verdict.c.marketplace_id == marketplace_id,
                    verdict.c.lane.not_in(_BLIND),
                    verdict.c.judgement != "withdrawn",
                    verdict.c.known_at <= as_of,
                )
            ),
        )
        .subquery()
    )
    query = (
        select(
            score.c.version_id,
            score.c.listing_id,
            case((certain, 1.0), else_=score.c.inclusion_probability).label("inclusion_probability"),
            *columns(score, "lane", "scored_at", "probability"),
            *columns(listing_version, "seller_external_id", "brand_id", "brand_named_at", "known_at"),
            facts.c.body,
        )
        .join(first, (first.c.version_id == score.c.version_id) & (first.c.score_id == score.c.score_id))
        .join(listing_version, same(listing_version, score, "version_id"))
        .join(facts, (facts.c.marketplace_id == score.c.marketplace_id) & (facts.c.digest == score.c.facts_digest))
        .where(score.c.marketplace_id == marketplace_id)
        .order_by(score.c.scored_at, score.c.score_id)
    )
    for row in connection.execution_options(yield_per=500).execute(query).mappings():
        yield dict(row)


def add_snapshot(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a snapshot whose file is written."""
    add(connection, snapshot, [row])


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A written snapshot, and the models trained from it, newest first."""

    snapshot_id: str
    digest: str
    rows: int
    positives: int
    as_of: datetime
    models: tuple[str, ...]


def snapshots(connection: Connection, marketplace_id: str, most: int) -> list[StoredSnapshot]:
    """The latest snapshots, newest first."""
    query = (
        select(snapshot)
        .where(snapshot.c.marketplace_id == marketplace_id)
        .order_by(snapshot.c.created_at.desc(), snapshot.c.snapshot_id.desc())
        .limit(most)
    )
    rows = connection.execute(query).all()
    used: dict[str, list[str]] = {row.snapshot_id: [] for row in rows}
    trained = (
        select(training_job.c.snapshot_id, training_job.c.digest)
        .where(
            training_job.c.marketplace_id == marketplace_id,
            training_job.c.snapshot_id.in_(used),
            training_job.c.digest.is_not(None),
        )
        .order_by(training_job.c.created_at.desc())
    )
    for row in connection.execute(trained):
        used[row.snapshot_id].append(row.digest)
    return [
        StoredSnapshot(row.snapshot_id, row.digest, row.rows, row.positives, row.as_of, tuple(used[row.snapshot_id]))
        for row in rows
    ]


def get_snapshot(connection: Connection, marketplace_id: str, snapshot_id: str) -> StoredSnapshot:
    """One snapshot. Raises NotFound (this marketplace has no such snapshot)."""
    matches = [
        stored_snapshot
        for stored_snapshot in snapshots(connection, marketplace_id, 10_000)
        if stored_snapshot.snapshot_id == snapshot_id
    ]
    return require(matches[0] if matches else None, "There is no such snapshot.")


def add_job(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a waiting job."""
    add(connection, training_job, [row])


def get_job(connection: Connection, marketplace_id: str, job_id: str) -> Job:
    """One job. Raises NotFound (this marketplace has no such job)."""
    query = select(training_job).where(inside(training_job, marketplace_id, job_id=job_id))
    return require(reader(Job).single(connection, query), "There is no such training job.")


def jobs(connection: Connection, marketplace_id: str, most: int, after: str | None = None) -> list[Job]:
    """The latest jobs, newest first; or those behind the job `after`."""
    order = (training_job.c.created_at.desc(), training_job.c.job_id.desc())
    query = select(training_job).where(training_job.c.marketplace_id == marketplace_id)
    query = page(connection, query, {marketplace_id}, after, *order).limit(most)
    return reader(Job).all(connection, query)


def update_job(
    connection: Connection, marketplace_id: str, job_id: str, values: Mapping[str, Any], of: Sequence[str] = _UNDER_WAY
) -> None:
    """Change a job that is in one of these states; by default one that has not ended."""
    is_job = inside(training_job, marketplace_id, job_id=job_id)
    connection.execute(update(training_job).where(is_job, training_job.c.state.in_(of)).values(**values))


def add_model(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a trained model; a repeated training of the same bundle changes nothing."""
    connection.execute(insert_or_ignore(connection, model), [dict(row)])


def track_model(connection: Connection, marketplace_id: str, digest: str, run_id: str, version: str) -> None:
    """Record where MLflow has a model that it did not have before."""
    untracked = model.c.mlflow_version.is_(None)
    values = {"mlflow_run_id": run_id, "mlflow_version": version}
    connection.execute(update(model).where(inside(model, marketplace_id, digest=digest), untracked).values(values))


def get_model(connection: Connection, marketplace_id: str, digest: str) -> Model:
    """The model whose digest starts with `digest`.

    Raises NotFound (no model has it) or Conflict (several models have it).
    """
    query = select(model).where(inside(model, marketplace_id), model.c.digest.startswith(digest, autoescape=True))
    matches = reader(Model).all(connection, query)
    if not matches:
        raise NotFound("There is no such model.")
    if len(matches) > 1:
        raise Conflict("{digest} is the beginning of {n} digests; give more of it.", digest=digest, n=len(matches))
    return matches[0]


def models(connection: Connection, marketplace_id: str, most: int, after: str | None = None) -> list[Model]:
    """The latest models, newest first; or those behind the model `after`."""
    query = select(model).where(model.c.marketplace_id == marketplace_id)
    query = page(connection, query, {marketplace_id}, after, model.c.created_at.desc(), model.c.digest).limit(most)
    return reader(Model).all(connection, query)


def add_promotion(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert a change of the champion."""
    add(connection, promotion, [row])


def promotions(connection: Connection, marketplace_id: str) -> list[Promotion]:
    """Every change of the champion, newest first; the first is in force."""
    query = (
        select(promotion)
        .where(promotion.c.marketplace_id == marketplace_id)
        .order_by(promotion.c.promoted_at.desc(), promotion.c.promotion_id.desc())
    )
    return reader(Promotion).all(connection, query)


def champions(connection: Connection) -> dict[str, str]:
    """The champion's digest of each marketplace that has one."""
    query = select(promotion.c.marketplace_id, promotion.c.digest).order_by(
        promotion.c.promoted_at, promotion.c.promotion_id
    )
    return {row.marketplace_id: row.digest for row in connection.execute(query)}
