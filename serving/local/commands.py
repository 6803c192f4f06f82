"""What the command line can ask of a service. Each takes and returns plain JSON values."""

import inspect
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from features.listing import Rejection
from features.tell_tales import Direction, Where
from models.access import Permission, Role, Scope
from models.errors import Forbidden, Invalid
from models.notices import ReporterKind
from models.rights import RightKind, RightState, last_day
from models.seller_lists import SellerList
from models.switches import RULES, AutomaticRule
from serving.api.intake import row_answer
from serving.api.learning import approval_answer, golden_answer
from serving.api.sellers import entry_answer, strikes_answer
from serving.db import (
    accounts,
    brand_answers,
    brands,
    breakers,
    golden,
    learning,
    legal_holds,
    listings,
    marketplaces,
    sanctions,
    seller_lists,
    switches,
    trials,
)
from serving.runtime import Runtime
from serving.usecases import (
    audit_heads,
    contacts,
    erasure,
    evidence,
    founding,
    intake,
    price_lists,
    reporter_erasure,
    reporters,
    rights,
    sanctioning,
    seller_listing,
    seller_risk,
    standing,
    statements,
    tell_tales,
    trial,
)
from serving.usecases.brand_records import STANDING_COLUMNS, record_file, record_of, standing_rows
from serving.usecases.breaker import close_breaker
from serving.usecases.dead_letters import dead_letters, replay
from serving.usecases.figures import figures
from serving.usecases.golden import freeze_golden_set as freeze_a_golden_set
from serving.usecases.learn import add_job, request_training, retrain
from serving.usecases.monitoring import measure
from serving.usecases.promote import LOCAL, approve, rollback, withdraw
from serving.usecases.rescore import model_named, rescore, summary
from serving.usecases.switching import switch
from serving.usecases.tabular import Format, as_file
from serving.usecases.tell_tales import NewTellTale
from serving.usecases.transparency_tables import Span, TableName, table

Command = Callable[..., dict[str, Any]]
_BY: Final = LOCAL
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
COMMANDS: Final[dict[str, Command]] = {}


def _command(command: Command) -> Command:
    COMMANDS[command.__name__] = command
    return command


