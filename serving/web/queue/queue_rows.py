"""A row of the queue. Rows of appeals and second reviews show nothing about the score, because they are blind."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from features.facts import Facts
from features.message import Message, from_json
from models.case import BLIND_LANES, CaseLane
from models.explanations import TEXT_CODE
from models.messages.english import in_english
from models.score import findings, reason_from_json
from serving.platform.runtime import Runtime
from serving.web import charts, scores, text_view
from serving.web.charts import PriceMark
from serving.web.scores import ShownScore
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.language_choice import language_tag
from serving.web.wording.vocabulary import LANE_OF
from serving.web.wording.words import DueWords


@dataclass(frozen=True, slots=True)
class RowContext:
    """Data that every row needs in addition to its own."""

    runtime: Runtime
    now: datetime
    user_id: str
    currencies: Mapping[str, str]
    listings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A row of the queue; `score` and `harm` are None if they are masked from the reader.

    `kept` is whether a random draw masks them until the decision. It also masks the lane and the deadline, which depend
    on the score. `offered` is whether the case is offered to the reader.
    """

    case_id: str
    address: str
    score: ShownScore | None
    harm: str | None
    brand: str | None
    language: str
    title: ShownText | None
    price: str | None
    mark: PriceMark | None
    seller: ShownText | None
    seller_address: str
    seller_age: str | None
    due: DueWords | None
    dot: str
    why: ShownText
    holder: str | None
    offered: bool
    is_masked: bool


def queue_row(context: RowContext, row: Mapping[str, Any], facts: Facts, address: str) -> QueueRow:
    """The row of a case from its stored row and its score's facts."""
    listing, lane = facts.listing, CaseLane(row["lane"])
    is_masked = row["score_masked"]
    blind = is_masked or lane in BLIND_LANES
    marketplace_id, seller = row["marketplace_id"], row["seller_external_id"]
    age = listing.seller.age_days
    return QueueRow(
        case_id=row["case_id"],
        address=address,
        score=None if blind else scores.shown_score(context.runtime, marketplace_id, row, width=70),
        harm=None
        if blind
        else scores.harm_in_words(
            row, currency=context.currencies[marketplace_id], price_known=facts.price.log_price is not None
        ),
        brand=row["brand_name"] or row["mark"],
        language=language_tag(listing.language, listing.title, listing.description),
        title=title_of(facts),
        price=price_of(facts),
        mark=charts.price_mark(facts.price),
        seller=text_view.show(seller) if seller else None,
        seller_address=seller_address(marketplace_id, seller or ""),
        seller_age=None if age is None else words.age(age),
        due=None if is_masked else words.due(row["due_at"], context.now),
        dot="" if is_masked else LANE_OF[lane].dot,
        why=text_view.show("Masked until you decide" if is_masked else why_in_queue(row, lane)),
        holder=_holder_name(context, row),
        offered=context.listings.get(row["case_id"]) == context.user_id,
        is_masked=is_masked,
    )


def title_of(facts: Facts) -> ShownText | None:
    """The title with obfuscated text marked, None if the listing has none."""
    listing = facts.listing
    names = [mention.name for mention in facts.brand.mentions]
    return text_view.show(listing.title, names=names, language=listing.language) if listing.title else None


def seller_address(marketplace_id: str, name: str) -> str:
    """The address of a seller's page for reviewers."""
    return f"/sellers/{quote(name, safe='')}?marketplace={marketplace_id}"


def price_of(facts: Facts) -> str | None:
    price, currency = facts.listing.price, facts.listing.currency
    return None if price is None or currency is None else words.amount(price, currency)


def why_in_queue(row: Mapping[str, Any], lane: CaseLane) -> str:
    """Hard evidence, or the strongest reason, if a score opened the case; otherwise a label of its origin."""
    if lane is CaseLane.APPEAL:
        return "Seller appeal"
    if lane is CaseLane.COMPLAINT:
        return "Complaint by the notifier"
    if lane is CaseLane.SECOND_REVIEW:
        return "Second review (blind)"
    if row["notified"]:
        return "External notice"
    messages = findings([from_json(raw) for raw in row["evidence"]], [reason_from_json(raw) for raw in row["reasons"]])
    if lane in {CaseLane.ANALYST, CaseLane.ASK_BRAND} and messages:
        return _brief_finding(messages[0])
    return in_english(from_json(row["route_reasons"][0]))


def _brief_finding(message: Message) -> str:
    """A finding for a narrow column: of the wording, only the words."""
    words = message.parameters.get("words", ()) if message.code == TEXT_CODE else ()
    return f"Wording: {', '.join(f'“{word}”' for word in words)}" if words else in_english(message)


def _holder_name(context: RowContext, row: Mapping[str, Any]) -> str | None:
    """The name of somebody else who has leased the case."""
    until = row["leased_until"]
    is_taken = until is not None and until > context.now and row["leased_by"] != context.user_id
    return row["holder"] if is_taken else None
