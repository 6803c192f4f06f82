"""Mails about removals, to those who can stop them or watch or vote on them, queued in the removal's transaction."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from serving.accounts.rules.access import Role, Secret
from serving.accounts.store import accounts, display_settings, people
from serving.audit.store import audit
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_summary, queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.clock import SimulatedClock
from serving.platform.database.series import read_once
from serving.platform.runtime import Runtime
from serving.takedowns.policy import BudgetPolicy, TellingPolicy
from serving.takedowns.rules.budgets import DAY, UsualDay, reference_period, usual_day
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.rules.telling import (
    Reason,
    Removals,
    batch_departure,
    is_unknown_device,
    last_evening_due,
    mail_reasons,
)
from serving.takedowns.service.stop_links import stop_path
from serving.takedowns.store import approvals, budgets, removal_notices
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.approvals import by_analysts, by_person_of_brand
from serving.takedowns.store.removal_notices import OwnRemoval, RemovalNotice, Remover
from serving.webhooks.rules.action import ActionState

_MOST_LISTED: Final = 50


def notified_people(connection: Connection, pair: tuple[str, str]) -> tuple[str, ...]:
    """The people who are told of removals for a brand and can stop them: its leads here, and its account manager."""
    leads = [brand_person.user_id for brand_person in accounts.people_of_brand(connection, pair) if brand_person.leads]
    enrolled = brands.enrolments(connection, pair[0]).get(pair[1])
    managers = [] if enrolled is None else people.with_access(connection, [enrolled.account_manager_id])
    return tuple(dict.fromkeys([*leads, *managers]))


def watchers_of(connection: Connection, remover: Remover) -> tuple[str, ...]:
    """The people who can stop a person's removals: the person, and those of the brand or else the administrators."""
    marketplace_id, brand_id = remover.marketplace_id, remover.brand_id
    if brand_id is None:
        others: Sequence[str] = people.with_role(connection, marketplace_id, Role.ADMIN)
    else:
        others = notified_people(connection, (marketplace_id, brand_id))
    return tuple(dict.fromkeys([*people.with_access(connection, [remover.user_id]), *others]))


def mail_removal(
    runtime: Runtime, connection: Connection, action: StoredAction, remover: Remover, secret: Secret | None
) -> None:
    """Mail those who can stop a new removal, where it is a reason to look: at most one mail a reason and day."""
    at, policy = action.created_at, runtime.policies[TellingPolicy]
    told_reasons = removal_notices.reasons_of_day(connection, remover, _iso_day(at))
    if action.stepped_up and (not is_unknown_device(secret) or Reason.NEW_DEVICE in told_reasons):
        return  # The removals of a large report are counted for no other reason.
    own = removal_notices.removals_of(connection, remover, _before_day(at))
    usual = UsualDay()
    if len(own) >= policy.above_usual and Reason.ABOVE_USUAL not in told_reasons:
        usual = _usual_day_of_remover(runtime, connection, remover, at)
    for reason in mail_reasons(Removals(len(own), usual, is_unknown_device(secret), action.stepped_up), policy):
        if reason not in told_reasons:
            _mail_watchers(runtime, connection, (remover, reason, _iso_day(at)), own, at)


def report_departure(
    runtime: Runtime, connection: Connection, remover: Remover, at: datetime, listings: int, removed: int = 0
) -> datetime | None:
    """When a large report leaves that is confirmed at a moment outside the hours of those who are told of it.

    None where it need not wait, also if all of its listings are within the person's usual day; `removed` of them are
    among the removals of that day by now.
    """
    policy, usual = runtime.policies[TellingPolicy], _usual_day_of_remover(runtime, connection, remover, at)
    within = usual.removals if usual.working_days >= policy.least_working_days else 0
    others = len(removal_notices.removals_of(connection, remover, _before_day(at))) - removed
    if within and others + listings <= within:
        return None
    watchers = [watcher for watcher in watchers_of(connection, remover) if watcher != remover.user_id]
    return batch_departure(at, display_settings.zones_of(connection, watchers), policy)


def _before_day(at: datetime) -> datetime:
    """Just before the beginning of the day."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(microseconds=1)


def mail_day(runtime: Runtime) -> int:
    """Mail each evening what left in a person's name to the person and those who can stop them; returns how many."""
    now = runtime.clock.now()
    end = last_evening_due(now, runtime.policies[TellingPolicy])
    with runtime.store.read() as connection:
        due = [
            remover
            for remover in removal_notices.removers(connection, end - DAY, end)
            if Reason.EVENING not in removal_notices.reasons_of_day(connection, remover, _iso_day(end))
        ]
    for remover in due:
        with runtime.store.write() as connection:
            audit.lock(connection)
            own = removal_notices.removals_of(connection, remover, end - DAY)
            day_removals = [
                removal
                for removal in own
                if removal.created_at <= end and removal.state is not ActionState.PENDING_APPROVAL
            ]
            _mail_watchers(runtime, connection, (remover, Reason.EVENING, _iso_day(end)), day_removals, now)
    return len(due)


