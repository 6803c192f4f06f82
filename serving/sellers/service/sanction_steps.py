"""The steps of every sanction: proposed, sent, lapsed, lifted; and the linked sellers at given moments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.links import Links
from models.errors import Busy, Conflict
from models.messages.english import fields_in_english, in_english
from models.outcomes import Outcome, outcomes
from models.policies.deciding import EnforcementPolicy
from models.policies.sellers import SanctionPolicy
from models.policies.version import policy_version
from models.sanction_scope import linked_accounts
from models.seller_lists import SellerList
from serving.audit.store import audit
from serving.brands.store import authorised_sellers
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.scoring.store import histories
from serving.sellers.policy import DEFAULT_LINKS
from serving.sellers.rules.links import ComponentSearch, LinkSearch
from serving.sellers.rules.sanction import (
    OPEN_STATES,
    Measure,
    SanctionCause,
    SanctionEvent,
    SanctionState,
    SellerAct,
    act_for,
    sanction_statement,
)
from serving.sellers.store import contacts, sanctions, seller_actions, seller_lists, strikes
from serving.sellers.store.sanctions import StoredSanction
from serving.webhooks.rules.action import ActionEvent, ActionState
from serving.webhooks.service.signing_secrets import record_step

Moment = tuple[str, datetime]  # A seller and a time.


def links_at(connection: Connection, marketplace_id: str, moments: Collection[Moment]) -> Mapping[Moment, Links]:
    """The links of each seller at its moment, with the linked sellers' outcomes as known then."""
    searches = [LinkSearch(seller, as_of, DEFAULT_LINKS) for seller, as_of in sorted(moments)]
    contacts.run_searches(connection, marketplace_id, searches, DEFAULT_LINKS)
    rulings = histories.rulings(connection, marketplace_id, {name for search in searches for name in search.linked})
    known: dict[Moment, list[Outcome]] = {}

    def stood(seller: str, as_of: datetime) -> list[Outcome]:
        if (seller, as_of) not in known:
            known[seller, as_of] = outcomes(rulings.get(seller, ()), as_of=as_of)
        return known[seller, as_of]

    return {
        (search.seller, search.as_of): search.links({name: stood(name, search.as_of) for name in search.linked})
        for search in searches
    }


def linked_with(connection: Connection, marketplaces: Collection[str], seller: str, as_of: datetime) -> frozenset[str]:
    """The sellers linked with a seller in any of these marketplaces, within the limits of `DEFAULT_LINKS`."""
    linked_sellers: set[str] = set()
    for marketplace in sorted(marketplaces):
        search = LinkSearch(seller, as_of, DEFAULT_LINKS)
        contacts.run_searches(connection, marketplace, [search], DEFAULT_LINKS)
        linked_sellers |= set(search.linked)
    return frozenset(linked_sellers)


def components_at(
    connection: Connection, marketplace_id: str, sellers: Collection[str], as_of: datetime
) -> Mapping[str, str]:
    """The component of each of these sellers, and of the sellers linked with them, by links known before the moment."""
    search = ComponentSearch(sellers, as_of, DEFAULT_LINKS)
    contacts.run_searches(connection, marketplace_id, [search], DEFAULT_LINKS)
    return search.components


LADDER: Final = "ladder"


@dataclass(frozen=True, slots=True)
class Proposal:
    seller: str
    measure: Measure
    cause: SanctionCause
    total: float
    reasons: Sequence[str]
    parent: StoredSanction | None = None
    path: str | None = None


def propose_sanction(
    runtime: Runtime, connection: Connection, marketplace_id: str, proposal: Proposal, at: datetime
) -> None:
    policy = runtime.policies[SanctionPolicy]
    links = links_at(connection, marketplace_id, {(proposal.seller, at)})[proposal.seller, at]
    struck = proposal.seller if proposal.parent is None else proposal.parent.seller_external_id
    linked = [account.path[-1].seller for account in links.sellers]
    accounts = linked_accounts(links, _spared_sellers(connection, (marketplace_id, struck), linked, at), policy)
    row: dict[str, Any] = {
        "marketplace_id": marketplace_id,
        "sanction_id": runtime.ids.new("sna"),
        "seller_external_id": proposal.seller,
        "measure": proposal.measure.value,
        "cause": proposal.cause.value,
        "state": SanctionState.PROPOSED.value,
        "parent_id": proposal.parent.sanction_id if proposal.parent else None,
        "path": proposal.path[:1000] if proposal.path else None,
        "total": proposal.total,
        "reasons": list(proposal.reasons),
        "linked": [
            {
                "seller": account.seller,
                "path": in_english(account.path),
                "counterfeit": account.linked.counterfeit,
                "genuine": account.linked.genuine,
                "spared_because": in_english(account.spared_because) if account.spared_because else None,
            }
            for account in accounts
        ],
        "policy_version": policy_version(policy),
        "proposed_at": at,
        "due_at": at + timedelta(days=policy.decided_within_days),
        "decided_at": None,
        "ended_because": None,
    }
    sanctions.add_sanction(connection, row)
    sanction = sanctions.get(connection, marketplace_id, row["sanction_id"])
    payload = {"seller": proposal.seller, "measure": proposal.measure.value, "cause": proposal.cause.value}
    record_act(connection, sanction, "sanction.proposed", LADDER, {**payload, "total": proposal.total}, at)
    log.info("sanction.proposed", marketplace_id=marketplace_id, sanction_id=sanction.sanction_id, **payload)


