from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from serving.learning.policy import DEFAULT_DRIFT_ALARM, DEFAULT_RETRAINING
from serving.learning.rules.drift_alarm import Acknowledgement, quiet_features, red_features
from serving.learning.rules.retraining import persistent_drift
from tests.fixtures.clocks import NOW

CHAMPION: Final = "c" * 64
NOTE: Final = Acknowledgement("ack_1", "price_log", CHAMPION, 0.4, "A sale.", "user:usr_1", NOW)
Told = tuple[datetime, Mapping[str, Any]]


def a_report(week: int, *, champion: str = CHAMPION, enough: bool = True, **moved: float) -> Told:
    """A report of that many weeks after the note, or before it; features that it does not name are steady."""
    shifts = [{"name": name, "psi": psi, "level": "moved" if psi >= 0.25 else "steady"} for name, psi in moved.items()]
    return NOW + timedelta(days=7 * week, hours=-1), {"champion": champion, "enough": enough, "shifts": shifts}


def the_price(reports: list[Told], note: Acknowledgement | None = NOTE) -> tuple[int, bool, bool]:
    """Reports in a row that call the price shifted, whether a note holds, and whether it quiets the alarm."""
    (feature,) = red_features(reports, [note] if note else [], DEFAULT_DRIFT_ALARM)
    return feature.reports, feature.acknowledged is not None, feature.quiet


ALARMS = [
    ([a_report(0, price_log=0.4)], None, (1, False, False), "nobody has explained it"),
    ([a_report(0, price_log=0.4)], NOTE, (1, True, True), "explained"),
    ([a_report(0, price_log=0.4), a_report(1, price_log=0.5)], NOTE, (2, True, True), "a quarter more, and no further"),
    ([a_report(0, price_log=0.4), a_report(1, price_log=0.51)], NOTE, (2, True, False), "worsened"),
    (
        [a_report(0, price_log=0.4), a_report(1, price_log=0.1), a_report(2, price_log=0.4)],
        NOTE,
        (1, False, False),
        "it was steady since: another shift",
    ),
    (
        [a_report(0, price_log=0.4), a_report(1, enough=False), a_report(2, price_log=0.4)],
        NOTE,
        (2, True, True),
        "a report of too few listings says nothing",
    ),
    ([a_report(-1, price_log=0.1), a_report(0, price_log=0.4)], NOTE, (1, True, True), "steady before the note"),
    (
        [a_report(0, champion="d" * 64, price_log=0.4), a_report(1, price_log=0.4)],
        replace(NOTE, champion="d" * 64),
        (1, False, False),
        "noted beside another champion",
    ),
]


@pytest.mark.parametrize(("reports", "note", "expected", "reason"), ALARMS, ids=[row[-1] for row in ALARMS])
def test_a_shift_is_quiet_while_its_explanation_holds(
    reports: list[Told], note: Acknowledgement | None, expected: tuple[int, bool, bool], reason: str
) -> None:
    assert the_price(reports, note) == expected, reason


def test_the_latest_note_counts() -> None:
    later = replace(NOTE, acknowledgement_id="ack_2", psi=0.8, at=NOW + timedelta(days=7))
    reports = [a_report(0, price_log=0.4), a_report(1, price_log=0.8), a_report(2, price_log=0.9)]
    (feature,) = red_features(reports, [later, NOTE], DEFAULT_DRIFT_ALARM)
    assert feature.acknowledged == later
    assert feature.quiet


def test_the_largest_shift_comes_first_and_a_steady_feature_is_not_among_them() -> None:
    features = red_features([a_report(0, a=0.3, b=0.5, c=0.1)], [], DEFAULT_DRIFT_ALARM)
    assert [feature.name for feature in features] == ["b", "a"]
    assert {feature.since for feature in features} == {NOW - timedelta(hours=1)}


@pytest.mark.parametrize("reports", [[], [a_report(0, price_log=0.4), a_report(1, enough=False)]])
def test_without_a_telling_report_nothing_is_red(reports: list[Told]) -> None:
    assert red_features(reports, [], DEFAULT_DRIFT_ALARM) == ()


def test_a_quiet_feature_starts_no_training() -> None:
    reports = [a_report(week, price_log=0.4, age=0.5) for week in range(2)]
    quiet = quiet_features(red_features(reports, [NOTE], DEFAULT_DRIFT_ALARM))
    bodies = [report for _, report in reports]
    assert persistent_drift(bodies, DEFAULT_RETRAINING) == ("price_log", "age")
    assert persistent_drift(bodies, DEFAULT_RETRAINING, quiet=quiet) == ("age",)
