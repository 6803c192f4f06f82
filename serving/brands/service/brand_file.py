"""Changes of a brand's file, only by its users with lead rights; its rights as rows; the countries of a marketplace."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Forbidden, NotFound
from serving.accounts.rules.access import Permission, Person
from serving.audit.store import audit
from serving.brands.rules.rights import RightState
from serving.brands.rules.rights_document import checked_territories
from serving.brands.service.rights_claims import settle_rights
from serving.brands.store import mandates
from serving.brands.store.rights import StoredRight
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tabular import Kind

AGENT = Phrase(
    "You act under a power of attorney. Only the brand's own users can change its file. If yours was recorded by "
    "mistake, your account manager can void it."
)
NOT_LEADING = Phrase(
    "Your account can read this page but not change it. Your account manager decides which users of your brand can."
)


def objection(connection: Connection, person: Person, pair: Pair) -> Phrase | None:
    """Why a person may not change a brand's file; None where they may. `pair` is (marketplace, brand).

    An agent may not, even with lead rights: an agent must not change the limits of its own power of attorney.
    """
    if pair not in person.brands(Permission.LEAD_BRAND):
        return NOT_LEADING
    return AGENT if mandates.mandates_of(connection, pair, person.user_id) else None


def require_lead(connection: Connection, person: Person, pair: Pair) -> str:
    """Refuse people who may not change a brand's file; returns the person's name in the audit log.

    Raises NotFound (the person does not represent this brand here) or Forbidden (the person represents the brand but
    may not change its file).
    """
    if pair not in person.brands(Permission.ANSWER_QUESTIONS):
        raise NotFound("There is no such brand.")
    why_not = objection(connection, person, pair)
    if why_not is not None:
        raise Forbidden(why_not)
    return person.actor


def withdraw_right(runtime: Runtime, person: Person, pair: Pair, right_id: str) -> None:
    """Withdraw a right of the person's own brand at this marketplace.

    Raises NotFound, Forbidden, Conflict (the right is not the brand's here; the person has no lead rights; the right
    has ended).
    """
    with runtime.store.read() as connection:
        by = require_lead(connection, person, pair)
    settle_rights(runtime, pair, [right_id], RightState.WITHDRAWN, by=by)


RIGHT_COLUMNS: Final = {
    "kind": Kind.TEXT, "title": Kind.TEXT, "office": Kind.TEXT, "number": Kind.TEXT, "classes": Kind.TEXT,
    "territories": Kind.TEXT, "state": Kind.TEXT, "begins_at": Kind.MOMENT, "ends_at": Kind.MOMENT,
    "document_sha256": Kind.TEXT, "claimed_at": Kind.MOMENT, "settled_at": Kind.MOMENT, "note": Kind.TEXT,
}  # fmt: skip


def file_rows(rights: Sequence[StoredRight]) -> list[tuple[Any, ...]]:
    """The rows of an export, one per right, in the order of `RIGHT_COLUMNS`."""
    return [
        (
            right.right.kind.value,
            right.right.title,
            right.right.office,
            right.right.number,
            ", ".join(map(str, right.right.classes)),
            ", ".join(sorted(right.right.territories)),
            right.right.state.value,
            right.right.begins_at,
            right.right.expires_at,
            right.document,
            right.claimed_at,
            right.settled_at,
            right.note,
        )
        for right in rights
    ]


def set_sales_territory(runtime: Runtime, places: Sequence[str], *, marketplace: str | None, by: str) -> None:
    """Set the sales territory of a marketplace; rights that are valid in none of it cannot be used there."""
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, marketplace).marketplace_id
        sold = checked_territories(places)
        marketplaces.record_countries(connection, marketplace_id, sold)
        payload = {"sold_in": sold}
        audit.record(
            connection, runtime.clock.now(), marketplace_id, by, "marketplace.sells_in", marketplace_id, **payload
        )
