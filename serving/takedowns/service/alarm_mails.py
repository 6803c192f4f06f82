"""Mails about pending removals: to those who watch a brand or an analyst after a burst, and to those with a vote."""

from collections.abc import Collection

from sqlalchemy import Connection

from serving.accounts.rules.access import Role
from serving.accounts.store import accounts, people
from serving.cases.store import cases
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_summary, queue_to_accounts
from serving.platform.runtime import Runtime
from serving.takedowns.rules.bursts import HoldCause
from serving.takedowns.service.telling import names_of
from serving.takedowns.store import approvals
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.removal_notices import Remover


def mail_alarm(runtime: Runtime, connection: Connection, remover: Remover, action_id: str) -> None:
    """Tell the leads of a brand that a person's removal has begun an alarm; without a brand, the administrators."""
    here, brand_id = remover.marketplace_id, remover.brand_id
    path = "/brand/limits" if brand_id is not None else "/pending-removals"
    parameters = {"path": path, **names_of(connection, remover)}
    if brand_id is None:
        watchers = people.with_role(connection, here, Role.ADMIN)
    else:
        watchers = [one.user_id for one in accounts.people_of_brand(connection, (here, brand_id)) if one.leads]
    queue_to_accounts(runtime, connection, MailKind.BURST_ALARM, watchers, parameters, subject_id=action_id)


def mail_voters(
    runtime: Runtime, connection: Connection, action: StoredAction, causes: Collection[HoldCause], remover: Remover
) -> None:
    """Tell the staff with a vote on a removal, where it is the first pending one of its brand and person.

    `remover` is the person who confirmed it, with the brand unless they did so as an analyst.
    """
    here = remover.marketplace_id
    key = cases.of_verdict(connection, here, action.verdict_id).brand_id, remover.user_id
    groups = approvals.waiting_groups(connection, {here})
    group = next(one for one in groups if (one.brand_id, one.user_id) == key)
    if group.removals > 1:
        return
    managers = people.with_role(connection, here, Role.ACCOUNT_MANAGER)
    voters = {one for one in managers if group.manager_id in {None, one}}
    voters.update(people.with_role(connection, here, Role.ANALYST))
    if remover.brand_id is None or HoldCause.MARKETPLACE_DAY in causes:
        voters.update(people.with_role(connection, here, Role.ADMIN))
    about = {"marketplace_id": here, "brand_id": group.brand_id, "brand": group.brand, "due": group.since.isoformat()}
    entry = {**names_of(connection, remover), **about, "n": 1}
    queue_summary(runtime, connection, MailKind.PENDING_REMOVALS, voters - {remover.user_id}, entry)
