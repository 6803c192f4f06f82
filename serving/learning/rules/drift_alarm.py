"""Features that stay shifted, and the people's notes that quiet their alarm."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from serving.learning.policy import DriftAlarmPolicy

_MOVED: Final = "moved"  # The level of `training.evaluate.drift.Level` whose response is a retraining.

DriftReport = tuple[datetime, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person's explanation of a shift: the index that they saw, and the champion that it was measured beside."""

    acknowledgement_id: str
    feature: str
    champion: str | None
    psi: float
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RedFeature:
    """A feature that the newest report calls shifted.

    `reports` is the number of reports in a row that do, back to `since`, beside the same champion. `acknowledged` is
    the note that holds for it, and `quiet` is whether it quiets the alarm: the shift has not worsened since.
    """

    name: str
    psi: float
    reports: int
    since: datetime
    acknowledged: Acknowledgement | None
    quiet: bool


def red_features(
    reports: Sequence[DriftReport], acknowledgements: Collection[Acknowledgement], policy: DriftAlarmPolicy
) -> tuple[RedFeature, ...]:
    """The shifted features of the newest of these reports, which are oldest first, with the largest shift first.

    A note holds until a later report finds the feature steady, because the next shift is another one, and until the
    champion changes, because the listings compared with change too. Reports of too few listings say nothing.
    """
    full_reports = [report for report in reports if report[1]["enough"]]
    if not full_reports or full_reports[-1] is not reports[-1]:
        return ()
    champion = full_reports[-1][1].get("champion")
    full_reports = [report for report in full_reports if report[1].get("champion") == champion]
    moved = [(made_at, _shifted_features(report)) for made_at, report in full_reports]
    notes = sorted((note for note in acknowledgements if note.champion == champion), key=lambda note: note.at)
    latest = {note.feature: note for note in notes}
    return tuple(_red_feature(name, psi, moved, latest.get(name), policy) for name, psi in moved[-1][1].items())


def quiet_features(red: Collection[RedFeature]) -> frozenset[str]:
    """The features among these whose alarm is quiet."""
    return frozenset(feature.name for feature in red if feature.quiet)


def _shifted_features(report: Mapping[str, Any]) -> dict[str, float]:
    psi_by_name = {shift["name"]: shift["psi"] for shift in report["shifts"] if shift["level"] == _MOVED}
    return dict(sorted(psi_by_name.items(), key=lambda name_and_psi: (-name_and_psi[1], name_and_psi[0])))


def _red_feature(
    name: str,
    psi: float,
    moved: Sequence[tuple[datetime, Mapping[str, float]]],
    note: Acknowledgement | None,
    policy: DriftAlarmPolicy,
) -> RedFeature:
    steady = [index for index, (_, shifts) in enumerate(moved) if name not in shifts]
    first = steady[-1] + 1 if steady else 0
    holds = note is not None and all(name in shifts for made_at, shifts in moved if made_at > note.at)
    quiet = holds and note is not None and psi <= note.psi * (1 + policy.worsens_by)
    return RedFeature(name, psi, len(moved) - first, moved[first][0], note if holds else None, quiet)
