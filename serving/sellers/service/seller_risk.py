"""The risk of each seller compared with the marketplace's others: computed, stored, and refreshed by the sweep."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.message import Message, message
from models.outcomes import outcomes
from models.policies.version import policy_version
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels
from serving.sellers.policy import SellerRiskPolicy
from serving.sellers.rules.seller_risk import Ranking, ScoredListing, SellerRisk, rank_sellers, risk_reasons
from serving.sellers.store import seller_risks
from serving.sellers.store.seller_risks import RankingHeader


def ranking_at(connection: Connection, marketplace_id: str, as_of: datetime, policy: SellerRiskPolicy) -> Ranking:
    """The ranking by data known before a moment; later calls give the same result."""
    since = as_of - policy.window
    findings = {
        seller: {outcome.listing_id: outcome.counterfeit for outcome in outcomes(rulings, as_of=as_of)}
        for seller, rulings in seller_risks.rulings(connection, marketplace_id, since=since, until=as_of).items()
    }
    listings: dict[str, list[ScoredListing]] = defaultdict(list)
    for seller, listing_id, probability in seller_risks.last_scores(
        connection, marketplace_id, since=since, until=as_of
    ):
        listings[seller].append(ScoredListing(probability, findings.get(seller, {}).get(listing_id)))
    return rank_sellers(listings, policy)


def refresh_ranking(runtime: Runtime, marketplace: Marketplace) -> bool:
    """Compute and store a marketplace's ranking as of now; False where one of this moment is already stored."""
    marketplace_id, policy, now = marketplace.marketplace_id, runtime.policies[SellerRiskPolicy], runtime.clock.now()
    with runtime.store.read() as connection:
        ranking = ranking_at(connection, marketplace_id, now, policy)
    kept_ranking = RankingHeader(now, policy.window_days, ranking.sellers, ranking.base_rate, policy_version(policy))
    with runtime.store.write() as connection:
        return seller_risks.save_ranking(connection, marketplace_id, ranking, kept_ranking)


def refresh_seller_risks(runtime: Runtime) -> int:
    """Refresh the outdated rankings of marketplaces with a model; returns how many."""
    now, lasts = runtime.clock.now(), runtime.policies[SellerRiskPolicy].lasts
    with runtime.store.read() as connection:
        due = [
            marketplace
            for marketplace in marketplaces.all_marketplaces(connection)
            if runtime.services[LiveModels].loaded(marketplace.marketplace_id) is not None
            and (
                (last := seller_risks.ranking_header(connection, marketplace.marketplace_id)) is None
                or now - last.as_of >= lasts
            )
        ]
    return sum(refresh_ranking(runtime, marketplace) for marketplace in due)


@dataclass(frozen=True, slots=True)
class RiskOfSeller:
    """The stored ranking of one seller, with the messages about it.

    `kept` is None before the first ranking, `risk` where none of the seller's listings was scored in its window.
    """

    ranking: RankingHeader | None
    risk: SellerRisk | None
    reasons: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class RankedSeller:
    seller: str
    risk: SellerRisk


@dataclass(frozen=True, slots=True)
class PageOfRisks:
    """Sellers of the stored ranking, the riskiest first; `kept` is None before the first ranking."""

    ranking: RankingHeader | None
    riskiest: tuple[RankedSeller, ...]
    next: str | None


def risk_of(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str | None) -> RiskOfSeller:
    """The risk of a seller; `seller` None is an unknown seller."""
    if seller is None:
        return RiskOfSeller(None, None, (message("risk.no_seller"),))
    kept_ranking = seller_risks.ranking_header(connection, marketplace_id)
    if kept_ranking is None:
        scored = runtime.services[LiveModels].loaded(marketplace_id) is not None
        return RiskOfSeller(None, None, (message("risk.not_ranked" if scored else "risk.no_champion"),))
    risk = seller_risks.of_seller(connection, marketplace_id, seller)
    if risk is None:
        return RiskOfSeller(kept_ranking, None, (message("risk.not_scored", days=kept_ranking.window_days),))
    return RiskOfSeller(
        kept_ranking, risk, risk_reasons(risk, sellers=kept_ranking.sellers, window_days=kept_ranking.window_days)
    )


def riskiest_sellers(connection: Connection, marketplace_id: str, most: int, after: str | None = None) -> PageOfRisks:
    """At most `most` ranked sellers, the riskiest first."""
    ranked = seller_risks.riskiest_sellers(connection, marketplace_id, most + 1, after)
    page, following = cut(ranked, most, lambda row: row[0])
    kept_ranking = seller_risks.ranking_header(connection, marketplace_id)
    return PageOfRisks(kept_ranking, tuple(RankedSeller(seller, risk) for seller, risk in page), following)
