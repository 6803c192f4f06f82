"""Sellers' links to their removals."""

from fastapi import APIRouter

from serving.api.answers import Answer
from serving.api.requests.repeating import RepeatableRoute
from serving.appeals.service.seller_links import new_link, revoke_links
from serving.guards import Sender, TheRuntime

router = APIRouter(route_class=RepeatableRoute)


class SellerLink(Answer):
    """The link to the seller's page; shown once."""

    seller_link: str


class RevokedLinks(Answer):
    """How many links were still valid."""

    revoked: int


@router.post("/api/v1/actions/{action_id}/seller-link", status_code=201)
def post_link(action_id: str, runtime: TheRuntime, caller: Sender) -> SellerLink:
    """A new link for the seller of a removed listing; it revokes the previous one."""
    return SellerLink(seller_link=new_link(runtime, caller.marketplace.marketplace_id, action_id))


@router.delete("/api/v1/actions/{action_id}/seller-link")
def delete_link(action_id: str, runtime: TheRuntime, caller: Sender) -> RevokedLinks:
    """Revoke the seller's links, for example after a leak; `revoked` counts those that were still valid."""
    return RevokedLinks(revoked=revoke_links(runtime, caller.marketplace.marketplace_id, action_id))
