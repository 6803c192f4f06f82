"""The settings of the rules of takedowns: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The hourly limits of removals without approval, and the sellers whose removals always need it.


@dataclass(frozen=True, slots=True)
class BurstPolicy:
    """Settings of `serving.takedowns.rules.bursts.pending_reasons` and `serving.takedowns.rules.bursts.hourly_cap`.

    Only removals without a hold count.
    """

    # A rolling hour; two clock hours would allow twice as many around the full hour. Ours.
    window_minutes: int = 60
    # A compromised brand account can send at most twenty removals. A careful answer takes a minute or two, so normal
    # work seldom exceeds twenty per hour.
    per_user: int = 20
    # Two people at full speed. A brand that needs more has a history of more.
    per_brand: int = 40
    # An attacker who wants to ruin a competitor targets one shop, from any account. The loss of ten listings does not
    # close a shop.
    per_seller: int = 10
    # A person's usual peak rate is not a burst: one and a half times that rate needs no approval.
    times_usual: float = 1.5
    # The reference period ends where most appeals against its removals are decided, and contains four of each weekday.
    # A pace that rises from hour to hour does not raise the cap.
    usual_ends_days_ago: int = 14
    usual_days: int = 28
    # The highest hourly cap that an account's history allows; it bounds the damage of a stolen account.
    most_per_user: int = 100
    most_per_brand: int = 200
    # A seller by whom others live: 200 sales and 5,000 US dollars in twelve months, by the INFORM Consumers Act (15
    # U.S.C. § 45f).
    high_sales_12m: int = 200
    high_dollars_12m: int = 5_000
    # Where the marketplace has not sent both figures: the number of sales of that Act, here in ninety days. Ours.
    high_sales_90d: int = 200


DEFAULT_BURSTS: Final = BurstPolicy()


# The removals that one secret sends in a day and in a week without approval.


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """Settings of `serving.takedowns.rules.budgets`.

    A day is 24 hours back from the removal, a week seven such days. Only removals without a hold count.
    """

    # A person and all accounts that count as the same person. Two full hours of `BurstPolicy.per_user`: the damage that
    # a stolen session does before the people concerned read their mail of the evening. Ours.
    person_day: int = 40
    # Three full days: an owner who looks once a week loses at most this. Ours.
    person_week: int = 120
    # A longer record raises the day, and the week by five raised days, so that a usual week of five days never waits.
    times_usual: float = 1.5
    working_days_a_week: int = 5
    # No record carries one person above this; three times as many leave with a second factor.
    most_person_day: int = 200
    # The reference period, as in `BurstPolicy`: most appeals against its removals are decided.
    usual_ends_days_ago: int = 14
    usual_days: int = 28
    # More than half of the twenty weekdays of the period. With the 14 days, what a thief removes raises no day before
    # the 29th day after.
    least_working_days: int = 11
    # An analyst's removals of cases that routing, a brand or a notifier opened: somebody else chose the listing. A full
    # working day in the queue at five minutes a case, and three such days at most. Ours.
    routed_day: int = 100
    most_routed_day: int = 300
    # The first day of a device: as much as one secret, because the device may be a thief's.
    new_device_day: int = 40
    # The marketplace as a whole, against many accounts at once: above it an administrator is asked. Removals with a
    # second factor come on top, up to one full report: others were told of them. Ours.
    marketplace_times_usual: float = 3.0
    marketplace_day: int = 200
    # A brand's removals of a day, ordinary and in large reports together, unless its contract has a figure: a full
    # report. An account manager sets a figure up to it alone, and up to the next one with a second person. Ours.
    step_up_day: int = 300
    most_contract_day: int = 3_000


DEFAULT_BUDGETS: Final = BudgetPolicy()


# Removals of a report that a person has confirmed with a second factor.


@dataclass(frozen=True, slots=True)
class StepUpPolicy:
    """Settings of removals after a step-up."""

    # Everybody who is told must have the time to read the mail and to stop the report. Ours.
    undo_minutes: int = 60
    # A brand's own report names many sellers; one that names a single shop this often is for two organisations. Ours.
    per_seller: int = 50


DEFAULT_STEP_UP: Final = StepUpPolicy()


# The mails about a person's removals to those who can stop them.


@dataclass(frozen=True, slots=True)
class TellingPolicy:
    """Settings of `serving.takedowns.rules.telling`."""

    # Ten more than usual is half an hour of a thief's work, and too rare on an honest day to be read away. Ours.
    above_usual: int = 10
    # Two working weeks; a shorter record is no usual day, and the tenth removal of the day counts.
    least_working_days: int = 10
    # In UTC: the working day ends in Europe, and has begun in America. People in many zones get one mail a day. Ours.
    evening_hour: int = 18
    # Without a mail that can reach anybody who could stop them, as many as leave in one hour of `BurstPolicy`.
    untold_a_day: int = 20
    # When the people who are told can be expected to read, in the time zone of each: Monday to Friday, an office day.
    day_begins: int = 8
    day_ends: int = 18
    # After their day has begun: the time to read the mails of the night, as long as the hour of `StepUpPolicy`.
    reading_minutes: int = 60
    # A notice without a mail stands on the pages over a weekend. Ours.
    stands_hours: int = 72


DEFAULT_TELLING: Final = TellingPolicy()


# The schedule of the checks whether a removed listing is gone.


@dataclass(frozen=True, slots=True)
class RemovalCheckPolicy:
    """Settings of `serving.takedowns.rules.removal_check`."""

    # The listing's page may lag the acknowledgement by this much.
    first_look_seconds: int = 60
    # After each check without an answer or with the listing still shown; the last wait is repeated.
    look_again_seconds: tuple[int, ...] = (60, 240, 600, 2700, 7200, 21600, 86400)
    # Caches and search indices of shops usually expire within minutes; an hour exceeds any of them.
    still_shown_after_seconds: int = 3600
    # A listing that was gone is checked again: one that returns under its own id was not removed.
    look_back_hours: float = 24.0
    # The same period as for deliveries (`DeliveryPolicy` in `serving.webhooks.policy`).
    give_up_after_days: float = 7.0


DEFAULT_REMOVAL_CHECK: Final = RemovalCheckPolicy()
