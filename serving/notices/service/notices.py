"""Notices from outside, in: kept with a receipt, the offers as they were, and a case in its place for each."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from features.facts import Facts
from models.case import CaseLane, CaseState
from models.errors import Invalid
from models.priority import expected_harm
from models.score import Score, ScoreKind
from serving.audit.store import audit
from serving.cases.policy import HiddenScorePolicy
from serving.cases.rules.hidden_score import share_of
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.listings.store import scores
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import (
    Channel,
    Draft,
    ItemState,
    NoticeOutcome,
    Place,
    ReporterKind,
    check_lengths,
    check_number,
    due_within,
    missing,
    names_in,
    place,
)
from serving.notices.rules.reporters import WARNING
from serving.notices.service.notice_links import link_for
from serving.notices.service.reporters import reputation_of, warn_if_due
from serving.notices.store import notices, reporters
from serving.notices.store.notices import Known
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime
from serving.scoring.service.scoring import base_price
from serving.standing.service import current
from serving.takedowns.service import evidence
from serving.takedowns.store import actions
from serving.webhooks.rules.action import ActionKind, ActionState

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_GONE: Final = (ActionState.SENDING, ActionState.ACKNOWLEDGED, ActionState.DEAD)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What whoever notified gets at once: id, moment, link, each offer's state, and a warning where one is due."""

    notice_id: str
    received_at: datetime
    link: str
    offers: tuple[tuple[str, ItemState], ...]
    warning: str | None


@dataclass(frozen=True, slots=True)
class _Desk:
    """One notice in one transaction."""

    runtime: Runtime
    connection: Connection
    here: str
    reporter: Reporter
    notice_id: str
    reason_code: str
    at: datetime
    doubted: bool


def receive_notice(
    runtime: Runtime, marketplace: str | None, draft: Draft, channel: Channel, reporter: Reporter | None = None
) -> Receipt:
    """Take a notice in; `marketplace` is its name, None where there is one or the reporter is registered with one.

    What it says, the offers as they are at this moment, their cases and the audit entries are one transaction.

    Raises
    ------
    Invalid
        An element of Article 16(2) is missing, too long, or names too many offers; the sentence says all of it.
    TooManyNotices
        It would be taken later.
    NotFound
        There is no such marketplace.
    """
    written = _as_registered(draft, reporter)
    if lacking := missing(written):
        raise Invalid(" ".join(lacking.values()))
    check_lengths(written)
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        here = _marketplace(connection, marketplace, reporter).marketplace_id
        locations = tuple(dict.fromkeys(one.strip() for one in written.locations if one.strip()))
        sender = reporter or _known_stranger(runtime, connection, here, written, now)
        check_number(
            len(locations),
            kind=sender.kind,
            today=notices.offers_since(connection, here, sender.reporter_id, now - _DAY),
            this_hour=notices.by_strangers_since(connection, here, now - _HOUR),
            policy=runtime.policies[NoticePolicy],
        )
        notice_id = runtime.ids.new("ntc")
        row = {
            "marketplace_id": here,
            "notice_id": notice_id,
            "reporter_id": sender.reporter_id,
            "channel": channel.value,
            "reason_code": written.reason_code,
            "explanation": written.explanation.strip(),
            "known_at": now,
        }
        notices.add_notice(connection, row)
        known = reputation_of(runtime, connection, sender, now)
        warned = warn_if_due(connection, sender, known, now)
        desk = _Desk(runtime, connection, here, sender, notice_id, written.reason_code, now, known.doubted)
        _record(desk, "notice.received", notice_id, _said(desk, channel, len(locations)))
        states = _take_offers(desk, locations)
        offers = tuple(zip(locations, states, strict=True))
        return Receipt(notice_id, now, link_for(runtime, here, notice_id), offers, WARNING if warned else None)


def _as_registered(draft: Draft, reporter: Reporter | None) -> Draft:
    """Who is registered is known by name and address and need not repeat them."""
    if reporter is None:
        return draft
    return replace(draft, name=reporter.name or draft.name, email=reporter.email or draft.email)


def _marketplace(connection: Connection, name: str | None, reporter: Reporter | None) -> Marketplace:
    if reporter is not None:
        return marketplaces.get(connection, reporter.marketplace_id)
    return marketplaces.by_name(connection, name)


