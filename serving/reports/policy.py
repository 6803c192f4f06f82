"""The settings of the rules of reports: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The size of a report, and how long a listing that is not known yet is waited for.


@dataclass(frozen=True, slots=True)
class ReportPolicy:
    """Settings of `serving.reports.rules.outcomes`."""

    # Sourced: the most listings in one notice (Alibaba IPP platform, FAQ on complaints).
    most_listings: int = 300
    # Ours. What a marketplace has not sent in a month is seldom sent later, and the seller may have changed it.
    waits_days: int = 30
    # Ours. Ten full reports. Requests share the marketplace's receiver with removals, which they must not delay.
    most_requests_a_day: int = 3_000
    # Ours. Short transactions: other people's decisions wait for at most so many listings.
    at_once: int = 20


DEFAULT_REPORTS: Final = ReportPolicy()
