"""Reporters: registration with a separate key, records, warnings and mutes."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from models.errors import Conflict, Invalid
from models.messages.english import in_english
from serving.accounts.service.auth import NotSignedIn, hash_token
from serving.audit.store import audit
from serving.brands.store import brands
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import LONGEST_EMAIL, LONGEST_NAME, Draft, Element, ReporterKind, missing_elements
from serving.notices.rules.reporters import Reputation, mute_until, reputation
from serving.notices.store import notice_records, reporters
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime

_MARK: Final = "tsr"
_LONGEST_REASON: Final = 500
_MOST_LISTED: Final = 1_000
_CONTACT: Final = {Element.NAME, Element.EMAIL}


@dataclass(frozen=True, slots=True)
class NewReporter:
    """A reporter to register for a marketplace; a brand's reporter names its brand."""

    name: str
    email: str
    kind: ReporterKind
    brand: str | None = None
    marketplace: str | None = None


def register(runtime: Runtime, new_reporter: NewReporter, *, by: str) -> tuple[str, str]:
    """Register a reporter; returns its id and the text of its key, which is shown once and not kept.

    Raises Invalid (name or address is missing; a brand's reporter names no brand, or another names one; the kind is
    unregistered) or NotFound, Conflict (there is no such marketplace or brand; the brand is not enrolled there).
    """
    _check_contact(new_reporter)
    now, reporter_id = runtime.clock.now(), runtime.ids.new("rep")
    secret_hash, shown = new_reporter_secret(reporter_id)
    with runtime.store.write() as connection:
        marketplace_id = marketplaces.by_name(connection, new_reporter.marketplace).marketplace_id
        brand_id = None if new_reporter.brand is None else brands.by_name(connection, new_reporter.brand).brand_id
        if brand_id is not None and brand_id not in brands.enrolments(connection, marketplace_id):
            raise Conflict("{name} is not enrolled with this marketplace.", name=str(new_reporter.brand))
        row = {
            "marketplace_id": marketplace_id,
            "reporter_id": reporter_id,
            "kind": new_reporter.kind.value,
            "name": new_reporter.name.strip(),
            "email": new_reporter.email.strip(),
            "brand_id": brand_id,
            "secret_hash": secret_hash,
            "known_at": now,
        }
        reporters.add_reporter(connection, row)
        # Neither name nor address: an entry remains after an erasure.
        told_text = {"kind": new_reporter.kind.value, "brand_id": brand_id}
        audit.record(connection, now, marketplace_id, by, "reporter.registered", reporter_id, **told_text)
    return reporter_id, shown


def reputation_of(runtime: Runtime, connection: Connection, reporter: Reporter, at: datetime) -> Reputation:
    """A reporter's reputation now, computed from the verdicts; it is not stored, so it is never out of date."""
    ended = notice_records.counted_notices(connection, reporter.marketplace_id, reporter.reporter_id)
    return reputation(ended, warned_at=reporter.warned_at, as_of=at, policy=runtime.policies[NoticePolicy])


def warn_if_due(connection: Connection, reporter: Reporter, reputation_: Reputation, at: datetime) -> bool:
    """Warn a reporter whose record requires it, in the caller's transaction; the receipt contains the warning."""
    if not reputation_.to_warn:
        return False
    reporters.change(connection, reporter, warned_at=at)
    _record_act(connection, reporter, "warned", "service", at, reasons=list(map(in_english, reputation_.reasons)))
    return True


def mute(runtime: Runtime, marketplace: Marketplace, reporter_id: str, *, reason: str, by: str) -> datetime:
    """Mute a reporter for a time: its new notices open no case; a person decides. Returns the end.

    Raises NotFound (there is no such reporter), Invalid (no reason is given) or Conflict (the reporter was not warned,
    or has not sent enough unfounded notices since).
    """
    text, now = reason.strip()[:_LONGEST_REASON], runtime.clock.now()
    if not text:
        raise Invalid("Give a reason: counts cannot measure gravity and intention.")
    with runtime.store.write() as connection:
        reporter = reporters.get(connection, marketplace.marketplace_id, reporter_id)
        reputation_ = reputation_of(runtime, connection, reporter, now)
        until = mute_until(reputation_, warned_at=reporter.warned_at, at=now, policy=runtime.policies[NoticePolicy])
        reporters.change(connection, reporter, muted_until=until, muted_because=text)
        reasons = [text, *map(in_english, reputation_.reasons)]
        _record_act(connection, reporter, "muted", by, now, until=until.isoformat(), reasons=reasons)
    return until


