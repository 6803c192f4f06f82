"""Mails to people about their own reports: one a report whose listings wait, and one where somebody stopped it."""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import Connection

from serving.accounts.rules.access import Person
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import Outcome, why_not_at_once
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.reports.store.step_ups import StoredStepUp


def tell_of_wait(
    runtime: Runtime, connection: Connection, stored: StoredReport, outcomes: Iterable[StoredOutcome]
) -> None:
    """Mail the person who reported which of these listings wait for somebody, unless the report had such a mail."""
    reasons = Counter(why_not_at_once(Outcome(one.result, one.code, one.reasons)) for one in outcomes)
    found = [{"code": code, "n": n} for code, n in reasons.items() if code is not None]
    if found and not mails.told(connection, MailKind.REPORT_WAITS, stored.report_id):
        _queue(runtime, connection, MailKind.REPORT_WAITS, {stored.user_id}, stored, reasons=found)


def tell_of_stop(
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
    _queue(runtime, connection, MailKind.REPORT_STOPPED, people, stored, **about)


def _queue(
    runtime: Runtime, connection: Connection, kind: MailKind, people: set[str], stored: StoredReport, **about: object
) -> None:
    parameters = {
        "brand": brands.enrolments(connection, stored.marketplace_id)[stored.brand_id].name,
        "marketplace": marketplaces.get(connection, stored.marketplace_id).name,
        "path": f"/brand/reports/{stored.report_id}",
        **about,
    }
    queue_to_accounts(runtime, connection, kind, people, parameters, subject_id=stored.report_id)
