"""The last drift report in words: shifted features, prevalence, and calibration."""

from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection

from features.compute import FEATURES
from serving.learning.rules.drift_alarm import RedFeature
from serving.learning.service.monitoring import SCORE
from serving.learning.store import monitoring
from serving.web.model.training_part import actor_name
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
    share, trained = report["prevalence"], report.get("trained_base_rate")
    lasting = {feature.name: feature for feature in red}
    moving = [row for row in rows if row["level"] == Level.MOVING]
    moved = [row for row in rows if row["level"] == Level.MOVED]
    shown_rows = [*moved, *moving[: max(0, _SHOWN - len(moved))]]
    return SimpleNamespace(
        made_at=made_at,
        compared=f"{after:,} scores of the last {report['days']} days against {before:,} from before the promotion",
        why_not=None if report["enough"] else "Too little data: one of the samples has fewer than 50 listings.",
        steady=sum(row["level"] == Level.STEADY for row in rows),
        features=len(rows),
        shifts=tuple(_shift_row(connection, row, lasting.get(row["name"])) for row in shown_rows),
        more=len(moved) + len(moving) - len(shown_rows),
        loud=sum(not feature.quiet for feature in red),
        prevalence=_estimate_in_words(share),
        prevalence_rests_on=f"{share['reviewed']:,} answers, {share['audited']:,} of them on the random audit sample"
        + ("" if trained is None else f"; the champion is calibrated to {trained:.1%}"),
        recall=_estimate_in_words(report["recall"]),
        answers=_answers_in_words(report["answers"]["now"]),
        bands=[row for row in report["bands"] if row["listings"]],
    )


def _shift_row(connection: Connection, row: Mapping[str, Any], red: RedFeature | None) -> SimpleNamespace:
    return SimpleNamespace(
        name=row["name"],
        meaning=_MEANINGS.get(row["name"], ""),
        psi=row["psi"],
        moved=row["level"] == Level.MOVED,
        changes=_changes_in_words(row),
        red=red,
        by=actor_name(connection, red.acknowledged.by) if red and red.acknowledged else "",
    )


def _changes_in_words(row: Mapping[str, Any]) -> str:
    """What changed: the share of missing values, the median of the known ones, and how far their distributions are
    apart (Kolmogorov-Smirnov). Older reports have no median."""
    before, now = row["missing_before"], row["missing_now"]
    changes = [f"missing values {before:.0%}, now {now:.0%}"] if abs(now - before) >= 0.05 else []
    middle, later = row.get("median_before"), row.get("median_now")
    if middle is not None and later is not None:
        same = f"{middle:.3g}" == f"{later:.3g}"
        changes.append(f"median {middle:.3g} as before" if same else f"median {middle:.3g}, now {later:.3g}")
    if row.get("distance") is not None:
        changes.append(f"KS distance {row['distance']:.2f}")
    return "; ".join(changes)


def _estimate_in_words(estimate: Mapping[str, Any]) -> str:
    if estimate["share"] is None:
        return f"unknown, between {estimate['low']:.1%} and {estimate['high']:.1%}"
    return f"{estimate['share']:.1%} ({estimate['low']:.1%} to {estimate['high']:.1%})"


def _answers_in_words(answers: Mapping[str, Any]) -> str:
    if answers["median_days"] is None:
        return f"no answers yet for {words.many(answers['cases'], 'case')}"
    return (
        f"{answers['answered']:,} of {words.many(answers['cases'], 'case')} answered, "
        f"median {answers['median_days']:.1f} days, 90th percentile {answers['slow_days']:.1f} days"
    )