def unmute(runtime: Runtime, marketplace: Marketplace, reporter_id: str, *, reason: str, by: str) -> None:
    """End a mute early.

    Raises NotFound (there is no such reporter) or Invalid, Conflict (no reason is given; it is not muted).
    """
    text, now = reason.strip()[:_LONGEST_REASON], runtime.clock.now()
    if not text:
        raise Invalid("Give a reason.")
    with runtime.store.write() as connection:
        reporter = reporters.get(connection, marketplace.marketplace_id, reporter_id)
        if not reporter.is_muted(now):
            raise Conflict("This reporter is not muted.")
        reporters.change(connection, reporter, muted_until=now, muted_because=None)
        _record_act(connection, reporter, "unmuted", by, now, reasons=[text])


def revoke(runtime: Runtime, marketplace: Marketplace, reporter_id: str, *, by: str) -> None:
    """End a registered reporter's key; its notices proceed.

    Raises NotFound (there is no such reporter) or Conflict (it has no key in force).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        reporter = reporters.get(connection, marketplace.marketplace_id, reporter_id)
        if reporter.secret_hash is None or reporter.revoked_at is not None:
            raise Conflict("This reporter has no key in force.")
        reporters.change(connection, reporter, revoked_at=now)
        _record_act(connection, reporter, "revoked", by, now)


def reporters_with_record(runtime: Runtime, marketplace: Marketplace) -> list[dict[str, Any]]:
    """Reporters with their record, the newest first; at most 1,000."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        return [
            _reporter_as_json(runtime, connection, reporter, now)
            for reporter in reporters.all_reporters(connection, marketplace.marketplace_id, _MOST_LISTED)
        ]


def _reporter_as_json(runtime: Runtime, connection: Connection, reporter: Reporter, now: datetime) -> dict[str, Any]:
    known = reputation_of(runtime, connection, reporter, now)
    return {
        "reporter_id": reporter.reporter_id,
        "kind": reporter.kind.value,
        "name": reporter.name,
        "email": reporter.email,
        "founded": known.founded,
        "unfounded": known.unfounded,
        "may_mute": known.may_mute,
        "warned_at": None if reporter.warned_at is None else reporter.warned_at.isoformat(),
        "muted_until": reporter.muted_until.isoformat() if reporter.muted_until and reporter.is_muted(now) else None,
        "reasons": list(map(in_english, known.reasons)),
    }


def _check_contact(new_reporter: NewReporter) -> None:
    lacking = missing_elements(Draft("", (), new_reporter.name, new_reporter.email, good_faith=False, reason_code=""))
    if lines := [sentence for element, sentence in lacking.items() if element in _CONTACT]:
        raise Invalid(" ".join(map(str, lines)))
    if (
        len(new_reporter.name) > LONGEST_NAME
        or len(new_reporter.email) > LONGEST_EMAIL
        or not new_reporter.name.isprintable()
    ):
        raise Invalid(
            "A name has at most {most} characters, an e-mail address {most_email}.",
            most=LONGEST_NAME,
            most_email=LONGEST_EMAIL,
        )
    if new_reporter.kind is ReporterKind.UNREGISTERED:
        raise Invalid("A registered notifier must be a registered reporter, a brand or a trusted flagger.")
    if (new_reporter.kind is ReporterKind.BRAND) is (new_reporter.brand is None):
        raise Invalid("A brand's reporter must name its brand; another reporter must not name one.")


def _record_act(connection: Connection, reporter: Reporter, what: str, by: str, at: datetime, **payload: Any) -> None:
    """Add the audit entry. It names the reporter by its id alone, because an entry remains after an erasure."""
    audit.record(connection, at, reporter.marketplace_id, by, f"reporter.{what}", reporter.reporter_id, **payload)


def new_reporter_secret(reporter_id: str) -> tuple[str, str]:
    """The hash of a registered reporter's key, to store, and its text, to show once."""
    secret = secrets.token_urlsafe(32)
    return hash_token(secret), f"{_MARK}.{reporter_id}.{secret}"


def reporter_of(runtime: Runtime, header: str | None) -> Reporter | None:
    """The registered reporter behind an Authorization header; None where there is no header.

    Raises NotSignedIn (there is a header without a valid reporter's key).
    """
    if header is None:
        return None
    scheme, _, credentials = header.partition(" ")
    mark, _, rest = credentials.strip().partition(".")
    reporter_id, _, secret = rest.partition(".")
    reporter = None
    if scheme.lower() == "bearer" and mark == _MARK:
        with runtime.store.read() as connection:
            reporter = reporters.by_id(connection, reporter_id)
    stored = reporter.secret_hash if reporter is not None and reporter.secret_hash is not None else ""
    if not hmac.compare_digest(hash_token(secret), stored) or reporter is None or reporter.revoked_at is not None:
        raise NotSignedIn("This key belongs to no registered reporter. Leave the header out to notify without one.")
    return reporter
