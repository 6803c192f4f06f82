"""A listing that no open case is about: what it says, why the service passed it, and the form that opens a case.

Pictures of listings, each loaded through the service.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from features.facts import Facts
from serving.accounts.rules.access import Permission
from serving.cases.service import notice_evidence
from serving.cases.service.opening import harm_of, open_by_choice
from serving.cases.store import chosen
from serving.guards import Judge, Reviewer, TheRuntime, runtime_of
from serving.listings.store import listings, scores
from serving.listings.store.listings import NewestVersion
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import explain_score
from serving.scoring.store import references
from serving.web import scores as shown_scores
from serving.web.case import case_cards
from serving.web.case.case_cards import reasons_card
from serving.web.case.seller_card import risk_part, seller_card
from serving.web.forms import LONGEST_ID, CaseId
from serving.web.queue import queue_rows
from serving.web.rendering import StaffPage, respond
from serving.web.wording import words

router = APIRouter(include_in_schema=False)


@router.get("/listings/{listing_id}")
def get_listing(listing_id: str, request: Request, runtime: TheRuntime, session: Reviewer) -> Response:
    """The page; a listing with an open case leads to that case, which may have to hide the score."""
    with runtime.store.read() as connection:
        newest = listings.newest_version(
            connection, listing_id[:LONGEST_ID], session.person.marketplaces(Permission.REVIEW_CASES)
        )
        waiting = chosen.open_case_on(connection, newest.marketplace_id, newest.listing_id)
        row = scores.latest_of_version(connection, newest.marketplace_id, newest.version_id)
        facts = scores.facts_of(connection, newest.marketplace_id, row["facts_digest"])
    if waiting:
        return RedirectResponse(f"/cases/{waiting}", 303)
    row = explain_score(runtime, row, facts)
    with runtime.store.read() as connection:
        page = _page(runtime, connection, newest, row, facts)
    return respond(request, page, session)


@router.post("/listings/{listing_id}/case")
def post_case(listing_id: str, request: Request, session: Reviewer) -> Response:
    return RedirectResponse(
        f"/cases/{open_by_choice(runtime_of(request), session.person, listing_id[:LONGEST_ID])}", 303
    )


def _page(
    runtime: Runtime, connection: Connection, newest: NewestVersion, row: dict[str, Any], facts: Facts
) -> StaffPage:
    marketplace_id, now = newest.marketplace_id, runtime.clock.now()
    history = listings.versions(connection, marketplace_id, newest.listing_id)
    place = marketplaces.get(connection, marketplace_id)
    scored = shown_scores.queue_score_columns(row, harm_of(row, facts))
    return StaffPage(
        "listing.html",
        "/search",
        listing_id=newest.listing_id,
        external_id=newest.external_id,
        title=queue_rows.title_of(facts),
        brand=facts.brand.name,
        named=facts.correction is not None,
        marketplace=place.name,
        versions=len(history),
        since=words.moment(history[0]["known_at"], now),
        score=shown_scores.shown_score(runtime, marketplace_id, scored, width=132, scorer=row["scorer"]),
        harm=shown_scores.harm_in_words(
            scored, currency=place.base_currency, price_known=facts.price.log_price is not None
        ),
        listing=case_cards.listing_card(facts),
        price=case_cards.price_card(facts, partial(references.price_samples, connection, marketplace_id)),
        seller=seller_card(connection, marketplace_id, facts, runtime.policies, now),
        risk=risk_part(runtime, connection, marketplace_id, facts.listing.seller.external_id),
        reasons=reasons_card(row),
    )


_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; sandbox",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture's address here, its position from 1, and the number of pictures."""

    address: str
    number: int
    of: int


def shown_pictures(runtime: Runtime, case_id: str, facts: Facts) -> tuple[ShownPicture, ...]:
    """The pictures of a case that are loaded through the service."""
    of = len(facts.listing.image_link or ())
    return tuple(
        ShownPicture(f"/cases/{case_id}/pictures/{number}", number + 1, of)
        for number in notice_evidence.loadable_pictures(runtime, facts)
    )


@router.get("/cases/{case_id}/pictures/{number}")
async def get_picture(case_id: CaseId, number: int, runtime: TheRuntime, session: Judge) -> Response:
    """A picture as its host sends it. Waiting for the host blocks none of the threads that serve pages."""
    address = await run_in_threadpool(notice_evidence.picture_address, runtime, session.person, case_id, number)
    picture = notice_evidence.require_picture(
        await asyncio.wrap_future(runtime.pictures.loading(address)), case_id, number
    )
    return Response(picture.body, media_type=picture.media_type, headers=_HEADERS)
