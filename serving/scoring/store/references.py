"""The reference context of listings: price references and lists, exchange rates, brand register, base-rate priors."""

from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from features.brands import BrandRegister
from features.common_prices import CommonPrices
from features.indicators import Indicators
from features.price_lists import PriceLists
from features.references import NO_SAMPLES, Key, PricePool, PriceReference, PriceSamples, PriceTable, Rates, References
from serving.brands.store import brands, indicators, price_lists
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.marketplaces.store import exchange_rates
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.scope import columns, inside
from serving.platform.database.store import add
from serving.scoring.store import base_rate_priors
from serving.scoring.tables import common_price, price_reference
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind

_COMPARED_DAYS = 180  # Half a year: a season's prices, and enough listings per model.


def load_references(connection: Connection, marketplace: Marketplace, as_of: datetime, lists: PriceLists) -> References:
    """The references of a marketplace as last computed, with the brands' price lists from the caller."""
    marketplace_id = marketplace.marketplace_id
    return References(
        _rates(connection, marketplace.base_currency, as_of.date()),
        BrandRegister(brands.enrolled_brands(connection, marketplace_id, as_of)),
        _price_table(connection, marketplace_id),
        Indicators(indicators.of_marketplace(connection, marketplace_id)),
        lists,
        _common_prices(connection, marketplace_id),
        base_rate_priors.stored_priors(connection, marketplace_id),
    )


def _price_table(connection: Connection, marketplace_id: str) -> PriceTable:
    query = select(price_reference).where(price_reference.c.marketplace_id == marketplace_id)
    return PriceTable(
        {
            (row.brand_key, row.category_key): PriceReference(row.log_median, row.mad, row.n)
            for row in connection.execute(query)
        }
    )


def price_samples(connection: Connection, marketplace_id: str, key: Key) -> PriceSamples:
    """The distribution of a group's log prices; `NO_SAMPLES` where the group has no reference."""
    query = select(price_reference.c.samples, price_reference.c.n).where(
        inside(price_reference, marketplace_id, brand_key=key[0], category_key=key[1])
    )
    row = connection.execute(query).one_or_none()
    return NO_SAMPLES if row is None or row.samples is None else PriceSamples(tuple(row.samples), row.n)


def _common_prices(connection: Connection, marketplace_id: str) -> CommonPrices:
    query = select(common_price).where(common_price.c.marketplace_id == marketplace_id)
    return CommonPrices({(row.price_minor, row.currency): row.listings for row in connection.execute(query)})


def _rates(connection: Connection, base_currency: str, day: date) -> Rates:
    """The latest rate of each currency up to a day, converted from euros to the base currency."""
    euros = exchange_rates.euros_at(connection, day)
    base = euros.get(base_currency)
    if base is None:
        return Rates(base_currency)
    return Rates(base_currency, {code: rate / base for code, rate in sorted(euros.items()) if code != base_currency})


def references_as_of(connection: Connection, marketplace: Marketplace, moment: datetime) -> References:
    """The references of a marketplace computed as of a moment: every call gives the same result.

    It scans half a year of listings; requests use `load`.
    """
    marketplace_id = marketplace.marketplace_id
    pool, common = _compute_prices(connection, marketplace_id, moment)
    return References(
        _rates(connection, marketplace.base_currency, moment.date()),
        BrandRegister(brands.enrolled_brands(connection, marketplace_id, moment)),
        pool.table(),
        lists=price_lists.load(connection, marketplace_id, moment),
        common=common,
        priors=base_rate_priors.compute_priors(connection, marketplace, moment),
    )


def _compute_prices(connection: Connection, marketplace_id: str, moment: datetime) -> tuple[PricePool, CommonPrices]:
    """Prices of the listings as they stood at a moment, without listings confirmed counterfeit by then."""
    undo = verdict.alias("undo")
    withdrawn = select(undo.c.verdict_id).where(
        undo.c.marketplace_id == action.c.marketplace_id,
        undo.c.supersedes_id == action.c.verdict_id,
        undo.c.known_at <= moment,
    )
    removed = select(action.c.listing_id).where(
        inside(action, marketplace_id, kind=ActionKind.REMOVE.value), action.c.created_at <= moment, ~withdrawn.exists()
    )
    latest = (
        select(listing_version.c.listing_id, func.max(listing_version.c.number).label("number"))
        .where(listing_version.c.marketplace_id == marketplace_id, listing_version.c.known_at <= moment)
        .group_by(listing_version.c.listing_id)
        .subquery()
    )
    query = (
        select(*columns(listing_version, "brand_key", "category_key", "log_price", "price_minor", "currency"))
        .join(
            latest,
            (latest.c.listing_id == listing_version.c.listing_id) & (latest.c.number == listing_version.c.number),
        )
        .where(
            listing_version.c.marketplace_id == marketplace_id,
            listing_version.c.log_price.is_not(None),
            listing_version.c.known_at > moment - timedelta(days=_COMPARED_DAYS),
            listing_version.c.listing_id.not_in(removed),
        )
    )
    rows = connection.execute(query).all()
    pool = PricePool((row.brand_key, row.category_key, row.log_price) for row in rows)
    return pool, CommonPrices.among((row.price_minor, row.currency) for row in rows)


def refresh(connection: Connection, marketplace: Marketplace, as_of: datetime) -> int:
    """Compute price references, common prices and base-rate priors again and store them; returns the count of the
    first."""
    marketplace_id = marketplace.marketplace_id
    pool, common = _compute_prices(connection, marketplace_id, as_of)
    samples = pool.samples()
    connection.execute(delete(price_reference).where(price_reference.c.marketplace_id == marketplace_id))
    rows = [
        {
            "marketplace_id": marketplace_id,
            "brand_key": brand_key,
            "category_key": category_key,
            "as_of": as_of,
            "samples": samples[brand_key, category_key],
            **reference._asdict(),
        }
        for (brand_key, category_key), reference in pool.table().rows.items()
    ]
    add(connection, price_reference, rows)
    connection.execute(delete(common_price).where(common_price.c.marketplace_id == marketplace_id))
    common_rows = [
        {"marketplace_id": marketplace_id, "price_minor": minor, "currency": currency, "listings": listings}
        for (minor, currency), listings in common.rows.items()
    ]
    add(connection, common_price, common_rows)
    base_rate_priors.save_priors(
        connection, marketplace_id, base_rate_priors.compute_priors(connection, marketplace, as_of), as_of
    )
    return len(rows)


def refreshed_at(connection: Connection, marketplace_id: str) -> datetime | None:
    """The time when the references were last computed; None where they never were."""
    query = select(func.max(price_reference.c.as_of)).where(price_reference.c.marketplace_id == marketplace_id)
    last_refresh: datetime | None = connection.execute(query).scalar()
    return last_refresh
