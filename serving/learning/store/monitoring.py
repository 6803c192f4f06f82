"""Measurements of the live stream: samples of facts, label delays, probabilities beside reviews, explained shifts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, update

from features.facts import Facts, facts_from_json
from models.routing import Lane
from models.verdict import Judgement
from serving.cases.store import chosen
from serving.cases.tables import review_case, verdict
from serving.learning.rules.drift_alarm import Acknowledgement
from serving.learning.tables import drift_acknowledgement, drift_report
from serving.listings.tables import facts, listing, listing_version, score
from serving.notices.store import notices
from serving.platform.clock import Window
from serving.platform.database.row_reader import RowReader, reader
from serving.platform.database.scope import columns, inside, same
from serving.platform.database.store import add

_PARAMETERS: Final = 500


def sample_of_facts(connection: Connection, marketplace_id: str, window: Window, most: int) -> list[Facts]:
    """Facts of at most `most` scores in a window, evenly spaced over it."""
    query = select(score.c.facts_digest).where(*_in_window(marketplace_id, window))
    digests = connection.execute(query.order_by(score.c.scored_at, score.c.score_id)).scalars().all()
    sampled_digests = _evenly_spaced(digests, most)
    bodies: dict[str, Facts] = {}
    for part in _query_groups(sorted(set(sampled_digests))):
        stored = select(facts.c.digest, facts.c.body).where(inside(facts, marketplace_id), facts.c.digest.in_(part))
        bodies |= {row.digest: facts_from_json(row.body) for row in connection.execute(stored)}
    return [bodies[digest] for digest in sampled_digests]


def _evenly_spaced(values: Sequence[str], most: int) -> Sequence[str]:
    """At most `most` of these, evenly spaced, including the last."""
    n = len(values)
    return values if n <= most else [values[-(-(i + 1) * n // most) - 1] for i in range(most)]


def _query_groups(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """Groups of a few hundred, because a query has a limited number of parameters."""
    for start in range(0, len(values), _PARAMETERS):
        yield values[start : start + _PARAMETERS]


@dataclass(frozen=True, slots=True)
class EarlierScore:
    """The first score of a version, with all inputs needed to reproduce it."""

    version_id: str
    external_id: str
    scored_at: datetime
    probability: float | None
    lane: Lane
    inclusion_probability: float
    draw: float
    facts: Facts


_EARLIER_SCORES: Final = RowReader(EarlierScore, facts=facts_from_json)


def earlier_scores(connection: Connection, marketplace_id: str, window: Window, most: int) -> Iterator[EarlierScore]:
    """The first scores of at most `most` versions in a window, evenly spaced, in the order of time."""
    first = select(func.min(score.c.score_id)).where(*_in_window(marketplace_id, window)).group_by(score.c.version_id)
    for part in _query_groups(_evenly_spaced(sorted(connection.execute(first).scalars()), most)):
        query = (
            select(
                score.c.version_id,
                listing.c.external_id,
                *columns(score, "scored_at", "probability", "lane", "inclusion_probability"),
                listing_version.c.draw,
                facts.c.body.label("facts"),
            )
            .join(listing, same(score, listing, "listing_id"))
            .join(listing_version, same(score, listing_version, "version_id"))
            .join(facts, (facts.c.marketplace_id == score.c.marketplace_id) & (facts.c.digest == score.c.facts_digest))
            .where(score.c.marketplace_id == marketplace_id, score.c.score_id.in_(part))
            .order_by(score.c.score_id)
        )
        yield from map(_EARLIER_SCORES.of, connection.execute(query).mappings())


def _in_window(marketplace_id: str, window: Window) -> tuple[ColumnElement[bool], ...]:
    return (score.c.marketplace_id == marketplace_id, score.c.scored_at > window.start, score.c.scored_at <= window.end)


def first_answer_delays(connection: Connection, marketplace_id: str, window: Window) -> list[timedelta | None]:
    """For each version whose first case opened in a window, the delay of its first verdict; None without one."""
    opened = (
        select(review_case.c.version_id, func.min(review_case.c.opened_at).label("at"))
        .where(review_case.c.marketplace_id == marketplace_id)
        .group_by(review_case.c.version_id)
        .subquery()
    )
    answered = (
        select(verdict.c.version_id, func.min(verdict.c.known_at).label("at"))
        .where(verdict.c.marketplace_id == marketplace_id, verdict.c.judgement != Judgement.WITHDRAWN.value)
        .group_by(verdict.c.version_id)
        .subquery()
    )
    query = (
        select(opened.c.at, answered.c.at)
        .outerjoin(answered, answered.c.version_id == opened.c.version_id)
        .where(opened.c.at > window.start, opened.c.at <= window.end)
        .order_by(opened.c.at, opened.c.version_id)
    )
    return [
        None if verdict_at is None else verdict_at - opened_at for opened_at, verdict_at in connection.execute(query)
    ]


class FirstScore(NamedTuple):
    """The first score of a version, its review probability, and whether it was ever reviewed."""

    version_id: str
    scorer: str
    probability: float | None
    scored_at: datetime
    inclusion_probability: float
    reviewed: bool
    lane: Lane


def first_scores(
    connection: Connection, marketplace_id: str, window: Window, *, brand_id: str | None = None
) -> Iterator[FirstScore]:
    """The first score of each version in a window, and whether a case was ever opened on it.

    A case that a brand's report opened does not count as a review: it keeps the chance of its score.
    With `brand_id`, only the listings of this brand.
    """
    opened = select(review_case.c.version_id).where(
        review_case.c.marketplace_id == marketplace_id, review_case.c.opened_at > window.start
    )
    reported = set(connection.execute(chosen.versions_opened_by_report(marketplace_id, window.end)).scalars())
    reviewed = set(connection.execute(opened).scalars()) - reported
    by_choice = (
        notices.reviewed_for_a_notice(marketplace_id, window.end),
        chosen.versions_opened_by_choice(marketplace_id, window.end),
    )
    certain = {version_id for query in by_choice for version_id in connection.execute(query).scalars()} - reported
    query = (
        select(*columns(score, "version_id", "scorer", "probability", "scored_at", "inclusion_probability", "lane"))
        .where(*_in_window(marketplace_id, window))
        .order_by(score.c.score_id)
    )
    if brand_id is not None:
        query = query.join(listing_version, same(score, listing_version, "version_id")).where(
            listing_version.c.brand_id == brand_id
        )
    seen: set[str] = set()
    for version_id, scorer, probability, at, chance, lane in connection.execution_options(yield_per=1_000).execute(
        query
    ):
        if version_id not in seen:
            seen.add(version_id)
            # A notice caused the review, whatever the random draw was.
            due = 1.0 if version_id in certain else chance
            yield FirstScore(version_id, scorer, probability, at, due, version_id in reviewed, Lane(lane))


def add_drift_report(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, drift_report, [row])


def drift_reports(connection: Connection, marketplace_id: str, most: int) -> list[tuple[datetime, Mapping[str, Any]]]:
    """The newest reports with their times, oldest of them first."""
    query = (
        select(drift_report.c.made_at, drift_report.c.report)
        .where(drift_report.c.marketplace_id == marketplace_id)
        .order_by(drift_report.c.made_at.desc(), drift_report.c.report_id.desc())
        .limit(most)
    )
    return [(row.made_at, row.report) for row in connection.execute(query)][::-1]


def latest_drift_report(connection: Connection, marketplace_id: str) -> tuple[datetime, Mapping[str, Any]] | None:
    """The time and content of the newest report."""
    query = (
        select(drift_report.c.made_at, drift_report.c.report)
        .where(drift_report.c.marketplace_id == marketplace_id)
        .order_by(drift_report.c.made_at.desc(), drift_report.c.report_id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.made_at, row.report)


def add_acknowledgement(connection: Connection, row: Mapping[str, Any]) -> None:
    add(connection, drift_acknowledgement, [row])


def acknowledgements_in_force(
    connection: Connection, marketplace_id: str, champion: str | None
) -> list[Acknowledgement]:
    """The acknowledgements beside a champion that nobody withdrew, oldest first."""
    query = (
        select(
            drift_acknowledgement,
            drift_acknowledgement.c.acknowledged_by.label("by"),
            drift_acknowledgement.c.acknowledged_at.label("at"),
        )
        .where(
            inside(drift_acknowledgement, marketplace_id),
            drift_acknowledgement.c.champion.is_not_distinct_from(champion),
            drift_acknowledgement.c.withdrawn_at.is_(None),
        )
        .order_by(drift_acknowledgement.c.acknowledged_at, drift_acknowledgement.c.acknowledgement_id)
    )
    return reader(Acknowledgement).all(connection, query)


def withdraw_acknowledgement(
    connection: Connection, marketplace_id: str, acknowledgement_id: str, at: datetime
) -> str | None:
    """Withdraw an acknowledgement; returns its feature, or None where there is none that stands."""
    stands = (
        inside(drift_acknowledgement, marketplace_id, acknowledgement_id=acknowledgement_id),
        drift_acknowledgement.c.withdrawn_at.is_(None),
    )
    feature: str | None = connection.execute(select(drift_acknowledgement.c.feature).where(*stands)).scalar()
    connection.execute(update(drift_acknowledgement).where(*stands).values(withdrawn_at=at))
    return feature
