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
    # Ours. A full report is decided in a few seconds after its answer; one that takes a minute was interrupted.
    decided_within_seconds: int = 60
    # As many as with a notice: an invoice of a test buy, a laboratory's report, and pictures.
    most_documents: int = 5
    # Evidence can be added for as long as the removal can be contested: `AppealPolicy`, six months.
    evidence_days: int = 183
    # Ours. Ten reports with as much as each may carry, so that one brand cannot fill the disk of the database.
    most_document_bytes_a_day: int = 300_000_000


DEFAULT_REPORTS: Final = ReportPolicy()


# When a brand's statements against one seller are a campaign.


@dataclass(frozen=True, slots=True)
class CampaignPolicy:
    """Settings of `serving.reports.rules.good_faith`."""

    # Sourced: promise A9 (competitor targeting is visible) names five times the base rate.
    times_usual: float = 5.0
    # (days, least listings). The rate of a day shows a sudden campaign, that of a week a slower one. The least counts
    # are measured on the clean replay of 20 brands (tests/serving/reports/rules/test_campaigns.py): each finds a whole
    # shop once a month. With 10 and 20, a brand had two false alerts in a month; with these, none had two.
    windows: tuple[tuple[int, int], ...] = ((1, 15), (7, 30))
    # The reference period before the window: four of each weekday. Ours, as that of bursts.
    usual_days: int = 28
    # An alert stays for a week after it was raised, so that a weekend does not hide it; then for as long as it holds.
    shown_days: int = 7


DEFAULT_CAMPAIGNS: Final = CampaignPolicy()
