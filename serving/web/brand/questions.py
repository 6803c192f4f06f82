"""A question to a brand: the listing and the evidence in words, without a score or other people's statements.

The state of a brand's removals in the brand's words, from the click to the acknowledgement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from typing import Any, Final

from sqlalchemy import Connection

from features.facts import Facts
from features.message import Message, from_json
from features.price_lists import ListedBy
from models.score import Reason, named_parts, reason_from_json
from models.verdict import Judgement
from serving.cases.store import case_figures
from serving.cases.store.case_figures import BrandAction
from serving.platform.database.scope import Pair
from serving.platform.tongues import N_, number, say, say_many
from serving.takedowns.rules.removal_check import CheckState
from serving.web import text_view
from serving.web.case import case_cards
from serving.web.case.case_cards import Attribute
from serving.web.case.listing_page import ShownPicture
from serving.web.queue import queue_rows
from serving.web.rendering import Page
from serving.web.text_view import ShownText
from serving.web.wording import words
from serving.web.wording.translated import in_words
from serving.web.wording.vocabulary import ACTION_STATES, CHECK_STATES, CHOICES, StateWords
from serving.web.wording.words import DueWords
from serving.webhooks.rules.action import ActionState

# The evidence that a brand reads. Left out on purpose: earlier verdicts (they may be other brands'), the
# seller's turnover, sales and share of returns (trade secrets of a seller who may be honest), and all model output.
_ICONS: Final = {
    "brand_spelling": "i-seal", "brand_disguised": "i-seal", "brand_claim": "i-seal",
    "brand_named_but_not_declared": "i-seal", "brand_in_title": "i-seal", "brand_near_miss": "i-seal",
    "brand_declared_near_miss": "i-seal", "brand_in_description": "i-seal", "brand_gtin_valid": "i-seal",
    "replica_wording": "i-globe", "wording": "i-globe", "text_replica_grade": "i-globe", "text_inspired": "i-globe",
    "text_factory": "i-globe", "text_overclaim": "i-globe", "text_no_papers": "i-globe", "contact_elsewhere": "i-globe",
    "text_contact": "i-globe", "text_contacts": "i-globe", "text_links": "i-globe", "text_hidden_links": "i-globe",
    "text_evasion": "i-globe", "text_invisible": "i-globe", "text_mixed_words": "i-globe",
    "price_claimed_discount": "i-tag", "price_is_placeholder": "i-tag", "price_change": "i-tag",
    "item_fake_returns_30d": "i-box", "seller_ships_from_elsewhere": "i-user",
}  # fmt: skip


_NAMED_BY: Final = {
    ListedBy.GTIN: N_("Your list price for %(name)s is %(price)s (matched by trade item number)."),
    ListedBy.MPN: N_("Your list price for %(name)s is %(price)s (matched by part number)."),
    ListedBy.MODEL: N_("Your list price for %(name)s is %(price)s (matched by the model in the title)."),
    ListedBy.CATEGORY: N_("Your list price for %(name)s is %(price)s (matched by category, cheapest entry)."),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of why the brand is asked."""

    icon: str
    bold: str
    text: ShownText


@dataclass(frozen=True, slots=True)
class Question:
    """An open question, with the version of the listing that is shown."""

    case_id: str
    version_id: str
    brand: str
    title: ShownText | None
    price: str | None
    seller: ShownText | None
    due: DueWords
    evidence: tuple[Evidence, ...]
    description: ShownText | None
    attributes: tuple[Attribute, ...]
    pictures: int | None
    shown: tuple[ShownPicture, ...]


