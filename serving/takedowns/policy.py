"""The settings of the rules of takedowns: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How many removals confirmations may ask for before people look, and whose listings two people decide about.


@dataclass(frozen=True, slots=True)
class BurstPolicy:
    """Settings of `serving.takedowns.rules.bursts.holds` and `serving.takedowns.rules.bursts.cap`.

    Counts are of removals without a hold.
    """

    # A rolling hour, so that no full hour lets twice as many through. Ours.
    window_minutes: int = 60
    # Of a brand account that was taken over at most twenty removals leave. One answer takes a careful
    # person a minute or two, so twenty in an hour are not yet in anybody's way.
    per_user: int = 20
    # Two people at full speed. A brand that needs more has a past that says so.
    per_brand: int = 40
    # An attacker who wants to ruin a rival aims at one shop, from any account; the loss of ten listings does not close
    # a shop.
    per_seller: int = 10
    # A person's usual peak rate is no burst: one and a half times that rate may leave before people look.
    times_usual: float = 1.5
    # The past that counts ends where appeals against it are mostly decided, and holds four of each weekday. A pace that
    # rises from hour to hour does not raise the cap.
    usual_ends_days_ago: int = 14
    usual_days: int = 28
    # The most removals an hour that an account's past allows; it bounds the damage of a stolen account.
    most_per_user: int = 100
    most_per_brand: int = 200
    # The number of sales of the INFORM Consumers Act (15 U.S.C. § 45f), there in twelve months and here in ninety days:
    # a business that somebody lives on. Turnover is not asked: it comes in any currency.
    high_sales_90d: int = 200


DEFAULT_BURSTS: Final = BurstPolicy()


# When a marketplace is asked whether a removed listing is gone, and for how long.


@dataclass(frozen=True, slots=True)
class RemovalCheckPolicy:
    """Settings of `serving.takedowns.rules.removal_check`."""

    # An acknowledgement says that the effect is kept; a page that a buyer loads may lag by as much.
    first_look_seconds: int = 60
    # After each look without an answer or with the listing still there; the last wait is repeated.
    look_again_seconds: tuple[int, ...] = (60, 240, 600, 2700, 7200, 21600, 86400)
    # Caches and search indices of shops commonly live some minutes; an hour is beyond any of them.
    still_shown_after_seconds: int = 3600
    # A listing that was gone is checked once more: a listing that comes back under its own id was not removed.
    look_back_hours: float = 24.0
    # As long as an action is tried (`DeliveryPolicy` in `serving.webhooks.policy`).
    give_up_after_days: float = 7.0


DEFAULT_REMOVAL_CHECK: Final = RemovalCheckPolicy()
