"""Mails before a brand's time to answer a seller's counter-notice runs out."""

from datetime import datetime, timedelta

from serving.accounts.store import accounts, people
from serving.appeals.store import counter_notices
from serving.brands.store import brands
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_accounts
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.standing.policy import ReminderPolicy


def mail_due_counter_notices(runtime: Runtime) -> int:
    """Tell brands and their account managers of counter-notices whose answer is due soon; returns how many mails.

    One mail a brand, person and day (UTC). The time before the deadline is that of reminders of questions, so that the
    first mail leaves a day or more before it.
    """
    now, kind = runtime.clock.now(), MailKind.COUNTER_NOTICES_DUE
    until = now + timedelta(hours=runtime.policies[ReminderPolicy].reminded_before_hours)
    with runtime.store.read() as connection:
        due = counter_notices.unanswered_by_brands(connection, now, until)
        days = {place: f"{place}:{now:%y%m%d}" for place, _ in due}
        days = {place: today for place, today in days.items() if not mails.mailed_accounts(connection, kind, today)}
    return sum(_mail_brand(runtime, pair, due[pair], days[pair[0]]) for pair in due if pair[0] in days)


def _mail_brand(runtime: Runtime, pair: Pair, due: tuple[int, datetime], today: str) -> int:
    kind = MailKind.COUNTER_NOTICES_DUE
    with runtime.store.write() as connection:
        enrolled = brands.enrolments(connection, pair[0])[pair[1]]
        name = marketplaces.get(connection, pair[0]).name
        about = {"entries": [{"marketplace": name, "brand": enrolled.name, "n": due[0], "due": due[1].isoformat()}]}
        users = [user.user_id for user in accounts.people_of_brand(connection, pair)]
        managers = people.with_access(connection, [enrolled.account_manager_id])
        to_brand, to_manager = {**about, "path": "/counter-notices"}, {**about, "path": "/brands", "manages": True}
        sent = queue_to_accounts(runtime, connection, kind, users, to_brand, subject_id=today)
        return sent + queue_to_accounts(runtime, connection, kind, managers, to_manager, subject_id=today)
