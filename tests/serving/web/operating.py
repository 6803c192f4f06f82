"""An administrator, and listings scored into any lane at any time without an intake."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from models.routing import Lane
from serving.accounts.rules.access import Person, Role
from serving.listings.tables import facts, listing, listing_version, score
from serving.platform.database.store import add
from tests.fixtures.runtimes import Site, invite


def an_administrator(site: Site) -> Person:
    """An administrator of the marketplace."""
    return invite(site.runtime, "ada@touchstone.example", "Ada Roth", Role.ADMIN)


def scored(site: Site, lane: Lane, at: datetime, number: int = 1) -> None:
    """So many new listings, scored into a lane at a moment."""
    with site.runtime.store.write() as connection:
        for _ in range(number):
            listing_id, version_id = site.runtime.ids.new("lst"), site.runtime.ids.new("ver")
            here = {"marketplace_id": site.here, "listing_id": listing_id, "version_id": version_id}
            named = {"content_hash": "0" * 64, "observed_hash": "0" * 64, "external_id": listing_id, "version": 1}
            add(connection, listing, [{**here, **named, "first_known_at": at, "occurred_at": at}])
            told = {"content_hash": "0" * 64, "content": {}, "draw": 0.5, "brand_key": "", "category_key": ""}
            version = {**here, **told, "number": 1, "occurred_at": at, "known_at": at, "earlier_prices": []}
            add(connection, listing_version, [version])
            digest = sha256(version_id.encode()).hexdigest()
            add(connection, facts, [{"marketplace_id": site.here, "digest": digest, "schema": 1, "body": b"{}"}])
            made: dict[str, Any] = {
                **{name: here[name] for name in ("marketplace_id", "listing_id", "version_id")},
                "score_id": site.runtime.ids.new("sco"),
                "facts_digest": digest,
                "kind": "scorecard",
                "value": 1.0,
                "scorer": "test",
                "fingerprint": "0" * 64,
                "reasons": [],
                "evidence": [],
                "lane": lane.value,
                "route_reasons": [],
                "policy_version": "1",
                "inclusion_probability": 1.0,
                "scored_at": at,
            }
            add(connection, score, [made])
