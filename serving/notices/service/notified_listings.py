"""The listings of a notice: found, sent to review, or settled at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from features.facts import Facts
from models.case import CaseLane, CaseState
from models.messages.english import in_english
from models.priority import expected_harm
from models.score import Score, ScoreKind
from serving.audit.store import audit
from serving.cases.matching import brand_from
from serving.cases.policy import MaskedScorePolicy
from serving.cases.rules.masked_score import masking_probability
from serving.cases.store import case_brands, cases
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import ItemState, NoticeOutcome, QueuePlace, due_within, place_in_queue, possible_ids
from serving.notices.store import identified_listings, notices
from serving.notices.store.identified_listings import IdentifiedListing
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import base_price
from serving.standing.service import current_standing
from serving.takedowns.service import evidence
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionState

_GONE: Final = (ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD)


@dataclass(frozen=True, slots=True)
class NoticeContext:
    """One notice in one transaction."""

    runtime: Runtime
    connection: Connection
    marketplace_id: str
    reporter: Reporter
    notice_id: str
    reason_code: str
    at: datetime
    doubted: bool


def take_listings(context: NoticeContext, locations: Sequence[str]) -> list[ItemState]:
    names = {name for location in locations for name in possible_ids(location)}
    called = identified_listings.listings_named(context.connection, context.marketplace_id, names)
    seen = set(notices.waiting_listings(context.connection, context.marketplace_id, context.reporter.reporter_id))
    states: list[ItemState] = []
    for number, location in enumerate(locations, start=1):
        known = listing_meant(location, called)
        row = _undecided_row(context, number, location, known)
        if known is not None and not context.reporter.is_muted(context.at):
            row |= (
                {"state": ItemState.REPEATED.value}
                if known.listing_id in seen
                else _open_for_known(context, row, known)
            )
            seen.add(known.listing_id)
        notices.add_items(context.connection, [row])
        states.append(ItemState(row["state"]))
    return states


def known_locations(
    connection: Connection, marketplace_id: str, locations: Sequence[str]
) -> tuple[tuple[str, bool], ...]:
    """Each location with whether it names a listing of this marketplace."""
    names = {name for location in locations for name in possible_ids(location)}
    called = identified_listings.listings_named(connection, marketplace_id, names, locked=False)
    return tuple((location, listing_meant(location, called) is not None) for location in locations)


def marketplaces_of(connection: Connection, among: Collection[str], locations: Sequence[str]) -> list[str]:
    """The marketplaces whose listings these locations name; those whose own addresses are at these hosts come alone."""
    names = {name for location in locations for name in possible_ids(location)}
    called = identified_listings.listings_by_marketplace(connection, names)
    named = {
        place: [
            (location, known) for location in locations if (known := listing_meant(location, called.get(place, {})))
        ]
        for place in among
    }
    at_host = [
        place
        for place, matches in named.items()
        if any(known.link is not None and _host(known.link) == _host(location) for location, known in matches)
    ]
    return at_host or [place for place, matches in named.items() if matches]


def _undecided_row(
    context: NoticeContext, number: int, location: str, known: IdentifiedListing | None
) -> dict[str, Any]:
    """An item before anything is decided about it."""
    muted = context.reporter.is_muted(context.at)
    state = ItemState.UNKNOWN_LISTING if known is None else ItemState.MUTED if muted else ItemState.WAITING
    return {
        "marketplace_id": context.marketplace_id,
        "item_id": context.runtime.ids.new("nti"),
        "notice_id": context.notice_id,
        "number": number,
        "location": location,
        "state": state.value,
        "listing_id": known.listing_id if known else None,
        "version_id": known.version_id if known else None,
        "case_id": None,
        "opened_case": False,
        "outcome": None,
        "action_id": None,
        "known_at": context.at,
        "decided_at": None,
    }


def listing_meant(location: str, called: Mapping[str, IdentifiedListing]) -> IdentifiedListing | None:
    """The listing that a location names: by its id, or by an address that holds the id of one listing alone.

    Where the listing has an address of its own, an address at another host does not name it.
    """
    whole, *parts = possible_ids(location)
    if whole in called:
        return called[whole]
    host = _host(whole)
    listings_by_id = {
        called[part].listing_id: called[part]
        for part in parts
        if part in called and _host(called[part].link or whole) == host
    }
    return next(iter(listings_by_id.values())) if len(listings_by_id) == 1 else None


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _open_for_known(context: NoticeContext, row: Mapping[str, Any], known: IdentifiedListing) -> dict[str, Any]:
    """The result for a known listing: already decided, or a case with the listing's evidence."""
    removal = _removal_in_force(context, known.listing_id)
    if removal is not None:
        settled = {"outcome": NoticeOutcome.ALREADY_REMOVED.value, "action_id": removal, "decided_at": context.at}
        return {"state": ItemState.DECIDED.value, **settled}
    case, opened = _case_for_notice(context, known)
    snapshot = evidence.store_snapshot(context.runtime, context.connection, case, subject=row["item_id"], at=context.at)
    told_text = {
        "notice_id": context.notice_id,
        "case_id": case.case_id,
        "listing_id": known.listing_id,
        "evidence": snapshot,
    }
    record_act(context, "notice.offer", row["item_id"], told_text)
    return {"case_id": case.case_id, "opened_case": opened}


