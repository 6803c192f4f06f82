"""Whether a service account is in force, from when its keys are, and which of its reports wait for a person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from features.message import Message, message
from serving.accounts.policy import ServiceAccountPolicy

PEOPLE: Final = 2  # A service account names two people of its brand.


class WaitCause(StrEnum):
    """Why a signed report waits until another person releases it."""

    NEW_KEY = "new_key"
    NEW_NETWORK = "new_network"
    ABOVE_USUAL = "above_usual"


@dataclass(frozen=True, slots=True)
class SigningTool:
    """The tool that signed a request: its service account with its key, and what the key has shown.

    `is_vouched` is whether a person has released a report by the key. `network` is the keyed hash of where the request
    came from, None where callers cannot be told apart by address, and `is_known_network` whether the key has reported
    from there lately, also None then.
    """

    account_id: str
    name: str
    key_id: str
    is_vouched: bool
    network: str | None
    is_known_network: bool | None


@dataclass(frozen=True, slots=True)
class SignedReport:
    """What decides whether a signed report waits.

    `today` are the brand's removals of the last 24 hours, and `usual_day` the median of its working days, 0 without a
    record.
    """

    tool: SigningTool
    listings: int
    today: int
    usual_day: int


def wait_causes(report: SignedReport, floor: int, policy: ServiceAccountPolicy) -> tuple[WaitCause, ...]:
    """Why a signed report waits; empty where it need not. Up to `floor` removals a day are no unusual number."""
    causes = [] if report.tool.is_vouched else [WaitCause.NEW_KEY]
    if report.tool.is_vouched and report.tool.is_known_network is False:
        causes.append(WaitCause.NEW_NETWORK)
    if report.today + report.listings > max(floor, int(policy.times_usual * report.usual_day)):
        causes.append(WaitCause.ABOVE_USUAL)
    return tuple(causes)


def wait_reasons(causes: Collection[WaitCause]) -> tuple[Message, ...]:
    return tuple(message(f"report.waits_for_person.{cause.value}") for cause in WaitCause if cause in causes)


def counts_from(registered_at: datetime, policy: ServiceAccountPolicy) -> datetime:
    """From when a key signs requests."""
    return registered_at + timedelta(hours=policy.key_counts_after_hours)


def is_paused(places: Sequence[str], people_of_brand: Collection[str]) -> bool:
    """Whether an account waits for a person: fewer than two of those it names are people of its brand now."""
    return len(set(places) & set(people_of_brand)) < PEOPLE
