"""Changes since the champion was trained, and the accuracy of its predictions, as one stored report.

The alarm of shifted features: what stays red, and how a person explains it.
"""

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection

from features.compute import NAMES, ComputedFeatures, compute
from features.facts import Facts
from models.bundle import Bundle
from models.errors import Conflict, Invalid, require
from models.policies.learning import LabelPolicy
from models.prevalence import SelectedListing, prevalence, recall
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.learning.policy import DriftAlarmPolicy
from serving.learning.rules.drift_alarm import RedFeature, red_features
from serving.learning.service.labelling import mature_labels
from serving.learning.store import learning, monitoring
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.clock import Window
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from training.evaluate.bands import ScoredListing, precision_by_band
from training.evaluate.drift import FEWEST, Shift, shifts

SCORE: Final = "score"
DAYS: Final = 30
# Random variation then stays below .09, so that the level of .1 is significant. A report takes half a second.
_MOST: Final = 500
_REPORTS_LAST: Final = timedelta(days=7)


def measure(runtime: Runtime, marketplace: Marketplace, *, days: int = DAYS) -> dict[str, Any]:
    """Compute and store the report of the last `days`.

    The reference is the same number of days up to the champion's promotion. If the champion is younger than that, or
    there is none, the reference is the days before. The present champion scores both sides.
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    champion = runtime.services[LiveModels].of(marketplace_id)
    with runtime.store.read() as connection:
        after = Window.of_days(days, now)
        before = Window.of_days(days, _reference_end(connection, marketplace_id, after))
        samples = [monitoring.sample_of_facts(connection, marketplace_id, window, _MOST) for window in (before, after)]
        trained = learning.get_model(connection, marketplace_id, champion.digest).report if champion else {}
        report = {
            "days": days,
            "before": [moment.isoformat() for moment in (before.start, before.end)],
            "now": [moment.isoformat() for moment in (after.start, after.end)],
            "champion": champion.digest if champion else None,
            "trained_base_rate": trained.get("calibrated_on", {}).get("base_rate"),
            "answers": {
                name: _delay_figures(monitoring.first_answer_delays(connection, marketplace_id, window))
                for name, window in (("before", before), ("now", after))
            },
            **_outcomes(runtime, connection, marketplace_id, after, champion),
        }
    feature_shifts = _shifts(samples[0], samples[1], champion, runtime.settings.model_threads)
    report["listings"] = [len(sample) for sample in samples]
    report["enough"] = min(map(len, samples)) >= FEWEST
    report["shifts"] = [
        {**asdict(shift), "by_chance": _finite_or_none(shift.by_chance), "level": shift.level.value}
        for shift in feature_shifts
    ]
    row = {"marketplace_id": marketplace_id, "report_id": runtime.ids.new("dri"), "report": report, "made_at": now}
    with runtime.store.write() as connection:
        monitoring.add_drift_report(connection, row)
        red = red_features_now(runtime, connection, marketplace_id)
        # Those that shifted since the last report, or more than a note accepts.
        loud = [feature for feature in red if not feature.quiet]
        names = [feature.name for feature in loud if feature.reports == 1 or feature.acknowledged is not None]
        if names:
            about = {"what": "features_shifted", "signals": names}
            queue_to_roles(runtime, connection, MailKind.FEATURES_SHIFTED, marketplace_id, about)
    return report


def measure_weekly(runtime: Runtime) -> int:
    """Measure each marketplace with a champion whose last report is at least a week old; returns how many."""
    now, measured = runtime.clock.now(), 0
    with runtime.store.read() as connection:
        due = [
            marketplace
            for marketplace in marketplaces.all_marketplaces(connection)
            if runtime.services[LiveModels].loaded(marketplace.marketplace_id) is not None
            and (
                (last := monitoring.latest_drift_report(connection, marketplace.marketplace_id)) is None
                or now - last[0] >= _REPORTS_LAST
            )
        ]
    for marketplace in due:
        measure(runtime, marketplace)
        measured += 1
    return measured


def _reference_end(connection: Connection, marketplace_id: str, now: Window) -> datetime:
    """The end of the reference period; it never overlaps `now`."""
    past = learning.promotions(connection, marketplace_id)
    return min(past[0].promoted_at, now.start) if past else now.start


def _shifts(before: Sequence[Facts], now: Sequence[Facts], champion: Bundle | None, threads: int) -> tuple[Shift, ...]:
    computed = [[compute(facts) for facts in side] for side in (before, now)]
    columns = [_columns(side, champion, threads) for side in computed]
    return shifts((*NAMES, SCORE) if champion else NAMES, columns[0], columns[1])


def _columns(
    rows: Sequence[ComputedFeatures], champion: Bundle | None, threads: int
) -> np.ndarray[Any, np.dtype[np.float64]]:
    width = len(NAMES) + (champion is not None)
    if not rows:
        return np.empty((0, width))
    matrix = np.stack([row.vector for row in rows])
    if champion is None:
        return matrix
    scores = champion.score_many(rows, with_reasons=False, threads=threads)
    return np.column_stack([matrix, [score.value for score in scores]])


def _delay_figures(delays: Sequence[timedelta | None]) -> dict[str, Any]:
    """The delays of first verdicts, in days; cases without a verdict count in `cases` alone."""
    days = sorted(delay / timedelta(days=1) for delay in delays if delay is not None)
    return {
        "cases": len(delays),
        "answered": len(days),
        "median_days": statistics.median(days) if days else None,
        "slow_days": float(np.quantile(days, 0.9)) if days else None,
    }


def _outcomes(
    runtime: Runtime, connection: Connection, marketplace_id: str, window: Window, champion: Bundle | None
) -> dict[str, Any]:
    """Prevalence and recall of the window by its random audit sample, and the champion's precision by band."""
    labels = mature_labels(connection, marketplace_id, runtime.policies[LabelPolicy], window.end)
    due: list[SelectedListing] = []
    scored: list[ScoredListing] = []
    listings = 0
    for row in monitoring.first_scores(connection, marketplace_id, window):
        listings += 1
        label = labels.get(row.version_id)
        if row.reviewed:
            due.append(SelectedListing(row.inclusion_probability, label))
        if champion is not None and row.scorer == champion.digest and row.probability is not None:
            scored.append(ScoredListing(row.probability, row.inclusion_probability, label, row.reviewed))
    return {
        "prevalence": asdict(prevalence(due, listings=listings)),
        "recall": asdict(recall(due, listings=listings)),
        "bands": [{**asdict(band), "observed": asdict(band.observed)} for band in precision_by_band(scored)],
    }


