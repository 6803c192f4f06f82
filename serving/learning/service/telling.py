"""Mails about changes of the champion."""

from sqlalchemy import Connection

from serving.accounts.rules.access import Role
from serving.accounts.store import accounts, people
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime


def tell_of_rollback(
    runtime: Runtime, connection: Connection, marketplace_id: str, digest: str, *, by: str, reason: str
) -> None:
    """Queue a mail about a rollback to all data scientists and administrators of a marketplace."""
    recipients = {
        user_id
        for role in (Role.DATA_SCIENTIST, Role.ADMIN)
        for user_id in people.with_role(connection, marketplace_id, role)
    }
    user_id = by.removeprefix("user:")
    parameters = {
        "by": accounts.names(connection, [user_id]).get(user_id, ""),
        "marketplace": marketplaces.get(connection, marketplace_id).name,
        "model": digest[:10],
        "reason": reason,
    }
    queue_to_accounts(runtime, connection, MailKind.MODEL_ROLLBACK, recipients, parameters, subject_id=marketplace_id)
