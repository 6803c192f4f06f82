"""The aliases that corrections proposed for a brand, as its account manager sees them."""

from datetime import datetime
from types import SimpleNamespace
from typing import Final

from sqlalchemy import Connection

from features.near_names import NearNames
from serving.account_management.service.alias_decisions import ProposedAlias, proposals_of
from serving.accounts.rules.access import Person
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.store.aliases import Pair
from serving.platform.runtime import Runtime
from serving.web.wording import words


def alias_rows(
    runtime: Runtime, connection: Connection, person: Person, pair: Pair, brand: str, now: datetime
) -> tuple[SimpleNamespace, ...]:
    """The open proposals first, then the decided ones, the newest first."""
    known = NearNames([(pair[1], brand)])
    aliases = proposals_of(runtime, connection, person, pair, now)[::-1]
    aliases.sort(key=lambda alias: alias.proposal.state is not ProposalState.PROPOSED)
    return tuple(
        SimpleNamespace(
            alias=alias, support=_support(alias), remark=_MISSPELT if known.in_text(alias.proposal.spelling) else ""
        )
        for alias in aliases
    )


_MISSPELT: Final = (
    "A misspelling of the name. Models count misspellings as a sign of counterfeits; an alias no longer counts as one."
)


def _support(one: ProposedAlias) -> str:
    now = one.now
    listings, sellers = words.many(now.listings, "corrected listing"), words.many(now.sellers, "seller")
    told = f"{listings} of {sellers}, corrected by {words.many(now.people, 'reviewer')}"
    return f"{told}; {words.many(now.others, 'listing')} corrected to another brand" if now.others else told
