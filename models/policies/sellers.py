"""Consequences of removals for their sellers: incidents, sanctions, and a marketplace's lists."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class StrikePolicy:
    """Settings of `models.strikes.incident_window_count`."""

    # AliExpress (seller rules on intellectual property) counts serious infringements within three days once; here each
    # kind counts once. A batch of twenty listings that one sweep finds is one infringement.
    same_incident_days: int = 3
    # An incident is spent after a year: AliExpress counts each for 365 days (the same rules).
    expires_days: int = 365


DEFAULT_STRIKES: Final = StrikePolicy()


@dataclass(frozen=True, slots=True)
class SanctionPolicy:
    """Settings of `models.strikes`, `serving.sellers.rules.sanction` and `models.sanction_scope`."""

    # Only serious infringements count (the same rules): counterfeit goods under a trademark are one.
    trademark_counterfeit: float = 1.0
    # The goods may be genuine, but the listing misuses a mark or a picture. AliExpress counts general infringements
    # separately; here each is half a strike, which is our inference.
    mark_misuse: float = 0.5
    copyright: float = 0.5
    # A dispute about a design is argued before courts, and grey-market goods are genuine: no strike.
    design: float = 0.0
    # A broken promise to the buyer infringes no rights holder's right.
    not_as_described: float = 0.0
    # Digital Services Act, Article 23(1): a suspension needs a prior warning. The first incident is that warning.
    warned_from: float = 1.0
    restrict_from: float = 2.0
    # AliExpress closes an account after three; here two people decide about the proposal.
    close_from: float = 3.0
    # A fortnight for two people; an undecided proposal lapses after that time.
    decided_within_days: int = 14
    # A component above this size is more likely a wrong link than one group of people. Ours.
    most_reached: int = 10
    # Contacts are shared by chance with every further step (`LinkPolicy` in `serving.sellers.policy`).
    most_steps: int = 2


DEFAULT_SANCTIONS: Final = SanctionPolicy()


@dataclass(frozen=True, slots=True)
class SellerListPolicy:
    """Settings of `models.seller_lists` and of the right to put sellers on a list."""

    # As long as a strike (`StrikePolicy`): an entry from a year ago is reviewed again.
    entry_days: int = 365
    # No entry is permanent, so that every entry is reviewed.
    most_days: int = 1_095
    # Contacts are shared by chance with every further step (`LinkPolicy` in `serving.sellers.policy`).
    most_steps: int = 2


DEFAULT_SELLER_LISTS: Final = SellerListPolicy()
