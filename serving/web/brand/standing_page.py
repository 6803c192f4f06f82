"""A brand's standing: its level, the counts behind it, how it can change, and the meaning of the levels."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from serving.accounts.store.accounts import Session
from serving.brands.service.brand_records import STANDING_COLUMNS, standing_rows
from serving.guards import Member, TheRuntime, runtime_of
from serving.platform.database.pools import in_fair_pool
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, as_file
from serving.platform.tongues import N_, join_sentences, number, say
from serving.standing.policy import StandingPolicy
from serving.standing.rules.confirmations import Tally
from serving.standing.rules.standing import Level, Scope
from serving.standing.service import effect_now, standing_with_history
from serving.web.brand.brand_charts import LevelChart, ScopeChart, level_chart, scope_chart
from serving.web.brand.brand_scope import BrandScope, scope_of
from serving.web.brand.standing_part import NAMES, StandingCard, scope_name, standing_card
from serving.web.downloads import download
from serving.web.model.model_charts import wilson
from serving.web.rendering import Page, respond
from serving.web.wording import words
from serving.web.wording.translated import in_words

router = APIRouter(include_in_schema=False)
_HISTORY: Final = timedelta(days=365)
_MOST_CHANGES: Final = 200
_AT_ONCE: Final = {True: N_("It removes the listing at once."), False: N_("An analyst decides on it.")}


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """The counts of a scope with the interval of its accepted share, and the level that it alone would earn."""

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
    """A level: the effect of a confirmation at it, and how a brand reaches it."""

    word: str
    tone: str
    does: str
    earned: str
    current: bool


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A level's start, with the counts at that time and the reasons."""

    word: str
    tone: str
    warned: bool
    when: str
    counts: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StandingPage(Page, template="brand_standing.html", place="/brand/dashboard"):
    """A brand's standing at a marketplace, computed now."""

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
def get_standing(request: Request, session: Member) -> HTMLResponse:
    return respond(request, _page(runtime_of(request), session, request), session)


@router.get("/brand/standing.{form}")
@in_fair_pool
def get_file(request: Request, runtime: TheRuntime, session: Member, form: Format) -> Response:
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        rows = standing_rows(connection, *scope.pair)
    return download(form, f"standing-{runtime.clock.now():%Y-%m-%d}", as_file(form, STANDING_COLUMNS, rows))


def _page(runtime: Runtime, session: Session, request: Request) -> StandingPage:
    now, policy = runtime.clock.now(), runtime.policies[StandingPolicy]
    with runtime.store.read() as connection:
        scope = scope_of(connection, session.person, request.query_params)
        card = standing_card(runtime, connection, scope.pair, scope.brand, now)
        standing, changes = standing_with_history(runtime, connection, *scope.pair, now, most=_MOST_CHANGES)
        follows = effect_now(runtime, connection, standing, *scope.pair, now)
    scopes = [part for part in (standing.overall, *standing.by_reason) if part.tally.counted]
    limits = [
        (say("full %(share)s", share=_percent(policy.full_lower_bound)), float(policy.full_lower_bound)),
        (
            say("self-service %(share)s", share=_percent(policy.self_service_lower_bound)),
            float(policy.self_service_lower_bound),
        ),
    ]
    return StandingPage(
        scope=scope,
        card=card,
        effect=join_sentences(say(_AT_ONCE[follows.at_once]), in_words(follows.reason)),
        scopes=tuple(map(_scope_row, scopes)),
        chart=scope_chart(
            [(scope_name(part), part.tally.accepted, part.tally.counted, _accepted_interval(part)) for part in scopes],
            limits,
        ),
        levels=tuple(_level_rows(policy, standing.level)),
        history_chart=level_chart(
            changes, [(level, say(word)) for level, (word, _) in NAMES.items()], now - _HISTORY, now
        ),
        history=tuple(
            HistoryRow(
                *_level_label(change.level),
                change.warned,
                words.moment(change.known_at, now),
                _counts_in_words(change.counts.get("overall", {})),
                tuple(map(in_words, change.reasons)),
            )
            for change in changes
        ),
        window_days=policy.window_days,
    )