def _known_stranger(runtime: Runtime, connection: Connection, here: str, draft: Draft, now: datetime) -> Reporter:
    """The stranger of an address; one that was erased and comes back while it is muted is named again."""
    row = _stranger(runtime, here, draft, now)
    found = reporters.stranger(connection, row)
    if found.email is None:
        named = {"name": row["name"], "email": row["email"], "erasure_asked_at": None, "erased_at": None}
        reporters.change(connection, found, **named)
    return found


def _stranger(runtime: Runtime, here: str, draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "marketplace_id": here,
        "reporter_id": runtime.ids.new("rep"),
        "kind": ReporterKind.UNREGISTERED.value,
        "name": draft.name.strip(),
        "email": draft.email.strip(),
        "email_token": email_token(runtime, here, draft.email),
        "known_at": now,
    }


def email_token(runtime: Runtime, marketplace_id: str, email: str) -> str:
    """The keyed hash by which an address is known again; it meets no seller's contact."""
    folded = email.strip().casefold()
    message = f"touchstone reporter v1\n{marketplace_id}\n{folded}".encode()
    return hmac.digest(runtime.contact_key, message, hashlib.sha256).hex()


def _said(desk: _Desk, channel: Channel, offers: int) -> dict[str, Any]:
    """What the audit log keeps of a notice: nothing that is personal, as it cannot be erased alone."""
    muted = desk.reporter.is_muted(desk.at)
    return {
        "reporter_id": desk.reporter.reporter_id,
        "reporter_kind": desk.reporter.kind.value,
        "channel": channel.value,
        "reason_code": desk.reason_code,
        "offers": offers,
        **({"muted_because": desk.reporter.muted_because} if muted else {}),
    }


def _take_offers(desk: _Desk, locations: Sequence[str]) -> list[ItemState]:
    names = {name for location in locations for name in names_in(location)}
    called = notices.offers_called(desk.connection, desk.here, names)
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


def _blank(desk: _Desk, number: int, location: str, known: Known | None) -> dict[str, Any]:
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


def _open(desk: _Desk, row: Mapping[str, Any], known: Known) -> dict[str, Any]:
    """What becomes of an offer that is known: decided already, or a case with the offer's evidence."""
    removal = _removal_in_force(desk, known.listing_id)
    if removal is not None:
        settled = {"outcome": NoticeOutcome.ALREADY_REMOVED.value, "action_id": removal, "decided_at": desk.at}
        return {"state": ItemState.DECIDED.value, **settled}
    case, opened = _case(desk, known)
    kept = evidence.keep(desk.runtime, desk.connection, case, subject=row["item_id"], at=desk.at)
    said = {"notice_id": desk.notice_id, "case_id": case.case_id, "listing_id": known.listing_id, "evidence": kept}
    _record(desk, "notice.offer", row["item_id"], said)
    return {"case_id": case.case_id, "opened_case": opened}


def _removal_in_force(desk: _Desk, listing_id: str) -> str | None:
    done = [one for one in actions.of_listing(desk.connection, desk.here, listing_id) if one.state in _GONE]
    return done[-1].action_id if done and done[-1].kind is ActionKind.REMOVE else None


def _case(desk: _Desk, known: Known) -> tuple[Case, bool]:
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
        "score_hidden": bool(share) and desk.runtime.draw() < (share or 0.0),
        "hidden_share": share,
        "state": CaseState.OPEN.value,
        "priority": found.priority,
        "opened_at": desk.at,
        "due_at": due_at,
        "follows_case_id": None,
    }
    cases.add_cases(desk.connection, [row])
    _note(desk, case_id, found)
    return cases.get(desk.connection, desk.here, case_id), True


def _place(desk: _Desk, score: Mapping[str, Any], facts: Facts) -> Place:
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


def _in_good_standing(desk: _Desk, facts: Facts) -> bool:
    """Whether a brand notifies an offer of its own, or one whose brand could not be told, in good standing."""
    brand_id = desk.reporter.brand_id
    if brand_id is None or facts.brand.brand_id not in {None, brand_id}:
        return False
    return current(desk.runtime, desk.connection, desk.here, brand_id, desk.at).good


def _note(desk: _Desk, case_id: str, found: Place) -> None:
    row = {
        "marketplace_id": desk.here,
        "event_id": desk.runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"Notified from outside: {desk.reason_code.replace('_', ' ')}. {found.reason}"[:200],
        "actor": "notice",
        "known_at": desk.at,
    }
    cases.add_events(desk.connection, [row])


def _record(desk: _Desk, act: str, subject: str, payload: Mapping[str, Any]) -> None:
    audit.record(desk.connection, desk.at, desk.here, f"reporter:{desk.reporter.reporter_id}", act, subject, **payload)
