"""Scheduled housekeeping: unanswered questions go to analysts, overdue cases are told, statistics are refreshed."""

from datetime import datetime, timedelta
from typing import Final

from models.case import CaseEvent, CaseLane
from models.errors import Conflict
from models.messages.english import in_english
from models.policies.deciding import EnforcementPolicy
from serving.brands.service.reminding import take_step
from serving.cases.store import cases
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.mail.store import mails
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches, marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database import statistics
from serving.platform.runtime import Runtime
from serving.scoring.store import reference_changes, references
from serving.standing.rules.reminders import STEP_MESSAGES, QuestionStep

_DUE_WITHIN: Final = timedelta(hours=24)  # Read in the morning, it leaves a working day for each of them.
_REFERENCES_LAST: Final = timedelta(hours=6)
# The limit of a sweep, which runs every second; more would delay users' requests.
_MOST_AT_ONCE: Final = 50


def pass_on_unanswered(runtime: Runtime) -> int:
    """Move questions that a brand has not answered in time to an analyst; returns how many."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        places = [marketplace.marketplace_id for marketplace in marketplaces.all_marketplaces(connection)]
        rule = AutomaticRule.UNANSWERED_QUESTIONS
        active_places = {place for place in places if kill_switches.is_on(connection, place, rule)}
        overdue = cases.overdue_cases(connection, CaseLane.ASK_BRAND, active_places, now, _MOST_AT_ONCE)
    passed = 0
    hours = runtime.policies[EnforcementPolicy].analyst_decides_within_hours
    for case in overdue:
        values = {"lane": CaseLane.ANALYST.value, "due_at": now + timedelta(hours=hours), "question_returned": True}
        event = {
            "marketplace_id": case.marketplace_id,
            "event_id": runtime.ids.new("evt"),
            "case_id": case.case_id,
            "what": in_english(STEP_MESSAGES[QuestionStep.UNANSWERED]),
            "actor": "sweep",
            "known_at": now,
        }
        try:
            with runtime.store.write() as connection:
                cases.apply_event(connection, case, CaseEvent.PASS_ON, values, holder="", at=now)
                cases.add_events(connection, [event])
                take_step(runtime, connection, case, QuestionStep.UNANSWERED, now)
        except Conflict:
            continue  # Somebody is answering it at this moment.
        passed += 1
    return passed


def refresh_statistics(runtime: Runtime) -> int:
    """Refresh the statistics of tables that have grown, so that the planner uses them; returns how many tables."""
    with runtime.store.read() as connection:
        grown = statistics.outgrown_tables(connection)
    if grown:
        with runtime.store.write() as connection:
            statistics.analyse(connection, grown)
    return len(grown)


def refresh_references(runtime: Runtime) -> int:
    """Recompute price references older than six hours; returns the number of marketplaces."""
    now = runtime.clock.now()
    refreshed = 0
    with runtime.store.read() as connection:
        stale = [
            marketplace
            for marketplace in marketplaces.all_marketplaces(connection)
            if (last := references.refreshed_at(connection, marketplace.marketplace_id)) is None
            or now - last >= _REFERENCES_LAST
        ]
    for marketplace in stale:
        with runtime.store.write() as connection:
            refreshed += references.refresh(connection, marketplace, now) > 0
            reference_changes.delete_old(connection)
    if refreshed:
        runtime.forget()
    return refreshed


def mail_due_cases(runtime: Runtime) -> int:
    """Tell administrators of overdue cases, and analysts also of those due within a day; returns how many mails.

    Each marketplace gets them once a day (UTC).
    """
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        places = marketplaces.all_marketplaces(connection)
    kinds = {MailKind.OVERDUE_CASES: now, MailKind.CASES_DUE: now + _DUE_WITHIN}
    return sum(_mail_due(runtime, kind, place, now, until) for place in places for kind, until in kinds.items())


def _mail_due(runtime: Runtime, kind: MailKind, place: Marketplace, now: datetime, until: datetime) -> int:
    today = f"{place.marketplace_id}:{now:%y%m%d}"
    with runtime.store.read() as connection:
        if mails.mailed_accounts(connection, kind, today):
            return 0
        due = cases.due_by_lane(connection, place.marketplace_id, until)
    if not due:
        return 0
    lanes = [
        {"marketplace": place.name, "lane": lane.value, "n": n, "due": first.isoformat()}
        for lane, (n, first) in sorted(due.items())
    ]
    with runtime.store.write() as connection:
        return queue_to_roles(runtime, connection, kind, place.marketplace_id, {"lanes": lanes}, subject_id=today)
