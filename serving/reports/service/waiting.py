"""Reported listings that the marketplace has not sent, until one comes in or the wait ends; and mails about reports."""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.errors import DomainError, Forbidden
from serving.accounts.rules.access import Permission, Person
from serving.accounts.store import accounts
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.platform.phrases import as_data
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import Code, ListingResult, Outcome, why_not_at_once
from serving.reports.service.examining import Examination
from serving.reports.service.reporting import Reporting, append_step, settle_listing
from serving.reports.store import reports
from serving.reports.store.reports import StoredOutcome, StoredReport, WaitingItem
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.service import count_standing
from serving.standing.store import standings


def mail_wait(
    runtime: Runtime, connection: Connection, stored: StoredReport, outcomes: Iterable[StoredOutcome]
) -> None:
    """Mail the person who reported which of these listings wait for somebody, unless the report had such a mail."""
    reasons = Counter(why_not_at_once(Outcome(outcome.result, outcome.code, outcome.reasons)) for outcome in outcomes)
    waiting_reasons = [{"code": code, "n": n} for code, n in reasons.items() if code is not None]
    if waiting_reasons and not mails.mailed_accounts(connection, MailKind.REPORT_WAITS, stored.report_id):
        _queue_mail(runtime, connection, MailKind.REPORT_WAITS, {stored.user_id}, stored, reasons=waiting_reasons)


def mail_stop(
    runtime: Runtime,
    connection: Connection,
    stored: StoredReport,
    proof: StoredStepUp,
    by: Person,
    *,
    listings: int,
    too_late: int,
) -> None:
    """Mail the people who sent and confirmed a large report that another person has stopped it."""
    people = {stored.user_id, proof.user_id} - {by.user_id}
    about = {"by": by.name, "n": listings, "too_late": too_late}
    _queue_mail(runtime, connection, MailKind.REPORT_STOPPED, people, stored, **about)


def _queue_mail(
    runtime: Runtime, connection: Connection, kind: MailKind, people: set[str], stored: StoredReport, **about: object
) -> None:
    parameters = {
        "brand": brands.enrolments(connection, stored.marketplace_id)[stored.brand_id].name,
        "marketplace": marketplaces.get(connection, stored.marketplace_id).name,
        "path": f"/brand/reports/{stored.report_id}",
        **about,
    }
    queue_to_accounts(runtime, connection, kind, people, parameters, subject_id=stored.report_id)


_MOST_AT_ONCE: Final = 200
_WAITING: Final = "system"  # In the audit log, where a wait ends without the person who reported.


def decide_arrived_listings(runtime: Runtime) -> int:
    """Decide the reported listings that have come in, and end the waits that are over; returns how many changed.

    A listing is decided as if it were reported now: by the standing, the limits and the rights of this moment.
    """
    changed, after = 0, ("", 0)
    while True:
        with runtime.store.read() as connection:
            waiting_listings = reports.awaited_listings(connection, _MOST_AT_ONCE, after)
            known = [_is_known(runtime, connection, listing) for listing in waiting_listings]
        for listing, came_in in zip(waiting_listings, known, strict=True):
            if came_in or runtime.clock.now() >= listing.waits_until:
                changed += _decide_or_end_wait(runtime, listing)
        if len(waiting_listings) < _MOST_AT_ONCE:
            return changed
        after = waiting_listings[-1].report_id, waiting_listings[-1].number


def _is_known(runtime: Runtime, connection: Connection, listing: WaitingItem) -> bool:
    examination = Examination(runtime, connection, listing.marketplace_id, "", runtime.clock.now())
    return examination.look_up(listing.location, locked=False) is not None


def _decide_or_end_wait(runtime: Runtime, listing: WaitingItem) -> int:
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        stored = reports.of_item(connection, listing)
        marketplace_id, brand_id = stored.marketplace_id, stored.brand_id
        standings.lock(connection, marketplace_id, brand_id)
        audit.lock(connection)
        if not reports.is_still_waiting(connection, listing):
            return 0
        examination = Examination(runtime, connection, marketplace_id, brand_id, now)
        step = reports.last_step(connection, marketplace_id, stored.report_id, listing.number) + 1
        reports.set_wait(connection, marketplace_id, stored.report_id, listing.number, None)
        if examination.look_up(listing.location) is None:
            outcome = Outcome(ListingResult.EXPIRED, Code.NOT_KNOWN, (message("report.expired"),))
            append_step(connection, stored, listing.number, step, outcome, now, by=_WAITING)
            return 1
        try:
            person = _reporting_person(connection, stored)
        except DomainError as refused:
            outcome = Outcome(ListingResult.REFUSED, Code.NO_LONGER_POSSIBLE, ())
            append_step(
                connection, stored, listing.number, step, outcome, now, by=_WAITING, refusal=as_data(refused.phrase)
            )
            return 1
        standing = count_standing(runtime, connection, (marketplace_id, brand_id), now)
        reporting = Reporting(runtime, connection, person, stored, standing, examination, now)
        settle_listing(reporting, listing.number, listing.location, step)
        settled = [
            outcome
            for outcome in reports.outcomes(connection, stored)
            if (outcome.number, outcome.step) == (listing.number, step)
        ]
        mail_wait(runtime, connection, stored, settled)
    return 1


def _reporting_person(connection: Connection, stored: StoredReport) -> Person:
    person = accounts.person(connection, stored.user_id)
    if (stored.marketplace_id, stored.brand_id) not in person.brands(Permission.ANSWER_QUESTIONS):
        raise Forbidden("The person who reported this listing no longer represents the brand.")
    return person
