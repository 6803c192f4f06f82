"""A person's removals that somebody who was told of them stops: what has not left is withdrawn."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.errors import Conflict, DomainError, NotFound
from serving.accounts.rules.access import Person
from serving.accounts.rules.second_person import Roots, are_independent
from serving.accounts.store import accounts, origins, people
from serving.audit.store import audit
from serving.cases.service.undoing import overrule
from serving.cases.store import cases
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.platform.runtime import Runtime
from serving.standing.store import standings
from serving.takedowns.rules.bursts import PendingCause
from serving.takedowns.service.stop_links import REMOVALS, read_link
from serving.takedowns.service.takedown import withdraw
from serving.takedowns.service.telling import names_of, watchers_of
from serving.takedowns.store import actions, alerts, approvals, removal_notices
from serving.takedowns.store.alerts import Alert
from serving.takedowns.store.removal_notices import OwnRemoval, RemovalNotice, Remover
from serving.webhooks.rules.action import UNSENT_STATES
from serving.webhooks.service.signing_secrets import end_secrets

# What a notice of the evening names is as old as this, and an undo window may last an hour more.
_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class StoppableRemovals:
    """A person's removals of a week, as those see them who can stop them; `stopped_by` is a name."""

    notice: RemovalNotice
    by: str
    brand: str | None
    marketplace: str
    removals: tuple[OwnRemoval, ...]
    stopped_by: str | None

    @property
    def unsent(self) -> tuple[OwnRemoval, ...]:
        """Those that the marketplace has not received."""
        return tuple(removal for removal in self.removals if removal.state in UNSENT_STATES)


def removals_by_link(runtime: Runtime, token: str) -> tuple[Person, StoppableRemovals]:
    """The person of a link, and the removals that it stops.

    Raises NotFound (the link is invalid, or the person can no longer stop these removals).
    """
    user_id, notice_id = read_link(runtime, token, REMOVALS)
    with runtime.store.read() as connection:
        person = accounts.person(connection, user_id)
        notice = _notice(connection, user_id, notice_id)
        names = names_of(connection, notice.remover)
        stopped = notice.stopped_by
        return person, StoppableRemovals(
            notice,
            names["by"] or "",
            names["brand"],
            names["marketplace"] or "",
            tuple(removal_notices.removals_of(connection, notice.remover, runtime.clock.now() - _LOOK_BACK)),
            None if stopped is None else accounts.names(connection, [stopped]).get(stopped, ""),
        )


def stop_removals(runtime: Runtime, person: Person, notice_id: str) -> int:
    """Stop a person's removals; returns how many were withdrawn.

    An analyst decides their cases again. A removal that another, independent person confirmed too stays. The person's
    sessions and keys end, because one may be stolen, and what they confirm from now on is pending until somebody
    approves one of theirs. What has left is not reinstated: each may be right, and the seller can appeal.

    Raises NotFound (there is no such notice, or the person can no longer stop these removals) or Conflict (it has
    stopped them already).
    """
    with runtime.store.write() as connection:
        notice, now = _notice(connection, person.user_id, notice_id), runtime.clock.now()
        remover, actor = notice.remover, person.actor
        marketplace_id = remover.marketplace_id
        if remover.brand_id is not None:
            standings.lock(connection, marketplace_id, remover.brand_id)
        audit.lock(connection)
        notice = _notice(connection, person.user_id, notice_id)
        if notice.stopped_at is not None:
            raise Conflict("These removals are stopped already.")
        roots = origins.roots(connection)
        unsent = [
            removal
            for removal in removal_notices.removals_of(connection, remover, now - _LOOK_BACK)
            if removal.state in UNSENT_STATES
        ]
        done = sum(_withdraw_removal(runtime, connection, person, (remover, removal, roots), now) for removal in unsent)
        removal_notices.record_stop(connection, notice, person.user_id, now)
        ended = people.end_sessions(connection, remover.user_id)
        end_secrets(runtime, connection, remover.user_id, "stopped", now, by=actor)
        about = {"user_id": remover.user_id, "withdrawn": done, "sessions_ended": ended}
        audit.record(connection, now, marketplace_id, actor, "removals.stopped", notice_id, **about)
        names = names_of(connection, remover)
        sentence = f"{person.name} has stopped the removals of {names['by']}."
        alert = Alert(marketplace_id, runtime.ids.new("alr"), PendingCause.STOPPED, remover.user_id, sentence, now)
        alerts.raise_alert(connection, alert)
        parameters = {
            "reason": "stopped",
            **names,
            "n": done,
            "new": 0,
            "listings": list[str](),
            "stopped_by": person.name,
            "path": "/",
        }
        watchers = set(watchers_of(connection, remover)) - {person.user_id}
        queue_to_accounts(runtime, connection, MailKind.REMOVALS_TOLD, watchers, parameters, subject_id=notice_id)
    return done


def _notice(connection: Connection, user_id: str, notice_id: str) -> RemovalNotice:
    notice = removal_notices.of_id(connection, notice_id)
    if notice is None or user_id not in watchers_of(connection, notice.remover):
        raise NotFound("This link is invalid or has expired.")
    return notice


def _withdraw_removal(
    runtime: Runtime, connection: Connection, person: Person, about: tuple[Remover, OwnRemoval, Roots], now: datetime
) -> bool:
    """Whether a removal was withdrawn; not where an independent person confirmed it too, or it has left meanwhile."""
    remover, removal, roots = about
    marketplace_id = remover.marketplace_id
    behind = approvals.verdicts_behind(connection, marketplace_id, [removal.action_id]).get(removal.action_id, [])
    if any(are_independent(roots, verdict.user_id, remover.user_id) for verdict in behind):
        return False
    try:
        with connection.begin_nested():
            action = actions.get(connection, marketplace_id, removal.action_id)
            cases.lock(
                connection, marketplace_id, [cases.of_verdict(connection, marketplace_id, action.verdict_id).case_id]
            )
            withdraw(runtime, connection, action, person.actor, now, how="withdraw")
            for verdict in behind:
                overrule(runtime, connection, person, (marketplace_id, verdict.verdict_id), now)
    except DomainError:
        return False
    return True
