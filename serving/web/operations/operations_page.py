"""Operations overview: volumes, queues, the circuit breaker, and the health of every part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.case import CaseLane
from models.policies.deciding import EnforcementPolicy
from models.policies.learning import SecondReviewPolicy
from models.routing import Lane
from serving.accounts.rules.access import Permission, Person
from serving.cases.store.queue_positions import QueueAge, queue_ages
from serving.guards import Promoter, TheRuntime, Watcher
from serving.learning.store import monitoring
from serving.operations.service.breaker import close_breaker
from serving.operations.service.health import health_of
from serving.operations.store import volumes
from serving.platform.runtime import ByClass, Runtime
from serving.reports.store.good_faith import Scope
from serving.scoring.policy import BreakerPolicy
from serving.scoring.store import breakers
from serving.standing.service import audits_a_day
from serving.standing.store import standings
from serving.takedowns.store import approvals, removal_checks
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.bar_charts import AgeBox, age_box
from serving.web.brand.reports.reported_part import reported_part
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_REASON, Fields
from serving.web.operations.health_part import TONES, health_rows
from serving.web.rendering import StaffPage, respond
from serving.web.series_charts import Layer, StackedArea, stacked_area
from serving.web.text_view import EACH, STEPS, Span, period_starts, span_choices, span_of
from serving.web.wording import words
from serving.web.wording.vocabulary import LANES, ROUTES, LaneName
from serving.webhooks.rules.action import ActionState
from serving.webhooks.store import delivery_counts as outgoing


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue with its usual limit; without open cases it has neither age nor box."""

    lane: LaneName
    age: QueueAge | None
    box: AgeBox | None
    limit: timedelta


def queue_rows(connection: Connection, marketplace_id: str, policies: ByClass, now: datetime) -> tuple[QueueRow, ...]:
    """Every queue, including empty ones."""
    ages = queue_ages(connection, marketplace_id, now)
    return tuple(_queue_row(lane, ages.get(lane.lane), _lane_limit(lane.lane, policies), now) for lane in LANES)


def _lane_limit(lane: CaseLane, policies: ByClass) -> timedelta:
    """The usual limit of a lane's cases; some cases have deadlines of their own."""
    if lane is CaseLane.ASK_BRAND:
        return timedelta(hours=policies[EnforcementPolicy].brand_answers_within_hours)
    if lane is CaseLane.SECOND_REVIEW:
        return timedelta(days=policies[SecondReviewPolicy].due_within_days)
    return timedelta(hours=policies[EnforcementPolicy].analyst_decides_within_hours)


def _queue_row(lane: LaneName, age: QueueAge | None, limit: timedelta, now: datetime) -> QueueRow:
    if age is None:
        return QueueRow(lane, None, None, limit)
    short, middle, long, oldest = (
        max(0.0, round((now - since).total_seconds() / 3600, 1))
        for since in (age.short_waiting, age.middle, age.long_waiting, age.oldest)
    )
    return QueueRow(lane, age, age_box(short, middle, long, oldest, round(limit.total_seconds() / 3600, 1)), limit)