def _removal_in_force(context: NoticeContext, listing_id: str) -> str | None:
    removal = actions.removal_of_listing(context.connection, context.marketplace_id, listing_id, _GONE)
    return None if removal is None else removal.action_id


def _case_for_notice(context: NoticeContext, known: IdentifiedListing) -> tuple[Case, bool]:
    """The open case of a listing with the notice's place in the queue, and whether the notice opened it."""
    score = scores.latest_of_version(context.connection, context.marketplace_id, known.version_id)
    facts = scores.facts_of(context.connection, context.marketplace_id, score["facts_digest"])
    place = _queue_place(context, score, facts)
    due_at = context.at + due_within(place)
    case = cases.open_cases(context.connection, context.marketplace_id, [known.listing_id]).get(known.listing_id)
    if case is not None:
        cases.raise_priority(context.connection, case, priority=place.priority, due_at=due_at)
        _note_in_case(context, case.case_id, place)
        return case, False
    case_id = context.runtime.ids.new("cas")
    share = masking_probability(CaseLane.ANALYST, context.runtime.policies[MaskedScorePolicy])
    namings = case_brands.latest_of_listings(context.connection, context.marketplace_id, [known.listing_id])
    brand = brand_from(facts, namings.get(known.listing_id))
    row = {
        "marketplace_id": context.marketplace_id,
        "case_id": case_id,
        "listing_id": known.listing_id,
        "version_id": known.version_id,
        "score_id": score["score_id"],
        "brand_id": brand.brand_id,
        "mark": brand.mark,
        "mark_owner": brand.owner,
        "lane": CaseLane.ANALYST.value,
        "score_masked": bool(share) and context.runtime.draw() < (share or 0.0),
        "masked_share": share,
        "state": CaseState.OPEN.value,
        "priority": place.priority,
        "opened_at": context.at,
        "due_at": due_at,
        "notice_due_at": due_at,
        "follows_case_id": None,
    }
    cases.add_cases(context.connection, [row])
    _note_in_case(context, case_id, place)
    return cases.get(context.connection, context.marketplace_id, case_id), True


def _queue_place(context: NoticeContext, score: Mapping[str, Any], facts: Facts) -> QueuePlace:
    valued = Score(
        ScoreKind(score["kind"]), score["value"], score["probability"], (), score["scorer"], score["fingerprint"]
    )
    harm = expected_harm(valued, price=base_price(facts), sold_7d=facts.listing.sales.d7)
    return place_in_queue(
        context.reporter.kind,
        good_standing=_in_good_standing(context, facts),
        doubted=context.doubted,
        harm=harm,
        policy=context.runtime.policies[NoticePolicy],
    )


def _in_good_standing(context: NoticeContext, facts: Facts) -> bool:
    """Whether the notifier is a brand in good standing, and the listing is its own or has no known brand."""
    brand_id = context.reporter.brand_id
    if brand_id is None or facts.brand.brand_id not in {None, brand_id}:
        return False
    return current_standing(context.runtime, context.connection, context.marketplace_id, brand_id, context.at).good


def _note_in_case(context: NoticeContext, case_id: str, place: QueuePlace) -> None:
    row = {
        "marketplace_id": context.marketplace_id,
        "event_id": context.runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"Notified from outside: {context.reason_code.replace('_', ' ')}. {in_english(place.reason)}"[:200],
        "actor": "notice",
        "known_at": context.at,
    }
    cases.add_events(context.connection, [row])


def record_act(context: NoticeContext, act: str, subject: str, payload: Mapping[str, Any]) -> None:
    audit.record(
        context.connection,
        context.at,
        context.marketplace_id,
        f"reporter:{context.reporter.reporter_id}",
        act,
        subject,
        **payload,
    )
