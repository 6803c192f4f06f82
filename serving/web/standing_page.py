"""A brand's standing on a page of its own: the level, the counts behind it, what would change it, what levels mean."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from models.access import Permission
from models.policies.standing import StandingPolicy
from models.standing import Level, Scope
from serving.db import standings
from serving.db.accounts import Session
from serving.guards import may, runtime_of
from serving.runtime import Runtime
from serving.usecases.brand_records import STANDING_COLUMNS, standing_rows
from serving.usecases.standing import current, effect_now
from serving.usecases.tabular import Format, as_file
from serving.web import words
from serving.web.brand_charts import LevelChart, ScopeChart, level_chart, scope_chart
from serving.web.brand_scope import BrandScope, scope_of
from serving.web.downloads import download
from serving.web.model_charts import wilson
from serving.web.rendering import respond
from serving.web.standing_part import NAMES, StandingCard, scope_name, standing_card

router = APIRouter(include_in_schema=False)
Reader = Annotated[Session, may(Permission.ANSWER_QUESTIONS)]
_HISTORY: Final = timedelta(days=365)
_MOST_CHANGES: Final = 200
_AT_ONCE: Final = {True: "It removes the offer at once.", False: "An analyst decides about it."}


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """The counts of one scope with the interval of its accepted share, and what it alone would earn."""

    name: str
    accepted: int
    rejected: int
    overturned: int
    share: str
    interval: str
    audited: str
    level: str


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A level: what a confirmation does in it, and how one comes to it."""

    word: str
    tone: str
    does: str
    earned: str
    current: bool


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A level that began, with the counts of that moment and the reasons."""

    word: str
    tone: str
    warned: bool
    when: str
    counts: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandingPage:
    """A brand's standing at a marketplace, counted now."""

    template: ClassVar[str] = "brand_standing.html"
    place: ClassVar[str] = "/brand/dashboard"

    scope: BrandScope
    card: StandingCard
    effect: str
    scopes: tuple[ScopeRow, ...]
    chart: ScopeChart | None
    levels: tuple[LevelRow, ...]
    history_chart: LevelChart
    history: tuple[HistoryRow, ...]
    window_days: int


@router.get("/brand/standing")
def get_standing(request: Request, session: Reader) -> HTMLResponse:
    """The page."""
    return respond(request, _page(runtime_of(request), session, request), session)


@router.get("/brand/standing.{form}")
def get_file(request: Request, session: Reader, form: Format) -> Response:
    """Each change of the standing, as a file."""
    runtime = runtime_of(request)
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        rows = standing_rows(connection, *scope.pair)
    return download(form, f"standing-{runtime.clock.now():%Y-%m-%d}", as_file(form, STANDING_COLUMNS, rows))


def _page(runtime: Runtime, session: Session, request: Request) -> StandingPage:
    now, policy = runtime.clock.now(), runtime.policies.standing
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        card = standing_card(runtime, connection, scope.pair, scope.brand, now)
        found = current(runtime, connection, *scope.pair, now)
        follows = effect_now(runtime, connection, found, *scope.pair, now)
        changes = standings.changes(connection, *scope.pair, most=_MOST_CHANGES)
    scopes = [one for one in (found.overall, *found.by_reason) if one.tally.counted]
    limits = [
        (f"full {_percent(policy.full_lower_bound)}", float(policy.full_lower_bound)),
        (f"self-service {_percent(policy.self_service_lower_bound)}", float(policy.self_service_lower_bound)),
    ]
    return StandingPage(
        scope=scope,
        card=card,
        effect=f"{_AT_ONCE[follows.at_once]} {follows.reason}",
        scopes=tuple(map(_scope_row, scopes)),
        chart=scope_chart(
            [(scope_name(one), one.tally.accepted, one.tally.counted, _interval(one)) for one in scopes], limits
        ),
        levels=tuple(_levels(policy, found.level)),
        history_chart=level_chart(changes, [(level, word) for level, (word, _) in NAMES.items()], now - _HISTORY, now),
        history=tuple(
            HistoryRow(
                *NAMES[one.level],
                one.warned,
                words.moment(one.known_at, now),
                _counts(one.counts.get("overall", {})),
                one.reasons,
            )
            for one in changes
        ),
        window_days=policy.window_days,
    )


def _interval(one: Scope) -> tuple[float, float]:
    return wilson(one.tally.accepted, one.tally.counted)


def _scope_row(one: Scope) -> ScopeRow:
    tally, (low, high) = one.tally, _interval(one)
    return ScopeRow(
        name=scope_name(one),
        accepted=tally.accepted,
        rejected=tally.rejected,
        overturned=tally.overturned,
        share=f"{tally.accepted / tally.counted:.1%}",
        interval=f"{low:.1%} to {high:.1%}",
        audited=f"{tally.audited_right:,} of {tally.audited:,} right" if tally.audited else "none yet",
        level=NAMES[one.level][0],
    )


def _counts(overall: dict[str, int]) -> str:
    return ", ".join(f"{overall.get(name, 0):,} {name}" for name in ("accepted", "rejected", "overturned"))


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}%"


def _levels(policy: StandingPolicy, level: Level) -> list[LevelRow]:
    """The levels by the policy in force, so that the page cannot say what the rule does not do."""
    lost = (
        f"below {_percent(policy.accepted_share)} accepted or above {_percent(policy.overturned_share)} overturned, "
        f"overall or in one reason code, beyond chance where fewer than {policy.raw_from} outcomes are counted, and "
        f"with at least {policy.lost_from_wrong} wrong"
    )
    rows = {
        Level.SELF_SERVICE: (
            "Removes at once, and nobody looks at it again.",
            (
                f"The lower end of the accepted share's 95 % interval reaches "
                f"{_percent(policy.self_service_lower_bound)}, or {_percent(policy.self_service_audited_share)} of "
                f"{policy.self_service_audited_from} or more blind looks found you right."
            ),
        ),
        Level.FULL: (
            f"Removes at once; {_percent(policy.audit_full)} are looked at again, blind.",
            f"The lower end reaches {_percent(policy.full_lower_bound)}, or {policy.raw_from} outcomes hold.",
        ),
        Level.PROVISIONAL: (
            f"Removes at once; {_percent(policy.audit_provisional)} are looked at again, blind.",
            "Where everybody begins, and where too little is known to say more.",
        ),
        Level.CAPPED: (
            f"{policy.daily_cap} a day remove at once; an analyst decides about the others. Nobody is excluded.",
            f"Good standing is lost {lost}. It can come back after {policy.reentry_days} days.",
        ),
        Level.SUSPENDED: (
            "An analyst decides about every one.",
            f"The same went on after the daily limit. It can come back after {policy.reentry_days} days.",
        ),
    }
    return [LevelRow(*NAMES[one], *rows[one], one is level) for one in Level]
