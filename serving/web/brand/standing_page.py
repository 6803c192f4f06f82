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
from serving.standing.rules.bounds import audits_needed, proven_right_share
from serving.standing.rules.record import AuditTally, RemovalTally
from serving.standing.rules.standing import Finding, Level, Scope, shown_overturned, shown_right, wrong_share_of
from serving.standing.service import standing_with_history
from serving.web.brand.brand_charts import LevelChart, ScopeChart, level_chart, scope_chart
from serving.web.brand.brand_scope import BrandScope, scope_of
from serving.web.brand.standing_part import NAMES, StandingCard, next_effect, scope_name, standing_card
from serving.web.downloads import download
from serving.web.rendering import Page, respond
from serving.web.wording import words
from serving.web.wording.translated import in_words

router = APIRouter(include_in_schema=False)
_HISTORY: Final = timedelta(days=365)
_MOST_CHANGES: Final = 200
_AT_ONCE: Final = {True: N_("It removes the listing at once."), False: N_("An analyst decides on it.")}


@dataclass(frozen=True, slots=True)
class ScopeRow:
    """The counts of a scope with its shares, and the right share that its audits prove; empty without counts."""

    name: str
    audits: AuditTally
    removals: RemovalTally
    right: str
    proven: str
    overturned: str
    is_closed: bool


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
    audit_days: int


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
        follows = next_effect(runtime, connection, standing, scope.pair, now)
    scopes = [part for part in (standing.overall, *standing.by_reason) if part.audits.counted or part.removals.ended]
    limits = [
        (
            _level_label(level)[0] + " " + _percent(1 - wrong_share_of(level, policy)),
            float(1 - wrong_share_of(level, policy)),
        )
        for level in (Level.FULL, Level.SELF_SERVICE)
    ]
    return StandingPage(
        scope=scope,
        card=card,
        effect=join_sentences(say(_AT_ONCE[follows.at_once]), in_words(follows.reason)),
        scopes=tuple(_scope_row(part, policy) for part in scopes),
        chart=scope_chart(
            [
                (scope_name(part), part.audits.right, part.audits.counted, _proven(part.audits, policy))
                for part in scopes
            ],
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
        audit_days=policy.audit_days,
    )


def _level_label(level: Level) -> tuple[str, str]:
    """A level's label and its CSS class."""
    word, tone = NAMES[level]
    return say(word), tone


def _scope_row(scope: Scope, policy: StandingPolicy) -> ScopeRow:
    audits, removals = scope.audits, scope.removals
    return ScopeRow(
        name=scope_name(scope),
        audits=audits,
        removals=removals,
        right=words.percent(shown_right(audits), 1) if audits.counted else "",
        proven=words.percent(_proven(audits, policy), 1) if audits.counted else "",
        overturned=words.percent(shown_overturned(removals), 1) if removals.ended else "",
        is_closed=scope.finding is Finding.BROKEN,
    )


def _proven(audits: AuditTally, policy: StandingPolicy) -> float:
    return float(proven_right_share(audits.wrong, audits.counted, policy.confidence))


def _counts_in_words(overall: dict[str, int]) -> str:
    counted = {name: number(overall.get(name, 0)) for name in ("right", "wrong", "stood", "overturned")}
    return say(
        "%(right)s audits right, %(wrong)s wrong; %(stood)s removals stood, %(overturned)s overturned", **counted
    )


def _percent(share: Decimal) -> str:
    decimals = f"{(share * 100).normalize():f}".partition(".")[2]
    return words.percent(float(share), len(decimals))


def _level_rows(policy: StandingPolicy, level: Level) -> list[LevelRow]:
    """The levels, described from the policy in force."""
    least, most = _percent(policy.right_share), _percent(policy.overturned_share)
    audited = say("%(share)s or more are audited.", share=_percent(policy.least_audit_share))
    rows = {
        level: (
            join_sentences(say("Removes at once."), audited),
            say(
                "Audits of a year prove at least %(share)s right: %(n)s audits with none wrong, %(more)s with one.",
                share=_percent(1 - wrong_share_of(level, policy)),
                n=audits_needed(0, wrong_share_of(level, policy), policy.confidence),
                more=audits_needed(1, wrong_share_of(level, policy), policy.confidence),
            ),
        )
        for level in (Level.SELF_SERVICE, Level.SIGNED_VOLUME, Level.FULL)
    }
    rows |= {
        Level.PROVISIONAL: (
            say("%(n)s confirmations a day remove at once; an analyst decides the rest.", n=policy.provisional_daily),
            say("Every brand starts here. Levels rise one at a time, at a weekly look on Mondays."),
        ),
        Level.CAPPED: (
            say(
                "%(n)s confirmations a day remove at once; an analyst decides the rest. No brand is excluded.",
                n=policy.capped_daily,
            ),
            say(
                "Good standing is lost at once if the share of right audits is surely below %(least)s, or that of "
                "overturned removals surely above %(most)s. It can return after %(days)s days.",
                least=least,
                most=most,
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