def question(
    row: Mapping[str, Any],
    facts: Facts,
    now: datetime,
    before: Mapping[Judgement, int] | None = None,
    shown: tuple[ShownPicture, ...] = (),
) -> Question:
    """The question of a queue row; `before` are the brand's own answers about this seller."""
    card = case_cards.listing_card(facts)
    evidence = [from_json(message) for message in row["evidence"]]
    reasons = [reason_from_json(reason) for reason in row["reasons"]]
    # Facts that were assembled for another brand hold that brand's list prices and sellers.
    is_own = facts.brand.brand_id == row["brand_id"]
    return Question(
        case_id=row["case_id"],
        version_id=row["version_id"],
        brand=row["brand_name"],
        title=card.title,
        price=queue_rows.price_of(facts),
        seller=text_view.show(row["seller_external_id"]) if row["seller_external_id"] else None,
        due=words.due(row["due_at"], now),
        evidence=(
            *(_list_price_evidence(facts) if is_own else ()),
            *(_price_evidence(facts) if is_own else ()),
            *_own_indicators(facts, row["brand_id"]),
            *_finding_evidence(evidence, reasons),
            *_seller_evidence(facts, is_own=is_own),
            *_own_answers(facts, before or {}),
        ),
        description=card.description,
        attributes=card.attributes,
        pictures=card.pictures,
        shown=shown,
    )


def _list_price_evidence(facts: Facts) -> list[Evidence]:
    """The listing's price against the brand's list price; nothing if the list lacks the item."""
    price, listed = facts.price, facts.price.listed
    if price.log_price is None or listed is None or listed.log_price is None:
        return []
    share = exp(price.log_price - listed.log_price)
    text = say(_NAMED_BY[listed.by], price=words.amount(listed.amount, listed.currency), name=listed.name)
    bold = say("%(share)s of your list price.", share=words.percent(share))
    return [Evidence("i-tag", bold, text_view.show(text))]


def _own_answers(facts: Facts, before: Mapping[Judgement, int]) -> list[Evidence]:
    """The brand's own earlier answers about this seller; those of others stay confidential."""
    if facts.listing.seller.external_id is None:
        return []
    if not before:
        return [Evidence("i-user", "", text_view.show(say("You have not answered about this seller before.")))]
    counts = words.join_list(
        [
            say("%(n)s %(word)s", n=number(before[choice.judgement]), word=say(choice.word).lower())
            for choice in CHOICES
            if before.get(choice.judgement)
        ]
    )
    bold = say("Your earlier answers about this seller:")
    return [Evidence("i-user", bold, text_view.show(say("%(counts)s.", counts=counts)))]


def usual_price_share(facts: Facts, brand_id: str) -> float | None:
    """The price as a share of the median of the brand's listings; None without one, or in facts of another brand."""
    price, reference = facts.price, facts.price.brand_category
    if price.log_price is None or reference is None or facts.brand.brand_id != brand_id:
        return None
    return exp(price.log_price - reference.log_median)


def _price_evidence(facts: Facts) -> list[Evidence]:
    price, reference = facts.price, facts.price.brand_category
    if price.log_price is None:
        return []
    if reference is None:
        none = text_view.show(say("Too few comparable listings are known to judge the price."))
        return [Evidence("i-tag", say("No price to compare with."), none)]
    text = say_many(
        "The median of %(n)s listing is %(price)s.",
        "The median of %(n)s listings is %(price)s.",
        reference.n,
        price=words.rough_amount(exp(reference.log_median), price.base_currency),
    )
    bold = say("%(share)s of the usual price.", share=words.percent(exp(price.log_price - reference.log_median)))
    return [Evidence("i-tag", bold, text_view.show(text))]


def _own_indicators(facts: Facts, brand_id: str) -> list[Evidence]:
    """The brand's own indicators that match; those of other brands stay confidential."""
    return [
        Evidence(
            "i-seal",
            say("Your counterfeit indicator matches.")
            if rule_match.counterfeit
            else say("Your indicator of genuine goods matches."),
            rule_match.sentence,
        )
        for rule_match in case_cards.rule_matches(facts, brand_id=brand_id)
    ]


