"""Mails to the leads of a brand whose removals are pending after a burst of its users."""

from sqlalchemy import Connection

from serving.accounts.store import accounts
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime


def mail_leads(runtime: Runtime, connection: Connection, pair: tuple[str, str], user_id: str, action_id: str) -> None:
    """Tell the leads of a brand, by (marketplace, brand), that a person's removal has begun an alarm."""
    here, brand_id = pair
    parameters = {
        "brand": brands.enrolments(connection, here)[brand_id].name,
        "marketplace": marketplaces.get(connection, here).name,
        "by": accounts.names(connection, [user_id]).get(user_id, ""),
    }
    leads = [one.user_id for one in accounts.people_of_brand(connection, pair) if one.leads]
    queue_to_accounts(runtime, connection, MailKind.BURST_ALARM, leads, parameters, subject_id=action_id)
