from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from serving.learning.policy import DEFAULT_RETRAINING, RetrainingPolicy
from serving.learning.rules.retraining import Cause, Situation, Wait, decide, persistent_drift
from tests.fixtures.clocks import NOW

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
QUIET = Situation(
    now=NOW, on=True, under_way=False, enough=True, changed=True, new_labels=83, trained_at=NOW - 26 * DAY
)
MANY = replace(QUIET, new_labels=200)
FIRST = replace(QUIET, trained_at=None)
FAILED = replace(MANY, failures=1, failed_at=NOW - 23 * HOUR)
DECIDED: list[tuple[Situation, Cause | Wait, str]] = [
    (QUIET, Wait.NOT_DUE, "neither enough labels nor thirty days"),
    (MANY, Cause.LABELS, "two hundred are enough"),
    (replace(MANY, new_labels=199), Wait.NOT_DUE, "one fewer is not"),
    (replace(QUIET, trained_at=NOW - 30 * DAY), Cause.SCHEDULE, "thirty days are over"),
    (replace(QUIET, trained_at=NOW - 30 * DAY + HOUR), Wait.NOT_DUE, "an hour is left"),
    (replace(QUIET, moved=("price",)), Cause.DRIFT, "an alarm stands"),
    (replace(MANY, moved=("price",), trained_at=NOW - 40 * DAY), Cause.LABELS, "of all three, labels are named"),
    (replace(QUIET, moved=("price",), trained_at=NOW - 40 * DAY), Cause.DRIFT, "drift is named before the schedule"),
    (replace(FIRST, new_labels=200), Cause.LABELS, "the first training needs labels alone"),
    (FIRST, Wait.NOT_DUE, "without a first training there is no schedule"),
    (replace(FIRST, moved=("price",)), Wait.NOT_DUE, "and no model that drift makes old"),
    (replace(MANY, on=False), Wait.OFF, "an administrator switched it off"),
    (replace(MANY, under_way=True), Wait.UNDER_WAY, "never two at once"),
    (replace(MANY, enough=False), Wait.TOO_FEW, "it would be refused"),
    (replace(MANY, started_by_itself_at=NOW - 23 * HOUR), Wait.TODAY, "at most one a day"),
    (replace(MANY, started_by_itself_at=NOW - 24 * HOUR), Cause.LABELS, "the day is over"),
    (replace(QUIET, trained_at=NOW - 90 * DAY, changed=False), Wait.UNCHANGED, "equal labels give an equal model"),
    (replace(QUIET, moved=("price",), changed=False), Wait.UNCHANGED, "also under drift"),
    (replace(FAILED, changed=False, failed_at=NOW - 90 * DAY), Wait.UNCHANGED, "what was refused would be again"),
    (FAILED, Wait.BACK_OFF, "a refused one rests a day"),
    (replace(FAILED, failed_at=NOW - 24 * HOUR), Cause.LABELS, "the day is over"),
    (replace(FAILED, failures=2, failed_at=NOW - 47 * HOUR), Wait.BACK_OFF, "two rest two days"),
    (replace(FAILED, failures=2, failed_at=NOW - 48 * HOUR), Cause.LABELS, "which are over"),
    (replace(FAILED, failures=9_999, failed_at=NOW - 13 * DAY), Wait.BACK_OFF, "many rest two weeks"),
    (replace(FAILED, failures=9_999, failed_at=NOW - 14 * DAY), Cause.LABELS, "and no longer"),
]


@pytest.mark.parametrize(("situation", "code", "_why"), DECIDED, ids=[why for *_, why in DECIDED])
def test_a_training_starts_by_itself_only_for_a_cause_and_without_an_obstacle(
    situation: Situation, code: Cause | Wait, _why: str
) -> None:
    decision = decide(situation, DEFAULT_RETRAINING)
    assert (decision.code, decision.starts) == (code, isinstance(code, Cause))


def test_a_decision_says_what_the_next_training_waits_for() -> None:
    decision = decide(QUIET, DEFAULT_RETRAINING)
    assert (decision.new_labels, decision.needed, decision.not_before) == (83, 200, None)
    assert decision.scheduled_at == NOW + 4 * DAY
    assert decide(FIRST, DEFAULT_RETRAINING).scheduled_at is None


@pytest.mark.parametrize(
    ("situation", "until"),
    [(replace(MANY, started_by_itself_at=NOW - 20 * HOUR), NOW + 4 * HOUR), (FAILED, NOW + HOUR)],
    ids=["the day after the last", "the end of the back-off"],
)
def test_a_wait_says_when_it_ends(situation: Situation, until: object) -> None:
    assert decide(situation, DEFAULT_RETRAINING).not_before == until


def test_the_limits_are_those_of_the_policy() -> None:
    policy = RetrainingPolicy(new_labels=84, every_days=27)
    assert decide(replace(QUIET, new_labels=84), policy).code is Cause.LABELS
    assert decide(replace(QUIET, trained_at=NOW - 27 * DAY), policy).code is Cause.SCHEDULE


def a_report(*moved: str, enough: bool = True, trained: float | None = 0.05) -> dict[str, Any]:
    """A drift report in which these features moved, and two others did not. The base rate is between .02 and .06."""
    levels = {"listing_age": "steady", "title_length": "moving"} | dict.fromkeys(moved, "moved")
    shifts = [{"name": name, "level": level} for name, level in levels.items()]
    prevalence = {"low": 0.02, "high": 0.06}
    return {"enough": enough, "shifts": shifts, "prevalence": prevalence, "trained_base_rate": trained}


ALARMS = [
    ([], (), "no report since the last training"),
    ([a_report("price")], (), "one week is no lasting change"),
    ([a_report("price"), a_report("price", "score")], ("price",), "only what moved in both"),
    ([a_report("price"), a_report("score")], (), "each week another"),
    ([a_report("price"), a_report()], (), "it has ended"),
    ([a_report("price"), a_report("price", enough=False)], (), "too few listings to tell"),
    ([a_report(), a_report("price"), a_report("price")], ("price",), "the last two count"),
    ([a_report(trained=0.019), a_report(trained=0.061)], ("base_rate",), "the base rate was never in the interval"),
    ([a_report(trained=0.019), a_report(trained=0.02)], (), "it is again"),
    ([a_report(trained=None), a_report(trained=None)], (), "an older model does not say to which it is calibrated"),
]


@pytest.mark.parametrize(("reports", "moved", "_why"), ALARMS, ids=[why for *_, why in ALARMS])
def test_an_alarm_stands_if_a_feature_moved_in_each_of_the_last_reports(
    reports: list[dict[str, Any]], moved: tuple[str, ...], _why: str
) -> None:
    assert persistent_drift(reports, DEFAULT_RETRAINING) == moved
