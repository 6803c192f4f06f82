"""A brand's dashboard: results of its answers, listings still shown, relists, and the counterfeit share."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.policies.learning import LabelPolicy
from models.prevalence import Due, Estimate, prevalence
from serving.brands.rules.brand_dashboard import Dashboard, Period, dashboard, periods_between
from serving.brands.store import brand_answers, brand_dashboard
from serving.learning.service.labelling import mature_labels
from serving.learning.store import monitoring
from serving.platform.clock import Window
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.takedowns.rules.removal_check import CheckState

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
    since = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    parts = periods_between(since, now + timedelta(microseconds=1))
    record = dashboard((one.answered for one in brand_answers.answers_of(connection, {pair})), parts)
    checks = brand_dashboard.checks(connection, pair, since)
    seen = {state: number for state, number in checks.items() if state is not CheckState.ASKED}
    whole, shares = _shares(runtime, connection, pair, parts, now)
    return BrandDashboard(
        since=since,
        until=now,
        record=record,
        still_shown=checks.get(CheckState.STILL_SHOWN, 0),
        looked_at=sum(seen.values()),
        relists=brand_dashboard.relists(connection, pair, since),
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
    looked_at = {version_id for some in drawn for version_id, _ in some}
    labels = mature_labels(connection, pair[0], runtime.policies[LabelPolicy], now, only=looked_at)
    due = [[Due(chance, labels.get(version_id)) for version_id, chance in some] for some in drawn]
    whole = Share(
        Period(parts[0].begins, parts[-1].ends),
        sum(listings),
        prevalence([one for some in due for one in some], listings=sum(listings)),
    )
    shares = tuple(Share(part, listings[n], prevalence(due[n], listings=listings[n])) for n, part in enumerate(parts))
    return whole, shares
