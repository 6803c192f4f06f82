"""The settings of the rules of sellers: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# The limits of seller links: common contacts, component size, path length.


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Settings of `serving.sellers.rules.links.LinkSearch`."""

    # A telephone number or address of more sellers belongs to an agent, a forwarding service or the marketplace. It
    # identifies a service provider, not the sellers. Some people have ten shops; beyond that, other contacts must link.
    most_sellers_of_a_contact: int = 10
    # A person can check about twenty. A larger component is more likely a mistake of the rule above than an
    # organisation.
    most_linked: int = 20
    # Each step is an exact match and still sometimes a coincidence; of five in a row one usually is.
    most_steps: int = 4


DEFAULT_LINKS: Final = LinkPolicy()


# The window of a seller's risk, and the minimum data for a comparison with others.


@dataclass(frozen=True, slots=True)
class SellerRiskPolicy:
    """Settings of `serving.sellers.rules.seller_risk.rank_sellers` and of its refresh."""

    # The middle of the windows that describe sellers (7, 30, 90 days). In a month most shops list enough for a
    # comparison, and a seller who changes is not judged by the last quarter.
    window_days: int = 30
    # With four listings or fewer, one more finding moves a seller past half the marketplace. Such sellers are counted,
    # not ranked.
    fewest_listings: int = 5
    # The weight of the marketplace's base-rate prior, in listings. It equals the minimum for a ranking, so that no
    # ranked seller's figure depends more on the marketplace than on the seller.
    prior_listings: float = 5.0
    # Among twenty sellers one is five percentile points; among fewer the figure would depend on who else is ranked.
    fewest_sellers: int = 20
    # Each shift begins with the findings of the last one. A shorter interval would change figures while people read.
    refresh_hours: int = 6

    @property
    def window(self) -> timedelta:
        """The maximum age of a listing's last score."""
        return timedelta(days=self.window_days)

    @property
    def lasts(self) -> timedelta:
        """The time after which a ranking is computed again."""
        return timedelta(hours=self.refresh_hours)


DEFAULT_SELLER_RISK: Final = SellerRiskPolicy()
