"""Search: listings, sellers and cases by words and ids, in the marketplaces that the person reviews."""

import re
from datetime import datetime
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.case import BLIND_LANES
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.cases.service.case_access import accounts_of_person
from serving.cases.store import found_listings
from serving.cases.store.found_listings import FoundListing
from serving.guards import Reviewer, runtime_of
from serving.listings.rules import EntryKind
from serving.listings.store import search
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.queue.queue_query import QueueQuery
from serving.web.queue.queue_rows import seller_address
from serving.web.rendering import StaffPage, respond
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.language_choice import language_tag
from serving.web.wording.vocabulary import ACTION_STATES, CHOICE_OF, LANE_OF

router = APIRouter(include_in_schema=False)
MOST_LISTINGS: Final = 50
MOST_SELLERS: Final = 10
_CASE: Final = re.compile(r"cas_[0-9a-z]{26}\Z", re.ASCII)


@router.get("/search")
def get_search(request: Request, session: Reviewer, q: str = "") -> HTMLResponse:
    return respond(request, search_page(runtime_of(request), session, q), session)


def search_page(runtime: Runtime, session: Session, search_text: str) -> StaffPage:
    marketplace_ids, now = session.person.marketplaces(Permission.REVIEW_CASES), runtime.clock.now()
    search_text = search_text[: search.LONGEST_ASKED].strip()
    with runtime.store.read() as connection:
        hits = search.find(connection, marketplace_ids, EntryKind.LISTING, search_text, most=MOST_LISTINGS + 1)
        listings = found_listings.listings_of(
            connection, hits[:MOST_LISTINGS], accounts_of_person(connection, session.person)
        )
        sellers = search.find(connection, marketplace_ids, EntryKind.SELLER, search_text, most=MOST_SELLERS)
        names = {seller.external_id for seller in sellers}
        waiting = found_listings.open_cases_of_sellers(connection, marketplace_ids, names) if names else {}
        case_id = (
            found_listings.visible_case_id(connection, marketplace_ids, search_text)
            if _CASE.match(search_text)
            else None
        )
    return StaffPage(
        "search.html",
        "/search",
        asked=search_text,
        most=MOST_LISTINGS,
        cases=(case_id,) if case_id else (),
        listings=tuple(listing_row(listing, now) for listing in listings),
        more=len(hits) > MOST_LISTINGS,
        sellers=[
            (
                seller.external_id,
                seller_address(seller.marketplace_id, seller.external_id),
                QueueQuery(seller=seller.external_id).address(),
                waiting.get(seller.external_id, 0),
            )
            for seller in sellers
        ],
    )


def listing_row(listing: FoundListing, now: datetime) -> SimpleNamespace:
    """A listing in a list of them; it tells nothing that a blind reviewer must not know."""
    blind = any(lane in BLIND_LANES for _, lane in listing.open_cases)
    waits = next(iter(listing.open_cases), None)
    case_id = waits[0] if waits else listing.judged_case_id
    judgement = None if blind or listing.judgement is None else CHOICE_OF[listing.judgement]
    return SimpleNamespace(
        address=f"/cases/{case_id}" if case_id else f"/listings/{listing.listing_id}",
        external_id=text_view.show(listing.external_id),
        title=_listing_title(listing),
        language=language_tag(listing.language, listing.title),
        seller=text_view.show(listing.seller) if listing.seller else None,
        seller_address=seller_address(listing.marketplace_id, listing.seller or ""),
        brand=listing.brand_name,
        waits=(LANE_OF[waits[1]].name if waits[1] else "Score masked") if waits else None,
        dot=LANE_OF[waits[1]].dot if waits and waits[1] else "",
        blind=blind,
        judgement=judgement,
        judged_at=words.moment(listing.judged_at, now) if judgement and listing.judged_at else "",
        action=None if blind or listing.action is None else ACTION_STATES[listing.action],
    )


def _listing_title(listing: FoundListing) -> ShownText | None:
    names = [listing.brand_name] if listing.brand_name else []
    return text_view.show(listing.title, names=names, language=listing.language) if listing.title else None
