"""A brand's record of its own answers, as counts and as a file.

A brand's dashboard: results of its answers, listings still shown, relists, and the counterfeit share.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from features.message import message
from models.labels import AppealState
from models.messages.english import in_english
from models.policies.learning import LabelPolicy
from models.prevalence import Estimate, SelectedListing, prevalence
from serving.brands.rules.brand_dashboard import Dashboard, Period, dashboard, periods_between
from serving.brands.rules.brand_record import AnswerFacts, AnswerFigures, answer_figures, result_of, window_start
from serving.brands.store import brand_answers, brand_dashboard
from serving.brands.store.brand_answers import BrandAnswer
from serving.learning.service.labelling import mature_labels
from serving.learning.store import monitoring
from serving.platform.clock import Window
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tabular import Format, Kind, as_file
from serving.standing.store import standings
from serving.standing.store.standings import StandingChange
from serving.takedowns.rules.removal_check import CheckState

COLUMNS: Final = {
    "marketplace": Kind.TEXT, "brand": Kind.TEXT, "listing": Kind.TEXT, "version": Kind.COUNT, "title": Kind.TEXT,
    "price": Kind.MONEY, "currency": Kind.TEXT, "seller": Kind.TEXT, "answer": Kind.TEXT, "reason_code": Kind.TEXT,
    "asked_at": Kind.MOMENT, "answered_at": Kind.MOMENT, "hours_to_answer": Kind.NUMBER, "outcome": Kind.TEXT,
    "reason": Kind.TEXT, "removed_at": Kind.MOMENT, "hours_to_removal": Kind.NUMBER, "counter_notice": Kind.TEXT,
    "counter_notice_at": Kind.MOMENT, "counter_notice_decided_at": Kind.MOMENT,
}  # fmt: skip

STANDING_COLUMNS: Final = {
    "changed_at": Kind.MOMENT, "level": Kind.TEXT, "warned": Kind.TEXT, "audits_right": Kind.COUNT,
    "audits_wrong": Kind.COUNT, "removals_stood": Kind.COUNT, "removals_overturned": Kind.COUNT,
    "removals_undefended": Kind.COUNT, "reasons": Kind.TEXT, "policy_version": Kind.TEXT,
}  # fmt: skip
_ALL_CHANGES: Final = 10_000


def standing_rows(connection: Connection, marketplace_id: str, brand_id: str) -> list[tuple[Any, ...]]:
    """One row per change of a brand's standing, oldest first, with the counts and reasons of that moment."""
    standing_changes = standings.standing_changes(connection, marketplace_id, brand_id, most=_ALL_CHANGES)
    return [_change_row(change) for change in reversed(standing_changes)]


def _change_row(standing_change: StandingChange) -> tuple[Any, ...]:
    counted = standing_change.counts.get("overall", {})
    return (
        standing_change.known_at,
        standing_change.level.value,
        "Yes" if standing_change.warned else "No",
        *(counted.get(name) for name in ("right", "wrong", "stood", "overturned", "undefended")),
        " ".join(map(in_english, standing_change.reasons)),
        standing_change.policy_version,
    )


def figures_of(answers: Iterable[BrandAnswer], since: datetime | None = None) -> AnswerFigures:
    """The figures of the answers given from a moment on, or of all."""
    return answer_figures(
        answer.answered for answer in answers if since is None or answer.answered.answered_at >= since
    )


def record_file(form: Format, answers: Iterable[BrandAnswer]) -> bytes:
    """One row per answer, oldest first, with its outcome and the reason."""
    return as_file(form, COLUMNS, (_row(answer) for answer in answers))


def _row(brand_answer: BrandAnswer) -> tuple[Any, ...]:
    answered, ending = brand_answer.answered, result_of(brand_answer.answered)
    price = brand_answer.content.get("price")
    return (
        brand_answer.marketplace,
        brand_answer.brand,
        brand_answer.external_id,
        brand_answer.version,
        brand_answer.content.get("title"),
        None if price is None else Decimal(str(price)),
        brand_answer.content.get("currency"),
        brand_answer.seller_external_id,
        answered.judgement.value,
        brand_answer.reason_code.value if brand_answer.reason_code else None,
        answered.asked_at,
        answered.answered_at,
        answered.hours_to_answer,
        ending.outcome.value,
        in_english(message(ending.reason)),
        answered.removed_at,
        ending.hours_to_removal,
        _objection(answered),
        brand_answer.appealed_at,
        brand_answer.appeal_decided_at,
    )


def _objection(answered: AnswerFacts) -> str | None:
    """The state of the seller's objection: on appeal, or else in the counter-notice."""
    if not answered.objected:
        return None
    if answered.appeal is not AppealState.NONE:
        return answered.appeal.value
    return None if answered.counter_notice is None else answered.counter_notice.value


PERIODS: Final = (30, 90, 365)
DEFAULT_PERIOD: Final = 90


@dataclass(frozen=True, slots=True)
class Share:
    """The listings of a period, and the estimated counterfeit share among them."""

    period: Period
    listings: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class BrandDashboard:
    """The dashboard of a period. `still_shown` and `looked_at` are of acknowledged removals."""

    since: datetime
    until: datetime
    record: Dashboard
    still_shown: int
    looked_at: int
    relists: int
    whole: Share
    shares: tuple[Share, ...]


def gather(runtime: Runtime, connection: Connection, pair: Pair, days: int) -> BrandDashboard:
    """The dashboard of a brand over the last `days`."""
    now = runtime.clock.now()
    since = window_start(now, days)
    parts = periods_between(since, now + timedelta(microseconds=1))
    record = dashboard((answer.answered for answer in brand_answers.answers_of(connection, {pair})), parts)
    checks = brand_dashboard.check_counts(connection, pair, since)
    seen = {state: number for state, number in checks.items() if state is not CheckState.ASKED}
    whole, shares = _shares(runtime, connection, pair, parts, now)
    return BrandDashboard(
        since=since,
        until=now,
        record=record,
        still_shown=checks.get(CheckState.STILL_SHOWN, 0),
        looked_at=sum(seen.values()),
        relists=brand_dashboard.relist_count(connection, pair, since),
        whole=whole,
        shares=shares,
    )


def _shares(
    runtime: Runtime, connection: Connection, pair: Pair, parts: tuple[Period, ...], now: datetime
) -> tuple[Share, tuple[Share, ...]]:
    """Prevalence by the random audit sample: of all periods together, and of each."""
    window = Window(parts[0].begins - timedelta(microseconds=1), now)
    listings = [0] * len(parts)
    drawn: list[list[tuple[str, float]]] = [[] for _ in parts]
    begins = [part.begins for part in parts]
    for row in monitoring.first_scores(connection, pair[0], window, brand_id=pair[1]):
        at = bisect_right(begins, row.scored_at) - 1
        listings[at] += 1
        if row.reviewed:
            drawn[at].append((row.version_id, row.inclusion_probability))
    looked_at = {version_id for draws in drawn for version_id, _ in draws}
    labels = mature_labels(connection, pair[0], runtime.policies[LabelPolicy], now, only=looked_at)
    due = [[SelectedListing(chance, labels.get(version_id)) for version_id, chance in draws] for draws in drawn]
    whole = Share(
        Period(parts[0].begins, parts[-1].ends),
        sum(listings),
        prevalence([due_listing for part_due in due for due_listing in part_due], listings=sum(listings)),
    )
    shares = tuple(Share(part, listings[n], prevalence(due[n], listings=listings[n])) for n, part in enumerate(parts))
    return whole, shares
