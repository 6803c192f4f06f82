"""The base-rate priors of a marketplace's return rates, by seller and listing: computed as of a moment and stored."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select

from features.priors import FAKE_RETURNS, MOST_FAKE_RETURNS, RETURNS, Prior, Priors, estimate_prior
from serving.listings.tables import listing, observation
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.scope import same
from serving.platform.database.store import add
from serving.scoring.tables import base_rate_prior, seller_event

_DAYS: Final = 90
# The latest observations. Far fewer give a share of a few per cent to within a tenth of its value.
_MOST_OBSERVATIONS: Final = 5_000

Counts = dict[str, tuple[float, float]]


def stored_priors(connection: Connection, marketplace_id: str) -> Priors:
    """The stored base-rate priors; default constants where none were computed."""
    query = select(base_rate_prior).where(base_rate_prior.c.marketplace_id == marketplace_id)
    return Priors(**{row.name: Prior(row.mean, row.strength, row.groups_behind) for row in connection.execute(query)})


def save_priors(connection: Connection, marketplace_id: str, priors: Priors, as_of: datetime) -> None:
    """Store base-rate priors in place of the earlier ones."""
    connection.execute(delete(base_rate_prior).where(base_rate_prior.c.marketplace_id == marketplace_id))
    rows = [
        {
            "marketplace_id": marketplace_id,
            "name": name,
            "mean": prior.mean,
            "strength": prior.strength,
            "groups_behind": prior.groups,
            "as_of": as_of,
        }
        for name, prior in _priors_by_name(priors).items()
    ]
    add(connection, base_rate_prior, rows)


def _priors_by_name(priors: Priors) -> Mapping[str, Prior]:
    return {name: Prior(*values) for name, values in asdict(priors).items()}


def compute_priors(connection: Connection, marketplace: Marketplace, moment: datetime) -> Priors:
    """The base-rate priors from data known at a moment: listings by their last state, sellers by their events.

    A seller's events count where the marketplace vouches for the full 90 days, otherwise the seller profile.
    """
    item_returns, item_fakes, seller_returns = _observed_counts(connection, marketplace.marketplace_id, moment)
    seller_fakes: Counts = {}
    since, begin = marketplace.seller_events_since, moment - timedelta(days=_DAYS)
    if since is not None and since <= begin:
        seller_returns, seller_fakes = _counts_by_events(
            connection, marketplace.marketplace_id, seller_returns, begin, moment
        )
    return Priors(
        seller_returns=estimate_prior(seller_returns.values(), otherwise=RETURNS),
        seller_fake_returns=estimate_prior(seller_fakes.values(), otherwise=FAKE_RETURNS, most=MOST_FAKE_RETURNS),
        item_returns=estimate_prior(item_returns.values(), otherwise=RETURNS),
        item_fake_returns=estimate_prior(item_fakes.values(), otherwise=FAKE_RETURNS, most=MOST_FAKE_RETURNS),
    )


def _observed_counts(connection: Connection, marketplace_id: str, moment: datetime) -> tuple[Counts, Counts, Counts]:
    """(returns, sales) and (fake returns, sales) by listing, and (returned, accepted) by seller."""
    query = (
        select(observation.c.listing_id, observation.c.observed, listing.c.seller_external_id)
        .join(listing, same(listing, observation, "listing_id"))
        .where(observation.c.marketplace_id == marketplace_id, observation.c.known_at <= moment)
        .order_by(observation.c.observation_id.desc())  # Ids and the key are in the order of receipt.
        .limit(_MOST_OBSERVATIONS)
    )
    returns: Counts = {}
    fakes: Counts = {}
    sellers: Counts = {}
    for listing_id, observed, seller in connection.execute(query):
        sales = _in_90_days(observed, "sales")
        _keep_first(returns, listing_id, _in_90_days(observed, "returns"), sales)
        _keep_first(fakes, listing_id, _in_90_days(observed, "fake_returns"), sales)
        if seller is not None:
            block = observed.get("seller") or {}
            _keep_first(sellers, seller, _in_90_days(block, "returned"), _in_90_days(block, "accepted"))
            sellers.setdefault(seller, (0.0, 0.0))
    return returns, fakes, sellers


def _in_90_days(observed: Mapping[str, Any], name: str) -> float | None:
    windows = observed.get(name)
    return None if windows is None else windows[-1]


def _keep_first(counts: Counts, key: str, part: float | None, whole: float | None) -> None:
    """Keep the first known pair of a key; rows come latest first."""
    if part is not None and whole is not None and not counts.get(key, (0.0, 0.0))[1]:
        counts[key] = (part, whole)


def _counts_by_events(
    connection: Connection, marketplace_id: str, sellers: Iterable[str], begin: datetime, moment: datetime
) -> tuple[Counts, Counts]:
    """(returns, sales) and (fake returns, sales) of these sellers, by seller."""
    event = seller_event.c
    query = (
        select(event.seller_external_id, event.kind, func.count().label("n"))
        .where(
            event.marketplace_id == marketplace_id,
            event.seller_external_id.in_(sorted(sellers)),
            event.occurred_at > begin,
            event.occurred_at <= moment,
            event.known_at <= moment,
        )
        .group_by(event.seller_external_id, event.kind)
    )
    counts_by_seller: dict[str, dict[str, float]] = {}
    for seller, kind, n in connection.execute(query):
        counts_by_seller.setdefault(seller, {})[kind] = float(n)
    returns = {seller: (of.get("return", 0.0), of.get("sale", 0.0)) for seller, of in counts_by_seller.items()}
    fakes = {seller: (of.get("fake_return", 0.0), of.get("sale", 0.0)) for seller, of in counts_by_seller.items()}
    return returns, fakes