def _finite_or_none(number: float) -> float | None:
    return number if np.isfinite(number) else None


def red_features_now(runtime: Runtime, connection: Connection, marketplace_id: str) -> tuple[RedFeature, ...]:
    """The features that the newest drift report calls shifted, each with the note that holds for it."""
    policy = runtime.policies[DriftAlarmPolicy]
    reports = monitoring.drift_reports(connection, marketplace_id, policy.reports_read)
    if not reports:
        return ()
    acknowledgements = monitoring.acknowledgements_in_force(connection, marketplace_id, reports[-1][1].get("champion"))
    return red_features(reports, acknowledgements, policy)


def acknowledge(runtime: Runtime, marketplace: Marketplace, *, feature: str, note: str, by: str) -> None:
    """Record why a feature stays shifted; its alarm is quiet until the shift worsens.

    Raises Invalid (the note is blank) or Conflict (the newest report does not call the feature shifted).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    if not note.strip():
        raise Invalid("An acknowledgement needs a note: why the feature has shifted, and why that is accepted.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        red = {red_feature.name: red_feature for red_feature in red_features_now(runtime, connection, marketplace_id)}
        if feature not in red:
            raise Conflict("The latest drift report does not show this feature as shifted. Load the page again.")
        latest = monitoring.latest_drift_report(connection, marketplace_id)
        row = {
            "marketplace_id": marketplace_id,
            "acknowledgement_id": runtime.ids.new("ack"),
            "feature": feature,
            "champion": latest[1].get("champion") if latest else None,
            "psi": red[feature].psi,
            "note": note.strip(),
            "acknowledged_by": by,
            "acknowledged_at": now,
        }
        monitoring.add_acknowledgement(connection, row)
        audit.record(connection, now, marketplace_id, by, "drift.acknowledged", feature, psi=red[feature].psi)


def withdraw_acknowledgement(runtime: Runtime, marketplace: Marketplace, *, acknowledgement_id: str, by: str) -> None:
    """Withdraw an acknowledgement, so that the alarm sounds again. Raises NotFound (there is none that stands)."""
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        feature = require(
            monitoring.withdraw_acknowledgement(connection, marketplace_id, acknowledgement_id, now),
            "There is no such acknowledgement.",
        )
        audit.record(connection, now, marketplace_id, by, "drift.acknowledgement_withdrawn", feature)


def tell_of_rollback(
    runtime: Runtime, connection: Connection, marketplace_id: str, digest: str, *, by: str, reason: str
) -> None:
    """Queue a mail about a rollback to all data scientists and administrators of a marketplace."""
    by_name = accounts.names(connection, [user_id := by.removeprefix("user:")]).get(user_id, "")
    about = {"what": "model_rollback", "by": by_name, "model": digest[:10], "reason": reason}
    queue_to_roles(runtime, connection, MailKind.MODEL_ROLLBACK, marketplace_id, about, subject_id=marketplace_id)