router = APIRouter(include_in_schema=False)
PLACE: Final = "/operations"
_LATELY: Final = timedelta(days=30)
_MOST_TIMES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its label and its base; `tone` is the class of a number that needs attention."""

    value: str
    name: str
    rests_on: str
    tone: str = ""


@router.get(PLACE)
def get_operations(request: Request, runtime: TheRuntime, session: Watcher, by: str | None = None) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_OPERATIONS, request.query_params)
    return respond(request, operations_page(runtime, session.person, scope, span_of(by)), session)


@router.post(f"{PLACE}/breaker")
def post_close_breaker(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Close the circuit breaker, so that the model asks brands again."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    reason = fields.get("reason", "")[:LONGEST_REASON]
    close_breaker(runtime, scope.chosen, by=session.person.actor, reason=reason)
    return go_to(request, scope.at(PLACE), Flash.BREAKER_CLOSED)


def operations_page(runtime: Runtime, person: Person, scope: PlaceScope, span: Span) -> StaffPage:
    marketplace_id, now = scope.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        breaker = breakers.breaker_of(connection, marketplace_id)
        seen = volumes_of(connection, marketplace_id, span, now, opened_at=breaker.opened_at)
        queues = queue_rows(connection, marketplace_id, runtime.policies, now)
        figures = _operations_figures(runtime, connection, marketplace_id, now)
        reported = reported_part(
            connection, Scope(marketplace_id, None, now - _LATELY, now + timedelta(microseconds=1))
        )
        health = health_of(runtime, connection, marketplace_id)
    rows = health_rows(health, runtime.wall.now())
    return StaffPage(
        "operations.html",
        PLACE,
        scope=scope,
        figures=figures,
        volumes=seen,
        queues=queues,
        reported=reported,
        breaker=breaker,
        policy=runtime.policies[BreakerPolicy],
        health=health,
        parts=rows,
        worst=max(rows, key=lambda row: TONES[row.tone]).tone,
        may_close=marketplace_id in person.marketplaces(Permission.PROMOTE_MODELS),
        administers=marketplace_id in person.marketplaces(Permission.ADMINISTER),
    )


def _operations_figures(
    runtime: Runtime, connection: Connection, marketplace_id: str, now: datetime
) -> tuple[Figure, ...]:
    states = outgoing.counts_by_state(connection, marketplace_id)
    return (
        *_scored_figures(connection, marketplace_id, now),
        _answers_figure(connection, marketplace_id, now),
        _removal_figure(connection, marketplace_id, now),
        _audits_figure(runtime, connection, marketplace_id, now),
        _stuck_figure(connection, marketplace_id, states[ActionState.DEAD], now),
        _prevalence_figure(connection, marketplace_id),
    )


def _scored_figures(connection: Connection, marketplace_id: str, now: datetime) -> tuple[Figure, Figure]:
    day = timedelta(days=1)
    counted = {
        lane: numbers[0]
        for lane, numbers in volumes.scores_by_lane(connection, marketplace_id, [now - day], day).items()
    }
    total = sum(counted.values())
    shown = total - counted[Lane.NO_ACTION]
    share = f"{shown / total:.1%} of scored listings" if total else "no listings scored"
    return Figure(f"{total:,}", "listings scored, last 24 hours", "all lanes"), Figure(
        f"{shown:,}", "sent to review, last 24 hours", share
    )


def _answers_figure(connection: Connection, marketplace_id: str, now: datetime) -> Figure:
    answered, silent = outgoing.ended_question_counts(connection, marketplace_id, now - _LATELY)
    total = answered + silent
    share = f"{answered / total:.1%}" if total else "none"
    return Figure(
        share, "questions answered, last 30 days", f"of {total:,} that ended" if total else "no questions ended"
    )


def _removal_figure(connection: Connection, marketplace_id: str, now: datetime) -> Figure:
    since = now - _LATELY
    times = outgoing.seconds_to_acknowledgement(connection, marketplace_id, since, _MOST_TIMES)
    if not times:
        return Figure("none", "median, confirmation to acknowledgement", "no removals, last 30 days")
    gone = removal_checks.removal_times(connection, marketplace_id, since=since)
    seen = "" if gone.median_seconds is None else f"; verified after {words.duration(gone.median_seconds)}"
    rests_on = f"n = {len(times):,}, last 30 days; 90th percentile {words.duration(_decile(times, 9))}{seen}"
    return Figure(words.duration(_decile(times, 5)), "median, confirmation to acknowledgement", rests_on)


def _audits_figure(runtime: Runtime, connection: Connection, marketplace_id: str, now: datetime) -> Figure:
    drawn, most = (
        standings.audits_drawn(connection, marketplace_id, now),
        audits_a_day(runtime, connection, marketplace_id),
    )
    return Figure(f"{drawn:,}", "audits of brands drawn, last 24 hours", f"at most {most:,} beyond one in twenty")


def _decile(times: Sequence[float], parts: int) -> float:
    return times[(len(times) - 1) * parts // 10]


def _stuck_figure(connection: Connection, marketplace_id: str, dead: int, now: datetime) -> Figure:
    groups = approvals.pending_batches(connection, {marketplace_id})
    tone = "is-red" if dead else ""
    if not groups:
        return Figure(f"{dead:,}", "dead letters", "no removals pending approval", tone)
    number = sum(group.pending for group in groups)
    waits = words.duration((now - groups[0].since).total_seconds())
    return Figure(
        f"{dead:,}", "dead letters", f"{words.many(number, 'removal')} pending approval, oldest {waits}", tone
    )


def _prevalence_figure(connection: Connection, marketplace_id: str) -> Figure:
    latest = monitoring.latest_drift_report(connection, marketplace_id)
    if latest is None:
        return Figure("unknown", "estimated prevalence", "no drift report yet")
    estimate = latest[1]["prevalence"]
    share = "unknown" if estimate["share"] is None else f"{estimate['share']:.1%}"
    return Figure(
        share, "estimated prevalence", f"{estimate['low']:.1%} to {estimate['high']:.1%}, n = {estimate['reviewed']:,}"
    )


# From the bottom up. Listings without action outnumber all others and would hide them.
_DRAWN: Final = (
    (Lane.ASK_BRAND, "f-ask", ROUTES[Lane.ASK_BRAND]),
    (Lane.ANALYST, "f-ana", ROUTES[Lane.ANALYST]),
    (Lane.INSUFFICIENT_EVIDENCE, "f-ins", ROUTES[Lane.INSUFFICIENT_EVIDENCE]),
    (Lane.AUDIT, "f-aud", ROUTES[Lane.AUDIT]),
)
COLUMNS: Final = (*(name for _, _, name in _DRAWN), ROUTES[Lane.NO_ACTION])
_LANES: Final = (*(lane for lane, _, _ in _DRAWN), Lane.NO_ACTION)


def volumes_of(
    connection: Connection, marketplace_id: str, span: Span, now: datetime, *, opened_at: datetime | None
) -> SimpleNamespace:
    """The volumes of a span; `opened_at` is when the circuit breaker opened, if it is open."""
    begins, step = period_starts(span, now), STEPS[span]
    table = volumes.scores_by_lane(connection, marketplace_id, begins, step)
    released = table[Lane.NO_ACTION]
    return SimpleNamespace(
        choices=span_choices(span),
        each=EACH[span],
        chart=_volume_chart(table, begins, now, opened_at),
        released=f"{sum(released) / len(released):,.0f}",
        columns=COLUMNS,
        hourly=span is Span.HOURS,
        rows=[(start, [table[lane][i] for lane in _LANES]) for i, start in reversed(list(enumerate(begins)))],
    )


def _volume_chart(
    table: Mapping[Lane, Sequence[int]], begins: Sequence[datetime], now: datetime, opened_at: datetime | None
) -> StackedArea | None:
    """The reviewed lanes, stacked; None if no listing was sent to them."""
    if not any(any(table[lane]) for lane, _, _ in _DRAWN):
        return None
    sums = ", ".join(f"{name} {sum(table[lane]):,}" for lane, _, name in _DRAWN)
    text = words.short_moment if begins[1] - begins[0] < timedelta(days=1) else words.day
    mark = None
    if opened_at is not None and opened_at >= begins[0]:
        place = min((opened_at - begins[0]) / (begins[1] - begins[0]), len(begins) - 1.0)
        mark = place, f"circuit breaker opened, {words.moment(opened_at, now)}"
    return stacked_area(
        [Layer(name, tone, tuple(map(float, table[lane]))) for lane, tone, name in _DRAWN],
        [(i, text(begins[i], now)) for i in range(0, len(begins), len(begins) // 6)],
        f"Since {words.moment(begins[0], now)}: {sums}.",
        mark=mark,
    )
