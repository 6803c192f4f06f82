"""Facts of a file's rows with the history that intake would have used: read in batches, and nothing is written."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from features.facts import Facts, assemble_facts
from features.history import EventCounts
from features.listing import Listing
from features.minhash import signature_of
from features.near_duplicates import NearDuplicates, near_duplicates
from features.references import References
from serving.cases.store import case_brands
from serving.listings.service.intake_steps import observed_of
from serving.listings.service.seller_events import SellerHistories
from serving.listings.store import past_states
from serving.listings.store.past_states import Observation, PastStates, StateBefore
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database import clocks
from serving.platform.database.engine import read_only_engine
from serving.scoring.service.scoring import ReferenceContext, ReferenceContextCache
from serving.scoring.store.past_events import SellerMoment, event_counts
from serving.scoring.store.past_texts import PastText, comparison_texts_at


@dataclass(frozen=True, slots=True)
class _Row:
    """A listing at its time, with its past and with the observation that came in then, where there are such."""

    listing: Listing
    as_of: datetime
    known: PastStates | None
    own: Observation | None


def past_facts(
    connection: Connection,
    marketplace: Marketplace,
    references: References,
    listings: Sequence[Listing],
    *,
    now: datetime,
) -> list[Facts]:
    """The facts of each listing as of its time, in order, from a few queries for all of them.

    A listing's time is its `occurred_at`; without one, the moment when intake took in the same row; otherwise `now`.
    The references are those of today.
    """
    marketplace_id = marketplace.marketplace_id
    states = past_states.of_listings(connection, marketplace_id, {listing.external_id for listing in listings})
    seen = past_states.observations(connection, marketplace_id, {state.listing_id for state in states.values()})
    rows: list[_Row] = []
    for past_listing in listings:
        known = states.get(past_listing.external_id)
        mine = seen.get(known.listing_id, ()) if known else ()
        as_of = _moment(past_listing, known, mine, now)
        rows.append(
            _Row(
                past_listing,
                as_of,
                known,
                _own_observation(past_listing, known, [other for other in mine if other.known_at == as_of]),
            )
        )
    histories = SellerHistories.read(
        connection, marketplace_id, [(row.listing, row.as_of) for row in rows], with_events=False
    )
    events = _event_counts(connection, marketplace, rows)
    named = case_brands.of_listings(connection, marketplace_id, [state.listing_id for state in states.values()])
    near = _near_duplicates(connection, marketplace_id, rows)
    facts: list[Facts] = []
    for i, row in enumerate(rows):
        listing, as_of, known = row.listing, row.as_of, row.known
        before = known.before(as_of, row.own) if known else StateBefore()
        is_version = before.content_hash != listing.content_hash
        history = histories.of(
            listing,
            listing_id=known.listing_id if known else None,
            as_of=as_of,
            complete_since=marketplace.seller_events_since,
            version=before.version + is_version,
            previous_log_price=before.log_price if is_version else before.previous_log_price,
            earlier_prices=before.prices if is_version else before.earlier_prices,
            near_duplicates=near.get(i),
        )
        if i in events:
            history = replace(history, events=events[i])
        namings = named[known.listing_id].history if known and known.listing_id in named else ()
        facts.append(
            assemble_facts(listing, references, history, marketplace=marketplace_id, as_of=as_of, named=namings)
        )
    return facts


def _moment(listing: Listing, known: PastStates | None, seen: Sequence[Observation], now: datetime) -> datetime:
    if listing.occurred_at is not None or known is None:
        return min(listing.occurred_at or now, now)
    same = _versions_with_content(listing, known)
    observed = _stored_counters(listing) if same else {}
    received = (
        observation.known_at
        for observation in seen
        if observation.version_id in same and observation.observed == observed
    )
    return min(max(received, default=now), now)


def _own_observation(listing: Listing, known: PastStates | None, seen: Sequence[Observation]) -> Observation | None:
    """The observation of the same row, of those of its moment; a request may bring several of one listing."""
    if known is None or not seen:
        return None
    same, observed = _versions_with_content(listing, known), _stored_counters(listing)
    alike = sorted(
        seen,
        key=lambda observation: (
            observation.version_id not in same,
            observation.observed != observed,
            observation.observation_id,
        ),
    )
    return alike[0]


def _versions_with_content(listing: Listing, known: PastStates) -> set[str]:
    content_hash = listing.content_hash
    return {version.version_id for version in known.versions if version.content_hash == content_hash}


def _stored_counters(listing: Listing) -> Any:
    """The counters as the database has them."""
    return json.loads(json.dumps(observed_of(listing), default=str))


def _event_counts(connection: Connection, marketplace: Marketplace, rows: Sequence[_Row]) -> dict[int, EventCounts]:
    """The events of each row's seller, if the marketplace guarantees that they are complete."""
    since = marketplace.seller_events_since
    if since is None:
        return {}
    moments = {
        i: SellerMoment(seller, row.as_of, row.listing.currency)
        for i, row in enumerate(rows)
        if (seller := row.listing.seller.external_id) is not None
    }
    counts = event_counts(connection, marketplace.marketplace_id, list(moments.values()))
    return {i: counts.of(place, since) for place, i in enumerate(moments)}


