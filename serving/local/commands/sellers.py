"""Sellers: contacts, erasure and holds, risk, strikes and lists."""

from typing import Any

from models.errors import Invalid
from models.seller_lists import SellerList
from serving.api.sellers import entry_answer, strikes_answer
from serving.local.commands.asking import BY, administrator, place_named
from serving.local.commands.registry import command
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.privacy.service import erasure
from serving.privacy.store import legal_holds
from serving.sellers.service import contacts, sanctioning, seller_listing, seller_risk
from serving.sellers.store import sanctions, seller_lists


@command
def receive_contacts(
    runtime: Runtime, *, rows: list[dict[str, Any]], backfill: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Hash contacts of sellers."""
    found = place_named(runtime, marketplace)
    return {**contacts.receive_contacts(runtime, found, {"contacts": rows}, backfill=backfill)}


@command
def erase_contacts(runtime: Runtime, *, seller: str, marketplace: str | None = None) -> dict[str, Any]:
    """Erase the hashes of a seller's contacts."""
    found = place_named(runtime, marketplace)
    return {"erased": contacts.erase_contacts(runtime, found, seller, by=BY)}


@command
def erase_seller(
    runtime: Runtime, *, seller: str, carry_out: bool, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Erase a seller, or show what would be erased."""
    place, actor = administrator(runtime, by, marketplace)
    return erasure.erase_seller(runtime, place, seller, carry_out=carry_out, by=actor)


@command
def set_legal_hold(
    runtime: Runtime, *, seller: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Keep everything of a seller."""
    place, actor = administrator(runtime, by, marketplace)
    erasure.set_hold(runtime, place, seller, reason=reason, by=actor)
    return {}


@command
def lift_legal_hold(
    runtime: Runtime, *, seller: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a legal hold."""
    place, actor = administrator(runtime, by, marketplace)
    erasure.lift_hold(runtime, place, seller, reason=reason, by=actor)
    return {}


@command
def list_legal_holds(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The sellers under legal hold."""
    with runtime.store.read() as connection:
        found = legal_holds.in_force(connection, marketplaces.by_name(connection, marketplace).marketplace_id)
    return {
        "holds": [
            {"seller": one.seller, "since": one.set_at.isoformat(), "set_by": one.set_by, "reason": one.reason}
            for one in found
        ]
    }


@command
def show_seller_risk(
    runtime: Runtime,
    *,
    seller: str | None = None,
    most: int = 20,
    refresh: bool = False,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """A seller's risk, or the riskiest sellers; with `refresh`, worked out anew before."""
    found = place_named(runtime, marketplace)
    if refresh:
        seller_risk.refresh(runtime, found)
    with runtime.store.read() as connection:
        if seller is None:
            return seller_risk.riskiest_answer(connection, found.marketplace_id, most)
        return seller_risk.one_answer(runtime, connection, found.marketplace_id, seller)


@command
def show_strikes(runtime: Runtime, *, seller: str, marketplace: str | None = None) -> dict[str, Any]:
    """What counts against a seller, and the sanctions of it."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = sanctioning.count_of(runtime, connection, here, seller, runtime.clock.now())
        decided = [
            {"measure": one.measure.value, "state": one.state.value, "proposed_at": one.proposed_at.isoformat()}
            for one in sanctions.of_seller(connection, here, seller)
        ]
    return {**strikes_answer(seller, found), "sanctions": decided}


@command
def put_seller(
    runtime: Runtime,
    *,
    seller: str,
    name: str,
    reason: str,
    days: int | None = None,
    by: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Put a seller on a list."""
    place, actor = administrator(runtime, by, marketplace)
    if name not in set(SellerList):
        raise Invalid(f"There is no list {name}; there are {', '.join(SellerList)}.")
    here, which = place.marketplace_id, SellerList(name)
    return entry_answer(seller_listing.put_on_list(runtime, here, seller, which, reason=reason, days=days, by=actor))


@command
def take_seller_off(
    runtime: Runtime, *, seller: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Take a seller off its list."""
    place, actor = administrator(runtime, by, marketplace)
    seller_listing.take_off_list(runtime, place.marketplace_id, seller, by=actor)
    return {}


@command
def list_listed_sellers(runtime: Runtime, *, most: int, marketplace: str | None = None) -> dict[str, Any]:
    """The sellers on lists, the newest entry first."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = seller_lists.in_force(connection, {here}, runtime.clock.now(), most)
    return {"entries": [entry_answer(one) for _, one in found]}
