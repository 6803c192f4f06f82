"""The offers of a notice: found, put before people, or settled at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from features.facts import Facts
from models.case import CaseLane, CaseState
from models.priority import expected_harm
from models.score import Score, ScoreKind
from serving.audit.store import audit
from serving.cases.policy import HiddenScorePolicy
from serving.cases.rules.masked_score import share_of
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import ItemState, NoticeOutcome, Place, due_within, names_in, place
from serving.notices.store import identified_listings, notices
from serving.notices.store.identified_listings import Known
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import base_price
from serving.standing.service import current
from serving.takedowns.service import evidence
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionKind, ActionState

_GONE: Final = (ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD)


@dataclass(frozen=True, slots=True)
class Desk:
    """One notice in one transaction."""

    runtime: Runtime
    connection: Connection
    here: str
    reporter: Reporter
    notice_id: str
    reason_code: str
    at: datetime
    doubted: bool


def take_offers(desk: Desk, locations: Sequence[str]) -> list[ItemState]:
    names = {name for location in locations for name in names_in(location)}
    called = identified_listings.offers_called(desk.connection, desk.here, names)
    waiting = notices.waiting_of(desk.connection, desk.here, desk.reporter.reporter_id)
    seen = set(waiting)
    states: list[ItemState] = []
    for number, location in enumerate(locations, start=1):
        known = _meant(location, called)
        row = _blank(desk, number, location, known)
        if known is not None and not desk.reporter.is_muted(desk.at):
            row |= {"state": ItemState.REPEATED.value} if known.listing_id in seen else _open(desk, row, known)
            seen.add(known.listing_id)
        notices.add_items(desk.connection, [row])
        states.append(ItemState(row["state"]))
    return states


def _blank(desk: Desk, number: int, location: str, known: Known | None) -> dict[str, Any]:
    """An item as long as nothing has been done about it."""
    muted = desk.reporter.is_muted(desk.at)
    state = ItemState.UNKNOWN_LISTING if known is None else ItemState.MUTED if muted else ItemState.WAITING
    return {
        "marketplace_id": desk.here,
        "item_id": desk.runtime.ids.new("nti"),
        "notice_id": desk.notice_id,
        "number": number,
        "location": location,
        "state": state.value,
        "listing_id": known.listing_id if known else None,
        "version_id": known.version_id if known else None,
        "case_id": None,
        "opened_case": False,
        "outcome": None,
        "action_id": None,
        "known_at": desk.at,
        "decided_at": None,
    }


def _meant(location: str, called: Mapping[str, Known]) -> Known | None:
    """The offer that a location names: by its id, or by an address that holds the id of one offer alone.

    Where the offer names an address of its own, another host's address does not mean it.
    """
    whole, *parts = names_in(location)
    if whole in called:
        return called[whole]
    host = _host(whole)
    found = {
        called[part].listing_id: called[part]
        for part in parts
        if part in called and _host(called[part].link or whole) == host
    }
    return next(iter(found.values())) if len(found) == 1 else None


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _open(desk: Desk, row: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """The result for a known listing: decided already, or a case with the listing's evidence."""
    removal = _removal_in_force(desk, known.listing_id)
    if removal is not None:
        settled = {"outcome": NoticeOutcome.ALREADY_REMOVED.value, "action_id": removal, "decided_at": desk.at}
        return {"state": ItemState.DECIDED.value, **settled}
    case, opened = _case(desk, known)
    kept = evidence.keep(desk.runtime, desk.connection, case, subject=row["item_id"], at=desk.at)
    told_text = {"notice_id": desk.notice_id, "case_id": case.case_id, "listing_id": known.listing_id, "evidence": kept}
    record(desk, "notice.offer", row["item_id"], told_text)
    return {"case_id": case.case_id, "opened_case": opened}


def _removal_in_force(desk: Desk, listing_id: str) -> str | None:
    done = [one for one in actions.of_listing(desk.connection, desk.here, listing_id) if one.state in _GONE]
    return done[-1].action_id if done and done[-1].kind is ActionKind.REMOVE else None


def _case(desk: Desk, known: Known) -> tuple[Case, bool]:
    """The open case of an offer with the notice's place in the queue, and whether the notice opened it."""
    score = scores.latest_of_version(desk.connection, desk.here, known.version_id)
    facts = scores.facts_of(desk.connection, desk.here, score["facts_digest"])
    found = _place(desk, score, facts)
    due_at = desk.at + due_within(found)
    case = cases.open_cases(desk.connection, desk.here, [known.listing_id]).get(known.listing_id)
    if case is not None:
        cases.raise_attention(desk.connection, case, priority=found.priority, due_at=due_at)
        _note(desk, case.case_id, found)
        return case, False
    case_id = desk.runtime.ids.new("cas")
    share = share_of(CaseLane.ANALYST, desk.runtime.policies[HiddenScorePolicy])
    row = {
        "marketplace_id": desk.here,
        "case_id": case_id,
        "listing_id": known.listing_id,
        "version_id": known.version_id,
        "score_id": score["score_id"],
        "brand_id": facts.brand.brand_id,
        "lane": CaseLane.ANALYST.value,
        "score_masked": bool(share) and desk.runtime.draw() < (share or 0.0),
        "masked_share": share,
        "state": CaseState.OPEN.value,
        "priority": found.priority,
        "opened_at": desk.at,
        "due_at": due_at,
        "follows_case_id": None,
    }
    cases.add_cases(desk.connection, [row])
    _note(desk, case_id, found)
    return cases.get(desk.connection, desk.here, case_id), True


def _place(desk: Desk, score: Mapping[str, Any], facts: Facts) -> Place:
    valued = Score(
        ScoreKind(score["kind"]), score["value"], score["probability"], (), score["scorer"], score["fingerprint"]
    )
    harm = expected_harm(valued, price=base_price(facts), sold_7d=facts.listing.sales.d7)
    return place(
        desk.reporter.kind,
        good_standing=_in_good_standing(desk, facts),
        doubted=desk.doubted,
        harm=harm,
        policy=desk.runtime.policies[NoticePolicy],
    )


def _in_good_standing(desk: Desk, facts: Facts) -> bool:
    """Whether a brand notifies an offer of its own, or one whose brand could not be told, in good standing."""
    brand_id = desk.reporter.brand_id
    if brand_id is None or facts.brand.brand_id not in {None, brand_id}:
        return False
    return current(desk.runtime, desk.connection, desk.here, brand_id, desk.at).good


def _note(desk: Desk, case_id: str, found: Place) -> None:
    row = {
        "marketplace_id": desk.here,
        "event_id": desk.runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"Notified from outside: {desk.reason_code.replace('_', ' ')}. {found.reason}"[:200],
        "actor": "notice",
        "known_at": desk.at,
    }
    cases.add_events(desk.connection, [row])


def record(desk: Desk, act: str, subject: str, payload: Mapping[str, Any]) -> None:
    audit.record(desk.connection, desk.at, desk.here, f"reporter:{desk.reporter.reporter_id}", act, subject, **payload)
