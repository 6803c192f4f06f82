"""The last drift report in words: shifted features, prevalence, and calibration."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.compute import FEATURES
from serving.learning.rules.drift_alarm import Acknowledgement, RedFeature
from serving.learning.service.monitoring import SCORE
from serving.learning.store import monitoring
from serving.web.model.training_part import who
from serving.web.wording import words
from training.drift import Level

_SHOWN: Final = 6
_MEANINGS: Final = {feature.name: feature.meaning.rstrip(".") for feature in FEATURES} | {SCORE: "The champion's score"}


@dataclass(frozen=True, slots=True)
class NoteRow:
    """An acknowledgement: who gave it, when, and why; `worsened` is whether the shift has grown beyond it since."""

    acknowledgement_id: str
    by: str
    at: str
    note: str
    psi: str
    worsened: bool


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A drifted feature; `changes` says what changed in its values, and `lasts` since when it has been significant."""

    name: str
    meaning: str
    psi: str
    moved: bool
    changes: str
    lasts: str
    note: NoteRow | None


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
    more: int
    loud: int
    prevalence: str
    prevalence_rests_on: str
    recall: str
    answers: str
    bands: tuple[BandRow, ...]


def drift_of(connection: Connection, marketplace_id: str, red: Collection[RedFeature], now: datetime) -> Drift | None:
    """The marketplace's newest report with its `red` features; None before the first.

    Every significant shift is shown, because a person has to explain it, and a few moderate ones.
    """
    latest = monitoring.latest_drift_report(connection, marketplace_id)
    if latest is None:
        return None
    made_at, report = latest
    before, after = report["listings"]
    rows = report["shifts"]
    found = report["prevalence"]
    lasting = {one.name: one for one in red}
    moving = [row for row in rows if row["level"] == Level.MOVING]
    moved = [row for row in rows if row["level"] == Level.MOVED]
    kept = [*moved, *moving[: max(0, _SHOWN - len(moved))]]
    return Drift(
        made=words.moment_named(made_at, now),
        compared=f"{after:,} scores of the last {report['days']} days against {before:,} from before the promotion",
        why_not=None if report["enough"] else "Too little data: one of the samples has fewer than 50 listings.",
        steady=sum(row["level"] == Level.STEADY for row in rows),
        features=len(rows),
        shifts=tuple(_shift(connection, row, lasting.get(row["name"]), now) for row in kept),
        more=len(moved) + len(moving) - len(kept),
        loud=sum(not one.quiet for one in red),
        prevalence=_estimate(found),
        prevalence_rests_on=f"{found['reviewed']:,} answers, {found['audited']:,} of them on the random audit sample",
        recall=_estimate(report["recall"]),
        answers=_answers(report["answers"]["now"]),
        bands=tuple(_band(row) for row in report["bands"] if row["listings"]),
    )


def _shift(connection: Connection, row: Mapping[str, Any], red: RedFeature | None, now: datetime) -> ShiftRow:
    return ShiftRow(
        row["name"],
        _MEANINGS.get(row["name"], ""),
        f"{row['psi']:.2f}",
        row["level"] == Level.MOVED,
        _changes(row),
        _lasts(red, now) if red else "",
        _note(connection, red.acknowledged, now, worsened=not red.quiet) if red and red.acknowledged else None,
    )


def _changes(row: Mapping[str, Any]) -> str:
    """What changed: the share of missing values, the median of the known ones, and how far their distributions are
    apart (Kolmogorov-Smirnov). Older reports have no median."""
    before, now = row["missing_before"], row["missing_now"]
    found = [f"missing values {before:.0%}, now {now:.0%}"] if abs(now - before) >= 0.05 else []
    middle, later = row.get("median_before"), row.get("median_now")
    if middle is not None and later is not None:
        same = f"{middle:.3g}" == f"{later:.3g}"
        found.append(f"median {middle:.3g} as before" if same else f"median {middle:.3g}, now {later:.3g}")
    if row.get("distance") is not None:
        found.append(f"KS distance {row['distance']:.2f}")
    return "; ".join(found)


def _lasts(red: RedFeature, now: datetime) -> str:
    if red.reports < 2:
        return "significant for the first time"
    return f"significant in {red.reports} reports in a row, since {words.day(red.since, now)}"


def _note(connection: Connection, given: Acknowledgement, now: datetime, *, worsened: bool) -> NoteRow:
    return NoteRow(
        given.acknowledgement_id,
        who(connection, given.by),
        words.moment_named(given.at, now),
        given.note,
        f"{given.psi:.2f}",
        worsened,
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
