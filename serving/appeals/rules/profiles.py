"""The profile of a counter-notice by the countries of sale."""

from collections.abc import Collection

from serving.appeals.policy import OF_COUNTRIES, CounterNoticePolicy


def profile_of(
    listing: Collection[str] | None, marketplace: Collection[str] | None, otherwise: CounterNoticePolicy
) -> CounterNoticePolicy:
    """The profile that the law of all countries of sale sets; `otherwise` where they have none in common.

    `listing` are the countries of the listing, as the marketplace sent them. Without them, those of the marketplace
    count. Unknown countries do not mean all countries.
    """
    countries = listing or marketplace or ()
    profiles = {OF_COUNTRIES.get(one) for one in countries}
    only = profiles.pop() if len(profiles) == 1 else None
    return only or otherwise
