"""A brand's standing, for the brand and its account manager; and the headline above a brand's questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from models.verdict import ReasonCode
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tongues import N_, say, say_many
from serving.standing.policy import StandingPolicy
from serving.standing.rules.record import AuditTally, RemovalTally
from serving.standing.rules.standing import Effect, Finding, Level, Scope, Standing, outlook
from serving.standing.service import effects_now, standing_with_history
from serving.standing.store.standings import StandingChange
from serving.web.wording import words
from serving.web.wording.translated import in_words

NAMES: Final = {
    Level.SELF_SERVICE: (N_("Self-service"), "v-g"),
    Level.SIGNED_VOLUME: (N_("Signed volume"), "v-g"),
    Level.FULL: (N_("Full"), "v-g"),
    Level.PROVISIONAL: (N_("Provisional"), "v-l"),
    Level.CAPPED: (N_("Daily limit"), "v-w"),
    Level.SUSPENDED: (N_("Suspended"), "v-c"),
}
REASONS: Final = {
    ReasonCode.TRADEMARK_COUNTERFEIT: N_("Trademark counterfeit"),
    ReasonCode.MARK_MISUSE: N_("Mark misuse"),
    ReasonCode.DESIGN: N_("Design"),
    ReasonCode.COPYRIGHT: N_("Copyright"),
    ReasonCode.NOT_AS_DESCRIBED: N_("Not as described"),
}
_FINDINGS: Final = {Finding.HOLDS: "", Finding.IN_DOUBT: "is-amber", Finding.BROKEN: "is-red"}
_MOST_CHANGES: Final = 10


@dataclass(frozen=True, slots=True)
class LevelBadge:
    """A level's label and its CSS class."""

    word: str
    tone: str
    warned: bool


@dataclass(frozen=True, slots=True)
class ScopeLine:
    """A line of the counts; `tone` marks a share beyond a limit."""

    name: str
    audits: AuditTally
    removals: RemovalTally
    tone: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """The start of a level, and when."""

    badge: LevelBadge
    when: str


@dataclass(frozen=True, slots=True)
class StandingCard:
    """The card of a brand. `withheld` is why its next confirmation does not remove at once, if it does not.

    Removals are of the last `window_days`, audits of the last `audit_days`.
    """

    brand: str
    key: str
    badge: LevelBadge
    reasons: tuple[str, ...]
    lines: tuple[ScopeLine, ...]
    outlook: tuple[str, ...]
    history: tuple[ChangeLine, ...]
    withheld: Message | None
    window_days: int
    audit_days: int


def standing_card(runtime: Runtime, connection: Connection, pair: Pair, brand: str, now: datetime) -> StandingCard:
    """The card of a brand at a marketplace, computed now."""
    standing, changes = standing_with_history(runtime, connection, *pair, now, most=_MOST_CHANGES)
    follows = next_effect(runtime, connection, standing, pair, now)
    policy, (level, *counted) = runtime.policies[StandingPolicy], standing.reasons
    return StandingCard(
        brand=brand,
        key=f"{pair[0]}-{pair[1]}",
        badge=_level_badge(standing),
        reasons=(in_words(level), *_reasons_of_fall(standing, changes, now), *map(in_words, counted)),
        lines=_scope_lines(standing),
        outlook=tuple(map(in_words, outlook(standing, policy))),
        history=tuple(ChangeLine(_level_badge(change), words.moment(change.known_at, now)) for change in changes),
        withheld=None if follows.at_once else follows.reason,
        window_days=policy.window_days,
        audit_days=policy.audit_days,
    )


_OF_FALL: Final = frozenset({"standing.audits", "standing.removals"})


def _reasons_of_fall(standing: Standing, changes: Sequence[StandingChange], now: datetime) -> tuple[str, ...]:
    """What was counted when good standing was lost, which the counts since then no longer have."""
    fall = next((change for change in changes if change.level is standing.level), None)
    if standing.good or fall is None:
        return ()
    day = words.day(fall.known_at, now)
    counted = [reason for reason in fall.reasons if reason.code in _OF_FALL]
    return tuple(say("Lost on %(day)s: %(reason)s", day=day, reason=in_words(reason)) for reason in counted)


def next_effect(runtime: Runtime, connection: Connection, standing: Standing, pair: Pair, now: datetime) -> Effect:
    """The effect of a brand's next confirmation, for the reason that brands confirm most."""
    return effects_now(runtime, connection, standing, pair, ReasonCode.TRADEMARK_COUNTERFEIT, now)(0)


def recorded_badge(change: StandingChange | None) -> LevelBadge:
    """The badge of a brand's recorded level after its last change; None: it has never changed."""
    if change is None:
        word, tone = NAMES[Level.PROVISIONAL]
        return LevelBadge(say(word), tone, warned=False)
    return _level_badge(change)


def _level_badge(standing: Standing | StandingChange) -> LevelBadge:
    word, tone = NAMES[standing.level]
    return LevelBadge(say(word), tone, standing.warned)


def _scope_lines(standing: Standing) -> tuple[ScopeLine, ...]:
    """Overall, then by reason code; empty without counts, one line if there is one reason code."""
    scopes = (standing.overall, *standing.by_reason) if len(standing.by_reason) > 1 else standing.by_reason
    return tuple(_scope_line(scope) for scope in scopes)


def _scope_line(scope: Scope) -> ScopeLine:
    return ScopeLine(scope_name(scope), scope.audits, scope.removals, _FINDINGS[scope.finding])


def scope_name(scope: Scope) -> str:
    """The label of a line of the counts."""
    return say("Overall") if scope.reason_code is None else say(REASONS[scope.reason_code])


def withheld_reason_of(cards: Sequence[StandingCard]) -> Message | None:
    """Why a confirmation does not remove at once; None if it does for at least one of the brands."""
    reasons = [card.withheld for card in cards]
    return reasons[0] if reasons and None not in reasons else None


def headline_of(size: int) -> str:
    if not size:
        return say("No listing awaits your answer")
    return say_many("%(n)s listing awaits your answer", "%(n)s listings await your answer", size)
