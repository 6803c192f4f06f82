"""The recorded histories of sellers, read once for a batch with one query per table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from features.peer_listings import LISTINGS_DAYS
from models.case import CaseLane
from models.outcomes import Ruling
from models.seller_history import DAYS, Event, PublishedVersion, SellerHistory
from models.verdict import Judgement, Side
from serving.cases.tables import verdict
from serving.listings.tables import listing_version, observation
from serving.platform.database.lists import list_parameter
from serving.platform.database.scope import same
from serving.platform.database.types import moment_of, stored_moment
from serving.scoring.store import history_queries as queries


def load_histories(
    connection: Connection,
    marketplace_id: str,
    sellers: Collection[str],
    *,
    since: datetime,
    until: datetime,
    with_events: bool = True,
) -> Mapping[str, SellerHistory]:
    """The histories of these sellers, by seller, complete for moments from `since` to `until`.

    `past_events` counts events for many moments faster; then they need not be loaded.
    """
    histories = {external_id: SellerHistory() for external_id in sorted(set(sellers))}
    if not histories:
        return histories
    for row in queries.SELLERS.rows(connection, {"here": marketplace_id, "sellers": list(histories)}):
        histories[row.external_id].first_known_at = row.first_known_at
    _load_versions(connection, marketplace_id, histories, since=since, until=until)
    for external_id, seller_rulings in rulings(connection, marketplace_id, histories).items():
        histories[external_id].rulings = seller_rulings
    if with_events:
        _load_events(connection, marketplace_id, histories, since - timedelta(days=max(DAYS)))
    return histories


@dataclass(frozen=True, slots=True)
class ScoredUntil:
    """The times up to which sellers and listings have been scored; those scores did not know data that arrives now.

    `sellers_of` are the sellers of each listing's versions.
    """

    sellers: dict[str, datetime]
    listings: dict[str, datetime]
    sellers_of: dict[str, set[str]]

    def of(self, seller: str | None, listing_id: str | None) -> datetime | None:
        """The later of the two times; None where neither has been scored."""
        moments = (self.sellers.get(seller or ""), self.listings.get(listing_id or ""))
        return max((at for at in moments if at is not None), default=None)

    def take_in(self, listing_id: str, seller: str | None, at: datetime) -> None:
        """Add a score of a listing, with the seller of its version where that is new, as if it had been read."""
        sellers = self.sellers_of.setdefault(listing_id, set())
        if seller is not None:
            sellers.add(seller)
        self.listings[listing_id] = max(at, self.listings.get(listing_id, at))
        for named_seller in sellers:
            self.sellers[named_seller] = max(self.listings[listing_id], self.sellers.get(named_seller, at))


def scored_until(
    connection: Connection, marketplace_id: str, sellers: Collection[str], listing_ids: Collection[str] = ()
) -> ScoredUntil:
    """The last scoring times of these sellers and listings. Only a backfill of past data needs them."""
    last = func.max(observation.c.known_at)
    version = listing_version.c
    of_sellers = (
        select(version.seller_external_id, last)
        .join(observation, same(observation, listing_version, "listing_id"))
        .where(version.marketplace_id == marketplace_id, version.seller_external_id.in_(set(sellers)))
        .group_by(version.seller_external_id)
    )
    of_listings = (
        select(observation.c.listing_id, last)
        .where(observation.c.marketplace_id == marketplace_id, observation.c.listing_id.in_(set(listing_ids)))
        .group_by(observation.c.listing_id)
    )
    sellers_until, listings_until = (
        {row[0]: row[1] for row in connection.execute(query)} for query in (of_sellers, of_listings)
    )
    sold = select(version.listing_id, version.seller_external_id).where(
        version.marketplace_id == marketplace_id,
        version.listing_id.in_(set(listing_ids)),
        version.seller_external_id.is_not(None),
    )
    sellers_of: dict[str, set[str]] = {}
    for listing_id, seller_id in connection.execute(sold.distinct()):
        sellers_of.setdefault(listing_id, set()).add(seller_id)
    return ScoredUntil(sellers_until, listings_until, sellers_of)


def last_scored(connection: Connection, marketplace_id: str) -> datetime | None:
    """The last scoring time of a marketplace; None where nothing has been scored. Reads every observation."""
    scored_at: datetime | None = connection.execute(
        select(func.max(observation.c.known_at)).where(observation.c.marketplace_id == marketplace_id)
    ).scalar()
    return scored_at


def _load_versions(
    connection: Connection,
    marketplace_id: str,
    histories: Mapping[str, SellerHistory],
    *,
    since: datetime,
    until: datetime,
) -> None:
    """Add versions to the seller that each names, even if the listing has changed its seller since.

    A seller may have a million listings: of one seller, and at one moment, only as many are read as count at the first
    moment.
    """
    begin = since - timedelta(days=LISTINGS_DAYS)
    if len(histories) > 1 and since == until:
        _load_latest(connection, marketplace_id, histories, begin, since)
        return
    parameters = {"here": marketplace_id, "sellers": list(histories), "begin": begin, "since": since, "until": until}
    if len(histories) == 1:
        later = queries.LATER_VERSIONS.rows(connection, parameters) if since < until else ()
        rows = [*later, *queries.EARLIER_VERSIONS.rows(connection, parameters)]
    else:
        rows = list(queries.VERSIONS.rows(connection, parameters))
    for row in reversed(rows):
        _add_version(histories, row, row.known_at, row.first_known_at)


def _load_latest(
    connection: Connection,
    marketplace_id: str,
    histories: Mapping[str, SellerHistory],
    begin: datetime,
    since: datetime,
) -> None:
    begins, ends = (stored_moment(connection, at) for at in (begin, since))
    parameters = {"here": marketplace_id, "begin": begins, "since": ends, **list_parameter(connection, list(histories))}
    moment = moment_of(connection)
    for row in reversed(queries.LATEST_VERSIONS.rows(connection, parameters)):
        if row[0] is not None:
            _add_version(histories, row, moment(row[2]), moment(row[3]))


def _add_version(
    histories: Mapping[str, SellerHistory], row: Sequence[Any], known_at: datetime, first_known_at: datetime
) -> None:
    seller, listing_id, _, _, log_price, minor, currency, brand_key, category_key, protected = row
    price = None if minor is None or currency is None else (minor, currency)
    histories[seller].put_up.append(
        PublishedVersion(
            listing_id, known_at, first_known_at, log_price, price, brand_key, category_key, bool(protected)
        )
    )


def rulings(connection: Connection, marketplace_id: str, sellers: Collection[str]) -> dict[str, list[Ruling]]:
    """Verdicts on versions of these sellers, by seller, each with its withdrawal.

    A verdict whose removal was pending approval counts from the approval, and not before.
    """
    if not sellers:
        return {}
    parameters = {"here": marketplace_id, "sellers": sorted(sellers)}
    ((judged,),) = queries.ARE_JUDGED.rows(connection, parameters)
    if not judged:
        return {}
    unanswered = connection.execute(queries.UNANSWERED, parameters).all()
    return _rulings_of_rows(unanswered, connection.execute(queries.RULINGS, parameters))


def rulings_on(connection: Connection, marketplace_id: str, listing_ids: Select[Any]) -> dict[str, list[Ruling]]:
    """As `rulings`, for the listings that a query selects."""
    on_listings, parameters = verdict.c.listing_id.in_(listing_ids), {"here": marketplace_id}
    unanswered = connection.execute(queries.unanswered_removals(on_listings), parameters).all()
    return _rulings_of_rows(unanswered, connection.execute(queries.verdicts_with_withdrawal(on_listings), parameters))


def _rulings_of_rows(unanswered: Iterable[Row[Any]], verdict_rows: Iterable[Row[Any]]) -> dict[str, list[Ruling]]:
    rulings_by_seller: dict[str, list[Ruling]] = {}
    for row in unanswered:
        ruling = Ruling(
            row.listing_id,
            row.version_id,
            Judgement.CANNOT_TELL,
            Side.BRAND,
            on_appeal=True,
            known_at=row.overturned_at,
            withdrawn_at=row.undone_at,
        )
        rulings_by_seller.setdefault(row.seller_external_id, []).append(ruling)
    for row in verdict_rows:
        rulings_by_seller.setdefault(row.seller_external_id, []).append(
            Ruling(
                row.listing_id,
                row.version_id,
                Judgement(row.judgement),
                Side(row.side),
                row.lane == CaseLane.APPEAL.value,
                row.waited_until or row.known_at,
                row.withdrawn_at,
            )
        )
    return rulings_by_seller


def _load_events(
    connection: Connection, marketplace_id: str, histories: Mapping[str, SellerHistory], since: datetime
) -> None:
    parameters = {"here": marketplace_id, "sellers": list(histories), "since": since}
    for row in queries.EVENTS.rows(connection, parameters):
        event = Event(row.occurred_at, row.known_at, row.amount_minor, row.currency)
        histories[row.seller_external_id].events.setdefault(row.kind, []).append(event)