def _spared_sellers(connection: Connection, struck: tuple[str, str], sellers: Sequence[str], at: datetime) -> set[str]:
    """Sellers whom the marketplace allows, or each brand has authorised whose counterfeits the struck seller sold.

    `struck` is the marketplace and that seller. An authorisation of one brand says nothing of another's goods.
    """
    marketplace_id, brands = struck[0], strikes.brands_of(connection, *struck)
    listed = seller_lists.of_sellers(connection, marketplace_id, sellers, at)
    spared = {listed_seller.seller for listed_seller in listed.values() if listed_seller.which is SellerList.ALLOW}
    for seller, authorisations in authorised_sellers.authorisations(connection, marketplace_id, sellers).items():
        if brands and brands <= {authorisation.brand_id for authorisation in authorisations if authorisation.holds(at)}:
            spared.add(seller)
    return spared


def withdraw_sanction(
    runtime: Runtime, connection: Connection, sanction: StoredSanction, why: str, at: datetime
) -> None:
    """End a sanction that its strikes no longer carry, and the sanctions of linked accounts that it led to."""
    if sanction.state in OPEN_STATES:
        expire_sanctions(connection, sanction, why, at)
    elif sanction.state is SanctionState.CARRIED_OUT:
        lift_at_once(runtime, connection, sanction, why, LADDER, at)
        for sequel in sanctions.sanctions_led_to(connection, sanction.marketplace_id, sanction.sanction_id):
            withdraw_sanction(
                runtime, connection, sequel, f"The sanction of {sanction.seller_external_id} is undone.", at
            )


def lift_at_once(
    runtime: Runtime, connection: Connection, sanction: StoredSanction, why: str, actor: str, at: datetime
) -> None:
    change_state(connection, sanction, SanctionEvent.LIFT, {"due_at": None, "ended_because": why[:500]})
    record_act(connection, sanction, "sanction.lifted", actor, {"reason": why}, at)
    tell_marketplace(runtime, connection, sanction, actor, at)


def expire_sanctions(connection: Connection, sanction: StoredSanction, why: str, at: datetime) -> None:
    change_state(
        connection, sanction, SanctionEvent.LAPSE, {"due_at": None, "decided_at": at, "ended_because": why[:500]}
    )
    record_act(connection, sanction, "sanction.lapsed", LADDER, {"reason": why}, at)


def tell_marketplace(
    runtime: Runtime, connection: Connection, sanction: StoredSanction, actor: str, at: datetime
) -> None:
    """Request the seller's current account state from the marketplace, unless the last request already sets it."""
    marketplace_id, seller = sanction.marketplace_id, sanction.seller_external_id
    standing = [
        account_sanction.measure
        for account_sanction in sanctions.of_seller(connection, marketplace_id, seller)
        if account_sanction.state is SanctionState.CARRIED_OUT
    ]
    act = act_for(standing)
    requests = seller_actions.of_seller(connection, marketplace_id, seller)
    if requests and requests[-1].state is ActionState.SCHEDULED and requests[-1].kind is not act:
        if not seller_actions.OUTBOX.change(connection, requests[-1], ActionEvent.WITHDRAW, {"due_at": None}):
            raise Busy("A request to the marketplace is being sent. Try again.")
        record_step(connection, requests.pop(), "withdrawn", actor, at, {})
    if act is (requests[-1].kind if requests else SellerAct.RESTORE):
        return
    leaves_at = at + timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    row = {
        "marketplace_id": marketplace_id,
        "action_id": runtime.ids.new(seller_actions.PREFIX),
        "seller_external_id": seller,
        "sanction_id": sanction.sanction_id,
        "kind": act.value,
        "state": ActionState.SCHEDULED.value,
        "sequence": seller_actions.OUTBOX.next_sequence(connection, marketplace_id, seller),
        "statement": fields_in_english(sanction_statement(act, sanction.cause)),
        "created_at": at,
        "leaves_at": leaves_at,
        "due_at": leaves_at,
    }
    seller_actions.add_action(connection, row)
    request = seller_actions.get(connection, marketplace_id, str(row["action_id"]))
    payload = {"seller": seller, "sanction_id": sanction.sanction_id, "leaves_at": leaves_at.isoformat()}
    record_step(connection, request, "scheduled", actor, at, payload)


def change_state(
    connection: Connection, sanction: StoredSanction, event: SanctionEvent, values: dict[str, Any]
) -> None:
    if not sanctions.change(connection, sanction, event, values):
        raise Conflict("Somebody has decided about this sanction in the meantime.")


def record_act(
    connection: Connection, sanction: StoredSanction, act: str, actor: str, payload: dict[str, Any], at: datetime
) -> None:
    audit.record(connection, at, sanction.marketplace_id, actor, act, sanction.sanction_id, **payload)
