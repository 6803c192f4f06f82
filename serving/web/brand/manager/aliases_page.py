"""The decisions about proposed aliases, on the brand's page of its account manager."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.errors import DomainError, Invalid, NotFound
from serving.account_management.service.alias_decisions import decide_alias
from serving.brands.rules.alias_proposals import ProposalState
from serving.guards import Manager, runtime_of
from serving.web.brand.manager.manager_brand_page import back_to, kept_brand, refused_page
from serving.web.flash import Flash
from serving.web.forms import Fields

router = APIRouter(include_in_schema=False)
_DONE: Final = {
    ProposalState.ACCEPTED: Flash.ALIAS_ACCEPTED,
    ProposalState.DISMISSED: Flash.ALIAS_DISMISSED,
    ProposalState.REMOVED: Flash.ALIAS_REMOVED,
}


@router.post("/brands/{brand_id}/aliases/{proposal_id}")
def post_alias(brand_id: str, proposal_id: str, request: Request, session: Manager, fields: Fields) -> Response:
    """Accept or dismiss a proposed alias, or remove an accepted one."""
    runtime, wanted = runtime_of(request), fields.get("state", "")
    kept = kept_brand(runtime, session, brand_id, fields)
    try:
        if wanted not in set(ProposalState):
            raise Invalid("The decision is missing. Accept the alias or dismiss it.")
        decide_alias(runtime, session.person, kept.pair, proposal_id, ProposalState(wanted))
    except NotFound:
        raise
    except DomainError as refused:
        return refused_page(request, session, kept, refused)
    return back_to(request, kept, _DONE[ProposalState(wanted)], "aliases")
