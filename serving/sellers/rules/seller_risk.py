"""The risk of a seller's listings in a window, compared with the marketplace's other sellers.

A fact for people. No rule reads it and it is no feature: it is made from scores and verdicts, and a model that learnt
from it would learn from itself (ADR 20).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from features.message import Message, message
from serving.sellers.policy import SellerRiskPolicy


class RiskState(StrEnum):
    """Whether a seller has a percentile, or the reason why not."""

    RANKED = "ranked"
    TOO_FEW_LISTINGS = "too_few_listings"
    TOO_FEW_SELLERS = "too_few_sellers"
    NO_MODEL = "no_model"


@dataclass(frozen=True, slots=True)
class ScoredListing:
    """A listing as it was last scored in the window.

    `probability` is None where only the scorecard scored it. `counterfeit` is the verdict in force at the moment, None
    without one.
    """

    probability: float | None
    counterfeit: bool | None = None


@dataclass(frozen=True, slots=True)
class SellerRisk:
    """One seller's figures and rank.

    `listings` is the number that counts, `left_out` those that no model has scored, `left_out_confirmed` the confirmed
    counterfeits among the latter. `expected` is the expected number of counterfeits: verdicts where there are any, else
    probabilities. `share` is shrunk toward the base-rate prior; None where no listing counts. `percentile` is from 0 to
    100.
    """

    state: RiskState
    listings: int
    left_out: int
    left_out_confirmed: int
    expected: float
    confirmed: int
    cleared: int
    share: float | None = None
    percentile: float | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """All sellers of a window. `sellers` have a listing that counts; `base_rate` is their mean, None without any."""

    sellers: int
    base_rate: float | None
    risks: Mapping[str, SellerRisk]


def rank_sellers(listings: Mapping[str, Sequence[ScoredListing]], policy: SellerRiskPolicy) -> Ranking:
    """The risk of each seller with listings in the window, in any order.

    The judgement calls.

    *The value of a listing.* The verdict in force, if any: 1 or 0. Otherwise the model's probability. Once the brand
    has judged a listing, the model's probability of, say, 40 % no longer counts.

    *Listings that count.* Only listings that a model has scored. Points are no probability. A listing that only people
    have judged was chosen because it looked bad. Counting it without its neighbours would make any seller with one
    finding a counterfeiter. Such listings are reported beside the figure and leave the window by themselves.

    *One figure.* The expected share of counterfeits, shrunk toward the marketplace's base-rate prior with a weight of
    `prior_listings` listings (the mean of a beta-binomial). A sum would rank shops by size. A plain share would put a
    seller with one suspicious listing above a shop with thirty confirmed counterfeits of forty. A lower bound in place
    of the mean would call large shops riskier only because more is known of them.

    *The base-rate prior.* The mean of the sellers' own shares, each seller once. Over all listings together one flood
    of listings would set it. The weight is a constant and not estimated. A confirmed counterfeit of one seller must not
    change the shrinkage of others, or it could lower that seller's own rank.

    *The percentile.* The share of sellers with a lower figure, ties by half, the seller among them. All sellers with a
    listing that counts are compared, also those with too few for a percentile of their own.
    """
    counted = {
        seller: [listing for listing in listings if listing.probability is not None]
        for seller, listings in listings.items()
    }
    expected = {seller: math.fsum(map(_listing_risk, listings)) for seller, listings in counted.items() if listings}
    if not expected:
        return Ranking(0, None, {seller: _seller_risk(listings, policy) for seller, listings in listings.items()})
    # fsum rounds once, so that no order of sellers or listings changes a digit.
    usual = math.fsum(total / len(counted[seller]) for seller, total in expected.items()) / len(expected)
    shares = {
        seller: (policy.prior_listings * usual + total) / (policy.prior_listings + len(counted[seller]))
        for seller, total in expected.items()
    }
    ordered = sorted(shares.values())
    return Ranking(
        len(ordered),
        usual,
        {seller: _seller_risk(listings, policy, shares.get(seller), ordered) for seller, listings in listings.items()},
    )


def _listing_risk(listing: ScoredListing) -> float:
    return float(listing.counterfeit) if listing.counterfeit is not None else listing.probability or 0.0


def _seller_risk(
    listings: Sequence[ScoredListing],
    policy: SellerRiskPolicy,
    share: float | None = None,
    ordered: Sequence[float] = (),
) -> SellerRisk:
    counted = [listing for listing in listings if listing.probability is not None]
    state = _ranking_state(len(counted), len(ordered), policy)
    percentile = None
    if state is RiskState.RANKED and share is not None:
        percentile = 50.0 * (bisect_left(ordered, share) + bisect_right(ordered, share)) / len(ordered)
    return SellerRisk(
        state=state,
        listings=len(counted),
        left_out=len(listings) - len(counted),
        left_out_confirmed=sum(listing.counterfeit is True for listing in listings if listing.probability is None),
        expected=math.fsum(map(_listing_risk, counted)),
        confirmed=sum(listing.counterfeit is True for listing in counted),
        cleared=sum(listing.counterfeit is False for listing in counted),
        share=share,
        percentile=percentile,
    )


def _ranking_state(counted: int, sellers: int, policy: SellerRiskPolicy) -> RiskState:
    if not counted:
        return RiskState.NO_MODEL
    if counted < policy.fewest_listings:
        return RiskState.TOO_FEW_LISTINGS
    return RiskState.RANKED if sellers >= policy.fewest_sellers else RiskState.TOO_FEW_SELLERS


def risk_reasons(risk: SellerRisk, *, sellers: int, window_days: int) -> tuple[Message, ...]:
    """The basis of a risk: the seller's rank, the counts, and the listings that do not count."""
    messages = [_rank_message(risk, sellers)]
    if risk.listings:
        messages.append(_counts_message(risk, window_days))
    if risk.left_out:
        messages.append(message("risk.left_out", n=risk.left_out, confirmed=risk.left_out_confirmed))
    return tuple(messages)


def _rank_message(risk: SellerRisk, sellers: int) -> Message:
    if risk.state is not RiskState.RANKED:
        return message(f"risk.{risk.state.value}")
    # Rounded down: nobody is riskier than 100 %.
    percent = math.floor(risk.percentile or 0.0)
    return message("risk.ranked", percent=percent, n=sellers) if percent else message("risk.lowest", n=sellers)


def _counts_message(risk: SellerRisk, window_days: int) -> Message:
    counts = {"n": risk.listings, "days": window_days, "confirmed": risk.confirmed, "cleared": risk.cleared}
    if 0 < risk.expected < 0.05:
        return message("risk.counts.small", **counts)
    return message("risk.counts", expected=risk.expected, **counts)
