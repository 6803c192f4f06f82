"""A seller for reviewers: listings, verdicts, links with their paths, sanctions, prices, timeline and documents."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from statistics import median
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.facts import Facts
from features.near_duplicates import NearDuplicate
from models.errors import require
from models.outcomes import outcomes
from models.seller_lists import SellerListEntry
from models.strikes import Hit
from serving.accounts.rules.access import Permission
from serving.accounts.store.accounts import Session
from serving.appeals.store import seller_uploads
from serving.appeals.store.seller_uploads import SellerUpload
from serving.cases.service.case_access import accounts_of_person
from serving.cases.store import found_listings, seller_listings
from serving.guards import Reviewer, runtime_of
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.scoring.store import histories
from serving.sellers.rules.sanction import Measure, SanctionState
from serving.sellers.service.sanction_steps import links_at
from serving.sellers.store import sanctions, seller_lists, strikes
from serving.sellers.store.sanctions import StoredSanction
from serving.web import text_view
from serving.web.case.documents.documents_card import shown_document
from serving.web.case.near_duplicates_card import near_at_scoring
from serving.web.case.seller_card import links_card, risk_part, seller_card
from serving.web.queue.queue_query import QueueQuery
from serving.web.queue.queue_rows import price_of, seller_address
from serving.web.queue.search_page import listing_row
from serving.web.rendering import StaffPage, respond
from serving.web.series_charts import RatioChart, ratio_chart
from serving.web.wording import words
from serving.web.wording.vocabulary import StateWords

router = APIRouter(include_in_schema=False)
MOST_LISTINGS: Final = 25
_MOST_EVENTS: Final = 30
_MOST_DOCUMENTS: Final = 20
_MOST_TEXTS: Final = 6
_MEASURES: Final = {Measure.RESTRICT: "Restriction", Measure.CLOSE: "Closure"}
_STATES: Final = {
    SanctionState.PROPOSED: StateWords("proposed", "v-w"),
    SanctionState.AGREED_BY_ONE: StateWords("approved by one of two", "v-w"),
    SanctionState.CARRIED_OUT: StateWords("in force", "v-c"),
    SanctionState.REFUSED: StateWords("rejected", "out"),
    SanctionState.LAPSED: StateWords("expired", "out"),
    SanctionState.LIFTED: StateWords("lifted", "out"),
}
# A time, what happened, and the address of what it happened to.
_Event = tuple[datetime, str, str | None]


@router.get("/sellers/{name:path}")
def get_seller(name: str, request: Request, session: Reviewer, marketplace: str = "") -> HTMLResponse:
    return respond(request, staff_seller_page(runtime_of(request), session, name, marketplace), session)


def staff_seller_page(runtime: Runtime, session: Session, name: str, chosen: str) -> StaffPage:
    """The page in the chosen marketplace, or in the first that knows the seller. Raises NotFound (none does).

    It tells nothing of earlier decisions on a listing that the reader is to judge blind, and no risk, which is computed
    from scores and decisions, while the reader has a blind case or one with a masked score.
    """
    person, now = session.person, runtime.clock.now()
    with runtime.store.read() as connection:
        known = seller_listings.first_known(connection, person.marketplaces(Permission.REVIEW_CASES), name)
        marketplace_id = require(chosen if chosen in known else next(iter(known), None), "There is no such seller.")
        places = {place.marketplace_id: place.name for place in marketplaces.all_marketplaces(connection)}
        alike = accounts_of_person(connection, person)
        number, hits = seller_listings.newest_listings(connection, marketplace_id, name, MOST_LISTINGS)
        listings = found_listings.listings_of(connection, hits, alike)
        facts = seller_listings.last_facts(connection, marketplace_id, [hit.external_id for hit in hits])
        newest = next((facts[hit.external_id] for hit in hits if hit.external_id in facts), None)
        concealed = seller_listings.concealed_listings(connection, marketplace_id, name, alike)
        rulings = histories.rulings(connection, marketplace_id, {name}).get(name, ())
        waiting = found_listings.open_cases_of_sellers(connection, {marketplace_id}, {name}).get(name, 0)
        links = links_at(connection, marketplace_id, {(name, now)})[name, now]
        same_texts = _listings_with_same_text(facts.values())
        owners = seller_listings.sellers_of(connection, marketplace_id, same_texts)
        ladder = sanctions.of_seller(connection, marketplace_id, name)
        struck = strikes.of_seller(connection, marketplace_id, name)
        listed = seller_lists.of_sellers(connection, marketplace_id, {name}, now).get(name)
        uploads = seller_uploads.of_listing_or_seller(connection, marketplace_id, "", name, most=_MOST_DOCUMENTS)
        card = seller_card(connection, marketplace_id, newest, runtime.policies, now) if newest else None
        risk = None if concealed else risk_part(runtime, connection, marketplace_id, name)
    findings = [outcome for outcome in outcomes(rulings, as_of=now) if not concealed.get(outcome.listing_id, False)]
    rows = [listing_row(listing, now) for listing in listings]
    for row, listing in zip(rows, listings, strict=True):
        row.price = price_of(facts[listing.external_id]) if listing.external_id in facts else None
    addresses = {listing.listing_id: row.address for listing, row in zip(listings, rows, strict=True)}
    titles = {listing.listing_id: listing.title or listing.external_id for listing in listings}
    events: list[_Event] = [(known[marketplace_id], "First listing received.", None)]
    for finding in findings:
        finding_words = "counterfeit" if finding.counterfeit else "not counterfeit"
        title = titles.get(finding.listing_id, "an older listing")
        events.append((finding.since, f"Found {finding_words}: {title}", addresses.get(finding.listing_id)))
    events += _sanction_events(struck, ladder, listed, uploads)
    case_id = next((listing.judged_case_id for listing in listings if listing.judged_case_id), None)
    if card is not None:
        card.address = None
    return StaffPage(
        "staff_seller.html",
        "/sellers",
        seller=text_view.show(name),
        marketplace=places[marketplace_id],
        elsewhere=[(places[other], seller_address(other, name)) for other in known if other != marketplace_id],
        since=words.moment(known[marketplace_id], now),
        number=number,
        listings=rows,
        queue=QueueQuery(seller=name).address(),
        waiting=waiting,
        counterfeit=sum(finding.counterfeit for finding in findings),
        cleared=sum(not finding.counterfeit for finding in findings),
        concealed=sum(concealed.values()),
        card=card,
        risk=risk,
        links=links_card(links, marketplace_id),
        texts=_shared_texts(same_texts, owners, marketplace_id, name),
        sanctions=[(_MEASURES[sanction.measure], _STATES[sanction.state], sanction) for sanction in ladder[::-1]],
        entry=listed,
        prices=_prices(rows, [listing.external_id for listing in listings], facts, now),
        events=[
            (at, text_view.show(text), address)
            for at, text, address in sorted(events, key=lambda event: event[0], reverse=True)[:_MOST_EVENTS]
        ],
        documents=[
            shown_document(upload, now, f"/cases/{case_id}/documents/{upload.upload_id}" if case_id else None)
            for upload in uploads
        ],
    )


def _listings_with_same_text(known_facts: Iterable[Facts]) -> dict[str, NearDuplicate]:
    """The listings of other sellers with nearly the same text, each at its greatest similarity."""
    nearest: dict[str, NearDuplicate] = {}
    for facts in known_facts:
        for near in near_at_scoring(facts):
            best = nearest.get(near.listing_id)
            if not near.same_seller and (best is None or near.similarity > best.similarity):
                nearest[near.listing_id] = near
    return nearest


def _shared_texts(
    nearest: Mapping[str, NearDuplicate], owners: Mapping[str, str], marketplace_id: str, name: str
) -> list[SimpleNamespace]:
    """The sellers of these listings, those with the most first."""
    by_seller: dict[str, list[NearDuplicate]] = defaultdict(list)
    for listing_id, near in nearest.items():
        if owners.get(listing_id, name) != name:
            by_seller[owners[listing_id]].append(near)
    return [
        SimpleNamespace(
            seller=text_view.show(seller),
            address=seller_address(marketplace_id, seller),
            listings=words.many(len(shared), "listing"),
            similarity=max(near.similarity for near in shared),
        )
        for seller, shared in sorted(by_seller.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:_MOST_TEXTS]
    ]


def _sanction_events(
    struck: Sequence[Hit],
    ladder: Sequence[StoredSanction],
    listed: SellerListEntry | None,
    uploads: Sequence[SellerUpload],
) -> list[_Event]:
    moments = Counter(hit.at for hit in struck)
    void = Counter(hit.at for hit in struck if hit.void)
    events: list[_Event] = [
        (at, f"{words.many(n, 'strike')}{f', {void[at]} voided since' if void[at] else ''}.", None)
        for at, n in moments.items()
    ]
    for sanction in ladder:
        measure, state = _MEASURES[sanction.measure], _STATES[sanction.state].word
        events.append((sanction.proposed_at, f"{measure} proposed.", "/sellers"))
        if sanction.decided_at is not None:
            events.append((sanction.decided_at, f"{measure} {state}.", "/sellers"))
    if listed is not None:
        events.append((listed.added_at, f"Put on the {listed.which} list: {listed.reason}", None))
    return events + [(upload.known_at, f"Document handed in: {upload.name}", None) for upload in uploads]


def _prices(
    rows: Sequence[SimpleNamespace], external_ids: Sequence[str], facts: Mapping[str, Facts], now: datetime
) -> SimpleNamespace:
    """The prices of the newest listings as shares of their references' medians; those without one are counted."""
    points = []
    for row, external_id in zip(rows, external_ids, strict=True):
        price = facts[external_id].price if external_id in facts else None
        reference = price and (price.brand_category or price.category)
        if price is not None and price.log_price is not None and reference:
            ratio = math.exp(price.log_price - reference.log_median)
            points.append((facts[external_id].as_of, ratio, row.judgement.tone if row.judgement else ""))
    if not points:
        return SimpleNamespace(chart=None, unknown=len(rows))
    ratios = [ratio for _, ratio, _ in points]
    label = (
        f"Prices of {words.many(len(points), 'listing')}: {min(ratios):.0%} to {max(ratios):.0%} of the median of "
        f"comparable listings, median {median(ratios):.0%}."
    )
    days = [words.day(edge(at for at, _, _ in points), now) for edge in (min, max)]
    chart: RatioChart = ratio_chart(points, label, first=days[0], last=days[1])
    return SimpleNamespace(chart=chart, unknown=len(rows) - len(points))
