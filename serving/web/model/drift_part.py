"""The last drift report in words: shifted features, prevalence, and calibration."""

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection

from features.compute import FEATURES
from serving.learning.rules.drift_alarm import RedFeature
from serving.learning.service.monitoring import SCORE
from serving.learning.store import monitoring
from serving.web.model.training_part import who
from serving.web.wording import words
from training.evaluate.drift import Level

_SHOWN: Final = 6
_MEANINGS: Final = {feature.name: feature.meaning.rstrip(".") for feature in FEATURES} | {SCORE: "The champion's score"}


def drift_of(connection: Connection, marketplace_id: str, red: Collection[RedFeature]) -> SimpleNamespace | None:
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
    return SimpleNamespace(
        made_at=made_at,
        compared=f"{after:,} scores of the last {report['days']} days against {before:,} from before the promotion",
        why_not=None if report["enough"] else "Too little data: one of the samples has fewer than 50 listings.",
        steady=sum(row["level"] == Level.STEADY for row in rows),
        features=len(rows),
        shifts=tuple(_shift(connection, row, lasting.get(row["name"])) for row in kept),
        more=len(moved) + len(moving) - len(kept),
        loud=sum(not one.quiet for one in red),
        prevalence=_estimate(found),
        prevalence_rests_on=f"{found['reviewed']:,} answers, {found['audited']:,} of them on the random audit sample",
        recall=_estimate(report["recall"]),
        answers=_answers(report["answers"]["now"]),
        bands=[row for row in report["bands"] if row["listings"]],
    )


def _shift(connection: Connection, row: Mapping[str, Any], red: RedFeature | None) -> SimpleNamespace:
    return SimpleNamespace(
        name=row["name"],
        meaning=_MEANINGS.get(row["name"], ""),
        psi=row["psi"],
        moved=row["level"] == Level.MOVED,
        changes=_changes(row),
        red=red,
        by=who(connection, red.acknowledged.by) if red and red.acknowledged else "",
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
