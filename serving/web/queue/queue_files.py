"""The review queue and search results as files; they have nothing that the pages hide from the reader."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from models.case import BLIND_LANES, CaseLane
from serving.accounts.rules.access import Permission
from serving.cases.service.case_access import accounts_of_person
from serving.cases.store import found_listings, queues
from serving.cases.store.found_listings import FoundListing
from serving.guards import Reviewer, TheRuntime
from serving.listings.rules import EntryKind
from serving.listings.store import search
from serving.platform.database.pools import in_fair_pool
from serving.platform.tabular import Format, Kind, as_file
from serving.web.downloads import download
from serving.web.queue.case_queue import filter_of_queue
from serving.web.queue.queue_query import QueueQuery
from serving.web.queue.queue_rows import why_in_queue
from serving.web.wording.vocabulary import LANE_OF

router = APIRouter(include_in_schema=False)
_MOST_CASES: Final = 5_000
_MOST_LISTINGS: Final = 500
_OF_QUEUE: Final = dict.fromkeys(("case", "listing", "title", "brand", "seller", "language"), Kind.TEXT) | {
    "price": Kind.MONEY, "currency": Kind.TEXT, "lane": Kind.TEXT, "reason": Kind.TEXT, "probability": Kind.NUMBER,
    "points": Kind.NUMBER, "expected_harm": Kind.NUMBER, "opened_at": Kind.MOMENT, "due_at": Kind.MOMENT,
}  # fmt: skip


@router.get("/queue.{form}")
@in_fair_pool
def get_queue_file(request: Request, runtime: TheRuntime, session: Reviewer, form: Format) -> Response:
    """Download the queue as filtered and sorted, at most its first five thousand cases."""
    query, now = QueueQuery.of(request.url.query), runtime.clock.now()
    with runtime.store.read() as connection:
        queue_filter = filter_of_queue(connection, session.person, query, now)
        rows = queues.queue(connection, queue_filter, most=_MOST_CASES, sort=query.sort)
    return download(form, f"queue-{now:%Y-%m-%d}", as_file(form, _OF_QUEUE, map(_case_row, rows)))


def _case_row(row: Mapping[str, Any]) -> tuple[object, ...]:
    """A case as a row; it has nothing that the queue hides from the reader."""
    content, lane, masked = row["content"], CaseLane(row["lane"]), row["score_masked"]
    blind, price = masked or lane in BLIND_LANES, row["content"].get("price")
    return (
        row["case_id"],
        row["external_id"],
        content.get("title"),
        row["brand_name"] or row["mark"],
        row["seller_external_id"],
        row["language"],
        None if price is None else Decimal(str(price)),
        content.get("currency"),
        None if masked else LANE_OF[lane].name,
        None if masked else why_in_queue(row, lane),
        None if blind else row["chance"],
        None if blind else row["points"],
        None if blind else row["priority"],
        row["opened_at"],
        None if masked else row["due_at"],
    )


_OF_SEARCH: Final = dict.fromkeys(
    ("listing", "title", "language", "brand", "seller", "case", "lane", "decision"), Kind.TEXT
) | {"decided_at": Kind.MOMENT, "action": Kind.TEXT, "action_state": Kind.TEXT}


@router.get("/search.{form}")
@in_fair_pool
def get_search_file(runtime: TheRuntime, session: Reviewer, form: Format, q: str = "") -> Response:
    """Download the listings that a search finds, at most the latest five hundred."""
    marketplace_ids, search_text = session.person.marketplaces(Permission.REVIEW_CASES), q[: search.LONGEST_ASKED]
    with runtime.store.read() as connection:
        hits = search.find(connection, marketplace_ids, EntryKind.LISTING, search_text.strip(), most=_MOST_LISTINGS)
        listings = found_listings.listings_of(connection, hits, accounts_of_person(connection, session.person))
    return download(form, "search", as_file(form, _OF_SEARCH, map(_listing_row, listings)))


def _listing_row(listing: FoundListing) -> tuple[object, ...]:
    case_id, lane = next(iter(listing.open_cases), (None, None))
    blind = any(case_lane in BLIND_LANES for _, case_lane in listing.open_cases)
    action, state = (None, None) if blind or listing.action is None else listing.action
    return (
        listing.external_id,
        listing.title,
        listing.language,
        listing.brand_name,
        listing.seller,
        case_id,
        LANE_OF[lane].name if lane else None,
        None if blind else listing.judgement,
        None if blind else listing.judged_at,
        action,
        state,
    )
