"""When several confirmed counterfeits are one incident, and how long an incident counts."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StrikePolicy:
    """Settings of `models.strikes.strikes`."""

    # AliExpress: infringements of one kind within three days are one (Capabilities C.7). A seller whose batch of offers
    # is found out in one sweep has done one thing wrong, not twenty.
    same_incident_days: int = 3
    # After a year without another an incident is spent (Capabilities C.7).
    expires_days: int = 365


DEFAULT_STRIKES: Final = StrikePolicy()
