"""A large report that a person confirms with a second factor: proved, told to all who can stop it, and decided."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import Conflict, DomainError, Forbidden
from models.messages.english import reasons_of
from serving.accounts.policy import SecondFactorPolicy
from serving.accounts.rules.access import Permission, Person
from serving.accounts.rules.second_person import effective_from
from serving.accounts.service.proving import FactorResponse, prove
from serving.accounts.store import accounts, second_factors
from serving.accounts.store.accounts import Session
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches, marketplaces
from serving.platform.database.scope import Pair
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.reports.rules.step_up import Circumstances, StepUpState, why_no_step_up
from serving.reports.service.submitting import check_ready, decide_all, has_full_standing
from serving.reports.store import reports, step_ups
from serving.reports.store.reports import StoredReport
from serving.reports.store.step_ups import StoredStepUp
from serving.standing.store import standings
from serving.takedowns.policy import StepUpPolicy
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.service.telling import notified_people, report_departure
from serving.takedowns.store.removal_notices import Remover

_MOST_AT_ONCE: Final = 20


def purpose_of(report_id: str) -> str:
    """The purpose for which a passkey signs: this report alone."""
    return f"report:{report_id}"


def circumstances(runtime: Runtime, connection: Connection, person: Person, pair: tuple[str, str]) -> Circumstances:
    """What decides whether a person can confirm a large report of a brand now; `pair` is (marketplace, brand)."""
    now = runtime.clock.now()
    return Circumstances(
        factors=second_factors.of_person(connection, person.user_id),
        full_standing=has_full_standing(runtime, connection, pair, now),
        switched_on=kill_switches.is_on(connection, pair[0], AutomaticRule.BRAND_REMOVALS),
        others=len(set(notified_people(connection, pair)) - {person.user_id}),
    )


def prove_second_factor(runtime: Runtime, session: Session, report_id: str, given_proof: FactorResponse) -> None:
    """Prove a second factor for one report, tell everybody who can stop it, and decide its listings.

    The proof is bound to the session and to this report.

    Raises NotFound (the person's brands have no such report), Conflict (the report does not wait, or cannot be
    confirmed now; the sentence says why), Invalid, TooManyAttempts (the proof is wrong; too many were wrong before),
    Forbidden (the factor that was proved is too new) or NoRightCarries, NotBriefed (as when the report was sent).
    """
    person = session.person
    with runtime.store.read() as connection:
        report = _awaiting_report(connection, person, report_id)
        _check_step_up(runtime, connection, person, report)
    proof, _ = prove(runtime, session, given_proof, purpose_of(report_id))
    with runtime.store.write() as connection:
        pair, now = (report.marketplace_id, report.brand_id), runtime.clock.now()
        standings.lock(connection, *pair)
        audit.lock(connection)
        report = _awaiting_report(connection, person, report_id)
        _check_step_up(runtime, connection, person, report)
        _check_factor(runtime, connection, person, proof.factor_id)
        recipients = notified_people(connection, pair)
        confirmation = StoredStepUp(
            marketplace_id=report.marketplace_id,
            report_id=report_id,
            brand_id=report.brand_id,
            user_id=person.user_id,
            factor_id=proof.factor_id or "",
            token_hash=session.token_hash,
            recipients=recipients,
            known_at=now,
        )
        step_ups.add_step_up(connection, confirmation)
        step_ups.set_state(connection, report.marketplace_id, report_id, StepUpState.GIVEN)
        about = {"brand_id": report.brand_id, "factor": proof.factor_id, "recipients": list(recipients)}
        audit.record(connection, now, pair[0], person.actor, "report.stepped_up", report_id, **about)
        _mail_stoppers(runtime, connection, person, confirmation, len(reports.locations(connection, report)))
    _decide_listings(runtime, person, replace(report, step_up=StepUpState.GIVEN))


def decide_without_proof(runtime: Runtime, person: Person, report_id: str) -> None:
    """Decide the listings of a report that waits without a second factor: the usual limits apply.

    Raises NotFound (the person's brands have no such report), Conflict (the report does not wait) or NoRightCarries,
    NotBriefed (as when the report was sent).
    """
    with runtime.store.write() as connection:
        report = _awaiting_report(connection, person, report_id)
        _check_ready(runtime, connection, person, report)
        step_ups.set_state(connection, report.marketplace_id, report_id, StepUpState.DECLINED)
        now, actor = runtime.clock.now(), person.actor
        audit.record(connection, now, report.marketplace_id, actor, "report.sent_without_step_up", report_id)
    _decide_listings(runtime, person, replace(report, step_up=StepUpState.DECLINED))


def finish_reports(runtime: Runtime) -> int:
    """Decide the listings of reports whose confirmation was interrupted; returns how many reports."""
    with runtime.store.read() as connection:
        undecided_reports = [
            reports.of_id(connection, *report_key)
            for report_key in step_ups.undecided_reports(connection, _MOST_AT_ONCE)
        ]
    for report in undecided_reports:
        try:
            with runtime.store.read() as connection:
                proof = step_ups.of_report(connection, report.marketplace_id, report.report_id)
                person = accounts.person(connection, report.user_id if proof is None else proof.user_id)
            _decide_listings(runtime, person, report)
        except DomainError as refused:
            log.warning("report.unfinished", report_id=report.report_id, code=refused.code)
    return len(undecided_reports)


def _decide_listings(runtime: Runtime, person: Person, report: StoredReport) -> None:
    with runtime.store.read() as connection:
        numbered = reports.locations(connection, report)
    decide_all(runtime, person, report, numbered)
    with runtime.store.write() as connection:
        step_ups.set_decided(connection, report.marketplace_id, report.report_id)


def _awaiting_report(connection: Connection, person: Person, report_id: str) -> StoredReport:
    report = reports.get(connection, report_id, person.brands(Permission.ANSWER_QUESTIONS))
    if report.step_up is not StepUpState.AWAITED:
        raise Conflict("This report does not wait for a second factor.")
    return report


def _check_ready(runtime: Runtime, connection: Connection, person: Person, report: StoredReport) -> None:
    pair, now = (report.marketplace_id, report.brand_id), runtime.clock.now()
    check_ready(runtime, connection, person, pair, (report.right_id, report.reason_code), now)


def _check_step_up(runtime: Runtime, connection: Connection, person: Person, report: StoredReport) -> None:
    _check_ready(runtime, connection, person, report)
    now = circumstances(runtime, connection, person, (report.marketplace_id, report.brand_id))
    refused = why_no_step_up(now, runtime.wall.now(), runtime.policies[SecondFactorPolicy])
    if refused:
        raise Conflict("The report still waits. {why}", why=reasons_of(*refused))


def _check_factor(runtime: Runtime, connection: Connection, person: Person, factor_id: str | None) -> None:
    proved = [
        factor for factor in second_factors.of_person(connection, person.user_id) if factor.factor_id == factor_id
    ]
    if not proved or effective_from(proved[0], runtime.policies[SecondFactorPolicy]) > runtime.wall.now():
        raise Forbidden("This factor was added less than a day ago. Use one that you have had for longer.")


def leaves_at(
    runtime: Runtime, connection: Connection, user_id: str, pair: Pair, confirmed_at: datetime, listings: int
) -> datetime:
    """When a large report leaves that a person confirms then: after its hour, and in the hours of those who are told.

    Its brand is `pair`, by (marketplace, brand).
    """
    leaves = confirmed_at + timedelta(minutes=runtime.policies[StepUpPolicy].undo_minutes)
    departure = report_departure(runtime, connection, Remover(pair[0], user_id, pair[1]), confirmed_at, listings)
    return max(leaves, departure or leaves)


def _mail_stoppers(
    runtime: Runtime, connection: Connection, person: Person, confirmation: StoredStepUp, listings: int
) -> None:
    """Mail everybody who can stop the report, each with a link of their own."""
    pair = confirmation.marketplace_id, confirmation.brand_id
    until = leaves_at(runtime, connection, confirmation.user_id, pair, confirmation.known_at, listings)
    enrolled = brands.enrolments(connection, pair[0])[pair[1]]
    parameters = {
        "by": person.name,
        "brand": enrolled.name,
        "marketplace": marketplaces.get(connection, pair[0]).name,
        "n": listings,
        "until": until.isoformat(),
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
