"""The aliases that corrections proposed for a brand: their support now, and the account manager's decisions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from models.errors import Conflict, Forbidden, Invalid
from models.messages.english import reasons_of
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Roots, accounts_of_same_person
from serving.accounts.store import origins
from serving.audit.store import audit
from serving.brands.policy import AliasPolicy
from serving.brands.rules.alias_proposals import ProposalState, Support, support_for, why_not_accepted
from serving.brands.service.alias_proposals import spelling_of
from serving.brands.service.managed_brands import managed_brand_of
from serving.brands.store import aliases
from serving.brands.store.aliases import Proposal
from serving.cases.service.alias_proposing import categories_of, corrected_listings
from serving.cases.store import spellings
from serving.cases.store.spellings import SpelledNaming
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime

_EXAMPLES: Final = 3
_FROM: Final = {
    ProposalState.ACCEPTED: ProposalState.PROPOSED,
    ProposalState.DISMISSED: ProposalState.PROPOSED,
    ProposalState.REMOVED: ProposalState.ACCEPTED,
}


@dataclass(frozen=True, slots=True)
class ProposedAlias:
    """A proposal with its support now, the cases of some of its listings, and why the person cannot accept it."""

    proposal: Proposal
    now: Support
    examples: tuple[str, ...]
    refused: Message | None


def proposals_of(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, at: datetime
) -> list[ProposedAlias]:
    """Every proposal of a brand that the person manages, the oldest first."""
    roots = origins.roots(connection)
    proposed_aliases = []
    for proposal in aliases.of_brand(connection, pair):
        named = spellings.of_spelling(connection, pair[0], proposal.spelling)
        namings = [naming for naming in named if naming.brand_id == pair[1]]
        now = support_for(corrected_listings(named), pair[1])
        refused = None
        if proposal.state is ProposalState.PROPOSED:
            refused = _objection(_Decision(runtime, connection, person, pair, roots, at), proposal.spelling, named)
        proposed_aliases.append(
            ProposedAlias(proposal, now, tuple(naming.case_id for naming in namings[-_EXAMPLES:]), refused)
        )
    return proposed_aliases


def decide_alias(runtime: Runtime, person: Person, pair: Pair, proposal_id: str, state: ProposalState) -> None:
    """Accept or dismiss a proposed alias, or remove an accepted one; listings that come in from now on see it.

    Raises NotFound (it is not their brand, or the brand has no such proposal), Invalid (the state is none that a person
    decides), Conflict (somebody else decided meanwhile) or Forbidden (it cannot be accepted by this person, or not any
    more).
    """
    before = _FROM.get(state)
    if before is None:
        raise Invalid("Accept the alias, or dismiss it.")
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        managed_brand_of(connection, person, pair[1], pair[0])
        proposal = aliases.get(connection, pair, proposal_id)
        if proposal.state is not before:
            raise Conflict("This alias was decided meanwhile.")
        named = spellings.of_spelling(connection, pair[0], proposal.spelling)
        if state is ProposalState.ACCEPTED:
            context = _Decision(runtime, connection, person, pair, origins.roots(connection), now)
            refused = _objection(context, proposal.spelling, named)
            if refused is not None:
                raise Forbidden("{why}", why=reasons_of(refused))
        supported = support_for(corrected_listings(named), pair[1])
        aliases.change_state(connection, pair, proposal_id, supported, _state_columns(state, person, now))
        audit.record(
            connection,
            now,
            pair[0],
            person.actor,
            f"alias.{state.value}",
            proposal_id,
            brand_id=pair[1],
            spelling=proposal.spelling,
            listings=supported.listings,
            sellers=supported.sellers,
            people=supported.people,
        )
    runtime.forget()


@dataclass(frozen=True, slots=True)
class _Decision:
    """The person who decides about aliases of a brand, and which accounts count as another person."""

    runtime: Runtime
    connection: Connection
    person: Person
    pair: Pair
    roots: Roots
    at: datetime


def _objection(context: _Decision, text: str, named: Sequence[SpelledNaming]) -> Message | None:
    """Why the person cannot accept the spelling now; None where they can."""
    connection, pair, at = context.connection, context.pair, context.at
    own = accounts_of_same_person(context.roots, {context.person.user_id})
    independent = support_for(corrected_listings(named), pair[1], without=own)
    return why_not_accepted(
        spelling_of(connection, pair, text, categories_of(named), at),
        independent,
        len(aliases.accepted_aliases(connection, pair[0], at).get(pair[1], ())),
        context.runtime.policies[AliasPolicy],
    )


def _state_columns(state: ProposalState, person: Person, at: datetime) -> Mapping[str, object]:
    if state is ProposalState.REMOVED:
        return {"state": state.value, "removed_at": at, "removed_by": person.user_id}
    return {"state": state.value, "decided_at": at, "decided_by": person.user_id}
