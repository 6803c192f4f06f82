"""The countries in which a marketplace sells."""

from collections.abc import Sequence

from serving.audit.store import audit
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.rights.rules.territories import territories


def sell_in(runtime: Runtime, places: Sequence[str], *, marketplace: str | None, by: str) -> None:
    """Set the sales territory of a marketplace; rights that are valid in none of it cannot be used there."""
    with runtime.store.write() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        sold = territories(places)
        marketplaces.sell_in(connection, here, sold)
        payload = {"sold_in": sold}
        audit.record(connection, runtime.clock.now(), here, by, "marketplace.sells_in", here, **payload)
