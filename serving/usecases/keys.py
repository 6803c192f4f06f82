"""API keys as administrators see them: which there are, and how one ends. `founding.add_key` makes one."""

from models.access import Permission, Person
from serving.db import audit, marketplaces
from serving.db.marketplaces import KeyRecord
from serving.runtime import Runtime


def keys_of(runtime: Runtime, by: Person) -> list[KeyRecord]:
    """The keys of the marketplaces that somebody administers, the ended ones too, the latest first."""
    with runtime.store.read() as connection:
        return marketplaces.keys(connection, by.marketplaces(Permission.ADMINISTER))


def revoke(runtime: Runtime, by: Person, key_id: str) -> KeyRecord:
    """End a key; within a second it opens nothing any more.

    Raises
    ------
    NotFound
        There is no such key in force in the person's marketplaces.
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        ended = marketplaces.revoke_key(connection, by.marketplaces(Permission.ADMINISTER), key_id, now)
        audit.record(
            connection,
            at=now,
            marketplace_id=ended.marketplace_id,
            actor=f"user:{by.user_id}",
            act="key.revoked",
            subject=key_id,
            payload={"name": ended.name},
        )
    return ended
