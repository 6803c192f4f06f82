"""The stored rows behind the digests and versions that a page shows, so that each can be a link."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from serving.learning.tables import snapshot
from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import same


def snapshot_ids(connection: Connection, marketplace_id: str, digests: Collection[str]) -> dict[str, str]:
    """By digest, the id of the latest snapshot with it; digests of files and of other marketplaces are left out."""
    query = (
        select(snapshot.c.digest, snapshot.c.snapshot_id)
        .where(snapshot.c.marketplace_id == marketplace_id, snapshot.c.digest.in_(digests))
        .order_by(snapshot.c.created_at, snapshot.c.snapshot_id)
    )
    return {row.digest: row.snapshot_id for row in connection.execute(query)}


def listings_of(
    connection: Connection, marketplace_id: str, version_ids: Collection[str]
) -> dict[str, tuple[str, str]]:
    """By version, the id of its listing and the marketplace's own id of it."""
    query = (
        select(listing_version.c.version_id, listing.c.listing_id, listing.c.external_id)
        .join(listing, same(listing, listing_version, "listing_id"))
        .where(listing_version.c.marketplace_id == marketplace_id, listing_version.c.version_id.in_(version_ids))
    )
    return {row.version_id: (row.listing_id, row.external_id) for row in connection.execute(query)}
