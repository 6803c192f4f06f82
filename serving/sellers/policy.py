"""The settings of the rules of sellers: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# When a shared contact links two sellers, and how far links are followed.


@dataclass(frozen=True, slots=True)
class LinkPolicy:
    """Settings of `serving.sellers.rules.links.Walk`."""

    # A telephone or an address that more sellers have is that of an agent, a forwarding service or the marketplace: it
    # says where they buy a service, not who they are. People with ten shops exist; with eleven the next sign must do.
    most_sellers_of_a_contact: int = 10
    # A person can check a couple of dozen; a larger component is more likely a mistake of the rule above than an
    # organisation.
    most_linked: int = 20
    # Each step is an exact match and still a coincidence now and then; of five in a row one mostly is.
    most_steps: int = 4


DEFAULT_LINKS: Final = LinkPolicy()


# Over what time a seller's risk is counted, and how much it takes to compare it with others.


@dataclass(frozen=True, slots=True)
class SellerRiskPolicy:
    """Settings of `serving.sellers.rules.seller_risk.rank` and of its refresh."""

    # The middle of the windows in which sellers are described anyway (7, 30, 90 days). In a month most shops list
    # enough to be compared, and a seller who changes is not judged by the last quarter.
    window_days: int = 30
    # With four listings or fewer one more finding moves a seller past half the marketplace. They are counted, not
    # ranked.
    fewest_offers: int = 5
    # The weight of the marketplace's base-rate prior, in listings. It equals the minimum for a ranking, so that no
    # ranked seller's figure depends more on the marketplace than on the seller.
    prior_offers: float = 5.0
    # Among twenty sellers one is five points of a percentile; among fewer the figure would be about who else is there.
    fewest_sellers: int = 20
    # An analyst's shift begins with what the last one found. More often would only move figures under people's eyes.
    refresh_hours: int = 6

    @property
    def window(self) -> timedelta:
        """How long before the moment a listing's last score may lie."""
        return timedelta(days=self.window_days)

    @property
    def lasts(self) -> timedelta:
        """How long a ranking is kept before it is computed again."""
        return timedelta(hours=self.refresh_hours)


DEFAULT_SELLER_RISK: Final = SellerRiskPolicy()
