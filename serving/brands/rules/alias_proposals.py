"""Proposals of other names of a brand: spellings of listings whose brand people corrected.

A proposal never becomes an alias by itself. It needs corrections by people, so that no seller's text alone makes one,
and an account manager, who must be another person than those whose corrections it rests on.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from features.message import Message, message
from serving.brands.policy import LONGEST_ALIAS, AliasPolicy


class ProposalState(StrEnum):
    """The state of a proposed alias. One that was `removed` had been accepted."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DISMISSED = "dismissed"
    REMOVED = "removed"


class ProposalRefusal(StrEnum):
    """Why a spelling is not proposed."""

    LENGTH = "length"
    TAKEN = "taken"  # It is a name or an alias of a registered brand, this one or another.
    OBFUSCATED = "obfuscated"  # A registered name with stand-ins for letters: evidence of hiding, and no other name.
    NAMELESS = "nameless"  # It consists of words that name no brand.
    OPEN = "open"
    DECIDED = "decided"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class CorrectedListing:
    """A listing with the spelling: the brand that a person named for it, the person, and the seller."""

    listing_id: str
    brand_id: str | None
    seller: str | None
    user_id: str


@dataclass(frozen=True, slots=True)
class Support:
    """Listings with a spelling that people named a brand for, their sellers, and the people.

    `others` are the listings with the spelling that people named otherwise.
    """

    listings: int
    sellers: int
    people: int
    others: int


@dataclass(frozen=True, slots=True)
class Spelling:
    """What is known of a folded spelling: whether it is in use, and the last proposal of it for the brand.

    `supported_by` are the listings that supported that proposal when its state last changed.
    """

    text: str
    taken: bool = False
    obfuscated: bool = False
    nameless: bool = False
    state: ProposalState | None = None
    supported_by: int = 0


def support_for(corrections: Iterable[CorrectedListing], brand_id: str, *, without: Collection[str] = ()) -> Support:
    """The support of a spelling for a brand; corrections by the people in `without` count neither for nor as people.

    A listing without a known seller counts as a listing and not as a seller.
    """
    mine, others = [], 0
    for correction in corrections:
        if correction.brand_id != brand_id:
            others += 1
        elif correction.user_id not in without:
            mine.append(correction)
    return Support(
        listings=len({correction.listing_id for correction in mine}),
        sellers=len({correction.seller for correction in mine} - {None}),
        people=len({correction.user_id for correction in mine}),
        others=others,
    )


def has_enough_support(support: Support, policy: AliasPolicy) -> bool:
    """Whether a spelling has the support that a proposal, and its acceptance, needs."""
    share = Decimal(support.listings) / max(support.listings + support.others, 1)
    return (
        support.listings >= policy.fewest_listings
        and support.sellers >= policy.fewest_sellers
        and share >= policy.least_share
    )


def why_not_proposed(spelling: Spelling, support: Support, policy: AliasPolicy) -> ProposalRefusal | None:
    """The reason why a spelling is not proposed as an alias; None where it is.

    A dismissed or removed one is proposed again only when its support has doubled since.
    """
    if not policy.fewest_characters <= len(spelling.text) <= LONGEST_ALIAS:
        return ProposalRefusal.LENGTH
    if spelling.taken:
        return ProposalRefusal.TAKEN
    if spelling.obfuscated:
        return ProposalRefusal.OBFUSCATED
    if spelling.nameless:
        return ProposalRefusal.NAMELESS
    if spelling.state is ProposalState.PROPOSED:
        return ProposalRefusal.OPEN
    if not has_enough_support(support, policy):
        return ProposalRefusal.SUPPORT
    decided = spelling.state is not None
    return (
        ProposalRefusal.DECIDED
        if decided and support.listings < policy.again_at_times * spelling.supported_by
        else None
    )


def why_not_accepted(spelling: Spelling, independent: Support, aliases: int, policy: AliasPolicy) -> Message | None:
    """The reason that refuses an acceptance; None where it may be accepted.

    `independent` is the support without the corrections of the account manager and of accounts that do not count as
    another person than the manager (`serving.accounts.rules.second_person`). `aliases` are the brand's from proposals.
    """
    if spelling.taken or spelling.obfuscated or spelling.nameless:
        return message("alias.taken")
    if aliases >= policy.most_aliases:
        return message("alias.most", most=policy.most_aliases)
    if not has_enough_support(independent, policy):
        return message("alias.support", listings=policy.fewest_listings, sellers=policy.fewest_sellers)
    return None
