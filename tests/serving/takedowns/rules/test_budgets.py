import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from models.messages.english import in_english
from serving.accounts.rules.access import Secret
from serving.takedowns.policy import DEFAULT_BUDGETS
from serving.takedowns.rules.budgets import (
    DAY,
    WEEK,
    BrandUsage,
    RemovalUsage,
    Spending,
    UsualDay,
    is_new_device,
    limits,
    pending_reasons,
    reference_period,
    usual_day,
)
from serving.takedowns.rules.bursts import PendingCause

MONDAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
C = PendingCause


def days(*numbers: int, first: date = MONDAY) -> dict[date, int]:
    """The removals of consecutive days."""
    return {first + timedelta(days=n): number for n, number in enumerate(numbers)}


@pytest.mark.parametrize(
    ("per_day", "usual", "why"),
    [
        ({}, UsualDay(0, 0), "no record"),
        (days(8, 10, 3), UsualDay(8, 3), "the middle one"),
        (days(8, 10, 3, 9), UsualDay(8, 4), "of an even number the lower of the two middle ones"),
        (days(8, 0, 0, 0, 10), UsualDay(8, 2), "a weekday without removals is no working day"),
        (days(8, 8, 8, 8, 8, 90, 90), UsualDay(8, 5), "nor is a weekend"),
    ],
)
def test_the_usual_day_is_the_median_of_the_working_days(per_day: dict[date, int], usual: UsualDay, why: str) -> None:
    assert usual_day(per_day) == usual, why


def test_the_reference_period_is_four_weeks_that_ended_two_weeks_ago() -> None:
    start, end = reference_period(AT, DEFAULT_BUDGETS)
    assert (start, end) == (datetime(2026, 1, 19, tzinfo=UTC), datetime(2026, 2, 16, tzinfo=UTC))


def usage_of(day: int, week: int, usual: int, working_days: int = 20) -> RemovalUsage:
    """What counts, with a record."""
    return RemovalUsage(day, week, UsualDay(usual, working_days))


QUIET = Spending(RemovalUsage(0), RemovalUsage(0), BrandUsage(0))
CHOSEN = replace(QUIET, brand=None)
ROUTED = replace(CHOSEN, routed=True)
WHOLE = replace(QUIET, stepped_up=True)
TABLE: list[tuple[Spending, set[PendingCause], str]] = [
    (QUIET, set(), "all normal"),
    (replace(QUIET, person=RemovalUsage(39, 119)), set(), "the fortieth of a day and the 120th of a week"),
    (replace(QUIET, person=RemovalUsage(40)), {C.PERSON_DAY}, "the next of the day"),
    (replace(QUIET, person=RemovalUsage(0, 120)), {C.PERSON_WEEK}, "the next of the week"),
    (replace(QUIET, brand=BrandUsage(299)), set(), "the 300th of a brand's day, large reports included"),
    (replace(QUIET, brand=BrandUsage(300)), {C.BRAND_DAY}, "the next"),
    (replace(WHOLE, brand=BrandUsage(299)), set(), "a large report has the same figure"),
    (replace(WHOLE, brand=BrandUsage(300)), {C.BRAND_DAY}, "and nothing on top of it"),
    (replace(QUIET, brand=BrandUsage(599, 600)), set(), "the contract's figure takes its place"),
    (replace(WHOLE, brand=BrandUsage(600, 600)), {C.BRAND_DAY}, "for large reports, too"),
    (replace(QUIET, brand=BrandUsage(10, 10)), {C.BRAND_DAY}, "also where it is lower"),
    (replace(QUIET, person=RemovalUsage(40), brand=BrandUsage(40, 900)), {C.PERSON_DAY}, "never that of one secret"),
    (replace(QUIET, person=usage_of(59, 299, 40)), set(), "a usual day of 40 raises the day to 60 and the week to 300"),
    (replace(QUIET, person=usage_of(60, 60, 40)), {C.PERSON_DAY}, "at most 60"),
    (replace(QUIET, person=usage_of(0, 300, 40)), {C.PERSON_WEEK}, "at most 300"),
    (replace(QUIET, person=usage_of(39, 149, 20)), set(), "a usual day of 20 raises the week alone"),
    (replace(QUIET, person=usage_of(40, 40, 40, 10)), {C.PERSON_DAY}, "ten days are no record"),
    (replace(QUIET, person=usage_of(59, 59, 40, 11)), set(), "eleven are"),
    (replace(QUIET, person=usage_of(200, 999, 5_000)), {C.PERSON_DAY}, "no record allows one person more than 200"),
    (replace(CHOSEN, person=RemovalUsage(40, 40)), {C.PERSON_DAY}, "cases by choice have the same day"),
    (replace(CHOSEN, person=RemovalUsage(0, 120)), {C.PERSON_WEEK}, "and the same week"),
    (replace(ROUTED, person=RemovalUsage(99, 900)), set(), "routed cases have a day of 100 and no week"),
    (replace(ROUTED, person=RemovalUsage(100)), {C.PERSON_DAY}, "the 101st of the day"),
    (replace(ROUTED, person=usage_of(134, 0, 90)), set(), "a usual day of 90 raises it to 135"),
    (replace(ROUTED, person=usage_of(300, 0, 900)), {C.PERSON_DAY}, "no record allows more than 300"),
    (replace(ROUTED, person=usage_of(40, 0, 900), new_device=True), {C.PERSON_DAY}, "on a new device 40"),
    (replace(WHOLE, person=RemovalUsage(900)), set(), "a step-up takes the place of the day of one secret"),
    (replace(QUIET, marketplace=RemovalUsage(199)), set(), "the 200th of the marketplace"),
    (replace(QUIET, marketplace=RemovalUsage(200)), {C.MARKETPLACE_DAY}, "above it an administrator is asked"),
    (replace(ROUTED, marketplace=RemovalUsage(200)), {C.MARKETPLACE_DAY}, "an analyst too"),
    (replace(WHOLE, marketplace=RemovalUsage(499)), set(), "a full report with a second factor fits beside it"),
    (replace(WHOLE, marketplace=RemovalUsage(500)), {C.MARKETPLACE_DAY}, "a second one does not"),
    (replace(QUIET, marketplace=usage_of(299, 0, 100)), set(), "three times the usual day"),
    (replace(QUIET, marketplace=usage_of(300, 0, 100)), {C.MARKETPLACE_DAY}, "and at most that"),
]


