"""The history of a marketplace as a source of facts for files of listings, read from its database and never written."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from features.facts import Facts
from features.listing import Listing
from serving.intake.service.past_facts import past_facts
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database import clocks
from serving.platform.database.engine import read_only_engine
from serving.scoring.service.reference_context import ReferenceContext, ReferenceContextCache


@dataclass(frozen=True, slots=True)
class HistoryAt:
    """A marketplace in a database, as `training.score_parts.History`."""

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
    """A history with references, as `training.score_parts.FixedHistory`."""

    url: str = field(repr=False)  # It may contain a password.
    marketplace: Marketplace
    context: ReferenceContext = field(repr=False)
    now: datetime

    def open(self) -> "OpenHistory":
        """The history with a connection of this process."""
        return OpenHistory(read_only_engine(self.url), self.marketplace, self.context, self.now)


@dataclass(frozen=True, slots=True)
class OpenHistory:
    """A history with its connection, as `training.score_parts.OpenHistory`."""

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
        """Close the connection."""
        self.engine.dispose()


def opened(url: str, engine: Engine, marketplace: str | None) -> tuple[HistoryAt, datetime]:
    """The history of the marketplace of a name, or of the only one, and the present on the database's clock.

    Raises NotFound (there is no such marketplace, or several).
    """
    with engine.connect() as connection:
        found = HistoryAt(url, marketplaces.by_name(connection, marketplace))
        offset = clocks.offset(connection)
    return found, datetime.now(UTC) + (offset or timedelta(0))
