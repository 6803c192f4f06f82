"""Reporters: registered by the marketplace, with a key of their own, and what their notices came to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, Invalid
from models.notices import LONGEST_EMAIL, LONGEST_NAME, Draft, Element, ReporterKind, missing
from models.reporters import Reputation, reputation
from serving import auth
from serving.db import audit, brands, marketplaces, notices, reporters
from serving.db.reporters import Reporter
from serving.runtime import Runtime

_CONTACT: Final = {Element.NAME, Element.EMAIL}


@dataclass(frozen=True, slots=True)
class NewReporter:
    """Whom a marketplace registers; a brand's reporter names its brand."""

    name: str
    email: str
    kind: ReporterKind
    brand: str | None = None
    marketplace: str | None = None


def register(runtime: Runtime, wanted: NewReporter, *, by: str) -> tuple[str, str]:
    """Register a reporter; returns its id and the text of its key, which is shown once and not kept.

    Raises
    ------
    Invalid
        Name or address is missing; a brand's reporter names no brand, or another names one; it would be a stranger.
    NotFound, Conflict
        There is no such marketplace or brand; the brand is not enrolled there.
    """
    _check(wanted)
    now, reporter_id = runtime.clock.now(), runtime.ids.new("rep")
    secret_hash, shown = auth.new_reporter_secret(reporter_id)
    with runtime.store.write() as connection:
        here = marketplaces.by_name(connection, wanted.marketplace).marketplace_id
        brand_id = None if wanted.brand is None else brands.by_name(connection, wanted.brand).brand_id
        if brand_id is not None and brand_id not in brands.enrolments(connection, here):
            raise Conflict(f"{wanted.brand} is not enrolled with this marketplace.")
        row = {
            "marketplace_id": here,
            "reporter_id": reporter_id,
            "kind": wanted.kind.value,
            "name": wanted.name.strip(),
            "email": wanted.email.strip(),
            "brand_id": brand_id,
            "secret_hash": secret_hash,
            "known_at": now,
        }
        reporters.add_reporter(connection, row)
        said = {"kind": wanted.kind.value, "brand_id": brand_id}
        audit.record(
            connection,
            at=now,
            marketplace_id=here,
            actor=by,
            act="reporter.registered",
            subject=reporter_id,
            payload=said,  # Neither name nor address: an entry outlives an erasure.
        )
    return reporter_id, shown


def reputation_of(runtime: Runtime, connection: Connection, reporter: Reporter, at: datetime) -> Reputation:
    """A reporter's reputation now, counted from the verdicts; nothing is kept of it that could be out of date."""
    ended = notices.ended(connection, reporter.marketplace_id, reporter.reporter_id)
    return reputation(ended, warned_at=reporter.warned_at, as_of=at, policy=runtime.policies.notices)


def _check(wanted: NewReporter) -> None:
    lacking = missing(Draft("", (), wanted.name, wanted.email, good_faith=False, reason_code=""))
    if said := [sentence for element, sentence in lacking.items() if element in _CONTACT]:
        raise Invalid(" ".join(said))
    if len(wanted.name) > LONGEST_NAME or len(wanted.email) > LONGEST_EMAIL or not wanted.name.isprintable():
        raise Invalid(f"A name has at most {LONGEST_NAME} characters, an e-mail address {LONGEST_EMAIL}.")
    if wanted.kind is ReporterKind.UNREGISTERED:
        raise Invalid("Who is registered is a registered reporter, a brand or a trusted flagger.")
    if (wanted.kind is ReporterKind.BRAND) is (wanted.brand is None):
        raise Invalid("A brand's reporter names its brand, and no other does.")
