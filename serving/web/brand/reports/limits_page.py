"""The limits that a confirmation or report by the reader meets now, and why.

Large reports of a brand that its account manager can stop, on the page of the brand.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.errors import require
from serving.accounts.rules.access import Person
from serving.api.requests.deciding import decide_after
from serving.guards import Manager, Member, TheRuntime, runtime_of
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tongues import join_sentences, number, say, say_many
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import LONGEST_LOCATION
from serving.reports.service.limits import Limits, limits_of
from serving.reports.service.signed import release_report
from serving.reports.service.stopping import LargeReport, can_stop, large_report, stop_report
from serving.reports.store import step_ups
from serving.takedowns.policy import BurstPolicy, StepUpPolicy
from serving.takedowns.rules.bursts import Cap, PendingCause
from serving.web import text_view
from serving.web.brand.brand_scope import AboutBrand, scope_of
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_ID
from serving.web.rendering import respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words

router = APIRouter(include_in_schema=False)
PLACE: Final = "/brand/limits"


@dataclass(frozen=True, slots=True)
class LimitRow:
    """A limit: its name, how it stands, until when, and whether it stops a removal now."""

    name: str
    stands: str
    until: str
    stops: bool


@dataclass(frozen=True, slots=True)
class LimitsPage(AboutBrand, template="brand_limits.html"):
    """What a confirmation or report by the reader would do now."""

    headline: str
    is_open: bool
    why: tuple[str, ...]
    rows: tuple[LimitRow, ...]
    step_up: tuple[str, ...]
    step_up_works: tuple[str, ...]
    location: str
    listing: ShownText | None
    longest: int


@router.get(PLACE)
def get_limits(request: Request, session: Member) -> HTMLResponse:
    """The page; `listing` asks about one listing."""
    runtime, location = runtime_of(request), request.query_params.get("listing", "")[:LONGEST_LOCATION].strip()
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
    limits = limits_of(runtime, session.person, scope.pair, location or None, proof=session.proof)
    bursts, step_up, now = runtime.policies[BurstPolicy], runtime.policies[StepUpPolicy], limits.at
    page = LimitsPage(
        scope=scope,
        headline=_headline(limits),
        is_open=limits.leave_now != 0,
        why=tuple(
            map(in_words, (*limits.refused, limits.effect.reason, *(reason.message for reason in limits.shown_reasons)))
        ),
        rows=_limit_rows(limits, bursts, now),
        step_up=tuple(map(in_words, limits.step_up)),
        step_up_works=(
            say_many(
                "A report of up to %(n)s listing leaves whole, within the removals of the brand in a day.",
                "A report of up to %(n)s listings leaves whole, within the removals of the brand in a day.",
                runtime.policies[ReportPolicy].most_listings,
            ),
            say_many(
                "It is sent after %(n)s minute, and your leads and your account manager are told at once.",
                "It is sent after %(n)s minutes, and your leads and your account manager are told at once.",
                step_up.undo_minutes,
            ),
            say("Each of them can stop the whole report until then."),
            say_many(
                "At most %(n)s listing of one seller leaves so.",
                "At most %(n)s listings of one seller leave so.",
                step_up.per_seller,
            ),
        ),
        location=location,
        listing=None if limits.listing is None else text_view.show(limits.listing),
        longest=LONGEST_LOCATION,
    )
    return respond(request, page, session)


def _headline(limits: Limits) -> str:
    leave = limits.leave_now
    if leave is None:
        return say("What you confirm now is removed up to these limits. Prove your second factor to see what is left.")
    if leave:
        return say_many(
            "Now, %(n)s listing can be removed on your confirmation without approval.",
            "Now, %(n)s listings can be removed on your confirmation without approval.",
            leave,
        )
    if limits.refused:
        return say("You cannot confirm anything now.")
    if not limits.effect.at_once:
        return say("What you confirm now goes to an analyst.")
    return say("What you confirm now waits for approval.")


def _limit_rows(limits: Limits, bursts: BurstPolicy, now: datetime) -> tuple[LimitRow, ...]:
    causes = {reason.cause for reason in limits.shown_reasons}
    names = {
        PendingCause.PERSON_DAY: say("Your removals in a day"),
        PendingCause.PERSON_WEEK: say("Your removals in a week"),
        PendingCause.BRAND_DAY: say("Removals of the brand in a day, with large reports"),
    }
    rows = [
        _cap_row(say("Your removals in an hour"), limits.caps.user, limits),
        _cap_row(say("Removals of the brand in an hour"), limits.caps.brand, limits),
        *(_cap_row(names[limit.cause], Cap(limit.limit, limit.used), limits) for limit in limits.budgets),
    ]
    # How much of it is used tells of other brands' removals.
    seller, per_seller = limits.caps.seller, say("at most %(n)s", n=number(bursts.per_seller))
    stops = seller is not None and not seller.remaining
    rows.append(LimitRow(say("Removals of one seller in an hour"), per_seller, "", stops=stops))
    if limits.quota is not None and limits.proved and not limits.refused:
        quota_left = say("%(left)s left", left=number(limits.quota.remaining))
        until = say("until %(time)s", time=words.moment(limits.quota.renewed_at, now))
        rows.append(LimitRow(say("Immediate removals today"), quota_left, until, stops=not limits.quota.remaining))
    large = PendingCause.HIGH_IMPACT in causes
    rows.append(
        LimitRow(
            say("Sellers of high impact"),
            say("two organisations decide"),
            say(
                "from %(sales)s sales and %(dollars)s US dollars in twelve months",
                sales=number(bursts.high_sales_12m),
                dollars=number(bursts.high_dollars_12m),
            ),
            stops=large,
        )
    )
    if PendingCause.SWITCHED_OFF in causes:
        rows.append(LimitRow(say("Removals on a brand's confirmation"), say("switched off"), "", stops=True))
    if limits.refused:
        rows.append(
            LimitRow(say("Your right to confirm"), join_sentences(*map(in_words, limits.refused)), "", stops=True)
        )
    return tuple(row for row in rows if row is not None)


def _cap_row(name: str, cap: Cap | None, limits: Limits) -> LimitRow | None:
    if cap is None:
        return None
    if not limits.tells_left:
        return LimitRow(name, say("at most %(n)s", n=number(cap.limit)), "", stops=False)
    stands = say("%(left)s of %(limit)s left", left=number(cap.remaining), limit=number(cap.limit))
    until = "" if cap.frees_at is None else say("more from %(time)s", time=words.moment(cap.frees_at, limits.at))
    return LimitRow(name, stands, until, stops=not cap.remaining)


_SHOWN: Final = timedelta(days=7)


def large_rows(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair
) -> list[tuple[LargeReport, bool, tuple[str, ...]]]:
    """The large reports of a brand in the last week, newest first.

    With each whether the person can stop it now, and why it waits for a person.
    """
    now = runtime.clock.now()
    confirmed = step_ups.step_ups_since(connection, {pair}, now - _SHOWN)
    reports = [large_report(runtime, connection, step_up) for step_up in confirmed]
    return [
        (
            report,
            report.is_open(now) and can_stop(connection, person.user_id, report.report),
            () if report.stopped_by else tuple(map(in_words, report.waits_for)),
        )
        for report in reports
    ]


@router.post("/brands/{brand_id}/reports/{report_id}/release")
def post_release(brand_id: str, report_id: str, request: Request, runtime: TheRuntime, session: Manager) -> Response:
    """Release a signed report that waits for a person."""
    with runtime.store.read() as connection:
        step_up = require(step_ups.of_id(connection, report_id[:LONGEST_ID]), "There is no such report.")
    released = release_report(runtime, session.person, step_up)
    return decide_after(go_to(request, f"/brands/{brand_id[:LONGEST_ID]}", Flash.REPORT_RELEASED), runtime, released)


@router.post("/brands/{brand_id}/reports/{report_id}/stop")
def post_stop(brand_id: str, report_id: str, request: Request, session: Manager) -> Response:
    stop_report(runtime_of(request), session.person, report_id[:LONGEST_ID])
    return go_to(request, f"/brands/{brand_id[:LONGEST_ID]}", Flash.REPORT_STOPPED)
