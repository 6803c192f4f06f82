"""The aliases that corrections proposed for a brand, as its account manager sees them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.near_names import NearNames
from models.messages.english import in_english
from serving.account_management.service.alias_decisions import ProposedAlias, proposals_of
from serving.accounts.rules.access import Permission, Person
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.store.aliases import Pair
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.text_view import Shown
from serving.web.wording import words
from serving.web.wording.vocabulary import StateWords

_STATES: Final = {
    ProposalState.PROPOSED: StateWords("Proposed", "v-l"),
    ProposalState.ACCEPTED: StateWords("Accepted", "v-g"),
    ProposalState.DISMISSED: StateWords("Dismissed", "out"),
    ProposalState.REMOVED: StateWords("Removed", "out"),
}


@dataclass(frozen=True, slots=True)
class AliasRow:
    """A proposed alias with its support, what an acceptance changes, and who decided.

    `cases` are addresses, empty for a person who does not review cases. `refused` is why the person cannot accept it.
    """

    proposal_id: str
    spelling: Shown
    support: str
    cases: tuple[str, ...]
    remark: str | None
    state: StateWords
    decided: str
    waits: bool
    refused: str | None
    can_remove: bool


def alias_rows(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, brand: str, now: datetime
) -> tuple[AliasRow, ...]:
    """The open proposals first, then the decided ones, the newest first."""
    reviews = pair[0] in person.marketplaces(Permission.REVIEW_CASES)
    known = NearNames([(pair[1], brand)])
    found = reversed(proposals_of(runtime, connection, person, pair, now))
    rows = [_row(one, known, now, reviews=reviews) for one in found]
    return tuple(sorted(rows, key=lambda row: not row.waits))


def _row(one: ProposedAlias, known: NearNames, now: datetime, *, reviews: bool) -> AliasRow:
    proposal, state = one.proposal, one.proposal.state
    return AliasRow(
        proposal_id=proposal.proposal_id,
        spelling=text_view.show(proposal.spelling),
        support=_support(one),
        cases=tuple(f"/cases/{case_id}" for case_id in one.examples) if reviews else (),
        remark=_MISSPELT if known.in_text(proposal.spelling) else None,
        state=_STATES[state],
        decided=_decided(one, now),
        waits=state is ProposalState.PROPOSED,
        refused=in_english(one.refused) if one.refused else None,
        can_remove=state is ProposalState.ACCEPTED,
    )


_MISSPELT: Final = (
    "A misspelling of the name. Models count misspellings as a sign of counterfeits; an alias no longer counts as one."
)


def _support(one: ProposedAlias) -> str:
    now = one.now
    listings, sellers = words.many(now.listings, "corrected listing"), words.many(now.sellers, "seller")
    told = f"{listings} of {sellers}, corrected by {words.many(now.people, 'reviewer')}"
    return f"{told}; {words.many(now.others, 'listing')} corrected to another brand" if now.others else told


def _decided(one: ProposedAlias, now: datetime) -> str:
    found = one.proposal
    if found.removed_at is not None:
        return f"removed by {found.removed_by}, {words.day(found.removed_at, now)}"
    if found.decided_at is not None:
        return f"{found.state.value} by {found.decided_by}, {words.day(found.decided_at, now)}"
    return f"proposed {words.day(found.proposed_at, now)}"