def _level_label(level: Level) -> tuple[str, str]:
    """A level's label and its CSS class."""
    word, tone = NAMES[level]
    return say(word), tone


def _accepted_interval(scope: Scope) -> tuple[float, float]:
    return wilson(scope.tally.accepted, scope.tally.counted)


def _scope_row(scope: Scope) -> ScopeRow:
    tally, (low, high) = scope.tally, _accepted_interval(scope)
    return ScopeRow(
        name=scope_name(scope),
        accepted=tally.accepted,
        rejected=tally.rejected,
        overturned=tally.overturned,
        share=words.percent(tally.accepted / tally.counted, 1),
        interval=say("%(low)s to %(high)s", low=words.percent(low, 1), high=words.percent(high, 1)),
        audited=_audited_in_words(tally),
        level=_level_label(scope.level)[0],
    )


def _counts_in_words(overall: dict[str, int]) -> str:
    counted = {name: number(overall.get(name, 0)) for name in ("accepted", "rejected", "overturned")}
    return say("%(accepted)s accepted, %(rejected)s rejected, %(overturned)s overturned", **counted)


def _audited_in_words(tally: Tally) -> str:
    if not tally.audited:
        return say("none yet")
    return say("%(n)s of %(all)s right", n=number(tally.audited_right), all=number(tally.audited))


def _percent(share: Decimal) -> str:
    decimals = f"{(share * 100).normalize():f}".partition(".")[2]
    return words.percent(float(share), len(decimals))


def _level_rows(policy: StandingPolicy, level: Level) -> list[LevelRow]:
    """The levels, described from the policy in force."""
    least, most = _percent(policy.accepted_share), _percent(policy.overturned_share)
    rows = {
        Level.SELF_SERVICE: (
            say("Removes at once, without a second review."),
            say(
                "The lower end of the accepted share's 95 %% interval reaches %(bound)s, or %(share)s of %(n)s or "
                "more blind second reviews agreed with you.",
                bound=_percent(policy.self_service_lower_bound),
                share=_percent(policy.self_service_audited_share),
                n=policy.self_service_audited_from,
            ),
        ),
        Level.FULL: (
            say("Removes at once; %(share)s get a blind second review.", share=_percent(policy.audit_full)),
            say(
                "The lower end reaches %(bound)s, or %(n)s outcomes meet the limits.",
                bound=_percent(policy.full_lower_bound),
                n=policy.raw_from,
            ),
        ),
        Level.PROVISIONAL: (
            say("Removes at once; %(share)s get a blind second review.", share=_percent(policy.audit_provisional)),
            say("Every brand starts here, and stays here while too few outcomes are counted."),
        ),
        Level.CAPPED: (
            say(
                "%(n)s confirmations a day remove at once; an analyst decides the rest. No brand is excluded.",
                n=policy.daily_cap,
            ),
            say(
                "Good standing is lost below %(least)s accepted or above %(most)s overturned, overall or in one "
                "reason code. With fewer than %(n)s counted outcomes, the result must exclude chance and at least "
                "%(wrong)s must be wrong. Good standing can return after %(days)s days.",
                least=least,
                most=most,
                n=policy.raw_from,
                wrong=policy.lost_from_wrong,
                days=policy.reentry_days,
            ),
        ),
        Level.SUSPENDED: (
            say("An analyst decides every confirmation."),
            say(
                "Too many confirmations were still wrong after the daily limit. Good standing can return after "
                "%(days)s days.",
                days=policy.reentry_days,
            ),
        ),
    }
    return [LevelRow(*_level_label(listed_level), *rows[listed_level], listed_level is level) for listed_level in Level]