def _near_duplicates(connection: Connection, marketplace_id: str, rows: Sequence[_Row]) -> dict[int, NearDuplicates]:
    """The near-duplicates of each row whose text is long enough for a comparison."""
    signatures = {i: signature_of(row.listing) for i, row in enumerate(rows)}
    texts = {
        i: PastText(signature, rows[i].as_of, own.observation_id if (own := rows[i].own) else None)
        for i, signature in signatures.items()
        if signature is not None
    }
    alike = comparison_texts_at(connection, marketplace_id, texts)
    return {
        i: near_duplicates(
            text.signature,
            listing_id=rows[i].listing.external_id,
            seller=rows[i].listing.seller.external_id,
            candidates=alike[i].candidates,
            as_of=text.as_of,
            more=alike[i].more,
        )
        for i, text in texts.items()
    }


@dataclass(frozen=True, slots=True)
class HistoryAt:
    """A marketplace in a database, as `training.score.parts.History`."""

    url: str = field(repr=False)  # It may contain a password.
    marketplace: Marketplace

    @property
    def name(self) -> str:
        """The marketplace, and a digest of the address."""
        return f"{self.marketplace.marketplace_id} {hashlib.sha256(self.url.encode()).hexdigest()}"

    def fixed(self, now: datetime) -> "FixedHistoryAt":
        """The history with the references of now, which are read once."""
        engine = read_only_engine(self.url)
        try:
            with engine.connect() as connection:
                context = ReferenceContextCache().of(connection, self.marketplace, now)
        finally:
            engine.dispose()
        return FixedHistoryAt(self.url, self.marketplace, context, now)


@dataclass(frozen=True, slots=True)
class FixedHistoryAt:
    """A history with references, as `training.score.parts.FixedHistory`."""

    url: str = field(repr=False)  # It may contain a password.
    marketplace: Marketplace
    context: ReferenceContext = field(repr=False)
    now: datetime

    def open(self) -> "OpenHistory":
        """The history with a connection of this process."""
        return OpenHistory(read_only_engine(self.url), self.marketplace, self.context, self.now)


@dataclass(frozen=True, slots=True)
class OpenHistory:
    """A history with its connection, as `training.score.parts.OpenHistory`."""

    engine: Engine
    marketplace: Marketplace
    context: ReferenceContext
    now: datetime

    @property
    def taking_part(self) -> frozenset[str]:
        """The brands that answer questions."""
        return self.context.taking_part

    def facts(self, listings: Sequence[Listing]) -> list[Facts]:
        """The facts of each listing as of its time (`past_facts`), in order."""
        with self.engine.connect() as connection:
            return past_facts(connection, self.marketplace, self.context.references, listings, now=self.now)

    def close(self) -> None:
        self.engine.dispose()


def open_history(url: str, engine: Engine, marketplace: str | None) -> tuple[HistoryAt, datetime]:
    """The history of the marketplace of a name, or of the only one, and the present on the database's clock.

    Raises NotFound (there is no such marketplace, or several).
    """
    with engine.connect() as connection:
        history = HistoryAt(url, marketplaces.by_name(connection, marketplace))
        offset = clocks.offset(connection)
    return history, datetime.now(UTC) + (offset or timedelta(0))
