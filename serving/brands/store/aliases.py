"""Proposed aliases of brands, accepted, dismissed and removed; the moments stay, for reads as of a moment."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from models.errors import require
from serving.accounts.tables import account
from serving.brands.rules.alias_proposals import ProposalState, Support
from serving.brands.tables import alias_proposal
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import Pair, inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed alias; the names are of the people who decided and removed it, None until then."""

    proposal_id: str
    spelling: str
    state: ProposalState
    listings: int
    proposed_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    removed_at: datetime | None
    removed_by: str | None


def add_proposal(
    connection: Connection, pair: Pair, proposal_id: str, spelling: str, support: Support, at: datetime
) -> None:
    row: Mapping[str, Any] = {
        "marketplace_id": pair[0],
        "proposal_id": proposal_id,
        "brand_id": pair[1],
        "spelling": spelling,
        "state": ProposalState.PROPOSED.value,
        "proposed_at": at,
        **_support_columns(support),
    }
    add(connection, alias_proposal, [row])


def change_state(
    connection: Connection, pair: Pair, proposal_id: str, support: Support, values: Mapping[str, Any]
) -> None:
    """Change the state of a proposal, with its support at that time."""
    of_proposal = inside(alias_proposal, pair[0], proposal_id=proposal_id)
    connection.execute(update(alias_proposal).where(of_proposal).values(**values, **_support_columns(support)))


def of_brand(connection: Connection, pair: Pair) -> list[Proposal]:
    """Every proposal of a brand at a marketplace, oldest first."""
    decider, remover = account.alias("decider"), account.alias("remover")
    query = (
        select(alias_proposal, decider.c.name.label("decider"), remover.c.name.label("remover"))
        .outerjoin(decider, decider.c.user_id == alias_proposal.c.decided_by)
        .outerjoin(remover, remover.c.user_id == alias_proposal.c.removed_by)
        .where(inside(alias_proposal, pair[0], brand_id=pair[1]))
        .order_by(alias_proposal.c.proposed_at, alias_proposal.c.proposal_id)
    )
    return [
        reader(Proposal).of({**row, "decided_by": row["decider"], "removed_by": row["remover"]})
        for row in connection.execute(query).mappings()
    ]


def get(connection: Connection, pair: Pair, proposal_id: str) -> Proposal:
    """A proposal of a brand. Raises NotFound (the brand has no proposal of this id here)."""
    proposals = (proposal for proposal in of_brand(connection, pair) if proposal.proposal_id == proposal_id)
    return require(next(proposals, None), "There is no such alias.")


def last_of(connection: Connection, pair: Pair, spelling: str) -> Proposal | None:
    """The last proposal of a spelling for a brand, whatever its state."""
    return next((proposal for proposal in reversed(of_brand(connection, pair)) if proposal.spelling == spelling), None)


def accepted_aliases(connection: Connection, marketplace_id: str, as_of: datetime) -> dict[str, tuple[str, ...]]:
    """The aliases of each brand that were accepted by a moment and not removed by then."""
    row = alias_proposal.c
    query = (
        select(row.brand_id, row.spelling)
        .where(
            inside(alias_proposal, marketplace_id),
            row.state.in_([ProposalState.ACCEPTED.value, ProposalState.REMOVED.value]),
            row.decided_at <= as_of,
            (row.removed_at.is_(None)) | (row.removed_at > as_of),
        )
        .order_by(row.brand_id, row.decided_at, row.spelling)
    )
    spellings_by_brand: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for brand_id, spelling in connection.execute(query):
        spellings_by_brand[brand_id] += (spelling,)
    return spellings_by_brand


def _support_columns(support: Support) -> dict[str, int]:
    return {"listings": support.listings, "sellers": support.sellers, "people": support.people}
