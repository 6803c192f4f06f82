"""Mails to those who watch a brand or an analyst whose removals are pending after a burst."""

from sqlalchemy import Connection

from serving.accounts.rules.access import Role
from serving.accounts.store import accounts, people
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime


def mail_alarm(
    runtime: Runtime, connection: Connection, pair: tuple[str, str | None], user_id: str, action_id: str
) -> None:
    """Tell the leads of a brand that a person's removal has begun an alarm; without a brand, the administrators.

    `pair` is (marketplace, brand).
    """
    here, brand_id = pair
    parameters = {
        "path": "/brand/limits" if brand_id is not None else "/pending-removals",
        "brand": None if brand_id is None else brands.enrolments(connection, here)[brand_id].name,
        "marketplace": marketplaces.get(connection, here).name,
        "by": accounts.names(connection, [user_id]).get(user_id, ""),
    }
    if brand_id is None:
        watchers = people.with_role(connection, here, Role.ADMIN)
    else:
        watchers = [one.user_id for one in accounts.people_of_brand(connection, (here, brand_id)) if one.leads]
    queue_to_accounts(runtime, connection, MailKind.BURST_ALARM, watchers, parameters, subject_id=action_id)
