"""A brand's dashboard: outcomes of its answers, response times, recurrence, and prevalence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.message import message
from serving.brands.rules.brand_dashboard import Period
from serving.brands.rules.brand_record import AnswerOutcome
from serving.brands.service.brand_records import DEFAULT_PERIOD, PERIODS, BrandDashboard, Share, gather
from serving.brands.service.managed_brands import managed_brand_of
from serving.guards import Manager, Member, runtime_of
from serving.platform.database.scope import Pair
from serving.platform.tongues import N_, number, say, say_many
from serving.reports.store.good_faith import Scope
from serving.web.brand.brand_charts import AnswerChart, ShareChart, answer_chart, share_chart
from serving.web.brand.brand_scope import BrandScope, scope_of
from serving.web.brand.figures_part import Figure, shown_figures
from serving.web.brand.reports.reported_part import ReportedPart, reported_part
from serving.web.rendering import Page, StaffPage, respond
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import CHOICES, Choice

router = APIRouter(include_in_schema=False)
_LONGER_THAN_A_WEEK: Final = timedelta(days=8)
_PERIODS: Final = {30: N_("30 days"), 90: N_("90 days"), 365: N_("12 months")}
_OUTCOMES: Final = {
    AnswerOutcome.ACCEPTED: N_("Accepted"),
    AnswerOutcome.REJECTED: N_("Rejected"),
    AnswerOutcome.CONTESTED: N_("Contested"),
    AnswerOutcome.UNDERWAY: N_("In progress"),
    AnswerOutcome.NO_REMOVAL_ASKED: N_("No removal requested"),
    AnswerOutcome.UNDONE: N_("Undone"),
}


@dataclass(frozen=True, slots=True)
class PeriodLink:
    """One of the periods to choose from."""

    name: str
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class JudgementCount:
    """The number of answers of one kind."""

    choice: Choice
    number: int


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """The number of answers with this outcome and reason."""

    outcome: str
    reason: str
    number: int


@dataclass(frozen=True, slots=True)
class PartRow:
    """One period in the table below the charts."""

    name: str
    answers: int
    accepted: int
    rejected: int
    open: int
    listings: int
    share: str
    interval: str
    drawn: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The dashboard of a period, for the brand and for its account manager."""

    periods: tuple[PeriodLink, ...]
    since: str
    figures: tuple[Figure, ...]
    answers: int
    judgements: tuple[JudgementCount, ...]
    reasons: tuple[ReasonRow, ...]
    objections: tuple[tuple[str, int], ...]
    answer_chart: AnswerChart | None
    share_chart: ShareChart | None
    prevalence: str
    parts: tuple[PartRow, ...]
    reported: ReportedPart


@dataclass(frozen=True, slots=True)
class BrandDashboardPage(Page, template="brand_dashboard.html", place="/brand/dashboard"):
    """The dashboard for the brand's people."""

    scope: BrandScope
    dashboard: Dashboard


@router.get("/brand/dashboard")
def get_dashboard(request: Request, session: Member) -> HTMLResponse:
    runtime, days = runtime_of(request), _chosen_days(request.query_params)
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        dashboard = gather(runtime, connection, scope.pair, days)
        reported = reported_part(connection, _report_scope(scope.pair, dashboard))
    more = f"&of={scope.value}" if scope.query else ""
    shown = _make_dashboard(dashboard, reported, days, "/brand/dashboard", more)
    return respond(request, BrandDashboardPage(scope, shown), session)


@router.get("/brands/{brand_id}/dashboard")
def get_managed(brand_id: str, request: Request, session: Manager) -> HTMLResponse:
    runtime, days = runtime_of(request), _chosen_days(request.query_params)
    with runtime.store.read() as connection:
        brand = managed_brand_of(connection, session.person, brand_id, request.query_params.get("at"))
        dashboard = gather(runtime, connection, brand.pair, days)
        reported = reported_part(connection, _report_scope(brand.pair, dashboard))
    place, at = f"/brands/{brand.pair[1]}", f"at={brand.pair[0]}"
    shown = _make_dashboard(dashboard, reported, days, f"{place}/dashboard", f"&{at}")
    page = StaffPage(
        "manager_dashboard.html",
        "/brands",
        brand=brand.enrolment.name,
        marketplace=brand.marketplace,
        back=f"{place}?{at}",
        dashboard=shown,
    )
    return respond(request, page, session)


def _chosen_days(fields: Mapping[str, str]) -> int:
    return next((days for days in PERIODS if fields.get("days") == str(days)), DEFAULT_PERIOD)


