"""Reports that a brand's service account signs: told to all who can stop them, released, and stopped together."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, Forbidden, NotFound
from serving.accounts.policy import GuessingPolicy
from serving.accounts.rules.access import Person, Secret
from serving.accounts.rules.second_person import are_independent
from serving.accounts.rules.signing import SigningTool, WaitCause
from serving.accounts.store import accounts, origins, service_accounts
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.reports.rules.step_up import RELEASED_WITHIN, StepUpState
from serving.reports.store import reports, step_ups
from serving.reports.store.reports import StoredReport
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.rules.standing import SIGNED_STANDING
from serving.standing.service import current_standing
from serving.takedowns.policy import BurstPolicy, StepUpPolicy
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.service.telling import notified_people, report_departure
from serving.takedowns.store.removal_notices import Remover

# A key that reports listings one by one tells of itself once in this time; a stop ends them all.
_TOLD_EVERY: Final = timedelta(hours=1)


def as_signed(person: Person, step_up: StoredStepUp) -> Person:
    """The person who answers for a report, acting by the key that signed it; unchanged for a second factor."""
    if step_up.key_id is None:
        return person
    return replace(person, secret=Secret(f"key:{step_up.key_id}", step_up.known_at))


def record_signed(
    runtime: Runtime,
    connection: Connection,
    report: StoredReport,
    tool: SigningTool | None,
    causes: Sequence[WaitCause],
    listings: int,
) -> None:
    """Store the signature of a new report as its confirmation, and tell everybody who can stop it."""
    assert tool is not None, "a signed report has its tool"
    confirmation = StoredStepUp(
        marketplace_id=report.marketplace_id,
        report_id=report.report_id,
        brand_id=report.brand_id,
        user_id=report.user_id,
        recipients=notified_people(connection, (report.marketplace_id, report.brand_id)),
        known_at=report.known_at,
        key_id=tool.key_id,
        network=tool.network,
        waits_for=tuple(causes),
    )
    lately = step_ups.signed_since(connection, confirmation, report.known_at - _TOLD_EVERY)
    step_ups.add_step_up(connection, confirmation)
    about = {"brand_id": report.brand_id, "key": tool.key_id, "recipients": list(confirmation.recipients)}
    waiting = {"waits_for": [cause.value for cause in causes]} if causes else {}
    audit.record(
        connection,
        report.known_at,
        report.marketplace_id,
        f"service:{tool.account_id}",
        "report.signed",
        report.report_id,
        **about,
        **waiting,
    )
    if not causes:
        _keep_network(runtime, connection, confirmation, report.known_at)
    if not lately or listings > runtime.policies[BurstPolicy].per_user:
        mail_stoppers(runtime, connection, confirmation, tool.name, listings)


def _keep_network(runtime: Runtime, connection: Connection, step_up: StoredStepUp, at: datetime) -> None:
    if step_up.key_id is not None and step_up.network is not None:
        period = timedelta(days=runtime.policies[GuessingPolicy].key_network_days)
        service_accounts.keep_network(connection, step_up.key_id, step_up.network, at, period)


def release_report(runtime: Runtime, person: Person, step_up: StoredStepUp) -> list[StoredReport]:
    """Release a signed report that waits for a person, and all others of its key; returns them, to be decided.

    Where the brand's standing allows no signed reports, the usual limits apply to what is released.

    Raises NotFound (the person is not told of it), Forbidden (they count as one with the person who registered the
    key) or Conflict (nothing of it waits).
    """
    with runtime.store.write() as connection:
        now, released = runtime.clock.now(), []
        audit.lock(connection)
        step_up = step_ups.of_id(connection, step_up.report_id) or step_up
        if step_up.key_id is None or not can_release(connection, person.user_id, step_up):
            raise NotFound("There is no such report.")
        key, _ = service_accounts.key_with_account(connection, step_up.key_id) or (None, None)
        if key is None or not are_independent(origins.roots(connection), person.user_id, key.registered_by):
            raise Forbidden("You count as one person with the one who registered this key. Ask somebody else.")
        level = current_standing(runtime, connection, step_up.marketplace_id, step_up.brand_id, now).level
        state = StepUpState.GIVEN if level in SIGNED_STANDING else StepUpState.DECLINED
        waiting = [
            signed for signed in step_ups.signed_since(connection, step_up, now - RELEASED_WITHIN) if signed.waits_for
        ]
        for signed in waiting:
            step_ups.record_release(connection, signed, person.user_id, now)
            step_ups.set_state(connection, signed.marketplace_id, signed.report_id, state)
            _keep_network(runtime, connection, signed, now)
            about = {"brand_id": signed.brand_id, "key": signed.key_id}
            audit.record(
                connection, now, signed.marketplace_id, person.actor, "report.released", signed.report_id, **about
            )
            released.append(reports.of_id(connection, signed.marketplace_id, signed.report_id))
        if not released:
            raise Conflict("Nothing of this report waits.")
        service_accounts.vouch(connection, step_up.key_id, runtime.wall.now())
    return released


def can_release(connection: Connection, user_id: str, step_up: StoredStepUp) -> bool:
    """Whether a person can release a signed report: a person of the brand, or its account manager."""
    pair = step_up.marketplace_id, step_up.brand_id
    of_brand = {brand_person.user_id for brand_person in accounts.people_of_brand(connection, pair)}
    return user_id in of_brand or user_id in notified_people(connection, pair)


def mail_stoppers(runtime: Runtime, connection: Connection, confirmation: StoredStepUp, by: str, listings: int) -> None:
    """Mail everybody who can stop a large or signed report, each with a link of their own."""
    pair = confirmation.marketplace_id, confirmation.brand_id
    remover = Remover(pair[0], confirmation.user_id, pair[1])
    until = leaves_at(runtime, connection, remover, confirmation.known_at, listings)
    enrolled = brands.enrolments(connection, pair[0])[pair[1]]
    parameters = {
        "by": by,
        "brand": enrolled.name,
        "marketplace": marketplaces.get(connection, pair[0]).name,
        "n": listings,
        "until": until.isoformat(),
        "signed": confirmation.key_id is not None,
        "waits": bool(confirmation.waits_for),
    }
    for user_id in confirmation.recipients:
        queue_to_accounts(
            runtime,
            connection,
            MailKind.LARGE_REPORT,
            [user_id],
            parameters,
            subject_id=confirmation.report_id,
            secret_path=stop_path(runtime, user_id, confirmation.report_id),
        )


def leaves_at(
    runtime: Runtime, connection: Connection, remover: Remover, confirmed_at: datetime, listings: int, removed: int = 0
) -> datetime:
    """When a large report leaves that is confirmed then: after its hour, and in the hours of those who are told.

    The removals of `removed` of its listings are recorded by now.
    """
    leaves = confirmed_at + timedelta(minutes=runtime.policies[StepUpPolicy].undo_minutes)
    return max(leaves, report_departure(runtime, connection, remover, confirmed_at, listings, removed) or leaves)
