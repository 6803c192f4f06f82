"""Cases past their deadline, told to the administrators of a marketplace once a day."""

from datetime import datetime

from serving.accounts.rules.access import Role
from serving.accounts.store import people
from serving.cases.store import cases
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime


def mail_overdue_cases(runtime: Runtime) -> int:
    """Tell the administrators of each marketplace of its overdue cases, once a day (UTC); returns how many mails."""
    with runtime.store.read() as connection:
        places = marketplaces.everyone(connection)
    return sum(_mail(runtime, one, runtime.clock.now()) for one in places)


def _mail(runtime: Runtime, place: Marketplace, now: datetime) -> int:
    here = place.marketplace_id
    today = f"{here}:{now:%y%m%d}"
    with runtime.store.read() as connection:
        if mails.told(connection, MailKind.OVERDUE_CASES, today):
            return 0
        late = cases.overdue_number(connection, here, now)
    if not late:
        return 0
    with runtime.store.write() as connection:
        entry = {"marketplace_id": here, "marketplace": place.name, "n": late}
        leads = people.with_role(connection, here, Role.ADMIN)
        return queue_to_accounts(
            runtime, connection, MailKind.OVERDUE_CASES, leads, {"entries": [entry]}, subject_id=today
        )