def _report_scope(pair: Pair, brand_dashboard: BrandDashboard) -> Scope:
    return Scope(*pair, brand_dashboard.since, brand_dashboard.until + timedelta(microseconds=1))


def _make_dashboard(
    brand_dashboard: BrandDashboard, reported: ReportedPart, days: int, place: str, more: str
) -> Dashboard:
    record = brand_dashboard.record
    by_month = any(part.period.ends - part.period.begins > _LONGER_THAN_A_WEEK for part in record.parts)
    names = [_period_name(part.period, brand_dashboard.until, by_month=by_month) for part in record.parts]
    return Dashboard(
        periods=tuple(
            PeriodLink(say(_PERIODS[period]), f"{place}?days={period}{more}", period == days) for period in PERIODS
        ),
        since=words.day(brand_dashboard.since, brand_dashboard.until),
        figures=_dashboard_figures(brand_dashboard),
        answers=record.figures.answers,
        judgements=tuple(
            JudgementCount(choice, record.judgements[choice.judgement])
            for choice in CHOICES
            if record.judgements[choice.judgement]
        ),
        reasons=_reason_rows(brand_dashboard),
        objections=tuple((in_words(message(name)), n) for name, n in sorted(record.objections.items())),
        answer_chart=answer_chart(record.parts, names),
        share_chart=share_chart(brand_dashboard.shares, names),
        prevalence=_prevalence_sentence(brand_dashboard.whole),
        parts=tuple(
            PartRow(
                name=name,
                answers=part.answers,
                accepted=part.accepted,
                rejected=part.rejected,
                open=part.open,
                listings=share.listings,
                share=say("not known") if share.estimate.share is None else words.percent(share.estimate.share, 1),
                interval=_interval_in_words(share) if share.listings else "",
                drawn=share.estimate.audited,
            )
            for name, part, share in zip(names, record.parts, brand_dashboard.shares, strict=True)
        ),
        reported=reported,
    )


def _period_name(period: Period, until: datetime, *, by_month: bool) -> str:
    """The name of a month, or the first day of a week."""
    return words.month(period.begins) if by_month else words.day(period.begins, until)


def _dashboard_figures(brand_dashboard: BrandDashboard) -> tuple[Figure, ...]:
    shown = say("not known") if not brand_dashboard.looked_at else number(brand_dashboard.still_shown)
    return (
        *shown_figures(brand_dashboard.record.figures),
        Figure(
            shown,
            say("still shown"),
            say_many("of %(n)s removal checked", "of %(n)s removals checked", brand_dashboard.looked_at),
        ),
        Figure(number(brand_dashboard.relists), say("relisted"), say("repeats of removed listings, sent to analysts")),
    )


def _reason_rows(brand_dashboard: BrandDashboard) -> tuple[ReasonRow, ...]:
    return tuple(
        ReasonRow(say(_OUTCOMES[reason.outcome]), in_words(message(reason.reason)), reason.number)
        for reason in brand_dashboard.record.reasons
    )


def _prevalence_sentence(whole: Share) -> str:
    """The prevalence over the whole period as a sentence, with its base."""
    if not whole.listings:
        return say("No listing of the brand arrived in this period.")
    estimate = whole.estimate
    ends = {"low": words.percent(estimate.low, 1), "high": words.percent(estimate.high, 1)}
    if estimate.share is None:
        return say_many(
            "Too few of %(n)s listing were sampled at random and reviewed, so the share among the unreviewed is "
            "unknown. Between %(low)s and %(high)s are counterfeit.",
            "Too few of %(n)s listings were sampled at random and reviewed, so the share among the unreviewed is "
            "unknown. Between %(low)s and %(high)s are counterfeit.",
            whole.listings,
            **ends,
        )
    rests_on = say_many(
        "The estimate uses %(n)s answered case. Cases sampled at random from otherwise unreviewed listings: %(drawn)s.",
        "The estimate uses %(n)s answered cases. Cases sampled at random from otherwise unreviewed listings: "
        "%(drawn)s.",
        estimate.reviewed,
        drawn=number(estimate.audited),
    )
    return say_many(
        "By human review, an estimated %(share)s of %(n)s listing is counterfeit, with a 95 %% interval of %(low)s "
        "to %(high)s. %(rests_on)s",
        "By human review, an estimated %(share)s of %(n)s listings are counterfeit, with a 95 %% interval of "
        "%(low)s to %(high)s. %(rests_on)s",
        whole.listings,
        share=words.percent(estimate.share, 1),
        rests_on=rests_on,
        **ends,
    )


def _interval_in_words(share: Share) -> str:
    estimate = share.estimate
    return say("%(low)s to %(high)s", low=words.percent(estimate.low, 1), high=words.percent(estimate.high, 1))