def _finding_evidence(evidence: list[Message], reasons: list[Reason]) -> list[Evidence]:
    """The findings that a brand may read: hard evidence by its feature, reasons by their story."""
    findings = [(message.code.partition(".")[0], message) for message in evidence]
    findings += [
        (reason.code, reason.message)
        for reason in named_parts(reasons)
        if reason.weight > 0 and reason.message not in evidence
    ]
    return [
        Evidence(_ICONS[code], "", text_view.show(in_words(message))) for code, message in findings if code in _ICONS
    ]


def _seller_evidence(facts: Facts, *, is_own: bool) -> list[Evidence]:
    block = facts.listing.seller
    if block.external_id is None:
        return [Evidence("i-user", "", text_view.show(say("The marketplace did not name the seller.")))]
    listed = facts.seller.authorised
    parts = [say("The seller is on your authorised list") if listed else say("Not on your authorised list")]
    if not is_own:
        parts = []
    if block.age_days is not None:
        parts.append(say("account %(age)s old", age=words.age(block.age_days)))
    if block.country is not None:
        parts.append(say("established in %(country)s", country=block.country))
    return [Evidence("i-user", "", text_view.show(say("%(facts)s.", facts=say(", ").join(parts))))] if parts else []


_MOST = 6
QUESTIONS: Final = "/brand/questions"
_MOVING = frozenset({ActionState.SCHEDULED, ActionState.SENDING})
_WATCHED_FOR = timedelta(minutes=10)  # Nobody watches by the second an endpoint that is down longer.


@dataclass(frozen=True, slots=True)
class Removal:
    """A removal (or reinstatement) with its state, the time of that state, and the page of its answered question."""

    listing: ShownText
    state: StateWords
    when: str
    address: str | None


@dataclass(frozen=True, slots=True)
class RemovalsPart(Page, template="parts/removals.html", place="/brand"):
    """The latest removals; `moving` is whether any of them is in transit, so that the page polls."""

    removals: tuple[Removal, ...]
    moving: bool


def removals_part(connection: Connection, pairs: frozenset[Pair], now: datetime) -> RemovalsPart:
    """The part of a brand's page that refreshes by itself."""
    actions = case_figures.brand_actions(connection, pairs, _MOST)
    return RemovalsPart(
        tuple(_removal_row(action, now) for action in actions), any(_is_moving(action, now) for action in actions)
    )


def removals_of_answers(
    connection: Connection, pairs: frozenset[Pair], now: datetime, most: int
) -> tuple[Removal, ...]:
    """The latest removals of listings about which the brands were asked."""
    actions = case_figures.brand_actions(connection, pairs, most, only_answered=True)
    return tuple(_removal_row(action, now) for action in actions)


def _is_moving(action: BrandAction, now: datetime) -> bool:
    return action.state in _MOVING and now - action.leaves_at < _WATCHED_FOR


def _removal_row(action: BrandAction, now: datetime) -> Removal:
    listing = text_view.show(action.content.get("title") or action.external_id)
    seen = CHECK_STATES.get(action.check) if action.check is not None else None
    state = seen or ACTION_STATES[action.kind, action.state]
    address = None if action.question is None else f"{QUESTIONS}/{action.question}"
    return Removal(listing, state, _time_in_words(action, now), address)


def _time_in_words(action: BrandAction, now: datetime) -> str:
    if action.check is CheckState.STILL_SHOWN:
        return say("we ask the marketplace why")
    match action.state:
        case ActionState.SCHEDULED:
            return say("in %(time)s", time=words.countdown((action.leaves_at - now).total_seconds()))
        case ActionState.SENDING if action.sent_at is not None:
            return words.short_moment(action.sent_at, now)
        case ActionState.ACKNOWLEDGED if action.acknowledged_at is not None:
            return words.short_moment(action.acknowledged_at, now)
        case ActionState.PENDING_APPROVAL:
            return say("people review it first")
        case ActionState.DEAD:
            return say("we are investigating")
        case _:
            return ""
