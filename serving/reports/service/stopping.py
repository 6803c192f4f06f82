"""A large report that somebody who was told of it stops: every removal of it that has not left is withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from features.message import Message
from models.errors import Conflict, DomainError, Forbidden, NotFound
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import are_independent
from serving.accounts.rules.signing import wait_reasons
from serving.accounts.service.service_accounts import end_keys
from serving.accounts.store import accounts, origins, people, service_accounts
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.service.decision_context import DecisionContext
from serving.cases.service.undoing import withdraw_last
from serving.cases.store import cases, verdicts
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import ListingResult, Outcome
from serving.reports.rules.step_up import RELEASED_WITHIN, StepUpState
from serving.reports.service.reporting import append_step
from serving.reports.service.submitting import is_waiting
from serving.reports.service.waiting import mail_stop
from serving.reports.service.withdrawing import STANDS, close_case
from serving.reports.store import reports, step_ups
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.store import standings
from serving.takedowns.service.stop_links import REPORTS, read_link
from serving.takedowns.service.takedown import undo_window
from serving.takedowns.service.telling import notified_people
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionState
from serving.webhooks.service.signing_secrets import end_secrets


@dataclass(frozen=True, slots=True)
class LargeReport:
    """A report that was confirmed with a second factor, as those see it who can stop it."""

    report: StoredStepUp
    brand: str
    marketplace: str
    by: str
    listings: int
    until: datetime
    waits: bool
    stopped_by: str | None
    waits_for: tuple[Message, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """Whether it can still be stopped: it waits for a person, or its removals have not left."""
        return self.stopped_by is None and (bool(self.waits_for) or now < self.until)


def can_stop(connection: Connection, user_id: str, step_up: StoredStepUp) -> bool:
    """Whether a person can stop a report: they were told of it, or are one of those who would be told now."""
    return user_id in step_up.recipients or user_id in notified_people(
        connection, (step_up.marketplace_id, step_up.brand_id)
    )


def large_report(runtime: Runtime, connection: Connection, step_up: StoredStepUp) -> LargeReport:
    """A report that was confirmed with a second factor, with its names."""
    names = accounts.names(connection, [step_up.user_id, step_up.stopped_by or ""])
    signing = None if step_up.key_id is None else service_accounts.key_with_account(connection, step_up.key_id)
    stored = reports.of_id(connection, step_up.marketplace_id, step_up.report_id)
    waiting = _scheduled_removals(connection, stored)
    return LargeReport(
        step_up,
        brands.enrolments(connection, step_up.marketplace_id)[step_up.brand_id].name,
        marketplaces.get(connection, step_up.marketplace_id).name,
        names.get(step_up.user_id, "") if signing is None else signing[1].name,
        len(reports.locations(connection, stored)),
        max([step_up.known_at + undo_window(runtime, stepped_up=True), *(action.leaves_at for action in waiting)]),
        any(action.leaves_at > step_up.known_at + 2 * undo_window(runtime, stepped_up=True) for action in waiting),
        None if step_up.stopped_by is None else names.get(step_up.stopped_by, ""),
        wait_reasons(step_up.waits_for),
    )


def _scheduled_removals(connection: Connection, stored: StoredReport) -> list[StoredAction]:
    verdict_ids = [
        outcome.verdict_id for outcome in reports.outcomes(connection, stored) if outcome.verdict_id is not None
    ]
    removals = actions.of_verdicts(connection, stored.marketplace_id, verdict_ids).values()
    return [removal for removal in removals if removal.state is ActionState.SCHEDULED]


def approve_removals(runtime: Runtime, person: Person, report_id: str) -> int:
    """Let the removals of a large report leave that wait for the hours of those who are told; returns how many.

    Raises NotFound (there is no such report, or the person is not told of it), Forbidden (the person counts as one with
    the one who confirmed it) or Conflict (nothing of it waits).
    """
    with runtime.store.write() as connection:
        step_up = step_ups.of_id(connection, report_id)
        if step_up is None or not can_stop(connection, person.user_id, step_up):
            raise NotFound("There is no such report.")
        audit.lock(connection)
        if not are_independent(origins.roots(connection), person.user_id, step_up.user_id):
            raise Forbidden("You count as one person with the one who confirmed this report.")
        now, marketplace_id = runtime.clock.now(), step_up.marketplace_id
        earliest = max(now, step_up.known_at + undo_window(runtime, stepped_up=True))
        waiting = _scheduled_removals(connection, reports.of_id(connection, marketplace_id, report_id))
        done = sum(actions.bring_forward(connection, action, earliest) for action in waiting)
        if not done:
            raise Conflict("Nothing of this report waits.")
        about = {"brand_id": step_up.brand_id, "listings": done}
        audit.record(connection, now, marketplace_id, person.actor, "report.approved_early", report_id, **about)
    return done


def report_of_link(runtime: Runtime, token: str) -> tuple[Person, LargeReport]:
    """The person and the report of a link.

    Raises NotFound (the link is invalid, or the person has lost the account).
    """
    user_id, report_id = read_link(runtime, token, REPORTS)
    with runtime.store.read() as connection:
        person = accounts.person(connection, user_id)
        step_up = step_ups.of_id(connection, report_id)
        if step_up is None or not can_stop(connection, user_id, step_up):
            raise NotFound("This link is invalid or has expired.")
        return person, large_report(runtime, connection, step_up)


def stop_report(runtime: Runtime, person: Person, report_id: str) -> int:
    """Stop a large report: withdraw everything of it that has not left; returns the number of listings.

    A case that the report opened is called off; one that it answered is open again as before. What is still to be
    decided is not decided any more. The sessions of the person who confirmed it end, because one may be stolen, and so
    do the secrets that they made (`end_secrets`). Of a signed report, the key ends and nothing else of the person, and
    the other reports of the key stop with it.

    Raises NotFound (there is no such report, or the person is not told of it) or Conflict (it is stopped already, or
    everything has left).
    """
    with runtime.store.write() as connection:
        step_up = step_ups.of_id(connection, report_id)
        if step_up is None or not can_stop(connection, person.user_id, step_up):
            raise NotFound("There is no such report.")
        marketplace_id, now = step_up.marketplace_id, runtime.clock.now()
        standings.lock(connection, marketplace_id, step_up.brand_id)
        step_up = step_ups.of_id(connection, report_id) or step_up
        if step_up.stopped_at is not None:
            raise Conflict("This report is stopped already.")
        stopped = [step_up]
        if step_up.key_id is not None:
            stopped = step_ups.signed_since(connection, step_up, now - RELEASED_WITHIN)
        outcomes_left = {signed.report_id: _outcomes_left(connection, signed) for signed in stopped}
        cases_left = [outcome.case_id for outcomes in outcomes_left.values() for outcome in outcomes]
        cases.lock(connection, marketplace_id, [case_id for case_id in cases_left if case_id is not None])
        audit.lock(connection)
        done, refusals = 0, list[DomainError]()
        for signed in stopped:
            refused = _stop_listings(runtime, connection, person, signed, outcomes_left[signed.report_id], now)
            done += len(outcomes_left[signed.report_id]) - len(refused)
            refusals += refused
        if not done:
            raise next(iter(refusals), Conflict("Nothing of this report is left to stop."))
        if step_up.key_id is None:
            people.end_sessions(connection, step_up.user_id)
            end_secrets(runtime, connection, step_up.user_id, "stopped", now, by=person.actor)
        elif (signing := service_accounts.key_with_account(connection, step_up.key_id)) is not None:
            end_keys(runtime, connection, signing[1], person.actor, "stopped", key_id=step_up.key_id)
        stored = reports.of_id(connection, marketplace_id, report_id)
        mail_stop(runtime, connection, stored, step_up, person, listings=done, too_late=len(refusals))
    return done


def _outcomes_left(connection: Connection, step_up: StoredStepUp) -> list[StoredOutcome]:
    stored = reports.of_id(connection, step_up.marketplace_id, step_up.report_id)
    latest = {outcome.number: outcome for outcome in reports.outcomes(connection, stored)}
    return [outcome for outcome in latest.values() if outcome.result in STANDS]


def _stop_listings(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    step_up: StoredStepUp,
    outcomes: Sequence[StoredOutcome],
    now: datetime,
) -> list[DomainError]:
    """Stop what is left of one report; returns why some of it was not stopped."""
    stored = reports.of_id(connection, step_up.marketplace_id, step_up.report_id)
    refusals: list[DomainError] = []
    for outcome in outcomes:
        try:
            with connection.begin_nested():
                _stop_listing(runtime, connection, person, stored, outcome, now)
        except DomainError as refused:
            refusals.append(refused)
    if len(refusals) < len(outcomes) or step_up.waits_for:
        step_ups.record_stop(connection, step_up, person.user_id, now)
        step_ups.set_state(connection, step_up.marketplace_id, step_up.report_id, StepUpState.DECLINED)
        about = {"brand_id": step_up.brand_id, "listings": len(outcomes) - len(refusals), "too_late": len(refusals)}
        audit.record(
            connection, now, step_up.marketplace_id, person.actor, "report.stopped", step_up.report_id, **about
        )
    return refusals


def _stop_listing(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    stored: StoredReport,
    outcome: StoredOutcome,
    now: datetime,
) -> None:
    marketplace_id = stored.marketplace_id
    row = {name: getattr(outcome, name) for name in ("listing_id", "case_id", "verdict_id")}
    row["by"] = person.actor
    if outcome.result is ListingResult.UNKNOWN:
        reports.set_wait(connection, marketplace_id, stored.report_id, outcome.number, None)
    elif not is_waiting(outcome):
        if outcome.case_id is None or outcome.verdict_id is None:
            raise Conflict("A reviewer decides about this listing. It can no longer be withdrawn.")
        case, verdict = (
            cases.get(connection, marketplace_id, outcome.case_id),
            verdicts.get(connection, marketplace_id, outcome.verdict_id),
        )
        last = verdicts.latest_of_case(connection, marketplace_id, outcome.case_id)
        if verdict.superseded_by is not None or last is None or last.verdict_id != verdict.verdict_id:
            raise Conflict("Somebody has decided about this listing since.")
        withdraw_last(DecisionContext(runtime, connection, person, case, verdict.side, now), verdict)
        close_case(connection, verdict, outcome.lane_before, now)
    append_step(
        connection,
        stored,
        outcome.number,
        outcome.step + 1,
        Outcome(ListingResult.WITHDRAWN, outcome.code, ()),
        now,
        **row,
    )
