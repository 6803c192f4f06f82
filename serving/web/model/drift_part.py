"""The last drift report in words: shifted features, prevalence, and calibration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.compute import FEATURES
from serving.learning.service.monitoring import SCORE
from serving.learning.store import monitoring
from serving.web.wording import words
from training.drift import Level

_SHOWN: Final = 6
_MEANINGS: Final = {feature.name: feature.meaning.rstrip(".") for feature in FEATURES} | {SCORE: "The champion's score"}


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A drifted feature; `missing` is set if its share of missing values changed."""

    name: str
    meaning: str
    psi: str
    moved: bool
    missing: str


@dataclass(frozen=True, slots=True)
class BandRow:
    """A band of probability: the predicted share, and the observed share with its interval."""

    band: str
    listings: str
    answered: str
    predicted: str
    found: str
    interval: str


@dataclass(frozen=True, slots=True)
class Drift:
    """The report; `why_not` is set if there were too few listings."""

    made: str
    compared: str
    why_not: str | None
    steady: int
    features: int
    shifts: tuple[ShiftRow, ...]
    prevalence: str
    prevalence_rests_on: str
    recall: str
    answers: str
    bands: tuple[BandRow, ...]


def drift_of(connection: Connection, marketplace_id: str, now: datetime) -> Drift | None:
    """The marketplace's newest report; None before the first."""
    latest = monitoring.latest_drift_report(connection, marketplace_id)
    if latest is None:
        return None
    made_at, report = latest
    before, after = report["listings"]
    rows = report["shifts"]
    found = report["prevalence"]
    return Drift(
        made=words.moment_named(made_at, now),
        compared=f"{after:,} scores of the last {report['days']} days against {before:,} from before the promotion",
        why_not=None if report["enough"] else "Too little data: one of the samples has fewer than 50 listings.",
        steady=sum(row["level"] == Level.STEADY for row in rows),
        features=len(rows),
        shifts=tuple(_shift(row) for row in rows if row["level"] in {Level.MOVING, Level.MOVED})[:_SHOWN],
        prevalence=_estimate(found),
        prevalence_rests_on=f"{found['reviewed']:,} answers, {found['audited']:,} of them on the random audit sample",
        recall=_estimate(report["recall"]),
        answers=_answers(report["answers"]["now"]),
        bands=tuple(_band(row) for row in report["bands"] if row["listings"]),
    )


def _shift(row: Mapping[str, Any]) -> ShiftRow:
    before, now = row["missing_before"], row["missing_now"]
    missing = f"missing values {before:.0%}, now {now:.0%}" if abs(now - before) >= 0.05 else ""
    return ShiftRow(
        row["name"], _MEANINGS.get(row["name"], ""), f"{row['psi']:.2f}", row["level"] == Level.MOVED, missing
    )


def _estimate(found: Mapping[str, Any]) -> str:
    if found["value"] is None:
        return f"unknown, between {found['low']:.1%} and {found['high']:.1%}"
    return f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%})"


def _answers(found: Mapping[str, Any]) -> str:
    if found["median_days"] is None:
        return f"no answers yet for {words.many(found['cases'], 'case')}"
    return (
        f"{found['answered']:,} of {words.many(found['cases'], 'case')} answered, "
        f"median {found['median_days']:.1f} days, 90th percentile {found['slow_days']:.1f} days"
    )


def _band(row: Mapping[str, Any]) -> BandRow:
    found = row["found"]
    return BandRow(
        f"{row['low']:g} to {row['high']:g}",
        f"{row['listings']:,}",
        f"{found['reviewed']:,}",
        f"{row['predicted']:.3f}",
        "unknown" if found["value"] is None else f"{found['value']:.3f}",
        f"{found['low']:.3f} to {found['high']:.3f}",
    )