def run(runtime: Runtime, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a command by name.

    Raises
    ------
    Invalid
        There is no such command, or it does not take these arguments.
    """
    command = COMMANDS.get(name)
    if command is None:
        raise Invalid(f"There is no command {name}.")
    try:
        inspect.signature(command).bind(runtime, **arguments)
    except TypeError as error:
        raise Invalid(f"{name}: {error}.") from None
    return command(runtime, **arguments)


@_command
def add_marketplace(runtime: Runtime, *, name: str, base_currency: str) -> dict[str, Any]:
    """Found a marketplace."""
    found = founding.add_marketplace(runtime, name=name, base_currency=base_currency, by=_BY)
    return {"marketplace_id": found.marketplace_id}


@_command
def add_person(
    runtime: Runtime,
    *,
    email: str,
    name: str,
    role: str,
    marketplace: str | None = None,
    brand: str | None = None,
    password: str | None = None,
    briefed: bool = False,
) -> dict[str, Any]:
    """Give somebody an account."""
    person = founding.NewPerson(email, name, Role(role), marketplace, brand, password, briefed)
    user_id, shown = founding.add_person(runtime, person, by=_BY)
    return {"user_id": user_id, "password": shown}


@_command
def add_brand(runtime: Runtime, *, name: str, aliases: list[str], gtin_prefixes: list[str]) -> dict[str, Any]:
    """Register a brand."""
    found = founding.add_brand(runtime, name=name, aliases=aliases, gtin_prefixes=gtin_prefixes, by=_BY)
    return {"brand_id": found.brand_id}


@_command
def enrol_brand(
    runtime: Runtime,
    *,
    brand: str,
    account_manager: str | None,
    takes_part: bool,
    marketplace: str | None = None,
    authorised_sellers: list[str] | None = None,
    daily_questions: int | None = None,
    first_phase: bool = True,
) -> dict[str, Any]:
    """Enrol a brand with its account manager and authorised sellers."""
    enrolment = founding.NewEnrolment(
        brand, account_manager, takes_part, marketplace, tuple(authorised_sellers or ()), daily_questions, first_phase
    )
    return {"brand_id": founding.enrol(runtime, enrolment, by=_BY)}


@_command
def add_key(runtime: Runtime, *, name: str, scopes: list[str], marketplace: str | None = None) -> dict[str, Any]:
    """Make an API key."""
    wanted = [Scope(scope) for scope in scopes]
    return {"key": founding.add_key(runtime, name=name, scopes=wanted, marketplace=marketplace, by=_BY)}


@_command
def register_webhook(
    runtime: Runtime,
    *,
    url: str,
    allow_loopback: bool = False,
    marketplace: str | None = None,
    secret: str | None = None,
    status_url: str | None = None,
) -> dict[str, Any]:
    """Register a marketplace's receiver."""
    shown = founding.register_webhook(
        runtime,
        url=url,
        allow_loopback=allow_loopback,
        marketplace=marketplace,
        secret=secret,
        by=_BY,
        status_url=status_url,
    )
    return {"secret": shown}


@_command
def rotate_webhook_secret(
    runtime: Runtime, *, overlap_hours: int, marketplace: str | None = None, secret: str | None = None
) -> dict[str, Any]:
    """Change a receiver's signing secret."""
    shown = founding.rotate_secret(runtime, overlap_hours=overlap_hours, marketplace=marketplace, secret=secret, by=_BY)
    return {"secret": shown}


@_command
def list_dead_letters(runtime: Runtime, *, most: int = 100, marketplace: str | None = None) -> dict[str, Any]:
    """How the receiver answers, and what was given up on."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return dead_letters(runtime, found, most)


@_command
def replay_dead_letters(
    runtime: Runtime, *, actions: list[str], by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Send again what was given up on."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    actor = _named(runtime, by, found.marketplace_id, Permission.ADMINISTER)
    return {"replayed": replay(runtime, found, actions, by=actor)}


@_command
def add_tell_tale(
    runtime: Runtime,
    *,
    brand: str,
    label: str,
    pattern: str,
    direction: str,
    where: str = Where.ANY.value,
    active_from: str | None = None,
    active_to: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Load a tell-tale of a brand."""
    begins, ends = (None if text is None else _moment(text) for text in (active_from, active_to))
    wanted = NewTellTale(brand, label, pattern, Direction(direction), Where(where), begins, ends, marketplace)
    return {"tell_tale_id": tell_tales.add_tell_tale(runtime, wanted, by=_BY).tell_tale_id}


@_command
def list_tell_tales(runtime: Runtime, *, brand: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """The tell-tales that were not taken back."""
    found = tell_tales.listed(runtime, brand=brand, marketplace=marketplace)
    return {
        "tell_tales": [
            {
                "tell_tale_id": one.tell_tale_id,
                "brand": name,
                "label": one.label,
                "pattern": one.pattern,
                "where": one.where.value,
                "direction": one.direction.value,
                "active_from": one.active_from.isoformat(),
                "active_to": one.active_to.isoformat() if one.active_to else None,
            }
            for name, one in found
        ]
    }


@_command
def remove_tell_tale(runtime: Runtime, *, tell_tale_id: str, marketplace: str | None = None) -> dict[str, Any]:
    """Take a tell-tale back."""
    tell_tales.remove_tell_tale(runtime, tell_tale_id, marketplace=marketplace, by=_BY)
    return {}


@_command
def keep_document(runtime: Runtime, *, brand: str, name: str, content: str) -> dict[str, Any]:
    """Keep a document of a brand, given in base64."""
    try:
        found = b64decode(content, validate=True)
    except ValueError:
        raise Invalid("The document is not base64.") from None
    return {"digest": rights.keep_document(runtime, brand, name, found, by=_BY)}


@_command
def add_right(
    runtime: Runtime,
    *,
    brand: str,
    kind: str,
    title: str,
    office: str,
    number: str,
    territories: list[str],
    classes: list[int] | None = None,
    first_day: str | None = None,
    last_day: str | None = None,
    document: str | None = None,
) -> dict[str, Any]:
    """Put a right of a brand on file."""
    begins, ends = (None if text is None else _moment(text) for text in (first_day, last_day))
    places, of = tuple(territories), _right_kind(kind)
    wanted = rights.NewRight(brand, of, title, office, number, places, tuple(classes or ()), begins, ends, document)
    return {"right_id": rights.claim_right(runtime, wanted, by=_BY)}


@_command
def list_rights(runtime: Runtime, *, brand: str) -> dict[str, Any]:
    """A brand's rights."""
    return {
        "rights": [
            {
                "right_id": one.right.right_id,
                "kind": one.right.kind.value,
                "title": one.right.title,
                "office": one.right.office,
                "number": one.right.number,
                "classes": list(one.right.classes),
                "territories": sorted(one.right.territories),
                "state": one.right.state.value.replace("_", " "),
                "last_day": last_day(one.right.expires_at) if one.right.expires_at else None,
                "document": one.document,
                "note": one.note,
            }
            for one in rights.on_file(runtime, brand)
        ]
    }


@_command
def settle_right(runtime: Runtime, *, right_id: str, state: str, note: str = "") -> dict[str, Any]:
    """Verify, refuse or withdraw a right."""
    if state not in set(RightState):
        raise Invalid(f"A right cannot become {state[:20]}.")
    rights.settle_right(runtime, right_id, RightState(state), note=note, by=_BY)
    return {}


@_command
def add_mandate(
    runtime: Runtime,
    *,
    brand: str,
    email: str,
    agent: str,
    territories: list[str],
    last_day: str,
    kinds: list[str] | None = None,
    document: str | None = None,
) -> dict[str, Any]:
    """Record a power of attorney."""
    of = tuple(map(_right_kind, kinds or [])) or tuple(RightKind)
    wanted = rights.NewMandate(brand, email, agent, tuple(territories), _moment(last_day), of, document)
    return {"mandate_id": rights.grant_mandate(runtime, wanted, by=_BY)}


@_command
def revoke_mandate(runtime: Runtime, *, mandate_id: str) -> dict[str, Any]:
    """End a power of attorney."""
    rights.revoke_mandate(runtime, mandate_id, by=_BY)
    return {}


@_command
def sell_in(runtime: Runtime, *, territories: list[str], marketplace: str | None = None) -> dict[str, Any]:
    """Say where a marketplace sells."""
    rights.sell_in(runtime, territories, marketplace=marketplace, by=_BY)
    return {}


def _right_kind(text: str) -> RightKind:
    if text not in set(RightKind):
        raise Invalid(f"{text[:20]} is none of {', '.join(RightKind)}.")
    return RightKind(text)


def _moment(text: str) -> datetime:
    """A moment with its offset; a day alone begins at midnight UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text} is no moment such as 2026-03-01 or 2026-03-01T12:00:00+01:00.") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


@_command
def load_price_list(runtime: Runtime, *, brand: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Add a brand's list prices."""
    return {"entries": price_lists.load_price_list(runtime, brand, rows, by=_BY)}


@_command
def load_rates(runtime: Runtime, *, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Load dated exchange rates."""
    return {"rows": founding.load_rates(runtime, rows, by=_BY)}


@_command
def receive_contacts(
    runtime: Runtime, *, rows: list[dict[str, Any]], backfill: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Hash contacts of sellers."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return {**contacts.receive_contacts(runtime, found, {"contacts": rows}, backfill=backfill)}


@_command
def erase_contacts(runtime: Runtime, *, seller: str, marketplace: str | None = None) -> dict[str, Any]:
    """Erase the hashes of a seller's contacts."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return {"erased": contacts.erase_contacts(runtime, found, seller, by=_BY)}


@_command
def erase_seller(
    runtime: Runtime, *, seller: str, carry_out: bool, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Erase a seller, or show what would be erased."""
    place, actor = _administrator(runtime, by, marketplace)
    return erasure.erase_seller(runtime, place, seller, carry_out=carry_out, by=actor)


@_command
def set_legal_hold(
    runtime: Runtime, *, seller: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Keep everything of a seller."""
    place, actor = _administrator(runtime, by, marketplace)
    erasure.set_hold(runtime, place, seller, reason=reason, by=actor)
    return {}


@_command
def lift_legal_hold(
    runtime: Runtime, *, seller: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a legal hold."""
    place, actor = _administrator(runtime, by, marketplace)
    erasure.lift_hold(runtime, place, seller, reason=reason, by=actor)
    return {}


@_command
def list_legal_holds(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The sellers under legal hold."""
    with runtime.store.read() as connection:
        found = legal_holds.in_force(connection, marketplaces.by_name(connection, marketplace).marketplace_id)
    return {
        "holds": [
            {"seller": one.seller, "since": one.set_at.isoformat(), "set_by": one.set_by, "reason": one.reason}
            for one in found
        ]
    }


@_command
def add_reporter(
    runtime: Runtime,
    *,
    name: str,
    email: str,
    kind: str,
    brand: str | None = None,
    by: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Register a reporter; its key is shown once."""
    place, actor = _administrator(runtime, by, marketplace)
    wanted = reporters.NewReporter(name, email, ReporterKind(kind), brand, place.name)
    reporter_id, key = reporters.register(runtime, wanted, by=actor)
    return {"reporter_id": reporter_id, "key": key}


@_command
def list_reporters(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Reporters with what their notices came to."""
    return {"reporters": reporters.listed(runtime, _place(runtime, marketplace))}


@_command
def mute_reporter(
    runtime: Runtime, *, reporter: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let a reporter's notices open no case for a time."""
    place, actor = _administrator(runtime, by, marketplace)
    return {"until": reporters.mute(runtime, place, reporter, reason=reason, by=actor).isoformat()}


@_command
def unmute_reporter(
    runtime: Runtime, *, reporter: str, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a mute before its time."""
    place, actor = _administrator(runtime, by, marketplace)
    reporters.unmute(runtime, place, reporter, reason=reason, by=actor)
    return {}


@_command
def revoke_reporter(
    runtime: Runtime, *, reporter: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """End a reporter's key."""
    place, actor = _administrator(runtime, by, marketplace)
    reporters.revoke(runtime, place, reporter, by=actor)
    return {}


@_command
def erase_reporter(
    runtime: Runtime, *, reporter: str, carry_out: bool, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Erase a reporter, or show what would be erased."""
    place, actor = _administrator(runtime, by, marketplace)
    return reporter_erasure.erase_reporter(runtime, place, reporter, carry_out=carry_out, by=actor).shown()


def _place(runtime: Runtime, marketplace: str | None) -> marketplaces.Marketplace:
    with runtime.store.read() as connection:
        return marketplaces.by_name(connection, marketplace)


def _administrator(runtime: Runtime, by: str | None, marketplace: str | None) -> tuple[marketplaces.Marketplace, str]:
    place = _place(runtime, marketplace)
    return place, _named(runtime, by, place.marketplace_id, Permission.ADMINISTER)


@_command
def show_seller_risk(
    runtime: Runtime,
    *,
    seller: str | None = None,
    most: int = 20,
    refresh: bool = False,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """A seller's risk, or the riskiest sellers; with `refresh`, worked out anew before."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    if refresh:
        seller_risk.refresh(runtime, found)
    with runtime.store.read() as connection:
        if seller is None:
            return seller_risk.riskiest_answer(connection, found.marketplace_id, most)
        return seller_risk.one_answer(runtime, connection, found.marketplace_id, seller)


@_command
def show_strikes(runtime: Runtime, *, seller: str, marketplace: str | None = None) -> dict[str, Any]:
    """What counts against a seller, and the sanctions of it."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = sanctioning.count_of(runtime, connection, here, seller, runtime.clock.now())
        decided = [
            {"measure": one.measure.value, "state": one.state.value, "proposed_at": one.proposed_at.isoformat()}
            for one in sanctions.of_seller(connection, here, seller)
        ]
    return {**strikes_answer(seller, found), "sanctions": decided}


@_command
def put_seller(
    runtime: Runtime,
    *,
    seller: str,
    name: str,
    reason: str,
    days: int | None = None,
    by: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Put a seller on a list."""
    place, actor = _administrator(runtime, by, marketplace)
    if name not in set(SellerList):
        raise Invalid(f"There is no list {name}; there are {', '.join(SellerList)}.")
    here, which = place.marketplace_id, SellerList(name)
    return entry_answer(seller_listing.put_on_list(runtime, here, seller, which, reason=reason, days=days, by=actor))


@_command
def take_seller_off(
    runtime: Runtime, *, seller: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Take a seller off its list."""
    place, actor = _administrator(runtime, by, marketplace)
    seller_listing.take_off_list(runtime, place.marketplace_id, seller, by=actor)
    return {}


@_command
def list_listed_sellers(runtime: Runtime, *, most: int, marketplace: str | None = None) -> dict[str, Any]:
    """The sellers on lists, the newest entry first."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = seller_lists.in_force(connection, {here}, runtime.clock.now(), most)
    return {"entries": [entry_answer(one) for _, one in found]}


@_command
def show_standing(runtime: Runtime, *, brand: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """The standing of one brand, or of every brand that is enrolled, by name."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        enrolled = brands.enrolments(connection, here)
        named = {one.name: brand_id for brand_id, one in enrolled.items()}
        if brand is not None:
            named = {brand: brands.enrolled_by_name(connection, here, brand)}
        return {name: standing.explanation(runtime, connection, here, brand_id) for name, brand_id in named.items()}


@_command
def receive(
    runtime: Runtime, *, rows: list[dict[str, Any]], source: str, backfill: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Take in rows of a file. A row is {"listing": …}, or {"refused": …, "cells": …} where it could not be read."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    refused = {i: Rejection(**row["refused"]) for i, row in enumerate(rows) if "refused" in row}
    payloads = [row.get("listing", row.get("cells")) for row in rows]
    answers = intake.receive(runtime, found, payloads, source=source, backfill=backfill, rejections=refused)
    return {
        "rows": [
            {**row_answer(answer), "new_listing": answer.new_version and answer.version == 1} for answer in answers
        ]
    }


@_command
def get_figures(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The figures that must add up."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return figures(runtime, found)


@_command
def list_statements(
    runtime: Runtime,
    *,
    most: int,
    since: str | None = None,
    until: str | None = None,
    after: list[str] | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Statements of reasons of what was carried out in a span of time, at most so many after a place in it."""
    place, begins, ends = _span(runtime, since, until, marketplace)
    behind = None if after is None else (datetime.fromisoformat(after[0]), after[1])
    page = statements.statements(runtime, place, since=begins, until=ends, after=behind, most=most)
    following = None if page.after is None else [page.after[0].isoformat(), page.after[1]]
    return {**asdict(page), "after": following, "until": ends.isoformat()}


@_command
def list_amendments(
    runtime: Runtime,
    *,
    most: int,  # noqa: ARG001  # Asked for like statements; what is reversed is little, and comes at once.
    since: str | None = None,
    until: str | None = None,
    after: list[str] | None = None,  # noqa: ARG001
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Statements of reasons that were told before a span of time and reversed in it, as they read now."""
    place, begins, ends = _span(runtime, since, until, marketplace)
    page = statements.amendments(runtime, place, since=begins, until=ends)
    return {**asdict(page), "until": ends.isoformat()}


@_command
def get_brand_record(
    runtime: Runtime, *, brand: str, form: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """What became of a brand's answers: the counts, and with a format the file in base64."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        answers = brand_answers.answers_of(connection, {(here, brands.by_name(connection, brand).brand_id)})
    content = None if form is None else b64encode(record_file(Format(form), answers)).decode()
    record = record_of(answers)
    return {
        "rows": len(answers),
        "outcomes": {outcome.value: number for outcome, number in record.outcomes.items()},
        "counter_notices": record.counter_notices,
        "counter_notices_upheld": record.counter_notices_upheld,
        "median_hours_to_removal": record.median_hours_to_removal,
        "content": content,
    }


@_command
def get_standing_history(runtime: Runtime, *, brand: str, form: str, marketplace: str | None = None) -> dict[str, Any]:
    """Each change of a brand's standing as a file in base64."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        rows = standing_rows(connection, here, brands.by_name(connection, brand).brand_id)
    return {"rows": len(rows), "content": b64encode(as_file(Format(form), STANDING_COLUMNS, rows)).decode()}


@_command
def get_transparency_table(
    runtime: Runtime,
    *,
    name: str,
    form: str,
    since: str | None = None,
    until: str | None = None,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """A table of what the law asks to be kept or reported, as a file in base64."""
    place, begins, ends = _span(runtime, since, until, marketplace)
    with runtime.store.read() as connection:
        columns, rows = table(connection, TableName(name), Span(place.marketplace_id, begins, ends))
    return {"rows": len(rows), "content": b64encode(as_file(Format(form), columns, rows)).decode()}


def _span(
    runtime: Runtime, since: str | None, until: str | None, marketplace: str | None
) -> tuple[marketplaces.Marketplace, datetime, datetime]:
    """From the beginning and through this moment, unless it is said otherwise; the end is not included."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    begins = _BEGINNING if since is None else _moment(since)
    ends = runtime.clock.now() + timedelta(microseconds=1) if until is None else _moment(until)
    if ends <= begins:
        raise Invalid("The span ends before it begins.")
    return found, begins, ends


@_command
def get_quarantine(runtime: Runtime, *, most: int = 20, marketplace: str | None = None) -> dict[str, Any]:
    """The latest refused rows."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
        rows = listings.quarantined(connection, found.marketplace_id, most)
    return {"rows": [{**row, "known_at": row["known_at"].isoformat()} for row in rows]}


@_command
def verify_audit(runtime: Runtime) -> dict[str, Any]:
    """Check the audit chain."""
    return audit_heads.verify(runtime)


@_command
def verify_evidence(runtime: Runtime, *, case_id: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """Check evidence snapshots."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return evidence.verify(runtime, found, case_id)


@_command
def train(runtime: Runtime, *, wait: bool, marketplace: str | None = None) -> dict[str, Any]:
    """Ask the running service to retrain; with `wait`, run it here, which is for when no service runs."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    if not wait:
        return {"job_id": request_training(runtime, found, by=_BY)}
    with runtime.store.write() as connection:
        job_id = add_job(runtime, connection, found.marketplace_id, by=_BY)
    retrain(runtime, found.marketplace_id, job_id)
    return get_job(runtime, job_id=job_id, marketplace=marketplace)


@_command
def get_job(runtime: Runtime, *, job_id: str, marketplace: str | None = None) -> dict[str, Any]:
    """How a retraining stands."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
        job = learning.get_job(connection, found.marketplace_id, job_id)
        report = learning.get_model(connection, found.marketplace_id, job.digest).report if job.digest else None
    return {
        "job_id": job.job_id,
        "state": job.state,
        "progress": dict(job.progress),
        "digest": job.digest,
        "error": job.error,
        "gates": report["gates"] if report else None,
    }


def _named(runtime: Runtime, email: str | None, marketplace_id: str, permission: Permission) -> str:
    """The actor that an e-mail names; whoever owns the home may speak for the people in it.

    Raises
    ------
    NotFound, Forbidden
        There is no such account, or its role does not include this.
    """
    if email is None:
        return _BY
    with runtime.store.read() as connection:
        person = accounts.person(connection, accounts.user_id_by_email(connection, email))
    if marketplace_id not in person.marketplaces(permission):
        raise Forbidden(f"The role of {email} does not include this.")
    return f"user:{person.user_id}"


@_command
def promote_model(
    runtime: Runtime,
    *,
    digest: str = "challenger",
    reason: str = "",
    by: str | None = None,
    take_back: bool = False,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Approve a model, or take an approval back."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    actor = _named(runtime, by, found.marketplace_id, Permission.PROMOTE_MODELS)
    if take_back:
        return {"digest": withdraw(runtime, found, digest=digest, by=actor), "in_force": False}
    return approval_answer(approve(runtime, found, digest=digest, by=actor, reason=reason))


@_command
def measure_drift(runtime: Runtime, *, days: int, marketplace: str | None = None) -> dict[str, Any]:
    """Compare the listings of now with those of before, and keep the report."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return measure(runtime, found, days=days)


@_command
def start_trial(
    runtime: Runtime, *, bundle: str, share: float, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let a model score beside the champion."""
    place, actor = _promoter(runtime, by, marketplace)
    found = trial.start(runtime, place, name=bundle, share=float(share), by=actor)
    return {"digest": found.digest, "share": found.share}


@_command
def change_trial(
    runtime: Runtime, *, share: float, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Change the share of sellers about whom the model on trial decides."""
    place, actor = _promoter(runtime, by, marketplace)
    return {"digest": trial.change_share(runtime, place, share=float(share), by=actor).digest, "share": share}


@_command
def end_trial(runtime: Runtime, *, by: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """End the trial."""
    place, actor = _promoter(runtime, by, marketplace)
    return {"digest": trial.end(runtime, place, by=actor).digest}


@_command
def show_trial(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """What is on trial and what it has shown so far."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = trials.open_trials(connection, here)
        if not found:
            return {"digest": None}
        shown = trial.shown_so_far(runtime, connection, found[0])
    one = found[0]
    return {"digest": one.digest, "share": one.share, "since": one.started_at.isoformat(), **asdict(shown)}


def _promoter(runtime: Runtime, by: str | None, marketplace: str | None) -> tuple[marketplaces.Marketplace, str]:
    with runtime.store.read() as connection:
        place = marketplaces.by_name(connection, marketplace)
    return place, _named(runtime, by, place.marketplace_id, Permission.PROMOTE_MODELS)


@_command
def freeze_golden_set(runtime: Runtime, *, by: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """Freeze what two analysts judged alike."""
    with runtime.store.read() as connection:
        place = marketplaces.by_name(connection, marketplace)
    actor = _named(runtime, by, place.marketplace_id, Permission.FREEZE_GOLDEN_SETS)
    return golden_answer(freeze_a_golden_set(runtime, place, by=actor))


@_command
def show_golden_set(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The golden set in force."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = golden.in_force(connection, here, runtime.clock.now())
    return golden_answer(found)


@_command
def get_model(runtime: Runtime, *, digest: str, marketplace: str | None = None) -> dict[str, Any]:
    """What is kept of a model beside its bundle; `digest` may be its beginning, 'challenger' or 'champion'."""
    with runtime.store.read() as connection:
        place = marketplaces.by_name(connection, marketplace)
    found = model_named(runtime, place, digest)
    return {"marketplace": place.name, **asdict(found), "created_at": found.created_at.isoformat()}


@_command
def show_breaker(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Whether questions to brands are held, since when and why."""
    with runtime.store.read() as connection:
        found = breakers.of(connection, marketplaces.by_name(connection, marketplace).marketplace_id)
    return {
        "open": found.opened_at is not None,
        "since": found.opened_at.isoformat() if found.opened_at else None,
        "reason": found.reason,
    }


@_command
def close_the_breaker(
    runtime: Runtime, *, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let the model ask brands again."""
    place, actor = _promoter(runtime, by, marketplace)
    close_breaker(runtime, place, by=actor, reason=reason)
    return {}


@_command
def show_switches(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """Every automatic rule, and since when and why it is off where it is."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        off = {one.rule: one for one in switches.switched_off(connection, {here})}
    return {
        "rules": [
            {
                "rule": rule.value,
                "name": said.name,
                "on": rule not in off,
                "means": said.off if rule in off else said.on,
                "reason": off[rule].reason if rule in off else None,
                "since": off[rule].off_since.isoformat() if rule in off else None,
            }
            for rule, said in RULES.items()
        ]
    }


@_command
def switch_rule(
    runtime: Runtime, *, rule: str, on: bool, reason: str, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Switch an automatic rule on or off."""
    if rule not in set(AutomaticRule):
        raise Invalid(f"There is no such rule; known are: {', '.join(AutomaticRule)}.")
    with runtime.store.read() as connection:
        place = marketplaces.by_name(connection, marketplace)
    actor = _named(runtime, by, place.marketplace_id, Permission.ADMINISTER)
    switch(runtime, place, AutomaticRule(rule), on=on, by=actor, reason=reason)
    return {}


@_command
def rescore_past(
    runtime: Runtime, *, since: str, bundle: str, most: int, rows: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Score the past anew with a model; with `rows`, every version with what was said then and now."""
    with runtime.store.read() as connection:
        place = marketplaces.by_name(connection, marketplace)
    model = runtime.bundles.load(model_named(runtime, place, bundle).digest)
    found = rescore(runtime, place, model, since=datetime.fromisoformat(since), most=most)
    lines = [{**asdict(row), "scored_at": row.scored_at.isoformat()} for row in found] if rows else []
    return {"digest": model.digest, **summary(found), "rows": lines}


@_command
def rollback_model(runtime: Runtime, *, reason: str = "", marketplace: str | None = None) -> dict[str, Any]:
    """Bring the champion before the present one back."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
    return {"champion": rollback(runtime, found, by=_BY, reason=reason)}