@pytest.mark.parametrize(("spending", "causes", "why"), TABLE)
def test_the_budgets_of_a_removal(spending: Spending, causes: set[PendingCause], why: str) -> None:
    assert {reason.cause for reason in pending_reasons(spending, DEFAULT_BUDGETS)} == causes, why
    assert {limit.cause for limit in limits(spending, DEFAULT_BUDGETS) if not limit.remaining} == causes


def test_outsiders_read_no_figure_of_the_marketplace() -> None:
    (of_person, of_all) = pending_reasons(
        replace(QUIET, person=RemovalUsage(45), marketplace=RemovalUsage(321)), DEFAULT_BUDGETS
    )
    assert in_english(of_person.message) == "One person has confirmed 40 removals within a day."
    assert of_all.message.parameters == {}


@pytest.mark.attack
def test_what_a_thief_removes_raises_no_day_within_four_weeks() -> None:
    """At the full day of every day of the week, beside an owner's small record and without one."""
    for owner in (0, 3):
        record = {MONDAY + timedelta(days=n): owner for n in range(-60, 0)}
        for n in range(29):
            at = datetime(2026, 3, 2, 12, tzinfo=UTC) + timedelta(days=n)
            start, end = reference_period(at, DEFAULT_BUDGETS)
            within = {day: number for day, number in record.items() if start.date() <= day < end.date()}
            spent = RemovalUsage(DEFAULT_BUDGETS.person_day, 0, usual_day(within))
            assert pending_reasons(replace(QUIET, person=spent), DEFAULT_BUDGETS), (owner, n)
            record[at.date()] = DEFAULT_BUDGETS.person_day


@pytest.mark.parametrize(
    ("secret", "is_new", "why"),
    [
        (None, False, "the service acts for the person"),
        (Secret("session:1"), True, "a browser without our mark"),
        (Secret("session:1", AT - timedelta(hours=23)), True, "its first day"),
        (Secret("session:1", AT - timedelta(hours=24)), False, "a day later"),
    ],
)
def test_a_device_is_new_for_a_day(secret: Secret | None, is_new: bool, why: str) -> None:
    assert is_new_device(secret, AT) is is_new, why


@pytest.mark.parametrize(
    ("least", "most", "routed"), [(15, 25, False), (60, 90, True)], ids=["a brand's reports", "an analyst's queue"]
)
def test_a_usual_week_after_six_weeks_of_record_runs_through(least: int, most: int, routed: bool) -> None:
    chance, removals = random.Random(7), list[datetime]()
    for day in (MONDAY + timedelta(days=n) for n in range(7 * 7)):
        start, end = reference_period(datetime.combine(day, time(9), UTC), DEFAULT_BUDGETS)
        record = usual_day(Counter(at.date() for at in removals if start <= at < end))
        for number in range(chance.randint(least, most) if day.weekday() < 5 else 0):
            at = datetime.combine(day, time(9), UTC) + number * timedelta(minutes=5)
            if day >= MONDAY + timedelta(weeks=6):
                of_day, of_week = (sum(moment > at - period for moment in removals[-700:]) for period in (DAY, WEEK))
                spent = RemovalUsage(of_day, of_week, record)
                assert not pending_reasons(replace(CHOSEN, person=spent, routed=routed), DEFAULT_BUDGETS), at
            removals.append(at)