def is_unreachable(runtime: Runtime, connection: Connection, remover: Remover, at: datetime) -> bool:
    """Whether no mail about a person's removals of the day can reach anybody who could stop them."""
    if isinstance(runtime.clock, SimulatedClock):
        return False  # A simulated marketplace has no people to tell.
    if not runtime.settings.smtp_host:
        return True
    ids = removal_notices.latest_notice_ids(connection, remover, at - DAY)
    return bool(ids) and removal_notices.undelivered(connection, ids) == set(ids)


def _iso_day(at: datetime) -> str:
    return at.date().isoformat()


def _usual_day_of_remover(runtime: Runtime, connection: Connection, remover: Remover, at: datetime) -> UsualDay:
    period = reference_period(at, runtime.policies[BudgetPolicy])
    return usual_day(_removals_per_day(connection, remover, period))


@read_once()  # They are those of a past period.
def _removals_per_day(
    connection: Connection, remover: Remover, period: tuple[datetime, datetime]
) -> Mapping[date, int]:
    own = {remover.user_id}
    brand_id = remover.brand_id
    pacer = by_analysts(own) if brand_id is None else by_person_of_brand(remover.user_id, own, brand_id)
    return budgets.removals_per_day(connection, remover.marketplace_id, pacer, period)


def _mail_watchers(
    runtime: Runtime,
    connection: Connection,
    key: tuple[Remover, Reason, str],
    removals: Sequence[OwnRemoval],
    at: datetime,
) -> None:
    remover, reason, day = key
    marketplace_id, watchers = remover.marketplace_id, watchers_of(connection, remover)
    notice = RemovalNotice(runtime.ids.new("rmn"), remover, reason, day, watchers, at)
    if not removal_notices.add(connection, notice):
        return
    about = {
        "user_id": remover.user_id,
        "reason": reason.value,
        "removals": len(removals),
        "recipients": list(watchers),
    }
    audit.record(connection, at, marketplace_id, "removal_notices", "removals.told", notice.notice_id, **about)
    named = removals[-_MOST_LISTED:]
    parameters = {
        "reason": reason.value,
        **names_of(connection, remover),
        "n": len(removals),
        "new": sum(removal.new_device for removal in removals),
        "listings": [removal.external_id for removal in named],
    }
    for user_id in watchers:
        path = stop_path(runtime, user_id, notice.notice_id)
        kind = MailKind.REMOVALS_TOLD
        queue_to_accounts(
            runtime, connection, kind, [user_id], parameters, subject_id=notice.notice_id, secret_path=path
        )


def names_of(connection: Connection, remover: Remover) -> dict[str, str | None]:
    """The names of a person who removes, of the brand or None, and of the marketplace."""
    marketplace_id, brand_id = remover.marketplace_id, remover.brand_id
    return {
        "by": accounts.names(connection, [remover.user_id]).get(remover.user_id, ""),
        "brand": None if brand_id is None else brands.enrolments(connection, marketplace_id)[brand_id].name,
        "marketplace": marketplaces.get(connection, marketplace_id).name,
    }


def mail_alarm(runtime: Runtime, connection: Connection, remover: Remover, action_id: str) -> None:
    """Tell the leads of a brand that a person's removal has begun an alarm; without a brand, the administrators."""
    marketplace_id, brand_id = remover.marketplace_id, remover.brand_id
    path = "/brand/limits" if brand_id is not None else "/pending-removals"
    what = "analyst_burst" if brand_id is None else "brand_burst"
    parameters = {"what": what, "path": path, **names_of(connection, remover)}
    if brand_id is None:
        watchers = people.with_role(connection, marketplace_id, Role.ADMIN)
    else:
        watchers = [
            brand_person.user_id
            for brand_person in accounts.people_of_brand(connection, (marketplace_id, brand_id))
            if brand_person.leads
        ]
    queue_to_accounts(runtime, connection, MailKind.BURST_ALARM, watchers, parameters, subject_id=action_id)


def mail_voters(runtime: Runtime, connection: Connection, batch_id: str, remover: Remover) -> None:
    """Tell the staff with a vote on the removals of a batch that the first of them is pending.

    `remover` is the person who confirmed it, with the brand unless they did so as an analyst.
    """
    marketplace_id = remover.marketplace_id
    (batch,) = approvals.pending_batches(connection, {marketplace_id}, batch_id=batch_id)
    managers = people.with_role(connection, marketplace_id, Role.ACCOUNT_MANAGER)
    voters = {manager for manager in managers if batch.manager_id in {None, manager}}
    voters.update(people.with_role(connection, marketplace_id, Role.ANALYST))
    if remover.brand_id is None or PendingCause.MARKETPLACE_DAY in batch.causes:
        voters.update(people.with_role(connection, marketplace_id, Role.ADMIN))
    about = {
        "marketplace_id": marketplace_id,
        "brand_id": batch.brand_id,
        "brand": batch.brand,
        "due": batch.since.isoformat(),
    }
    summary_entry = {**names_of(connection, remover), **about, "n": 1}
    queue_summary(runtime, connection, MailKind.PENDING_REMOVALS, voters - {remover.user_id}, summary_entry)
